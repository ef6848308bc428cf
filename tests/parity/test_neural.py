"""Networks of plain layers learn what scikit-learn's of the same shape and steps do; the defaults learn more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier, MLPRegressor

import kolosal.models as km

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(3000, 8)).astype(np.float32)
SIGNAL = X[:, 0] * X[:, 1] + np.sin(2 * X[:, 2]) + np.abs(X[:, 3])
NUMBERS = (SIGNAL - SIGNAL.mean()) / SIGNAL.std() + RANDOM.normal(size=3000) / 4
LABELS = np.digitize(NUMBERS, [-0.5, 0.5])
TRAIN, TEST = slice(0, 2000), slice(2000, None)

# What scikit-learn does: no recipe, Adam at a constant rate.
PLAIN: dict[str, Any] = {
    "hidden_sizes": (64, 64),
    "activation": "relu",
    "parametric_activation": False,
    "input_weights": False,
    "initialization": "glorot",
    "scaling": "none",
    "clip": 0,
    "n_waves": 0,
    "n_epochs": 25,
    "batch_rows": 100,
    "learning_rate": 2e-3,
    "schedule": "constant",
    "beta2": 0.999,
    "dropout": 0,
    "weight_decay": 0,
}
THEIRS: dict[str, Any] = {"hidden_layer_sizes": (64, 64), "alpha": 0, "max_iter": 25, "batch_size": 100, "learning_rate_init": 2e-3}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("ours", "theirs", "y"), [(km.MLPRegressor, MLPRegressor, NUMBERS), (km.MLPClassifier, MLPClassifier, LABELS)])
def test_plain_networks_learn_as_much_as_those_of_scikit_learn(ours: Any, theirs: Any, y: np.ndarray) -> None:
    found = np.mean([ours(**PLAIN, seed=seed).fit(X[TRAIN], y[TRAIN]).score(X[TEST], y[TEST]) for seed in range(4)])
    known = np.mean([theirs(**THEIRS, random_state=seed).fit(X[TRAIN], y[TRAIN]).score(X[TEST], y[TEST]) for seed in range(4)])
    assert found == pytest.approx(known, abs=0.02)


def test_held_out_rows_choose_the_pass() -> None:
    x, y = X.copy(), LABELS
    x[::7, 2] = np.nan
    model = km.MLPClassifier(n_epochs=40).fit(x[TRAIN], y[TRAIN], eval_set=(x[TEST], y[TEST]))
    whole = km.MLPClassifier(n_epochs=40).fit(x[TRAIN], y[TRAIN])
    assert 0 < model.n_iter_ <= 40
    assert model.score(x[TEST], y[TEST]) > 0.75

    def loss(fitted: Any) -> float:
        return float(-np.log(fitted.predict_proba(x[TEST])[np.arange(len(y[TEST])), y[TEST]]).mean())

    assert loss(model) <= loss(whole)
