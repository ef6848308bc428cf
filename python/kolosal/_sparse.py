"""SciPy's sparse matrices as native code takes them: the numbers written, their places, and where each column or row starts."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._errors import InvalidInputError


class Compressed:
    """A sparse matrix by columns or by rows, its numbers float32 or float64, its places ascending.

    Attributes:
        matrix: as SciPy has it, in that order.
        starts: where each column or row starts, int64.
        places: rows of the numbers of columns, or columns of those of rows, int32.
        values: the numbers written.
        n_rows, n_features: its shape.
        names: None, as of an array.
    """

    names = None

    def __init__(self, given: Any, by: str) -> None:
        self._given = given
        self.n_rows, self.n_features = given.shape
        for n, what in ((self.n_rows, "sample(s)"), (self.n_features, "feature(s)")):
            if n == 0:
                raise InvalidInputError(f"Found array with 0 {what} (shape={given.shape}) while a minimum of 1 is required.", "empty_input")
        if given.dtype.kind == "c":
            raise InvalidInputError("Complex data not supported", "bad_value", "Pass real numbers.")
        if given.dtype.kind not in "fiub":
            raise InvalidInputError(f"a sparse matrix of {given.dtype} holds no numbers", "bad_value", "Convert it to float64.")
        matrix = given.tocsc() if by == "columns" else given.tocsr()
        if matrix.dtype not in (np.float32, np.float64):
            matrix = matrix.astype(np.float64)
        if not matrix.has_canonical_format:
            matrix = matrix.copy() if matrix is given else matrix
            matrix.sum_duplicates()
        self.matrix = matrix
        self.starts = np.ascontiguousarray(matrix.indptr, dtype=np.int64)
        self.places = np.ascontiguousarray(matrix.indices, dtype=np.int32)
        self.values = np.ascontiguousarray(matrix.data)

    def with_values(self, values: Any) -> Any:
        """The matrix with other numbers, in the format that was given where that is by columns or by rows."""
        made = type(self.matrix)((values, self.matrix.indices, self.matrix.indptr), shape=self.matrix.shape)
        return made.asformat(self._given.format) if self._given.format in ("csr", "csc") else made

    def moments(self, row_weights: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of columns: the weight of what is not missing, its mean and its variance; each (n_features,)."""
        columns = np.repeat(np.arange(self.n_features), np.diff(self.starts))
        there = ~np.isnan(self.values)
        values = np.where(there, self.values, 0.0)
        each = np.ones(len(values)) if row_weights is None else row_weights[self.places]
        every = float(self.n_rows) if row_weights is None else row_weights.sum()

        def total(numbers: np.ndarray) -> np.ndarray:
            return np.bincount(columns, weights=numbers, minlength=self.n_features)

        weights = every - total(np.where(there, 0.0, each))
        known = np.maximum(weights, np.finfo(float).tiny)
        means = total(each * values) / known
        gaps = np.where(there, values - means[columns], 0.0)
        zeros = np.maximum(every - total(each), 0.0)
        return weights, means, (total(each * gaps**2) + zeros * means**2) / known

    def largest_magnitudes(self, row_weights: np.ndarray | None) -> np.ndarray:
        """Of columns, (n_features,)."""
        found = np.zeros(self.n_features)
        counts = ~np.isnan(self.values) & (True if row_weights is None else row_weights[self.places] != 0)
        columns = np.repeat(np.arange(self.n_features), np.diff(self.starts))
        np.maximum.at(found, columns[counts], np.abs(self.values[counts]))
        return found


class SparseRows:
    """The rows of a SciPy matrix for models: where each begins, and its entries' features, ascending, and float32 values."""

    def __init__(self, given: Any) -> None:
        rows = Compressed(given, "rows")
        self.starts = rows.starts
        self.features = rows.places.astype(np.uint32)
        with np.errstate(over="ignore"):  # what is too large for float32 is refused with what is infinite
            self.values = rows.values.astype(np.float32, copy=False)


def is_sparse(data: Any) -> bool:
    """Whether it is a sparse matrix or array of SciPy."""
    return hasattr(data, "toarray") and hasattr(data, "nnz")
