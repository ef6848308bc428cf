"""Metrics, equal to scikit-learn's, computed by the native core."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _kolosal


def names(task: str = "") -> list[str]:
    """Names of the metrics that can judge a task; all where the task is empty."""
    return list(_kolosal.metric_names(task))


def score(name: str, target: Any, prediction: Any, *, task: str, weights: Any = None, groups: Any = None, n_features: int = 0) -> float:
    """The score of predictions.

    Args:
        name: Name of the metric, such as ``"roc_auc"``.
        target: Class numbers, numbers or relevances: (n_rows,) or (n_rows, n_targets).
        prediction: Class probabilities (n_rows, n_classes), numbers or scores. For a binary task (n_rows,) is the probability of class 1.
        task: ``"binary"``, ``"multiclass"``, ``"regression"``, ``"multi_regression"`` or ``"ranking"``.
        weights: Weight of each row; a row of weight 0 counts as absent.
        groups: Group of each row, for ranking.
        n_features: Features of the model, for adjusted R2.
    """
    target = np.ascontiguousarray(target, dtype=np.float64)
    prediction = np.ascontiguousarray(prediction, dtype=np.float64)
    if prediction.ndim == 1:
        prediction = np.column_stack([1 - prediction, prediction]) if task == "binary" else prediction[:, None]
    if target.ndim == 1:
        target = target[:, None]
    weights = np.ascontiguousarray([] if weights is None else weights, dtype=np.float64)
    group = [] if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1].astype(int).tolist()
    return float(
        _kolosal.metric_score(name, task, np.ascontiguousarray(target), np.ascontiguousarray(prediction), weights, group, n_features)
    )
