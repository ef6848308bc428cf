"""Scalers under scikit-learn's names."""

from __future__ import annotations

from typing import Any

from ._base import CatalogTransformer, Incremental, Invertible, Weighted, fitted_column


class StandardScaler(Weighted, Incremental, Invertible):
    """Each column gets mean 0 and standard deviation 1; missing values stay missing and do not count.

    Attributes:
        mean_: what is subtracted, (n_features,); None without ``with_mean``.
        scale_: what the difference is divided by, (n_features,); None without ``with_std``.
    """

    _catalog_name = "standard_scale"
    _fits_a_part = True

    def __init__(self, *, with_mean: bool = True, with_std: bool = True) -> None:
        self.with_mean = with_mean
        self.with_std = with_std

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self.mean_ = fitted_column(fitted, "center") if self.with_mean else None
        self.scale_ = fitted_column(fitted, "scale") if self.with_std else None


class MinMaxScaler(Weighted, Incremental, Invertible):
    """Each column is brought to ``feature_range``.

    Attributes:
        data_min_: the smallest value of each column, (n_features,).
        scale_, min_: a value x becomes x * scale_ + min_; both (n_features,).
    """

    _catalog_name = "min_max_scale"
    _fits_a_part = True

    def __init__(self, feature_range: tuple[float, float] = (0, 1)) -> None:
        self.feature_range = feature_range

    def _native_parameters(self) -> dict[str, Any]:
        low, high = self.feature_range
        return {"low": low, "high": high}

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self.data_min_ = fitted_column(fitted, "center")
        self.scale_ = 1 / fitted_column(fitted, "scale")
        self.min_ = fitted_column(fitted, "offset") - self.data_min_ * self.scale_


class RobustScaler(Weighted, Incremental, Invertible):
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


class MaxAbsScaler(Weighted, Incremental, Invertible):
    """Each column is divided by its largest magnitude.

    Attributes:
        scale_: the magnitudes, 1 where a column is all zeros; (n_features,).
    """

    _catalog_name = "max_abs_scale"
    _fits_a_part = True

    def __init__(self) -> None:
        pass

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self.scale_ = fitted_column(fitted, "scale")


class Normalizer(CatalogTransformer):
    """The numbers of each row are divided by the row's ``norm``: "l1", "l2" or "max"."""

    _catalog_name = "normalize"

    def __init__(self, norm: str = "l2") -> None:
        self.norm = norm
