#!/bin/sh
# sh environment.sh        makes .venv anew, from requirements.lock
# sh environment.sh gpu    adds CUDA's libraries, from requirements-gpu.lock
# PYTHON=... picks the interpreter. Where no Python fits, uv brings one; where there is no uv, any other Python's pip brings uv.
set -eu
cd "$(dirname "$0")"

# The first one made the committed results. 3.10 comes late: it gets older libraries.
pythons="python3.11 python3.12 python3.13 python3.10 python3 python"
others="python3.14 python3.9"
remedy="Python 3.10 to 3.13 with venv is needed: install one (Debian: apt install python3-venv; macOS: brew install python@3.13), or uv"

refuse() {
    echo "$*" >&2
    exit 2
}

# By running it: a version manager's shim may stand for a Python that is not there, and Debian's Python may lack ensurepip.
fits() {
    "$1" -c 'import ensurepip, platform, sys, venv
right = sys.implementation.name == "cpython" and (3, 10) <= sys.version_info < (3, 14) and sys.maxsize > 2**32
sys.exit(not right or platform.machine() != sys.argv[1])' "$(uname -m)" >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        fits "$PYTHON" || refuse "PYTHON=$PYTHON: it has to be a 64-bit CPython 3.10 to 3.13 with venv"
        python=$PYTHON
        return
    fi
    for python in $pythons; do
        if fits "$python"; then return; fi
    done
    python=
}

# What the lock says of the packages named, hashes included.
locked() {
    awk -v names=" $* " '/^[^ #]/ {split($1, pin, "=="); keep = index(names, " " pin[1] " ")} keep' requirements.lock
}

find_uv() {
    uv=
    if uv --version >/dev/null 2>&1; then uv=uv; fi
}

# uv as the lock has it; by venv, or where Debian has left that out by pip alone.
fetch_uv() {
    locked uv >.venv/uv.lock
    for any in $pythons $others; do
        rm -rf .venv/uv
        if "$any" -m venv .venv/uv >/dev/null 2>&1; then
            set -- .venv/uv/bin/python -m pip install
        else
            set -- "$any" -m pip install --target .venv/uv
        fi
        if "$@" --quiet --disable-pip-version-check --require-hashes -r .venv/uv.lock >/dev/null 2>&1; then
            uv=.venv/uv/bin/uv
            return
        fi
    done
    refuse "$remedy"
}

pip_install() {
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"
}

install() {
    if [ -n "$uv" ]; then
        "$uv" pip install --quiet --python .venv/bin/python "$@"
    else
        pip_install "$@"
    fi
}

# The lock's uv takes a third of pip's time. It installs all where it gets the first packages: only pip may know the way to an index.
try_locked_uv() {
    locked uv >.venv/uv.lock
    if pip_install --require-hashes -r .venv/uv.lock >/dev/null 2>&1 &&
        .venv/bin/uv pip install --python .venv/bin/python --require-hashes -r .venv/build.lock >/dev/null 2>&1; then
        uv=.venv/bin/uv
    fi
}

case "$(uname -s) $(uname -m) ${1:-}" in
"Linux x86_64 "* | "Linux aarch64 "*)
    getconf GNU_LIBC_VERSION >/dev/null 2>&1 || refuse "TensorFlow needs the GNU C library, and this Linux has another" ;;
"Darwin arm64 gpu") refuse "EXTRA=gpu: CUDA's libraries are for Linux" ;;
"Darwin arm64 ") ;;
*) refuse "TensorFlow 2.21 runs on Linux x86-64, Linux aarch64 and macOS arm64; this is $(uname -s) $(uname -m)" ;;
esac

if [ "${1:-}" = gpu ]; then
    find_uv
    echo "Installing CUDA's libraries from requirements-gpu.lock"
    install --require-hashes --no-deps -r requirements-gpu.lock
    exit
fi

rm -rf .venv/.installed* .venv  # in this order: half of an environment must not count as one
find_python
find_uv
mkdir .venv
if [ -n "$python" ]; then
    "$python" -m venv .venv
else
    [ -n "$uv" ] || fetch_uv
    "$uv" venv --quiet --allow-existing --python 3.11 .venv || refuse "$remedy"
fi
echo "Installing the environment from requirements.lock (3 GB, once)"
# One package comes as source; the build backend goes first, and builds it and the project without fetching another.
locked setuptools wheel packaging >.venv/build.lock
[ -n "$uv" ] || try_locked_uv
install --require-hashes -r .venv/build.lock
install --require-hashes --no-build-isolation -r requirements.lock
install --no-deps --no-build-isolation -e .
rm -rf .venv/uv
