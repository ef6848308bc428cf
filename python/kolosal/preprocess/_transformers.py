"""Scalers and encoders under scikit-learn's names."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._errors import InvalidInputError
from ._base import CatalogTransformer, Invertible, Weighted, fitted_column
from ._input import Input


class StandardScaler(Weighted, Invertible):
    """Each column gets mean 0 and standard deviation 1; missing values stay missing and do not count.

    Attributes:
        mean_: what is subtracted, (n_features,); None without ``with_mean``.
        scale_: what the difference is divided by, (n_features,); None without ``with_std``.
    """

    _catalog_name = "standard_scale"

    def __init__(self, *, with_mean: bool = True, with_std: bool = True) -> None:
        self.with_mean = with_mean
        self.with_std = with_std

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self.mean_ = fitted_column(fitted, "center") if self.with_mean else None
        self.scale_ = fitted_column(fitted, "scale") if self.with_std else None


class MinMaxScaler(Weighted, Invertible):
    """Each column is brought to ``feature_range``.

    Attributes:
        data_min_: the smallest value of each column, (n_features,).
        scale_, min_: a value x becomes x * scale_ + min_; both (n_features,).
    """

    _catalog_name = "min_max_scale"

    def __init__(self, feature_range: tuple[float, float] = (0, 1)) -> None:
        self.feature_range = feature_range

    def _native_parameters(self) -> dict[str, Any]:
        low, high = self.feature_range
        return {"low": low, "high": high}

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self.data_min_ = fitted_column(fitted, "center")
        self.scale_ = 1 / fitted_column(fitted, "scale")
        self.min_ = fitted_column(fitted, "offset") - self.data_min_ * self.scale_


class RobustScaler(Invertible):
    """Each column loses its median and is divided by the distance of two quantiles.

    Attributes:
        center_: the medians, (n_features,); None without ``with_centering``.
        scale_: the distances, (n_features,); None without ``with_scaling``.
    """

    _catalog_name = "robust_scale"

    def __init__(
        self, *, with_centering: bool = True, with_scaling: bool = True, quantile_range: tuple[float, float] = (25.0, 75.0)
    ) -> None:
        self.with_centering = with_centering
        self.with_scaling = with_scaling
        self.quantile_range = quantile_range

    def _native_parameters(self) -> dict[str, Any]:
        low, high = self.quantile_range
        return {
            "with_centering": self.with_centering,
            "with_scaling": self.with_scaling,
            "low_quantile": low / 100,
            "high_quantile": high / 100,
        }

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self.center_ = fitted_column(fitted, "center") if self.with_centering else None
        self.scale_ = fitted_column(fitted, "scale") if self.with_scaling else None


class MaxAbsScaler(Weighted, Invertible):
    """Each column is divided by its largest magnitude.

    Attributes:
        scale_: the magnitudes, 1 where a column is all zeros; (n_features,).
    """

    _catalog_name = "max_abs_scale"

    def __init__(self) -> None:
        pass

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self.scale_ = fitted_column(fitted, "scale")


class Normalizer(CatalogTransformer):
    """The numbers of each row are divided by the row's ``norm``: "l1", "l2" or "max"."""

    _catalog_name = "normalize"

    def __init__(self, norm: str = "l2") -> None:
        self.norm = norm


class _Encoder(CatalogTransformer):
    """What the encoders share: the levels of each column.

    Attributes:
        categories_: the levels of each column, in order; missing is none of them.
    """

    _numeric = False

    def _fit(self, given: Input, y: Any, sample_weight: Any, transform: bool) -> Any:
        made = super()._fit(given, y, sample_weight, transform)
        numbers = given.rows is not None and given.rows.dtype.kind in "fiu"
        self.categories_ = [np.array(texts, dtype=np.float64 if numbers else object) for texts in self._levels]
        return made

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self._levels = [column["levels"] for column in fitted["columns"]]


class OrdinalEncoder(_Encoder):
    """Each level becomes its number in order; missing values stay missing.

    ``handle_unknown`` is "error" or "use_encoded_value", which gives ``unknown_value`` (None: missing). Missing values become
    ``encoded_missing_value`` where it is not None.
    """

    _catalog_name = "ordinal"

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


class FrequencyEncoder(Weighted, _Encoder):
    """Each level becomes the share of the training rows that have it; 0 for a level not seen."""

    _catalog_name = "frequency_encode"

    def __init__(self) -> None:
        pass


class TargetEncoder(Weighted, _Encoder):
    """Each level becomes the mean target of its rows, drawn to the mean of all by ``smooth`` rows.

    ``smooth`` "auto" draws each level by its variance (empirical Bayes); levels of fewer than ``min_samples`` rows get the mean of all.
    ``fit_transform`` encodes each row without its own fold of ``cv``. A target of several classes gives a column for each.
    """

    _catalog_name = "target_encode"
    _needs_target = True

    def __init__(self, *, smooth: float | str = 10.0, min_samples: float = 0.0, cv: int = 5, random_state: int | None = None) -> None:
        self.smooth = smooth
        self.min_samples = min_samples
        self.cv = cv
        self.random_state = random_state

    def _native_parameters(self) -> dict[str, Any]:
        if isinstance(self.smooth, str) and self.smooth != "auto":
            raise InvalidInputError(f"smooth is '{self.smooth}'; allowed: a number, auto", "bad_value")
        smoothing = None if self.smooth == "auto" else self.smooth
        return {"smoothing": smoothing, "min_samples": self.min_samples, "n_folds": self.cv}

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        super()._read_fitted(fitted)
        self._endings = []
        for column in fitted["columns"]:
            outputs = column["outputs"]
            self._endings.append([""] if len(outputs) == 1 else [name[len(column["name"]) + len("__target") :] for name in outputs])

    def _names_out(self, names: list[str]) -> list[str]:
        return [name + ending for name, endings in zip(names, self._endings, strict=True) for ending in endings]


class OneHotEncoder(_Encoder):
    """A column of 0 and 1 for each level; levels rarer than ``min_frequency`` rows, or beyond ``max_categories``, share one.

    ``handle_unknown`` is "error", "ignore" (a row of zeros) or "infrequent_if_exist" (the shared column where there is one). A missing
    value is a level of its own where there was one in fit. ``sparse_output`` gives a SciPy CSR matrix.
    """

    _catalog_name = "one_hot"

    def __init__(
        self,
        *,
        drop: str | None = None,
        sparse_output: bool = False,
        handle_unknown: str = "error",
        min_frequency: float | None = None,
        max_categories: int | None = None,
    ) -> None:
        self.drop = drop
        self.sparse_output = sparse_output
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

    def _apply(self, given: Input) -> Any:
        starts, places, n_out = self._native.sparse_indicators(given.to_native(self._names_in()))
        if self.sparse_output:
            from scipy.sparse import csr_matrix  # noqa: PLC0415

            if starts[-1] <= np.iinfo(np.int32).max:
                starts = starts.astype(np.int32)
            return csr_matrix((np.ones(len(places)), places, starts), shape=(given.n_rows, n_out))
        made = np.zeros((given.n_rows, n_out))
        made[np.repeat(np.arange(given.n_rows), np.diff(starts)), places] = 1
        return made

    def _give(self, given: Input, made: Any) -> Any:
        return made if self.sparse_output else super()._give(given, made)
