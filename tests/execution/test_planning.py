"""What `bnrepro plan` tells of a pipeline."""

import re

import pytest

from bnrepro.execution import planning
from bnrepro.records import grid
from bnrepro.study import params

LINE = re.compile(r"digits (\w+): (\d+) runs, (\d+) in the store, (?:(\d+) of a study above, )?(\d+) to train")


@pytest.mark.usefixtures("project")
def test_a_run_of_several_studies_is_planned_once():
    given = params.load()
    *lines, _ = planning.describe(given, workers=2).splitlines()
    read = [LINE.match(line).groups(default="0") for line in lines]
    told = {name: [int(number) for number in numbers] for name, *numbers in read}
    assert list(told) == list(given.studies)
    earlier = set()
    for name, (runs, stored, shared, to_train) in told.items():
        specs = set(grid.expand(given, "digits", name))
        assert (runs, stored, shared, to_train) == (len(specs), 0, len(specs & earlier), len(specs - earlier))
        earlier |= specs
    assert any(shared for _, _, shared, _ in told.values())
