"""TPE against Optuna 5: with many candidates ours proposes what Optuna's densities, too, hold to be most promising.

The proposal is then where the density of the good trials is highest against that of the others: splits, weights, bandwidths and priors must
all be the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.samplers._tpe.sampler import _split_trials, default_gamma, default_gamma_multiobjective

from kolosal import tune

optuna.logging.set_verbosity(optuna.logging.ERROR)
pytestmark = pytest.mark.filterwarnings("ignore")
N_CANDIDATES = 6_000


def space(trial: Any) -> tuple[float, float, float, str]:
    """Without integers: of equal observations with unequal weights Optuna leaves it to an unstable sort which has the wide kernel."""
    x, rate, q = trial.suggest_float("x", 0, 1), trial.suggest_float("rate", 1e-4, 1, log=True), trial.suggest_float("q", -3, 7)
    return x, rate, q, trial.suggest_categorical("kind", ["a", "b", "c"])


def two(trial: Any) -> tuple[float, float]:
    x, rate, q, kind = space(trial)
    error = abs(math.log10(rate) + 2) / 2 + {"a": 0.0, "b": 0.3, "c": 0.1}[kind] + (q / 5 - 0.2) ** 2 + (x - 0.5) ** 2
    return error, abs(q) / 7 + {"a": 0.5, "b": 0.0, "c": 0.2}[kind] + x / 4


def one(trial: Any) -> float:
    return sum(two(trial))


def distribution(of: tune.Distribution) -> Any:
    if isinstance(of, tune.CategoricalDistribution):
        return optuna.distributions.CategoricalDistribution(of.choices)
    made = optuna.distributions.FloatDistribution if isinstance(of, tune.FloatDistribution) else optuna.distributions.IntDistribution
    return made(of.low, of.high, log=of.log, step=of.step)


def promise_by_optuna(study: optuna.Study, name: str) -> Callable[[Any], float]:
    """log of the density of the good trials over that of the others, as Optuna sees the parameter."""
    of = study.trials[0].distributions[name]
    gamma = default_gamma if len(study.directions) == 1 else default_gamma_multiobjective
    split = _split_trials(study, study.trials, gamma(len(study.trials)))
    good, others = (study.sampler._build_parzen_estimator(study, {name: of}, trials, handle_below=i == 0) for i, trials in enumerate(split))

    def promise(value: Any) -> float:
        point = {name: np.array([of.to_internal_repr(value)])}
        return float(good.log_pdf(point)[0] - others.log_pdf(point)[0])

    return promise


def candidates(of: Any) -> list[Any]:
    if isinstance(of, optuna.distributions.CategoricalDistribution):
        return list(of.choices)
    return list((np.geomspace if of.log else np.linspace)(of.low, of.high, 400))


@pytest.mark.parametrize(
    ("objective", "directions"), [(one, ["maximize"]), (two, ["minimize", "minimize"]), (two, ["minimize", "maximize"])]
)
@pytest.mark.parametrize("n", [15, 60, 150])
def test_proposals_are_most_promising_to_optuna_too(objective: Callable[[Any], Any], directions: list[str], n: int) -> None:
    history = tune.create_study(directions=directions, sampler=tune.samplers.TPESampler(seed=n))
    history.optimize(objective, n_trials=n)
    # Each parameter apart: of points in four dimensions six thousand are few.
    ours = tune.create_study(
        directions=directions, sampler=tune.samplers.TPESampler(seed=1, n_ei_candidates=N_CANDIDATES, multivariate=False)
    )
    ours.add_trials(history.trials)
    theirs = optuna.create_study(directions=directions, sampler=optuna.samplers.TPESampler(multivariate=False))
    for trial in history.trials:
        ranges = {name: distribution(of) for name, of in trial.distributions.items()}
        theirs.add_trial(optuna.trial.create_trial(values=trial.values, params=trial.params, distributions=ranges))
    for name, value in dict(zip(("x", "rate", "q", "kind"), space(ours.ask()), strict=True)).items():
        promise = promise_by_optuna(theirs, name)
        best = max(promise(other) for other in candidates(theirs.trials[0].distributions[name]))
        assert promise(value) >= best - 0.02, (name, value)
