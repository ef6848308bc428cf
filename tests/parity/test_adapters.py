"""LightGBM and XGBoost trained through their C interfaces: they give the models that their own Python packages train."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost

import kolosal.models as km
from kolosal import InvalidInputError, _kolosal

N = 1500
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(N, 5)).astype(np.float32)
X[RANDOM.random(X.shape) < 0.1] = np.nan
SIGNAL = 2 * np.nan_to_num(X[:, 0]) + np.nan_to_num(X[:, 1]) * np.nan_to_num(X[:, 2]) + 0.3 * RANDOM.normal(size=N)
TARGETS: dict[str, Any] = {"Regressor": SIGNAL, "Classifier": (SIGNAL > 0).astype(int), "Multiclass": np.digitize(SIGNAL, [-1, 1])}
WEIGHTS = RANDOM.uniform(0.5, 2, N)


def kind_of(task: str) -> str:
    """The class's suffix of a task."""
    return "Classifier" if task == "Multiclass" else task


def raw(model: Any, x: Any) -> np.ndarray:
    """Numbers or probabilities."""
    return np.asarray(model.predict_proba(x) if hasattr(model, "predict_proba") else model.predict(x))


@pytest.mark.parametrize("task", TARGETS)
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_lightgbm_is_trained_as_its_package_does(task: str, weights: Any) -> None:
    ours = getattr(km, f"LightGBM{kind_of(task)}")(n_trees=30, max_leaves=15, l2=1.0, n_threads=2)
    theirs = getattr(lightgbm, f"LGBM{kind_of(task)}")(n_estimators=30, num_leaves=15, reg_lambda=1.0, n_jobs=2, verbose=-1, random_state=0)
    np.testing.assert_allclose(
        raw(ours.fit(X, TARGETS[task], weights), X), raw(theirs.fit(X, TARGETS[task], sample_weight=weights), X), rtol=1e-6, atol=1e-6
    )


@pytest.mark.parametrize("task", TARGETS)
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_xgboost_is_trained_as_its_package_does(task: str, weights: Any) -> None:
    ours = getattr(km, f"XGBoost{kind_of(task)}")(n_trees=20, max_depth=4, n_threads=2)
    theirs = getattr(xgboost, f"XGB{kind_of(task)}")(n_estimators=20, max_depth=4, n_jobs=2, tree_method="hist")
    np.testing.assert_allclose(
        raw(ours.fit(X, TARGETS[task], weights), X), raw(theirs.fit(X, TARGETS[task], sample_weight=weights), X), rtol=1e-5, atol=1e-6
    )


ALL = [(f"{library}{kind_of(task)}", task) for library in ("LightGBM", "XGBoost") for task in TARGETS]


@pytest.mark.parametrize(("name", "task"), ALL)
def test_models_are_the_same_on_any_number_of_threads_and_after_saving(name: str, task: str, tmp_path: Path) -> None:
    made = [getattr(km, name)(n_trees=10, row_fraction=0.8, n_threads=n, seed=3).fit(X, TARGETS[task]) for n in (1, 2, 4)]
    for each in made[1:]:
        assert each._native.to_bytes("null") == made[0]._native.to_bytes("null")
    made[0].save(tmp_path / "model.kolosal")
    np.testing.assert_array_equal(raw(km.load(tmp_path / "model.kolosal"), X), raw(made[0], X))
    absent = np.where(np.arange(N) % 3 > 0, 1.0, 0.0)
    part = getattr(km, name)(n_trees=5).fit(X, TARGETS[task], absent)
    np.testing.assert_array_equal(raw(part, X), raw(getattr(km, name)(n_trees=5).fit(X[absent > 0], TARGETS[task][absent > 0]), X))


@pytest.mark.parametrize("library", ["LightGBM", "XGBoost"])
def test_rows_held_out_stop_them_and_callbacks_see_each_round(library: str) -> None:
    told: list[km.FitProgress] = []
    made = getattr(km, f"{library}Regressor")(n_trees=400, learning_rate=0.3, patience=5)
    made.fit(X[:700], SIGNAL[:700], eval_set=(X[700:], SIGNAL[700:]), callbacks=[told.append])
    losses = [each.validation_loss for each in told]
    assert made.n_iter_ == 1 + int(np.argmin(losses)) < 400 and len(losses) == made.n_iter_ + 5
    groups = np.repeat(np.arange(N // 15), 15)
    ranker = getattr(km, f"{library}Ranker")(n_trees=30, patience=5)
    ranker.fit(
        X,
        np.digitize(SIGNAL, [0, 2]),
        groups=groups,
        eval_set=(X, np.digitize(SIGNAL, [0, 2])),
        eval_groups=groups,
        callbacks=[told.append],
    )
    assert 0 <= told[-1].validation_loss < 0.3 and np.corrcoef(ranker.predict(X), SIGNAL)[0, 1] > 0.7
    stopped = getattr(km, f"{library}Regressor")(n_trees=50).fit(X, SIGNAL, callbacks=[lambda progress: progress.iteration < 4])
    assert stopped.n_iter_ == 4


def test_weights_of_a_ranker_of_xgboost_are_those_of_its_groups() -> None:
    groups = np.repeat(np.arange(N // 15), 15)
    relevance = np.digitize(SIGNAL, [0, 2])
    of_groups = np.random.default_rng(4).uniform(0.1, 5, N // 15)
    theirs = xgboost.XGBRanker(n_estimators=10, objective="rank:ndcg", n_jobs=1, tree_method="hist")
    expected = theirs.fit(X, relevance, qid=groups, sample_weight=of_groups).predict(X)
    around = np.tile(np.linspace(-0.05, 0.05, 15), N // 15)  # whose mean over a group is 0
    for weights in (of_groups[groups], of_groups[groups] + around):
        ours = km.XGBoostRanker(n_trees=10, n_threads=1).fit(X, relevance, weights, groups=groups)
        np.testing.assert_allclose(ours.predict(X), expected, rtol=1e-4, atol=1e-5)
    assert np.abs(km.XGBoostRanker(n_trees=10, n_threads=1).fit(X, relevance, groups=groups).predict(X) - expected).max() > 0.01


@pytest.mark.parametrize("library", ["LightGBM", "XGBoost"])
def test_categories_settings_and_mistakes_are_understood(library: str) -> None:
    towns = RANDOM.choice(["bath", "hull", "york", "leeds", "ely", "wells"], N)
    frame = pd.DataFrame({"size": X[:, 0], "town": pd.Categorical(towns)})
    worth = np.select([towns == "york", towns == "hull"], [3.0, -1.0], 0.5) + 0.1 * RANDOM.normal(size=N)
    kind = getattr(km, f"{library}Regressor")
    made = kind(n_trees=60, learning_rate=0.2).fit(frame, worth)
    assert made.score(frame, worth) > 0.9 and made.feature_importances_.argmax() == 1
    objective = {"LightGBM": "poisson", "XGBoost": "count:poisson"}[library]
    assert (kind(n_trees=10, settings={"objective": objective}).fit(X, np.abs(SIGNAL)).predict(X) > 0).all()
    with pytest.raises(InvalidInputError, match=library):
        kind(settings={"objective": "nonsense"}).fit(X, SIGNAL)
    with pytest.raises(InvalidInputError, match=rf"{library} is not there: /none.so[\s\S]*pip install {library.lower()}"):
        kind(library="/none.so").fit(X, SIGNAL)
    with pytest.raises(InvalidInputError, match=r"a target is too large for float32: -?\d(\.\d+)?e\+\d+\n"):
        kind().fit(X, SIGNAL * 1e300)
    endless = np.where(np.arange(N) == 7, np.inf, X[:, 1])
    if library == "XGBoost":
        with pytest.raises(InvalidInputError, match=r"feature 'x1' holds infinity or a number too large for float32\n  Clip it"):
            kind().fit(np.column_stack([X[:, 0], endless]), SIGNAL)


def test_the_catalog_knows_them() -> None:
    assert {"lightgbm", "xgboost"} <= set(_kolosal.learner_names())
