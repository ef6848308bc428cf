"""Linear models, naive Bayes, discriminants and neighbours: equal to scikit-learn's to rounding where the objective is the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import discriminant_analysis, linear_model, naive_bayes, neighbors, svm

import kolosal.models as km

# By the catalog's name of the learner and what it predicts, as names of classes are another matter.
CLASSES = {(each._learner, each._kind): each for each in (getattr(km, name) for name in km.__all__) if getattr(each, "_learner", None)}

RANDOM = np.random.default_rng(3)
N_ROWS = 3000
X = (RANDOM.normal(size=(N_ROWS, 6)) * [1, 2, 0.5, 10, 1, 1] + [0, 1, 0, 100, 0, -3]).astype(np.float32)
X64 = X.astype(np.float64)  # in which scikit-learn reckons where it is given it
SUM = (X64 - X64.mean(0)) @ [1.0, -0.5, 2.0, 0.1, 0.0, 0.3]
NUMBERS = SUM + RANDOM.normal(size=N_ROWS)
FAR = NUMBERS + np.where(RANDOM.random(N_ROWS) < 0.1, 30, 0)
COUNTS = RANDOM.poisson(np.exp(0.4 * SUM)).astype(float)
LABELS = np.digitize(SUM + RANDOM.logistic(size=N_ROWS), [-1, 1])
WEIGHTS = RANDOM.integers(0, 4, N_ROWS).astype(float)


def ours(learner: str, kind: str, **parameters: Any) -> Any:
    return CLASSES[learner, kind](**parameters)


REGRESSORS = [
    ("least_squares", {}, linear_model.LinearRegression(), NUMBERS, 1e-9),
    ("least_squares", {"fit_intercept": False}, linear_model.LinearRegression(fit_intercept=False), NUMBERS, 1e-9),
    ("ridge", {"l2": 50.0}, linear_model.Ridge(alpha=50.0), NUMBERS, 1e-9),
    ("lasso", {"l1": 0.1, "tolerance": 1e-13}, linear_model.Lasso(alpha=0.1, tol=1e-13, max_iter=100000), NUMBERS, 1e-8),
    (
        "elastic_net",
        {"alpha": 0.1, "l1_ratio": 0.3, "tolerance": 1e-13},
        linear_model.ElasticNet(alpha=0.1, l1_ratio=0.3, tol=1e-13, max_iter=100000),
        NUMBERS,
        1e-8,
    ),
    (
        "poisson",
        {"l2": 0.02, "tolerance": 1e-10},
        linear_model.PoissonRegressor(alpha=0.02, tol=1e-10, solver="newton-cholesky"),
        COUNTS,
        1e-7,
    ),
    (
        "gamma",
        {"l2": 0.02, "tolerance": 1e-10},
        linear_model.GammaRegressor(alpha=0.02, tol=1e-10, solver="newton-cholesky"),
        COUNTS + 1,
        1e-7,
    ),
    (
        "tweedie",
        {"power": 1.4, "l2": 0.02, "tolerance": 1e-10},
        linear_model.TweedieRegressor(power=1.4, alpha=0.02, tol=1e-10, solver="newton-cholesky"),
        COUNTS,
        1e-7,
    ),
    ("quantile", {"quantile": 0.8, "l1": 0.01}, linear_model.QuantileRegressor(quantile=0.8, alpha=0.01, solver="highs"), FAR, 1e-5),
    ("quantile", {"quantile": 0.5, "l1": 0.0}, linear_model.QuantileRegressor(quantile=0.5, alpha=0.0, solver="highs"), NUMBERS, 1e-5),
    ("k_nearest", {"k": 6, "weighting": "uniform"}, neighbors.KNeighborsRegressor(6), NUMBERS, 1e-5),
]


@pytest.mark.parametrize(("learner", "parameters", "theirs", "y", "tolerance"), REGRESSORS)
def test_numbers_are_those_of_scikit_learn(learner: str, parameters: dict[str, Any], theirs: Any, y: np.ndarray, tolerance: float) -> None:
    predicted = ours(learner, "regression", **parameters).fit(X, y).predict(X)
    np.testing.assert_allclose(predicted, theirs.fit(X64, y).predict(X64), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("learner", "parameters", "theirs", "y", "tolerance"), [case for case in REGRESSORS if case[0] != "k_nearest"])
def test_weighted_numbers_are_those_of_scikit_learn(
    learner: str, parameters: dict[str, Any], theirs: Any, y: np.ndarray, tolerance: float
) -> None:
    predicted = ours(learner, "regression", **parameters).fit(X, y, WEIGHTS).predict(X)
    np.testing.assert_allclose(predicted, theirs.fit(X64, y, WEIGHTS).predict(X64), rtol=tolerance, atol=tolerance)


SCALED = np.asarray((X64 - X64.mean(0)) / X64.std(0), dtype=np.float32)
SCALED64 = SCALED.astype(np.float64)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_huber_regression_is_that_of_scikit_learn(weights: np.ndarray | None) -> None:
    # Of features of like size, as scikit-learn's minimiser ends early on others.
    theirs = linear_model.HuberRegressor(epsilon=1.5, alpha=1.0, tol=1e-12, max_iter=100000).fit(SCALED64, FAR, weights)
    found = ours("huber", "regression", epsilon=1.5, l2=1.0, tolerance=1e-12).fit(SCALED, FAR, weights)
    np.testing.assert_allclose(found.predict(SCALED), theirs.predict(SCALED64), atol=5e-5)


CLASSIFIERS = [
    (
        "logistic",
        {"l2": 2.0, "tolerance": 1e-10},
        linear_model.LogisticRegression(C=0.5, tol=1e-10, solver="newton-cg", max_iter=1000),
        1e-7,
    ),
    ("gaussian_naive_bayes", {}, naive_bayes.GaussianNB(), 1e-9),
    ("bernoulli_naive_bayes", {"alpha": 0.5, "threshold": 0.2}, naive_bayes.BernoulliNB(alpha=0.5, binarize=0.2), 1e-10),
    ("k_nearest", {"k": 5, "weighting": "uniform"}, neighbors.KNeighborsClassifier(5), 1e-9),
    ("lda", {}, discriminant_analysis.LinearDiscriminantAnalysis(), 1e-9),
    ("qda", {}, discriminant_analysis.QuadraticDiscriminantAnalysis(), 1e-9),
    ("qda", {"regularization": 0.3}, discriminant_analysis.QuadraticDiscriminantAnalysis(reg_param=0.3), 1e-9),
]


@pytest.mark.parametrize("labels", [LABELS, LABELS > 0])
@pytest.mark.parametrize(("learner", "parameters", "theirs", "tolerance"), CLASSIFIERS)
def test_probabilities_are_those_of_scikit_learn(
    learner: str, parameters: dict[str, Any], theirs: Any, tolerance: float, labels: np.ndarray
) -> None:
    found = ours(learner, "classification", **parameters).fit(X, labels).predict_proba(X)
    np.testing.assert_allclose(found, theirs.fit(X64, labels).predict_proba(X64), atol=tolerance)


def test_probabilities_of_counts_are_those_of_scikit_learn() -> None:
    counts = np.floor(np.abs(X))
    found = ours("multinomial_naive_bayes", "classification", alpha=0.7).fit(counts, LABELS).predict_proba(counts)
    np.testing.assert_allclose(found, naive_bayes.MultinomialNB(alpha=0.7).fit(counts, LABELS).predict_proba(counts), atol=1e-10)


def test_an_l1_penalty_on_logistic_regression_is_that_of_scikit_learn() -> None:
    labels = LABELS > 0
    theirs = linear_model.LogisticRegression(l1_ratio=0.6, C=0.01, solver="saga", tol=1e-10, max_iter=100000).fit(SCALED64, labels)
    found = ours("logistic", "classification", l1=60.0, l2=40.0, tolerance=1e-10).fit(SCALED, labels)
    np.testing.assert_allclose(found.predict_proba(SCALED), theirs.predict_proba(SCALED64), atol=1e-6)


@pytest.mark.parametrize("loss", ["squared_hinge", "hinge"])
def test_boundaries_of_support_vectors_are_those_of_scikit_learn(loss: str) -> None:
    labels = LABELS > 0
    if loss == "hinge":
        theirs = svm.SVC(kernel="linear", C=0.5, tol=1e-8).fit(SCALED, labels)
    else:
        theirs = svm.LinearSVC(loss=loss, dual=False, C=0.5, tol=1e-10, intercept_scaling=1000, max_iter=100000).fit(SCALED, labels)
    margins = theirs.decision_function(SCALED)
    found = ours("linear_svm", "classification", l2=2.0, loss=loss, tolerance=1e-9).fit(SCALED, labels).decision_function(SCALED)
    factor = (found @ margins) / (margins @ margins)  # ours are turned into logits of probabilities
    assert factor > 0
    np.testing.assert_allclose(found / factor, margins, atol=2e-4)
