"""Encoders of categories under the names of scikit-learn and category_encoders."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from .. import _kolosal
from .._errors import InvalidInputError
from .._input import Input, frame_of, output_of, row_weights
from .._tables import to_native
from ._base import CatalogTransformer, Incremental, Invertible, NamedNatively, Weighted, parameters_text


class _Encoder(CatalogTransformer):
    """What the encoders share: the levels of each column.

    Attributes:
        categories_: the levels of each column, in order; missing is none of them.
    """

    _numeric = False

    def _input(self, X: Any) -> Input:
        return Input(X, self._numeric, as_levels=True)

    def _learnt(self, given: Input) -> None:
        super()._learnt(given)
        numbers = given.rows is not None and given.rows.dtype.kind in "fiu"
        self.categories_ = [np.array(texts, dtype=np.float64 if numbers else object) for texts in self._levels]

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self._levels = [column["levels"] for column in fitted["columns"]]


class _InvertibleEncoder(_Encoder, Invertible):
    """An encoder whose columns tell the level again."""

    def inverse_transform(self, X: Any) -> Any:
        """The levels of rows that ``transform`` gave: numbers where ``fit`` was given an array of numbers."""
        made = super().inverse_transform(X)
        numbers = all(levels.dtype.kind == "f" for levels in self.categories_)
        return made.astype(np.float64) if numbers and isinstance(made, np.ndarray) else made


class OrdinalEncoder(Incremental, _InvertibleEncoder):
    """Each level becomes its number in order; missing values stay missing.

    ``handle_unknown`` is "error" or "use_encoded_value", which gives ``unknown_value`` (None: missing). Missing values become
    ``encoded_missing_value`` where it is not None.
    """

    _catalog_name = "ordinal"
    _fits_a_part = True

    def __init__(
        self, *, handle_unknown: str = "error", unknown_value: float | None = None, encoded_missing_value: float | None = None
    ) -> None:
        self.handle_unknown = handle_unknown
        self.unknown_value = unknown_value
        self.encoded_missing_value = encoded_missing_value

    def _native_parameters(self) -> dict[str, Any]:
        if self.handle_unknown not in ("error", "use_encoded_value"):
            raise InvalidInputError(f"handle_unknown is '{self.handle_unknown}'; allowed: error, use_encoded_value", "bad_value")
        value = _number_or_none(self.unknown_value) if self.handle_unknown == "use_encoded_value" else None
        unknown = "error" if self.handle_unknown == "error" else "missing" if value is None else "default"
        return {"unknown": unknown, "unknown_value": value, "missing_value": _number_or_none(self.encoded_missing_value)}


def _number_or_none(value: float | None) -> float | None:
    return None if value is None or value != value else float(value)


# What an unknown level gives, as category_encoders and as the catalog spell it.
_HANDLE_UNKNOWN = {"error": "error", "return_nan": "missing", "value": "default"}


class _UnknownByValue(CatalogTransformer):
    """One whose ``handle_unknown`` is spelt as in category_encoders."""

    handle_unknown: str

    def _native_parameters(self) -> dict[str, Any]:
        parameters = super()._native_parameters()
        unknown = parameters.pop("handle_unknown")
        if unknown not in _HANDLE_UNKNOWN:
            raise InvalidInputError(f"handle_unknown is '{unknown}'; allowed: {', '.join(_HANDLE_UNKNOWN)}", "bad_value")
        return {**parameters, "unknown": _HANDLE_UNKNOWN[unknown]}


class FrequencyEncoder(_UnknownByValue, Weighted, Incremental, _Encoder):
    """Each level becomes the share of the training rows that have it; missing is a level.

    ``handle_unknown`` is "value" (0 for a level not seen), "return_nan" or "error".
    """

    _catalog_name = "frequency_encode"
    _fits_a_part = True

    def __init__(self, *, handle_unknown: str = "value") -> None:
        self.handle_unknown = handle_unknown


class CountEncoder(_UnknownByValue, Weighted, Incremental, _Encoder):
    """Each level becomes the number of training rows that have it, or with ``normalize`` their share; missing is a level.

    ``handle_unknown`` is "value" (0 for a level not seen), "return_nan" or "error".
    """

    _catalog_name = "frequency_encode"
    _fits_a_part = True

    def __init__(self, *, normalize: bool = False, handle_unknown: str = "value") -> None:
        self.normalize = normalize
        self.handle_unknown = handle_unknown


class BinaryEncoder(_UnknownByValue, Weighted, Incremental, NamedNatively, _Encoder):
    """The number of each level, in order and from 1 on, as bits: a column for each, the lowest first. Missing values stay missing.

    ``handle_unknown`` is "value" (no bit set for a level not seen), "return_nan" or "error".
    """

    _catalog_name = "binary_encode"
    _fits_a_part = True

    def __init__(self, *, handle_unknown: str = "value") -> None:
        self.handle_unknown = handle_unknown


class HashingEncoder(Incremental, NamedNatively):
    """Each level sets one of ``n_components`` columns, named by its hash, to 1 or, for half of the levels with ``alternate_sign``, to -1.

    Nothing is learnt: any level has a place, and different ones may share it.
    """

    _catalog_name = "hash_encode"
    _fits_a_part = True
    _numeric = False

    def __init__(self, *, n_components: int = 8, alternate_sign: bool = True) -> None:
        self.n_components = n_components
        self.alternate_sign = alternate_sign


class _TargetStatistic(Weighted, _Encoder):
    """What encodings by the target share: a column keeps its name, and has one for each class where there are more than two."""

    _needs_target = True

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        super()._read_fitted(fitted)
        self._endings = []
        for column in fitted["columns"]:
            outputs = column["outputs"]
            self._endings.append([""] if len(outputs) == 1 else [name[len(column["name"]) + len("__target") :] for name in outputs])

    def _names_out(self, names: list[str]) -> list[str]:
        return [name + ending for name, endings in zip(names, self._endings, strict=True) for ending in endings]


class TargetEncoder(_TargetStatistic):
    """Each level becomes the mean target of its rows, drawn to the mean of all by ``smooth`` rows.

    ``smooth`` "auto" draws each level by its variance (empirical Bayes); levels of fewer than ``min_samples`` rows get the mean of all.
    ``fit_transform`` encodes each row without its own fold: of ``cv`` folds drawn at random, or of the given pairs of training and test
    rows, which are then encoded by what the training rows teach. A target of several classes gives a column for each.
    """

    _catalog_name = "target_encode"

    def __init__(
        self,
        *,
        smooth: float | str = "auto",
        min_samples: float = 0.0,
        cv: int | Iterable[Any] = 5,
        random_state: int | None = None,
    ) -> None:
        self.smooth = smooth
        self.min_samples = min_samples
        self.cv = cv
        self.random_state = random_state

    def _native_parameters(self) -> dict[str, Any]:
        if isinstance(self.smooth, str) and self.smooth != "auto":
            raise InvalidInputError(f"smooth is '{self.smooth}'; allowed: a number, auto", "bad_value")
        smoothing = None if self.smooth == "auto" else self.smooth
        folds = {"n_folds": self.cv} if isinstance(self.cv, (int, np.integer)) else {}
        return {"smoothing": smoothing, "min_samples": self.min_samples, **folds}

    def _fit_transform(self, X: Any, y: Any, sample_weight: Any) -> Any:
        if isinstance(self.cv, (int, np.integer)):
            return super()._fit_transform(X, y, sample_weight)
        given = self._input(X)
        self._fit(given, y, sample_weight, transform=False)
        names = self._names_in()
        table, target = pa.table(given.to_native(names)), pa.table(self._target(y, given.n_rows))
        weights = row_weights(sample_weight, given.n_rows)
        parameters = parameters_text(self._native_parameters(), names)
        made = self._rows_of(self._native.transform(given.to_native(names)))
        for train, test in self.cv:
            known = None if weights is None else weights[train]
            parts = to_native(table.take(train)), to_native(target.take(train))
            fitted = _kolosal.fit_form(self._catalog_name, parameters, *parts, known, 0, self._seed())
            made[test] = self._rows_of(fitted.transform(to_native(table.take(test))))
        return frame_of(made, given, output_of(self._output), self._names_out(names))

    @staticmethod
    def _rows_of(table: _kolosal.Table) -> np.ndarray:
        return np.asarray(_kolosal.rows_from_table(table))


class LeaveOneOutEncoder(_UnknownByValue, _TargetStatistic):
    """Each level becomes the mean target of its rows, drawn to the mean of all by ``smoothing`` rows.

    ``fit_transform`` gives each row the mean of the other rows of its level. With few rows a level that tells the target: the row's own is
    what the others lack; :class:`CatBoostEncoder` and :class:`TargetEncoder` do not. ``handle_unknown`` is "value" (the mean of all),
    "return_nan" or "error".
    """

    _catalog_name = "leave_one_out_encode"

    def __init__(self, *, smoothing: float = 1.0, handle_unknown: str = "value") -> None:
        self.smoothing = smoothing
        self.handle_unknown = handle_unknown


class CatBoostEncoder(_UnknownByValue, _TargetStatistic):
    """Each level becomes the mean target of its rows, drawn to the mean of all by ``a`` rows.

    ``fit_transform`` gives each row the mean of the rows of its level that come before it, in the order of the table or, with ``shuffle``,
    in a random one. ``handle_unknown`` is "value" (the mean of all), "return_nan" or "error".
    """

    _catalog_name = "ordered_target_encode"
    _native_names: ClassVar[dict[str, str]] = {"a": "smoothing"}

    def __init__(self, *, a: float = 1.0, shuffle: bool = True, handle_unknown: str = "value", random_state: int | None = None) -> None:
        self.a = a
        self.shuffle = shuffle
        self.handle_unknown = handle_unknown
        self.random_state = random_state


class OneHotEncoder(Incremental, _InvertibleEncoder):
    """A column of 0 and 1 for each level; levels rarer than ``min_frequency`` rows, or beyond ``max_categories``, share one.

    ``handle_unknown`` is "error", "ignore" (a row of zeros) or "infrequent_if_exist" (the shared column where there is one). A missing
    value is a level of its own where there was one in fit, else an unknown one. ``sparse_output`` gives a SciPy CSR matrix; ``dtype`` is
    float64, float32 or uint8.
    """

    _catalog_name = "one_hot"
    _fits_a_part = True

    def __init__(
        self,
        *,
        drop: str | None = None,
        sparse_output: bool = False,
        dtype: Any = np.float64,
        handle_unknown: str = "error",
        min_frequency: float | None = None,
        max_categories: int | None = None,
    ) -> None:
        self.drop = drop
        self.sparse_output = sparse_output
        self.dtype = dtype
        self.handle_unknown = handle_unknown
        self.min_frequency = min_frequency
        self.max_categories = max_categories

    def _native_parameters(self) -> dict[str, Any]:
        if self.handle_unknown not in ("error", "ignore", "infrequent_if_exist"):
            raise InvalidInputError(f"handle_unknown is '{self.handle_unknown}'; allowed: error, ignore, infrequent_if_exist", "bad_value")
        return {
            "drop": self.drop or "none",
            "min_frequency": self.min_frequency or 1,
            "max_levels": self.max_categories,
            "unknown": "infrequent" if self.handle_unknown == "infrequent_if_exist" else self.handle_unknown,
            "missing": "level",
        }

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        super()._read_fitted(fitted)
        self._output_of = [np.array(column["output_of"]) for column in fitted["columns"]]
        self._native_outputs = [name for column in fitted["columns"] for name in column["outputs"]]
        self._n_outputs = [len(column["outputs"]) for column in fitted["columns"]]

    def _names_out(self, names: list[str]) -> list[str]:
        made = []
        for name, levels, places, n in zip(names, self.categories_, self._output_of, self._n_outputs, strict=True):
            endings = [""] * n
            for place, level in zip(places[:-2], levels, strict=True):
                if place >= 0:
                    endings[place] = str(level)
            if places[-1] >= 0:
                endings[places[-1]] = "nan"
            if places[-2] >= 0:
                endings[places[-2]] = "infrequent_sklearn"
            made += [f"{name}_{ending}" for ending in endings]
        return made

    def _native_names_out(self) -> list[str]:
        return self._native_outputs

    def _apply(self, given: Input) -> Any:
        table, kind = given.to_native(self._names_in()), self._kind()
        if not self.sparse_output:
            return self._native.dense_indicators(table, kind.str[1:], by_columns=self._gives_frame(given))
        from scipy.sparse import csr_matrix  # noqa: PLC0415

        starts, places, n_out = self._native.sparse_indicators(table)
        if starts[-1] <= np.iinfo(np.int32).max:
            starts = starts.astype(np.int32)
        return csr_matrix((np.ones(len(places), kind), places, starts), shape=(given.n_rows, n_out))

    def _kind(self) -> np.dtype:
        kind: np.dtype = np.dtype(self.dtype)
        if kind not in (np.dtype(np.float64), np.dtype(np.float32), np.dtype(np.uint8)):
            raise InvalidInputError(f"dtype is {kind}; allowed: float64, float32, uint8", "bad_value")
        return kind

    def _give(self, given: Input, made: Any) -> Any:
        return made if self.sparse_output else super()._give(given, made)
