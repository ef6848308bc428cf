"""HyperOptX, the tuner: studies of an objective over parameters, with Optuna's spelling and a native core.

>>> from kolosal import tune
>>> study = tune.create_study(sampler=tune.samplers.TPESampler(seed=0))
>>> study.optimize(lambda trial: trial.suggest_float("x", -10, 10) ** 2, n_trials=50)
>>> study.best_value < 0.1
True
"""

from __future__ import annotations

from .._kolosal import Trial
from . import importance, pruners, samplers, storages, terminator, visualization
from ._search import ASHT, HyperOptX
from ._study import (
    Study,
    StudySummary,
    copy_study,
    create_study,
    delete_study,
    get_all_study_names,
    get_all_study_summaries,
    load_study,
    study_from_json,
)
from ._trial import (
    CategoricalDistribution,
    Distribution,
    FloatDistribution,
    FrozenTrial,
    IntDistribution,
    SearchSpace,
    TrialPruned,
    TrialState,
    create_trial,
)

__all__ = [
    "ASHT",
    "CategoricalDistribution",
    "Distribution",
    "FloatDistribution",
    "FrozenTrial",
    "HyperOptX",
    "IntDistribution",
    "SearchSpace",
    "Study",
    "StudySummary",
    "Trial",
    "TrialPruned",
    "TrialState",
    "copy_study",
    "create_study",
    "create_trial",
    "delete_study",
    "get_all_study_names",
    "get_all_study_summaries",
    "importance",
    "load_study",
    "pruners",
    "samplers",
    "storages",
    "study_from_json",
    "terminator",
    "visualization",
]
