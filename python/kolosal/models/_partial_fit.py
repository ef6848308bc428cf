"""Learning of rows that come in parts: a pass over each part goes on from where the last one ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._errors import InvalidInputError
from .._input import Input
from ._target import codes_of, one_column, target_array


def _one_pass(model: Any) -> Any:
    return type(model)(**{**model.get_params(), "n_epochs": 1, "tolerance": None})


def _go_on(model: Any, once: Any, given: Input, target: np.ndarray, task: str, weights: Any, classes: Any) -> Any:
    once._fit(given, target, task, weights, None, None, (), model if model.__sklearn_is_fitted__() else None, classes)
    return model._adopt(once._native, once._features, given.names is not None, classes)


def _of_classes(self: Any, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Any:
    """Goes once over more rows.

    Args:
        X: Features: (n_rows, n_features).
        y: Label of each row.
        classes: All labels there will ever be; needed in the first call, as the first rows need not have all.
        sample_weight: Weight of each row, relative to the mean of those given.

    Returns:
        The estimator.
    """
    given = self._input(X, fits=True)
    known: np.ndarray | None = self.classes_ if self.__sklearn_is_fitted__() else None
    if classes is None:
        if known is None:
            raise InvalidInputError(
                "classes must be given in the first call of partial_fit", "bad_value", "Pass all labels: classes=[...]."
            )
        classes = known
    labels = np.unique(np.asarray(classes))
    if known is not None and not np.array_equal(labels, known):
        raise InvalidInputError(f"classes are {labels.tolist()}, and were {known.tolist()} before", "bad_value", "Leave classes out.")
    once = _one_pass(self)
    codes = codes_of(one_column(target_array(y, given.n_rows, type(self).__name__)), labels)
    weights = once._weights_of_classes(codes, labels, sample_weight)
    return _go_on(self, once, given, codes.reshape(-1, 1), once._task(labels), weights, labels)


def _of_numbers(self: Any, X: Any, y: Any, sample_weight: Any = None) -> Any:
    """Goes once over more rows.

    Args:
        X: Features: (n_rows, n_features).
        y: Numbers, (n_rows,) or (n_rows, n_targets).
        sample_weight: Weight of each row, relative to the mean of those given.

    Returns:
        The estimator.
    """
    given = self._input(X, fits=True)
    task, target = self._labelled(y, given.n_rows, None)
    return _go_on(self, _one_pass(self), given, target, task, sample_weight, None)


PARTIAL_FITS: dict[str, Callable[..., Any]] = {"classification": _of_classes, "regression": _of_numbers}
for _partial_fit in PARTIAL_FITS.values():
    _partial_fit.__name__ = "partial_fit"
