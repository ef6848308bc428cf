"""What ASHA and Hyperband save when gradient boosting is tuned: the best loss for a third of the trees that trials to their end grow.

    python benchmarks/tuner_halving.py --data FOLDER [--seeds 10] [--trials 60] [--tables adult,california] [--samplers tpe]

FOLDER holds NAME.train.csv of three data sets. Our gradient boosting learns from 2000 rows of each and is judged on 2000 others after every
tree: by the logarithmic loss, or of numbers the mean squared error. A trial reports the least loss so far, as the model is that of its best
round, and grows up to 216 trees. For each seed a study without a pruner runs so many trials. Then studies of the same seed run as many
trials as they can in a third of its trees; a trial under way when those are spent counts for nothing. "none" of them is the study without
a pruner up to there.

"trials" is how many there were. "gap" is by how many percent the best loss of a complete trial lies above that of the study without a
pruner: of the middle seed, of the worst, and the share of the seeds where it is at most 2 %. "work" is the share of the trees of the study
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

N_ROWS, N_TREES, SHARE, NEAR = 2000, 216, 1 / 3, 0.02
TABLES = {"adult": "income", "california": "median_house_value", "telco_churn": "Churn"}
SAMPLERS: dict[str, Callable[[int], Any]] = {
    "random": lambda seed: tune.samplers.RandomSampler(seed=seed),
    "tpe": lambda seed: tune.samplers.TPESampler(seed=seed),
}
PRUNERS: dict[str, Callable[[], Any]] = {
    "ASHA": lambda: tune.pruners.SuccessiveHalvingPruner(min_resource=N_TREES // 27, reduction_factor=3),
    "ASHA, defaults": lambda: tune.pruners.SuccessiveHalvingPruner(),
    "Hyperband": lambda: tune.pruners.HyperbandPruner(min_resource=N_TREES // 27, max_resource=N_TREES, reduction_factor=3),
    "Hyperband, defaults": lambda: tune.pruners.HyperbandPruner(),
}


class Problem:
    """A table to tune boosting on."""

    def __init__(self, data: Path, name: str) -> None:
        frame = pd.read_csv(data / f"{name}.train.csv").drop(columns="customerID", errors="ignore")
        frame = frame.sample(2 * N_ROWS, random_state=0).reset_index(drop=True)
        target = frame.pop(TABLES[name])
        for column in frame.columns:
            if not pd.api.types.is_numeric_dtype(frame[column]):
                frame[column] = frame[column].astype("string").astype("category")
        is_number = pd.api.types.is_numeric_dtype(target)
        if is_number:
            target = (target - target.mean()) / target.std()
        self._kind = models.GradientBoostingRegressor if is_number else models.GradientBoostingClassifier
        self._train = frame[:N_ROWS], target[:N_ROWS]
        self._held_out = frame[N_ROWS:], target[N_ROWS:]

    def fit(self, trial: Any, told: Callable[[models.FitProgress], bool]) -> None:
        """Boosting with the parameters of a trial; `told` hears of each tree and says whether to go on."""
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
        model.fit(*self._train, eval_set=self._held_out, callbacks=[told])


@dataclass
class Run:
    """A study: the trees grown by all trials, and after how many of them the best loss of a complete trial became which."""

    n_trials: int = 0
    n_trees: int = 0
    bests: list[tuple[int, float]] = field(default_factory=list)

    def best(self, n_trees: float) -> float:
        """The best loss of complete trials after so many trees."""
        return min((loss for trees, loss in self.bests if trees <= n_trees), default=math.inf)

    def trees_to(self, loss: float) -> float:
        """After how many trees a complete trial had at most this loss."""
        return min((trees for trees, best in self.bests if best <= loss), default=math.inf)


def study_run(problem: Problem, sampler: Any, pruner: Any, seed: int, n_trials: int | None, most_trees: float) -> Run:
    """Runs a study until it has so many trials, or has grown so many trees."""
    run = Run()

    def objective(trial: Any) -> float:
        least, is_pruned = math.inf, False

        def told(progress: models.FitProgress) -> bool:
            nonlocal least, is_pruned
            run.n_trees += 1
            least = min(least, progress.validation_loss)
            trial.report(least, progress.iteration)
            is_pruned = progress.iteration < N_TREES and (run.n_trees >= most_trees or trial.should_prune())
            return not is_pruned

        problem.fit(trial, told)
        run.n_trials += 1
        if run.n_trees >= most_trees:
            study.stop()
        if is_pruned:
            raise tune.TrialPruned
        run.bests.append((run.n_trees, min(least, run.best(math.inf))))
        return least

    study = tune.create_study(study_name=f"halving {seed}", sampler=sampler, pruner=pruner)
    study.optimize(objective, n_trials=n_trials)
    return run


def print_rows(problem: Problem, name: str, sampler: str, n_seeds: int, n_trials: int) -> None:
    """The rows of a table and a sampler."""
    whole = [study_run(problem, SAMPLERS[sampler](seed), tune.pruners.NopPruner(), seed, n_trials, math.inf) for seed in range(n_seeds)]
    for pruner in ("none", *PRUNERS):
        shortened = whole
        if pruner != "none":
            shortened = [
                study_run(problem, SAMPLERS[sampler](seed), PRUNERS[pruner](), seed, None, SHARE * whole[seed].n_trees)
                for seed in range(n_seeds)
            ]
        gaps, works, counts = [], [], []
        for mine, full in zip(shortened, whole, strict=True):
            best, most = full.best(math.inf), SHARE * full.n_trees
            gaps.append(100 * (mine.best(most) / best - 1))
            trees = mine.trees_to((1 + NEAR) * best)
            works.append(trees / full.n_trees if trees <= most else math.inf)
            counts.append(mine.n_trials if pruner != "none" else SHARE * n_trials)
        near = sum(gap <= 100 * NEAR for gap in gaps) / n_seeds
        row = f"{name:12} {sampler:8} {pruner:20} {statistics.median(counts):7.0f} {statistics.median(gaps):7.2f} {max(gaps):7.2f}"
        print(f"{row} {near:7.2f} {statistics.median(works):7.3f}", flush=True)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--seeds", type=int, default=10, help="studies of each row")
    parser.add_argument("--trials", type=int, default=60, help="trials of a study without a pruner")
    parser.add_argument("--tables", default=",".join(TABLES), help="data sets, separated by commas")
    parser.add_argument("--samplers", default=",".join(SAMPLERS), help="samplers, separated by commas")
    given = parser.parse_args()
    print(f"{'table':12} {'sampler':8} {'pruner':20} {'trials':>7} {'gap %':>7} {'worst':>7} {'<= 2 %':>7} {'work':>7}")
    for name in given.tables.split(","):
        problem = Problem(given.data, name)
        for sampler in given.samplers.split(","):
            print_rows(problem, name, sampler, given.seeds, given.trials)


if __name__ == "__main__":
    main()
