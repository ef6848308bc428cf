"""Shapley values: what each feature adds to the score of a row."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _kolosal
from ..models._base import CatalogModel


@dataclass(frozen=True)
class Explanation:
    """What each feature adds to the score of each row: ``base_values`` and the ``values`` of a row sum to its score.

    Scores are predictions of numbers, log-odds of the second of two classes, scores before the softmax of more classes
    (``decision_function``), or the mean shares of a random forest's classes.

    Attributes:
        values: (n_rows, n_features), or (n_rows, n_features, n_outputs) where a row has several scores.
        base_values: the score where nothing is known of a row: a number, or (n_outputs,).
        feature_names: (n_features,).
    """

    values: np.ndarray
    base_values: Any
    feature_names: list[str]

    def importance(self) -> np.ndarray:
        """The mean magnitude of each feature's values, (n_features,); summed over scores."""
        return np.asarray(np.abs(self.values).reshape(*self.values.shape[:2], -1).mean(axis=0).sum(axis=1))


def shap_values(model: CatalogModel, X: Any, background: Any = None) -> Explanation:
    """The Shapley values of the rows of ``X``.

    Exact for trees (TreeSHAP that follows the paths: where a feature is not known, both branches count in proportion to the rows that
    took them, and in a leaf that sums features it is its mean there) and for linear models (where an unknown feature is its mean).

    Args:
        model: A fitted estimator of trees or of weights.
        X: Rows to explain.
        background: Rows that tell what unknown features are like, usually those of training. Trees that know how many training rows
            came to each node need none; linear models do, and trees whose leaves sum features.

    Returns:
        The values; each row's sum, with the base, is its score to 1e-9.

    Raises:
        InvalidInputError: for other models. The quantiles of a quantile forest are no sums over its trees; those of boosting with
            ``loss='quantile'`` are.
    """
    rows, behind = _rows(model, X, background)
    values, base = _kolosal.contributions(model._native, rows, behind, model._features.names, _options(model))
    values, base = np.asarray(values), np.asarray(base)
    names = list(model._features.names)
    if values.shape[1] == 1:
        return Explanation(values[:, 0], float(base[0]), names)
    return Explanation(values.transpose(0, 2, 1), base, names)


def shap_interactions(model: CatalogModel, X: Any, background: Any = None) -> np.ndarray:
    """How pairs of features add to the scores of the rows of ``X``; arguments as of :func:`shap_values`.

    Returns:
        (n_rows, n_features, n_features), and n_outputs where a row has several scores. Half of what two features add together stands
        at (i, j) and half at (j, i); at (i, i) what a feature adds alone. The sum over j is the Shapley value of i.
    """
    rows, behind = _rows(model, X, background)
    values = np.asarray(_kolosal.interactions(model._native, rows, behind, model._features.names, _options(model)))
    return values[:, 0] if values.shape[1] == 1 else values.transpose(0, 2, 3, 1)


def _rows(model: CatalogModel, X: Any, background: Any) -> tuple[np.ndarray, np.ndarray | None]:
    return model._seen(X)[1], None if background is None else model._seen(background)[1]


def _options(model: CatalogModel) -> str:
    return json.dumps({"n_threads": model._n_threads()})
