"""Permutation importance: by how much the loss grows where one feature says nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _kolosal
from .._errors import InvalidInputError
from ..models._base import CatalogModel, Regressor


@dataclass(frozen=True)
class PermutationImportance:
    """The growth of the mean loss where the values of one feature are dealt out anew among the rows.

    Attributes:
        mean: (n_features,).
        low: lower ends of the intervals, (n_features,); a feature whose interval is above 0 matters.
        high: upper ends.
        feature_names: (n_features,).
    """

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    feature_names: list[str]


def permutation_importance(
    model: CatalogModel,
    X: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    groups: Any = None,
    loss: str = "auto",
    n_repeats: int = 5,
    confidence: float = 0.95,
    seed: int = 0,
) -> PermutationImportance:
    """How much each feature matters to the loss of a model on rows that it did not learn from.

    Args:
        model: A fitted estimator.
        X: Rows, best others than those of training.
        y: Their targets.
        sample_weight: Their weights.
        groups: Their groups, of a ranker; all rows are one group where not given.
        loss: ``"log_loss"`` or ``"zero_one"`` of classes, ``"squared"`` or ``"absolute"`` of numbers, ``"pinball"`` (the mean
            over them) of several quantiles, ``"ndcg"`` (1 less it, of each group) of a ranker; ``"auto"`` is the first.
        n_repeats: How often the values of each feature are dealt out anew.
        confidence: Share of intervals that hold the true importance. They take in what differs between rows and between repeats.
        seed: Seed of the dealing.

    Returns:
        Means and intervals.
    """
    if groups is not None and model._kind != "ranking":
        raise InvalidInputError(f"{type(model).__name__} does not rank, so groups would do nothing", "unsupported", "Leave them out.")
    given, rows = model._seen(X)
    classes = getattr(model, "classes_", None)
    task, target = model._labelled(y, given.n_rows, classes)
    labelled = model._labelled_rows(rows, model._features, target, task, sample_weight, groups, given.n_rows, classes)
    n_predicted = model._native.n_outputs
    quantiles = model._quantiles(n_predicted) if isinstance(model, Regressor) and target.shape[1] == 1 < n_predicted else []
    parameters = json.dumps({"loss": loss, "n_repeats": n_repeats, "confidence": confidence, "quantiles": quantiles})
    options = json.dumps({"n_threads": model._n_threads(), "seed": seed})
    made = np.asarray(_kolosal.permutation_importance(model._native, labelled, parameters, options))
    return PermutationImportance(made[:, 0], made[:, 1], made[:, 2], list(model._features.names))
