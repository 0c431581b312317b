"""Nothing in a shell's environment decides a number: each variable is tried on the real command, in a hostile home."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnrepro import environment
from tests import pipeline

# Each is known to decide bits, files or words of some library that a stage uses, or to stop it.
HOSTILE = {
    "oneDNN's instructions": {
        "DNNL_MAX_CPU_ISA": "SSE41",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "ONEDNN_CPU_ISA_HINTS": "PREFER_YMM",
        "ONEDNN_DEFAULT_FPMATH_MODE": "BF16",
        "TF_SET_ONEDNN_FPMATH_MODE": "BF16",
    },
    "TensorFlow's kernels": {
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "TF_ENABLE_ZENDNN_OPTS": "1",
        "TF_DISABLE_JIT_KERNELS": "1",
        "TF2_BEHAVIOR": "0",
        "AUTOGRAPH_STRICT_CONVERSION": "1",
    },
    "threads": {
        "TF_NUM_INTRAOP_THREADS": "2",
        "TF_NUM_INTEROP_THREADS": "2",
        "TF_OVERRIDE_GLOBAL_THREADPOOL": "1",
        "TF_USE_EIGEN_PARALLEL_FOR_IN_WORK_SHARDER": "1",
        "OMP_NUM_THREADS": "2",
        "OPENBLAS_NUM_THREADS": "2",
    },
    "XLA": {
        "XLA_FLAGS": "--xla_cpu_enable_fast_math=true --xla_cpu_enable_fast_min_max=true",
        "TF_XLA_FLAGS": "--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit --tf_xla_min_cluster_size=1",
    },
    "determinism": {
        "TF_DETERMINISTIC_OPS": "1",
        "TF_DETERMINISTIC_ORDER": "1",
        "TF_CUDNN_DETERMINISTIC": "1",
        "TF_ENABLE_AUTO_MIXED_PRECISION": "1",
        "TF_ENABLE_AUTO_MIXED_PRECISION_GRAPH_REWRITE": "1",
        "TF_AUTO_MIXED_PRECISION_GRAPH_REWRITE_LEVEL": "UNSAFE_FORCE_ALL",
        "NVIDIA_TF32_OVERRIDE": "1",
    },
    "Keras": {
        "KERAS_BACKEND": "jax",
        "KERAS_HOME": "{home}/.keras",
        "KERAS_MAX_EPOCHS": "1",
        "TF_USE_LEGACY_KERAS": "true",
    },
    "clusters": {
        "TF_CONFIG": json.dumps(
            {
                "cluster": {"chief": ["127.0.0.1:1"], "worker": ["127.0.0.1:2"]},
                "task": {"type": "worker", "index": 0},
            }
        )
    },
    "NumPy and what builds on it": {
        "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F AVX512_SKX",
        "OPENBLAS_CORETYPE": "Prescott",
        "NPY_PROMOTION_STATE": "legacy",
        "PANDAS_COPY_ON_WRITE": "0",
        "SCIPY_ARRAY_API": "1",
    },
    "the loader and the C library": {
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX2_Usable,-FMA_Usable",
        "LD_PRELOAD": "libm.so.6",
        "LD_BIND_NOW": "1",
        "MALLOC_PERTURB_": "165",
    },
    "Python": {
        "PYTHONOPTIMIZE": "2",
        "PYTHONHASHSEED": "12345",
        "PYTHONWARNINGS": "error",
        "LOKY_PICKLER": "nowhere",
        "PYTHONDEVMODE": "1",
    },
    "language and time": {
        "LC_ALL": "de_DE.ISO-8859-1",
        "LC_NUMERIC": "de_DE.UTF-8",
        "LANG": "C",
        "PYTHONIOENCODING": "ascii",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "TZ": "Asia/Kathmandu",
        "SOURCE_DATE_EPOCH": "1",
        "COLUMNS": "20",
    },
    "the home folder": {"HOME": "{home}"},
    "matplotlib": {
        "MPLBACKEND": "module://nowhere",
        "MATPLOTLIBRC": "{home}/.config/matplotlib/matplotlibrc",
        "FREETYPE_PROPERTIES": "truetype:interpreter-version=35",
    },
}
MATPLOTLIBRC = "backend: svg\nfont.size: 30\nsavefig.dpi: 30\naxes.formatter.use_locale: True\ntext.usetex: True\n"
KERAS = {"floatx": "float64", "epsilon": 0.1, "image_data_format": "channels_first", "backend": "tensorflow"}
HOME = {".keras/keras.json": json.dumps(KERAS), ".config/matplotlib/matplotlibrc": MATPLOTLIBRC}
STAGES = [("train", "digits", "depth"), ("summarize", "digits"), ("plot", "digits"), ("report", "digits")]
HOSTILE_NAMES = [name for group in HOSTILE.values() for name in group if name not in ("COLUMNS", "HOME")]
NAMES = st.sampled_from([*HOSTILE_NAMES, "HOME", "PATH", "DVC_STAGE", "https_proxy"]) | st.text(min_size=1)


@pytest.mark.parametrize(
    ("address", "kept"), [("", False), ("sqlite:///mlflow.db", False), ("https://mlflow.example", True)]
)
def test_what_is_about_a_server_of_mlflow_is_kept_where_one_is_named(address, kept):
    """With a workspace, MLflow waits for ever in a database that has none."""
    given = {"MLFLOW_TRACKING_URI": address, "MLFLOW_ENABLE_WORKSPACES": "true", "MLFLOW_STATIC_PREFIX": "/runs"}
    assert (given.items() <= environment.cleaned(given).items()) == kept
    assert environment.cleaned(given)["MLFLOW_TRACKING_URI"] == address


@given(st.dictionaries(NAMES, st.text()))
def test_what_is_clean_stays_so_and_nothing_else_is_left(given):
    clean = environment.cleaned(given)
    assert environment.cleaned(clean) == clean
    left = {name: value for name, value in clean.items() if environment.SET.get(name) != value}
    assert left == {name: value for name, value in given.items() if environment.passes(name)}
    assert not left.keys() & set(HOSTILE_NAMES)


def arrives(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command that was started with these variables."""
    code = (
        "from bnrepro import environment; environment.start_clean(); import json, os; print(json.dumps({**os.environ}))"
    )
    shell = {"PATH": os.environ["PATH"], "PYTHONPATH": str(pipeline.ROOT / "src"), **variables}
    done = subprocess.run([sys.executable, "-c", code], env=shell, capture_output=True, text=True, check=True)
    return {name: value for name, value in json.loads(done.stdout).items() if name != "BNREPRO_STARTED"}


def test_a_command_starts_itself_again_without_them():
    hostile = {name: value for group in HOSTILE.values() for name, value in group.items() if name in HOSTILE_NAMES}
    assert arrives(hostile) == arrives({}) == environment.cleaned(arrives({}))


def test_what_leads_to_a_browser_arrives():
    screen = {
        "BROWSER": "firefox",
        "DISPLAY": ":0",
        "WAYLAND_DISPLAY": "wayland-0",
        "XAUTHORITY": "/home/me/.Xauthority",
    }
    assert screen.items() <= arrives(screen).items()


def test_what_a_python_sets_at_every_start_is_named(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import os\nos.environ['TF_DETERMINISTIC_OPS'] = '1'\n")
    command = [sys.executable, "-m", "bnrepro", "check"]
    shell = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{pipeline.ROOT / 'src'}"}
    done = subprocess.run(command, env=shell, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: TF_DETERMINISTIC_OPS: set whenever this Python starts")
    assert len(done.stderr.splitlines()) == 1


# --- the real thing ---------------------------------------------------------------------------------------------------


def tiny(tree: dict) -> None:
    """A Keras model and an estimator with batch normalization."""
    pipeline.small(tree)
    tree["device"] = "cpu"
    tree["training"]["digits"] |= {"steps": 40, "seeds": 1, "targets": [0.2]}
    tree["studies"]["depth"] |= {"normalization": ["batch"], "implementation": ["keras", "keras_estimator"]}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    """A project with digits prepared."""
    folder = tmp_path_factory.mktemp("prepared")
    made = pipeline.Clone(folder)
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copyfile(pipeline.ROOT / name, folder / name)
    shutil.copytree(pipeline.ROOT / "data" / "reference", folder / "data" / "reference")
    made.params(tiny)
    for command in ("fetch", "prepare"):
        run(folder, {}, (command, "digits"))
    for file, content in HOME.items():
        (folder / "home" / file).parent.mkdir(parents=True)
        (folder / "home" / file).write_text(content)
    return folder


def run(folder: Path, variables: Mapping[str, str], *commands: tuple[str, ...], umask: int = -1) -> str | None:
    """Run commands of a project under variables; returns the last line of the first that fails."""
    shell = {"PATH": f"{pipeline.BIN}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(pipeline.ROOT / "src")}
    for command in commands:
        done = subprocess.run(
            ["bnrepro", *command],
            cwd=folder,
            env={**shell, "HOME": str(folder), **variables},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=300,  # an estimator may wait for ever
            umask=umask,
        )
        if done.returncode:
            return (done.stderr.splitlines() or [f"exit {done.returncode}"])[-1]
    return None


def outcome(prepared: Path, folder: Path, variables: Mapping[str, str], commands, **options) -> dict[str, bytes] | str:
    """What commands write in a copy of a project, or the line that they end with."""
    shutil.copytree(prepared, folder)
    if variables:
        (folder / "matplotlibrc").write_text(MATPLOTLIBRC)
    variables = {name: value.replace("{home}", str(folder / "home")) for name, value in variables.items()}
    if failure := run(folder, variables, *commands, **options):
        return failure
    return pipeline.Clone(folder).contents("data/runs", "reports")


@pytest.fixture(scope="module")
def expected(prepared, tmp_path_factory) -> dict[str, bytes]:
    """What a shell without variables gives."""
    found = outcome(prepared, tmp_path_factory.mktemp("expected") / "project", {}, STAGES)
    assert not isinstance(found, str), found
    assert len(found) > 20
    return found


@pytest.mark.slow
def test_no_variable_and_no_umask_decides_a_number(prepared, expected, tmp_path):
    """All at once; where that matters, each variable alone, so that the failure names it."""

    def differs(number: int, variables: Mapping[str, str], umask: int = -1) -> bool:
        return outcome(prepared, tmp_path / str(number), variables, STAGES, umask=umask) != expected

    variables = {name: value for group in HOSTILE.values() for name, value in group.items()}
    if differs(0, variables, umask=0o077):
        alone = [{name: value} for name, value in variables.items()]
        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(differs, range(1, len(alone) + 1), alone))
        deciding = [name for name, differing in zip(variables, found, strict=True) if differing]
        pytest.fail(f"decided by {deciding or 'the umask'}")


@pytest.mark.slow
def test_files_are_as_shared_as_the_umask_says(prepared, tmp_path):
    commands = [("fetch", "digits"), ("prepare", "digits"), *STAGES]
    outcome(prepared, tmp_path / "project", {}, commands, umask=0o002)
    made = [path for name in ("data", "reports", ".bnrepro") for path in (tmp_path / "project" / name).glob("*/**/*")]
    assert len(made) > 50
    assert [path for path in made if not path.stat().st_mode & 0o020 and "reference" not in path.parts] == []
