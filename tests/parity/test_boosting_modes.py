"""Boosting's modes beside LightGBM's: the same rounds, leaves and rates score as well on rows that neither has seen."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pytest
from sklearn.metrics import mean_squared_error, ndcg_score, roc_auc_score

import kolosal.models as km

N = 6000
COMMON = {"num_leaves": 31, "min_child_samples": 20, "reg_lambda": 1.0, "n_jobs": 2, "random_state": 0}
ALL = {"subsample": 1.0, "colsample_bytree": 1.0}  # rows and features, which are LightGBM's defaults and not ours


def rows(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features (2 N, 8) float32, and a signal of some, each of which tells something alone: else splits are left to chance."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(2 * N, 8)).astype(np.float32)
    signal = 2 * x[:, 0] + x[:, 1] * (x[:, 2] > 0) + np.sin(3 * x[:, 3]) + 0.5 * (x[:, 4] > 0.5) * x[:, 5]
    return x, signal + 0.5 * random.normal(size=2 * N)


def auc(model: Any, x: np.ndarray, y: np.ndarray) -> float:
    """The area under the curve on the second half of the rows, fitted to the first."""
    return float(roc_auc_score(y[N:], model.fit(x[:N], y[:N]).predict_proba(x[N:])[:, 1]))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({}, {}),
        (
            {"sampling": "goss", "subsample": 0.3},
            {"data_sample_strategy": "goss", "top_rate": 0.2, "other_rate": 0.1},
        ),
        ({"sampling": "minimal_variance", "subsample": 0.5}, {"subsample": 0.5, "subsample_freq": 1}),
        ({"drop_fraction": 0.1, "skip_drop": 0.5}, {"boosting_type": "dart", "drop_rate": 0.1, "skip_drop": 0.5}),
        ({"interactions": [[0, 1, 2], [3, 4, 5, 6, 7]]}, {"interaction_constraints": [[0, 1, 2], [3, 4, 5, 6, 7]]}),
    ],
)
def test_areas_under_the_curve_are_as_large(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    gaps = []
    for seed in range(3):
        x, signal = rows(seed)
        y = (signal > 0).astype(int)
        mine = km.GradientBoostingClassifier(n_trees=100, learning_rate=0.1, **COMMON | ALL | {"random_state": seed} | ours)
        lgbm = lightgbm.LGBMClassifier(n_estimators=100, learning_rate=0.1, verbose=-1, **COMMON | {"random_state": seed}, **theirs)
        gaps.append(auc(mine, x, y) - auc(lgbm, x, y))
    assert np.mean(gaps) > -0.002, gaps


@pytest.mark.parametrize(("ours", "theirs"), [("lambdarank", "lambdarank"), ("xendcg", "rank_xendcg")])
def test_rankings_are_as_good(ours: str, theirs: str) -> None:
    x, signal = rows()
    relevance = np.clip(np.digitize(signal, [0, 2, 4]), 0, 3)
    groups = np.repeat(np.arange(N // 20), 20)
    shared = {"n_estimators": 80, "learning_rate": 0.1, **COMMON, **ALL}
    mine = km.GradientBoostingRanker(loss=ours, **shared).fit(x[:N], relevance[:N], groups=groups)
    lgbm = lightgbm.LGBMRanker(objective=theirs, verbose=-1, **shared).fit(x[:N], relevance[:N], group=np.full(N // 20, 20))

    def score(predicted: np.ndarray) -> float:
        return float(ndcg_score(relevance[N:].reshape(-1, 20), predicted.reshape(-1, 20)))

    assert score(mine.predict(x[N:])) > score(lgbm.predict(x[N:])) - 0.005


def test_a_schedule_of_rates_is_lightgbms() -> None:
    rates = [0.3 * 0.97**i for i in range(100)]
    errors = []
    for seed in range(6):
        x, y = rows(seed)
        mine = km.GradientBoostingRegressor(n_trees=100, learning_rate=rates, **COMMON, **ALL).fit(x[:N], y[:N])
        lgbm = lightgbm.LGBMRegressor(n_estimators=100, verbose=-1, **COMMON)
        lgbm.fit(x[:N], y[:N], callbacks=[lightgbm.reset_parameter(learning_rate=rates)])
        errors.append([mean_squared_error(y[N:], each.predict(x[N:])) for each in (mine, lgbm)])
    mean = np.mean(errors, axis=0)
    assert mean[0] < 1.03 * mean[1], errors


def test_leaves_that_sum_features_fit_as_well_as_lightgbms() -> None:
    errors = []
    for seed in range(4):
        x, y = rows(seed)
        shared = {
            "learning_rate": 0.1,
            "num_leaves": 15,
            "min_child_samples": 20,
            "n_jobs": 2,
            "random_state": 0,
            "n_estimators": 60,
            **ALL,
        }
        mine = km.GradientBoostingRegressor(linear_leaves=True, linear_lambda=0.1, l2=0, **shared).fit(x[:N], y[:N])
        lgbm = lightgbm.LGBMRegressor(linear_tree=True, linear_lambda=0.1, verbose=-1, **shared).fit(x[:N], y[:N])
        plain = km.GradientBoostingRegressor(l2=0, **shared).fit(x[:N], y[:N])
        errors.append([mean_squared_error(y[N:], each.predict(x[N:])) for each in (mine, lgbm, plain)])
    mean = np.mean(errors, axis=0)
    assert mean[0] < 1.03 * mean[1] and mean[0] < 0.9 * mean[2], errors


def test_leaves_that_sum_features_follow_a_product_as_lightgbms_do() -> None:
    errors = []
    for seed in range(10):
        random = np.random.default_rng(seed)
        x = random.normal(size=(2 * N, 8)).astype(np.float32)
        y = x[:, 0] * x[:, 1] + 0.5 * random.normal(size=2 * N)
        shared = {
            "learning_rate": 0.1,
            "num_leaves": 15,
            "min_child_samples": 20,
            "n_jobs": 2,
            "random_state": 0,
            "n_estimators": 60,
            **ALL,
        }
        mine = km.GradientBoostingRegressor(linear_leaves=True, linear_lambda=0.1, l2=0, **shared).fit(x[:N], y[:N])
        lgbm = lightgbm.LGBMRegressor(linear_tree=True, linear_lambda=0.1, verbose=-1, **shared).fit(x[:N], y[:N])
        errors.append([mean_squared_error(y[N:], each.predict(x[N:])) for each in (mine, lgbm)])
    mean = np.mean(errors, axis=0)
    assert mean[0] < 1.02 * mean[1], errors


def test_hazards_are_xgboosts() -> None:
    xgboost = pytest.importorskip("xgboost")
    x, signal = rows()
    times = np.exp(-signal) * np.where(np.arange(2 * N) % 3 == 0, -0.8, 1)
    mine = km.GradientBoostingRegressor(
        n_trees=60, learning_rate=0.1, loss="cox", min_rows_in_leaf=1, min_hessian=1, max_leaves=31, **ALL
    ).fit(x[:N], times[:N])
    theirs = xgboost.train(
        {"objective": "survival:cox", "eta": 0.1, "max_leaves": 31, "grow_policy": "lossguide", "max_depth": 0, "nthread": 2},
        xgboost.DMatrix(x[:N], times[:N]),
        60,
    ).predict(xgboost.DMatrix(x[N:]), output_margin=True)

    def concordance(scores: np.ndarray) -> float:
        part = slice(N, N + 1500)
        later = signal[part][:, None] > signal[part][None, :]
        return float(np.mean((scores[:1500][:, None] > scores[:1500][None, :])[later]))

    assert concordance(np.log(mine.predict(x[N:]))) > concordance(theirs) - 0.003
