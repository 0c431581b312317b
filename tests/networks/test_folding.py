"""Batch normalization folds into an affine map: the same answers, without it."""

from dataclasses import replace

import numpy as np
import pytest

from bnrepro.networks.folding import fold
from tests import reference
from tests.measurement.cases import KINDS, make_case, scaled


@pytest.mark.parametrize("kind", KINDS[1:])
def test_the_folded_network_gives_the_same_logits(kind: str) -> None:
    case = make_case(kind, 100, held_out=0, test=200)
    images = scaled(case.dataset.test_images)
    expected = reference.infer(case.parameters, images, case.moving_averages(), case.architecture)
    folded = fold(case.network, case.parameters)
    assert {name.split("/")[1] for name in folded} == {"kernel", "bias"}
    logits = reference.infer(folded, images, {}, replace(case.architecture, normalization="none"))
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)
    measured = case.evaluator.measure_final(case.parameters)
    assert measured["folded_difference"] < 1e-5
    assert measured["folded_disagreements"] == 0


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_network_folded_with_other_statistics_is_another(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = make_case(kind, 100, held_out=0, test=200)
    wrong = case.parameters | {"hidden_2/moving_mean": case.parameters["hidden_2/moving_mean"] + 0.1}
    monkeypatch.setattr("bnrepro.measurement.evaluator.fold", lambda network, _: fold(network, wrong))
    assert case.evaluator.measure_final(case.parameters)["folded_difference"] > 1e-3
