"""Scores are those of scikit-learn, on random cases with ties, weights and rows of weight zero."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sk

import kolosal

CLASS_CASES, NUMBER_CASES, RANKING_CASES = 380, 260, 400
N_COMPARISONS = 10_000
TOLERANCE = 1e-12

Reference = Callable[[Any, Any, Any], float]


def average(metric: Any, how: str) -> Reference:
    """The metric of predicted classes under one kind of average; ratios of nothing are 0."""
    return lambda y, p, w: metric(y, p.argmax(axis=1), sample_weight=w, average=how, zero_division=0.0)


def classes(metric: Any) -> Reference:
    """The metric of predicted classes."""
    return lambda y, p, w: metric(y, p.argmax(axis=1), sample_weight=w)


def one_against_rest(metric: Any) -> Reference:
    """The plain mean over classes of a metric of one class's probability; for two classes that of class 1."""

    def score(y: Any, p: Any, w: Any) -> float:
        ks = [1] if p.shape[1] == 2 else range(p.shape[1])
        return float(np.mean([metric(y == k, p[:, k], sample_weight=w) for k in ks]))

    return score


def log_loss(y: Any, p: Any, w: Any) -> float:
    return sk.log_loss(y, p, sample_weight=w, labels=np.arange(p.shape[1]))


def brier(y: Any, p: Any, w: Any) -> float:
    if p.shape[1] == 2:
        return sk.brier_score_loss(y, p[:, 1], sample_weight=w, pos_label=1)
    return float(np.average(((p - np.eye(p.shape[1])[y]) ** 2).sum(axis=1), weights=w))


CLASS_METRICS: dict[str, Reference] = {
    "accuracy": classes(sk.accuracy_score),
    "balanced_accuracy": classes(sk.balanced_accuracy_score),
    "mcc": classes(sk.matthews_corrcoef),
    "cohen_kappa": classes(sk.cohen_kappa_score),
    "roc_auc": one_against_rest(sk.roc_auc_score),
    "pr_auc": one_against_rest(sk.average_precision_score),
    "log_loss": log_loss,
    "brier": brier,
    **{
        f"{name}_{how}": average(metric, how)
        for name, metric in {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score}.items()
        for how in ("macro", "micro", "weighted")
    },
}
BINARY_METRICS = {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score}


def columns(metric: Any, **options: Any) -> Reference:
    """The plain mean over target columns, as arrays of one column."""
    return lambda y, p, w: float(np.mean([metric(y[:, k], p[:, k], sample_weight=w, **options) for k in range(y.shape[1])]))


def symmetric_error(y: Any, p: Any, sample_weight: Any) -> float:
    size = np.abs(y) + np.abs(p)
    return float(np.average(np.divide(2 * np.abs(y - p), size, out=np.zeros_like(size), where=size > 0), weights=sample_weight))


NUMBER_METRICS: dict[str, Reference] = {
    "mse": columns(sk.mean_squared_error),
    "rmse": columns(sk.root_mean_squared_error),
    "mae": columns(sk.mean_absolute_error),
    "median_absolute_error": columns(sk.median_absolute_error),
    "mape": columns(sk.mean_absolute_percentage_error),
    "smape": columns(symmetric_error),
    "r2": columns(sk.r2_score),
    "pinball": columns(sk.mean_pinball_loss, alpha=0.5),
    "rmsle": columns(sk.root_mean_squared_log_error),
}


def random_weights(random: np.random.Generator, n: int) -> np.ndarray | None:
    kind = random.integers(4)
    if kind == 0:
        return None
    weights = random.integers(1, 4, n).astype(float) if kind == 1 else random.uniform(0.1, 3, n)
    if kind == 3:
        weights[random.random(n) < 0.3] = 0
        weights[random.integers(n)] = 1
    return weights


def counted(target: np.ndarray, prediction: np.ndarray, weights: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """The rows that count: scikit-learn does not leave out rows of weight zero everywhere."""
    if weights is None:
        return target, prediction, None
    kept = weights > 0
    return target[kept], prediction[kept], weights[kept]


def differs(got: float, wanted: float) -> bool:
    if np.isnan(wanted) or np.isnan(got):
        return bool(np.isnan(got) != np.isnan(wanted))
    return abs(got - wanted) > TOLERANCE * max(1.0, abs(wanted))


def class_case(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """2 to 5 classes that all occur with positive weight, and probabilities of which some are equal."""
    n_classes = int(random.integers(2, 6))
    n = int(random.integers(2 * n_classes, 80))
    target = np.concatenate([np.arange(n_classes), random.integers(0, n_classes, n - n_classes)])
    random.shuffle(target)
    weights = random_weights(random, n)
    if weights is not None:
        for k in range(n_classes):
            weights[np.flatnonzero(target == k)[0]] = 1
    raw = random.integers(1, 6, (n, n_classes)) if random.random() < 0.5 else random.uniform(0.01, 1, (n, n_classes))
    return target, raw / raw.sum(axis=1, keepdims=True), weights


def number_case(random: np.random.Generator, n_targets: int) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    n = int(random.integers(3, 80))
    target, prediction = random.gamma(2, 3, (2, n, n_targets))
    if random.random() < 0.3:
        target, prediction = np.round(target), np.round(prediction)
    weights = random_weights(random, n)
    if weights is not None:
        weights[:3] = 1
    return target, prediction, weights


def test_scores_of_classes_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(1)
    for case in range(CLASS_CASES):
        target, prediction, weights = class_case(random)
        task = "binary" if prediction.shape[1] == 2 else "multiclass"
        references = dict(CLASS_METRICS)
        for name, metric in BINARY_METRICS.items():
            references[name] = average(metric, "binary" if task == "binary" else "macro")
        for name, reference in references.items():
            got = kolosal.metrics.score(name, target, prediction, task=task, weights=weights)
            wanted = reference(*counted(target, prediction, weights))
            assert not differs(got, wanted), f"case {case}: {name} of {prediction.shape} is {got!r}, not {wanted!r}"


@pytest.mark.parametrize("n_targets", [1, 3])
def test_scores_of_numbers_are_those_of_scikit_learn(n_targets: int) -> None:
    random = np.random.default_rng(n_targets)
    task = "regression" if n_targets == 1 else "multi_regression"
    for case in range(NUMBER_CASES // 2):
        target, prediction, weights = number_case(random, n_targets)
        for name, reference in NUMBER_METRICS.items():
            got = kolosal.metrics.score(name, target, prediction, task=task, weights=weights)
            wanted = reference(*counted(target, prediction, weights))
            assert not differs(got, wanted), f"case {case}: {name} is {got!r}, not {wanted!r}"


def test_ndcg_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(3)
    for case in range(RANKING_CASES):
        n_groups, size = int(random.integers(1, 5)), int(random.integers(2, 12))
        relevance = random.integers(0, 4, (n_groups, size)).astype(float)
        scores = random.integers(0, 6, (n_groups, size)) / 4 if case % 2 else random.normal(size=(n_groups, size))
        weights = None if case % 3 else random.uniform(0.1, 2, n_groups)
        got = kolosal.metrics.score(
            "ndcg",
            relevance.ravel(),
            scores.ravel(),
            task="ranking",
            groups=np.repeat(np.arange(n_groups), size),
            weights=None if weights is None else np.repeat(weights, size),
        )
        assert not differs(got, sk.ndcg_score(relevance, scores, sample_weight=weights)), f"case {case}"


def test_a_class_without_rows_has_no_area() -> None:
    score = partial(kolosal.metrics.score, "roc_auc", task="binary")
    assert np.isnan(score([1, 1], [0.2, 0.8]))
    assert np.isnan(score([0, 1], [0.2, 0.8], weights=[1, 0]))


def test_input_that_cannot_be_judged_is_refused() -> None:
    with pytest.raises(kolosal.KolosalError, match="class numbers"):
        kolosal.metrics.score("accuracy", [0, 7], [0.2, 0.8], task="binary")
    with pytest.raises(kolosal.KolosalError, match="same rows"):
        kolosal.metrics.score("rmse", [0, 7, 1], [0.2, 0.8], task="regression")
    with pytest.raises(kolosal.KolosalError, match="weight"):
        kolosal.metrics.score("rmse", [0, 7], [0.2, 0.8], task="regression", weights=[1, -1])
    with pytest.raises(kolosal.KolosalError, match="no rows"):
        kolosal.metrics.score("rmse", [], [], task="regression")


def test_there_are_ten_thousand_comparisons() -> None:
    n_class_metrics = len(CLASS_METRICS) + len(BINARY_METRICS)
    assert CLASS_CASES * n_class_metrics + NUMBER_CASES * len(NUMBER_METRICS) + RANKING_CASES >= N_COMPARISONS
