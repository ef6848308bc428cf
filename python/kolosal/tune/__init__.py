"""HyperOptX, the tuner: studies of an objective over parameters, with Optuna's spelling and a native core.

Programs of Optuna run with ``import kolosal.tune as optuna``.

>>> from kolosal import tune
>>> study = tune.create_study(sampler=tune.samplers.TPESampler(seed=0))
>>> study.optimize(lambda trial: trial.suggest_float("x", -10, 10) ** 2, n_trials=50)
>>> study.best_value < 0.1
True
"""

from __future__ import annotations

from .. import _kolosal
from . import distributions, exceptions, importance, logging, pruners, samplers, storages, study, terminator, trial, visualization
from ._adaptive import AdaptiveHPO, OptimizationResult
from ._callbacks import MaxTrialsCallback
from ._running import Trial
from ._search import ASHT, HyperOptX
from ._studies import (
    StudySummary,
    copy_study,
    delete_study,
    get_all_study_names,
    get_all_study_summaries,
    load_study,
    study_from_json,
)
from ._study import Study, StudyDirection, create_study
from ._trial import (
    CategoricalDistribution,
    Distribution,
    FixedTrial,
    FloatDistribution,
    FrozenTrial,
    IntDistribution,
    SearchSpace,
    TrialPruned,
    TrialState,
    create_trial,
)
from ._warm_start import best_parameters, earlier_trials, warm_start

__version__ = _kolosal.version()

__all__ = [
    "ASHT",
    "AdaptiveHPO",
    "CategoricalDistribution",
    "Distribution",
    "FixedTrial",
    "FloatDistribution",
    "FrozenTrial",
    "HyperOptX",
    "IntDistribution",
    "MaxTrialsCallback",
    "OptimizationResult",
    "SearchSpace",
    "Study",
    "StudyDirection",
    "StudySummary",
    "Trial",
    "TrialPruned",
    "TrialState",
    "__version__",
    "best_parameters",
    "copy_study",
    "create_study",
    "create_trial",
    "delete_study",
    "distributions",
    "earlier_trials",
    "exceptions",
    "get_all_study_names",
    "get_all_study_summaries",
    "importance",
    "load_study",
    "logging",
    "pruners",
    "samplers",
    "storages",
    "study",
    "study_from_json",
    "terminator",
    "trial",
    "visualization",
    "warm_start",
]
