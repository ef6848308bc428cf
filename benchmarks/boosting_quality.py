"""Gradient boosting at its defaults beside LightGBM, XGBoost and CatBoost at theirs, on every table of a folder with its fixed split.

The folder holds ``index.json`` (name, target, task, eval_metric, positive), ``NAME.train.csv`` and ``NAME.test.csv``. Columns that are not
numbers are categories to all sides. A peer's score is taken from ``peers.json`` of the folder where ``--recorded`` is given and it has one;
else the peer is fitted where it is installed. Printed are the scores, and by which share of the best peer's score ours is worse.

    .venv/bin/python benchmarks/boosting_quality.py FOLDER
    .venv/bin/python benchmarks/boosting_quality.py FOLDER --tables adult,ames --set n_trees=500 --seeds 3 --recorded
    .venv/bin/python benchmarks/boosting_quality.py FOLDER --drawn --seeds 10
    .venv/bin/python benchmarks/boosting_quality.py FOLDER --equal --seeds 10

With ``--drawn`` each seed parts all rows of the table anew, so that the means are over draws and not over seeds of one split.
With ``--equal`` ours does the same work as LightGBM and XGBoost instead: 100 rounds at rate 0.1, 31 leaves of a hessian of 1 or more, 255
bins, an l2 of 1, all rows and features. Each seed parts all rows of the table anew, so that seeds are draws of their own. LightGBM sees
categories under the rules that ours has for them; XGBoost, whose rules are others, sees their codes as numbers, and so does ours when it is
compared with it. Printed is by how much ours is better in the mean over the seeds, in AUC or in percent of the other losses, with the
standard error, and whether that is within a thousandth of AUC or half a percent: ``ok``, or ``above`` where ours is better by more;
``chance`` where two standard errors reach there; else ``FAR``.
"""

from __future__ import annotations

import argparse
import json
import time
from copy import copy
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import metrics
from sklearn.model_selection import train_test_split

# The same work as each spells it. LightGBM counts the rows of a leaf by their hessians, so a least number of rows would bound other leaves.
EQUAL_OURS = {
    "n_trees": 100,
    "learning_rate": 0.1,
    "growth": "leaf",
    "max_leaves": 31,
    "min_rows_in_leaf": 1,
    "min_hessian": 1,
    "l2": 1,
    "max_bins": 255,
    "row_fraction": 1,
    "feature_fraction": 1,
    "cat_smooth": 10,
    "cat_l2": 10,
    "max_categories_onehot": 4,
}
EQUAL_LIGHTGBM = {
    "n_estimators": 100,
    "learning_rate": 0.1,
    "num_leaves": 31,
    "min_child_samples": 0,
    "min_child_weight": 1,
    "reg_lambda": 1,
    "max_bin": 255,
    "min_data_in_bin": 1,
    "cat_smooth": 10,
    "cat_l2": 10,
    "max_cat_to_onehot": 4,
    "min_data_per_group": 1,
}
EQUAL_XGBOOST: dict[str, Any] = {
    "n_estimators": 100,
    "learning_rate": 0.1,
    "tree_method": "hist",
    "grow_policy": "lossguide",
    "max_leaves": 31,
    "max_depth": 0,
    "min_child_weight": 1,
    "reg_lambda": 1,
    "max_bin": 255,
}
NEAR_AUC, NEAR_SHARE = 0.001, 0.005  # differences asked for
PEERS = {"lightgbm": "lgbm", "xgboost": "xgb", "catboost": "catboost"}


class Split:
    """The rows of a table to learn from and those to be judged on: as the folder has them, or with a seed drawn anew, as many of each."""

    def __init__(self, folder: Path, table: dict[str, Any], seed: int | None = None) -> None:
        self.table = table
        self.regression = table["task"] == "regression"
        target = table["target"]
        kind = {target: float if self.regression else str}
        train, test = (pd.read_csv(folder / f"{table['name']}.{part}.csv", dtype=kind, low_memory=False) for part in ("train", "test"))
        if seed is not None:
            rows, classes = pd.concat([train, test], ignore_index=True), None if self.regression else pd.concat([train, test])[target]
            train, test = train_test_split(rows, test_size=len(test), stratify=classes, random_state=seed)
        self.y, self.y_test = train.pop(target), test.pop(target)
        self.category_codes: dict[str, np.ndarray] = {}  # of the training rows and then the test rows, NaN where missing
        for name in train.columns:
            if not pd.api.types.is_numeric_dtype(train[name]) or not pd.api.types.is_numeric_dtype(test[name]):
                texts = pd.concat([train[name], test[name]]).astype("string")
                self.category_codes[name] = np.where(texts.isna(), np.nan, texts.astype("category").cat.codes)
                train[name] = train[name].astype("string").astype("category")
                known = test[name].astype("string").where(test[name].astype("string").isin(train[name].cat.categories))
                test[name] = pd.Categorical(known, categories=train[name].cat.categories)
        self.x, self.x_test = train, test
        self.categories = [name for name in train.columns if train[name].dtype == "category"]
        self.classes = sorted(self.y.unique()) if not self.regression else []

    def with_codes(self) -> Split:
        """The same with the codes of categories as numbers, those that only test rows have among them: so none is missing by that."""
        coded, n = copy(self), len(self.x)
        coded.categories = []
        coded.x = self.x.assign(**{name: codes[:n] for name, codes in self.category_codes.items()})
        coded.x_test = self.x_test.assign(**{name: codes[n:] for name, codes in self.category_codes.items()})
        return coded

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


def one_table(folder: Path, table: dict[str, Any], arguments: argparse.Namespace, recorded: dict[str, Any]) -> float:
    """Prints the table's line; by how much ours is behind."""
    settings = dict(map(parse_setting, arguments.set))
    n = arguments.seeds
    splits = [Split(folder, table, seed) for seed in range(n)] if arguments.drawn else [Split(folder, table)] * n
    started = time.process_time()
    ours = [split.score(fit_ours(split, settings, seed)) for seed, split in enumerate(splits)]
    seconds = (time.process_time() - started) / n
    scores = {}
    for name, short in PEERS.items():
        if short in recorded:
            scores[name] = recorded[short]["score"]
        elif find_spec(name):
            scores[name] = float(np.mean([split.score(fit_peer(name, split, seed)) for seed, split in enumerate(splits)]))
    metric = table["eval_metric"]
    best = (max if metric == "roc_auc" else min)(scores.values())
    share = behind(float(np.mean(ours)), best, metric)
    told = "  ".join(f"{name} {score:10.5f}" for name, score in scores.items())
    print(
        f"{table['name']:14} {metric:9} ours {np.mean(ours):10.5f} ± {np.std(ours):.5f} ({seconds:6.1f} s cpu)  {told}  "
        f"behind {100 * share:+6.2f} %",
        flush=True,
    )
    return share


def equal_xgboost(split: Split) -> dict[str, Any]:
    """The settings with which XGBoost does what ours does. Of K classes its hessians are 2 (K - 1) / K times ours."""
    n_classes = len(split.classes)
    factor = 2 * (n_classes - 1) / n_classes if n_classes > 2 else 1
    scaled = {name: EQUAL_XGBOOST[name] * factor for name in ("learning_rate", "min_child_weight", "reg_lambda")}
    return EQUAL_XGBOOST | scaled


def judged(better: np.ndarray, is_auc: bool) -> str:
    """The mean of what ours is better by, its standard error, and whether it is near enough to nothing."""
    mean, error = better.mean(), better.std(ddof=1) / np.sqrt(len(better)) if len(better) > 1 else float("nan")
    near = NEAR_AUC if is_auc else NEAR_SHARE
    verdict = "above" if mean > near else "ok" if mean >= -near else "chance" if mean + 2 * error >= -near else "FAR"
    factor, unit = (1, "") if is_auc else (100, " %")
    return f"better by {factor * mean:+8.4f} ± {factor * error:.4f}{unit} {verdict:6}"


def equal_work(folder: Path, table: dict[str, Any], n_seeds: int, settings: dict[str, Any]) -> float:
    """Prints how ours and two peers score for the same work; by which share ours is worse than the better one, in the mean over seeds."""
    scores: dict[str, list[float]] = {name: [] for name in ("ours", "lightgbm", "ours with codes", "xgboost")}
    for seed in range(n_seeds):
        split = Split(folder, table, seed)
        coded = split.with_codes() if split.categories else split
        scores["ours"].append(split.score(fit_ours(split, EQUAL_OURS | settings, seed)))
        scores["lightgbm"].append(split.score(fit_peer("lightgbm", split, seed, EQUAL_LIGHTGBM)))
        same = coded is split
        scores["ours with codes"].append(scores["ours"][-1] if same else split.score(fit_ours(coded, EQUAL_OURS | settings, seed)))
        scores["xgboost"].append(split.score(fit_peer("xgboost", coded, seed, equal_xgboost(split))))
    is_auc = table["eval_metric"] == "roc_auc"
    told, shares = "", []
    for ours, peer in (("ours", "lightgbm"), ("ours with codes", "xgboost")):
        a, b = np.array(scores[ours]), np.array(scores[peer])
        better = a - b if is_auc else (b - a) / b
        told += f"  ours {a.mean():10.5f} {peer} {b.mean():10.5f} {judged(better, is_auc)}"
        shares.append(behind(a.mean(), b.mean(), table["eval_metric"]))
    print(f"{table['name']:14} {table['eval_metric']:9}{told}", flush=True)
    return float(max(shares))


def main() -> None:
    """Compares on the tables asked for and counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tables", default="", help="names, separated by commas; all where empty")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of ours other than its default")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds are averaged")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--recorded", action="store_true", help="take the scores of peers from peers.json")
    how.add_argument("--drawn", action="store_true", help="draw the two parts of a table anew for each seed")
    how.add_argument("--equal", action="store_true", help="ours, LightGBM and XGBoost at equal work")
    arguments = parser.parse_args()
    tables = json.loads((arguments.folder / "index.json").read_text())
    found = json.loads((arguments.folder / "peers.json").read_text()) if arguments.recorded else {}
    wanted = set(filter(None, arguments.tables.split(",")))
    shares = []
    for table in tables:
        if not wanted or table["name"] in wanted:
            if arguments.equal:
                shares.append(equal_work(arguments.folder, table, arguments.seeds, dict(map(parse_setting, arguments.set))))
            else:
                recorded = found.get(table["name"], {}).get("systems", {})
                shares.append(one_table(arguments.folder, table, arguments, recorded))
    n_best, n_near = sum(share <= 0 for share in shares), sum(share <= 0.01 for share in shares)
    print(f"at least as good as the best peer on {n_best} of {len(shares)} tables, at most 1 % behind on {n_near}")


if __name__ == "__main__":
    main()
