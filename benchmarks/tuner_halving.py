"""What ASHA and Hyperband save when gradient boosting is tuned: the best loss for a third of the work that trials to their end take.

    python benchmarks/tuner_halving.py --data FOLDER [--resource trees] [--seeds 10] [--trials 60] [--tables adult] [--samplers tpe]

FOLDER holds NAME.train.csv of three data sets. Our gradient boosting learns from 5400 rows of each (what there is of smaller ones) and is
judged on 2000 others after every tree: by the logarithmic loss, or of numbers the mean squared error; a model's loss is that of its best
round of 216. What trials get little or much of is rows (a model of a ninth of them, then of a third and all, each fitted anew) or,
with --resource trees, trees (the least loss so far is reported after every tree). For each seed a study without a pruner runs so many
trials. Then studies of the same seed run as many trials as they can in a third of its work, which is trees times the share of the rows
that they learn from; a trial under way when that is spent counts for nothing. "none" of them is the study without a pruner up to there.

"trials" is how many there were. "gap" is by how many percent the best loss of a complete trial lies above that of the study without a
pruner: of the middle seed, of the worst, and the share of the seeds where it is at most 2 %. "work" is the share of the work of the study
without a pruner after which a complete trial came within 2 % of its best, in the middle seed; inf where none did in a third.
"""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from kolosal import models, tune

N_ROWS, N_HELD_OUT, N_TREES, SHARE, NEAR = 5400, 2000, 216, 1 / 3, 0.02
PARTS = 9  # the first model of a trial learns from that part of the rows, or has that part of the trees
TABLES = {"adult": "income", "california": "median_house_value", "telco_churn": "Churn"}
SAMPLERS: dict[str, Callable[[int], Any]] = {
    "random": lambda seed: tune.samplers.RandomSampler(seed=seed),
    "tpe": lambda seed: tune.samplers.TPESampler(seed=seed),
}
PRUNERS: dict[str, Callable[[int, int], Any]] = {
    "none": lambda least, most: tune.pruners.NopPruner(),
    "ASHA": lambda least, most: tune.pruners.SuccessiveHalvingPruner(min_resource=least, reduction_factor=3),
    "Hyperband": lambda least, most: tune.pruners.HyperbandPruner(min_resource=least, max_resource=most, reduction_factor=3),
}


class Problem:
    """A table to tune boosting on."""

    def __init__(self, data: Path, name: str) -> None:
        frame = pd.read_csv(data / f"{name}.train.csv").drop(columns="customerID", errors="ignore")
        frame = frame.sample(min(N_ROWS + N_HELD_OUT, len(frame)), random_state=0).reset_index(drop=True)
        target = frame.pop(TABLES[name])
        for column in frame.columns:
            if not pd.api.types.is_numeric_dtype(frame[column]):
                frame[column] = frame[column].astype("string").astype("category")
        is_number = pd.api.types.is_numeric_dtype(target)
        if is_number:
            target = (target - target.mean()) / target.std()
        self._kind = models.GradientBoostingRegressor if is_number else models.GradientBoostingClassifier
        self._train = frame[N_HELD_OUT:], target[N_HELD_OUT:]
        self._held_out = frame[:N_HELD_OUT], target[:N_HELD_OUT]

    def fit(self, trial: Any, share: float, told: Callable[[models.FitProgress], bool]) -> None:
        """Boosting with the parameters of a trial on a share of the rows; `told` hears of each tree and says whether to go on."""
        model = self._kind(
            n_trees=N_TREES,
            learning_rate=trial.suggest_float("learning_rate", 0.01, 0.5, log=True),
            max_leaves=trial.suggest_int("max_leaves", 3, 64, log=True),
            min_rows_in_leaf=trial.suggest_int("min_rows_in_leaf", 2, 100, log=True),
            l2=trial.suggest_float("l2", 1e-3, 100, log=True),
            feature_fraction=trial.suggest_float("feature_fraction", 0.2, 1),
            row_fraction=trial.suggest_float("row_fraction", 0.3, 1),
            growth="leaf",
            patience=None,
            n_threads=1,
        )
        n_rows = round(share * len(self._train[1]))
        model.fit(*(part[:n_rows] for part in self._train), eval_set=self._held_out, callbacks=[told])


@dataclass
class Run:
    """A study: the work of all trials, in trees of all rows, and after how much of it the best loss of a complete trial became which."""

    n_trials: int = 0
    work: float = 0
    bests: list[tuple[float, float]] = field(default_factory=list)

    def best(self, most_work: float) -> float:
        """The best loss of complete trials after so much work."""
        return min((loss for work, loss in self.bests if work <= most_work), default=math.inf)

    def work_to(self, loss: float) -> float:
        """After how much work a complete trial had at most this loss."""
        return min((work for work, best in self.bests if best <= loss), default=math.inf)


class Trials:
    """The objective: it fits a trial's models and counts their work, of which there is so much."""

    def __init__(self, problem: Problem, by_rows: bool, prunes: bool, most_work: float) -> None:
        self.run = Run()
        self._problem, self._by_rows, self._prunes, self._most_work = problem, by_rows, prunes, most_work

    def __call__(self, trial: Any) -> float:
        """The loss of a trial's last model."""
        self.run.n_trials += 1
        parts = [1 / PARTS, PARTS**-0.5] if self._by_rows and self._prunes else []
        for share in (*parts, 1.0):
            least = self._loss(trial, share)
            trial.report(least, round(share * PARTS) if self._by_rows else N_TREES)
            is_spent = self.run.work >= self._most_work
            if is_spent:
                trial.study.stop()
            if share < 1 and (is_spent or trial.should_prune()):
                raise tune.TrialPruned
        self.run.bests.append((self.run.work, min(least, self.run.best(math.inf))))
        return least

    def _loss(self, trial: Any, share: float) -> float:
        """The least loss of a model."""
        least, is_pruned = math.inf, False

        def told(progress: models.FitProgress) -> bool:
            nonlocal least, is_pruned
            self.run.work += share
            least = min(least, progress.validation_loss)
            is_pruned = self.run.work >= self._most_work
            if not self._by_rows and progress.iteration < N_TREES:
                trial.report(least, progress.iteration)
                is_pruned = is_pruned or trial.should_prune()
            return not is_pruned

        self._problem.fit(trial, share, told)
        if is_pruned:
            if self.run.work >= self._most_work:
                trial.study.stop()
            raise tune.TrialPruned
        return least


def study_run(trials: Trials, sampler: Any, pruner: Any, seed: int, n_trials: int | None) -> Run:
    """Runs a study until it has so many trials, or its work is done."""
    study = tune.create_study(study_name=f"halving {seed}", sampler=sampler, pruner=pruner)
    study.optimize(trials, n_trials=n_trials)
    return trials.run


def print_rows(problem: Problem, name: str, sampler: str, by_rows: bool, n_seeds: int, n_trials: int) -> None:
    """The rows of a table and a sampler."""
    least, most = (1, PARTS) if by_rows else (N_TREES // PARTS, N_TREES)

    def run(pruner: str, seed: int, count: int | None, most_work: float) -> Run:
        trials = Trials(problem, by_rows, pruner != "none", most_work)
        return study_run(trials, SAMPLERS[sampler](seed), PRUNERS[pruner](least, most), seed, count)

    whole = [run("none", seed, n_trials, math.inf) for seed in range(n_seeds)]
    for pruner in PRUNERS:
        shortened = whole if pruner == "none" else [run(pruner, seed, None, SHARE * whole[seed].work) for seed in range(n_seeds)]
        gaps, works, counts = [], [], []
        for mine, full in zip(shortened, whole, strict=True):
            best, most_work = full.best(math.inf), SHARE * full.work
            gaps.append(100 * (mine.best(most_work) / best - 1))
            work = mine.work_to((1 + NEAR) * best)
            works.append(work / full.work if work <= most_work else math.inf)
            counts.append(mine.n_trials if pruner != "none" else SHARE * n_trials)
        near = sum(gap <= 100 * NEAR for gap in gaps) / n_seeds
        row = f"{name:12} {sampler:8} {pruner:10} {statistics.median(counts):7.0f} {statistics.median(gaps):7.2f} {max(gaps):7.2f}"
        print(f"{row} {near:7.2f} {statistics.median(works):7.3f}", flush=True)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--resource", choices=["rows", "trees"], default="rows", help="what trials get little or much of")
    parser.add_argument("--seeds", type=int, default=10, help="studies of each row")
    parser.add_argument("--trials", type=int, default=60, help="trials of a study without a pruner")
    parser.add_argument("--tables", default=",".join(TABLES), help="data sets, separated by commas")
    parser.add_argument("--samplers", default=",".join(SAMPLERS), help="samplers, separated by commas")
    given = parser.parse_args()
    print(f"{'table':12} {'sampler':8} {'pruner':10} {'trials':>7} {'gap %':>7} {'worst':>7} {'<= 2 %':>7} {'work':>7}")
    for name in given.tables.split(","):
        problem = Problem(given.data, name)
        for sampler in given.samplers.split(","):
            print_rows(problem, name, sampler, given.resource == "rows", given.seeds, given.trials)


if __name__ == "__main__":
    main()
