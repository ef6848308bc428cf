"""Stochastic gradient descent in a given order of rows is that of scikit-learn, step for step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import linear_model

import kolosal.models as km

RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(500, 7)).astype(np.float32)
X64 = X.astype(np.float64)
SUM = X64 @ [1.0, -2.0, 0.5, 0.0, 0.0, 1.5, -0.3]
NUMBERS = SUM + RANDOM.normal(size=500)
LABELS = np.digitize(NUMBERS, [-1, 1])

OURS: dict[str, Any] = {"shuffle": False, "n_epochs": 7, "tolerance": None}
THEIRS: dict[str, Any] = {"shuffle": False, "max_iter": 7, "tol": None}

# The first steps of the optimal schedule are so long that squares of what is lacking tell roundings apart.
LOSSES = ["log_loss", "hinge", "squared_hinge", "modified_huber", "squared_error", "huber"]
CASES = [(loss, "optimal") for loss in LOSSES[:2]] + [(loss, schedule) for loss in LOSSES for schedule in ("invscaling", "constant")]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("l1_ratio", [0.0, 0.4, 1.0])
@pytest.mark.parametrize(("loss", "schedule"), CASES)
def test_boundaries_are_those_of_scikit_learn(loss: str, l1_ratio: float, schedule: str) -> None:
    rate = {"schedule": schedule, "learning_rate": 0.01, "power_t": 0.4, "alpha": 0.003, "epsilon": 0.2}
    theirs = linear_model.SGDClassifier(
        loss=loss,
        penalty="elasticnet",
        l1_ratio=l1_ratio,
        alpha=0.003,
        learning_rate=schedule,
        eta0=0.01,
        power_t=0.4,
        epsilon=0.2,
        **THEIRS,
    ).fit(X64, LABELS > 0)
    margins = theirs.decision_function(X64)
    found = km.SGDClassifier(loss=loss, l1_ratio=l1_ratio, **rate, **OURS).fit(X, LABELS > 0).decision_function(X)
    factor = 1.0 if loss == "log_loss" else (found @ margins) / (margins @ margins)  # of the others, probabilities are sharpened
    assert factor > 0
    np.testing.assert_allclose(found / factor, margins, atol=1e-7, rtol=1e-7)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("average", [False, 700])
@pytest.mark.parametrize("loss", ["squared_error", "huber", "epsilon_insensitive", "squared_epsilon_insensitive"])
def test_numbers_are_those_of_scikit_learn(loss: str, average: Any) -> None:
    theirs = linear_model.SGDRegressor(loss=loss, average=average, epsilon=0.3, alpha=0.01, **THEIRS).fit(X64, NUMBERS)
    ours = km.SGDRegressor(loss=loss, average_from=average or None, epsilon=0.3, alpha=0.01, **OURS).fit(X, NUMBERS)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X64), atol=1e-8, rtol=1e-8)


@pytest.mark.parametrize("schedule", ["invscaling", "adaptive"])
def test_it_ends_after_the_pass_after_which_scikit_learn_ends(schedule: str) -> None:
    ours = km.SGDRegressor(shuffle=False, schedule=schedule).fit(X, NUMBERS)
    theirs = linear_model.SGDRegressor(shuffle=False, learning_rate=schedule).fit(X64, NUMBERS)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X64), atol=1e-7)


def test_classes_against_all_others_are_those_of_scikit_learn() -> None:
    theirs = linear_model.SGDClassifier(loss="log_loss", alpha=0.01, **THEIRS).fit(X64, LABELS)
    ours = km.SGDClassifier(loss="log_loss", alpha=0.01, **OURS).fit(X, LABELS)
    factor = (ours.coef_ * theirs.coef_).sum() / (theirs.coef_**2).sum()
    np.testing.assert_allclose(ours.decision_function(X) / factor, theirs.decision_function(X64), atol=1e-7)
    assert (ours.predict(X) == theirs.predict(X64)).all()


@pytest.mark.filterwarnings("ignore")
def test_passes_over_parts_are_those_of_scikit_learn() -> None:
    theirs, ours = linear_model.SGDClassifier(loss="log_loss", alpha=0.01, shuffle=False), km.SGDClassifier(alpha=0.01, shuffle=False)
    numbers, our_numbers = linear_model.SGDRegressor(shuffle=False, average=20), km.SGDRegressor(shuffle=False, average_from=20)
    for part in np.array_split(np.arange(500), 4):
        theirs.partial_fit(X64[part], LABELS[part] > 0, classes=[False, True])
        ours.partial_fit(X[part], LABELS[part] > 0, classes=[False, True])
        numbers.partial_fit(X64[part], NUMBERS[part])
        our_numbers.partial_fit(X[part], NUMBERS[part])
    np.testing.assert_allclose(ours.decision_function(X), theirs.decision_function(X64), atol=1e-8)
    np.testing.assert_allclose(our_numbers.predict(X), numbers.predict(X64), atol=1e-8)
    with pytest.raises(ValueError, match="classes"):
        km.SGDClassifier().partial_fit(X, LABELS)
    with pytest.raises(ValueError, match="before"):
        ours.partial_fit(X, LABELS, classes=[0, 1, 2])
