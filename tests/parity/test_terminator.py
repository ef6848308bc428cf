"""The terminator against Optuna 5, and its Gaussian process, which Optuna runs on PyTorch, against the same rule in NumPy and SciPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import optuna.terminator
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import norm, qmc

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


class Process:
    """The Gaussian process of points of the unit cube, more is better."""

    def __init__(self, x: Array, y: Array) -> None:
        self.x, self.y = x, y
        self.weights, self.scale, noise = fitted(x, y)
        self.inverse = np.linalg.inv(kernel(x, x, self.weights, self.scale) + noise * np.eye(len(x)))

    def at(self, points: Array) -> tuple[Array, Array]:
        """Means and covariances."""
        cross = kernel(points, self.x, self.weights, self.scale)
        return cross @ self.inverse @ self.y, kernel(points, points, self.weights, self.scale) - cross @ self.inverse @ cross.T

    def regret_bound(self) -> float:
        """In standard deviations of the results."""
        n, d = self.x.shape
        beta = 2 * math.log(d * n**2 * math.pi**2 / 6 / 0.1) / 5

        def bounds(points: Array) -> tuple[Array, Array]:
            mean, covariance = self.at(points)
            spread = np.sqrt(beta * np.maximum(np.diag(covariance), 0))
            return mean + spread, mean - spread

        space = qmc.Sobol(d, seed=0).random(2048)
        return float(max(bounds(self.x)[0].max(), bounds(space)[0].max()) - bounds(self.x)[1].max())


def regret_bound(x: Array, values: Array) -> float:
    """The bound for points of the unit cube, less is better."""
    y = -values
    n_top = min(max(len(y) // 2, 20), len(y))
    top = y >= np.sort(y)[len(y) - n_top]
    x, y = x[top], y[top]
    deviation = max(1e-10, y.std())
    return Process(x, (y - y.mean()) / deviation).regret_bound() * deviation


def expected_regret(x: Array, values: Array) -> float:
    """The expected minimum regret by the model, term by term of algorithm 1 of its paper."""
    y = (values.mean() - values) / values.std()
    before, now = Process(x[:-1], y[:-1]), Process(x, y)
    best, best_before = x[np.argmax(y)], x[np.argmax(y[:-1])]
    mean, covariance = now.at(np.stack([best, best_before, x[-1]]))
    change = before.at(best_before[None])[0][0] - mean[0]
    v = math.sqrt(max(1e-10, covariance[0, 0] - 2 * covariance[0, 1] + covariance[1, 1]))
    g = -change / v
    variance, off, noise = max(covariance[2, 2], 1e-12), y[-1] - mean[2], 1e-6
    divergence = 0.5 * math.log(1 + variance / noise) - 0.5 * variance / (variance + noise)
    divergence += 0.5 * variance * off**2 / (variance + noise) ** 2
    return float(change + v * norm.pdf(g) + v * g * norm.cdf(g) + before.regret_bound() * math.sqrt(0.5 * divergence))


def random_study(n: int, sign: int) -> tuple[tune.Study, Array, Array]:
    """A study, its points in the unit cube, and its values, less is better."""

    def objective(trial: tune.Trial) -> float:
        x, y = trial.suggest_float("x", -2, 2), trial.suggest_float("y", 0.01, 1, log=True)
        return sign * (x * x + 0.5 * math.sin(5 * x) + (math.log10(y) + 1) ** 2)

    study = tune.create_study(direction="minimize" if sign == 1 else "maximize", sampler=tune.samplers.RandomSampler(n))
    study.optimize(objective, n_trials=n)
    points = np.array([[(t.params["x"] + 2) / 4, (math.log10(t.params["y"]) + 2) / 2] for t in study.trials])
    return study, points, sign * np.array([t.value for t in study.trials])


# The more trials, the more hangs on where the fit ends and on which points of the space are looked at.
@pytest.mark.parametrize(("n", "tolerance"), [(12, 0.02), (30, 0.02), (70, 0.06)])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_regret_bound_is_that_of_the_rule(n: int, tolerance: float, sign: int) -> None:
    study, points, values = random_study(n, sign)
    found = terminator.RegretBoundEvaluator(seed=0).evaluate(study.trials, study.direction)
    assert found == pytest.approx(regret_bound(points, values), rel=tolerance)


@pytest.mark.parametrize(("n", "tolerance"), [(12, 0.02), (30, 0.02), (45, 0.1)])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_expected_regret_is_that_of_the_rule(n: int, tolerance: float, sign: int) -> None:
    study, points, values = random_study(n, sign)
    found = terminator.EMMREvaluator(seed=0).evaluate(study.trials, study.direction)
    assert found == pytest.approx(expected_regret(points, values), rel=tolerance)


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
