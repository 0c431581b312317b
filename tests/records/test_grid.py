"""From a grid to run specs, and what a fingerprint depends on."""

import dataclasses
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from bnrepro import source
from bnrepro.records import fingerprint
from bnrepro.records.grid import expand
from bnrepro.study import params
from bnrepro.study.factors import Implementation, RunSpec
from bnrepro.study.studies import OnADataset, Study
from tests.networks.specs import run_spec


@pytest.fixture
def given(project):
    return params.load()


def test_the_grid_is_crossed_with_the_seeds(given):
    specs = expand(given, "digits", "depth")
    grid = given.studies["depth"].on("digits")
    seeds = sum(len(given.seeds("digits", "depth", implementation)) for implementation in grid.implementation)
    assert len(specs) == len(set(specs)) == len(grid.normalization) * len(grid.depth) * seeds
    assert {spec.learning_rate for spec in specs} == {given.training["digits"].learning_rate}


def test_arms_differ_in_normalization_alone(given):
    """Paired by construction: all else about two arms' runs is equal."""
    keras = [spec for spec in expand(given, "digits", "depth") if spec.implementation == "keras"]
    settings = {"normalization": "none", "placement": None, "momentum": None, "epsilon": None}
    plain = {spec for spec in keras if spec.normalization == "none"}
    assert {dataclasses.replace(spec, **settings) for spec in keras if spec.normalization == "batch"} == plain


def test_what_a_study_does_not_name_comes_from_the_other_sections(given):
    (mnist,) = {(s.pixels, s.initial_stddev, s.learning_rate) for s in expand(given, "mnist", "paper")}
    training = given.training["mnist"]
    assert mnist == (given.data["mnist"].pixels, training.initial_stddev, training.learning_rate)


@pytest.mark.parametrize(
    ("factor", "values"),
    [
        ("pixels", ["binary", "grey"]),
        ("initial_stddev", [0.1, 0.2]),
        ("initial_scheme", ["gaussian", "lecun", "he"]),
        ("activation", ["sigmoid", "relu"]),
        ("placement", ["before", "after"]),
        ("momentum", [0.5, 0.9]),
        ("dropout", [0.0, 0.5]),
        ("noise", ["none", "steady", "shifting", "drifting"]),
        ("optimizer", ["sgd", "momentum", "adam"]),
        ("decay", [1.0, 0.1]),
        ("learning_rate", [0.1, 0.2]),
    ],
)
def test_a_study_crosses_any_factor(given, factor, values):
    grid = Study(implementation=["keras"], normalization=["batch"], depth=[1], **{factor: values})
    specs = expand(given.model_copy(update={"studies": {"own": grid}}), "digits", "own")
    assert [getattr(spec, factor) for spec in specs] == [value for value in values for _ in range(5)]


def own(given, dataset="digits", **grid):
    """The runs of a study of one's own, with one seed and one layer unless it says otherwise."""
    grid = Study(**{"implementation": ["keras"], "normalization": ["batch"], "depth": [1], "seeds": 1, **grid})
    return expand(given.model_copy(update={"studies": {"own": grid}}), dataset, "own")


def test_a_learning_rate_may_be_a_multiple_of_the_datasets(given):
    specs = own(given, "mnist", learning_rate_times=[0.5, 2.0])
    usual = given.training["mnist"].learning_rate
    assert [spec.learning_rate for spec in specs] == [0.5 * usual, 2 * usual]


def test_a_study_may_hold_images_out(given):
    assert [spec.hold_out for spec in own(given, hold_out=True)] == [True]


@pytest.mark.parametrize(
    ("name", "value"), [("steps", 600), ("evaluate_every", 10), ("evaluations", 50), ("batch_size", 30)]
)
def test_a_study_may_have_a_budget_of_its_own(given, name, value):
    (spec,), (usual,) = own(given, **{name: value}), own(given)
    assert spec == dataclasses.replace(usual, **{name: value})
    assert spec != usual


def test_runs_that_do_not_differ_are_one(given):
    """Without normalization there are no averages for a momentum, and the canned estimator's is its own."""
    grid = Study(
        implementation=["keras", "canned_estimator"], normalization=["none", "batch"], depth=[1], momentum=[0.5, 0.9]
    )
    specs = expand(given.model_copy(update={"studies": {"own": grid}}), "digits", "own")
    seeds = given.training["digits"].seeds
    assert len(specs) == len(set(specs)) == (1 + 2 + 1 + 1) * seeds


def test_an_implementation_may_have_seeds_of_its_own_and_a_dataset_others(given):
    implementations = ["keras", "core_estimator"]
    grid = Study(
        implementation=implementations,
        normalization=["none"],
        depth=[1],
        seeds={"keras": 7},
        of={"mnist": OnADataset(seeds={"keras": 2}), "fashion_mnist": OnADataset(seeds=4)},
    )
    other = given.model_copy(update={"studies": {"own": grid}})
    usual = given.training
    counted = {"digits": (7, usual["digits"].seeds), "mnist": (2, usual["mnist"].seeds), "fashion_mnist": (4, 4)}
    for dataset, counts in counted.items():
        first = usual[dataset].first_seed
        for name, count in zip(implementations, counts, strict=True):
            seeds = [spec.seed for spec in expand(other, dataset, "own") if spec.implementation == name]
            assert seeds == list(range(first, first + count)) == list(other.seeds(dataset, "own", name))


def test_seeds_begin_where_the_file_says_or_the_study(given):
    for dataset in ("digits", "mnist"):
        assert [spec.seed for spec in own(given, dataset)] == [given.training[dataset].first_seed]
    assert [spec.seed for spec in own(given, first_seed=0, seeds=2)] == [0, 1]


@pytest.mark.parametrize(
    ("name", "usual", "other"),
    [
        ("steps", 600, 1000),
        ("evaluations", 5, 7),
        ("width", 50, 20),
        ("hold_out", True, False),
        ("depth", [1], [3]),
        ("dropout", [0.5], [0.1]),
        ("learning_rate", [0.1], [0.3]),
        ("first_seed", 3, 7),
    ],
)
def test_a_study_may_be_another_on_a_dataset(given, name, usual, other):
    """It has the runs of a study that says so of all datasets; elsewhere those that it says itself."""
    grid = {name: usual, "of": {"mnist": OnADataset(**{name: other})}}
    assert own(given, "mnist", **grid) == own(given, "mnist", **{name: other}) != own(given, "mnist", **{name: usual})
    assert own(given, **grid) == own(given, **{name: usual})


def test_rates_on_a_dataset_replace_multiples_and_multiples_rates(given):
    rate = given.training["mnist"].learning_rate
    times = {"learning_rate_times": [2.0], "of": {"mnist": OnADataset(learning_rate=[0.01])}}
    rates = {"learning_rate": [0.01], "of": {"mnist": OnADataset(learning_rate_times=[2.0])}}
    assert [spec.learning_rate for spec in own(given, "mnist", **times)] == [0.01]
    assert [spec.learning_rate for spec in own(given, "mnist", **rates)] == [2 * rate]


def test_a_study_for_another_dataset_has_no_runs(given):
    narrowed = given.studies["depth"].model_copy(update={"datasets": ["mnist"]})
    other = given.model_copy(update={"studies": {"depth": narrowed}})
    assert expand(other, "digits", "depth") == []
    assert expand(other, "mnist", "depth")


def test_without_normalization_its_settings_make_no_other_run(given):
    network = given.network.model_copy(update={"momentum": 0.5, "epsilon": 0.1})
    other = given.model_copy(update={"network": network})

    def plain(which):
        return [spec for spec in expand(which, "digits", "depth") if spec.normalization == "none"]

    assert plain(given) == plain(other)


def test_every_field_of_a_spec_is_in_its_fingerprint():
    normalized = run_spec("keras_estimator", "batch")
    having = {
        "tf32": run_spec("keras", "batch", device="gpu", tf32=False),
        "l2": run_spec("keras", "batch", kind="inception"),
    }
    others = {
        "implementation": "keras",
        "normalization": "none",
        "placement": "after",
        "updates": "omitted",
        "noise": "steady",
        "initial_scheme": "he",
        "activation": "relu",
        "optimizer": "adam",
        "decay": 0.5,
        "hold_out": True,
        "device": "gpu",
        "tf32": True,
        "numerics": "fast",
    }
    for field in dataclasses.fields(RunSpec):
        spec = having.get(field.name, normalized)
        value = getattr(spec, field.name)
        other = others.get(field.name, "mnist" if isinstance(value, str) else (value or 0) + 1)
        changed = dataclasses.replace(spec, **{field.name: other})
        assert fingerprint.fingerprint(changed, "data") != fingerprint.fingerprint(spec, "data"), field.name
    assert fingerprint.fingerprint(normalized, "other data") != fingerprint.fingerprint(normalized, "data")


def test_comments_and_docstrings_are_not_code(tmp_path):
    plain, told, other = (tmp_path / name for name in ("plain.py", "told.py", "other.py"))
    plain.write_text("def f(x):\n    return x + 1\n")
    told.write_text('"""A module."""\n\ndef f(x):\n    """A function."""\n    return x + 1  # why\n')
    other.write_text("def f(x):\n    return x + 2\n")
    assert source.syntax(plain) == source.syntax(told)
    assert source.syntax(plain) != source.syntax(other)


def test_the_messages_of_exceptions_are_not_code(tmp_path):
    said, mended, other = (tmp_path / name for name in ("said.py", "mended.py", "other.py"))
    text = "def f(x):\n    if x:\n        raise {error} from x\n"
    said.write_text(text.format(error='ValueError("x is wrong")'))
    mended.write_text(text.format(error='ValueError(f"{x} is not 0")'))
    other.write_text(text.format(error='TypeError("x is wrong")'))
    assert source.syntax(said) == source.syntax(mended)
    assert source.syntax(said) != source.syntax(other)


def test_code_is_the_same_text_on_every_python(tmp_path):
    """Pinned: to `ast.dump`, later Pythons say more of a function and less of what is empty."""
    module = tmp_path / "module.py"
    module.write_text(
        "class C(dict):\n"
        "    x: int = 1\n"
        "    async def f(self, *args, y=(), **rest): return [f'{y!r:>{self.x}} {{}}' 'z', lambda: None]\n"
        "def g(x): return {**x, 'a': [], 'b': ...}\n"
    )
    pinned = "e19327d99790ad7760fdb8532341ae4d02b3a0e99e6aec1aa794e1f258a6351f"
    assert hashlib.sha256(source.syntax(module).encode()).hexdigest() == pinned


IMPLEMENTATIONS = get_args(Implementation)


def test_implementations_have_digests_of_their_own():
    assert len({fingerprint.code_digest(run_spec(name)) for name in IMPLEMENTATIONS}) == len(IMPLEMENTATIONS)


def test_a_digest_covers_the_loop_of_its_device_and_no_other():
    for device, (own, other) in {
        "cpu": ("compiled_loop.py", "stacked_loop.py"),
        "gpu": ("stacked_loop.py", "compiled_loop.py"),
    }.items():
        names = {file.name for file in fingerprint.code(run_spec("keras", device=device, tf32=False))}
        assert own in names
        assert other not in names


@pytest.mark.slow
@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_a_digest_covers_what_training_imports(implementation):
    """All of it but `study`, and nothing else: what is not numerical would train everything again when it changes."""
    spec = run_spec(implementation, "batch", steps=4, evaluate_every=2)
    described = json.dumps(dataclasses.asdict(spec))
    command = [sys.executable, "-W", "ignore", "-m", "tests.training.imported_by_a_run", described]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    covered = {str(file) for file in fingerprint.code(spec)}
    study = {str(file) for file in (source.PACKAGE / "study").glob("*.py")}
    assert set(done.stdout.splitlines()) - study == covered


def test_training_as_a_whole_has_a_digest_of_its_own():
    assert len(
        {fingerprint.training_digest(), *(fingerprint.code_digest(run_spec(n)) for n in IMPLEMENTATIONS)}
    ) == 1 + len(IMPLEMENTATIONS)
