"""What catalogs and archives are told of this software is the same everywhere."""

import importlib.metadata

import pytest

from bnrepro.audit import citation
from tests import metadata
from tests.pipeline import ROOT


@pytest.mark.parametrize("name", metadata.FILES)
def test_a_file_is_what_citation_cff_makes(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert (ROOT / name).read_text(encoding="utf-8") == metadata.rendered()[name], "run `python -m tests.metadata`"


def test_version_and_license_are_those_of_the_package(monkeypatch):
    monkeypatch.chdir(ROOT)
    package, cited = importlib.metadata.metadata("bnrepro"), citation.read()
    assert (str(cited["version"]), cited["license"]) == (package["Version"], package["License-Expression"])
