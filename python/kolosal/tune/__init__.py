"""HyperOptX, the tuner: studies of an objective over parameters, with Optuna's spelling and a native core.

>>> from kolosal import tune
>>> study = tune.create_study(sampler=tune.samplers.TPESampler(seed=0))
>>> study.optimize(lambda trial: trial.suggest_float("x", -10, 10) ** 2, n_trials=50)
>>> study.best_value < 0.1
True
"""

from __future__ import annotations

from .._kolosal import Trial
from . import pruners, samplers
from ._search import ASHT, HyperOptX
from ._study import Study, create_study
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
    "Trial",
    "TrialPruned",
    "TrialState",
    "create_study",
    "create_trial",
    "pruners",
    "samplers",
]
