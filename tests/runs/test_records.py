"""Records and their index: what is not one is named, in one line."""

import json

import pytest

from bnrepro import paths
from bnrepro.errors import Failed
from bnrepro.runs import records

WHOLE = {key: {} for key in ("fingerprint", "spec", "data_digest", "code_digest", "versions", "processor", "final")}
WHOLE |= {"curve": {"step": [0, 1], "loss": [2.0, 1.0]}, "diverged_at": None}


def write(folder, record):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / records.RECORD).write_text(json.dumps(record))


def test_a_whole_record_is_read(tmp_path):
    write(tmp_path, WHOLE)
    assert records.read(tmp_path) == WHOLE


@pytest.mark.parametrize("record", [{}, [], "text", {**WHOLE, "curve": {"step": [0, 1], "loss": [2.0]}}])
def test_what_is_no_record_is_refused(tmp_path, record):
    write(tmp_path, record)
    with pytest.raises(Failed, match="not a record of a run"):
        records.read(tmp_path)


@pytest.mark.parametrize("index", ["", "{}", "[]", '{"runs": 1}', '{"runs": ["absent"]}', '{"runs": [1]}'])
def test_a_damaged_index_is_named(project, index):
    folder = paths.runs("digits", "depth")
    folder.mkdir(parents=True)
    (folder / records.INDEX).write_text(index)
    with pytest.raises(Failed, match=r"not readable|not a record"):
        records.of_study("digits", "depth")


@pytest.mark.parametrize("content", [None, b"", b"garbage", b"PK\x03\x04"])
def test_damaged_parameters_are_named(tmp_path, content):
    if content is not None:
        (tmp_path / records.PARAMETERS).write_bytes(content)
    with pytest.raises(Failed, match="not the parameters of a run"):
        records.read_parameters(tmp_path)
