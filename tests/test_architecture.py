"""The house: imports run downwards only, and dvc.yaml names the code that each stage really imports."""

from functools import cache
from pathlib import Path
from typing import get_args

import pytest
import yaml

from bnrepro import source
from bnrepro.records import fingerprint
from bnrepro.study.choices import Implementation

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "bnrepro"

# From the ground up; a module may import from its own room and from those before it.
ROOMS = [
    ["environment", "errors", "processor"],
    ["paths", "source"],
    ["study"],
    ["device", "estimators", "numerics", "reading"],
    ["data"],
    ["networks"],
    ["measurement"],
    ["training"],
    ["records"],
    ["execution"],
    ["analysis"],
    ["claims"],
    ["figures"],
    ["report"],
    ["audit"],
    ["tracking"],
    ["cli"],
    ["__main__"],
]

# Imported by a command without deciding what it makes: what an environment keeps, where files lie, how errors read,
# what a terminal shows, what MLflow is told. What params.py decides reaches a stage as values, which dvc.yaml lists as
# its params.
PLUMBING = {
    "cli",
    "environment",
    "errors",
    "execution.planning",
    "execution.progress",
    "execution.watchdog",
    "paths",
    "study.choices",
    "study.params",
    "tracking.content",
    "tracking.database",
    "tracking.publish",
    "tracking.serving",
}

COMMANDS = {
    "check": ["study.params"],
    "fetch": ["data.datasets"],
    "prepare": ["data.datasets"],
    "train": ["execution.stage"],
    "summarize": ["claims.summarize"],
    "plot": ["figures.draw"],
    "report": ["report.write"],
}


def modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        yield name.removesuffix(".__init__"), path


@cache
def imports(name):
    """The project's own modules that a module imports, anywhere in it, and those that it loads by name."""
    known = dict(modules())
    found = {path for path in map(source.file_of, source.imports(known[name])) if path}
    text = known[name].read_text(encoding="utf-8")
    for function, room in (("network_of", "networks"), ("loop_of", "training")):  # they give the names of modules
        if f"import_module({function}(" in text:
            found |= set((PACKAGE / room).glob("*.py"))
    return {other for other, path in known.items() if path in found} - {"", "__init__", name}


def reached(names):
    seen, waiting = set(), list(names)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += imports(name)
    return seen


def room(name):
    for index, names in enumerate(ROOMS):
        if any(name == member or name.startswith(member + ".") for member in names):
            return index
    return None


@pytest.mark.parametrize("name", [name for name, _ in modules() if name != "__init__"])
def test_imports_run_downwards(name):
    assert room(name) is not None, f"{name} has no room"
    above = {other for other in imports(name) if room(other) is not None and room(other) > room(name)}
    assert not above


def test_no_circle():
    for name, _ in modules():
        assert name not in reached(imports(name)), f"{name} imports itself by way of {imports(name)}"


@pytest.mark.parametrize("stage", COMMANDS)
def test_a_stage_depends_on_the_code_that_its_command_imports(stage):
    declared = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"][stage]["deps"]
    declared = {dep.removeprefix("src/bnrepro/") for dep in declared if dep.startswith("src/")}
    known = dict(modules())
    needed = {
        str(known[name].relative_to(PACKAGE))
        for name in reached(COMMANDS[stage])
        if (name not in PLUMBING or name in COMMANDS[stage]) and known[name].name != "__init__.py"
    }
    if stage == "train":  # what a fingerprint covers, so that DVC starts the training that has become another
        covered_by_fingerprints = {file for name in get_args(Implementation) for file in fingerprint.code(name, "cpu")}
        needed |= {str(file.relative_to(PACKAGE)) for file in covered_by_fingerprints if file.name != "__init__.py"}
    covered = {file for file in needed if any(file == dep or file.startswith(dep + "/") for dep in declared)}
    assert needed - covered == set(), "imported and not declared"
    idle = {dep for dep in declared if not any(file == dep or file.startswith(dep + "/") for file in needed)}
    assert idle - {"__init__.py"} == set(), "declared and not imported"


def test_every_stage_is_known_here():
    assert set(yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]) == set(COMMANDS)


def test_every_figure_is_declared():
    """`dvc plots show` shows only what it was told of, and complains of what is not there."""
    plots = yaml.safe_load((ROOT / "dvc.yaml").read_text())["plots"]
    assert sorted(plots) == sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("reports/*/figures/*.png"))
    sources = (PACKAGE / "figures").glob("*.py")
    names = {path.stem for path in sources if "\nNAME = " in path.read_text(encoding="utf-8")}
    assert {Path(plot).stem for plot in plots} == names
