"""Studies beside Optuna and Rustuna: time of a trial of a trivial objective, and the best value on known functions; importances.

    python benchmarks/tuner.py [--seeds 20] [--trials 1000] [--tables FILE] [--samplers TPESampler,AutoSampler]

Times are processor time of this process for each trial, the tuners one after the other in every repetition; the least of three (Optuna:
once; Gaussian processes: 200 trials, once). Quality is the median over seeds of the best value after 100 trials; p is the paired Wilcoxon
test of the two columns (two-sided). Optuna's Gaussian process needs torch, its CMA-ES the package cmaes: without, their columns are empty.
With FILE, of benchmarks/tuner_tables.py, real tuning problems follow: a trial has the loss of the nearest configuration of the table.
Of quality only the rows of the named samplers of ours are printed.
"""

from __future__ import annotations

import argparse
import functools
import importlib.util
import json
import math
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from kolosal import tune


def installed(name: str) -> Any:
    """The module, or None where it is not installed."""
    return importlib.import_module(name) if importlib.util.find_spec(name) else None


optuna, rustuna = installed("optuna"), installed("rustuna")
if optuna is not None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)

# Ours, and Optuna's that its quality is held against.
QUALITY_PAIRS = {"TPESampler": "TPESampler", "CmaEsSampler": "CmaEsSampler", "GPSampler": "GPSampler", "AutoSampler": "TPESampler"}

HARTMANN_A = np.array([[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]])
HARTMANN_P = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def branin(trial: Any) -> float:
    """Least 0.398, at three places."""
    x, y = trial.suggest_float("x", -5, 10), trial.suggest_float("y", 0, 15)
    a = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return float(a * a + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10)


def hartmann(trial: Any) -> float:
    """Least -3.322."""
    x = np.array([trial.suggest_float(f"x{i}", 0, 1) for i in range(6)])
    return float(-np.array([1, 1.2, 3, 3.2]) @ np.exp(-np.sum(HARTMANN_A * (x - HARTMANN_P) ** 2, axis=1)))


def rosenbrock(trial: Any) -> float:
    """Least 0, at the end of a bent valley."""
    x = [trial.suggest_float(f"x{i}", -2, 2) for i in range(5)]
    return float(sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in zip(x, x[1:], strict=False)))


def conditional(trial: Any) -> float:
    """Least 0; each branch has parameters of its own."""
    kind = trial.suggest_categorical("kind", ["ball", "steps", "log"])
    if kind == "ball":
        return 0.05 + float(sum((trial.suggest_float(f"b{i}", -1, 1) - 0.3) ** 2 for i in range(3)))
    if kind == "steps":
        return 0.02 + float(sum(abs(trial.suggest_int(f"s{i}", 0, 20) - 7) for i in range(2))) / 20
    rate, mix = trial.suggest_float("rate", 1e-5, 1, log=True), trial.suggest_float("mix", 0, 1)
    return float(abs(math.log10(rate) + 3) / 5 + (mix - 0.8) ** 2)


def sphere(n: int) -> Callable[[Any], float]:
    """A trivial objective of n parameters."""
    names = [f"x{i}" for i in range(n)]

    def objective(trial: Any) -> float:
        total = 0.0
        for name in names:
            total += trial.suggest_float(name, -5, 5) ** 2
        return total

    return objective


def study_of(library: str, sampler: str, seed: int, **options: Any) -> Any:
    """A study of one of the three libraries."""
    module: Any = {"kolosal": tune, "optuna": optuna, "rustuna": rustuna}[library]
    return module.create_study(sampler=getattr(module.samplers, sampler)(seed=seed, **options))


def seconds_a_trial(library: str, sampler: str, n_parameters: int, n_trials: int) -> float:
    """Processor time of a trial."""
    study = study_of(library, sampler, 0)
    begin = time.process_time()
    study.optimize(sphere(n_parameters), n_trials=n_trials)
    return (time.process_time() - begin) / n_trials


def print_times(n_trials: int) -> None:
    """Times and their ratios."""
    print(f"{'sampler':14} {'parameters':>10} {'kolosal us':>11} {'optuna us':>11} {'ratio':>7} {'rustuna us':>11} {'ratio':>7}")
    for sampler in ("RandomSampler", "NSGAIISampler", "TPESampler", "CmaEsSampler", "GPSampler"):
        for n_parameters in (5, 40) if sampler != "GPSampler" else (5,):
            least: dict[str, float] = {}
            for repetition in range(3):
                for library, module in (("kolosal", tune), ("optuna", optuna), ("rustuna", rustuna)):
                    if module is None or (repetition > 0 and (library == "optuna" or sampler == "GPSampler")):
                        continue
                    if (library == "optuna" and not can_run(sampler)) or (library == "rustuna" and not hasattr(module.samplers, sampler)):
                        continue
                    seconds = seconds_a_trial(library, sampler, n_parameters, 200 if sampler == "GPSampler" else n_trials)
                    least[library] = min(seconds, least.get(library, math.inf))
            cells = "".join(
                f" {least[peer] * 1e6:11.1f} {least['kolosal'] / least[peer]:7.3f}" if peer in least else f" {'-':>11} {'-':>7}"
                for peer in ("optuna", "rustuna")
            )
            print(f"{sampler:14} {n_parameters:10} {least['kolosal'] * 1e6:11.1f}{cells}", flush=True)


def can_run(sampler: str) -> bool:
    """Whether Optuna is here with what its sampler needs."""
    needs = {"CmaEsSampler": "cmaes", "GPSampler": "torch"}
    return optuna is not None and (sampler not in needs or installed(needs[sampler]) is not None)


@functools.cache
def best_values(library: str, sampler: str, objective: Callable[[Any], float], n_seeds: int, options: tuple[Any, ...]) -> list[float]:
    """The best value of each seed after 100 trials; what was asked before is remembered, so a peer of two rows runs once."""
    found = []
    for seed in range(n_seeds):
        study = study_of(library, sampler, seed, **dict(options))
        study.optimize(objective, n_trials=100)
        found.append(study.best_value)
    return found


def print_row(head: str, ours: str, theirs: str, objective: Callable[[Any], float], n_seeds: int, width: str, **options: Any) -> None:
    """Medians of the best values, with Optuna's where it can run, and whether they differ."""
    from scipy.stats import wilcoxon

    mine = best_values("kolosal", ours, objective, n_seeds, tuple(options.items()))
    row = f"{head} {statistics.median(mine):{width}f}"
    if can_run(theirs):
        other = best_values("optuna", theirs, objective, n_seeds, tuple(options.items()))
        p = wilcoxon(mine, other).pvalue if mine != other else 1.0
        row += f" {statistics.median(other):{width}f} {p:7.3f}"
    print(row, flush=True)


def mixed(trial: Any) -> float:
    """Least 0: numbers, a logarithm, integers and a choice, none of them at its best in the middle."""
    x, y = trial.suggest_float("x", -5, 5), trial.suggest_float("y", 1e-4, 1, log=True)
    k, n = trial.suggest_int("k", 0, 20), trial.suggest_int("n", 1, 512, log=True)
    kind = trial.suggest_categorical("kind", ["a", "b", "c"])
    loss = (x - 2.5) ** 2 / 5 + (math.log10(y) + 3) ** 2 + ((k - 17) / 5) ** 2 + (math.log2(n) - 7) ** 2 / 4
    return float(loss + {"a": 0.4, "b": 0.0, "c": 0.8}[kind] * (1 + abs(x)))


def shifted_rastrigin(trial: Any) -> float:
    """Least 0 in five parameters, with a local minimum in every unit cube."""
    x = [trial.suggest_float(f"x{i}", -5, 5) - 1.7 for i in range(5)]
    return float(sum(a * a - 10 * math.cos(2 * math.pi * a) + 10 for a in x))


def ackley(trial: Any) -> float:
    """Least 0 in five parameters, at the end of a funnel with many dents."""
    x = np.array([trial.suggest_float(f"x{i}", -5, 5) - 1.3 for i in range(5)])
    return float(-20 * math.exp(-0.2 * math.sqrt(np.mean(x * x))) - math.exp(np.mean(np.cos(2 * math.pi * x))) + 20 + math.e)


def levy(trial: Any) -> float:
    """Least 0 in five parameters, with waves across a valley."""
    w = np.array([1 + (trial.suggest_float(f"x{i}", -10, 10) - 1) / 4 for i in range(5)])
    inner = (w[:-1] - 1) ** 2 * (1 + 10 * np.sin(math.pi * w[:-1] + 1) ** 2)
    return float(np.sin(math.pi * w[0]) ** 2 + inner.sum() + (w[-1] - 1) ** 2 * (1 + np.sin(2 * math.pi * w[-1]) ** 2))


def griewank(trial: Any) -> float:
    """Least 0 in five parameters: a wide bowl with fine waves."""
    x = np.array([trial.suggest_float(f"x{i}", -300, 600) - 100 for i in range(5)])
    return float((x * x).sum() / 4000 - np.prod(np.cos(x / np.sqrt(np.arange(1, 6)))) + 1)


def styblinski_tang(trial: Any) -> float:
    """Least 0 in five parameters, one of 32 valleys."""
    x = np.array([trial.suggest_float(f"x{i}", -5, 5) for i in range(5)])
    return float(0.5 * (x**4 - 16 * x * x + 5 * x).sum() + 5 * 39.16616570377142)


def linear_scale(trial: Any) -> float:
    """Least 0: three parameters that matter by their logarithm, and are asked for on a linear scale."""
    logs = [math.log10(trial.suggest_float(f"x{i}", 1e-4, 1)) + 2 + 0.5 * i for i in range(3)]
    return float(sum(x * x for x in logs) + 4 * (trial.suggest_float("y", 0, 1) - 0.3) ** 2)


def print_quality(n_seeds: int, samplers: list[str]) -> None:
    """Quality on known functions."""
    numeric: list[tuple[str, Callable[[Any], float]]] = [
        ("branin", branin),
        ("hartmann-6", hartmann),
        ("rosenbrock-5", rosenbrock),
        ("rastrigin-5", shifted_rastrigin),
    ]
    every = [*numeric, ("mixed", mixed), ("conditional", conditional)]
    others: list[tuple[str, Callable[[Any], float]]] = [
        ("ackley-5", ackley),
        ("levy-5", levy),
        ("griewank-5", griewank),
        ("styblinski-tang-5", styblinski_tang),
        ("linear scale", linear_scale),
    ]
    grouped = {"multivariate": True, "group": True}
    rows: list[tuple[str, list[tuple[str, Callable[[Any], float]]], dict[str, Any]]] = [
        ("TPESampler", every, {}),
        ("TPESampler", [("conditional, group", conditional)], grouped),
        ("CmaEsSampler", numeric, {}),
        ("GPSampler", [*numeric, ("mixed", mixed), *others], {}),
        ("AutoSampler", [*every, *others], {}),
    ]
    print(f"\n{'ours':14} {'of Optuna':14} {'function':20} {'kolosal':>10} {'optuna':>10} {'p':>7}")
    for ours, functions, options in rows:
        theirs = QUALITY_PAIRS[ours]
        for name, objective in functions if ours in samplers else []:
            print_row(f"{ours:14} {theirs:14} {name:20}", ours, theirs, objective, n_seeds, "10.4", **options)


def scaled(parameter: dict[str, Any], value: Any) -> float:
    """Where a number lies in its range, from 0 to 1; of a choice its place."""
    if parameter["type"] == "categorical":
        return float(parameter["choices"].index(value))
    if parameter["log"]:
        return math.log(value / parameter["low"]) / math.log(parameter["high"] / parameter["low"])
    return float((value - parameter["low"]) / (parameter["high"] - parameter["low"]))


def table_objective(table: dict[str, Any]) -> Callable[[Any], float]:
    """The loss of the nearest configuration; another choice is as far as the whole range of a number."""
    parameters, losses = table["parameters"], table["losses"]
    points = np.array([[scaled(p, x) for p, x in zip(parameters.values(), row, strict=True)] for row in table["configurations"]])
    is_choice = np.array([p["type"] == "categorical" for p in parameters.values()])

    def objective(trial: Any) -> float:
        asked = []
        for name, p in parameters.items():
            if p["type"] == "categorical":
                value = trial.suggest_categorical(name, p["choices"])
            else:
                value = getattr(trial, f"suggest_{p['type']}")(name, p["low"], p["high"], log=p["log"])
            asked.append(scaled(p, value))
        apart = np.where(is_choice, points != asked, (points - asked) ** 2)
        return float(losses[int(np.argmin(apart.sum(axis=1)))])

    return objective


def print_tables(path: Path, n_seeds: int, samplers: list[str]) -> None:
    """Quality on real tuning problems; "least" is the best loss of the table."""
    print(f"\n{'ours':18} {'of Optuna':13} {'table':22} {'least':>8} {'kolosal':>9} {'optuna':>9} {'p':>7}")
    tables = [(table, table_objective(table)) for table in json.loads(path.read_text())]
    for ours, theirs in QUALITY_PAIRS.items():
        for table, objective in tables if ours in samplers else []:
            if ours == "CmaEsSampler" and any(p["type"] == "categorical" for p in table["parameters"].values()):
                continue
            head = f"{ours:18} {theirs:13} {table['name']:22} {min(table['losses']):8.5f}"
            print_row(head, ours, theirs, objective, n_seeds, "9.5")


def zdt1(trial: Any) -> tuple[float, float]:
    """Two losses of 10 parameters; the front is f2 = 1 - sqrt(f1)."""
    x = [trial.suggest_float(f"x{i}", 0, 1) for i in range(10)]
    g = 1 + sum(x[1:])
    return float(x[0]), float(g * (1 - math.sqrt(x[0] / g)))


def volume(front: list[Any]) -> float:
    """The area that a front of two losses dominates within (1.1, 1.1)."""
    area, lowest = 0.0, 1.1
    for first, second in sorted(tuple(trial.values) for trial in front):
        if first < 1.1 and second < lowest:
            area += (1.1 - first) * (lowest - second)
            lowest = second
    return area


def print_fronts(n_seeds: int) -> None:
    """Medians of the dominated area after some trials of two losses; more is better, the whole front has 0.87."""
    from scipy.stats import wilcoxon

    print(f"\n{'ZDT1, dominated area':30} {'kolosal':>10} {'optuna':>10} {'p':>7}")
    for sampler, n_trials in (("TPESampler", 150), ("TPESampler", 300), ("NSGAIISampler", 1000), ("NSGAIIISampler", 1000)):
        areas: dict[str, list[float]] = {}
        for library in ("kolosal", "optuna") if optuna is not None else ("kolosal",):
            module: Any = tune if library == "kolosal" else optuna
            for seed in range(n_seeds):
                study = module.create_study(directions=["minimize"] * 2, sampler=getattr(module.samplers, sampler)(seed=seed))
                study.optimize(zdt1, n_trials=n_trials)
                areas.setdefault(library, []).append(volume(study.best_trials))
        row = f"{sampler + f', {n_trials} trials':30} " + " ".join(f"{statistics.median(of):10.4f}" for of in areas.values())
        print(row + (f" {wilcoxon(*areas.values()).pvalue:7.3f}" if len(areas) > 1 else ""), flush=True)


def print_importances(n_trials: int) -> None:
    """Processor time of importances of a study of ten parameters."""
    if optuna is None:
        return
    study = tune.create_study(sampler=tune.samplers.RandomSampler(0))
    study.optimize(lambda trial: sum(i * trial.suggest_float(f"x{i}", 0, 1) ** 2 for i in range(10)), n_trials=n_trials)
    theirs = optuna.create_study()
    for trial in study.trials:
        ranges = {name: optuna.distributions.FloatDistribution(0, 1) for name in trial.params}
        theirs.add_trial(optuna.trial.create_trial(value=trial.value, params=trial.params, distributions=ranges))
    print(f"\n{f'importances, {n_trials} trials':30} {'kolosal ms':>10} {'optuna ms':>10} {'ratio':>7}")
    for evaluator in ("PedAnovaImportanceEvaluator", "FanovaImportanceEvaluator"):
        seconds = []
        for module, of in ((tune.importance, study), (optuna.importance, theirs)):
            for _ in range(2):  # the first time imports what it needs
                begin = time.process_time()
                module.get_param_importances(of, evaluator=getattr(module, evaluator)())
                taken = time.process_time() - begin
            seconds.append(taken)
        print(f"{evaluator:30} {seconds[0] * 1e3:10.1f} {seconds[1] * 1e3:10.1f} {seconds[0] / seconds[1]:7.4f}", flush=True)


def main() -> None:
    """Prints the tables."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, help="seeds of the quality table; 0: no such table")
    parser.add_argument("--trials", type=int, default=1000, help="trials of the times; 0: no such table")
    parser.add_argument("--tables", type=Path, help="file of tuning problems; without: no such table")
    parser.add_argument("--samplers", default=",".join(QUALITY_PAIRS), help="ours, of quality, separated by commas")
    given = parser.parse_args()
    samplers = given.samplers.split(",")
    if unknown := set(samplers) - set(QUALITY_PAIRS):
        parser.error(f"--samplers: {', '.join(sorted(unknown))}; there are {', '.join(QUALITY_PAIRS)}")
    if given.trials > 0:
        print_times(given.trials)
        print_importances(min(given.trials, 300))
    if given.seeds > 0:
        print_quality(given.seeds, samplers)
        print_fronts(min(given.seeds, 10))
    if given.tables is not None:
        print_tables(given.tables, given.seeds or 20, samplers)


if __name__ == "__main__":
    main()
