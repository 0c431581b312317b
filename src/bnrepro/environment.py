"""Which variables of its environment a process keeps.

A shell's variables change bits in more ways than anybody has listed: they pick oneDNN's kernels, XLA's passes, the C
library's variant of `exp`. So this module names what passes, and why. A command drops everything else and starts itself
again: a new start alone undoes what acts while a program loads. Every process that a command starts inherits the rest.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from bnrepro import ENVIRONMENT, addresses

# By the reason why they pass. A name that ends in `*` stands for all that start so. None picks a kernel or a flag.
# Paths decide which libraries are found, whose versions a record has; CUDA_VISIBLE_DEVICES what `device: auto` is.
PASSED = {
    "who runs the command, and where files and programs are": (
        "HOME LOGNAME USER USERNAME PATH PWD SHELL TMPDIR TEMP TMP XDG_* MPLCONFIGDIR"
    ),
    "where Python and its packages are; a record holds the versions that it finds, and the digest of its own code": (
        "CONDA_PREFIX LD_LIBRARY_PATH NIX_LD* PYTHONHOME PYTHONNOUSERSITE PYTHONPATH PYTHONUSERBASE VIRTUAL_ENV"
    ),
    "where a browser is, for `bnrepro ui`": "BROWSER DISPLAY WAYLAND_DISPLAY XAUTHORITY",
    "what Python writes": "PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX PYTHONUNBUFFERED",
    "what macOS sets at every start, whatever was cleaned": "VERSIONER_* __CF_*",
    "what a terminal shows and completes": "COLORTERM COLUMNS COMP_* FORCE_COLOR LINES NO_COLOR TERM _BNREPRO_COMPLETE",
    "requests to this project and its tools": "BNREPRO_* DASK_* DVC_* GIT_* MLFLOW_*",
    "the way to servers": (
        "ALL_PROXY HTTP_PROXY HTTPS_PROXY NO_PROXY all_proxy http_proxy https_proxy no_proxy "
        "CURL_CA_BUNDLE REQUESTS_CA_BUNDLE SSL_CERT_DIR SSL_CERT_FILE"
    ),
    "credentials": "AWS_* AZURE_* BOTO_CONFIG DATABRICKS_* GOOGLE_* KRB5* NETRC PG* SSH_*",
    "which GPU, and how to reach it": (
        "CUDA_CACHE_MAXSIZE CUDA_CACHE_PATH CUDA_DEVICE_ORDER CUDA_HOME CUDA_MPS_LOG_DIRECTORY CUDA_MPS_PIPE_DIRECTORY "
        "CUDA_VISIBLE_DEVICES NVIDIA_DRIVER_CAPABILITIES NVIDIA_VISIBLE_DEVICES"
    ),
}
SET = ENVIRONMENT | {
    "LC_ALL": "C.UTF-8",
    "MPLBACKEND": "agg",
    "PYTHONHASHSEED": "0",
    "PYTHONSAFEPATH": "1",  # `python -m`, as workers are started, takes no random.py of the working folder for Python's
    "PYTHONUTF8": "1",
}

_DATABASE_VARIABLES = ("MLFLOW_TRACKING_URI", "MLFLOW_MYSQL_SSL_CA", "MLFLOW_MYSQL_SSL_CERT", "MLFLOW_MYSQL_SSL_KEY")
_WORDS = " ".join(PASSED.values()).split()
_NAMES = frozenset(word for word in _WORDS if not word.endswith("*"))
_PREFIXES = tuple(word[:-1] for word in _WORDS if word.endswith("*"))
_ACT_AT_START = ("GLIBC_", "LD_", "NPY_", "OPENBLAS_CORETYPE", "PYTHONOPTIMIZE")  # of a process, not of TensorFlow
_STARTED = "BNREPRO_STARTED"  # the process that has started itself again

_settled = False


def passes(name: str) -> bool:
    """Whether a process keeps a variable."""
    return name in _NAMES or name.startswith(_PREFIXES)


def cleaned(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables of an environment that pass, and those that are always set.

    Where MLFLOW_TRACKING_URI names no server, what is about one (a workspace, a prefix) is dropped.
    """
    has_server = addresses.is_server(environment.get("MLFLOW_TRACKING_URI", "").strip())
    kept = {name: value for name, value in environment.items() if passes(name)} | SET
    return {
        name: value
        for name, value in kept.items()
        if has_server or not name.startswith("MLFLOW_") or name in _DATABASE_VARIABLES
    }


def start_clean(*folders: Path) -> None:
    """Start this command again, as the same process, unless its environment is clean. Call it before other imports.

    Args:
        folders: that hold the command's own packages; a clean environment keeps the working folder off Python's path.

    Raises:
        SystemExit: the environment is not clean after a new start either.
    """
    if folders:
        known = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
        os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys([*map(str, folders), *known]))
    clean = cleaned(os.environ)
    if clean == os.environ:
        return
    if os.environ.get(_STARTED) == str(os.getpid()):
        names = sorted(name for name in clean.keys() | os.environ if clean.get(name) != os.environ.get(name))
        sys.exit(f"Error: {', '.join(names)}: set whenever this Python starts (a sitecustomize.py?); remove that")
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], clean | {_STARTED: str(os.getpid())})


def settle() -> str | None:
    """Clean the environment of this process where it stands: of one that somebody else has started.

    Returns:
        None, or why it is too late: a variable has acted already, or TensorFlow has read its own.
    """
    global _settled
    if _settled:
        return None
    acted = [f"{name}={value}" for name, value in os.environ.items() if name.startswith(_ACT_AT_START)]
    if acted := [one for one in acted if not passes(one.partition("=")[0])]:
        return f"{', '.join(acted)} has acted since its start; start it without"
    if "tensorflow" in sys.modules:
        return "TensorFlow was imported there before bnrepro could set its environment; start it anew"
    clean = cleaned(os.environ)
    for name in os.environ.keys() - clean.keys():
        del os.environ[name]
    os.environ.update(clean)
    _settled = True
    return None
