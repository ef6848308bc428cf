"""Callbacks of ``optimize``."""

from __future__ import annotations

from collections.abc import Iterable

from .._errors import InvalidInputError
from ._study import Study
from ._trial import FrozenTrial, TrialState, state_of


class MaxTrialsCallback:
    """A callback of ``study.optimize`` that stops it when the study, in all runs and of all workers, has so many trials.

    Args:
        n_trials: how many.
        states: the states in which a trial counts; None: any.
    """

    def __init__(self, n_trials: int, states: Iterable[TrialState] | None = (TrialState.COMPLETE,)) -> None:
        if isinstance(n_trials, bool) or not hasattr(n_trials, "__index__") or n_trials < 0:
            raise InvalidInputError(f"MaxTrialsCallback: n_trials is {n_trials!r}; it must be a whole number, at least 0", "bad_value")
        self._n_trials = int(n_trials)
        self._states = None if states is None else [state_of(state) for state in states]

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        """Stops the study where it has so many."""
        if len(study.get_trials(states=self._states)) >= self._n_trials:
            study.stop()
