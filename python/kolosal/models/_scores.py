"""What estimators say of their own predictions: R2, and D2 of quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._errors import InvalidInputError
from .._input import row_weights


def score_weights(given: Any, n_rows: int) -> np.ndarray | None:
    """The weights of rows that are scored, checked as those of a fit are."""
    weights = row_weights(given, n_rows)
    if weights is not None and not (np.isfinite(weights) & (weights >= 0)).all():
        raise InvalidInputError("a weight is negative or not finite", "bad_value")
    return weights


def other_targets(n_known: int, n_predicted: int) -> InvalidInputError:
    """The error of a target that is not as wide as the predictions."""
    targets = "1 target" if n_known == 1 else f"{n_known} targets"
    theirs = "1 number" if n_predicted == 1 else f"{n_predicted} numbers"
    message = f"y has {targets} where the model predicts {theirs} a row"
    return InvalidInputError(message, "bad_value", "Pass as many targets as in fit.")


def r2(known: np.ndarray, predicted: np.ndarray, weights: Any) -> float:
    """1 for predictions without error, 0 for those no better than the mean; of several targets the mean; NaN of no rows."""
    if len(known) == 0:
        return float("nan")
    around = known - np.average(known, axis=0, weights=weights)
    wrong = np.average((known - predicted) ** 2, axis=0, weights=weights)
    spread = np.average(around**2, axis=0, weights=weights)
    return float(np.mean(np.where(spread > 0, 1 - wrong / np.where(spread > 0, spread, 1), np.where(wrong > 0, 0.0, 1.0))))


def d2_pinball(known: np.ndarray, predicted: np.ndarray, quantiles: Sequence[float], weights: Any) -> float:
    """As R2, by the pinball loss: 1 for quantiles without error, 0 for those no better than that of the target; of several the mean.

    ``known`` is (n_rows,), ``predicted`` (n_rows, n_quantiles), each column in the order of ``quantiles``; NaN of no rows.
    """
    if len(known) == 0:
        return float("nan")
    order = np.argsort(known)
    summed = np.cumsum(np.ones(len(known)) if weights is None else np.asarray(weights, dtype=np.float64)[order])
    scores = []
    for share, column in zip(quantiles, predicted.T, strict=True):
        constant = known[order[np.searchsorted(summed, share * summed[-1])]]  # none has a lower loss
        wrong, spread = (np.average(_pinball(known - to, share), weights=weights) for to in (column, constant))
        scores.append(1 - wrong / spread if spread > 0 else 0.0 if wrong > 0 else 1.0)
    return float(np.mean(scores))


def _pinball(error: np.ndarray, share: float) -> np.ndarray:
    return np.where(error > 0, share * error, (share - 1) * error)
