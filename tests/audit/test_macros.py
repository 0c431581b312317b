"""Numbers of reports as macros, and texts that call them."""

import re
import shutil

import pandas as pd
import pytest

from bnrepro.analysis import ratios, tables
from bnrepro.audit import citation, macros
from bnrepro.claims import ledger, prose
from bnrepro.claims.engine import Part
from bnrepro.errors import Failed
from tests import pipeline

EXAMPLES = "docs/examples"
DEPTH_3 = {"study": "depth", "implementation": "keras", "depth": 3, "target": 0.95, "mode": "ema"}
KEY = "mnist depth implementation=keras depth=3 target=0.95"


@pytest.fixture(scope="module")
def committed(tmp_path_factory):
    """A clone with the committed reports."""
    made = pipeline.clone(tmp_path_factory.mktemp("committed"), change=None)
    shutil.copytree(pipeline.ROOT / "reports", made.folder / "reports", ignore=shutil.ignore_patterns("explorer.html"))
    made.commit("Reports")
    return made


@pytest.fixture
def here(committed, monkeypatch):
    monkeypatch.chdir(committed.folder)
    return committed


def latex_number(text: str, kind: str, key: str) -> str:
    (found,) = re.findall(rf"\\@namedef{{bn@{kind}@{re.escape(key)}}}{{(.*)}}", text)
    return found


def test_numbers_are_those_of_the_tables_and_of_the_claims(here):
    text = macros.latex(["mnist"])
    row = tables.row(tables.read("mnist", "speedup"), **DEPTH_3)
    assert latex_number(text, "speedup", KEY) == ratios.times(row["ratio"], row["censored"])
    assert latex_number(text, "speedup-range", KEY) == f"{ratios.times(row['low'], 'none')} to {row['high']:.1f}"
    steps = tables.row(tables.read("mnist", "steps_to_target"), **DEPTH_3, normalization="batch")
    key = "mnist depth implementation=keras normalization=batch depth=3 target=0.95"
    assert latex_number(text, "iterations", key) == f"{steps['mean_restricted_steps']:,.0f}"
    claim = ledger.read("mnist")["fewer-iterations"]["stated"]
    assert latex_number(text, "verdict", "mnist fewer-iterations") == claim["verdict"]
    part = Part.of_entry(claim["parts"][0])
    at = " ".join(f"{name}={value}" for name, value in part.at.items())
    assert latex_number(text, "effect", f"mnist fewer-iterations {at}") == prose.effect(part.effect)


def test_a_bound_says_that_it_is_one(here):
    text = macros.latex(["mnist"])
    found = tables.read("mnist", "speedup", "target", "mode")
    late = found[(found["study"] == "depth") & (found["censored"] == "lower") & (found["mode"] == "ema")].iloc[0]
    key = f"mnist depth implementation={late['implementation']} depth={late['depth']} target={late['target']:g}"
    assert latex_number(text, "speedup", key).startswith("at least ")


@pytest.mark.parametrize(
    ("reached", "at_first", "said", "among"),
    [
        (3, 0, "120", "100 to 150"),
        (2, 0, "at least 120", "100 to more than 150"),
        (3, 1, "at most 120", "at most 100 to 150"),
        (2, 1, "not determined", "at most 100 to more than 150"),
    ],
)
def test_iterations_are_bounds_where_runs_are_late_or_early(here, reached, at_first, said, among):
    path = here.folder / "reports" / "digits" / "tables" / "steps_to_target.csv"
    content = path.read_text()
    table = pd.read_csv(path, keep_default_na=False)
    numbers = {
        "runs": 3,
        "reached": reached,
        "at_first": at_first,
        "mean_restricted_steps": 120,
        "low": 100,
        "high": 150,
    }
    table.loc[0, list(numbers)] = list(numbers.values())
    table.to_csv(path, index=False)
    try:
        found = macros.numbers(["digits"])
    finally:
        path.write_text(content)
    key = next(iter(found["iterations"]))
    assert (found["iterations"][key], found["iterations-range"][key]) == (said, among)


def test_a_file_names_its_commit_and_a_dirty_tree_gives_none(here):
    commit = here.run("git", "rev-parse", "HEAD").stdout.strip()
    for write in (macros.latex, macros.typst):
        assert commit in write(["digits"]).splitlines()[0]
    path = here.folder / "reports" / "digits" / "claims.json"
    content = path.read_bytes()
    path.write_bytes(content + b"\n")
    try:
        with pytest.raises(Failed, match="the tree has changes"):
            macros.latex(["digits"])
    finally:
        path.write_bytes(content)


@pytest.mark.parametrize(
    ("origin", "where"),
    [
        ("https://user:secret@example.org/lab/bnrepro.git", "https://example.org/lab/bnrepro"),
        ("https://example.org:8443/lab/bnrepro.git", "https://example.org:8443/lab/bnrepro"),
        ("git@example.org:lab/bnrepro.git", "https://example.org/lab/bnrepro"),
        ("ssh://git@example.org:2222/lab/bnrepro", "https://example.org/lab/bnrepro"),
        ("/home/me/bnrepro", None),
        ("file:///home/me/bnrepro", None),
    ],
)
def test_the_software_is_cited_by_where_it_is_from(here, origin, where):
    here.run("git", "remote", "add", "origin", origin)
    try:
        cited = citation.bibtex()
    finally:
        here.run("git", "remote", "remove", "origin")
    software, paper = cited.split("\n\n")
    assert re.findall(r"url = {(.*)}", software) == ([where] if where else [])
    assert "version = {" in software
    assert "@inproceedings{ioffe2015batch," in paper


@pytest.mark.slow
@pytest.mark.parametrize("language", ["latex", "typst"])
def test_the_example_compiles_and_shows_the_numbers(committed, language):
    folder = committed.folder / EXAMPLES
    suffix = {"latex": "tex", "typst": "typ"}[language]
    (folder / f"numbers.{suffix}").write_text(committed.run("bnrepro", "cite", "mnist", f"--{language}").stdout)
    (folder / "references.bib").write_text(committed.run("bnrepro", "cite", "--bibtex").stdout)
    assert compiled(committed, language).startswith(b"%PDF")
    source = folder / f"paper.{suffix}"
    text = source.read_text()
    source.write_text(text.replace("depth=3 target=0.95", "depth=4 target=0.95"))
    try:
        with pytest.raises(AssertionError, match=r"depth=4 target=0\.95"):
            compiled(committed, language)
    finally:
        source.write_text(text)
        committed.run("git", "clean", "-fdxq", EXAMPLES)


def compiled(clone, language: str) -> bytes:
    """The PDF of an example."""
    folder = clone.folder / EXAMPLES
    if language == "typst":
        typst = pytest.importorskip("typst")
        try:
            return typst.compile(str(folder / "paper.typ"), root=str(clone.folder))
        except typst.TypstError as error:
            raise AssertionError(str(error)) from error
    if not shutil.which("pdflatex"):
        pytest.skip("no LaTeX here (Debian: apt install texlive-latex-base)")
    latex = ("pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper")
    for command in (latex, ("bibtex", "paper"), latex, latex):
        clone.run("env", f"--chdir={EXAMPLES}", *command)
    return (folder / "paper.pdf").read_bytes()
