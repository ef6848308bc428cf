"""Learners beside their peers: equal trees, leaves, bins, rate, penalties and threads, sides taking turns in one run.

Prints the best seconds of each side, their ratio and the largest asked for, processor seconds, and the score of both on test rows
(AUC, or root mean squared error). `make bench-learners` builds the program that fits ours and runs all rows.

    .venv/bin/python benchmarks/learners.py                  # every row
    .venv/bin/python benchmarks/learners.py gbdt tree        # those whose name begins so
    .venv/bin/python benchmarks/learners.py --sweep          # boosting over numbers of rows and features
    .venv/bin/python benchmarks/learners.py --threads 1 gbdt # on a machine that others use too, where two threads wait for each other
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

PROGRAM = Path(__file__).parent.parent / "build/release/kolosal_fit"
N_FEATURES = 20
FOREST = {"n_trees": 100, "max_leaves": None}
FOLDS = 5
BOOSTING = {
    "n_trees": 100,
    "learning_rate": 0.1,
    "max_leaves": 31,
    "min_rows_in_leaf": 20,
    "l2": 0,
    "max_bins": 255,
    "row_fraction": 1,
    "feature_fraction": 1,
}


@dataclass
class Problem:
    """Rows to learn from and rows to be tested on, half of whose features matter."""

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    classes: bool

    def score(self, predicted: np.ndarray) -> float:
        """AUC, or root mean squared error."""
        if not self.classes:
            return float(np.sqrt(np.mean((predicted - self.y_test) ** 2)))
        from sklearn.metrics import roc_auc_score  # noqa: PLC0415

        return float(roc_auc_score(self.y_test, predicted))

    def write(self, path: Path) -> None:
        """The file that kolosal_fit reads."""
        with path.open("wb") as file:
            sizes = [len(self.y), len(self.y_test), self.x.shape[1], 2 if self.classes else 0]
            file.write(np.array(sizes, dtype=np.int64).tobytes())
            file.write(self.x.astype(np.float32).tobytes(order="F"))
            file.write(self.y.astype(np.float64).tobytes())
            file.write(self.x_test.astype(np.float32).tobytes(order="F"))


@cache
def make_problem(n_rows: int, classes: bool, n_features: int = N_FEATURES) -> Problem:
    """Interactions, waves and steps of half of the features, beside as many of noise."""
    random = np.random.default_rng(0)
    n = n_rows + max(n_rows // 5, 20_000)
    x = random.standard_normal((n, n_features)).astype(np.float32)
    weights = np.random.default_rng(7).standard_normal(n_features) * (np.arange(n_features) < n_features // 2)
    signal = x @ weights * 0.5 + x[:, 0] * x[:, 1] + np.sin(3 * x[:, 2])
    signal += (x[:, 3] > 0.5) * x[:, 4] * 1.5 - np.abs(x[:, 5])
    y = (signal + 0.5 + random.standard_normal(n) > 0).astype(np.float64) if classes else signal + random.standard_normal(n) * 0.5
    return Problem(x[:n_rows], y[:n_rows], x[n_rows:], y[n_rows:], classes)


class Fitter:
    """The program that fits our learners, with a problem's rows in its memory."""

    def __init__(self, problem: Problem, folder: Path, n_threads: int) -> None:
        self.n_threads = n_threads
        self.predictions = folder / "predictions.f64"
        problem.write(folder / "rows.bin")
        self.process = subprocess.Popen([PROGRAM, folder / "rows.bin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def fit(self, learner: str, parameters: dict[str, Any], seed: int = 0, folds: int = 1) -> tuple[float, float, np.ndarray]:
        """Wall and processor seconds of one fit, and its predictions of the test rows."""
        assert self.process.stdin and self.process.stdout
        order = {"learner": learner, "parameters": parameters, "n_threads": self.n_threads, "seed": seed, "folds": folds}
        order["predictions"] = str(self.predictions)
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        wall, cpu = (float(word) for word in self.process.stdout.readline().split())
        return wall, cpu, np.fromfile(self.predictions)

    def peak_bytes(self) -> int:
        """The most memory that the program has held so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024

    def close(self) -> None:
        """Ends the program."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


Fit = Callable[[Problem, int], Callable[[np.ndarray], np.ndarray]]


def lightgbm(**settings: Any) -> Fit:
    """LightGBM, its data set made within the time, as ours bins its rows within it."""
    import lightgbm as lgb  # noqa: PLC0415

    def fit(problem: Problem, n_threads: int) -> Callable[[np.ndarray], np.ndarray]:
        objective = "binary" if problem.classes else "regression"
        parameters = {"objective": objective, "num_leaves": 31, "learning_rate": 0.1, "max_bin": 255, "num_threads": n_threads}
        parameters |= {"verbose": -1, **settings}
        model = lgb.train(parameters, lgb.Dataset(problem.x, problem.y, params={"max_bin": 255, "verbose": -1}), 100)
        return lambda x: np.asarray(model.predict(x))

    return fit


def lightgbm_folds(problem: Problem, n_threads: int) -> Callable[[np.ndarray], np.ndarray]:
    """LightGBM's cross-validation, which bins the rows once. Its models predict the rows held out within the time, as ours do."""
    import lightgbm as lgb  # noqa: PLC0415

    n = len(problem.y)
    parameters = {"objective": "binary", "num_leaves": 31, "learning_rate": 0.1, "max_bin": 255, "num_threads": n_threads, "verbose": -1}
    folds = [(np.flatnonzero(np.arange(n) % FOLDS != fold), np.arange(fold, n, FOLDS)) for fold in range(FOLDS)]
    found: Any = lgb.cv(parameters, lgb.Dataset(problem.x, problem.y), 100, folds=folds, return_cvbooster=True)

    predicted = np.empty(n)
    for (_, held_out), model in zip(folds, found["cvbooster"].boosters, strict=True):
        predicted[held_out] = model.predict(problem.x[held_out])
    return lambda _: predicted


def catboost(**settings: Any) -> Fit:
    """CatBoost without ordered boosting, its trees being symmetric."""
    import catboost as cb  # noqa: PLC0415

    def fit(problem: Problem, n_threads: int) -> Callable[[np.ndarray], np.ndarray]:
        model = cb.CatBoostClassifier(
            iterations=100,
            learning_rate=0.1,
            boosting_type="Plain",
            thread_count=n_threads,
            verbose=False,
            allow_writing_files=False,
            **settings,
        )
        model.fit(problem.x, problem.y)
        return lambda x: model.predict_proba(x)[:, 1]

    return fit


def scikit(module: str, name: str, **settings: Any) -> Fit:
    """An estimator of scikit-learn."""
    from importlib import import_module  # noqa: PLC0415

    def fit(problem: Problem, n_threads: int) -> Callable[[np.ndarray], np.ndarray]:
        kind = name + ("Classifier" if problem.classes else "Regressor")
        threads = {"n_jobs": n_threads} if module == "sklearn.ensemble" and "max_iter" not in settings else {}
        model = getattr(import_module(module), kind)(**settings, **threads).fit(problem.x, problem.y)
        return (lambda x: model.predict_proba(x)[:, 1]) if problem.classes else model.predict

    return fit


def linear(name: str, **settings: Any) -> Fit:
    """A linear model of scikit-learn."""
    from sklearn import linear_model  # noqa: PLC0415

    def fit(problem: Problem, n_threads: int) -> Callable[[np.ndarray], np.ndarray]:
        model = getattr(linear_model, name)(**settings).fit(problem.x, problem.y)
        return (lambda x: model.predict_proba(x)[:, 1]) if problem.classes else model.predict

    return fit


LIGHTGBM = {
    "lightgbm row-wise": lightgbm(force_row_wise=True),
    "lightgbm col-wise": lightgbm(force_col_wise=True),
    "lightgbm quantized": lightgbm(use_quantized_grad=True),
}
# CatBoost is measured where it is installed; the project does not need it.
CATBOOST = (
    {"catboost plain": catboost(depth=6, border_count=64, l2_leaf_reg=3, leaf_estimation_iterations=1)} if find_spec("catboost") else {}
)
SYMMETRIC = {
    "n_trees": 100,
    "learning_rate": 0.1,
    "growth": "symmetric",
    "max_depth": 6,
    "max_leaves": 64,
    "max_bins": 64,
    "l2": 3,
    "min_rows_in_leaf": 1,
    "row_fraction": 1,
    "feature_fraction": 1,
}
HGB = {"sklearn HGB": scikit("sklearn.ensemble", "HistGradientBoosting", max_iter=100, early_stopping=False)}
TREE = {"sklearn tree": scikit("sklearn.tree", "DecisionTree", random_state=0)}
FORESTS = {
    name: {f"sklearn {name}": scikit("sklearn.ensemble", name, n_estimators=100, random_state=0)} for name in ("RandomForest", "ExtraTrees")
}
FEW_TREES = {"sklearn RandomForest": scikit("sklearn.ensemble", "RandomForest", n_estimators=10, random_state=0)}

LOGISTIC = {f"sklearn {solver}": linear("LogisticRegression", solver=solver) for solver in ("lbfgs", "newton-cholesky")}
RIDGE = {"sklearn Ridge": linear("Ridge", alpha=1.0)}
LASSO = {f"sklearn Lasso, {'Gram' if gram else 'rows'}": linear("Lasso", alpha=0.1, precompute=gram) for gram in (False, True)}


# One pass of a plain network: three layers of 256, batches of 256.
NETWORK = {
    "hidden_sizes": [256, 256, 256],
    "activation": "relu",
    "parametric_activation": False,
    "input_weights": False,
    "initialization": "glorot",
    "scaling": "none",
    "clip": 0,
    "n_waves": 0,
    "n_epochs": 1,
    "learning_rate": 1e-3,
    "schedule": "constant",
    "beta2": 0.999,
    "dropout": 0,
    "weight_decay": 0,
}
SHAPE = {"hidden_layer_sizes": (256, 256, 256), "batch_size": 256, "max_iter": 1, "alpha": 0, "random_state": 0}
NETWORKS = {"sklearn MLP": scikit("sklearn.neural_network", "MLP", **SHAPE)}


@dataclass
class Row:
    """One line of the table: a learner of ours against the fastest of several peers."""

    name: str
    n_rows: int
    classes: bool
    learner: str
    parameters: dict[str, Any]
    peers: dict[str, Fit]
    target: float  # largest ratio asked for
    folds: int = 1  # more: cross-validation, scored on the rows held out


ROWS = [
    Row("gbdt_binary_100K", 100_000, True, "gradient_boosting", BOOSTING, LIGHTGBM | HGB, 0.5),
    Row("gbdt_binary_1M", 1_000_000, True, "gradient_boosting", BOOSTING, LIGHTGBM | HGB, 0.5),
    Row("gbdt_regression_100K", 100_000, False, "gradient_boosting", BOOSTING, LIGHTGBM | HGB, 0.5),
    Row(
        "gbdt_5_folds_100K", 100_000, True, "gradient_boosting", BOOSTING | {"patience": None}, {"lightgbm cv": lightgbm_folds}, 0.4, FOLDS
    ),
    Row("gbdt_symmetric_100K", 100_000, True, "gradient_boosting", SYMMETRIC, CATBOOST, 0.6),
    Row("forest_10K", 10_000, True, "random_forest", FOREST, FORESTS["RandomForest"], 0.25),
    Row("forest_exact_100K", 100_000, True, "random_forest", FOREST | {"split_method": "exact"}, FORESTS["RandomForest"], 0.25),
    Row("forest_100K", 100_000, True, "random_forest", FOREST, FORESTS["RandomForest"], 0.25),
    Row("forest_1M", 1_000_000, True, "random_forest", FOREST | {"n_trees": 10}, FEW_TREES, 0.25),
    Row("extra_trees_10K", 10_000, True, "extra_trees", FOREST, FORESTS["ExtraTrees"], 0.4),
    Row("extra_trees_100K", 100_000, True, "extra_trees", FOREST, FORESTS["ExtraTrees"], 0.4),
    Row("tree_100K", 100_000, True, "decision_tree", {}, TREE, 0.15),
    Row("logistic_1M", 1_000_000, True, "logistic", {"l2": 1}, LOGISTIC, 0.4),
    Row("ridge_1M", 1_000_000, False, "ridge", {"l2": 1}, RIDGE, 0.4),
    Row("mlp_50K", 50_000, True, "mlp", NETWORK, NETWORKS, 0.3),
    Row("mlp_bfloat16_50K", 50_000, True, "mlp", NETWORK | {"precision": "bfloat16"}, NETWORKS, 0.3),
    Row("lasso_1M", 1_000_000, False, "lasso", {"l1": 0.1}, LASSO, 0.5),
]


def timed(fit: Fit, problem: Problem, n_threads: int) -> tuple[float, float, np.ndarray]:
    """Wall and processor seconds of one fit of a peer, and its predictions of the test rows."""
    cpu, started = time.process_time(), time.perf_counter()
    predict = fit(problem, n_threads)
    wall, cpu = time.perf_counter() - started, time.process_time() - cpu
    return wall, cpu, predict(problem.x_test)


def run(row: Row, repeats: int, n_threads: int) -> None:
    """Times both sides of a row in turns and prints its line."""
    problem = make_problem(row.n_rows, row.classes)
    if row.folds > 1:
        problem = replace(problem, x_test=problem.x, y_test=problem.y)
    best: dict[str, tuple[float, float]] = {}
    scores: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        fitter = Fitter(problem, Path(folder), n_threads)
        for _ in range(repeats):
            sides = {"kolosal": fitter.fit(row.learner, row.parameters, folds=row.folds)}
            sides |= {name: timed(fit, problem, n_threads) for name, fit in row.peers.items()}
            for name, (wall, cpu, predicted) in sides.items():
                best[name] = min(best.get(name, (wall, cpu)), (wall, cpu))
                scores[name] = problem.score(predicted)
        fitter.close()
    if not row.peers:
        print(f"{row.name:22} {best['kolosal'][0]:8.3f} no peer is installed  score {scores['kolosal']:.4f}", flush=True)
        return
    (ours, our_cpu), fastest = best["kolosal"], min(row.peers, key=lambda name: best[name])
    theirs, their_cpu = best[fastest]
    verdict = "ok" if ours <= row.target * theirs else "SHORT"
    print(
        f"{row.name:22} {ours:8.3f} {fastest:20} {theirs:8.3f}  ratio {ours / theirs:5.2f} (cpu {our_cpu / their_cpu:5.2f})  "
        f"asked {row.target:4.2f} {verdict:5}  score {scores['kolosal']:.4f} {scores[fastest]:.4f}",
        flush=True,
    )


def sweep(n_threads: int, n_trees: int) -> None:
    """How time and memory of boosting grow with rows and features; the latter beside the matrix of bins, one byte a cell."""
    settings = BOOSTING | {"n_trees": n_trees}
    sizes = [(10_000, 20), (100_000, 20), (1_000_000, 20), (3_000_000, 20), (100_000, 10), (100_000, 100), (100_000, 500)]
    for n_rows, n_features in sizes:
        problem = make_problem(n_rows, True, n_features)
        with tempfile.TemporaryDirectory() as folder:
            fitter = Fitter(problem, Path(folder), n_threads)
            fitter.fit("constant", {})
            before = fitter.peak_bytes()
            wall, cpu, _ = fitter.fit("gradient_boosting", settings)
            beyond = fitter.peak_bytes() - before
            fitter.close()
        cells = n_rows * n_features
        each = cpu / cells / n_trees * 1e9
        print(
            f"{n_rows:9,} rows {n_features:4} features {wall:8.3f} s (cpu {cpu:8.3f})  {each:6.2f} ns a cell and tree  "
            f"{beyond / 2**20:8.1f} MiB beyond the input, {beyond / cells:5.2f} bytes a cell",
            flush=True,
        )


def main() -> None:
    """Runs the rows asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", help="beginnings of the names of the rows to run; none: all")
    parser.add_argument("--repeats", type=int, default=3, help="how often each side fits")
    parser.add_argument("--threads", type=int, default=2, help="threads of both sides")
    parser.add_argument("--sweep", action="store_true", help="boosting alone, over numbers of rows and of features")
    parser.add_argument("--trees", type=int, default=BOOSTING["n_trees"], help="trees of the sweep")
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    if arguments.sweep:
        sweep(arguments.threads, arguments.trees)
        return
    for row in ROWS:
        if not arguments.rows or row.name.startswith(tuple(arguments.rows)):
            run(row, arguments.repeats, arguments.threads)


if __name__ == "__main__":
    main()
