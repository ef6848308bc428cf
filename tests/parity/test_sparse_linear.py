"""Linear learners on rows of SciPy matrices: what scikit-learn finds, without writing zeros down."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn import linear_model, svm
from sklearn.pipeline import make_pipeline

import kolosal.models as km
from kolosal import InvalidInputError
from kolosal.preprocess import TfidfVectorizer

N, P = 400, 1200
RANDOM = np.random.default_rng(0)
# Numbers that float32 holds, so that both reckon with the same.
X = sp.random(N, P, 0.03, "csr", random_state=RANDOM, data_rvs=lambda n: RANDOM.integers(-64, 65, n) / 32)
DENSE = X.toarray()
SIGNAL = DENSE[:, :30] @ np.where(np.arange(30) % 2 == 0, 1.0, -1.0)
NUMBERS = SIGNAL + 0.3 * RANDOM.normal(size=N)
PAIR = (NUMBERS > 0).astype(int)
THREE = np.digitize(NUMBERS, [-0.5, 0.5])
WEIGHTS = RANDOM.integers(0, 4, N).astype(float)
ALL = {"tolerance": 1e-13, "max_iterations": 100_000}

REGRESSORS = [
    (km.Ridge(l2=0.7), linear_model.Ridge(0.7)),
    (km.Ridge(l2=0.7, fit_intercept=False), linear_model.Ridge(0.7, fit_intercept=False)),
    (km.Lasso(l1=0.01, **ALL), linear_model.Lasso(0.01, tol=1e-14, max_iter=100_000)),
    (km.ElasticNet(alpha=0.02, **ALL), linear_model.ElasticNet(0.02, tol=1e-14, max_iter=100_000)),
    (
        km.ElasticNet(alpha=0.02, fit_intercept=False, **ALL),
        linear_model.ElasticNet(0.02, fit_intercept=False, tol=1e-14, max_iter=100_000),
    ),
]


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize(("ours", "theirs"), REGRESSORS)
def test_numbers_are_those_of_scikit_learn(ours: Any, theirs: Any, weights: np.ndarray | None) -> None:
    expected = theirs.fit(DENSE, NUMBERS, sample_weight=weights)
    made = ours.fit(X, NUMBERS, weights)
    np.testing.assert_allclose(made.coef_, expected.coef_, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(made.intercept_, expected.intercept_, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(made.predict(X), expected.predict(DENSE), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("labels", [PAIR, THREE])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_chances_are_those_of_scikit_learn(labels: np.ndarray, weights: np.ndarray | None) -> None:
    expected = linear_model.LogisticRegression(solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(DENSE, labels, weights)
    made = km.LogisticRegression(l2=1.0, **{**ALL, "tolerance": 1e-11}).fit(X, labels, weights)
    np.testing.assert_allclose(made.predict_proba(X), expected.predict_proba(DENSE), atol=1e-8)


def test_sparse_weights_of_classes_are_those_of_scikit_learn() -> None:
    expected = linear_model.LogisticRegression(l1_ratio=1, solver="liblinear", C=0.5, tol=1e-12, max_iter=100_000, fit_intercept=False)
    made = km.LogisticRegression(l1=2.0, fit_intercept=False, **{**ALL, "tolerance": 1e-10}).fit(X, PAIR)
    np.testing.assert_allclose(made.coef_, expected.fit(X, PAIR).coef_, atol=1e-6)
    assert 5 < np.count_nonzero(made.coef_) < 300


def test_boundaries_are_those_of_scikit_learn() -> None:
    expected = svm.LinearSVC(C=1.0, dual=False, fit_intercept=False, tol=1e-12, max_iter=1_000_000).fit(X, PAIR)
    made = km.LinearSVC(l2=1.0, fit_intercept=False, **{**ALL, "tolerance": 1e-12}).fit(X, PAIR)
    ours, theirs = made.coef_[0] / np.linalg.norm(made.coef_), expected.coef_[0] / np.linalg.norm(expected.coef_)
    np.testing.assert_allclose(ours, theirs, atol=1e-7)


@pytest.mark.parametrize("penalty", [{"l1_ratio": 0.0}, {"l1_ratio": 1.0, "alpha": 1e-3}])
def test_descent_is_step_for_step_that_of_scikit_learn(penalty: dict[str, float]) -> None:
    shared = {"shuffle": False, "max_iter": 5, "tol": None, "alpha": 1e-3, **penalty}
    named = "l1" if penalty["l1_ratio"] == 1 else "l2"
    expected = linear_model.SGDClassifier(loss="log_loss", penalty=named, **{**shared, "l1_ratio": 0.5}).fit(DENSE, PAIR)
    made = km.SGDClassifier(loss="log_loss", **shared).fit(X, PAIR)
    np.testing.assert_allclose(made.coef_, expected.coef_, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(made.intercept_, expected.intercept_, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("kind", [sp.csr_matrix, sp.csc_matrix, sp.coo_matrix, sp.csr_array, sp.csc_array, sp.coo_array])
def test_any_sparse_matrix_is_the_same(kind: Any, tmp_path: Path) -> None:
    made = km.LogisticRegression().fit(kind(X), THREE)
    np.testing.assert_array_equal(made.predict_proba(kind(X)), km.LogisticRegression().fit(X, THREE).predict_proba(X))
    np.testing.assert_allclose(made.predict_proba(DENSE), made.predict_proba(X), atol=1e-12)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(made)).predict(X), made.predict(X))
    made.save(tmp_path / "model.kolosal")
    np.testing.assert_array_equal(km.load(tmp_path / "model.kolosal").predict(kind(X)), made.predict(X))


def test_entries_that_are_out_of_order_or_twice_are_sums() -> None:
    twice = sp.csr_matrix((np.array([1.0, 2.0, 4.0, 3.0]), np.array([2, 0, 2, 1]), np.array([0, 3, 4])), shape=(2, 3))
    ours = km.Ridge(l2=1.0).fit(np.eye(3)[[0, 1, 2, 0]], [1.0, 2.0, 3.0, 1.5])
    np.testing.assert_allclose(ours.predict(twice), ours.predict(twice.toarray()))
    assert twice.nnz == 4  # as it was given


def test_what_cannot_be_is_refused() -> None:
    damaged = X.copy()
    damaged.data[3] = np.nan
    with pytest.raises(InvalidInputError, match="NaN or infinity"):
        km.Ridge(l2=1.0).fit(damaged, NUMBERS)
    with pytest.raises(InvalidInputError, match="NaN or infinity"):
        km.Ridge(l2=1.0).fit(X, NUMBERS).predict(damaged)
    with pytest.raises(InvalidInputError, match="Give l2"):
        km.Ridge().fit(X, NUMBERS)
    with pytest.raises(InvalidInputError, match="expecting 1200 features"):
        km.Ridge(l2=1.0).fit(X, NUMBERS).predict(X[:, :5])
    with pytest.raises(InvalidInputError, match="written out densely"):
        km.DecisionTreeRegressor().fit(sp.csr_matrix((100_000, 100_000)), np.zeros(100_000))


def test_texts_of_a_hundred_thousand_words_are_learnt() -> None:
    words = np.array([f"w{i}" for i in range(150_000)])
    drawn = [np.unique((150_000 * RANDOM.random(120) ** 2).astype(int)) for _ in range(8000)]
    topic = RANDOM.random(len(words)) - 0.5
    labels = np.array([topic[each].sum() > 0 for each in drawn])
    texts = np.array([" ".join(words[each]) for each in drawn], dtype=object)
    made = make_pipeline(TfidfVectorizer(), km.LogisticRegression(l2=0.1)).fit(texts[:6000], labels[:6000])
    assert made[-1].n_features_in_ > 100_000
    rows = made[0].transform(texts)
    theirs = linear_model.LogisticRegression(C=10.0).fit(rows[:6000], labels[:6000])
    assert made.score(texts[6000:], labels[6000:]) > theirs.score(rows[6000:], labels[6000:]) - 0.005 > 0.55
    np.testing.assert_allclose(made.predict_proba(texts[6000:]), theirs.predict_proba(rows[6000:]), atol=0.01)
    part = km.SGDClassifier(n_epochs=3, tolerance=None).fit(rows[:6000], labels[:6000])
    assert part.score(rows[6000:], labels[6000:]) > 0.55
