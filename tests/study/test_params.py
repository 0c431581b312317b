"""params.yaml: the shipped one loads, and whatever cannot be meant is refused in one line before any work starts."""

import copy
import datetime
import functools
import math
import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from dvc.utils.serialize import load_yaml, modify_yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bnrepro.data.registry import NAMES, SOURCES
from bnrepro.errors import BadInput
from bnrepro.study import params
from bnrepro.study.factors import FACTORS, Implementation
from tests import mutations

SHIPPED = (Path(__file__).parents[2] / "params.yaml").read_text(encoding="utf-8")
CONTENT = yaml.safe_load(SHIPPED)
Key = tuple[Any, ...]
WIDTH: Key = ("network", "width")
RATE: Key = ("training", "digits", "learning_rate")


def tree() -> dict[str, Any]:
    """The shipped file's content, to be changed; the numbers that tests count with stay whatever it says."""
    content = copy.deepcopy(CONTENT)
    content["data"]["digits"].update(test=500, validation=200)
    content["training"]["digits"].update(steps=3000, evaluate_every=50, batch_size=60)
    for name in ("evaluate_every", "evaluations", "seeds", "of"):
        del content["studies"]["depth"][name]
    return content


def with_value(key: Key, value: Any) -> dict[str, Any]:
    """The shipped content with one value put in, or replaced."""
    content = tree()
    *folders, last = key
    place = content
    for folder in folders:
        place = place[folder]
    place[last] = value
    return content


def with_text(key: Key, text: str) -> str:
    """The shipped content as a file, with the text of one value as it stands."""
    return yaml.safe_dump(with_value(key, "PUT-IT-HERE"), allow_unicode=True).replace("PUT-IT-HERE", text)


def without(key: Key) -> dict[str, Any]:
    content = tree()
    *folders, last = key
    place = content
    for folder in folders:
        place = place[folder]
    del place[last]
    return content


@pytest.fixture
def refused(tmp_path: Path) -> Callable[[Any], str]:
    """Writes a content (or a text, or bytes) as params.yaml and returns the line in which it is refused."""

    def refuse(content: Any) -> str:
        path = tmp_path / "params.yaml"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
        with pytest.raises(BadInput) as caught:
            params.load(path)
        line = caught.value.message
        assert caught.value.exit_code == 2
        assert len(line.splitlines()) == 1
        assert line.startswith("params.yaml: ")
        return line.removeprefix("params.yaml: ")

    return refuse


# --- what loads -------------------------------------------------------------------------------------------------------


def test_the_shipped_file_loads_from_the_project(project):
    loaded = params.load()
    assert loaded.model_dump(exclude_defaults=True) == CONTENT  # what a study leaves out it leaves to `training`
    for dataset in NAMES:
        assert dataset in loaded.training
        assert dataset in loaded.data


def test_both_datasets_load(tmp_path):
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(with_value(("datasets",), ["digits", "mnist"])))
    assert params.load(tmp_path / "params.yaml").datasets == ["digits", "mnist"]


def test_a_dataset_that_is_not_listed_needs_no_sections(tmp_path):
    content = tree()
    for section in ("data", "training"):
        content[section] = {"digits": content[section]["digits"]}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(content))
    assert list(params.load(tmp_path / "params.yaml").data) == ["digits"]


def test_a_whole_number_is_a_number_and_a_zero_momentum_a_momentum(tmp_path):
    content = with_value(("training", "digits", "learning_rate"), 1)
    content["network"]["momentum"] = 0
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(content))
    loaded = params.load(tmp_path / "params.yaml")
    assert (loaded.training["digits"].learning_rate, loaded.network.momentum) == (1, 0)


def test_studies_may_share_what_yaml_anchors_and_merges(tmp_path):
    studies = """
studies:
  depth: &shallow
    implementation: [keras]
    normalization: [none]
    depth: [1]
  deep:
    <<: *shallow
    depth: [9]
"""
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(without(("studies",))) + studies)
    deep = params.load(tmp_path / "params.yaml").studies["deep"]
    assert (deep.implementation, deep.depth) == (["keras"], [9])


def test_params_cannot_be_changed_once_checked(project):
    loaded = params.load()
    with pytest.raises(ValueError, match="frozen"):
        loaded.network.width = -1


def test_a_stage_is_refused_what_the_file_does_not_describe(project):
    assert params.load_for("digits", "depth") == params.load_for("mnist") == params.load()
    (project / "params.yaml").write_text(yaml.safe_dump(without(("training", "mnist"))))
    with pytest.raises(BadInput, match=r"^params\.yaml: data\.mnist or training\.mnist is missing$"):
        params.load_for("mnist")
    with pytest.raises(BadInput, match=r"^params\.yaml: studies\.width is missing; allowed: .*\bdepth\b"):
        params.load_for("digits", "width")


# --- keys -------------------------------------------------------------------------------------------------------------

LEVELS: list[Key] = [(), ("data", "digits"), ("network",), ("training", "digits"), ("studies", "depth")]
LEVELS += [("studies", "dropout", "of", "mnist")]


@pytest.mark.parametrize("level", LEVELS)
def test_an_unknown_key_is_named_beside_the_known_ones(refused, level):
    known = tree()
    for key in level:
        known = known[key]
    line = refused(with_value((*level, "typo"), 1))
    name, told = line.split(": ", 1)
    assert name == ".".join((*level, "typo"))
    assert told.startswith("unknown key; allowed here: ")
    assert set(known) <= set(re.findall(r"\w+", told.split("allowed here: ")[1]))


@pytest.mark.parametrize("section", [("data",), ("training",), ("studies", "dropout", "of")], ids=".".join)
def test_a_section_of_an_unknown_dataset_is_refused(refused, section):
    line = refused(with_value((*section, "cifar"), {}))
    assert line.startswith(f"{'.'.join(section)}.cifar: 'cifar' (str) given")
    assert all(name in line for name in NAMES)


REQUIRED: list[Key] = [
    *((key,) for key in tree()),
    *(("network", key) for key in tree()["network"]),
    *(("data", "digits", key) for key in tree()["data"]["digits"]),
    *(("training", "digits", key) for key in tree()["training"]["digits"]),
    *(("studies", "depth", key) for key in ("implementation", "normalization", "depth")),
]


@pytest.mark.parametrize("key", REQUIRED, ids=".".join)
def test_a_missing_key_is_named(refused, key):
    assert refused(without(key)) == f"{'.'.join(key)}: missing"


def test_a_misspelt_key_is_named_before_the_one_that_it_leaves_missing(refused):
    content = without(("network", "width"))
    content["network"]["widht"] = 100
    assert refused(content).startswith("network.widht: unknown key; allowed here: epsilon, ")


@pytest.mark.parametrize("section", ["data", "training"])
def test_a_listed_dataset_needs_its_sections(refused, section):
    content = without((section, "mnist"))
    content["datasets"] = ["mnist"]
    line = refused(content)
    assert line.startswith(f"{section}.mnist is missing")
    assert "datasets lists mnist" in line


@pytest.mark.parametrize(
    "text",
    [SHIPPED + "\ndevice: cpu\n", SHIPPED.replace("\n  width:", "\n  width: 50\n  width:")],
    ids=["top", "nested"],
)
def test_a_key_that_stands_twice_is_refused_with_its_line(refused, text):
    line = refused(text)
    key = "width" if "width: 50" in text else "device"
    numbers = [number for number, content in enumerate(text.splitlines(), 1) if content.lstrip().startswith(f"{key}:")]
    assert f"line {numbers[1]}, column " in line
    assert f'duplicate key "{key}"' in line


# The last: a pattern's `$` also fits before a trailing newline, and the name becomes a folder's.
@pytest.mark.parametrize("name", ["a-b", "A", "", "é", "a b", "a/b", "..", 1, None, True, "a\n"])
def test_a_study_name_that_dvc_or_a_folder_could_not_bear_is_refused(refused, name):
    line = refused(with_value(("studies", name), tree()["studies"]["depth"]))
    assert line.startswith("studies.")
    assert "given; " in line
    if isinstance(name, str):
        assert repr(name) in line
        assert "[a-z0-9_]+" in line  # what is allowed


# --- values -----------------------------------------------------------------------------------------------------------

COUNTS: list[Key] = [
    WIDTH,
    *(("data", "digits", key) for key in ("test", "validation")),
    *(("training", "digits", key) for key in ("steps", "batch_size", "evaluate_every", "seeds")),
    *(("studies", "depth", key) for key in ("steps", "batch_size", "evaluate_every", "evaluations", "seeds")),
]
REALS: list[Key] = [
    RATE,
    ("training", "digits", "initial_stddev"),
    *(("network", key) for key in ("epsilon", "momentum")),
]


def a_value(kind: Any) -> Any:
    first = get_args(kind)[0]  # of a choice a value, of a number its type
    return {int: 3, float: 0.5}.get(first, first)


LISTS: dict[Key, Any] = {  # each with a value that may stand in it
    ("datasets",): "digits",
    ("training", "digits", "targets"): 0.9,
    ("studies", "depth", "learning_rate_times"): 5.0,
    **{
        ("studies", "depth", name): a_value(about.values or about.kind)
        for name, about in FACTORS.items()
        if about.named in ("required", "optional")
    },
    ("studies", "depth", "datasets"): "digits",
}


def dotted(key: Key) -> str:
    return ".".join(map(str, key))


def assert_says(line: str, key: Key, value: Any) -> str:
    """The line opens with the key and what was given; returns the rest, which says what is allowed."""
    opening = f"{dotted(key)}: {value!r} ({type(value).__name__}) given; "
    assert line.startswith(opening)
    return line.removeprefix(opening)


@pytest.mark.parametrize("value", [-1, 0, True, 1.0, "60", [60], 10**30])
@pytest.mark.parametrize("key", COUNTS, ids=dotted)
def test_what_is_no_count_is_refused(refused, key, value):
    allowed = assert_says(refused(with_value(key, value)), key, value)
    assert re.search(r"equal to \d+$" if type(value) is int else "valid integer$", allowed)


@pytest.mark.parametrize("key", [*COUNTS[:-5], *REALS], ids=dotted)  # a study may leave its own out
def test_a_key_without_a_value_is_refused(refused, key):
    assert refused(with_value(key, None)).startswith(f"{dotted(key)}: nothing given; ")


@pytest.mark.parametrize("value", [-0.5, True, "0.5", math.inf, -math.inf, math.nan, [0.5], {}])
@pytest.mark.parametrize("key", REALS, ids=dotted)
def test_what_is_no_number_or_not_above_zero_is_refused(refused, key, value):
    allowed = assert_says(refused(with_value(key, value)), key, value)
    assert re.search("number|greater than|less than", allowed)
    if isinstance(value, float) and not math.isfinite(value):
        assert allowed == "input should be a finite number"


@pytest.mark.parametrize("key", [key for key in REALS if key[-1] != "momentum"], ids=dotted)
def test_zero_is_no_learning_rate_and_no_spread(refused, key):
    assert assert_says(refused(with_value(key, 0)), key, 0) == "input should be greater than 0"


@pytest.mark.parametrize(
    ("key", "value", "least"),
    [
        (("training", "digits", "batch_size"), 1, 2),  # one example has no variance
        (("studies", "depth", "batch_size"), 1, 2),
        (("studies", "depth", "evaluations"), 1, 2),  # a target counts when reached twice in a row
    ],
    ids=str,
)
def test_a_count_that_is_too_small_for_its_purpose_is_refused(refused, key, value, least):
    assert assert_says(refused(with_value(key, value)), key, value).endswith(f"greater than or equal to {least}")


@pytest.mark.parametrize("part", ["test", "validation"])
def test_a_part_needs_an_image_of_each_class(refused, part):
    assert "need an image of each class, 10 or more" in refused(with_value(("data", "digits", part), 9))


def test_a_momentum_of_one_would_never_move(refused):
    key = ("network", "momentum")
    assert assert_says(refused(with_value(key, 1.0)), key, 1.0) == "input should be less than 1"


# YAML 1.1 reads the first as text, the others as an octal, a sexagesimal, a boolean.
@pytest.mark.parametrize("written", ["1e-05", "5E-1", "017", "1:30", "yes", "0o17", "1_0.5", "+.5", "~", ".inf", "1e5"])
@pytest.mark.parametrize("version", ["", "%YAML 1.1\n---\n"])
@pytest.mark.filterwarnings("ignore::ruamel.yaml.error.MantissaNoDotYAML1_1Warning")  # DVC lets them through
def test_a_scalar_is_read_as_dvc_reads_it(tmp_path, refused, written, version):
    text = version + with_text(RATE, written)
    path = tmp_path / "params.yaml"
    path.write_text(text)
    value = load_yaml(path)["training"]["digits"]["learning_rate"]
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        assert params.load(path).training["digits"].learning_rate == value
    elif value is None:
        assert refused(text).startswith(f"{dotted(RATE)}: nothing given; ")
    else:
        assert_says(refused(text), RATE, value)


def test_a_number_is_read_as_dvc_writes_it(tmp_path):
    """By `dvc exp run -S training.digits.learning_rate=0.00001`."""
    path = tmp_path / "params.yaml"
    path.write_text(SHIPPED)
    with modify_yaml(path) as content:
        content["training"]["digits"]["learning_rate"] = 0.00001
    assert "learning_rate: 1e-05" in path.read_text()
    assert params.load(path).training["digits"].learning_rate == 0.00001


@pytest.mark.parametrize("name", ["1e5", "0o17", "12", "null", "true"])
def test_a_study_whose_name_is_no_text_needs_quotes(tmp_path, refused, name):
    text = SHIPPED.replace("\n  depth:", "\n  depth: &depth") + f"  {name}: *depth\n"
    assert re.match(r"studies\..* given; a name is needed; in quotes it is one$", refused(text))
    (tmp_path / "params.yaml").write_text(text.replace(f"  {name}:", f"  '{name}':"))
    assert name in params.load(tmp_path / "params.yaml").studies


@pytest.mark.parametrize("value", [0, 1, 1.0, -0.1, math.nan, math.inf, True, "90%"])
def test_a_target_is_a_share(refused, value):
    assert_says(refused(with_value(("training", "digits", "targets"), [0.5, value])), (*RATE[:-1], "targets", 1), value)


@pytest.mark.parametrize("key", LISTS, ids=dotted)
def test_a_list_is_neither_empty_nor_repeats_a_value_nor_a_single_value(refused, key):
    value = LISTS[key]
    assert assert_says(refused(with_value(key, [])), key, []) == "one entry at least is needed"
    assert "once" in assert_says(refused(with_value(key, [value, value])), key, [value, value])
    assert "list" in assert_says(refused(with_value(key, value)), key, value)


def test_numbers_that_are_equal_repeat_a_value(refused):
    key = ("studies", "depth", "learning_rate")
    assert "once" in refused(with_value(key, [1, 0.5, 1.0]))


@pytest.mark.parametrize(
    ("key", "index", "allowed"),
    [
        (("datasets",), 1, [*NAMES]),
        (("studies", "depth", "datasets"), 0, [*NAMES]),
        (
            ("studies", "depth", "implementation"),
            2,
            [*get_args(Implementation)],
        ),
        (("studies", "depth", "normalization"), 1, ["none", "batch"]),
    ],
    ids=lambda value: dotted(value) if isinstance(value, tuple) else None,
)
@pytest.mark.parametrize("value", ["other", "Keras", 1, True, [], {}])
def test_an_unknown_name_is_refused_with_those_allowed(refused, key, index, allowed, value):
    line = refused(with_value(key, [*allowed[:index], value]))
    told = assert_says(line, (*key, index), value)
    assert all(repr(name) in told for name in allowed)


@pytest.mark.parametrize(
    ("key", "allowed"),
    [(("device",), ["cpu", "gpu", "auto"]), (("data", "digits", "pixels"), ["binary", "grey"])],
    ids=str,
)
@pytest.mark.parametrize("value", ["tpu", "gray", 0, ["cpu"]])
def test_an_unknown_choice_is_refused_with_those_allowed(refused, key, allowed, value):
    told = assert_says(refused(with_value(key, value)), key, value)
    assert all(repr(name) in told for name in allowed)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (("network",), "network"),
        (("data",), "data"),
        (("data", "digits"), "data.digits"),
        (("training", "digits"), "training.digits"),
        (("studies",), "studies"),
        (("studies", "depth"), "studies.depth"),
    ],
)
@pytest.mark.parametrize("value", [None, [1], "text", 3])
def test_a_section_is_a_mapping(refused, key, name, value):
    given_ = "nothing" if value is None else f"{value!r} ({type(value).__name__})"
    assert refused(with_value(key, value)) == f"{name}: {given_} given; a mapping of keys to values is needed"


def test_no_study_at_all_is_refused(refused):
    assert assert_says(refused(with_value(("studies",), {})), ("studies",), {}) == "one entry at least is needed"


def test_the_study_of_the_headline_is_needed(refused):
    assert refused(with_value(("studies",), {"other": tree()["studies"]["depth"]})).startswith(
        "studies.depth is missing"
    )


def test_several_mistakes_are_counted(refused):
    content = with_value(("network", "width"), 0)
    content["network"]["epsilon"] = 0
    content["device"] = "tpu"
    assert refused(content).endswith(" (and 2 more)")


# --- values that do not fit together ----------------------------------------------------------------------------------


@pytest.mark.parametrize("every", [70, 2001])
def test_evaluations_have_to_end_at_the_last_step(refused, every):
    key = ("training", "digits", "evaluate_every")
    assert assert_says(refused(with_value(key, every)), key, every) == "has to divide steps (3000)"


def test_one_evaluation_is_too_few_for_a_target(refused):
    key = ("training", "digits", "evaluate_every")
    assert "at most half of steps (3000)" in assert_says(refused(with_value(key, 3000)), key, 3000)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"steps": 3010}, "evaluate_every (50 on digits): has to divide steps (3010)"),
        ({"evaluate_every": 70}, "evaluate_every (70 on digits): has to divide steps (3000)"),
        ({"steps": 50}, "evaluate_every (50 on digits): at most half of steps (50)"),
        ({"steps": 10**9}, "evaluations at most"),
        ({"steps": 10**9, "evaluations": 100}, "steps times batch_size is more than"),
        ({"batch_size": 2000}, "needed for a mini-batch, or one of each class: 2000"),
    ],
    ids=str,
)
def test_a_budget_of_a_studys_own_has_to_fit(refused, settings, told):
    content = tree()
    content["studies"]["depth"] |= settings
    content["studies"]["depth"]["datasets"] = content["datasets"] = ["digits"]
    assert told in refused(content)


@pytest.mark.parametrize("value", [0, 0.0, 1.5, -1, "half"])
def test_a_decay_that_is_no_share_is_refused(refused, value):
    content = tree()
    content["studies"]["noise"]["decay"] = [value]
    assert refused(content).startswith("studies.noise.decay.0: ")


def test_a_study_of_the_papers_may_not_have_mini_batches_of_its_own(refused):
    assert "no further factor" in refused(with_value(("studies", "paper", "batch_size"), 30))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"steps": 3010}, "evaluate_every (50 on digits): has to divide steps (3010)"),
        ({"batch_size": 2000}, "needed for a mini-batch, or one of each class: 2000"),
    ],
    ids=str,
)
def test_a_budget_for_one_dataset_has_to_fit(refused, settings, told):
    content = with_value(("studies", "depth", "of"), {"digits": settings})
    content["studies"]["depth"]["datasets"] = content["datasets"] = ["digits"]
    assert told in refused(content)


@pytest.mark.parametrize(
    ("study", "settings", "told"),
    [
        ("depth", {"dropout": [0.5]}, "of.digits: dropout: 0.5 needs implementation [keras]"),
        ("dropout", {"implementation": ["core_estimator"]}, "of.digits: dropout: 0.2 needs implementation [keras]"),
        ("depth", {"learning_rate": [0.1], "learning_rate_times": [2.0]}, "of.digits: learning_rate and"),
        ("learning_rate", {"learning_rate_times": [1e38]}, "studies.learning_rate.learning_rate_times: 1e+38 times"),
        ("depth", {"depth": [*range(1, 1000)], "seeds": 1000}, "studies.depth: 7992000 runs on digits"),
        ("depth", {"depth": [0]}, "studies.depth.of.digits.depth.0: 0 (int) given; "),
        ("depth", {"datasets": ["digits"]}, "studies.depth.of.digits.datasets: unknown key; allowed here: "),
    ],
    ids=str,
)
def test_what_a_study_does_otherwise_on_a_dataset_has_to_be_possible(refused, study, settings, told):
    content = with_value(("training", "digits", "learning_rate"), 10.0)
    content["studies"][study]["of"] = {"digits": settings}
    assert told in refused(content)


def test_a_study_of_the_papers_stays_one_on_every_dataset(refused):
    line = refused(with_value(("studies", "paper", "of"), {"mnist": {"depth": [1]}}))
    assert line.startswith("studies.paper: needs one implementation, depth [3], ")


def test_a_dataset_has_its_studies_as_they_are_there(tmp_path):
    content = with_value(("studies", "depth", "of"), {"mnist": {"depth": [2], "hold_out": True}})
    content["studies"]["learning_rate"]["of"] = {"mnist": {"learning_rate": [0.3]}}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    loaded = params.load(tmp_path / "params.yaml")
    digits, mnist = (loaded.studies_of(dataset) for dataset in ("digits", "mnist"))
    for dataset, studies in (("digits", digits), ("mnist", mnist)):
        applying = {name for name, study in content["studies"].items() if dataset in study.get("datasets", [dataset])}
        assert {*studies} == applying < {*content["studies"]}
    assert (digits["depth"].depth, digits["depth"].hold_out) == (content["studies"]["depth"]["depth"], False)
    assert (mnist["depth"].depth, mnist["depth"].hold_out) == ([2], True)
    assert "learning_rate_times" in digits["learning_rate"].crossed
    assert "learning_rate_times" not in mnist["learning_rate"].crossed


@pytest.mark.parametrize(
    ("seeds", "told"),
    [
        ({"keras": 0}, "studies.depth.seeds.keras: 0 (int) given; input should be greater than or equal to 1"),
        ({"keras": 2, "other": 3}, "studies.depth.seeds.other: 'other' (str) given; input should be 'keras', "),
        ({}, "studies.depth.seeds: {} (dict) given; one entry at least is needed"),
    ],
    ids=str,
)
def test_seeds_by_implementation_are_counts_of_implementations(refused, seeds, told):
    assert refused(with_value(("studies", "depth", "seeds"), seeds)).startswith(told)


@pytest.mark.parametrize("key", [("training", "digits", "first_seed"), ("studies", "depth", "first_seed")], ids=dotted)
@pytest.mark.parametrize("value", [-1, 0.5, "100"])
def test_a_first_seed_is_a_number_from_0_on(refused, key, value):
    assert_says(refused(with_value(key, value)), key, value)


def test_steps_that_are_refused_are_not_divided(refused):
    # the check of evaluate_every needs steps, which are not there
    line = refused(with_value(("training", "digits", "steps"), "many"))
    assert line == "training.digits.steps: 'many' (str) given; input should be a valid integer"


@pytest.mark.parametrize(
    ("changes", "room"),
    [
        ({("data", "digits", "test"): 1540}, 57),
        ({("data", "digits", "validation"): 1238}, 59),
        ({("data", "digits", "test"): 5000}, 0),
        ({("training", "digits", "batch_size"): 1098}, 1097),
    ],
    ids=["test", "validation", "more than there are", "batch"],
)
def test_too_few_images_to_fill_a_mini_batch_are_refused(refused, tmp_path, changes, room):
    (key, value), *_ = changes.items()
    line = refused(with_value(key, value))
    batch = value if key[-1] == "batch_size" else 60
    assert line.startswith("data.digits: test (")
    assert f"leave {room} of 1797 images" in line
    assert line.endswith(f": {batch}")
    if room:  # the value that just fits: one image more to train on
        fitting = value - (batch - room)
        (tmp_path / "params.yaml").write_text(yaml.safe_dump(with_value(key, fitting)))
        params.load(tmp_path / "params.yaml")


def test_every_class_has_to_be_left_to_train_on(refused):
    content = with_value(("training", "digits", "batch_size"), 2)
    content["data"]["digits"]["validation"] = 1797 - 500 - 9
    assert "leave 9 of 1797" in refused(content)


@pytest.mark.parametrize("dataset", ["mnist", "fashion_mnist"])
def test_a_dataset_keeps_its_own_test_images(refused, dataset):
    line = refused(with_value(("data", dataset, "test"), 9000))
    assert line == f"data.{dataset}.test is 9000; {SOURCES[dataset].title} has a test set of its own, of 10000 images"


# --- files that are no params at all ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "given_"),
    [("", "nothing"), ("# a comment\n", "nothing"), ("- digits\n", "['digits'] (list)"), ("text", "'text' (str)")],
    ids=["empty", "comment", "list", "scalar"],
)
def test_a_file_that_holds_no_mapping_is_refused(refused, text, given_):
    assert refused(text) == f"the file: {given_} given; a mapping of keys to values is needed"


@pytest.mark.parametrize(
    "text",
    [
        "datasets: [digits\ndevice: cpu",
        "a: b: c",
        "\tdevice: cpu",
        "device: 'cpu",
        "device: *nowhere",
        "device: cpu\n---\ndevice: cpu\n",
        "device: !!python/object/apply:os.getcwd []",
        "device: !thing cpu",
        "device: \x00",
        "[" * 2000,
        # ruamel.yaml itself stumbles over these: ValueError, KeyError, OverflowError and others
        'device: !!int ""',
        "device: !!bool maybe",
        "device: !!timestamp today",
        "%YAML 1.1\n---\ndevice: 1" + ":0" * 300 + ".0",
        "device: 2001-99-01",
        "device: " + "9" * 5000,
        "!!map [a]",
    ],
    ids=lambda text: text[:25].encode("unicode_escape").decode(),
)
def test_what_is_no_yaml_is_refused(refused, text):
    assert refused(text).startswith("not readable as YAML: ")


def test_what_is_no_yaml_is_refused_with_its_line(refused):
    assert "line 3, column" in refused("datasets: [digits]\ndevice: cpu\ndata: {a: ]\n")


@pytest.mark.parametrize("content", [b"\xff\xfe\xfa", "device: größer".encode("latin-1"), SHIPPED.encode("utf-16")])
def test_a_file_in_another_encoding_is_refused(refused, content):
    assert "utf-8" in refused(content)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(BadInput) as caught:
        params.load(tmp_path / "params.yaml")
    assert caught.value.message == "params.yaml: No such file or directory"


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(BadInput, match="Is a directory"):
        params.load(tmp_path)


def test_what_is_long_is_shown_short(refused):
    line = refused(with_value(("device",), "x" * 10_000))
    assert "xxx...xxx" in line
    assert len(line) < 200
    line = refused(with_value(("network", "y" * 10_000), 1))
    assert "yyy...: unknown key" in line
    assert len(line) < 200


def test_what_grows_without_bound_when_written_out_is_shown_short(refused):
    # each anchor holds the one before nine times: a few lines in the file, megabytes when written out
    anchors = ["&a0 [x]", *(f"&a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 7))]
    text = with_text(WIDTH, f"[{', '.join(anchors)}]")
    tracemalloc.start()
    try:
        line = refused(text)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert line.startswith("network.width: [")
    assert len(line) < 200
    assert peak < 2**20


def test_a_number_that_python_will_not_print_is_refused(refused):
    line = refused(with_text(WIDTH, "0x" + "f" * 5000))
    assert line.startswith("network.width: a number of thousands of digits given; ")


# --- anything at all --------------------------------------------------------------------------------------------------

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(0, 100)
    | st.floats()
    | st.text(max_size=20)
    | st.dates()
    | st.binary(max_size=5)
    | st.sampled_from(["digits", "mnist", "cpu", "keras", "none", "batch", "1e-3", "a\n", "\x85", "<<", "="])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(SCALARS, inner, max_size=4),
    max_leaves=8,
)
# nothing to keep of a run, and the same examples for everybody
ANYTHING = settings(
    max_examples=200,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def loads_or_is_refused_in_one_line(path: Path) -> bool:
    """Whether it loads; what else than a refusal comes is an error of the test."""
    try:
        return isinstance(params.load(path), params.Params)
    except BadInput as error:
        line = error.message
    assert len(line.splitlines()) == 1
    assert line.startswith("params.yaml: ")
    assert len(line) < 1000
    return False


@ANYTHING
@given(mutations.tree_of(tree(), VALUES))
@example(with_value(("network", "a\nb"), 1))
@example(with_value(("studies", datetime.date(2015, 2, 11)), 1))
def test_any_change_loads_or_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    loads_or_is_refused_in_one_line(path)


@ANYTHING
@given(
    st.text(alphabet="!!<&*[]{}:-?|>%@`\"'#,~.=\n\t 0123xeabn_\\\x85\u2028", max_size=40),
    st.integers(0, len(SHIPPED)),
    st.integers(0, 30),
)
def test_any_scribble_in_the_file_loads_or_is_refused_in_one_line(tmp_path, scribble, start, length):
    path = tmp_path / "params.yaml"
    path.write_text(SHIPPED[:start] + scribble + SHIPPED[start + length :], encoding="utf-8")
    loads_or_is_refused_in_one_line(path)


@ANYTHING
@given(st.binary(max_size=100))
def test_any_bytes_are_refused_in_one_line(tmp_path, content):
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    assert not loads_or_is_refused_in_one_line(path)


@pytest.mark.parametrize(
    ("study", "change", "complaint"),
    [
        ("paper", {"normalization": ["batch"]}, "needs both normalizations"),
        ("paper", {"momentum": [0.9]}, "needs one implementation, depth [3], no momentum and no evaluations"),
        ("paper", {"pixels": ["grey"]}, "no further factor"),
        ("paper", {"depth": [1]}, "depth [3]"),
        ("paper", {"evaluations": 20}, "no evaluations"),
        ("calibration", {"evaluations": 20}, "no evaluations"),
        ("paper", {"implementation": ["keras", "core_estimator"]}, "one implementation"),
        ("calibration", {"normalization": ["none", "batch"]}, "needs normalization [none]"),
        ("calibration", {"pixels": None}, "pixels, initial_stddev and learning_rate"),
    ],
)
def test_a_study_that_could_not_be_laid_over_the_papers_figure_is_refused(refused, study, change, complaint):
    content = tree()
    content["studies"][study].update(change)
    line = refused(content)
    assert line.startswith(f"studies.{study}: ")
    assert complaint in line


@pytest.mark.parametrize(
    ("factor", "value"),
    [
        ("normalization", "layer"),
        ("normalization", "self"),
        ("activation", "relu"),
        ("placement", "after"),
        ("dropout", 0.5),
        ("noise", "steady"),
        ("optimizer", "adam"),
        ("decay", 0.1),
    ],
)
def test_what_estimators_do_not_have_is_refused_to_them(refused, tmp_path, factor, value):
    content = tree()
    content["studies"]["depth"][factor] = [value]
    line = refused(content)
    assert line.startswith("studies.depth")
    assert f"{factor}: {value} needs implementation [keras]" in line
    content["studies"]["depth"]["implementation"] = ["keras"]
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(content))
    assert getattr(params.load(tmp_path / "params.yaml").studies["depth"], factor) == [value]


def test_a_study_has_rates_or_multiples_of_the_datasets(refused):
    content = tree()
    content["studies"]["depth"] |= {"learning_rate": [0.1], "learning_rate_times": [2.0]}
    assert "learning_rate and learning_rate_times: one of the two" in refused(content)


@pytest.mark.parametrize("times", [1e38, 5e-324])
def test_a_multiple_that_is_no_learning_rate_is_refused(refused, times):
    content = tree()
    content["training"]["digits"]["learning_rate"] = 10.0 if times > 1 else 0.1
    content["studies"]["learning_rate"] |= {"learning_rate_times": [times], "of": {}}
    assert refused(content).startswith("studies.learning_rate.learning_rate_times: ")


@pytest.mark.parametrize("value", [1.0, -0.1, "half"])
def test_a_dropout_that_is_no_share_is_refused(refused, value):
    content = tree()
    content["studies"]["dropout"]["dropout"] = [value]
    assert refused(content).startswith("studies.dropout.dropout.0: ")


@pytest.mark.parametrize("study", ["paper", "calibration", "momentum", "specifications"])
def test_a_study_beside_the_headline_may_be_left_out(tmp_path, study):
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(without(("studies", study))))
    assert study not in params.load(tmp_path / "params.yaml").studies


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({("studies", "depth", "depth"): list(range(1, 200)), ("training", "digits", "seeds"): 1000}, "runs on digits"),
        (
            {("training", "digits", "steps"): 10**9, ("training", "digits", "evaluate_every"): 100},
            "evaluations at most",
        ),
        ({("training", "digits", "steps"): 10**9, ("training", "digits", "evaluate_every"): 10**8}, "times batch_size"),
    ],
    ids=["runs", "evaluations", "images"],
)
def test_what_nobody_could_wait_for_or_hold_is_refused(refused, changes, told):
    content = tree()
    for (*sections, key), value in changes.items():
        functools.reduce(dict.__getitem__, sections, content)[key] = value
    assert told in refused(content)


def test_the_quick_pipeline_has_the_settings_of_the_full_one():
    full, quick = (params.load(Path(__file__).parents[2] / name) for name in ("params.yaml", "params.quick.yaml"))
    seeds = {"seeds", "first_seed"}
    assert quick.data["digits"] == full.data["digits"]
    assert quick.network == full.network
    assert quick.training["digits"].model_dump(exclude=seeds) == full.training["digits"].model_dump(exclude=seeds)
