"""Encoders of categories under the names of scikit-learn and category_encoders."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
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
        kinds = pa.table(given.no_rows(self._names_in())).schema.types
        self._kinds_in = {j: kind for j, kind in enumerate(kinds) if pa.types.is_primitive(kind) and not pa.types.is_temporal(kind)}
        self.categories_ = [_values(texts, self._kinds_in.get(j)) for j, texts in enumerate(self._levels)]

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self._levels = [column["levels"] for column in fitted["columns"]]


def _values(texts: list[str], kind: pa.DataType | None) -> np.ndarray:
    """Levels that native code wrote as the values that they are of."""
    if kind is not None and pa.types.is_boolean(kind):
        return np.array([text == "true" for text in texts])
    return np.array(texts, dtype=object if kind is None else np.float64)


class _InvertibleEncoder(_Encoder, Invertible):
    """An encoder whose columns tell the level again: a number or a Boolean where ``fit`` was given those."""

    def _undo(self, table: _kolosal.Table) -> _kolosal.Table:
        made = super()._undo(table)
        if not self._kinds_in:
            return made
        levels = pa.table(made)
        for j, kind in self._kinds_in.items():
            levels = levels.set_column(j, levels.column_names[j], levels.column(j).cast(pa.string()).cast(kind))
        return to_native(levels)


class _OfGivenLevels(Weighted, Incremental, _InvertibleEncoder):
    """An encoder whose levels can be given: ``categories`` is "auto", or for each column its levels in order."""

    categories: str | Sequence[Sequence[Any]]

    def _native_parameters(self) -> dict[str, Any]:
        return self._parameters_for(self._names_in() if self._levels_are_given() else [])

    def _parameters_for(self, columns: Sequence[str]) -> dict[str, Any]:
        if not self._levels_are_given():
            return self._own_parameters()
        if len(self.categories) != len(columns):
            raise InvalidInputError(f"categories has levels of {len(self.categories)} columns, not of {len(columns)}", "bad_value")
        return {
            **self._own_parameters(),
            "levels": {name: _level_texts(levels) for name, levels in zip(columns, self.categories, strict=True)},
        }

    @abstractmethod
    def _own_parameters(self) -> dict[str, Any]:
        """The native parameters but for the levels that are given."""

    def _levels_are_given(self) -> bool:
        if isinstance(self.categories, str) and self.categories != "auto":
            raise InvalidInputError(f"categories is '{self.categories}'; allowed: auto, a list of levels for each column", "bad_value")
        return not isinstance(self.categories, str)

    def _learnt(self, given: Input) -> None:
        super()._learnt(given)
        if not isinstance(self.categories, str):
            self.categories_ = [np.array(levels) for levels in self.categories]


def _level_texts(levels: Sequence[Any]) -> list[str | None]:
    """Levels as native code writes them; None for a missing value."""
    column = np.array(list(levels), dtype=object)
    there = np.array([value is not None and value == value for value in column], dtype=bool)
    if not there.any():
        return [None] * len(column)
    table = Input(column[there].reshape(-1, 1), False, as_levels=True).to_native(["level"])
    fitted, codes = _kolosal.fit_transformer("ordinal", json.dumps({"columns": ["level"]}), table, None, None)
    texts = json.loads(fitted.to_json())["fitted"]["columns"][0]["levels"]
    written = iter(np.asarray(_kolosal.rows_from_table(codes))[:, 0].astype(int))
    return [texts[next(written)] if known else None for known in there]


class OrdinalEncoder(_OfGivenLevels):
    """Each level becomes its number in order; missing values stay missing.

    ``categories`` is "auto", the levels that are found, sorted, or for each column its levels in order.
    ``handle_unknown`` is "error" or "use_encoded_value", which gives ``unknown_value`` (None: missing). Missing values become
    ``encoded_missing_value`` where it is not None.
    """

    _catalog_name = "ordinal"
    _fits_a_part = True
    _words: ClassVar[dict[str, str]] = {
        "set unknown to missing or default": "set handle_unknown to use_encoded_value",
        "choose what an unknown level gives": "set handle_unknown to use_encoded_value",
        "OrdinalEncoder.levels": "OrdinalEncoder.categories",
    }

    def __init__(
        self,
        *,
        categories: str | Sequence[Sequence[Any]] = "auto",
        handle_unknown: str = "error",
        unknown_value: float | None = None,
        encoded_missing_value: float | None = None,
    ) -> None:
        self.categories = categories
        self.handle_unknown = handle_unknown
        self.unknown_value = unknown_value
        self.encoded_missing_value = encoded_missing_value

    def _own_parameters(self) -> dict[str, Any]:
        if self.handle_unknown not in ("error", "use_encoded_value"):
            raise InvalidInputError(f"handle_unknown is '{self.handle_unknown}'; allowed: error, use_encoded_value", "bad_value")
        value = _number_or_none(self.unknown_value) if self.handle_unknown == "use_encoded_value" else None
        unknown = "error" if self.handle_unknown == "error" else "missing" if value is None else "default"
        return {
            "unknown": unknown,
            "unknown_value": value,
            "missing_value": _number_or_none(self.encoded_missing_value),
        }


def _number_or_none(value: float | None) -> float | None:
    return None if value is None or value != value else float(value)


# What an unknown level gives, as category_encoders and as the catalog spell it.
_HANDLE_UNKNOWN = {"error": "error", "return_nan": "missing", "value": "default"}


class _UnknownByValue(CatalogTransformer):
    """One whose ``handle_unknown`` is spelt as in category_encoders."""

    handle_unknown: str
    _words: ClassVar[dict[str, str]] = {"set unknown to missing or default": "set handle_unknown to return_nan or value"}

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

    Attributes:
        encodings_: what each level of a column becomes: an array for each column, of several classes for each column and class.
        target_mean_: the mean target; of several classes the share of each, (n_classes,).
        target_type_: "binary", "multiclass" or "continuous".
        classes_: the classes in order; None of a continuous target.
    """

    _catalog_name = "target_encode"
    _words: ClassVar[dict[str, str]] = {"smoothing": "smooth", "n_folds": "cv"}

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
        table, target, weights = given.to_native(names), self._target(y, given.n_rows), row_weights(sample_weight, given.n_rows)
        rows, parameters = pa.table(table), parameters_text(self._native_parameters(), names)
        made = np.empty((given.n_rows, len(self._names_out(names))))
        for train, test in self._folds(X, y, given.n_rows):
            fitted = _kolosal.fit_form(self._catalog_name, parameters, table, target, weights, 0, self._seed(), train.tolist())
            made[test] = self._rows_of(fitted.transform(to_native(rows.take(test))))
        return frame_of(made, given, output_of(self._output), self._names_out(names))

    def _folds(self, X: Any, y: Any, n_rows: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """The pairs of training and test rows of ``cv``: each row is tested once, and never by what it taught."""
        pairs: Any = self.cv.split(X, y) if hasattr(self.cv, "split") else self.cv
        folds = []
        for train, test in pairs:
            taught, tested = (
                np.flatnonzero(side) if np.asarray(side).dtype == bool else np.asarray(side, dtype=np.int64) for side in (train, test)
            )
            if np.intersect1d(taught, tested).size:
                raise InvalidInputError("cv has a fold whose test rows are among its training rows", "bad_value", "Leave them out there.")
            folds.append((taught, tested))
        times = np.bincount(np.concatenate([np.empty(0, dtype=np.int64), *(test for _, test in folds)]), minlength=n_rows)
        if len(times) != n_rows or (times != 1).any():
            raise InvalidInputError(
                "cv does not test each row exactly once",
                "bad_value",
                "Pass folds that part the rows, such as KFold; TimeSeriesSplit does not.",
            )
        return folds

    def _fit(self, given: Input, y: Any, sample_weight: Any, transform: bool) -> Any:
        made = super()._fit(given, y, sample_weight, transform)
        labels = np.unique(np.asarray(y))
        several = any(len(endings) > 1 for endings in self._endings)
        self.target_type_ = "multiclass" if several else "binary" if len(labels) == 2 else "continuous"  # noqa: PLR2004
        self.classes_ = None if self.target_type_ == "continuous" else labels
        return made

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        super()._read_fitted(fitted)
        self.encodings_ = []
        for column in fitted["columns"]:
            numbers = np.array(column["values"]).reshape(len(column["levels"]) + 2, -1)
            self.encodings_ += list(numbers[:-2].T)
            self.target_mean_ = numbers[-2] if numbers.shape[1] > 1 else float(numbers[-2, 0])

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


class OneHotEncoder(_OfGivenLevels):
    """A column of 0 and 1 for each level; levels rarer than ``min_frequency`` rows, or beyond ``max_categories``, share one.

    ``categories`` is "auto", the levels that are found, sorted, or for each column its levels in order. A row of weight w counts w times.
    ``handle_unknown`` is "error", "ignore" (a row of zeros) or "infrequent_if_exist" (the shared column where there is one). A missing
    value is a level of its own where there was one in fit, else an unknown one. ``sparse_output`` gives a SciPy CSR matrix; ``dtype`` is
    float64, float32 or uint8.
    """

    _catalog_name = "one_hot"
    _fits_a_part = True
    _words: ClassVar[dict[str, str]] = {
        "set unknown to ignore or infrequent": "set handle_unknown to ignore or infrequent_if_exist",
        "choose what an unknown level gives": "set handle_unknown to ignore",
        "max_levels": "max_categories",
        "OneHotEncoder.levels": "OneHotEncoder.categories",
        "one of none, first": "one of None, first",
    }

    def __init__(
        self,
        *,
        categories: str | Sequence[Sequence[Any]] = "auto",
        drop: str | None = None,
        sparse_output: bool = False,
        dtype: Any = np.float64,
        handle_unknown: str = "error",
        min_frequency: float | None = None,
        max_categories: int | None = None,
        feature_name_combiner: str | Callable[[str, Any], str] = "concat",
    ) -> None:
        self.categories = categories
        self.drop = drop
        self.sparse_output = sparse_output
        self.dtype = dtype
        self.handle_unknown = handle_unknown
        self.min_frequency = min_frequency
        self.max_categories = max_categories
        self.feature_name_combiner = feature_name_combiner

    def _own_parameters(self) -> dict[str, Any]:
        if self.handle_unknown not in ("error", "ignore", "infrequent_if_exist"):
            raise InvalidInputError(f"handle_unknown is '{self.handle_unknown}'; allowed: error, ignore, infrequent_if_exist", "bad_value")
        return {
            "drop": self.drop or "none",
            "min_frequency": self.min_frequency or 0,
            "max_levels": self.max_categories,
            "unknown": "infrequent" if self.handle_unknown == "infrequent_if_exist" else self.handle_unknown,
            "missing": "level",
        }

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        super()._read_fitted(fitted)
        self._output_of = [np.array(column["output_of"]) for column in fitted["columns"]]
        self._native_outputs = [name for column in fitted["columns"] for name in column["outputs"]]
        self._n_outputs = [len(column["outputs"]) for column in fitted["columns"]]

    @property
    def drop_idx_(self) -> np.ndarray | None:
        """Of each column the number of the level that has no column; None where it has all, or with ``drop=None`` altogether."""
        self._check_fitted()
        if self.drop is None:
            return None
        gone = [np.flatnonzero(places[:-2] < 0) for places in self._output_of]
        return np.array([int(places[0]) if len(places) else None for places in gone], dtype=object)

    @property
    def infrequent_categories_(self) -> list[np.ndarray | None]:
        """Of each column the levels that share one; None where none do."""
        self._check_fitted()
        shared = []
        for levels, places in zip(self.categories_, self._output_of, strict=True):
            known = levels[: len(places) - 2]
            rare = known[places[:-2] == places[-2]] if places[-2] >= 0 else known[:0]
            shared.append(rare if len(rare) else None)
        return shared

    def _names_out(self, names: list[str]) -> list[str]:
        made = []
        for name, levels, places, n in zip(names, self.categories_, self._output_of, self._n_outputs, strict=True):
            endings: list[Any] = [""] * n
            for place, level in zip(places[:-2], [level for level in levels if level is not None and level == level], strict=True):
                if place >= 0:
                    endings[place] = level
            if places[-1] >= 0:
                endings[places[-1]] = "nan"
            if places[-2] >= 0:
                endings[places[-2]] = "infrequent_sklearn"
            made += [self._combined(name, ending) for ending in endings]
        return made

    def _combined(self, name: str, level: Any) -> str:
        if callable(self.feature_name_combiner):
            return self.feature_name_combiner(name, level)
        if self.feature_name_combiner != "concat":
            raise InvalidInputError(f"feature_name_combiner is '{self.feature_name_combiner}'; allowed: concat, a function", "bad_value")
        return f"{name}_{level}"

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
