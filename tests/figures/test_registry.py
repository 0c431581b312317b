"""Which figures are drawn of a dataset, and of which studies."""

import pytest
from matplotlib.figure import Figure

from bnrepro.figures import registry
from bnrepro.figures.registry import Entry


class Tables:
    def __init__(self, *studies):
        self.studies = studies

    def meet(self, needs):
        return needs.keys() <= {*self.studies}


def test_every_figure_says_what_its_lines_and_marks_are():
    assert [entry.name for entry in registry.with_modules().values() if not entry.legend] == []
    assert registry.of_study("mine").legend


def test_a_column_is_of_the_same_figure_and_a_study_may_be_named_after_one():
    assert registry.find("figure_1a_column") is registry.find("figure_1a")
    assert registry.find("study_last_column").studies == {"last_column": ()}


@pytest.fixture
def one(monkeypatch):
    entry = Entry("one", "", {"a": (), "b": ()}, lambda tables: Figure(), where_there=("b",))
    monkeypatch.setattr(registry, "with_modules", lambda: {"one": entry})
    generic = Entry("study_", "", {"b": ()}, lambda tables: Figure())
    monkeypatch.setattr(registry, "of_study", lambda study: Entry(f"study_{study}", "", {study: ()}, generic.draw))


@pytest.mark.parametrize(
    ("studies", "expected"),
    [
        (("a", "b"), {"one": {"a", "b"}}),
        (("a",), {"one": {"a"}}),
        (("b",), {"study_b": {"b"}}),  # without what it needs it is not drawn, and the study has its generic figure
        (("a", "c"), {"one": {"a"}, "study_c": {"c"}}),
    ],
)
def test_a_figure_does_without_what_is_not_there_and_names_what_it_shows(one, studies, expected):
    assert {entry.name: set(entry.studies) for entry, _ in registry.draw(Tables(*studies))} == expected
