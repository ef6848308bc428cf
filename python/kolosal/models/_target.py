"""Targets as given to what learners see: class numbers or numbers, (n_rows, n_targets) float64."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np

from .. import _kolosal
from .._errors import InvalidInputError

# Whole numbers are counted rather than sorted where they span no more than this.
MOST_COUNTED = 1 << 16


def target_array(y: Any, n_rows: int, name: str) -> np.ndarray:
    """The target as an array of ``n_rows``, checked."""
    if y is None:
        raise InvalidInputError(f"{name} requires y to be passed, but the target y is None.", "bad_value")
    if hasattr(y, "toarray") and hasattr(y, "nnz"):
        raise InvalidInputError("sparse targets are not supported", "bad_value", "Pass a dense y.")
    target = np.asarray(y)
    if target.ndim not in (1, 2):
        raise InvalidInputError(f"y should be a 1d array, got an array of shape {target.shape} instead.", "bad_value")
    if len(target) != n_rows:
        raise InvalidInputError(f"y has {len(target)} rows where X has {n_rows}", "bad_value")
    if target.dtype.kind == "c":
        raise InvalidInputError("Complex data not supported", "bad_value", "Pass real numbers.")
    return target


def one_column(target: np.ndarray) -> np.ndarray:
    """A target of one column as one dimension; a warning, as scikit-learn's, where it had two."""
    if target.ndim == 1:
        return target
    if target.shape[1] != 1:
        raise InvalidInputError(f"y should be a 1d array, got an array of shape {target.shape} instead.", "bad_value")
    exceptions = sys.modules.get("sklearn.exceptions")
    kind = UserWarning if exceptions is None else exceptions.DataConversionWarning
    warnings.warn(
        "A column-vector y was passed when a 1d array was expected. Please change the shape of y to (n_samples, ).", kind, stacklevel=4
    )
    return target[:, 0]


def numbers(target: np.ndarray) -> np.ndarray:
    """Targets that are numbers, (n_rows, n_targets)."""
    try:
        made = np.ascontiguousarray(target, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"a target is not a number: {error}", "bad_value") from None
    if not np.isfinite(made).all():
        raise InvalidInputError("Input y contains NaN or infinity.", "bad_value")
    return made.reshape(len(made), -1)


def classes_and_codes(target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct labels, sorted, and for each row the number of its label, (n_rows,) float64."""
    if target.dtype.kind == "f":
        if not np.isfinite(target).all():
            raise InvalidInputError("Input y contains NaN or infinity.", "bad_value")
        if (target != np.floor(target)).any():
            raise InvalidInputError("Unknown label type: continuous. A classifier takes labels.", "bad_value", "Use a regressor.")
    if target.dtype.kind == "b":
        classes, codes = classes_and_codes(target.view(np.uint8))
        return classes.astype(bool), codes
    if target.dtype.kind in "iuf" and len(target) > 0:
        low, high = target.min(), target.max()
        if float(high) - float(low) <= MOST_COUNTED:
            wide = target.astype(np.int64) if target.dtype.kind == "i" else target
            shifted = (wide - low).astype(np.intp)
            present = np.bincount(shifted) > 0
            return np.flatnonzero(present).astype(target.dtype) + low, (np.cumsum(present) - 1.0)[shifted]
    if target.dtype == object:
        return _classes_of_objects(target)
    classes, codes = np.unique(target, return_inverse=True)
    return classes, codes.astype(np.float64)


def _classes_of_objects(target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    numbers_, rows = _kolosal.distinct_objects(target)
    distinct = target[rows]
    if any(value is None or value != value for value in distinct):
        raise InvalidInputError("Input y contains NaN.", "bad_value", "Remove the rows without a label.")
    try:
        classes, codes = np.unique(distinct, return_inverse=True)
    except TypeError:
        raise InvalidInputError("the labels in y are of types that cannot be compared", "bad_value", "Use labels of one type.") from None
    return classes, codes.astype(np.float64)[numbers_]


def codes_of(target: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """For each row the number of its label in ``classes``, (n_rows,) float64."""
    found, codes = classes_and_codes(target)
    places = np.searchsorted(classes, found)
    unknown = (places == len(classes)) | (classes[np.minimum(places, len(classes) - 1)] != found)
    if unknown.any():
        raise InvalidInputError(f"label {found[unknown][:1].tolist()[0]!r} is none of those that were learnt", "bad_value")
    return places.astype(np.float64)[codes.astype(np.intp)]
