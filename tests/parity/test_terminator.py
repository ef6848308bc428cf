"""The terminator against Optuna 5, and its Gaussian process, which Optuna runs on PyTorch, against the same rule in NumPy and SciPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import optuna.terminator
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import qmc

from kolosal import tune
from kolosal.tune import terminator

optuna.logging.set_verbosity(optuna.logging.ERROR)
pytestmark = pytest.mark.filterwarnings("ignore")
Array = NDArray[np.float64]


def kernel(a: Array, b: Array, weights: Array, scale: float) -> Array:
    square = (((a[:, None] - b[None]) ** 2) * weights).sum(axis=2)
    root = np.sqrt(5 * square)
    return np.asarray(scale * np.exp(-root) * (1 + root + 5 / 3 * square))


def fitted(x: Array, y: Array) -> tuple[Array, float, float]:
    """Weights, scale and noise of the greatest posterior density under Optuna's priors."""
    d = x.shape[1]

    def loss(logs: Array) -> float:
        weights, scale, noise = np.exp(logs[:d]), math.exp(logs[d]), 1e-6 + math.exp(logs[d + 1])
        factor = np.linalg.cholesky(kernel(x, x, weights, scale) + noise * np.eye(len(x)))
        half = np.linalg.solve(factor, y)
        likelihood = -np.log(np.diag(factor)).sum() - 0.5 * half @ half
        prior = -(0.1 / weights + 0.1 * weights).sum() + math.log(scale) - scale + 0.1 * math.log(noise) - 30 * noise
        return float(-likelihood - prior)

    starts = [np.zeros(d + 2), np.r_[np.full(d, math.log(10.0)), 0.0, math.log(1e-2)]]
    best = min((minimize(loss, start, method="L-BFGS-B") for start in starts), key=lambda found: found.fun)
    return np.exp(best.x[:d]), math.exp(best.x[d]), 1e-6 + math.exp(best.x[d + 1])


def regret_bound(x: Array, values: Array) -> float:
    """The bound for points of the unit cube, less is better."""
    y = -values
    n_top = min(max(len(y) // 2, 20), len(y))
    top = y >= np.sort(y)[len(y) - n_top]
    x, y = x[top], y[top]
    deviation = max(1e-10, y.std())
    y = (y - y.mean()) / deviation
    weights, scale, noise = fitted(x, y)
    inverse = np.linalg.inv(kernel(x, x, weights, scale) + noise * np.eye(len(x)))
    n, d = x.shape
    beta = 2 * math.log(d * n**2 * math.pi**2 / 6 / 0.1) / 5

    def bounds(at: Array) -> tuple[Array, Array]:
        cross = kernel(at, x, weights, scale)
        mean, variance = cross @ inverse @ y, np.maximum(scale - ((cross @ inverse) * cross).sum(axis=1), 0)
        return mean + np.sqrt(beta * variance), mean - np.sqrt(beta * variance)

    space = qmc.Sobol(d, seed=0).random(2048)
    return float((max(bounds(x)[0].max(), bounds(space)[0].max()) - bounds(x)[1].max()) * deviation)


@pytest.mark.parametrize("n", [12, 30, 70])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_regret_bound_is_that_of_the_rule(n: int, sign: int) -> None:
    def objective(trial: tune.Trial) -> float:
        x, y = trial.suggest_float("x", -2, 2), trial.suggest_float("y", 0.01, 1, log=True)
        return sign * (x * x + 0.5 * math.sin(5 * x) + (math.log10(y) + 1) ** 2)

    study = tune.create_study(direction="minimize" if sign == 1 else "maximize", sampler=tune.samplers.RandomSampler(n))
    study.optimize(objective, n_trials=n)
    points = np.array([[(t.params["x"] + 2) / 4, (math.log10(t.params["y"]) + 2) / 2] for t in study.trials])
    expected = regret_bound(points, sign * np.array([t.value for t in study.trials]))
    found = terminator.RegretBoundEvaluator(seed=0).evaluate(study.trials, study.direction)
    assert found == pytest.approx(expected, rel=0.1)


def theirs_of(study: tune.Study) -> optuna.Study:
    theirs = optuna.create_study(direction=study.direction)
    for trial in study.trials:
        theirs.add_trial(optuna.trial.create_trial(value=trial.value, system_attrs=trial.system_attrs))
    return theirs


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_stagnation_and_the_error_of_cross_validation_are_optunas(direction: str) -> None:
    generator = np.random.default_rng(0)
    study = tune.create_study(direction=direction, sampler=tune.samplers.RandomSampler(0))
    ours = terminator.Terminator(terminator.BestValueStagnationEvaluator(5), min_n_trials=3)
    their_own = optuna.terminator.Terminator(optuna.terminator.BestValueStagnationEvaluator(5), min_n_trials=3)
    decisions = []
    for _ in range(25):
        trial = study.ask()
        scores = [float(score) for score in generator.normal(size=4)]
        terminator.report_cross_validation_scores(trial, scores)
        study.tell(trial, float(np.mean(scores)))
        theirs = theirs_of(study)
        their_direction = theirs.direction
        pairs: list[tuple[Any, Any]] = [
            (terminator.CrossValidationErrorEvaluator(), optuna.terminator.CrossValidationErrorEvaluator()),
            (terminator.BestValueStagnationEvaluator(5), optuna.terminator.BestValueStagnationEvaluator(5)),
        ]
        for one, other in pairs:
            assert one.evaluate(study.trials, direction) == pytest.approx(other.evaluate(theirs.trials, their_direction), rel=1e-12)
        decisions.append(ours.should_terminate(study))
        assert decisions[-1] == their_own.should_terminate(theirs)
    assert True in decisions and False in decisions
