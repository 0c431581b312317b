"""What the documents name exists: links, commands and make targets."""

import ast
import errno
import os
import re
from functools import cache
from pathlib import Path

import dvc.lock
import dvc.rwlock
import pytest

from bnrepro.cli import main
from tests import pipeline

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(ROOT.glob("docs/*.md"))
FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
NAMES = [str(document.relative_to(ROOT)) for document in DOCUMENTS]


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def prose(name):
    """A document without its fenced blocks, whose brackets are a language's own."""
    return FENCED.sub("", text(name))


def links(name):
    return sorted(set(re.findall(r"\]\((?!https?://)([^)]+)\)", prose(name))))


def code(name):
    """Every line of code that a reader might type: in shell blocks, in indented ones, and between backticks."""
    shell = [line for language, block in FENCED.findall(text(name)) if language == "sh" for line in block.splitlines()]
    indented = re.findall(r"^ {4}(\S.*)$", prose(name), re.MULTILINE)
    return shell + indented + re.findall(r"`([^`\n]+)`", prose(name))


def called(name, program):
    """The first words after a program's name, where a line of code or what follows `&&` begins with it."""
    pattern = re.compile(rf"(?:^|&& |; )(?:[A-Z_]+=\S+ )*{program} ([a-z][a-z-]*)")
    return sorted({word for line in code(name) for word in pattern.findall(line.strip())})


def anchors(path):
    """Of headings as GitHub makes them, and those that a file names itself."""
    content = path.read_text(encoding="utf-8")
    titles = re.findall(r"^#+ (.+)$", content, re.MULTILINE)
    made = {re.sub(r"[^a-z0-9_ -]", "", title.lower()).replace(" ", "-") for title in titles}
    return made | set(re.findall(r'id="([^"]+)"', content))


@pytest.mark.parametrize(("name", "target"), [(name, target) for name in NAMES for target in links(name)])
def test_links_lead_somewhere(name, target):
    path, _, anchor = target.partition("#")
    file = (ROOT / name).parent / path if path else ROOT / name
    assert file.exists()
    if anchor:
        assert anchor in anchors(file)


@pytest.mark.parametrize(("name", "command"), [(name, word) for name in NAMES for word in called(name, "bnrepro")])
def test_commands_exist(name, command):
    assert command in main.commands


@pytest.mark.parametrize(("name", "target"), [(name, word) for name in NAMES for word in called(name, "make")])
def test_make_targets_exist(name, target):
    assert re.search(rf"^{target}:", text("Makefile"), re.MULTILINE)


def test_every_document_is_linked():
    """From the README, or from the index in docs/."""
    linked = {(ROOT / name).parent / target.partition("#")[0] for name in NAMES for target in links(name)}
    assert {document.resolve() for document in DOCUMENTS[1:]} <= {path.resolve() for path in linked}


@pytest.mark.parametrize("name", NAMES)
def test_no_path_of_a_machine_and_no_gap(name):
    assert not re.findall(r"@[A-Z]+@|TBD|TODO|/home/\w+|(?<!\.dvc)/tmp/\w+", text(name))


def test_the_diagram_is_dvcs():
    """Of the studies it shows two."""

    def edges(diagram):
        stages = dict(re.findall(r'(node\d+)\["([^"]+)"\]', diagram))
        return {(stages[start], stages[end]) for start, end in re.findall(r"(node\d+)-->(node\d+)", diagram)}

    (shown,) = [
        edges(block) for language, block in FENCED.findall(text("docs/how_it_works.md")) if language == "mermaid"
    ]
    dag = edges(pipeline.Clone(ROOT).run("dvc", "dag", "--mermaid").stdout)
    assert shown <= dag
    assert {edge for edge in dag - shown if not any(stage.startswith("train@") for stage in edge)} == set()


@cache
def said():
    """What bnrepro, environment.sh, DVC's locks and the system say, as patterns: anything where a message varies."""
    sources = [*(ROOT / "src").rglob("*.py"), *(Path(module.__file__) for module in (dvc.lock, dvc.rwlock))]
    nodes = [node for path in sources for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    composed = [node.values for node in nodes if isinstance(node, ast.JoinedStr)]
    inside = {id(part) for parts in composed for part in parts}
    alone = [[node] for node in nodes if isinstance(node, ast.Constant) and id(node) not in inside]
    texts = ["".join(_fixed(part) for part in parts) for parts in [*composed, *alone]]
    texts += [os.strerror(errno.ENOSPC), os.strerror(errno.EADDRINUSE)]
    by_make = re.findall(r'(?:refuse |remedy=)"([^"]+)"', text("environment.sh"))
    texts += [re.sub(r"\$\([^)]*\)|\$\w+", "{}", message) for message in by_make]
    lines = [line.replace("`", "") for found in texts for line in found.splitlines()]
    telling = [line for line in lines if len(line.replace("{}", "").split()) > 2]
    return [re.compile(".*".join(map(re.escape, line.split("{}")))) for line in telling]


def _fixed(part):
    """A piece of a message; `{}` for one that varies."""
    return (part.value if isinstance(part.value, str) else "") if isinstance(part, ast.Constant) else "{}"


@pytest.mark.parametrize("message", re.findall(r"\*\*`([^`]+)`\*\*", text("docs/troubleshooting.md")))
def test_messages_are_still_said(message):
    assert any(pattern.search(message) for pattern in said())
