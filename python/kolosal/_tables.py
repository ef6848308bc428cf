"""Anything table-like to a native table: NumPy, pandas, polars, pyarrow, DuckDB, dicts and lists.

Whatever has the Arrow PyCapsule interface is shared without copying where layouts agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from . import _kolosal
from ._errors import InvalidInputError, no_text


def _numpy_columns(array: np.ndarray, names: Sequence[str]) -> pa.Table:
    columns = []
    for j in range(array.shape[1]):
        column = array[:, j]
        if column.dtype == object:
            column = _object_column(column)
        elif column.dtype == np.float16:
            column = column.astype(np.float32)
        columns.append(column if isinstance(column, pa.Array) else pa.array(np.ascontiguousarray(column)))
    return pa.table(columns, names=list(names))


def _object_column(column: np.ndarray) -> pa.Array:
    codes, rows = _kolosal.distinct_objects(column)
    distinct, _ = distinct_values(column[rows])
    return distinct if len(rows) == len(column) else distinct.take(pa.array(codes))


def distinct_values(objects: np.ndarray) -> tuple[pa.Array, np.ndarray]:
    """Objects as an Arrow array, null where None or NaN; and where that is."""
    missing = np.array([value is None or value != value for value in objects], dtype=bool)
    values = [None if gone else value for value, gone in zip(objects, missing, strict=True)]
    try:
        return pa.array(values), missing
    except UnicodeEncodeError as error:
        raise no_text(error) from None
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else str(value) for value in values]), missing


def category_column(column: np.ndarray) -> pa.Array:
    """As _object_column, but texts become a dictionary and codes."""
    codes, rows = _kolosal.distinct_objects(column)
    distinct, missing = distinct_values(column[rows])
    if not pa.types.is_string(distinct.type):
        return distinct.take(pa.array(codes))
    if not missing.any():
        return pa.DictionaryArray.from_arrays(codes, distinct)
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=missing[codes]), distinct.fill_null(""))


def _from_numpy(array: np.ndarray) -> pa.Table:
    if array.ndim == 1 and array.dtype.names is not None:
        return pa.table({name: np.ascontiguousarray(array[name]) for name in array.dtype.names})
    if array.ndim == 1:
        array = array.reshape(-1, 1)
    if array.ndim != 2:
        raise InvalidInputError(
            f"an array of {array.ndim} dimensions is not a table", "bad_value", "Pass an array of shape (n_rows, n_features)."
        )
    return _numpy_columns(array, [f"x{j}" for j in range(array.shape[1])])


def _from_pandas(frame: Any) -> pa.Table:
    frame = frame.copy(deep=False)
    frame.columns = [str(name) for name in frame.columns]
    try:
        return pa.Table.from_pandas(frame, preserve_index=False)
    except UnicodeEncodeError as error:
        raise no_text(error) from None
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        columns = {}
        for name in frame.columns:
            column = frame[name]
            columns[name] = _object_column(column.to_numpy()) if column.dtype == object else pa.Array.from_pandas(column)
        return pa.table(columns)


def to_arrow(data: Any) -> Any:
    """An object with the Arrow PyCapsule interface that holds ``data``'s columns.

    Raises:
        InvalidInputError: where ``data`` is no table.
    """
    if isinstance(data, np.ndarray):
        return _from_numpy(data)
    if type(data).__module__.startswith("pandas") and hasattr(data, "columns"):
        return _from_pandas(data)
    if type(data).__module__.startswith("pandas") and hasattr(data, "to_frame"):
        return _from_pandas(data.to_frame(name=str(data.name) if data.name is not None else "x0"))
    if hasattr(data, "__arrow_c_stream__"):
        return data
    if hasattr(data, "toarray"):  # SciPy sparse
        return _from_numpy(np.asarray(data.toarray()))
    if isinstance(data, Mapping):
        return pa.table({str(name): _column(values) for name, values in data.items()})
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        if len(data) > 0 and isinstance(data[0], Mapping):
            names = dict.fromkeys(str(name) for row in data for name in row)
            return pa.table({name: _column([row.get(name) for row in data]) for name in names})
        if len(data) == 0:
            raise InvalidInputError("the table is empty", "empty_input", "Pass at least one row.")
        return _from_numpy(_array_of(data))
    raise InvalidInputError(
        f"{type(data).__name__} is not a table", "bad_value", "Pass a NumPy array, a data frame, an Arrow table, a dict or a list."
    )


def _array_of(rows: Sequence[Any]) -> np.ndarray:
    array = np.array(rows)
    return np.array(rows, dtype=object) if array.dtype.kind in "US" and np.ndim(rows) == 2 else array


def _column(values: Any) -> Any:
    if isinstance(values, np.ndarray) and values.dtype == object:
        return _object_column(values)
    if isinstance(values, (list, tuple)):
        return _object_column(np.array(list(values), dtype=object))
    return values


def to_native(data: Any) -> _kolosal.Table:
    """``data`` as a native table."""
    if isinstance(data, _kolosal.Table):
        return data
    return _kolosal.table(to_arrow(data).__arrow_c_stream__())


def with_target(features: Any, target: Any, weights: Any = None, groups: Any = None) -> tuple[_kolosal.Table, list[str], dict[str, str]]:
    """Features and what goes with them as one native table.

    Returns:
        The table, the names of its target columns, and the names of the ``weight`` and ``group`` columns where there are any.
    """
    table = pa.table(to_arrow(features))
    names: list[str] = []
    added = pa.table(to_arrow(target)) if not isinstance(target, (list, tuple)) else pa.table({"target": _column(target)})
    for j, column in enumerate(added.columns):
        name = _free_name(table.column_names, added.column_names[j] if added.column_names[j] not in ("x0", "") else "target")
        table = _append(table, name, column)
        names.append(name)
    roles: dict[str, str] = {}
    for role, values in (("weight", weights), ("group", groups)):
        if values is not None:
            roles[role] = _free_name(table.column_names, role)
            table = _append(table, roles[role], pa.array(np.asarray(values)))
    return to_native(table), names, roles


def _free_name(taken: Sequence[str], wanted: str) -> str:
    name = wanted
    while name in taken:
        name += "_"
    return name


def _append(table: pa.Table, name: str, column: Any) -> pa.Table:
    if len(column) != table.num_rows:
        raise InvalidInputError(f"'{name}' has {len(column)} rows where the features have {table.num_rows}", "bad_value")
    return table.append_column(name, column)
