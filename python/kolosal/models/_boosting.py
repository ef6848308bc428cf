"""What Python says of boosting beyond numbers and texts: rates of a schedule, features by name, a loss that is a function."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .._errors import InvalidInputError
from ._peers import FORESTS, share_of

NativeLoss = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray | None]]

# What parameters of boosting may be in Python beside what the native table says, as annotations.
WIDER = {
    "loss": "Callable[[Any, Any], Any]",
    "learning_rate": "Sequence[float] | Callable[[int], float]",
    "monotone": "dict[str, int]",
}


def rates_of(schedule: Any, n_rounds: int) -> list[float]:
    """The learning rate of each round, of a sequence or of a function of the round's number from 0."""
    rates = [schedule(round_) for round_ in range(n_rounds)] if callable(schedule) else list(schedule)
    try:
        return [float(rate) for rate in rates]
    except (TypeError, ValueError):
        raise InvalidInputError(f"a learning rate is not a number: {rates[0]!r}", "bad_value", "Give one for each round.") from None


def told_of_functions(parameters: dict[str, Any], most_rounds: int) -> dict[str, Any]:
    """What a fitted model that is pickled has in place of functions that cannot be: the rates of a schedule, 'custom' for a loss.

    Args:
        parameters: Those of the model.
        most_rounds: How many rates a schedule gives where n_trees does not say.
    """
    made: dict[str, Any] = {}
    if callable(rate := parameters.get("learning_rate")) and not _is_picklable(rate):
        made["learning_rate"] = tuple(rates_of(rate, int(parameters["n_trees"] or most_rounds)))
    if callable(loss := parameters.get("loss")) and not _is_picklable(loss):
        made["loss"] = "custom"
    return made


def _is_picklable(function: Any) -> bool:
    try:
        pickle.dumps(function)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True


def numbered(options: dict[str, Any], learner: str, names: list[str]) -> dict[str, Any]:
    """Options as the learner takes them: a schedule as ``learning_rates``, features by name as their numbers, 'sqrt' of them as a share."""
    made = dict(options)
    if learner in FORESTS:
        made["feature_fraction"] = share_of(made["feature_fraction"], len(names))
    if isinstance(made.get("learning_rate"), list):
        made["learning_rates"] = made.pop("learning_rate")
    if isinstance(made.get("monotone"), dict):
        directions = {number_of(feature, names): int(direction) for feature, direction in made["monotone"].items()}
        made["monotone"] = [directions.get(j, 0) for j in range(len(names))]
    if made.get("interactions"):
        made["interactions"] = [[number_of(feature, names) for feature in group] for group in made["interactions"]]
    return made


def number_of(feature: Any, names: list[str]) -> int:
    """The number of a feature, which may be given by name."""
    if not isinstance(feature, str):
        return int(feature)
    if feature not in names:
        raise InvalidInputError(f"there is no feature '{feature}'", "unknown_column", f"The features are {', '.join(names)}.")
    return names.index(feature)


def native_loss(loss: Callable[[np.ndarray, np.ndarray], Sequence[Any]]) -> NativeLoss:
    """A function of targets and scores, as users write it, as the learner calls it: with one row of numbers for each score."""

    def call(target: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        shape = scores.T.shape if len(scores) > 1 else scores.shape[1:]
        known = target if target.shape[1] > 1 else target[:, 0]
        told = loss(known, scores.T if len(scores) > 1 else scores[0])
        if not isinstance(told, tuple | list) or len(told) not in (2, 3):
            raise InvalidInputError("the loss did not return (gradients, hessians) or (gradients, hessians, losses)", "bad_value")
        slopes = []
        for name, numbers in zip(("gradients", "hessians"), told, strict=False):
            array = np.asarray(numbers, dtype=np.float64)
            if array.shape != shape:
                raise InvalidInputError(f"the loss gave {name} of shape {array.shape} for scores of shape {shape}", "bad_value")
            slopes.append(np.ascontiguousarray(array.T.reshape(scores.shape)))
        if len(told) == 2:
            return slopes[0], slopes[1], None
        losses = np.ascontiguousarray(told[2], dtype=np.float64)
        if losses.shape != (len(target),):
            raise InvalidInputError(f"the loss gave losses of shape {losses.shape} for {len(target)} rows", "bad_value")
        return slopes[0], slopes[1], losses

    return call
