"""kolosal.explain: contributions that sum to scores, importances with intervals, partial dependence, over frames and arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import partial_dependence as their_dependence
from sklearn.inspection import permutation_importance as their_importance
from sklearn.metrics import ndcg_score

import kolosal.explain as ke
import kolosal.models as km
from kolosal import InvalidInputError, KolosalError

N = 250
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(N, 4))
NUMBERS = 2 * X[:, 0] - X[:, 1] * (X[:, 2] > 0)
LABELS = np.digitize(NUMBERS, [-1, 1])
FRAME = pd.DataFrame({"size": X[:, 0], "town": RANDOM.choice(["bath", "hull", "york"], N)})
WORTH = FRAME["size"] + (FRAME["town"] == "hull")

MODELS = [
    km.GradientBoostingRegressor(n_trees=30).fit(X, NUMBERS),
    km.GradientBoostingClassifier(n_trees=20).fit(X, NUMBERS > 0),
    km.GradientBoostingClassifier(n_trees=10).fit(X, LABELS),
    km.LogisticRegression().fit(X, NUMBERS > 0),
    km.LogisticRegression().fit(X, LABELS),
    km.Ridge().fit(X, np.column_stack([NUMBERS, -NUMBERS])),
    km.DecisionTreeRegressor().fit(X, NUMBERS),
]


def scores_of(model: Any) -> np.ndarray:
    return model.decision_function(X) if hasattr(model, "decision_function") else model.predict(X)


@pytest.mark.parametrize("model", MODELS)
def test_contributions_and_the_base_sum_to_the_scores(model: Any) -> None:
    found = ke.shap_values(model, X, background=X)
    np.testing.assert_allclose(found.values.sum(axis=1) + found.base_values, scores_of(model), atol=1e-9)
    assert found.feature_names == ["x0", "x1", "x2", "x3"] and found.importance().argmax() == 0
    pairs = ke.shap_interactions(model, X[:20], background=X)
    np.testing.assert_allclose(pairs.sum(axis=2), found.values[:20], atol=1e-9)
    np.testing.assert_allclose(pairs, pairs.swapaxes(1, 2), atol=1e-12)


def test_contributions_to_a_random_forest_sum_to_its_shares() -> None:
    model = km.RandomForestClassifier(n_trees=20).fit(X, LABELS)
    found = ke.shap_values(model, X, background=X)
    assert found.values.shape == (N, 4, 3)
    np.testing.assert_allclose(found.values.sum(axis=1) + found.base_values, model.predict_proba(X), atol=1e-9)


def test_models_without_contributions_say_what_to_use() -> None:
    with pytest.raises(KolosalError, match="permutation importance"):
        ke.shap_values(km.KNeighborsRegressor().fit(X, NUMBERS), X)
    with pytest.raises(InvalidInputError, match="background"):
        ke.shap_values(km.Ridge().fit(X, NUMBERS), X)


def test_scores_are_what_probabilities_are_made_of() -> None:
    binary, several = MODELS[1], MODELS[2]
    np.testing.assert_allclose(1 / (1 + np.exp(-binary.decision_function(X))), binary.predict_proba(X)[:, 1], atol=1e-12)
    exponents = np.exp(several.decision_function(X))
    np.testing.assert_allclose(exponents / exponents.sum(axis=1, keepdims=True), several.predict_proba(X), atol=1e-12)
    assert not hasattr(km.RandomForestClassifier(n_trees=2).fit(X, LABELS), "decision_function")


def test_weights_of_linear_models_are_readable() -> None:
    model = km.Ridge(l2=0.0).fit(X, X @ [1.0, 2.0, 3.0, 4.0] + 5)
    np.testing.assert_allclose(model.coef_, [1, 2, 3, 4], rtol=1e-5)
    assert model.intercept_ == pytest.approx(5, rel=1e-5)
    assert MODELS[3].coef_.shape == (1, 4) and MODELS[4].coef_.shape == (3, 4) and MODELS[5].intercept_.shape == (2,)
    with pytest.raises(AttributeError, match="no linear model"):
        _ = MODELS[0].coef_


def test_permutation_importance_is_that_of_scikit_learn_with_intervals_of_rows() -> None:
    model = MODELS[0]
    found = ke.permutation_importance(model, X, NUMBERS, n_repeats=40)
    theirs = their_importance(model, X, NUMBERS, n_repeats=40, scoring="neg_mean_squared_error", random_state=0)
    assert ((found.low <= theirs.importances_mean) & (theirs.importances_mean <= found.high)).all()
    np.testing.assert_allclose(found.mean, theirs.importances_mean, rtol=0.05, atol=2e-3)
    assert found.low[0] > 0 and found.low[3] < 0.05
    accuracy = ke.permutation_importance(MODELS[2], X, LABELS, loss="zero_one", confidence=0.5)
    assert 0 < accuracy.low[0] < accuracy.mean[0] < accuracy.high[0] < 1
    with pytest.raises(InvalidInputError, match="does not suit"):
        ke.permutation_importance(model, X, NUMBERS, loss="log_loss")
    with pytest.raises(InvalidInputError, match="none of those that were learnt"):
        ke.permutation_importance(MODELS[2], X, LABELS + 10)


def test_permutation_importance_of_a_ranker_is_of_the_order_within_groups() -> None:
    groups = RANDOM.permutation(np.arange(N) % 25)
    relevance = np.digitize(X[:, 0], [0, 1])
    weights = RANDOM.integers(0, 3, N).astype(float)
    ranker = km.GradientBoostingRanker(n_trees=20).fit(X, relevance, groups=groups)
    found = ke.permutation_importance(ranker, X, relevance, groups=groups, sample_weight=weights, n_repeats=400, seed=1)
    assert found.mean[0] > 0.1 and found.low[0] > 0 and abs(found.mean[3]) < 0.02

    def loss(rows: np.ndarray) -> float:
        scores, total, weight = ranker.predict(rows), 0.0, 0.0
        for group in range(25):
            here = np.flatnonzero((groups == group) & (weights > 0))
            gain = ndcg_score([relevance[here]], [scores[here]], ignore_ties=False)
            total, weight = total + weights[here].mean() * (1 - gain), weight + weights[here].mean()
        return total / weight

    shuffled = X.copy()
    expected = []
    for _ in range(100):
        shuffled[:, 0] = RANDOM.permutation(X[:, 0])
        expected.append(loss(shuffled) - loss(X))
    assert found.mean[0] == pytest.approx(np.mean(expected), abs=5 * np.std(expected) / 10)
    one = ke.permutation_importance(ranker, X, relevance, n_repeats=5)
    assert one.mean[0] != pytest.approx(found.mean[0], rel=0.05)
    with pytest.raises(InvalidInputError, match="Use ndcg"):
        ke.permutation_importance(ranker, X, relevance, groups=groups, loss="squared")
    with pytest.raises(InvalidInputError, match="does not rank"):
        ke.permutation_importance(MODELS[0], X, NUMBERS, groups=groups)


@pytest.mark.parametrize(
    "made",
    [
        km.GradientBoostingRegressor(n_trees=20, loss="quantile", quantiles=[0.1, 0.9]),
        km.RandomForestQuantileRegressor(n_trees=20, quantiles=[0.1, 0.9]),
    ],
    ids=["boosting", "forest"],
)
def test_permutation_importance_of_several_quantiles_is_of_their_pinball_loss(made: Any) -> None:
    made.fit(X, NUMBERS)
    found = ke.permutation_importance(made, X, NUMBERS, n_repeats=40)

    def loss(rows: np.ndarray) -> float:
        error = NUMBERS[:, None] - made.predict(rows)
        return float(np.mean(np.maximum(np.array([0.1, 0.9]) * error, (np.array([0.1, 0.9]) - 1) * error)))

    shuffled, expected = X.copy(), []
    for _ in range(40):
        shuffled[:, 0] = RANDOM.permutation(X[:, 0])
        expected.append(loss(shuffled) - loss(X))
    assert found.mean[0] == pytest.approx(np.mean(expected), abs=5 * np.std(expected) / np.sqrt(20))
    assert found.low[0] > 0 and found.low[0] > found.mean[3]
    np.testing.assert_array_equal(ke.permutation_importance(made, X, NUMBERS, n_repeats=40, loss="pinball").mean, found.mean)
    with pytest.raises(InvalidInputError, match="does not suit quantiles"):
        ke.permutation_importance(made, X, NUMBERS, loss="squared")
    with pytest.raises(InvalidInputError, match="does not suit a task of kind regression"):
        ke.permutation_importance(MODELS[0], X, NUMBERS, loss="pinball")


def test_partial_dependence_is_that_of_scikit_learn() -> None:
    model = MODELS[0]
    theirs = their_dependence(model, X, [0], kind="both", grid_resolution=20)
    found = ke.partial_dependence(model, X, 0, values=theirs["grid_values"][0].astype(np.float32), individual=True)
    np.testing.assert_allclose(found.average, theirs["average"][0], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found.individual, theirs["individual"][0], rtol=1e-6, atol=1e-6)
    grid = ke.partial_dependence(model, X, "x1", grid_size=7)
    assert grid.values.shape == grid.average.shape == (7,) and grid.individual is None and grid.feature_name == "x1"
    assert ke.partial_dependence(MODELS[2], X, 1, grid_size=5).average.shape == (5, 3)


def test_categories_are_set_to_their_levels() -> None:
    model = km.DecisionTreeRegressor().fit(FRAME, WORTH)
    found = ke.partial_dependence(model, FRAME, "town")
    assert found.values.tolist() == ["bath", "hull", "york"]
    np.testing.assert_allclose(found.average - found.average[0], [0, 1, 0], atol=0.1)
    assert ke.partial_dependence(model, FRAME, "town", values=["hull"]).average == pytest.approx(found.average[1:2])
    with pytest.raises(InvalidInputError, match="no level"):
        ke.partial_dependence(model, FRAME, "town", values=["leeds"])
    with pytest.raises(KeyError, match="no feature 'city'"):
        ke.partial_dependence(model, FRAME, "city")
    shares = ke.permutation_importance(model, FRAME, WORTH)
    assert shares.feature_names == ["size", "town"] and (shares.low > 0).all()
    np.testing.assert_allclose(ke.shap_values(model, FRAME, FRAME).values.sum(axis=1), WORTH - WORTH.mean(), atol=0.2)
