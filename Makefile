# make reproduce    the environment, then the whole pipeline; ends by naming the report and the figure
# make test         the fast tests; `make test-slow` those that run whole pipelines, servers and faults
# make paper        digits and MNIST; STEPS=3000 for a reduced budget of MNIST
# Any of them with EXTRA=gpu has CUDA's libraries in the environment, too (2.9 GB more), for `device: gpu` in params.yaml.
.DELETE_ON_ERROR:
.PHONY: environment reproduce report test test-slow lint paper lock clean

BIN := .venv/bin
STAMP := .venv/.installed
ifeq ($(EXTRA),gpu)
EXTRAS := .venv/.installed-gpu
else ifneq ($(EXTRA),)
$(error EXTRA=$(EXTRA): there is gpu)
endif
export PATH := $(CURDIR)/$(BIN):$(PATH)

reproduce: environment
	@dvc repro
	@echo "Report: $(CURDIR)/reports/digits/report.html"
	@echo "Figure: $(CURDIR)/reports/digits/figures/iterations_to_target.svg"

# Two modules at a time; one test after another within a module, which shares what is costly to make.
PYTEST := python -m pytest --numprocesses 2 --dist loadfile

test: environment
	@$(PYTEST) -m "not slow"

test-slow: environment
	@$(PYTEST) -m slow

lint: environment
	@ruff check . && ruff format --check . && mypy

# Puts params.yaml back as it was, and dvc.lock in step with it: the datasets are a choice of this one pipeline.
paper: environment
	@cp params.yaml .venv/params.yaml
	@trap 'mv .venv/params.yaml params.yaml' EXIT; \
	dvc exp run -S 'datasets=[digits,mnist]' $(if $(STEPS),-S training.mnist.steps=$(STEPS))
	@dvc repro --quiet --single-item check
	@echo "Reports: $(CURDIR)/reports/digits/report.html $(CURDIR)/reports/mnist/report.html"

environment: $(STAMP) $(EXTRAS)

ifneq ($(shell command -v uv),)
INSTALL := uv pip install --quiet --python $(BIN)/python
else
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
endif

# Installs what the lock says and nothing else. One package comes as source, so the build backend, which is in the lock
# too, goes first and builds it without fetching another.
$(STAMP): requirements.lock pyproject.toml
	@command -v python3.11 >/dev/null && python3.11 -c 'import venv, ensurepip' 2>/dev/null || \
	{ echo "Python 3.11 with venv is needed: install it (Debian: apt install python3.11-venv; uv: uv python install 3.11)" >&2; exit 2; }
	@rm -rf .venv && python3.11 -m venv .venv
	@awk '/^[^ #]/ {keep = /^setuptools==/} keep' requirements.lock > .venv/build.lock
	@echo "Installing the environment from requirements.lock (about two minutes, once)"
	@$(INSTALL) --require-hashes -r .venv/build.lock
	@$(INSTALL) --require-hashes --no-build-isolation -r requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

.venv/.installed-gpu: $(STAMP) requirements-gpu.lock
	@echo "Installing CUDA's libraries from requirements-gpu.lock"
	@$(INSTALL) --require-hashes --no-deps -r requirements-gpu.lock
	@touch $@

COMPILE := uv pip compile --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
    --generate-hashes --no-emit-index-url --no-header --quiet

lock:
	$(COMPILE) pyproject.toml --extra test --extra lint --extra build -o requirements.lock
	$(COMPILE) pyproject.toml --extra gpu --constraint requirements.lock | awk '/^[^ #]/ {keep = /^nvidia-/} keep' > requirements-gpu.lock
	printf '%s\n' tensorflow==2.15.1 click pydantic pyyaml | $(COMPILE) --no-annotate - -o tests/networks/tensorflow_2_15.lock

clean:
	rm -rf .venv
