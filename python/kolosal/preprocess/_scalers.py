"""Scalers under scikit-learn's names."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .. import _kolosal
from .._errors import InvalidInputError
from .._input import Input
from .._sparse import Compressed
from ._base import Incremental, Weighted, fitted_column, parameters_text
from ._zeros_kept import ZerosKept, ZerosKeptBothWays


def ends_of(name: str, given: Any) -> tuple[float, float]:
    """The two numbers of a parameter that is a range."""
    if not isinstance(given, (tuple, list, np.ndarray)) or len(given) != 2:  # noqa: PLR2004
        raise InvalidInputError(f"{name} is {given!r}; allowed: two numbers, the lower first", "bad_value")
    return given[0], given[1]


class StandardScaler(ZerosKeptBothWays, Weighted, Incremental):
    """Each column gets mean 0 and standard deviation 1; missing values stay missing and do not count.

    Attributes:
        mean_: the means, which are subtracted unless ``with_mean`` is False, (n_features,); None without ``with_mean`` and ``with_std``.
        var_: the variances, (n_features,); None without ``with_std``.
        scale_: what the difference is divided by, (n_features,); None without ``with_std``.
        n_samples_seen_: rows that had a value, or their weight: a number where it is the same for every column, else (n_features,).
    """

    _catalog_name = "standard_scale"
    _fits_a_part = True

    def __init__(self, *, with_mean: bool = True, with_std: bool = True) -> None:
        self.with_mean = with_mean
        self.with_std = with_std

    def _moves_zeros(self) -> str | None:
        return "it subtracts means. Give with_mean=False, or pass a dense array." if self.with_mean else None

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self.scale_ = fitted_column(fitted, "scale") if self.with_std else None

    def _learnt(self, given: Input) -> None:
        super()._learnt(given)
        seen = self._seen()
        weights, means = (np.array([column[what] for column in seen], dtype=float) for what in ("weight", "mean"))
        variances = np.array([np.inf if column["variance"] is None else column["variance"] for column in seen])
        self._take_moments(weights, means, variances)

    def _learnt_sparse(self, given: Compressed, weights: np.ndarray | None) -> None:
        self._take_moments(*given.moments(weights))

    def _take_moments(self, weights: np.ndarray, means: np.ndarray, variances: np.ndarray) -> None:
        self.mean_ = means if self.with_mean or self.with_std else None
        self.var_ = variances if self.with_std else None
        whole = (weights == np.round(weights)).all()
        counts = weights.astype(np.int64) if whole else weights
        self.n_samples_seen_ = counts[0].item() if (counts == counts[0]).all() else counts


class MinMaxScaler(ZerosKeptBothWays, Weighted, Incremental):
    """Each column is brought to ``feature_range``.

    Attributes:
        data_min_, data_max_, data_range_: the smallest and the largest value of each column, and their difference, (n_features,).
        n_samples_seen_: the number of rows.
        scale_, min_: a value x becomes x * scale_ + min_; both (n_features,).
    """

    _catalog_name = "min_max_scale"
    _words: ClassVar[dict[str, str]] = {
        "low is": "feature_range begins at",
        "and high": "and ends at",
        "Let low be less than high": "Let feature_range begin below its end",
    }
    _fits_a_part = True

    def __init__(self, feature_range: tuple[float, float] = (0, 1)) -> None:
        self.feature_range = feature_range

    def _moves_zeros(self) -> str | None:
        return "it subtracts minima. Use MaxAbsScaler, or pass a dense array."

    def _native_parameters(self) -> dict[str, Any]:
        low, high = ends_of("feature_range", self.feature_range)
        return {"low": low, "high": high}

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self.scale_ = 1 / fitted_column(fitted, "scale")
        self.min_ = fitted_column(fitted, "offset") - fitted_column(fitted, "center") * self.scale_

    def _learnt(self, given: Input) -> None:
        super()._learnt(given)
        seen = self._seen()
        self.data_min_, self.data_max_ = (np.array([column[what] for column in seen], dtype=float) for what in ("min", "max"))
        with np.errstate(over="ignore"):
            self.data_range_ = self.data_max_ - self.data_min_
        self.n_samples_seen_ = self._n_rows_seen


class RobustScaler(ZerosKeptBothWays, Weighted, Incremental):
    """Each column loses its median and is divided by the distance of two quantiles.

    With ``unit_variance`` that distance is taken in units of what it is in a standard normal distribution.

    Attributes:
        center_: the medians, (n_features,); None without ``with_centering``.
        scale_: the distances, (n_features,); None without ``with_scaling``.
    """

    _catalog_name = "robust_scale"
    _words: ClassVar[dict[str, str]] = {
        "low_quantile is": "quantile_range begins, as a share, at",
        "and high_quantile": "and ends at",
        "Let low_quantile be less than high_quantile": "Let quantile_range begin below its end",
        "RobustScaler.low_quantile": "the begin of RobustScaler.quantile_range, as a share,",
        "RobustScaler.high_quantile": "the end of RobustScaler.quantile_range, as a share,",
    }

    def __init__(
        self,
        *,
        with_centering: bool = True,
        with_scaling: bool = True,
        quantile_range: tuple[float, float] = (25.0, 75.0),
        unit_variance: bool = False,
    ) -> None:
        self.with_centering = with_centering
        self.with_scaling = with_scaling
        self.quantile_range = quantile_range
        self.unit_variance = unit_variance

    def _moves_zeros(self) -> str | None:
        return "it subtracts medians. Give with_centering=False, or pass a dense array." if self.with_centering else None

    def _native_parameters(self) -> dict[str, Any]:
        low, high = ends_of("quantile_range", self.quantile_range)
        return {
            "with_centering": self.with_centering,
            "with_scaling": self.with_scaling,
            "low_quantile": low / 100,
            "high_quantile": high / 100,
            "unit_variance": self.unit_variance,
        }

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self.center_ = fitted_column(fitted, "center") if self.with_centering else None
        self.scale_ = fitted_column(fitted, "scale") if self.with_scaling else None


class MaxAbsScaler(ZerosKeptBothWays, Weighted, Incremental):
    """Each column is divided by its largest magnitude.

    Attributes:
        max_abs_: the magnitudes, (n_features,).
        scale_: the same, 1 where a column is all zeros; (n_features,).
        n_samples_seen_: the number of rows.
    """

    _catalog_name = "max_abs_scale"
    _fits_a_part = True

    def __init__(self) -> None:
        pass

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self.scale_ = fitted_column(fitted, "scale")

    def _learnt(self, given: Input) -> None:
        super()._learnt(given)
        ends = np.array([[column["min"], column["max"]] for column in self._seen()], dtype=float)
        self.max_abs_ = np.abs(ends).max(axis=1)
        self.n_samples_seen_ = self._n_rows_seen

    def _learnt_sparse(self, given: Compressed, weights: np.ndarray | None) -> None:
        self.max_abs_ = given.largest_magnitudes(weights)
        self.n_samples_seen_ = given.n_rows


class Normalizer(ZerosKept):
    """The numbers of each row are divided by the row's ``norm``: "l1", "l2" or "max"."""

    _catalog_name = "normalize"

    def __init__(self, norm: str = "l2") -> None:
        self.norm = norm

    def _fitted_on(self, X: Any, y: Any, sample_weight: Any) -> Any:
        if not self._takes_sparse(X):
            return super()._fitted_on(X, y, sample_weight)
        given = Compressed(X, "rows")
        self._learn_names(given)
        names = self._names_in()
        nothing = Input(np.zeros((1, given.n_features)), True)
        self._native = _kolosal.fit_form(self._catalog_name, parameters_text(self._native_parameters(), names), nothing.to_native(names))
        return self

    def _fit_transform(self, X: Any, y: Any, sample_weight: Any) -> Any:
        return self._fitted_on(X, y, sample_weight).transform(X) if self._takes_sparse(X) else super()._fit_transform(X, y, sample_weight)

    def transform(self, X: Any) -> Any:
        """What the rows of ``X`` become."""
        self._check_fitted()
        if not self._takes_sparse(X):
            return super().transform(X)
        given = Compressed(X, "rows")
        self._check_features(given)
        return given.with_values(_kolosal.norm_sparse_rows(self.norm, given.starts, given.values))
