"""Models of kernels: the decisions of LIBSVM and the means of Gaussian processes, as scikit-learn has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import metrics, svm
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel

import kolosal.models as km

RANDOM = np.random.default_rng(11)
X = RANDOM.normal(size=(400, 4)).astype(np.float32)
X64 = X.astype(np.float64)
SIGNAL = X64[:, 0] * X64[:, 1] + np.sin(2 * X64[:, 2])
NUMBERS = SIGNAL + RANDOM.normal(size=400) / 5
LABELS = np.digitize(NUMBERS, [-0.5, 0.5])
TEST = RANDOM.normal(size=(300, 4)).astype(np.float32)
TEST_LABELS = np.digitize(TEST[:, 0] * TEST[:, 1] + np.sin(2 * TEST[:, 2]), [-0.5, 0.5])

KERNELS: list[dict[str, Any]] = [
    {"kernel": "rbf"},
    {"kernel": "rbf", "gamma": 0.7, "C": 10.0},
    {"kernel": "linear", "C": 0.5},
    {"kernel": "poly", "degree": 2, "coef0": 1.0},
    {"kernel": "sigmoid", "gamma": 0.05, "coef0": 0.1, "C": 0.1},
]


@pytest.mark.parametrize("kernel", KERNELS[:4])  # a sigmoid decides too little here to tell its slope
def test_decisions_are_those_of_scikit_learn(kernel: dict[str, Any]) -> None:
    theirs = svm.SVC(**kernel, tol=1e-5).fit(X64, LABELS > 0)
    ours = km.SVC(**kernel, tol=1e-5).fit(X, LABELS > 0)
    known, odds = theirs.decision_function(TEST), ours.decision_function(TEST)
    slope, shift = np.polyfit(known, odds, 1)  # ours are turned into log-odds
    assert slope > 0
    np.testing.assert_allclose((odds - shift) / slope, known, atol=1e-4)


@pytest.mark.parametrize("kernel", KERNELS)
def test_numbers_are_those_of_scikit_learn(kernel: dict[str, Any]) -> None:
    theirs = svm.SVR(**kernel, epsilon=0.05, tol=1e-5).fit(X64, NUMBERS)
    ours = km.SVR(**kernel, epsilon=0.05, tol=1e-5).fit(X, NUMBERS)
    np.testing.assert_allclose(ours.predict(TEST), theirs.predict(TEST), atol=1e-4)


def test_pairs_of_classes_vote_as_those_of_scikit_learn_and_probabilities_are_as_good() -> None:
    theirs = svm.SVC(C=5.0, tol=1e-6).fit(X64, LABELS)
    ours = km.SVC(C=5.0, tol=1e-6).fit(X, LABELS)
    assert np.mean(ours.predict(TEST) == theirs.predict(TEST)) > 0.93  # the likeliest class need not have the most votes
    assert ours.score(TEST, TEST_LABELS) > theirs.score(TEST, TEST_LABELS) - 0.02
    votes = np.eye(3)[theirs.predict(TEST)] * 0.8 + 0.2 / 3
    assert metrics.log_loss(TEST_LABELS, ours.predict_proba(TEST)) < metrics.log_loss(TEST_LABELS, votes / votes.sum(1, keepdims=True))


def test_weights_of_classes_are_those_of_scikit_learn() -> None:
    theirs = svm.SVC(class_weight={0: 3.0, 1: 0.5, 2: 1.0}, gamma=0.3, tol=1e-5).fit(X64[LABELS < 2], LABELS[LABELS < 2])
    ours = km.SVC(class_weight={0: 3.0, 1: 0.5}, gamma=0.3, tol=1e-5).fit(X[LABELS < 2], LABELS[LABELS < 2])
    known, odds = theirs.decision_function(TEST), ours.decision_function(TEST)
    slope, shift = np.polyfit(known, odds, 1)
    np.testing.assert_allclose((odds - shift) / slope, known, atol=1e-4)


SMOOTH = {"rbf": RBF(1.7), "matern12": Matern(1.7, nu=0.5), "matern32": Matern(1.7, nu=1.5), "matern52": Matern(1.7, nu=2.5)}
FIXED: dict[str, Any] = {"length_scale": 1.7, "amplitude": 1.5, "optimize": False}


@pytest.mark.parametrize("covariance", list(SMOOTH))
def test_means_of_gaussian_processes_are_those_of_scikit_learn(covariance: str) -> None:
    kernel = ConstantKernel(1.5) * SMOOTH[covariance] + WhiteKernel(0.2)
    theirs = GaussianProcessRegressor(kernel, optimizer=None, normalize_y=True).fit(X64[:200], NUMBERS[:200])
    ours = km.GaussianProcessRegressor(covariance=covariance, noise=0.2, **FIXED).fit(X[:200], NUMBERS[:200])
    np.testing.assert_allclose(ours.predict(TEST), theirs.predict(TEST), atol=1e-8)


@pytest.mark.parametrize("labels", [LABELS, LABELS > 0])
@pytest.mark.parametrize("covariance", ["rbf", "matern32"])
def test_probabilities_of_gaussian_processes_are_those_of_scikit_learn(covariance: str, labels: np.ndarray) -> None:
    kernel = ConstantKernel(1.5) * SMOOTH[covariance]
    theirs = GaussianProcessClassifier(kernel, optimizer=None).fit(X64[:200], labels[:200])
    ours = km.GaussianProcessClassifier(covariance=covariance, **FIXED).fit(X[:200], labels[:200])
    np.testing.assert_allclose(ours.predict_proba(TEST), theirs.predict_proba(TEST), atol=1e-6)


def test_learnt_scales_are_as_good_as_those_of_scikit_learn() -> None:
    kernel = ConstantKernel(1.0) * RBF([2.0] * 4) + WhiteKernel(0.1)
    theirs = GaussianProcessRegressor(kernel, normalize_y=True).fit(X64[:200], NUMBERS[:200])
    ours = km.GaussianProcessRegressor().fit(X[:200], NUMBERS[:200])
    np.testing.assert_allclose(ours.predict(TEST), theirs.predict(TEST), atol=0.02)
