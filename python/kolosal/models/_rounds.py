"""Forests round after round: predictions after each, parts of a forest, and several as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .. import _kolosal
from .._errors import InvalidInputError
from ._boosting import rates_of


def staged(model: Any, X: Any) -> Iterator[np.ndarray]:
    """The predictions (n_rows, n_outputs) of the first round, of the first two, and so on."""
    rows = model._seen(X)[1]
    stages = _kolosal.Stages(model._native, rows, model._features.names, model._n_threads())

    def rounds() -> Iterator[np.ndarray]:
        while (predicted := stages.next()) is not None:
            yield np.asarray(predicted)

    return rounds()


def rounds_of(model: Any, which: slice) -> Any:
    """An estimator of some of the rounds of a fitted one."""
    model._check_fitted()
    if not isinstance(which, slice):
        raise TypeError(f"{type(model).__name__} is sliced by rounds, as in model[:10], not by {which!r}")
    begin, end, step = which.indices(model._native.n_iterations)
    if step != 1:
        raise InvalidInputError(f"rounds are taken one after the other, not in steps of {step}", "bad_value")
    if begin >= end and model._native.form == "forest" and model._native.n_iterations > 0:
        message = f"a slice of rounds {begin} to {end} of {model._native.n_iterations} has none"
        raise InvalidInputError(message, "bad_value", "Take at least one round, as in model[:10].")
    made = with_native(model, _kolosal.slice_rounds(model._native, begin, max(begin, end)))
    if "n_trees" in made._specs:
        made.n_trees = max(end - begin, 1)  # the fewest that a fit takes, of a model that was best without any
    rate = getattr(made, "learning_rate", None)
    if callable(rate) or isinstance(rate, (list, tuple, np.ndarray)):
        made.learning_rate = tuple(rates_of(rate, end)[begin:end])
    return made


def merge(models: Sequence[Any]) -> Any:
    """Several fitted forests as one.

    Random forests become the forest of all their trees. Of boosted models the scores are averaged, as of models of the folds of a
    cross-validation.

    Args:
        models: Fitted estimators of one class, of the same features and labels.

    Returns:
        An estimator with the parameters of the first.

    Raises:
        InvalidInputError: where there is none, or they differ.
    """
    models = list(models)
    if not models:
        raise InvalidInputError("there are no models to merge", "empty_input")
    first = models[0]
    for each in models:
        each._check_fitted()
        same_labels = np.array_equal(getattr(first, "classes_", ()), getattr(each, "classes_", ()))
        if type(each) is not type(first) or not same_labels:
            raise InvalidInputError("the models differ in their class or their labels", "bad_value", "Merge models of one kind.")
        if each._features.names != first._features.names or each._features.levels != first._features.levels:
            raise InvalidInputError("the models differ in their features or the levels of a category", "feature_mismatch")
    return with_native(first, _kolosal.mean_of_forests([each._native for each in models]))


def with_native(model: Any, native: _kolosal.FittedModel) -> Any:
    """A copy of an estimator that has another native model."""
    made: Any = object.__new__(type(model))
    made.__dict__.update(model.__dict__)
    made._hold(native)
    return made
