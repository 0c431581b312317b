"""From a grid to run specs, and what a fingerprint depends on."""

import dataclasses
import hashlib
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from bnrepro import params, source
from bnrepro.choices import Implementation
from bnrepro.runs import study
from tests.networks.specs import run_spec


@pytest.fixture
def given(project):
    return params.load()


def test_the_grid_is_crossed_with_the_seeds(given):
    specs = study.expand(given, "digits", "depth")
    grid = given.studies["depth"]
    seeds = sum(given.seeds("digits", "depth", implementation) for implementation in grid.implementation)
    assert len(specs) == len(set(specs)) == len(grid.normalization) * len(grid.depth) * seeds
    assert {spec.learning_rate for spec in specs} == {given.training["digits"].learning_rate}


def test_arms_differ_in_normalization_alone(given):
    """Paired by construction: all else about two arms' runs is equal."""
    keras = [spec for spec in study.expand(given, "digits", "depth") if spec.implementation == "keras"]
    settings = {"normalization": "none", "placement": None, "momentum": None, "epsilon": None}
    plain = {spec for spec in keras if spec.normalization == "none"}
    assert {dataclasses.replace(spec, **settings) for spec in keras if spec.normalization == "batch"} == plain


def test_what_a_study_does_not_name_comes_from_the_other_sections(given):
    (mnist,) = {(s.pixels, s.initial_stddev, s.learning_rate) for s in study.expand(given, "mnist", "paper")}
    training = given.training["mnist"]
    assert mnist == (given.data["mnist"].pixels, training.initial_stddev, training.learning_rate)


@pytest.mark.parametrize(
    ("factor", "values"),
    [
        ("pixels", ["binary", "grey"]),
        ("initial_stddev", [0.1, 0.2]),
        ("activation", ["sigmoid", "relu"]),
        ("placement", ["before", "after"]),
        ("momentum", [0.5, 0.9]),
        ("dropout", [0.0, 0.5]),
        ("noise", ["none", "steady", "shifting"]),
        ("learning_rate", [0.1, 0.2]),
    ],
)
def test_a_study_crosses_any_factor(given, factor, values):
    grid = params.Study(implementation=["keras"], normalization=["batch"], depth=[1], **{factor: values})
    specs = study.expand(given.model_copy(update={"studies": {"own": grid}}), "digits", "own")
    assert [getattr(spec, factor) for spec in specs] == [value for value in values for _ in range(5)]


def own(given, dataset="digits", **grid):
    """The runs of a study of one's own, with one seed and one layer unless it says otherwise."""
    grid = params.Study(**{"implementation": ["keras"], "normalization": ["batch"], "depth": [1], "seeds": 1, **grid})
    return study.expand(given.model_copy(update={"studies": {"own": grid}}), dataset, "own")


def test_a_learning_rate_may_be_a_multiple_of_the_datasets(given):
    specs = own(given, "mnist", learning_rate_times=[0.5, 2.0])
    usual = given.training["mnist"].learning_rate
    assert [spec.learning_rate for spec in specs] == [0.5 * usual, 2 * usual]


def test_self_normalizing_networks_have_units_and_initial_weights_of_their_own(given):
    specs = own(given, normalization=["none", "self"], activation=["sigmoid", "relu"])
    found = {(spec.normalization, spec.activation, spec.initial_stddev) for spec in specs}
    usual = given.training["digits"].initial_stddev
    assert found == {("none", "sigmoid", usual), ("none", "relu", None), ("self", "selu", None)}
    assert len(specs) == 3


def test_settings_are_those_that_a_normalization_has(given):
    specs = {spec.normalization: spec for spec in own(given, normalization=["none", "batch", "layer", "weight"])}
    has = {name: (s.placement, s.momentum is None, s.epsilon is None, s.updates) for name, s in specs.items()}
    assert has == {
        "none": (None, True, True, None),
        "batch": ("before", False, False, None),
        "layer": (None, True, False, None),
        "weight": (None, True, True, None),
    }


def test_noise_is_of_batch_normalization_alone(given):
    specs = own(given, normalization=["none", "batch"], noise=["none", "shifting"])
    assert [(spec.normalization, spec.noise) for spec in specs] == [
        ("none", "none"),
        ("batch", "none"),
        ("batch", "shifting"),
    ]


def test_updates_are_seen_to_by_the_authors_of_custom_estimators_alone(given):
    names = ["keras_estimator", "core_estimator", "canned_estimator"]
    specs = own(given, implementation=names, normalization=["none", "batch"], updates=["run", "omitted"])
    batch = [(spec.implementation, spec.updates) for spec in specs if spec.normalization == "batch"]
    assert batch == [(name, value) for name in names[:2] for value in ("run", "omitted")] + [("canned_estimator", None)]
    assert {spec.updates for spec in specs if spec.normalization == "none"} == {None}


def test_a_study_may_hold_images_out(given):
    assert [spec.hold_out for spec in own(given, hold_out=True)] == [True]


def test_runs_that_do_not_differ_are_one(given):
    """Without normalization there are no averages for a momentum, and the canned estimator's is its own."""
    grid = params.Study(
        implementation=["keras", "canned_estimator"], normalization=["none", "batch"], depth=[1], momentum=[0.5, 0.9]
    )
    specs = study.expand(given.model_copy(update={"studies": {"own": grid}}), "digits", "own")
    seeds = given.training["digits"].seeds
    assert len(specs) == len(set(specs)) == (1 + 2 + 1 + 1) * seeds


def test_an_implementation_may_have_seeds_of_its_own(given):
    grid = given.studies["depth"].model_copy(update={"seeds_of": {"digits": {"keras": 7}}})
    other = given.model_copy(update={"studies": {"depth": grid}})
    seeds = {name: other.seeds("digits", "depth", name) for name in ("keras", "core_estimator")}
    assert seeds == {"keras": 7, "core_estimator": given.training["digits"].seeds}
    assert other.seeds("mnist", "depth", "keras") == given.training["mnist"].seeds
    assert {s.seed for s in study.expand(other, "digits", "depth") if s.implementation == "keras"} == set(range(7))


def test_a_study_for_another_dataset_has_no_runs(given):
    narrowed = given.studies["depth"].model_copy(update={"datasets": ["mnist"]})
    other = given.model_copy(update={"studies": {"depth": narrowed}})
    assert study.expand(other, "digits", "depth") == []
    assert study.expand(other, "mnist", "depth")


def test_the_canned_estimators_settings_are_those_that_its_parity_test_proves(given):
    specs = study.expand(given, "digits", "depth")
    canned = {spec for spec in specs if spec.implementation == "canned_estimator" and spec.normalization == "batch"}
    proven = run_spec("canned_estimator", "batch")
    assert {(spec.placement, spec.momentum, spec.epsilon) for spec in canned} == {
        (proven.placement, proven.momentum, proven.epsilon)
    }


def test_without_normalization_its_settings_make_no_other_run(given):
    network = given.network.model_copy(update={"momentum": 0.5, "epsilon": 0.1})
    other = given.model_copy(update={"network": network})

    def plain(which):
        return [spec for spec in study.expand(which, "digits", "depth") if spec.normalization == "none"]

    assert plain(given) == plain(other)


def test_every_field_of_a_spec_is_in_its_fingerprint(given):
    spec = study.expand(given, "digits", "depth")[0]
    seen = {study.fingerprint(spec, "data")}
    for field in dataclasses.fields(spec):
        value = getattr(spec, field.name)
        others = {"implementation": "keras_estimator", "device": "gpu"}
        other = others.get(field.name, "other" if isinstance(value, str) else 12345)
        seen.add(study.fingerprint(dataclasses.replace(spec, **{field.name: other}), "data"))
    seen.add(study.fingerprint(spec, "other data"))
    assert len(seen) == len(dataclasses.fields(spec)) + 2


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


def test_implementations_have_digests_of_their_own():
    names = ("keras", "canned_estimator", "keras_estimator", "core_estimator")
    assert len({study.code_digest(name, "cpu") for name in names}) == 4


def test_a_digest_covers_the_loop_of_its_device_and_no_other():
    for device, (own, other) in {
        "cpu": ("compiled_loop.py", "stacked_loop.py"),
        "gpu": ("stacked_loop.py", "compiled_loop.py"),
    }.items():
        names = {file.name for file in study.code("keras", device)}
        assert own in names
        assert other not in names


@pytest.mark.slow
@pytest.mark.parametrize("implementation", get_args(Implementation))
def test_a_digest_covers_what_training_imports(implementation):
    """All of it and nothing else: what is not numerical would train everything again when it changes."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.training.imported_by_a_run", implementation]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    covered = {str(file) for file in study.code(implementation, "cpu")}
    assert set(done.stdout.splitlines()) == covered
