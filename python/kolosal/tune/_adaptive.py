"""AdaptiveHPO: the best parameters of any function, with the samplers and pruners of a study behind one call."""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

from .._errors import InvalidInputError
from .._shared_work import forget, sharing
from ._param_space import ParamSpace
from ._running import whole_from
from ._search import sampler_of
from ._studies import best_or_none
from ._study import Study, create_study
from ._trial import FrozenTrial, TrialState
from ._warm_start import WARM_START, best_parameters
from .pruners import BasePruner, NopPruner
from .samplers import BaseSampler
from .storages import BaseStorage

_N_WARM_STARTS = 5
_spaces: WeakKeyDictionary[Study, ParamSpace] = WeakKeyDictionary()  # of the studies that AdaptiveHPO made


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

    Attributes:
        study_: the study of the last call of ``optimize``, from its beginning on: also where the call was interrupted or raised.
    """

    study_: Study

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
        if early_stopping_patience is not None:
            early_stopping_patience = whole_from("early_stopping_patience", early_stopping_patience, 1)
        self.n_trials = whole_from("AdaptiveHPO: n_trials", n_trials, 1)
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
            objective_function: takes the parameters, a dict, and gives the score. It gets the trial too, to ``report`` to and to ask
                whether it ``should_prune``, where it has an argument ``trial``, or a second one that has no default.
            search_space: as ``param_space`` of HyperOptX.
            direction: "maximize" or "minimize".
            study_name: name of the study; in a storage one of that name, and of this direction, is gone on with.
            warm_start_trials: parameters that are tried first, as the function takes them; the sampler proposes those that are left out.
            warm_start_from: an earlier study whose best five trials are tried first, as ``warm_start`` does. Parameters whose choices
                are objects, or that have a distribution of SciPy, need one that ``AdaptiveHPO`` made in this process.
        """
        began = time.monotonic()
        space = ParamSpace(search_space)
        starts: list[tuple[dict[str, Any], dict[str, Any]]] = [(point, {}) for point in _points(space, warm_start_trials or ())]
        if warm_start_from is not None:
            starts += [(point, {WARM_START: warm_start_from.study_name}) for point in _earlier_points(space, warm_start_from)]
        call = _with_trial(objective_function)
        study = create_study(
            study_name=study_name,
            storage=self.storage,
            load_if_exists=study_name is not None,
            sampler=sampler_of(self.optimization_strategy, self.random_state),
            pruner=self.pruner or NopPruner(),
            direction=direction,
        )
        self.study_ = study
        _spaces[study] = space
        for point, user_attrs in starts:
            study.enqueue_trial(point, user_attrs)

        search = uuid4().hex

        def objective(trial: Any) -> float:
            trial.suggest(space.native)
            with sharing(search):
                return call(space.values_of(trial.params), trial)

        best_before = best_or_none(study)
        patience = _Patience(self.early_stopping_patience, -1 if best_before is None else best_before.number)
        try:
            study.optimize(objective, n_trials=self.n_trials, timeout=self.timeout, n_jobs=self.n_jobs, callbacks=[patience])
        finally:
            forget(search)
        best = study.best_trial
        result = OptimizationResult(
            best_params=space.values_of(best.params),
            best_score=study.best_value,
            best_trial_number=best.number,
            total_trials=patience.n_trials,
            optimization_time=time.monotonic() - began,
            convergence_iteration=best.number if patience.is_over else None,
            study=study,
        )
        self._history.append(result)
        return result

    def get_optimization_history(self) -> list[OptimizationResult]:
        """The results of all calls of ``optimize``, in order."""
        return list(self._history)


def _with_trial(function: Callable[..., float]) -> Callable[[dict[str, Any], Any], float]:
    """Calls the function with the parameters, and with the trial where it has an argument for it."""
    try:
        others = list(inspect.signature(function).parameters.values())[1:]
    except (TypeError, ValueError):  # some functions of C do not tell what they take
        others = []
    kinds = inspect.Parameter
    if any(one.name == "trial" and one.kind in (kinds.POSITIONAL_OR_KEYWORD, kinds.KEYWORD_ONLY) for one in others):
        return lambda params, trial: function(params, trial=trial)
    is_second = bool(others) and others[0].kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)
    if is_second and (others[0].default is kinds.empty or others[0].name == "trial"):
        return function
    return lambda params, trial: function(params)


def _points(space: ParamSpace, given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The points of the trials that a caller wants first."""
    points = []
    for i, params in enumerate([given] if isinstance(given, Mapping) else given):
        if isinstance(given, Mapping) or not isinstance(params, Mapping):
            raise InvalidInputError(f"warm_start_trials is {given!r}; it must be a list of dicts, values by parameter", "bad_value")
        try:
            points.append(space.point_of(params))
        except InvalidInputError as error:
            raise InvalidInputError(f"warm_start_trials[{i}]: {error.args[0]}", error.code) from None
    return points


def _earlier_points(space: ParamSpace, source: Study) -> list[dict[str, Any]]:
    """The points of the best trials of an earlier study, without what the space does not allow."""
    earlier = _spaces.get(source)
    points = []
    for params in best_parameters(source, _N_WARM_STARTS):
        unknown = [name for name in params if earlier is None and space.has_places(name)]
        if unknown:
            raise InvalidInputError(
                f"warm_start_from: what the values of '{unknown[0]}' in study '{source.study_name}' stand for is not known",
                "unsupported",
                "Give the study of a result of AdaptiveHPO in this process, or warm_start_trials.",
            )
        if point := space.allowed_of(params if earlier is None else earlier.values_of(params)):
            points.append(point)
    return points


class _Patience:
    """Counts the trials of a call, and ends the study when so many in a row were no better than the best."""

    def __init__(self, most: int | None, best: int) -> None:
        self.most, self.best = most, best
        self.n_trials = self.n_worse = 0
        self.is_over = False
        self.lock = threading.Lock()

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        with self.lock:
            self.n_trials += 1
            self.n_worse += 1
            best = best_or_none(study) if trial.state is TrialState.COMPLETE else None
            if best is not None and (best.number != self.best or best.number == trial.number):
                self.best, self.n_worse = best.number, 0
            if self.most is not None and self.n_worse >= self.most:
                self.is_over = True
                study.stop()
