"""Rows and values that are taken for wrong: clipped, made missing, flagged, or left out of training."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .. import _kolosal
from .._input import row_weights
from ._base import CatalogTransformer, Incremental, NamedNatively, Weighted, parameters_text


class RowRemover(CatalogTransformer):
    """One that may leave rows out of training, as imbalanced-learn's samplers do; ``transform`` never removes one.

    Attributes:
        sample_indices_: numbers of the rows that the last ``fit_resample`` kept.
    """

    def fit_resample(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Fits, and gives the rows that go on to training, otherwise unchanged.

        Returns:
            The rows of ``X``; with ``y``, those and theirs of ``y``.
        """
        given = self._input(X)
        self._fit(given, y, sample_weight, transform=False)
        names = self._names_in()
        kept = _kolosal.training_rows(
            self._catalog_name,
            parameters_text(self._native_parameters(), names),
            given.to_native(names),
            None,
            row_weights(sample_weight, given.n_rows),
            0,
            self._seed(),
        )
        self.sample_indices_ = np.arange(given.n_rows) if kept is None else np.asarray(kept).astype(np.int64)
        rows = given.take(self.sample_indices_)
        if y is None:
            return rows
        return rows, y.iloc[self.sample_indices_] if hasattr(y, "iloc") else np.asarray(y)[self.sample_indices_]


class DropMissing(RowRemover):
    """Rows with missing values are left out of training by ``fit_resample``; ``transform`` changes nothing.

    ``how`` is "any" (a missing value drops its row) or "all" (only where all are missing).
    """

    _catalog_name = "drop_missing"
    _numeric = False

    def __init__(self, *, how: str = "any") -> None:
        self.how = how


class OutlierClipper(Weighted, RowRemover, Incremental):
    """Values beyond bounds learnt from their column become the bound, or missing, or keep their rows out of training.

    ``method`` is "iqr" (``factor`` interquartile ranges beyond the quartiles), "z_score" (``threshold`` standard deviations from the mean)
    or "percentile" (``low_quantile`` and ``high_quantile``); ``lower`` and ``upper`` stand for the learnt bounds of every column.
    ``action`` is "clip", "to_missing" or "remove", which acts in ``fit_resample`` alone.

    Attributes:
        lower_, upper_: the bounds, (n_features,); None under ``action="remove"``.
    """

    _catalog_name = "clip_outliers"

    def __init__(
        self,
        *,
        method: str = "iqr",
        action: str = "clip",
        factor: float = 1.5,
        threshold: float = 3.0,
        low_quantile: float = 0.01,
        high_quantile: float = 0.99,
        lower: float | None = None,
        upper: float | None = None,
    ) -> None:
        self.method = method
        self.action = action
        self.factor = factor
        self.threshold = threshold
        self.low_quantile = low_quantile
        self.high_quantile = high_quantile
        self.lower = lower
        self.upper = upper

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        bounds = [None if self.action == "remove" else np.array([c[side] for c in fitted["columns"]]) for side in ("lower", "upper")]
        self.lower_, self.upper_ = bounds


class IsolationForestOutliers(RowRemover, NamedNatively):
    """Rows that random splits part from the others soon are scored, flagged, or left out of training.

    ``action`` "score" adds a column isolation_score, smaller the farther out a row is, as scikit-learn's ``IsolationForest`` scores
    samples; "flag" a column is_outlier; "remove" acts in ``fit_resample`` alone. ``contamination`` is the share of rows taken for far
    out; None takes those that score below -0.5.
    """

    _catalog_name = "isolation_forest_outliers"
    _words: ClassVar[dict[str, str]] = {"n_trees": "n_estimators"}

    def __init__(
        self,
        *,
        action: str = "score",
        n_estimators: int = 100,
        max_samples: int = 256,
        contamination: float | None = None,
        random_state: int | None = None,
    ) -> None:
        self.action = action
        self.n_estimators = n_estimators
        self.max_samples = max_samples
        self.contamination = contamination
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # scores are float64
        return tags
