"""Which runs train together."""

from dataclasses import replace

from bnrepro import source
from bnrepro.execution import stacks
from bnrepro.records import fingerprint
from bnrepro.study import implementations
from tests.networks.specs import run_spec


def on_gpu(*words, **changes):
    return run_spec(*words, device="gpu", tf32=False, numerics="fast", **changes)


def test_on_a_processor_every_run_trains_by_itself():
    specs = [run_spec("keras", "batch", 3, seed=seed) for seed in range(3)]
    assert stacks.stacked(specs) == [(spec,) for spec in specs]


def test_on_a_gpu_keras_models_of_one_program_train_together():
    """What a stack may vary is data of its program; nothing else of a spec is."""
    first = on_gpu("keras", "batch", 3)
    varied = {"seed": 7, "learning_rate": 0.1, "decay": 0.5, "initial_stddev": 0.2, "momentum": 0.5, "pixels": "binary"}
    same = [replace(first, **{name: value}) for name, value in varied.items()]
    others = [
        on_gpu("keras", "none", 3),
        on_gpu("keras", "batch", 5),
        *[
            replace(first, **change)
            for change in (
                {"placement": "after"},
                {"dropout": 0.5},
                {"noise": "steady"},
                {"hold_out": True},
                {"steps": 400},
                {"tf32": True},
            )
        ],
    ]
    assert stacks.stacked([first, *others, *same]) == [(first, *same), *[(other,) for other in others]]


def test_estimators_train_by_themselves_on_a_gpu_too():
    specs = [on_gpu("core_estimator", "batch", 3, seed=seed) for seed in range(3)]
    assert stacks.stacked(specs) == [(spec,) for spec in specs]


def test_a_keras_model_without_company_is_a_stack_of_one_on_a_gpu():
    """It has the loop that its fingerprint names."""
    assert implementations.trains_in_stacks(on_gpu("keras", "none", 3))
    assert not implementations.trains_in_stacks(on_gpu("core_estimator", "none", 3))
    assert not implementations.trains_in_stacks(run_spec("keras", "none", 3))


def test_a_stack_has_a_limit():
    specs = [on_gpu("keras", "none", 3, seed=seed) for seed in range(2 * stacks.LARGEST + 1)]
    assert [len(stack) for stack in stacks.stacked(specs)] == [stacks.LARGEST, stacks.LARGEST, 1]
    assert [spec for stack in stacks.stacked(specs) for spec in stack] == specs


def test_the_record_of_a_run_is_named_by_the_code_that_trains_it():
    """Of a stack by what trains and measures stacks, which no run on a processor goes through."""
    of_stacks = {
        "training/stack.py",
        "training/stacked_loop.py",
        "measurement/stacked.py",
        "networks/variants/patches.py",
    }
    for spec, expected in ((on_gpu("keras", "batch", 3), of_stacks), (run_spec("keras", "batch", 3), set())):
        files = {file.relative_to(source.PACKAGE).as_posix() for file in fingerprint.code(spec)}
        assert files & of_stacks == expected
