"""Gradient boosting at its defaults beside LightGBM, XGBoost and CatBoost at theirs, on every table of a folder with its fixed split.

The folder holds ``index.json`` (name, target, task, eval_metric, positive), ``NAME.train.csv`` and ``NAME.test.csv``. Columns that are not
numbers are categories to all sides. A peer's score is taken from ``peers.json`` of the folder where ``--recorded`` is given and it has one;
else the peer is fitted where it is installed. Printed are the scores, and by which share of the best peer's score ours is worse.

    .venv/bin/python benchmarks/boosting_quality.py FOLDER
    .venv/bin/python benchmarks/boosting_quality.py FOLDER --tables adult,ames --set n_trees=500 --seeds 3 --recorded
    .venv/bin/python benchmarks/boosting_quality.py FOLDER --equal --seeds 10

With ``--equal`` ours and LightGBM do equal work instead: 100 rounds at rate 0.1, 31 leaves, 255 bins, and four fifths of the rows and the
features drawn for each round, so that seeds matter. Printed is the mean difference over the seeds with its standard error.
"""

from __future__ import annotations

import argparse
import json
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import metrics

# The same work, as we and LightGBM spell it.
EQUAL_OURS = {
    "n_trees": 100,
    "learning_rate": 0.1,
    "max_leaves": 31,
    "min_rows_in_leaf": 20,
    "l2": 0,
    "row_fraction": 0.8,
    "feature_fraction": 0.8,
}
EQUAL_LIGHTGBM = {"n_estimators": 100, "learning_rate": 0.1, "subsample": 0.8, "subsample_freq": 1, "colsample_bytree": 0.8}
PEERS = {"lightgbm": "lgbm", "xgboost": "xgb", "catboost": "catboost"}


class Split:
    """The rows of a table to learn from and those to be judged on."""

    def __init__(self, folder: Path, table: dict[str, Any]) -> None:
        self.table = table
        self.regression = table["task"] == "regression"
        target = table["target"]
        kind = {target: float if self.regression else str}
        train, test = (pd.read_csv(folder / f"{table['name']}.{part}.csv", dtype=kind, low_memory=False) for part in ("train", "test"))
        self.y, self.y_test = train.pop(target), test.pop(target)
        for name in train.columns:
            if not pd.api.types.is_numeric_dtype(train[name]) or not pd.api.types.is_numeric_dtype(test[name]):
                train[name] = train[name].astype("string").astype("category")
                known = test[name].astype("string").where(test[name].astype("string").isin(train[name].cat.categories))
                test[name] = pd.Categorical(known, categories=train[name].cat.categories)
        self.x, self.x_test = train, test
        self.categories = [name for name in train.columns if train[name].dtype == "category"]
        self.classes = sorted(self.y.unique()) if not self.regression else []

    def score(self, predicted: np.ndarray) -> float:
        """The metric of the table: of numbers, or of the probabilities of the classes as sorted."""
        if self.regression:
            return float(np.sqrt(metrics.mean_squared_error(self.y_test, predicted)))
        if self.table["eval_metric"] == "roc_auc":
            positive = str(self.table["positive"])
            return float(metrics.roc_auc_score(self.y_test == positive, predicted[:, self.classes.index(positive)]))
        return float(metrics.log_loss(self.y_test, predicted, labels=self.classes))

    def codes(self) -> pd.Series:
        """The target in numbers."""
        return self.y if self.regression else self.y.map({name: code for code, name in enumerate(self.classes)})


def predictions(model: Any, split: Split, x: pd.DataFrame) -> np.ndarray:
    """Numbers, or probabilities of classes."""
    return np.asarray(model.predict(x) if split.regression else model.predict_proba(x))


def fit_ours(split: Split, settings: dict[str, Any], seed: int) -> np.ndarray:
    """Our boosting, at its defaults but for `settings`."""
    from kolosal import models  # noqa: PLC0415

    kind = models.GradientBoostingRegressor if split.regression else models.GradientBoostingClassifier
    return predictions(kind(seed=seed, **settings).fit(split.x, split.y), split, split.x_test)


def fit_peer(name: str, split: Split, seed: int, settings: dict[str, Any] | None = None) -> np.ndarray:
    """A peer, told which columns are categories, at its defaults but for `settings`."""
    kind = "Regressor" if split.regression else "Classifier"
    x, x_test = split.x, split.x_test
    if name == "lightgbm":
        import lightgbm  # noqa: PLC0415

        model = getattr(lightgbm, f"LGBM{kind}")(verbose=-1, random_state=seed, **settings or {})
    elif name == "xgboost":
        import xgboost  # noqa: PLC0415

        model = getattr(xgboost, f"XGB{kind}")(enable_categorical=True, random_state=seed, **settings or {})
    else:
        import catboost  # noqa: PLC0415

        as_text = dict.fromkeys(split.categories, "string")
        x, x_test = (part.astype(as_text).fillna(dict.fromkeys(split.categories, "missing")) for part in (x, x_test))
        model = getattr(catboost, f"CatBoost{kind}")(
            verbose=False, allow_writing_files=False, random_seed=seed, cat_features=split.categories, **settings or {}
        )
    return predictions(model.fit(x, split.codes()), split, x_test)


def behind(ours: float, best: float, metric: str) -> float:
    """By which share of the best peer's score ours is worse."""
    return (best - ours) / best if metric == "roc_auc" else (ours - best) / best


def parse_setting(text: str) -> tuple[str, Any]:
    """NAME=VALUE, the value as JSON or else as it stands."""
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def one_table(split: Split, arguments: argparse.Namespace, recorded: dict[str, Any]) -> float:
    """Prints the table's line; by how much ours is behind."""
    settings = dict(map(parse_setting, arguments.set))
    started = time.process_time()
    ours = [split.score(fit_ours(split, settings, seed)) for seed in range(arguments.seeds)]
    seconds = (time.process_time() - started) / arguments.seeds
    scores = {}
    for name, short in PEERS.items():
        if short in recorded:
            scores[name] = recorded[short]["score"]
        elif find_spec(name):
            scores[name] = float(np.mean([split.score(fit_peer(name, split, seed)) for seed in range(arguments.seeds)]))
    metric = split.table["eval_metric"]
    best = (max if metric == "roc_auc" else min)(scores.values())
    share = behind(float(np.mean(ours)), best, metric)
    told = "  ".join(f"{name} {score:10.5f}" for name, score in scores.items())
    print(
        f"{split.table['name']:14} {metric:9} ours {np.mean(ours):10.5f} ± {np.std(ours):.5f} ({seconds:6.1f} s cpu)  {told}  "
        f"behind {100 * share:+6.2f} %",
        flush=True,
    )
    return share


def equal_work(split: Split, n_seeds: int) -> float:
    """Prints how ours and LightGBM score for the same work; by which share ours is worse, in the mean over seeds."""
    ours = np.array([split.score(fit_ours(split, EQUAL_OURS, seed)) for seed in range(n_seeds)])
    theirs = np.array([split.score(fit_peer("lightgbm", split, seed, EQUAL_LIGHTGBM)) for seed in range(n_seeds)])
    shares = np.array([behind(a, b, split.table["eval_metric"]) for a, b in zip(ours, theirs, strict=True)])
    error = shares.std(ddof=1) / np.sqrt(n_seeds) if n_seeds > 1 else float("nan")
    print(
        f"{split.table['name']:14} {split.table['eval_metric']:9} ours {ours.mean():10.5f}  lightgbm {theirs.mean():10.5f}  "
        f"behind {100 * shares.mean():+6.2f} ± {100 * error:.2f} %",
        flush=True,
    )
    return float(shares.mean())


def main() -> None:
    """Compares on the tables asked for and counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tables", default="", help="names, separated by commas; all where empty")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of ours other than its default")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds are averaged")
    parser.add_argument("--recorded", action="store_true", help="take the scores of peers from peers.json")
    parser.add_argument("--equal", action="store_true", help="ours and LightGBM at equal work")
    arguments = parser.parse_args()
    tables = json.loads((arguments.folder / "index.json").read_text())
    found = json.loads((arguments.folder / "peers.json").read_text()) if arguments.recorded else {}
    wanted = set(filter(None, arguments.tables.split(",")))
    shares = []
    for table in tables:
        if not wanted or table["name"] in wanted:
            split = Split(arguments.folder, table)
            recorded = found.get(table["name"], {}).get("systems", {})
            shares.append(equal_work(split, arguments.seeds) if arguments.equal else one_table(split, arguments, recorded))
    n_best, n_near = sum(share <= 0 for share in shares), sum(share <= 0.01 for share in shares)
    print(f"at least as good as the best peer on {n_best} of {len(shares)} tables, at most 1 % behind on {n_near}")


if __name__ == "__main__":
    main()
