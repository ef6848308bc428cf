"""Selection of columns under scikit-learn's names."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._base import CatalogTransformer


class VarianceThreshold(CatalogTransformer):
    """Columns whose variance is at most ``threshold`` go; missing values do not count. Where all would go, the first stays."""

    _catalog_name = "variance_threshold"

    def __init__(self, threshold: float = 0.0) -> None:
        self.threshold = threshold

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        kept = {column["name"] for column in fitted["columns"]}
        self._support = np.array([name in kept for name in self._names_in()])

    def get_support(self, indices: bool = False) -> np.ndarray:
        """Which columns stay: a mask, or their numbers."""
        self._check_fitted()
        return np.flatnonzero(self._support) if indices else self._support

    def _names_out(self, names: list[str]) -> list[str]:
        return [name for name, stays in zip(names, self._support, strict=True) if stays]
