"""HyperOptX and ASHT: searches of an estimator's parameters by cross-validation, in the place of scikit-learn's own."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from .._errors import InvalidInputError, not_fitted
from ._folds import Folds
from ._param_space import ParamSpace
from ._search_run import Limits, Search, Step
from ._study import create_study
from .pruners import BasePruner, HyperbandPruner, NopPruner, SuccessiveHalvingPruner
from .samplers import AutoSampler, BaseSampler, CostFrugalSampler, NSGAIISampler, QMCSampler, RandomSampler, TPESampler

_STRATEGIES: dict[str, Callable[[int | None], BaseSampler]] = {
    "auto": lambda seed: AutoSampler(seed=seed),
    "bayesian": lambda seed: TPESampler(seed=seed),
    "cost_frugal": lambda seed: CostFrugalSampler(seed=seed),
    "evolutionary": lambda seed: NSGAIISampler(seed=seed),
    "qmc": lambda seed: QMCSampler(seed=seed),
    "random": lambda seed: RandomSampler(seed=seed),
}


def sampler_of(strategy: str | BaseSampler, seed: int | None) -> BaseSampler:
    """The sampler that a strategy's name stands for, or the one given, which has a seed of its own."""
    if isinstance(strategy, BaseSampler):
        if seed is not None:
            raise InvalidInputError(
                f"random_state is {seed} and optimization_strategy is a sampler, which has a seed of its own",
                "bad_value",
                "Give the seed to the sampler and leave random_state out.",
            )
        return strategy
    make = _STRATEGIES.get(strategy)
    if make is None:
        raise InvalidInputError(f"optimization_strategy is '{strategy}'; allowed: {', '.join(_STRATEGIES)}, or a sampler", "bad_value")
    return make(seed)


# What is asked of the best estimator.
_DELEGATED = ("predict", "predict_proba", "predict_log_proba", "decision_function", "transform", "inverse_transform", "score_samples")


class Plan(NamedTuple):
    """What a trial gets, one after the other, and what may end it between."""

    steps: list[Step]
    pruner: BasePruner


class HyperOptX:
    """Searches the parameters of any scikit-learn estimator: trials of a study, each scored by cross-validation.

    Proposals depend on the scores and ``random_state`` alone, so that ``n_jobs`` changes nothing but time.

    Args:
        estimator: the estimator; it is cloned, never fitted itself.
        param_space: for each parameter ``(low, high)`` or ``(low, high, "log")``, a list of choices, a distribution, or a frozen
            distribution of SciPy; or a SearchSpace, where some depend on others.
        max_iter: trials.
        cv: folds, as scikit-learn takes them.
        scoring: a scorer or its name; None: the estimator's own score.
        random_state: seed of the proposals; None draws one. A sampler has its own: then it must be None.
        n_jobs: processes that fit folds at the same time; -1: one for each core.
        verbose: above 0, a line on standard error for each trial.
        maximize: whether a higher score is better, as of all scorers of scikit-learn.
        time_budget: seconds for all, the refit included: no further trial is started where it would not end in time, and a trial that lasts
            beyond it is stopped between two folds.
        optimization_strategy: "auto" (AutoSampler), "bayesian" (TPE), "cost_frugal", "evolutionary", "qmc" or "random"; or a sampler.
        early_stopping: trials without a better one after which the search ends; None: it does not.
        refit: whether the best parameters are fitted to all rows at the end.
        error_score: score of a fold whose fit fails; "raise" lets the error out.

    Attributes:
        best_params_: the parameters of the best trial.
        best_score_: its mean score.
        best_index_: its place in cv_results_.
        best_estimator_: the estimator refitted with them (with ``refit``).
        cv_results_: arrays with an entry a trial, as of scikit-learn's GridSearchCV; and "state", and "resource", what it got in the end.
        refit_time_: seconds of the refit.
        study_: the study, with all trials. It does not go into a pickle.
        n_iter_: number of trials.
        n_splits_: number of folds.
    """

    def __init__(
        self,
        estimator: Any,
        param_space: Any,
        max_iter: int = 100,
        cv: Any = 5,
        scoring: Any = None,
        random_state: int | None = None,
        n_jobs: int | None = None,
        verbose: int = 0,
        maximize: bool = True,
        time_budget: float | None = None,
        *,
        optimization_strategy: str | BaseSampler = "auto",
        early_stopping: int | None = None,
        refit: bool = True,
        error_score: float | str = float("nan"),
    ) -> None:
        self.estimator = estimator
        self.param_space = param_space
        self.max_iter = max_iter
        self.cv = cv
        self.scoring = scoring
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.maximize = maximize
        self.time_budget = time_budget
        self.optimization_strategy = optimization_strategy
        self.early_stopping = early_stopping
        self.refit = refit
        self.error_score = error_score

    def fit(self, X: Any, y: Any = None, *, groups: Any = None, **fit_params: Any) -> Any:
        """Searches, and refits the best.

        Args:
            X: rows, in whatever form the estimator takes them.
            y: targets.
            groups: groups of rows, for the ``cv`` that wants them.
            fit_params: arguments of the estimator's fit; those with an entry a row, such as ``sample_weight``, are parted with the rows.

        Returns:
            The search.
        """
        started = time.monotonic()
        sampler = sampler_of(self.optimization_strategy, self.random_state)
        folds = Folds(
            self.estimator,
            X,
            y,
            groups,
            fit_params,
            cv=self.cv,
            scoring=self.scoring,
            n_jobs=self.n_jobs,
            error_score=self.error_score,
            seed=sampler.seed,
        )
        plan = self._plan(folds)
        self.study_ = create_study(sampler=sampler, pruner=plan.pruner, direction="maximize" if self.maximize else "minimize")
        self.scorer_, self.n_splits_ = folds.scorer, len(folds.splits)
        limits = Limits(self.max_iter, None if self.time_budget is None else started + self.time_budget, self.early_stopping, self.refit)
        search = Search(self.study_, ParamSpace(self.param_space), folds, plan.steps, limits, self.verbose > 0)
        try:
            search.run()
        finally:
            folds.close()
        self.n_iter_ = len(search.records)
        self.cv_results_ = search.results()
        self.best_index_ = search.best_number()
        self.best_params_ = self.cv_results_["params"][self.best_index_]
        self.best_score_ = float(self.cv_results_["mean_test_score"][self.best_index_])
        if self.refit:
            self._refit(folds)
        return self

    def _refit(self, folds: Folds) -> None:
        before = time.monotonic()
        self.best_estimator_ = folds.fitted(self.best_params_)
        self.refit_time_ = time.monotonic() - before
        for name in ("n_features_in_", "feature_names_in_", "classes_"):
            if hasattr(self.best_estimator_, name):
                setattr(self, name, getattr(self.best_estimator_, name))

    def score(self, X: Any, y: Any = None, **params: Any) -> float:
        """The score of the best estimator on other rows, by ``scoring``."""
        return float(self.scorer_(self._fitted(), X, y, **params))

    def _plan(self, folds: Folds) -> Plan:
        """What a trial gets, one after the other, and what ends it between."""
        return Plan([Step(len(folds.splits), 0, len(folds.splits))], NopPruner())

    def _fitted(self) -> Any:
        best = self.__dict__.get("best_estimator_")
        if best is None and "study_" in self.__dict__:
            raise InvalidInputError(f"this {type(self).__name__} has no best_estimator_", "bad_value", "Fit it with refit=True.")
        if best is None:
            raise not_fitted(type(self).__name__)
        return best

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "study_"}

    def __getattr__(self, name: str) -> Any:
        if name not in _DELEGATED or "estimator" not in self.__dict__:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        own = self.__dict__
        if "best_estimator_" in own:
            return getattr(own["best_estimator_"], name)
        getattr(own["estimator"], name)  # what the estimator cannot do, the search cannot
        return lambda *_, **__: self._fitted()

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name; with ``deep`` those of the estimator too, as ``estimator__name``."""
        own = {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}
        if deep and hasattr(self.estimator, "get_params") and not isinstance(self.estimator, type):
            own.update({f"estimator__{name}": value for name, value in self.estimator.get_params().items()})
        return own

    def set_params(self, **parameters: Any) -> Any:
        """Sets parameters; ``estimator__name`` sets those of the estimator.

        Returns:
            The search.
        """
        known = inspect.signature(type(self)).parameters
        nested = {}
        for name, value in parameters.items():
            if name.startswith("estimator__"):
                nested[name.removeprefix("estimator__")] = value
            elif name in known:
                setattr(self, name, value)
            else:
                raise InvalidInputError(f"{type(self).__name__} has no parameter '{name}'. Known: {', '.join(known)}.", "bad_value")
        if nested:
            self.estimator.set_params(**nested)
        return self

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import get_tags  # noqa: PLC0415

        return get_tags(self.estimator)

    def __repr__(self) -> str:
        signature = inspect.signature(type(self)).parameters
        changed = (f"{name}={value!r}" for name, value in self.get_params(deep=False).items() if value is not signature[name].default)
        return f"{type(self).__name__}({', '.join(changed)})"


class ASHT(HyperOptX):
    """A search that gives little to all trials and much to few: successive halving without waiting (ASHA).

    A trial begins with little of a resource. Where its score is among the best one in ``reduction_factor`` of those that had as much, it
    goes on with ``reduction_factor`` times as much, else it ends. The best is chosen among the trials that got all.

    Args:
        resource: what trials get more or less of: "rows" (of the training rows of each fold, classes in their shares), "folds" (of those
            that are scored), or a parameter of the estimator, such as "n_estimators".
        min_resource: the least that a trial gets; None: 1 fold; of rows and parameters what ``reduction_factor`` three times makes the
            most, at least 20 rows a class.
        max_resource: the most; None: all rows or folds. A parameter needs it.
        reduction_factor: one trial in so many goes on.
        brackets: whether trials take turns in where they are first asked to be among the best (Hyperband): for where little tells nothing.
        estimator, param_space, max_iter, cv, scoring, random_state, n_jobs, verbose, maximize, time_budget, optimization_strategy,
            early_stopping, refit, error_score: as of HyperOptX.
    """

    def __init__(
        self,
        estimator: Any,
        param_space: Any,
        max_iter: int = 100,
        cv: Any = 5,
        scoring: Any = None,
        random_state: int | None = None,
        n_jobs: int | None = None,
        verbose: int = 0,
        maximize: bool = True,
        time_budget: float | None = None,
        *,
        resource: str = "rows",
        min_resource: int | None = None,
        max_resource: int | None = None,
        reduction_factor: int = 3,
        brackets: bool = False,
        optimization_strategy: str | BaseSampler = "auto",
        early_stopping: int | None = None,
        refit: bool = True,
        error_score: float | str = float("nan"),
    ) -> None:
        super().__init__(
            estimator,
            param_space,
            max_iter,
            cv,
            scoring,
            random_state,
            n_jobs,
            verbose,
            maximize,
            time_budget,
            optimization_strategy=optimization_strategy,
            early_stopping=early_stopping,
            refit=refit,
            error_score=error_score,
        )
        self.resource = resource
        self.min_resource = min_resource
        self.max_resource = max_resource
        self.reduction_factor = reduction_factor
        self.brackets = brackets

    def _plan(self, folds: Folds) -> Plan:
        if self.reduction_factor < 2:
            raise InvalidInputError(f"reduction_factor is {self.reduction_factor}; it must be at least 2", "bad_value")
        least, most = self._bounds(folds)
        amounts: list[int] = []
        while least * self.reduction_factor ** len(amounts) < most:
            amounts.append(least * self.reduction_factor ** len(amounts))
        amounts.append(most)
        pruner: BasePruner = SuccessiveHalvingPruner(min_resource=least, reduction_factor=self.reduction_factor)
        if self.brackets:
            pruner = HyperbandPruner(min_resource=least, max_resource=most, reduction_factor=self.reduction_factor)
        n_folds = len(folds.splits)
        if self.resource == "folds":
            return Plan([Step(end, begin, end) for begin, end in zip([0, *amounts], amounts, strict=False)], pruner)
        if self.resource == "rows":
            return Plan([Step(rows, 0, n_folds, n_train_rows=None if rows == most else rows) for rows in amounts], pruner)
        return Plan([Step(amount, 0, n_folds, params={self.resource: amount}) for amount in amounts], pruner)

    def _bounds(self, folds: Folds) -> tuple[int, int]:
        """The least and the most of the resource."""
        if self.resource not in ("rows", "folds") and self.resource not in self.estimator.get_params():
            raise InvalidInputError(
                f"resource is '{self.resource}'; allowed: rows, folds, or a parameter of {type(self.estimator).__name__}", "bad_value"
            )
        there = {"rows": folds.n_train_rows, "folds": len(folds.splits)}.get(self.resource)
        if there is None and self.max_resource is None:
            raise InvalidInputError(
                f"max_resource is not given, and of '{self.resource}' there is no most", "bad_value", "Give max_resource."
            )
        most = there if self.max_resource is None else self.max_resource if there is None else min(there, self.max_resource)
        assert most is not None
        usual = 1 if self.resource == "folds" else max(1, most // self.reduction_factor**3)
        if self.resource == "rows":
            usual = min(most, max(usual, 20 * folds.n_classes))
        least = usual if self.min_resource is None else self.min_resource
        if not 1 <= least <= most:
            raise InvalidInputError(f"min_resource is {least}; it must be from 1 to the most there is, {most}", "bad_value")
        return least, most
