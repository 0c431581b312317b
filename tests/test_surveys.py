"""`python -m surveys`: which runs a survey has, how they start, and that none is trained twice."""

from collections import Counter
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

from bnrepro import device
from bnrepro.analysis import reference
from bnrepro.networks import dense
from bnrepro.study import params
from bnrepro.training.start import Start
from surveys import depth, multiverse, runs, summaries
from surveys.__main__ import SIZES
from tests.networks.specs import architecture, run_spec
from tests.pipeline import ROOT, Clone

SURVEYS = ("python", "-m", "surveys")


@pytest.fixture
def given():
    return params.load(ROOT / "params.yaml")


def test_every_setting_of_the_multiverse_is_there_once_and_the_order_is_drawn():
    found = multiverse.settings()
    assert len(set(found)) == len(found) == 1152
    assert found == multiverse.settings()
    for field in fields(multiverse.Setting):  # a sample has all values of each, as often but for chance
        counts = Counter(getattr(setting, field.name) for setting in found[:128])
        assert len(counts) == len({getattr(setting, field.name) for setting in found})
        assert min(counts.values()) > 128 / len(counts) / 3


def test_the_arms_of_a_setting_differ_in_batch_normalization_alone(given):
    setting = multiverse.Setting("grey", 0.04, "uniform", 0.8, "momentum", 0.1, "drawn")
    arms = multiverse.runs(setting, 7, given, "cpu")
    assert replace(arms["batch"].spec, normalization="none") == arms["none"].spec
    assert (arms["none"].uniform, arms["none"].drawn, arms["none"].spec.seed) == (True, True, 7)
    assert arms["none"].spec.learning_rate == pytest.approx(0.08)  # momentum goes ten times as far
    scheme = multiverse.runs(replace(setting, initial_weights="glorot", optimizer="sgd"), 7, given, "cpu")["none"].spec
    assert (scheme.initial_weights, scheme.learning_rate, scheme.decay) == ("glorot", 0.8, 0.1)


def test_the_table_reads_curves_as_the_report_does():
    paper = {arm: reference.test_accuracy(arm) for arm in multiverse.ARMS}

    def outcome(arm, shift, until=multiverse.STEPS):
        steps = np.arange(0, until + 1, 500)
        accuracy = np.interp(steps, paper[arm].index, paper[arm]) + shift
        diverged = None if until == multiverse.STEPS else until + 1
        return {"curve": {"step": steps.tolist(), "population_accuracy": accuracy.tolist()}, "diverged_at": diverged}

    near, gone, at_once = multiverse.settings()[:3]
    outcomes = {
        near: {"none": outcome("none", 0.005), "batch": outcome("batch", -0.003)},
        gone: {"none": outcome("none", 0.0, until=1000), "batch": outcome("batch", 0.0)},
        at_once: {"none": outcome("none", 0.0, until=0), "batch": outcome("batch", 0.0)},
    }
    table = multiverse.table({near: 1, gone: 2, at_once: 3}, outcomes)
    assert table["distance_none"][0] == pytest.approx(0.005, abs=0.0005)
    assert table["distance_batch"].tolist() == pytest.approx([0.003, 0.0, 0.0], abs=0.0005)
    assert table["distance_none"][1:].isna().all()
    for arm, shift in (("none", 0.005), ("batch", -0.003)):
        crossed, _ = reference.crossing(paper[arm] + shift, 0.97)
        assert table[f"steps_{arm}_0.97"][0] == 500 * np.ceil(crossed / 500)
    assert table["pixels"].tolist() == [setting.pixels for setting in outcomes]


def test_a_network_that_never_arrives_counts_as_slower_than_all():
    table = pd.DataFrame(multiverse.settings()[:4]).assign(distance_none=0.004, distance_batch=[0.004, 0.5, 0.5, 0.5])
    table = table.assign(**{f"steps_{arm}_0.96": 100.0 for arm in multiverse.ARMS})
    table["steps_none_0.97"], table["steps_batch_0.97"] = [300.0, np.nan, np.nan, np.nan], [100.0, 100.0, 100.0, np.nan]
    told = summaries.of_multiverse(table)
    assert "| 0.5 | 4 of 4, 100% (51% to 100%) | 1 of 4, 25% (5% to 70%) | 1.00 (1.00 to 1.00; 1.00 to 1.00) |" in told
    assert "| ∞ (3.00 to ∞; 3.00 to ∞) |" in told


def test_uniform_weights_keep_deviation_and_order(digits):
    spec = run_spec("keras", "none", 2, initial_stddev=0.07)
    network = dense.network(architecture(spec, digits))
    start = Start(network.initial(0.07, spec.seed), iter([]), np.ones(1), (), print, spec.seed)
    begun = runs.Run(spec, uniform=True).begin(60, start, network)
    for name in network.kernels:
        uniform, normal = begun.initial[name].ravel(), start.initial[name].ravel()
        assert uniform.dtype == np.float32
        assert np.abs(uniform).max() <= 0.07 * np.sqrt(3) * (1 + 1e-6)
        assert uniform.std() == pytest.approx(0.07, rel=0.05)
        order = normal.argsort()
        assert (np.diff(uniform[order]) >= 0).all()
    assert begun.initial["logits/bias"] is start.initial["logits/bias"]


def test_drawn_mini_batches_repeat_and_are_no_epochs():
    spec = run_spec("keras", "none", 1, steps=100)
    start = Start({}, iter([]), np.ones(1), (), print, spec.seed)
    first, second = (np.stack(list(runs.Run(spec, drawn=True).begin(500, start, None).batches)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (100, 60)
    assert first.dtype == np.int32
    epoch = first[:8].ravel()  # of 500 images: 480 different ones, were they shuffled
    assert 250 < len(np.unique(epoch)) < 350
    assert set(first.ravel()) == set(range(500))


def test_study_depth_has_its_keras_runs_with_other_seeds(given):
    found = depth.runs(given, 2, "cpu")
    assert {run.spec.implementation for run in found} == {"keras"}
    assert {run.spec.seed for run in found} == {depth.FIRST_SEED, depth.FIRST_SEED + 1}
    assert len(found) == 2 * 2 * 4
    assert {run.spec.numerics for run in found} == {"fast"}


def test_the_table_of_depths_has_intervals(given):
    steps = list(range(0, 20_001, 20))

    def outcome(run):
        arrives = (400 if run.spec.normalization == "batch" else 1200) + run.spec.seed % 3 * 20
        accuracy = [0.96 if step >= arrives else 0.1 for step in steps]
        curve = {"step": steps, "accuracy": accuracy, "population_accuracy": accuracy, "loss": [1.0] * len(steps)}
        return {"curve": curve, "diverged_at": None}

    table = depth.table({run: outcome(run) for run in depth.runs(given, 4, "cpu")}, [0.95, 0.97])
    arrived = table[table["target"] == 0.95]
    assert arrived["depth"].tolist() == [1, 3, 5, 7]
    assert (arrived["low"] < arrived["ratio"]).all()
    assert (arrived["ratio"] < arrived["high"]).all()
    assert arrived["ratio"].tolist() == pytest.approx([2.9] * 4, rel=0.05)
    never = table[table["target"] == 0.97]
    assert never[["arrived_without", "arrived_with"]].to_numpy().max() == 0
    assert never[["ratio", "low", "high"]].isna().all(axis=None)
    assert "| 3 | 97% | 4 | 0 | 0 | not known |" in summaries.of_depth(table)


def test_runs_of_a_gpu_train_in_stacks_and_those_of_a_processor_do_not(given):
    chosen = multiverse.settings()[:40]
    for on, largest in (("gpu", 20), ("cpu", 1)):
        wanted = [run for setting in chosen for run in multiverse.runs(setting, 1, given, on).values()]
        stacks = runs._stacks(wanted)
        assert sorted(run.key for stack in stacks for run in stack) == sorted(run.key for run in wanted)
        assert (max(map(len, stacks)) >= largest) if on == "gpu" else all(len(stack) == 1 for stack in stacks)
        assert all(len({run.spec.stack for run in stack}) == 1 for stack in stacks)


@pytest.mark.slow
def test_what_was_trained_is_not_trained_again(digits, tmp_path):
    spec = run_spec("keras", "batch", 1, steps=20, evaluate_every=10, numerics="fast")
    wanted = [runs.Run(spec), runs.Run(spec, uniform=True), runs.Run(spec, drawn=True)]
    said: list[str] = []
    found = tmp_path / "a" / "found.jsonl"
    first = runs.trained(wanted[:2], digits, 2, found, said.append)
    with found.open("a") as file:
        file.write('{"key": "abc", "cur')  # as a kill leaves it
    again = runs.trained(wanted, digits, 2, found, said.append)
    assert "3 runs, 1 to train" in said
    assert {run: again[run] for run in first} == first
    curves = [outcome["curve"] for outcome in again.values()]
    assert [curve["step"] for curve in curves] == [[0, 10, 20]] * 3
    assert len({str(curve["loss"]) for curve in curves}) == 3


@pytest.mark.skipif(device.gpu_is_seen(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_told():
    done = Clone(ROOT).run(*SURVEYS, "depth", "--device", "gpu", check=False)
    assert done.returncode == 1
    assert "TensorFlow sees none" in done.stderr


def test_committed_tables_are_of_the_sizes_that_the_rules_say():
    results = ROOT / "surveys" / "results"
    table = pd.read_csv(results / "multiverse.csv")
    sample = pd.DataFrame(multiverse.settings()[: len(table)])
    assert len(table) in {sizes["multiverse"] for sizes in SIZES.values()}
    assert table["learning_rate"].tolist() == sample["learning_rate"].tolist()
    assert table["seed"].tolist() == list(range(multiverse.FIRST_SEED, multiverse.FIRST_SEED + len(table)))
    assert set(pd.read_csv(results / "depth.csv")["seeds"]) < {sizes["depth"] for sizes in SIZES.values()}
