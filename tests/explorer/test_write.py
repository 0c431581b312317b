"""The explorer's page: one file that repeats, runs its own scripts alone and asks for nothing."""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bnrepro import paths
from bnrepro.explorer.write import page, write
from bnrepro.study import params

ROOT = Path(__file__).parents[2]
MADE = "from bnrepro.explorer.write import write; from bnrepro.study import params; write(params.load(), 'digits')"


class Elements(HTMLParser):
    """A page's elements: tag, attributes and the text within."""

    def __init__(self, text):
        super().__init__()
        self.found, self._open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self._open = [tag, dict(attributes), ""]
        self.found.append(self._open)

    def handle_endtag(self, tag):
        self._open = ["", {}, ""]

    def handle_data(self, text):
        if self._open:
            self._open[2] += text


@pytest.fixture(scope="module")
def explorer(make_project, tmp_path_factory):
    """The digits' page, made from the committed tables."""
    folder = make_project(tmp_path_factory.mktemp("explorer"))
    shutil.copytree(ROOT / "reports" / "digits" / "tables", folder / "reports" / "digits" / "tables")
    shutil.copy(ROOT / "reports" / "digits" / "provenance.json", folder / "reports" / "digits")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write(params.load(), "digits")
        yield paths.reports("digits") / "explorer.html"


def test_the_same_tables_give_the_same_bytes_in_another_process(explorer):
    before = explorer.read_bytes()
    explorer.unlink()
    environment = os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "PYTHONPATH": str(ROOT / "src")}
    subprocess.run([sys.executable, "-c", MADE], check=True, env=environment)
    assert explorer.read_bytes() == before


def test_it_is_small_enough_to_send(explorer):
    assert explorer.stat().st_size < 6 * 2**20


def test_its_policy_names_its_scripts_and_allows_no_network(explorer):
    found = Elements(explorer.read_text(encoding="utf-8")).found
    (policy,) = (attributes["content"] for tag, attributes, _ in found if tag == "meta" and "http-equiv" in attributes)
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert set(rules) == {"default-src", "script-src", "style-src", "base-uri", "form-action"}
    assert rules["style-src"] == "'unsafe-inline'"
    scripts = [text for tag, attributes, text in found if tag == "script" and attributes.get("type") == "module"]
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert rules["script-src"].split() == [f"'sha256-{digest}'" for digest in digests]


def test_nothing_of_it_lies_elsewhere(explorer):
    found = Elements(explorer.read_text(encoding="utf-8")).found
    assert [attributes["href"] for _, attributes, _ in found if "href" in attributes] == ["report.html"]
    assert not [attributes for _, attributes, _ in found if "src" in attributes or "onload" in attributes]
    assert not re.findall(r"url\(|@import", next(text for tag, _, text in found if tag == "style"))


def test_text_cannot_end_the_script_that_holds_it():
    evil = "</script><img src=x onerror=alert(1)>"
    found = Elements(page({"title": evil, "studies": [{"name": evil}]})).found
    assert [tag for tag, _, _ in found if tag == "img"] == []
    assert len([tag for tag, _, _ in found if tag == "script"]) == 3
