"""What a search of boosting gains by binning the rows of each fold once for all trials: HyperOptX with sharing and without, in turns.

Printed are the best wall and processor seconds of the fits, all trials and folds together, and whether both scored the same.

    .venv/bin/python benchmarks/shared_bins.py                            # 20 trials of 50 trees on 100,000 rows of 20 features
    .venv/bin/python benchmarks/shared_bins.py --features 200 --trees 20
"""

from __future__ import annotations

import argparse
import contextlib
import time
from unittest import mock

import numpy as np

from kolosal import models, tune
from kolosal.tune import _folds


def search(x: np.ndarray, y: np.ndarray, arguments: argparse.Namespace) -> tuple[float, float, list[float]]:
    """Wall and processor seconds of a search without its refit, and the scores of its trials."""
    estimator = models.GradientBoostingClassifier(n_trees=arguments.trees, seed=0, n_threads=arguments.threads)
    space = {"learning_rate": (0.05, 0.3, "log"), "max_leaves": (8, 64, "log"), "l2": (0.1, 10.0, "log")}
    hyper = tune.HyperOptX(
        estimator, space, max_iter=arguments.trials, cv=5, random_state=0, refit=False, optimization_strategy="random", scoring="roc_auc"
    )
    wall, cpu = time.perf_counter(), time.process_time()
    hyper.fit(x, y)
    return time.perf_counter() - wall, time.process_time() - cpu, list(hyper.cv_results_["mean_test_score"])


def main() -> None:
    """Runs both sides in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--features", type=int, default=20)
    parser.add_argument("--trees", type=int, default=50)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=2)
    arguments = parser.parse_args()
    random = np.random.default_rng(0)
    x = np.asfortranarray(random.standard_normal((arguments.rows, arguments.features)), dtype=np.float32)
    y = (x[:, 0] * x[:, 1] + np.sin(3 * x[:, 2]) + x[:, 3] + random.standard_normal(arguments.rows) > 0).astype(np.int64)
    best: dict[str, tuple[float, float]] = {}
    scores: dict[str, list[float]] = {}
    for _ in range(arguments.repeats):
        for name in ("shared", "each trial anew"):
            alone = mock.patch.object(_folds, "sharing", lambda _: contextlib.nullcontext())
            with contextlib.nullcontext() if name == "shared" else alone:
                wall, cpu, scores[name] = search(x, y, arguments)
            best[name] = min(best.get(name, (wall, cpu)), (wall, cpu))
    for name, (wall, cpu) in best.items():
        print(f"{name:16} {wall:8.2f} s  cpu {cpu:8.2f} s")
    (shared, shared_cpu), (alone_wall, alone_cpu) = best["shared"], best["each trial anew"]
    same = scores["shared"] == scores["each trial anew"]
    print(f"ratio {shared / alone_wall:.3f} (cpu {shared_cpu / alone_cpu:.3f})  the same scores: {same}")


if __name__ == "__main__":
    main()
