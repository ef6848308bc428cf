"""Ending a study when what it may still gain is less than what its results are uncertain by."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .. import _kolosal
from .._errors import InvalidInputError
from ._trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from ._study import Study


class _Estimate:
    """A native estimate: its name and its parameters."""

    _name = ""

    def __init__(self, **parameters: Any) -> None:
        self._parameters = parameters

    @property
    def _is_own(self) -> bool:
        return type(self).evaluate not in (BaseImprovementEvaluator.evaluate, BaseErrorEvaluator.evaluate)

    def evaluate(self, trials: Iterable[FrozenTrial], study_direction: str) -> float:
        """What is estimated after these trials."""
        raise NotImplementedError

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self._parameters.items())
        return f"{type(self).__name__}({given})"


class BaseImprovementEvaluator(_Estimate):
    """How much the best value may still improve. A subclass of one's own gives ``evaluate``."""

    def evaluate(self, trials: Iterable[FrozenTrial], study_direction: str) -> float:
        """The improvement that is still possible after these trials.

        Args:
            trials: of a study with one objective.
            study_direction: "minimize" or "maximize".
        """
        study = _study_of(trials, study_direction)
        return _kolosal.estimated_improvement(study._native, self._name, json.dumps(self._parameters))


class RegretBoundEvaluator(BaseImprovementEvaluator):
    """How far, at most, a Gaussian process of the better trials lets the best one be from the optimum: the default.

    Args:
        top_trials_ratio: share of the trials, from the best, that the process is fitted to.
        min_n_trials: trials that it is fitted to at least.
        seed: which points of the space are looked at; None: one is drawn.
    """

    _name = "regret_bound"

    def __init__(self, top_trials_ratio: float = 0.5, min_n_trials: int = 20, seed: int | None = None) -> None:
        drawn = secrets.randbits(62) if seed is None else seed
        super().__init__(top_trials_ratio=top_trials_ratio, min_n_trials=min_n_trials, seed=drawn)


class BestValueStagnationEvaluator(BaseImprovementEvaluator):
    """How many more complete trials may pass without a better one; goes with ``StaticErrorEvaluator(0)``.

    Args:
        max_stagnation_trials: complete trials in a row that may bring nothing better.
    """

    _name = "best_value_stagnation"

    def __init__(self, max_stagnation_trials: int = 30) -> None:
        super().__init__(max_stagnation_trials=max_stagnation_trials)


class EMMREvaluator(BaseImprovementEvaluator):
    """The expected minimum regret by the model: how much the last trial has moved what a Gaussian process expects of the best one.

    It is in standard deviations of the results, and goes with ``MedianErrorEvaluator``.

    Args:
        deterministic_objective: whether the same parameters always give the same value.
        delta: chance that the bounds on the regret do not hold.
        min_n_trials: complete trials that there must be.
        seed: which points of the space are looked at; None: one is drawn.
    """

    _name = "expected_regret"

    def __init__(self, deterministic_objective: bool = False, delta: float = 0.1, min_n_trials: int = 2, seed: int | None = None) -> None:
        drawn = secrets.randbits(62) if seed is None else seed
        super().__init__(deterministic_objective=deterministic_objective, delta=delta, min_n_trials=min_n_trials, seed=drawn)


class BaseErrorEvaluator(_Estimate):
    """How uncertain the best value is. A subclass of one's own gives ``evaluate``."""

    def evaluate(self, trials: Iterable[FrozenTrial], study_direction: str) -> float:
        """The error of the best value of these trials.

        Args:
            trials: of a study with one objective.
            study_direction: "minimize" or "maximize".
        """
        study = _study_of(trials, study_direction)
        return _kolosal.estimated_error(study._native, self._name, json.dumps(self._parameters))


class CrossValidationErrorEvaluator(BaseErrorEvaluator):
    """By the scores that the best trial gave to ``report_cross_validation_scores``."""

    _name = "cross_validation"

    def __init__(self) -> None:
        super().__init__()


class StaticErrorEvaluator(BaseErrorEvaluator):
    """A constant.

    Args:
        constant: the error, in units of the objective.
    """

    _name = "static"

    def __init__(self, constant: float) -> None:
        super().__init__(constant=constant)


class MedianErrorEvaluator(BaseErrorEvaluator):
    """A share of what an evaluator said of the improvement over the first trials.

    Args:
        paired_improvement_evaluator: the evaluator, one of this module's.
        warm_up_trials: complete trials that are left out at the start.
        n_initial_trials: complete trials after them, over which the median is taken.
        threshold_ratio: share of the median that is the error.
    """

    _name = "median"

    def __init__(
        self,
        paired_improvement_evaluator: BaseImprovementEvaluator,
        warm_up_trials: int = 10,
        n_initial_trials: int = 20,
        threshold_ratio: float = 0.01,
    ) -> None:
        paired = paired_improvement_evaluator
        if paired._is_own:
            raise InvalidInputError(
                f"MedianErrorEvaluator: {type(paired).__name__} is not an evaluator of kolosal.tune.terminator", "bad_value"
            )
        super().__init__(
            improvement=paired._name,
            parameters=paired._parameters,
            warm_up_trials=warm_up_trials,
            n_initial_trials=n_initial_trials,
            threshold_ratio=threshold_ratio,
        )


class BaseTerminator:
    """Says whether a study may end."""

    def should_terminate(self, study: Study) -> bool:
        """Whether the study may end now."""
        raise NotImplementedError


class Terminator(BaseTerminator):
    """Lets a study end when the improvement that is still possible is below the error of its best value.

    Args:
        improvement_evaluator: without, ``RegretBoundEvaluator()``.
        error_evaluator: without, ``CrossValidationErrorEvaluator()``, or ``StaticErrorEvaluator(0)`` for ``BestValueStagnationEvaluator``.
        min_n_trials: complete trials that there must be.
    """

    def __init__(
        self,
        improvement_evaluator: BaseImprovementEvaluator | None = None,
        error_evaluator: BaseErrorEvaluator | None = None,
        min_n_trials: int = 20,
    ) -> None:
        if min_n_trials < 1:
            raise InvalidInputError(f"Terminator: min_n_trials is {min_n_trials}; it must be at least 1", "bad_value")
        self._improvement = improvement_evaluator if improvement_evaluator is not None else RegretBoundEvaluator()
        if error_evaluator is None:
            stagnates = isinstance(self._improvement, BestValueStagnationEvaluator)
            error_evaluator = StaticErrorEvaluator(0) if stagnates else CrossValidationErrorEvaluator()
        self._error = error_evaluator
        self._min_n_trials = min_n_trials

    def should_terminate(self, study: Study) -> bool:
        """Whether the study may end now."""
        estimates = (self._improvement, self._error)
        if not any(one._is_own for one in estimates):
            study._native.refresh()
            names, parameters = [one._name for one in estimates], [json.dumps(one._parameters) for one in estimates]
            return _kolosal.should_terminate(study._native, names[0], parameters[0], names[1], parameters[1], self._min_n_trials)
        trials, direction = study.trials, study.direction
        if sum(trial.state is TrialState.COMPLETE for trial in trials) < self._min_n_trials:
            return False
        return self._improvement.evaluate(trials, direction) < self._error.evaluate(trials, direction)


class TerminatorCallback:
    """A callback of ``study.optimize`` that stops it when a terminator says so.

    Args:
        terminator: without, ``Terminator()``.
    """

    def __init__(self, terminator: BaseTerminator | None = None) -> None:
        self._terminator = terminator if terminator is not None else Terminator()

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        """Stops the study where it may end."""
        if self._terminator.should_terminate(study):
            study.stop()


def report_cross_validation_scores(trial: _kolosal.Trial, scores: Sequence[float]) -> None:
    """Notes the scores of a running trial, one a fold, for ``CrossValidationErrorEvaluator``.

    Args:
        trial: the trial, inside its objective.
        scores: two or more finite numbers.
    """
    _kolosal.report_cross_validation_scores(trial, [float(score) for score in scores])


def _study_of(trials: Iterable[FrozenTrial], direction: str) -> Study:
    from ._study import create_study

    study = create_study(direction=direction)
    study.add_trials(trial for trial in trials if trial.state.is_finished())
    return study
