"""Tables to the rows that learners see: numbers as they are, categories as the codes of their levels."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .._errors import InvalidInputError
from .._input import Input
from .._sparse import Compressed
from .._tables import to_arrow

MOST_LOOKED_AT = 10_000  # rows of a column in which digits that float32 does not hold are looked for
LARGEST_LOSS = 1e-3  # of a number by float32, in standard deviations of its column, that is not worth a warning


class Features:
    """The columns seen in fit.

    Attributes:
        names: their names; x0, x1, ... for an array.
        levels: for the number of each categorical column, its levels in the order of their codes.
    """

    def __init__(self, names: list[str], levels: dict[int, list[Any]]) -> None:
        self.names = names
        self.levels = levels

    @classmethod
    def of(cls, given: Input, accepts_categories: bool) -> Features:
        """The columns of a table; an error where the learner does not take them."""
        made = cls([f"x{j}" for j in range(given.n_features)] if given.names is None else list(given.names), {})
        if given.rows is not None or given.sparse is not None:
            return made
        for j, column in enumerate(_table_of(given).columns):
            if _is_number(column.type):
                continue
            if not _is_category(column.type):
                raise _refused(made.names[j], column.type, "Turn it into numbers or categories first.")
            if not accepts_categories:
                remedy = "This learner takes numbers only: encode it, as with kolosal.preprocess.OneHotEncoder."
                raise _refused(made.names[j], column.type, remedy)
            made.levels[j] = _levels_of(column)
        return made

    def n_categories(self) -> list[int]:
        """Levels of each column; 0 for a number."""
        return [len(self.levels.get(j, ())) for j in range(len(self.names))]

    def rows(self, given: Input) -> np.ndarray | Compressed:
        """The rows, (n_rows, n_features) float32 or float64 (NaN: missing, or a level that was not seen), or those of a sparse matrix."""
        if given.sparse is not None:
            return given.sparse
        if given.rows is not None:
            if self.levels:
                named = ", ".join(repr(self.names[j]) for j in self.levels)
                raise InvalidInputError(f"{named}: categories in fit, but X is an array of numbers", "feature_mismatch", "Pass a frame.")
            return given.rows
        made = np.empty((given.n_rows, given.n_features), dtype=np.float32, order="F")
        for j, column in enumerate(_table_of(given).columns):
            if column.null_count == len(column) or (j in self.levels and _holds_nan_alone(column)):
                made[:, j] = np.nan  # the type of a column without a value, which frames choose freely, tells nothing
            else:
                made[:, j] = self._codes(j, column) if j in self.levels else self._numbers(j, column)
        return made

    def _numbers(self, j: int, column: pa.ChunkedArray) -> np.ndarray:
        if not _is_number(column.type):
            raise _refused(self.names[j], column.type, "It held numbers in fit.")
        if pa.types.is_decimal(column.type):
            column = pc.cast(column, pa.float64())
        return np.asarray(pc.cast(column, pa.float32(), safe=False).to_numpy(), dtype=np.float32)

    def _codes(self, j: int, column: pa.ChunkedArray) -> np.ndarray:
        encoded = _encoded(column)
        try:
            levels = pa.array(self.levels[j], type=encoded.dictionary.type)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            held = "categories" if _is_number(column.type) else "other categories"
            raise _refused(self.names[j], column.type, f"It held {held} in fit.") from None
        places = pc.index_in(encoded.dictionary, value_set=levels)
        return np.asarray(pc.cast(places.take(encoded.indices), pa.float32()).to_numpy(zero_copy_only=False), dtype=np.float32)


def warn_of_lost_digits(given: Input, features: Features) -> None:
    """Warns of columns of numbers that are alike where float32, in which learners see them, does not tell them apart."""
    lost = []
    step = -(-given.n_rows // MOST_LOOKED_AT)
    if given.rows is not None and given.rows.dtype == np.float64:
        looked_at = given.rows[::step]
        lost = [j for j in range(given.n_features) if _loses_digits(looked_at[:, j])]
    elif given.frame is not None:
        table = pa.table(to_arrow(given.frame.iloc[::step])) if hasattr(given.frame, "iloc") else _table_of(given)
        for j, column in enumerate(table.columns):
            if pa.types.is_float64(column.type) or pa.types.is_int64(column.type) or pa.types.is_uint64(column.type):
                some = column if len(column) <= MOST_LOOKED_AT else column.take(pa.array(np.arange(0, len(column), step)))
                if _loses_digits(some.to_numpy().astype(np.float64)):
                    lost.append(j)
    if lost:
        named = ", ".join(repr(features.names[j]) for j in lost[:5]) + (", ..." if len(lost) > 5 else "")
        warnings.warn(
            f"{named}: models see numbers as float32, of seven digits, and here the digits beyond them differ: subtract a start from the "
            "column, as of a point in time, or scale it, as kolosal.preprocess.StandardScaler does",
            UserWarning,
            stacklevel=4,
        )


def _loses_digits(column: np.ndarray) -> bool:
    """Whether numbers that differ become the same as float32, by more than a small part of how much they scatter."""
    with np.errstate(over="ignore", invalid="ignore"):
        narrow = column.astype(np.float32)
        loss = np.abs(column - narrow)
    kept = np.isfinite(loss)
    if not kept.all():
        column, narrow, loss = column[kept], narrow[kept], loss[kept]
    if len(column) == 0 or not loss.max() > LARGEST_LOSS * column.std():
        return False
    return len(np.unique(narrow)) < len(np.unique(column))


def _table_of(given: Input) -> pa.Table:
    return pa.table(to_arrow(given.frame))


def _is_number(kind: pa.DataType) -> bool:
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal, pa.types.is_null)
    return any(test(kind) for test in tests)


def _is_category(kind: pa.DataType) -> bool:
    tests = (pa.types.is_dictionary, pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(test(kind) for test in tests)


def _holds_nan_alone(column: pa.ChunkedArray) -> bool:
    return pa.types.is_floating(column.type) and bool(pc.all(pc.is_nan(column)).as_py())


def _encoded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    if pa.types.is_string_view(column.type):
        column = column.cast(pa.large_string())
    column = column.unify_dictionaries() if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    encoded = column.combine_chunks()
    if pa.types.is_string_view(encoded.dictionary.type):  # of which Arrow's functions take none
        return pa.DictionaryArray.from_arrays(encoded.indices, encoded.dictionary.cast(pa.large_string()))
    return encoded


def _levels_of(column: pa.ChunkedArray) -> list[Any]:
    """The levels that occur: in the order of the dictionary, as the frame says it; texts without one are sorted."""
    encoded = _encoded(column)
    used = np.unique(encoded.indices.drop_null().to_numpy(zero_copy_only=False))
    levels: list[Any] = encoded.dictionary.take(pa.array(used)).to_pylist()
    return levels if pa.types.is_dictionary(column.type) else sorted(levels)


def _refused(name: str, kind: pa.DataType, remedy: str) -> InvalidInputError:
    held = "categories" if _is_category(kind) else "numbers" if _is_number(kind) else f"values of type {kind}"
    return InvalidInputError(f"column '{name}' holds {held}", "bad_value", remedy)
