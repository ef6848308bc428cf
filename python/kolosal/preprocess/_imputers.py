"""Imputers under scikit-learn's names."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from .._input import Input
from .._tables import to_native
from ._base import Incremental, Weighted


class SimpleImputer(Weighted, Incremental):
    """Missing values become the mean, median or most frequent value of their column, or a constant.

    A column without any value gets 0 (numbers) or "missing" (texts), and stays. Texts can be imputed in frames and object arrays. With
    ``add_indicator`` the columns that miss values in fit are followed, after the last column, by one each that tells where.

    Attributes:
        statistics_: what stands for a missing value in each column, (n_features,).
    """

    _catalog_name = "impute"
    _words: ClassVar[dict[str, str]] = {"mode": "most_frequent", "fill_text": "fill_value"}
    _numeric = False

    def __init__(self, *, strategy: str = "mean", fill_value: Any = None, add_indicator: bool = False) -> None:
        self.strategy = strategy
        self.fill_value = fill_value
        self.add_indicator = add_indicator

    def _native_parameters(self) -> dict[str, Any]:
        parameters: dict[str, Any] = {
            "strategy": "mode" if self.strategy == "most_frequent" else self.strategy,
            "add_indicator": self.add_indicator,
        }
        if isinstance(self.fill_value, str):
            parameters["fill_text"] = self.fill_value
        elif self.fill_value is not None:
            parameters["fill_value"] = self.fill_value
        return parameters

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        columns = fitted["columns"]
        texts = any(column["is_text"] for column in columns)
        values = [column["text"] if column["is_text"] else column["number"] for column in columns]
        self.statistics_ = np.array(values, dtype=object if texts else np.float64)
        self._indicated = [bool(column["indicator"]) for column in columns]

    def _names_out(self, names: list[str]) -> list[str]:
        return names + [f"missingindicator_{name}" for name, indicated in zip(names, self._indicated, strict=True) if indicated]

    def _apply(self, given: Input) -> Any:
        """The imputed columns, then the indicators, which native code puts beside them."""
        made = super()._apply(given)
        if not any(self._indicated):
            return made
        imputed = np.cumsum([0, *(1 + indicated for indicated in self._indicated[:-1])])
        order = [int(place) for place in imputed] + [
            int(place) + 1 for place, indicated in zip(imputed, self._indicated, strict=True) if indicated
        ]
        return np.ascontiguousarray(made[:, order]) if isinstance(made, np.ndarray) else to_native(pa.table(made).select(order))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class KNNImputer(Weighted):
    """Missing numbers become the mean of the ``n_neighbors`` nearest rows that have one.

    Distances are over the columns that both rows have. ``weights`` is "uniform" or "distance".
    """

    _catalog_name = "knn_impute"

    def __init__(self, *, n_neighbors: int = 5, weights: str = "uniform") -> None:
        self.n_neighbors = n_neighbors
        self.weights = weights


class IterativeImputer(Weighted):
    """Missing numbers are foretold from the other columns by Bayesian ridge regression, in rounds until they change less than ``tol``.

    Attributes:
        n_iter_: the rounds that were made.
    """

    _catalog_name = "iterative_impute"

    def __init__(self, *, max_iter: int = 10, tol: float = 1e-3) -> None:
        self.max_iter = max_iter
        self.tol = tol

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self.n_iter_ = max(1, len(fitted["intercepts"]) // max(1, len(fitted["order"])))


class MissingIndicator(Weighted, Incremental):
    """Each column becomes one that is true where its value is missing.

    ``features`` is "missing-only" (columns that miss a value in fit; the first where none does) or "all".

    Attributes:
        features_: the numbers of the columns that are indicated.
    """

    _catalog_name = "missing_indicator"
    _fits_a_part = True
    _numeric = False

    def __init__(self, *, features: str = "missing-only") -> None:
        self.features = features

    def _native_parameters(self) -> dict[str, Any]:
        return {"features": str(self.features).replace("-", "_")}

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self.features_ = np.flatnonzero([column["output"] != "" for column in fitted["columns"]])

    def _names_out(self, names: list[str]) -> list[str]:
        return [f"missingindicator_{names[j]}" for j in self.features_]

    def _apply(self, given: Input) -> Any:
        return self._native.transform(given.to_native(self._names_in()))

    def _give(self, given: Input, made: Any) -> Any:
        shown = super()._give(given, made)
        return shown.astype(bool) if isinstance(shown, np.ndarray) else shown
