"""Partial dependence: what a model predicts where one feature is set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _kolosal
from .._errors import InvalidInputError, UnknownColumnError
from .._input import row_weights
from ..models._base import CatalogModel


@dataclass(frozen=True)
class PartialDependence:
    """Predictions where a feature is set to each of some values.

    Attributes:
        values: what the feature was set to, (n_values,): numbers, or levels of a category.
        average: mean predictions over the rows, (n_values,); of classes or several targets (n_values, n_classes or n_targets).
        individual: the predictions for each row, (n_rows, n_values) and so on; None where not asked for.
        feature_name: the feature.
    """

    values: np.ndarray
    average: np.ndarray
    individual: np.ndarray | None
    feature_name: str


def partial_dependence(
    model: CatalogModel,
    X: Any,
    feature: int | str,
    *,
    values: Sequence[Any] | None = None,
    grid_size: int = 50,
    quantiles: tuple[float, float] = (0.05, 0.95),
    individual: bool = False,
    sample_weight: Any = None,
) -> PartialDependence:
    """What a model predicts on average, and for each row, where ``feature`` is set to each of some values.

    Args:
        model: A fitted estimator.
        X: Rows to average over.
        feature: Name or number of the feature.
        values: What it is set to. Where not given: every value that occurs, or of more than ``grid_size`` numbers as many evenly spaced
            ones between two quantiles.
        grid_size: Most numbers to set it to.
        quantiles: Where the numbers begin and end.
        individual: Whether the predictions for each row are given, too (individual conditional expectation).
        sample_weight: Weights of the rows.

    Returns:
        The values and the predictions.
    """
    given, rows = model._seen(X)
    features = model._features
    j = _number_of(feature, features.names)
    levels = features.levels.get(j)
    if values is None:
        grid = _kolosal.dependence_grid(rows, features.names, features.n_categories(), j, grid_size, *quantiles)
    elif levels is None:
        grid = [float(value) for value in values]
    else:
        unknown = [value for value in values if value not in levels]
        if unknown:
            raise InvalidInputError(f"'{unknown[0]}' is no level of '{features.names[j]}'", "bad_value", f"Levels: {levels}.")
        grid = [float(levels.index(value)) for value in values]
    options = json.dumps({"n_threads": model._n_threads()})
    weights = row_weights(sample_weight, given.n_rows)
    average, each = _kolosal.partial_dependence(model._native, rows, features.names, j, grid, weights, individual, options)
    shown = np.array(grid) if levels is None else np.array([levels[int(code)] for code in grid], dtype=object)
    return PartialDependence(
        shown, _one(np.asarray(average)), None if each is None else _one(np.asarray(each).swapaxes(0, 1)), features.names[j]
    )


def _one(predicted: np.ndarray) -> np.ndarray:
    return predicted[..., 0] if predicted.shape[-1] == 1 else predicted


def _number_of(feature: int | str, names: list[str]) -> int:
    if isinstance(feature, str):
        if feature not in names:
            raise UnknownColumnError(f"the model has no feature '{feature}'; it has {', '.join(names)}", "unknown_column")
        return names.index(feature)
    if not 0 <= feature < len(names):
        raise InvalidInputError(f"there is no feature {feature}; there are {len(names)}, from 0 on", "bad_value")
    return int(feature)
