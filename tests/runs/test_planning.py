"""What `bnrepro plan` tells of a pipeline."""

import re

import pytest

from bnrepro import params
from bnrepro.runs import planning, study

LINE = re.compile(r"digits (\w+): (\d+) runs, (\d+) in the store, (?:(\d+) of a study above, )?(\d+) to train")


@pytest.mark.usefixtures("project")
def test_a_run_of_several_studies_is_planned_once():
    given = params.load()
    *lines, _ = planning.describe(given, workers=2).splitlines()
    told = {name: [int(number or 0) for number in numbers] for name, *numbers in map(_read, lines)}
    assert list(told) == list(given.studies)
    earlier = set()
    for name, (runs, stored, shared, to_train) in told.items():
        specs = set(study.expand(given, "digits", name))
        assert (runs, stored, shared, to_train) == (len(specs), 0, len(specs & earlier), len(specs - earlier))
        earlier |= specs
    assert any(shared for _, _, shared, _ in told.values())


def _read(line: str) -> tuple[str | None, ...]:
    return LINE.match(line).groups()
