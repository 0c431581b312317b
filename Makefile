# make quick        the environment, then the smallest pipeline, in the folder `quick`: half a minute once the environment is there
# make reproduce    the environment, then the whole pipeline; ends by naming the report and the figure
# make test         the fast tests; `make test-slow` those that run whole pipelines, servers and faults
# make paper        digits, MNIST and Fashion-MNIST; STEPS=3000 for a reduced budget of MNIST
# Any of them with EXTRA=gpu has CUDA's libraries in the environment, too (4.2 GB more), for `device: gpu` in params.yaml.
# PYTHON=python3.12 picks the Python of an environment that is not there yet; environment.sh has what happens without.
.DELETE_ON_ERROR:
.PHONY: environment repository quick reproduce test test-slow lint paper lock clean

BIN := .venv/bin
STAMP := .venv/.installed-$(firstword $(shell cat environment.sh pyproject.toml requirements.lock | cksum))
ifeq ($(EXTRA),gpu)
EXTRAS := $(STAMP)-gpu
else ifneq ($(EXTRA),)
$(error EXTRA=$(EXTRA): there is gpu)
endif
export PATH := $(CURDIR)/$(BIN):$(PATH)
# DVC hands its commands to the user's shell, which a container may lack, and a service's account has none.
export SHELL := /bin/sh
# And it asks for the name of the user, who has none after `docker run --user 12345`.
export LOGNAME ?= $(or $(USER),nobody)
# Images of containers set this one, and each of some fifty processes would compile TensorFlow's modules again: 3 s.
unexport PYTHONDONTWRITEBYTECODE

# A download without git's folder: DVC is told so, since it would refuse to start.
reproduce: environment
	@[ -e .git ] || dvc config --local core.no_scm true
	@dvc repro
	@[ ! -e .git ] || ! git diff --quiet HEAD -- reports dvc.lock || echo "Identical to the committed results."
	@echo "Report: $(CURDIR)/reports/digits/report.html"
	@echo "Figure: $(CURDIR)/reports/digits/figures/iterations_to_target.svg"

quick: repository environment
	@rm -rf quick && git clone --quiet --local . quick
	@cd quick && rm -r reports dvc.lock && cp params.quick.yaml params.yaml && dvc repro
	@echo "Report: $(CURDIR)/quick/reports/digits/report.html"

# Two modules at a time; one test after another within a module, which shares what is costly to make.
PYTEST := python -m pytest --numprocesses 2 --dist loadfile

test: environment
	@$(PYTEST) -m "not slow"

test-slow: environment
	@$(PYTEST) -m slow

lint: environment
	@ruff check . && ruff format --check . && mypy

# Puts params.yaml back as it was, and dvc.lock in step with it: the datasets are a choice of this one pipeline.
paper: repository environment
	@cp params.yaml .venv/params.yaml
	@trap 'mv .venv/params.yaml params.yaml' EXIT; \
	dvc exp run -S 'datasets=[digits,mnist,fashion_mnist]' $(if $(STEPS),-S training.mnist.steps=$(STEPS))
	@dvc repro --quiet --single-item check
	@echo "Reports: $(foreach dataset,digits mnist fashion_mnist,$(CURDIR)/reports/$(dataset)/report.html)"

# Before anything is installed for it.
repository:
	@[ -e .git ] || { echo "this needs git: clone this repository" >&2; exit 2; }

environment: $(STAMP) $(EXTRAS)

# An environment counts only when it is whole, and made from these very files.
$(STAMP):
	@sh environment.sh
	@touch $@

$(STAMP)-gpu: $(STAMP) requirements-gpu.lock
	@sh environment.sh gpu
	@touch $@

# environment.sh sees to the platforms and to Python 3.14: in the lock their markers would only be in the way.
ALL := ((platform_machine == 'arm64' and sys_platform == 'darwin') or (platform_machine == 'aarch64' and sys_platform == 'linux') or (platform_machine == 'x86_64' and sys_platform == 'linux'))
SHORTEN := sed "s/ and python_full_version < '3\.14'//; s/python_full_version < '3\.14' and //; s/ and $(ALL)//; s/ ; $(ALL)//"
# Python 3.11 to 3.13 get the same versions of everything: of these four the last for 3.11, though there are later ones.
SAME := 'numpy<2.5' 'scipy<1.18' 'contourpy<1.4' 'networkx<3.7'
COMPILE := printf '%s\n' $(SAME) | uv pip compile pyproject.toml --constraint /dev/stdin --universal --python-version 3.10 \
    --generate-hashes --no-header --quiet

# One lock for every platform and Python. What is locked stays; `make lock UPGRADE=--upgrade` takes the newest versions.
lock:
	$(COMPILE) $(UPGRADE) --extra cluster --extra test --extra lint --extra build -o requirements.lock
	$(COMPILE) --extra gpu --constraint requirements.lock | awk '/^[^ #]/ {keep = /^nvidia-/} keep' | $(SHORTEN) > requirements-gpu.lock
	$(SHORTEN) requirements.lock > requirements.lock.partial && mv requirements.lock.partial requirements.lock
	printf '%s\n' tensorflow==2.15.1 click pydantic | uv pip compile - --python-version 3.11 \
	    --python-platform x86_64-manylinux_2_28 --generate-hashes --no-header --quiet --no-annotate -o tests/networks/tensorflow_2_15.lock
	echo roc-validator==0.13.0 | uv pip compile - --universal --python-version 3.10 --generate-hashes --no-header --quiet --no-annotate \
	    -o tests/archive/roc_validator.lock

clean:
	rm -rf .venv/.installed* .venv
