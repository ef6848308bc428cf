"""Selection of columns, under the names of scikit-learn and feature_engine where they have one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np

from .._errors import InvalidInputError
from .._input import Input
from ._base import CatalogTransformer, Incremental, Weighted


class _Selection(Weighted):
    """What selections share. Where every column would go, the first stays."""

    def _learnt(self, given: Input) -> None:
        super()._learnt(given)
        names = self._names_in()
        kept = set(self._native.transform(given.no_rows(names)).names)
        self._support = np.array([name in kept for name in names])

    def get_support(self, indices: bool = False) -> np.ndarray:
        """Which columns stay: a mask, or their numbers."""
        self._check_fitted()
        return np.flatnonzero(self._support) if indices else self._support

    def _names_out(self, names: list[str]) -> list[str]:
        return [name for name, stays in zip(names, self._support, strict=True) if stays]


def _beyond_float(numbers: Iterable[float | None]) -> np.ndarray:
    """Numbers, of which None are too large for float64."""
    return np.array([np.inf if number is None else number for number in numbers])


class VarianceThreshold(Incremental, _Selection):
    """Columns whose variance is at most ``threshold`` go; missing values do not count. Where all would go, fitting is an error.

    Attributes:
        variances_: the variance of each column, (n_features,); where ``threshold`` is 0 the range, if that is smaller.
    """

    _catalog_name = "variance_threshold"
    _fits_a_part = True

    def __init__(self, threshold: float = 0.0) -> None:
        self.threshold = threshold

    def _learnt(self, given: Input) -> None:
        seen = self._seen()
        variances, ranges = (_beyond_float(column[what] for column in seen) for what in ("variance", "range"))
        self.variances_ = np.fmin(variances, ranges) if self.threshold == 0 else variances
        if not (self.variances_ > self.threshold).any():
            del self._native
            alone = " (X contains only one sample)" if given.n_rows == 1 else ""
            raise InvalidInputError(f"No feature in X meets the variance threshold {self.threshold:.5f}{alone}", "bad_value")
        super()._learnt(given)


class DropConstantFeatures(Incremental, _Selection):
    """Columns go in which one value has a share of ``tol`` of the rows; with ``missing_values="ignore"`` missing is no value."""

    _catalog_name = "drop_constant"
    _words: ClassVar[dict[str, str]] = {"max_share": "tol"}
    _numeric = False

    def __init__(self, *, tol: float = 1.0, missing_values: str = "include") -> None:
        self.tol = tol
        self.missing_values = missing_values

    def _native_parameters(self) -> dict[str, Any]:
        if self.missing_values not in ("include", "ignore"):
            raise InvalidInputError(f"missing_values is '{self.missing_values}'; allowed: include, ignore", "bad_value")
        return {"max_share": self.tol, "ignore_missing": self.missing_values == "ignore"}


class DropDuplicateFeatures(_Selection):
    """Columns that repeat an earlier one in every row go."""

    _catalog_name = "drop_duplicates"
    _numeric = False

    def __init__(self) -> None:
        pass


class DropCorrelatedFeatures(_Selection):
    """Columns go whose correlation with an earlier one that stays is larger than ``threshold``, whatever its sign."""

    _catalog_name = "drop_correlated"

    def __init__(self, *, threshold: float = 0.95) -> None:
        self.threshold = threshold


class SelectKBest(_Selection):
    """The ``k`` columns stay that tell most about the target: their mutual information, numbers cut into ``n_bins`` bins.

    ``correct_bias`` takes off what chance alone is expected to give.
    """

    _catalog_name = "mutual_information"
    _numeric = False
    _needs_target = True

    def __init__(self, k: int = 10, *, n_bins: int = 10, correct_bias: bool = True) -> None:
        self.k = k
        self.n_bins = n_bins
        self.correct_bias = correct_bias


class ColumnSelector(CatalogTransformer):
    """The ``columns`` named, in their order, and no others; numbers stand for those of an array; None for all."""

    _catalog_name = "select"
    _numeric = False

    def __init__(self, columns: Sequence[str | int] | None = None) -> None:
        self.columns = columns

    def _chosen(self, names: list[str]) -> list[str]:
        return names if self.columns is None else [names[each] if isinstance(each, (int, np.integer)) else each for each in self.columns]

    def _native_parameters(self) -> dict[str, Any]:
        return {}

    def _native_columns(self) -> list[str]:
        return self._chosen(self._names_in())

    def _names_out(self, names: list[str]) -> list[str]:
        return self._chosen(names)
