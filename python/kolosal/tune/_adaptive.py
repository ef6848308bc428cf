"""AdaptiveHPO: the best parameters of any function, with the samplers and pruners of a study behind one call."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from .._errors import InvalidInputError
from .._shared_work import forget, sharing
from ._param_space import ParamSpace
from ._search import sampler_of
from ._study import Study, create_study
from ._trial import FrozenTrial, TrialState
from ._warm_start import warm_start
from .pruners import BasePruner, NopPruner
from .samplers import BaseSampler
from .storages import BaseStorage


@dataclass(frozen=True)
class OptimizationResult:
    """What ``AdaptiveHPO.optimize`` found.

    ``total_trials`` counts those of this call; ``convergence_iteration`` is the number of the best trial where the search ended for want of
    a better one, else None.
    """

    best_params: dict[str, Any]
    best_score: float
    best_trial_number: int
    total_trials: int
    optimization_time: float
    convergence_iteration: int | None
    study: Study


class AdaptiveHPO:
    """Looks for the parameters with which a function gives most or least; HyperOptX and ASHT do so for estimators.

    Args:
        n_trials: trials of a call.
        timeout: seconds after which no further trial is started.
        optimization_strategy: as of HyperOptX.
        pruner: what ends trials early that report; None: nothing does.
        early_stopping_patience: trials without a better one after which the search ends; None: it does not.
        storage: where studies are kept and gone on with, by their names; without, they end with the result.
        n_jobs: threads that run trials at the same time.
        random_state: seed of the proposals; None draws one.
    """

    def __init__(
        self,
        n_trials: int = 100,
        timeout: float | None = None,
        *,
        optimization_strategy: str | BaseSampler = "auto",
        pruner: BasePruner | None = None,
        early_stopping_patience: int | None = 20,
        storage: str | BaseStorage | None = None,
        n_jobs: int = 1,
        random_state: int | None = None,
    ) -> None:
        if early_stopping_patience is not None and early_stopping_patience < 1:
            raise InvalidInputError(f"early_stopping_patience is {early_stopping_patience}; it must be at least 1", "bad_value")
        self.n_trials = n_trials
        self.timeout = timeout
        self.optimization_strategy = optimization_strategy
        self.pruner = pruner
        self.early_stopping_patience = early_stopping_patience
        self.storage = storage
        self.n_jobs = n_jobs
        self.random_state = random_state
        self._history: list[OptimizationResult] = []

    def optimize(
        self,
        objective_function: Callable[..., float],
        search_space: Any,
        direction: str = "maximize",
        study_name: str | None = None,
        warm_start_trials: Sequence[Mapping[str, Any]] | None = None,
        warm_start_from: Study | None = None,
    ) -> OptimizationResult:
        """Searches.

        Args:
            objective_function: takes the parameters, a dict, and gives the score; one that takes two arguments gets the trial too, to
                ``report`` to and to ask whether it ``should_prune``.
            search_space: as ``param_space`` of HyperOptX.
            direction: "maximize" or "minimize".
            study_name: name of the study; in a storage one of that name is gone on with.
            warm_start_trials: parameters that are tried first; the sampler proposes those that are left out.
            warm_start_from: an earlier study whose best five trials are tried first, as ``warm_start`` does.
        """
        began = time.monotonic()
        space = ParamSpace(search_space)
        takes_trial = len(inspect.signature(objective_function).parameters) > 1
        study = create_study(
            study_name=study_name,
            storage=self.storage,
            load_if_exists=study_name is not None,
            sampler=sampler_of(self.optimization_strategy, self.random_state),
            pruner=self.pruner or NopPruner(),
            direction=direction,
        )
        n_before = len(study.trials)
        for params in warm_start_trials or ():
            study.enqueue_trial(params)
        if warm_start_from is not None:
            warm_start(study, warm_start_from)

        search = uuid4().hex

        def objective(trial: Any) -> float:
            trial.suggest(space.native)
            params = space.values_of(trial.params)
            with sharing(search):
                return objective_function(params, trial) if takes_trial else objective_function(params)

        patience = _Patience(self.early_stopping_patience)
        try:
            study.optimize(objective, n_trials=self.n_trials, timeout=self.timeout, n_jobs=self.n_jobs, callbacks=[patience])
        finally:
            forget(search)
        best = study.best_trial
        result = OptimizationResult(
            best_params=space.values_of(best.params),
            best_score=study.best_value,
            best_trial_number=best.number,
            total_trials=sum(trial.state.is_finished() for trial in study.trials[n_before:]),
            optimization_time=time.monotonic() - began,
            convergence_iteration=best.number if patience.is_over else None,
            study=study,
        )
        self._history.append(result)
        return result

    def get_optimization_history(self) -> list[OptimizationResult]:
        """The results of all calls of ``optimize``, in order."""
        return list(self._history)


class _Patience:
    """Ends a study when so many trials in a row were no better."""

    def __init__(self, most: int | None) -> None:
        self.most, self.n_worse, self.best, self.is_over = most, 0, -1, False

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        self.n_worse += 1
        if trial.state is TrialState.COMPLETE and all(value <= 0 for value in trial.constraints.values()):
            number = study.best_trial.number
            if number != self.best:
                self.best, self.n_worse = number, 0
        if self.most is not None and self.n_worse >= self.most:
            self.is_over = True
            study.stop()
