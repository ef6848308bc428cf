"""What an estimator is given: any table, checked as scikit-learn does, and made native; and results in the caller's kind of table."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from . import _kolosal
from ._errors import InvalidInputError
from ._sparse import Compressed, is_sparse
from ._tables import _numpy_columns, category_column, to_arrow, to_native

# Cells of a sparse matrix beyond which it is not written out densely (2 GiB of float64).
MOST_DENSE_CELLS = 1 << 28


class Input:
    """A table as given: ``rows`` where it is an array, ``frame`` where its columns have names.

    Attributes:
        rows: the array, (n_rows, n_features): float32, float64 or object; None for a frame.
        sparse: the rows of a sparse matrix, where they are not to be written out as an array; else None.
        frame: the frame; None for an array.
        names: the names of a frame's columns; None for an array, or where not all are texts.
        n_features: number of columns.
        n_rows: number of rows.
        alone: the rows came as single values, whose one column has no name.
        _local: moments with a time zone become what its clocks show.
        _as_levels: columns of texts become categorical in to_native, so that their levels are told apart once.
    """

    def __init__(
        self, data: Any, numeric: bool, alone: bool = False, as_levels: bool = False, local: bool = False, keep_sparse: bool = False
    ) -> None:
        self.alone = alone
        self._local = local
        self._as_levels = as_levels
        self.rows: np.ndarray | None = None
        self.frame: Any = None
        self._native: _kolosal.Table | None = None  # of what is costly to make native: made once
        self.names: list[str] | None = None
        self.sparse: Compressed | None = None
        if keep_sparse and is_sparse(data):
            self.sparse = Compressed(data, "rows")
            self.n_rows, self.n_features = data.shape
        elif _is_frame(data):
            self.frame = data
            found = list(data.column_names) if hasattr(data, "column_names") else list(getattr(data, "columns", ()))
            if isinstance(data, dict):
                self.frame, found = pa.table(to_arrow(data)), list(data)
            elif isinstance(data, _kolosal.Table):
                self.frame, found = pa.table(data), list(data.names)
            _check_distinct([str(name) for name in found])
            self.names = found if not alone and all(isinstance(name, str) for name in found) else None
            self.n_features = len(found)
            self.n_rows = len(self.frame)
        else:
            self.rows = _array_of(data, numeric)
            self.n_rows, self.n_features = self.rows.shape
        if self.n_rows == 0:
            shape = (self.n_rows, self.n_features)
            message = f"Found array with 0 sample(s) (shape={shape}) while a minimum of 1 is required."
            raise InvalidInputError(message, "empty_input", "The table is empty: give at least one row.")
        if self.n_features == 0:
            shape = (self.n_rows, self.n_features)
            raise InvalidInputError(f"Found array with 0 feature(s) (shape={shape}) while a minimum of 1 is required.", "empty_input")

    def to_native(self, names: Sequence[str]) -> _kolosal.Table:
        """The columns under these names; float columns that lie in one piece are shared."""
        if self.rows is not None and self.rows.dtype.kind == "f":
            return _kolosal.table_from_rows(self.rows, list(names))
        if self._native is None or self._native.names != list(names):
            native = to_native(self._table(names))
            self._native = _kolosal.with_levels(native) if self._as_levels else native
        return self._native

    def take(self, rows: np.ndarray) -> Any:
        """Those rows, in the kind of table that was given."""
        if self.rows is not None:
            return self.rows[rows]
        if hasattr(self.frame, "iloc"):
            return self.frame.iloc[rows]
        return self.frame.take(rows) if isinstance(self.frame, pa.Table) else self.frame[rows]

    def no_rows(self, names: Sequence[str]) -> _kolosal.Table:
        """The columns under these names, without rows."""
        if self.rows is not None and self.rows.dtype.kind == "f":
            return _kolosal.table_from_rows(self.rows[:0], list(names))
        return self.to_native(names).no_rows()

    def _table(self, names: Sequence[str]) -> pa.Table:
        if self.rows is None:
            table = pa.table(to_arrow(self.frame)).rename_columns(list(names))
            return _local_moments(table) if self._local else table
        if self.rows.dtype == object:
            return pa.table([category_column(self.rows[:, j]) for j in range(self.n_features)], names=list(names))
        return _numpy_columns(self.rows, names)


def _local_moments(table: pa.Table) -> pa.Table:
    for j, kind in enumerate(table.schema.types):
        if pa.types.is_timestamp(kind) and kind.tz is not None:
            table = table.set_column(j, table.column_names[j], pc.local_timestamp(table.column(j)))
    return table


def as_columns(data: Any) -> tuple[Any, bool, bool]:
    """For Input, of values of any kind: the table, False, and whether it came as a list, an array or a series of single values."""
    if _is_frame(data) or is_sparse(data):
        return data, False, False
    if hasattr(data, "to_frame"):  # a series of pandas or polars
        return data.to_frame("x0") if data.name is None else data.to_frame(), False, True
    if isinstance(data, (pa.Array, pa.ChunkedArray)):
        return pa.table({"x0": data}), False, True
    array = data if isinstance(data, np.ndarray) else np.array(data, dtype=object if any(isinstance(each, str) for each in data) else None)
    return (array.reshape(-1, 1), False, True) if array.ndim == 1 else (array, False, False)


def _check_distinct(names: list[str]) -> None:
    if len(set(names)) < len(names):
        twice = next(name for j, name in enumerate(names) if name in names[:j])
        raise InvalidInputError(f"two columns are called '{twice}'", "bad_value", "Rename one of them.")


def _is_frame(data: Any) -> bool:
    if is_sparse(data):  # some of them are dicts
        return False
    if isinstance(data, (_kolosal.Table, dict)):
        return True
    return (hasattr(data, "columns") or hasattr(data, "column_names")) and hasattr(data, "__arrow_c_stream__")


def _array_of(data: Any, numeric: bool) -> np.ndarray:
    if is_sparse(data):
        if data.shape[0] * data.shape[1] > MOST_DENSE_CELLS:
            raise InvalidInputError(
                f"a sparse matrix of {data.shape[0]} x {data.shape[1]} would be written out densely",
                "out_of_memory",
                "Pass fewer columns at a time, or a dense array.",
            )
        data = data.toarray(order="F")
    array = np.asarray(data)
    if array.ndim == 2 and array.dtype.kind in "US" and not isinstance(data, np.ndarray):
        array = np.array(data, dtype=object)
    if array.ndim != 2:
        hint = " Reshape your data either using array.reshape(-1, 1) or array.reshape(1, -1)." if array.ndim < 2 else ""
        raise InvalidInputError(f"Expected 2D array, got {array.ndim}D array instead.{hint}", "bad_value")
    if array.dtype.kind == "c" or (array.dtype == object and _holds_complex(array)):
        raise InvalidInputError("Complex data not supported", "bad_value", "Pass real numbers.")
    if array.dtype == np.float16:
        return array.astype(np.float32)
    if array.dtype.kind == "f":
        native = array.dtype.isnative and array.dtype.itemsize <= 8 and array.dtype.alignment and array.flags.aligned
        return array if native else array.astype(np.float64)
    if not numeric:
        return array.astype(object) if array.dtype.kind in "US" else array
    try:
        return np.where(array == None, np.nan, array).astype(np.float64) if array.dtype == object else array.astype(np.float64)  # noqa: E711
    except ValueError as error:
        raise InvalidInputError(f"a value is not a number: {error}", "bad_value") from None


def _holds_complex(array: np.ndarray) -> bool:
    columns = (array[:, j] for j in range(array.shape[1]))
    return any(isinstance(value, complex) for column in columns for value in column[_kolosal.distinct_objects(column)[1]])


def check_names(fitted: Sequence[str] | None, found: Sequence[str] | None, name: str) -> None:
    """Raises or warns, as scikit-learn does, where the columns are not named as those seen in fit."""
    if fitted is None and found is None:
        return
    if fitted is None:
        warnings.warn(f"X has feature names, but {name} was fitted without feature names", UserWarning, stacklevel=5)
        return
    if found is None:
        message = f"X does not have valid feature names, but {name} was fitted with feature names"
        warnings.warn(message, UserWarning, stacklevel=5)
        return
    if list(fitted) == list(found):
        return
    unseen, gone = sorted(set(found) - set(fitted)), sorted(set(fitted) - set(found))
    lines = ["The feature names should match those that were passed during fit."]
    for title, names in (("Feature names unseen at fit time:", unseen), ("Feature names seen at fit time, yet now missing:", gone)):
        if names:
            lines += [title, *(f"- {each}" for each in names[:5]), *(["- ..."] if len(names) > 5 else [])]
    if not unseen and not gone:
        lines.append("Feature names must be in the same order as they were in fit.")
    raise InvalidInputError("\n".join(lines) + "\n", "feature_mismatch")


def check_columns(given: Any, n_features: int, names: Sequence[str] | None, name: str, remedy: str = "") -> None:
    """Raises, as scikit-learn does, where a table has not the columns that the estimator of that name saw in fit; see check_names."""
    check_names(names, given.names, name)
    if given.n_features != n_features:
        message = f"X has {given.n_features} features, but {name} is expecting {n_features} features as input"
        raise InvalidInputError(message, "feature_mismatch", remedy)


def row_weights(given: Any, n_rows: int) -> np.ndarray | None:
    """Weights as given, one or one a row, checked; None where there are none."""
    if given is None:
        return None
    weights = np.ascontiguousarray(given, dtype=np.float64) if np.asarray(given).ndim > 0 else np.full(n_rows, given, dtype=np.float64)
    if weights.ndim != 1:
        raise InvalidInputError("Sample weights must be 1D array or scalar", "bad_value")
    if len(weights) != n_rows:
        raise InvalidInputError(f"sample_weight.shape == {weights.shape}, expected {(n_rows,)}!", "bad_value")
    if not weights.any():
        raise InvalidInputError("sample_weight is zero for all rows", "bad_value", "Give at least one row a weight.")
    return weights


def frame_of(made: Any, like: Input, wanted: str | None, names: Sequence[str]) -> Any:
    """A result as the frame wanted: "pandas", "polars", or where None the kind that ``like`` is; an array stays an array."""
    if wanted is None and like.rows is None:
        wanted = type(like.frame).__module__.split(".")[0]
    if wanted is None or wanted == "default":
        return made
    table = made if isinstance(made, pa.Table) else None
    if wanted == "pandas":
        import pandas as pd  # noqa: PLC0415

        frame = pd.DataFrame(made) if table is None else table.to_pandas(split_blocks=True)
        frame.columns = pd.Index(list(names), dtype=object)
        if hasattr(like.frame, "iloc"):
            frame.index = like.frame.index
        return frame
    if table is None:
        table = pa.table([pa.array(np.ascontiguousarray(made[:, j])) for j in range(made.shape[1])], names=list(names))
    table = table.rename_columns(list(names))
    if wanted == "polars":
        import polars as pl  # noqa: PLC0415

        return pl.from_arrow(table)
    return table


def output_of(chosen: str | None) -> str | None:
    """Which frames results become: what set_output said, else scikit-learn's global setting, else None."""
    if chosen is not None:
        return chosen
    sklearn = sys.modules.get("sklearn")
    configured = sklearn.get_config()["transform_output"] if sklearn is not None else "default"
    return None if configured == "default" else str(configured)
