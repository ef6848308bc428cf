"""The classes of a target as numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._errors import InvalidInputError
from .._input import Input
from ._base import CatalogTransformer, array_of_table
from ._encoders import OrdinalEncoder


class LabelEncoder(CatalogTransformer):
    """The labels of a target become 0, 1, 2, ... in order; takes one column, and a label not seen in fit is an error.

    Attributes:
        classes_: the labels in order.
    """

    _catalog_name = "ordinal"
    _numeric = False

    def __init__(self) -> None:
        pass

    def fit(self, y: Any) -> LabelEncoder:  # type: ignore[override]
        """Learns the labels.

        Returns:
            The encoder.
        """
        column = _column(y)
        encoder = OrdinalEncoder().fit(_plain(column))
        self._native = encoder._native
        self.n_features_in_ = 1
        self.classes_ = np.empty(len(encoder.categories_[0]), dtype=column.dtype)
        self.classes_[self._codes(column)] = column[:, 0]
        return self

    def fit_transform(self, y: Any) -> np.ndarray:  # type: ignore[override]
        """The numbers of the labels, (n_rows,) int64."""
        return self.fit(y).transform(y)

    def transform(self, y: Any) -> np.ndarray:
        """The numbers of labels, (n_rows,) int64."""
        self._check_fitted()
        if np.size(y) == 0:
            return np.empty(0, dtype=np.int64)
        return self._codes(_column(y))

    def _codes(self, column: np.ndarray) -> np.ndarray:
        made = self._apply(Input(_plain(column), False))
        return np.asarray(made if isinstance(made, np.ndarray) else array_of_table(made))[:, 0].astype(np.int64)

    def inverse_transform(self, y: Any) -> np.ndarray:
        """The labels of numbers.

        Raises:
            InvalidInputError: for a number that no label has.
        """
        self._check_fitted()
        codes = np.asarray(y)
        wrong = np.setdiff1d(codes, np.arange(len(self.classes_)))
        if wrong.size:
            raise InvalidInputError(f"y contains previously unseen labels: {wrong}", "bad_value")
        return np.asarray(self.classes_[codes])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.target_tags.one_d_labels = True
        return tags


def _column(y: Any) -> np.ndarray:
    column = np.asarray(y)
    if column.ndim == 2 and column.shape[1] == 1:
        column = column[:, 0]
    if column.ndim != 1:
        raise InvalidInputError(f"y should be a 1d array, got an array of shape {column.shape} instead.", "bad_value")
    if column.dtype.kind == "O" or column.dtype.kind == "f":
        missing = np.array([value is None or value != value for value in column], dtype=bool)
        if missing.any():
            raise InvalidInputError(f"y misses a label in row {int(np.flatnonzero(missing)[0]) + 1}", "bad_value")
    return column.reshape(-1, 1)


def _plain(column: np.ndarray) -> np.ndarray:
    return column if column.dtype.kind in "fiu" else column.astype(object)
