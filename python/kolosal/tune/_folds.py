"""Cross-validated scores of an estimator, fold by fold."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import numpy as np

from .._errors import InvalidInputError
from .._shared_work import forget, sharing


@dataclass(frozen=True)
class FoldScore:
    """What one fold came to: its score and how long the fit and the scoring took, in seconds."""

    score: float
    fit_seconds: float
    score_seconds: float
    failure: str = ""


class Folds:
    """An estimator, its rows and how they are parted.

    Args:
        estimator: cloned for every fit.
        X: rows, in whatever form the estimator takes them.
        y: targets, or None.
        groups: groups of rows, for the ``cv`` that wants them.
        fit_params: arguments of the estimator's fit; those with an entry a row are parted with the rows.
        cv: folds, as scikit-learn takes them.
        scoring: a scorer or its name; None: the estimator's own score.
        n_jobs: processes that fit folds at the same time.
        error_score: score of a fold whose fit fails; "raise" lets the error out.
        seed: which rows are drawn where not all are wanted.
    """

    def __init__(
        self,
        estimator: Any,
        X: Any,
        y: Any,
        groups: Any,
        fit_params: Mapping[str, Any],
        *,
        cv: Any,
        scoring: Any,
        n_jobs: int | None,
        error_score: float | str,
        seed: int,
    ) -> None:
        try:
            from sklearn.base import is_classifier  # noqa: PLC0415
            from sklearn.metrics import check_scoring  # noqa: PLC0415
            from sklearn.model_selection import check_cv  # noqa: PLC0415
            from sklearn.utils import get_tags, indexable  # noqa: PLC0415
        except ImportError:
            raise InvalidInputError("searches of estimators need scikit-learn", "unsupported", "pip install scikit-learn") from None
        if y is None and get_tags(estimator).target_tags.required:
            raise InvalidInputError(f"{type(estimator).__name__} requires y to be passed, but the target y is None", "bad_value")
        self.estimator, self.n_jobs, self.error_score = estimator, n_jobs, error_score
        self._search = uuid4().hex
        self.scorer = check_scoring(estimator, scoring=scoring)
        self.X, self.y, groups = indexable(X, y, groups)
        self.fit_params = {name: value for name, value in fit_params.items() if value is not None}
        self.is_classifier = is_classifier(estimator)
        parted = check_cv(cv, y, classifier=self.is_classifier)
        self.splits = [(np.asarray(train), np.asarray(test)) for train, test in parted.split(self.X, self.y, groups)]
        self.n_rows = len(self.X) if not hasattr(self.X, "shape") else self.X.shape[0]
        self._orders = [self._drawing_order(train, np.random.default_rng([seed, i])) for i, (train, _) in enumerate(self.splits)]

    @property
    def n_train_rows(self) -> int:
        """Training rows of the smallest fold."""
        return min(len(train) for train, _ in self.splits)

    @property
    def n_classes(self) -> int:
        """Classes of the target; 1 where it has none."""
        return len(np.unique(np.asarray(self.y))) if self.is_classifier and self.y is not None else 1

    def scores(self, params: Mapping[str, Any], begin: int, end: int, n_train_rows: int | None = None) -> Iterator[FoldScore]:
        """The scores of folds [begin, end), in order, with at most so many training rows of each."""
        from joblib import Parallel, delayed  # noqa: PLC0415
        from sklearn.base import clone  # noqa: PLC0415

        estimators = [clone(self.estimator).set_params(**clone(dict(params), safe=False)) for _ in range(begin, end)]
        jobs = (
            delayed(_score_fold)(
                self._search, estimator, self._part(order[:n_train_rows]), self._part(test)[:2], self.scorer, self.error_score
            )
            for estimator, order, (_, test) in zip(estimators, self._orders[begin:end], self.splits[begin:end], strict=True)
        )
        yield from Parallel(n_jobs=self.n_jobs, return_as="generator")(jobs)

    def close(self) -> None:
        """Forgets what fits shared."""
        forget(self._search)

    def fitted(self, params: Mapping[str, Any]) -> Any:
        """The estimator with these parameters, fitted to all rows."""
        from sklearn.base import clone  # noqa: PLC0415

        estimator = clone(self.estimator).set_params(**clone(dict(params), safe=False))
        return _fit(estimator, self.X, self.y, self.fit_params)

    def _part(self, rows: np.ndarray) -> tuple[Any, Any, dict[str, Any]]:
        from sklearn.utils import _safe_indexing  # noqa: PLC0415

        def of(value: Any) -> Any:
            return _safe_indexing(value, rows)

        with_rows = {
            name: of(value) if hasattr(value, "__len__") and not isinstance(value, str) and len(value) == self.n_rows else value
            for name, value in self.fit_params.items()
        }
        return of(self.X), None if self.y is None else of(self.y), with_rows

    def _drawing_order(self, train: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """The rows in an order whose every beginning has the classes in about their shares."""
        if not self.is_classifier or self.y is None:
            return train[random.permutation(len(train))]
        classes = np.unique(np.asarray(self.y)[train], return_inverse=True)[1]
        share = np.empty(len(train))
        for k in range(classes.max() + 1):
            of_class = np.flatnonzero(classes == k)
            share[of_class] = (random.permutation(len(of_class)) + random.random()) / len(of_class)
        return train[np.argsort(share, kind="stable")]


def _fit(estimator: Any, X: Any, y: Any, params: Mapping[str, Any]) -> Any:
    return estimator.fit(X, **params) if y is None else estimator.fit(X, y, **params)


def _score_fold(
    search: str, estimator: Any, train: tuple[Any, Any, dict[str, Any]], test: tuple[Any, Any], scorer: Any, error_score: Any
) -> FoldScore:
    started = time.perf_counter()
    try:
        with sharing(search):
            _fit(estimator, *train)
    except Exception as error:
        if error_score == "raise":
            raise
        failure = f"{type(error).__name__}: {error}"
        from sklearn.exceptions import FitFailedWarning  # noqa: PLC0415

        warnings.warn(f"the fit of a fold failed, its score is {error_score}: {failure}", FitFailedWarning, stacklevel=2)
        return FoldScore(float(error_score), time.perf_counter() - started, 0.0, failure)
    fitted = time.perf_counter()
    score = scorer(estimator, test[0]) if test[1] is None else scorer(estimator, *test)
    return FoldScore(float(score), fitted - started, time.perf_counter() - fitted)
