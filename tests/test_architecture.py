"""The house: imports run downwards only, and dvc.yaml names the code that each stage really imports."""

import itertools
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
import yaml

from bnrepro import source
from bnrepro.records import fingerprint
from bnrepro.study.factors import Implementation
from tests.networks.specs import run_spec

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "bnrepro"

# From the ground up; a module may import from its own room and from those before it.
ROOMS = [
    ["addresses"],
    ["environment", "errors", "processor"],
    ["paths", "reading", "source"],
    ["data"],
    ["study"],
    ["device", "estimators", "numerics"],
    ["networks"],
    ["measurement"],
    ["training"],
    ["records"],
    ["execution"],
    ["analysis"],
    ["claims"],
    ["figures"],
    ["explorer"],
    ["report"],
    ["audit"],
    ["archive"],
    ["tracking"],
    ["cli"],
    ["__main__"],
]

# Imported by a command without deciding what it makes: what an environment keeps, where files lie, how errors and
# addresses read, what a terminal shows, what MLflow is told. What params.py decides reaches a stage as values, which
# dvc.yaml lists as its params. What is imported by these alone decides no more than they do.
PLUMBING = {
    "addresses",
    "cli",
    "environment",
    "errors",
    "execution.planning",
    "execution.progress",
    "execution.watchdog",
    "paths",
    "study.factors",
    "study.params",
    "study.reading",
    "study.studies",
    "tracking.background",
    "tracking.content",
    "tracking.database",
    "tracking.publish",
    "tracking.serving",
}

COMMANDS = {
    "check": ["study.params", "study.factors", "study.reading", "study.studies"],
    "fetch": ["data.datasets"],
    "prepare": ["data.datasets"],
    "train": ["execution.stage", "study.factors"],  # which settings a run has, columns, words: the table of factors
    "summarize": ["claims.summarize", "study.factors"],
    "plot": ["figures.draw", "study.factors"],
    "report": ["report.write", "explorer.write", "study.factors"],
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
    for function, names in (("network_of", "networks/*.py"), ("loop_of", "training/*_loop.py")):  # give modules' names
        if f"import_module({function}(" in text:
            found |= set(PACKAGE.glob(names))
    if "iter_modules(" in text:  # figures, which it finds by what every one of them has
        found |= {
            file for file in known[name].parent.glob("*.py") if "\nCAPTION = " in file.read_text(encoding="utf-8")
        }
    return {other for other, path in known.items() if path in found} - {"", "__init__", name}


def reached(names, stop=frozenset()):
    """These modules and all that they import, directly or not; what only modules of `stop` import is left out."""
    seen, waiting = set(), list(names)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += () if name in stop else imports(name)
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
        for name in reached(COMMANDS[stage], stop=PLUMBING - set(COMMANDS[stage]))
        if (name not in PLUMBING or name in COMMANDS[stage]) and known[name].name != "__init__.py"
    }
    if stage == "train":  # what a fingerprint covers, so that DVC starts the training that has become another
        files = itertools.chain(*(fingerprint.code(run_spec(name)) for name in get_args(Implementation)))
        needed |= {str(file.relative_to(PACKAGE)) for file in files if file.name != "__init__.py"}
    covered = {file for file in needed if any(file == dep or file.startswith(dep + "/") for dep in declared)}
    assert needed - covered == set(), "imported and not declared"
    idle = {dep for dep in declared if not any(file == dep or file.startswith(dep + "/") for file in needed)}
    assert idle - {"__init__.py"} == set(), "declared and not imported"


def test_every_stage_is_known_here():
    assert set(yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]) == set(COMMANDS)
