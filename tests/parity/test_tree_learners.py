"""Tree learners against LightGBM and scikit-learn: the same trees where the algorithm is the same, the same scores elsewhere."""

from __future__ import annotations

from functools import partial
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from sklearn import ensemble, metrics, tree

from kolosal.models import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    import_model,
    pruning_path,
)

N_TRAIN = 40_000
# Boosting as LightGBM's defaults are.
PLAIN: dict[str, Any] = {
    "n_trees": 100,
    "learning_rate": 0.1,
    "max_leaves": 31,
    "min_rows_in_leaf": 20,
    "l2": 0,
    "row_fraction": 1,
    "feature_fraction": 1,
}


def make_rows(seed: int = 0, n: int = N_TRAIN + 20_000) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    """Ten numbers a row and a signal of six of them, each of which tells something alone: else the first split is left to chance."""
    random = np.random.default_rng(seed)
    x = random.standard_normal((n, 10)).astype(np.float32)
    signal = x[:, 0] + x[:, 1] * (x[:, 2] > 0) + np.sin(2 * x[:, 3]) + (x[:, 4] > 0.3) * x[:, 5]
    return x, signal.astype(np.float64), random


def test_boosting_scores_as_lightgbm_does_on_classes() -> None:
    """Over many rows, whose gradients are rounded, and few, whose are not."""
    for n in (10_000, N_TRAIN):
        x, signal, random = make_rows()
        y = (signal + random.standard_normal(len(signal)) > 0).astype(int)
        ours = GradientBoostingClassifier(**PLAIN, seed=1).fit(x[:n], y[:n])
        theirs = lgb.LGBMClassifier(n_estimators=100, verbose=-1, n_jobs=2).fit(x[:n], y[:n])
        scores = [metrics.roc_auc_score(y[N_TRAIN:], model.predict_proba(x[N_TRAIN:])[:, 1]) for model in (ours, theirs)]
        assert scores[0] > scores[1] - 0.001


LOSSES: dict[str, tuple[dict[str, Any], dict[str, Any], Any]] = {
    "squared": ({}, {"objective": "regression"}, metrics.mean_squared_error),
    "absolute": ({}, {"objective": "regression_l1"}, metrics.mean_absolute_error),
    "quantile": ({"quantile": 0.8}, {"objective": "quantile", "alpha": 0.8}, lambda y, p: metrics.mean_pinball_loss(y, p, alpha=0.8)),
    "poisson": ({}, {"objective": "poisson"}, metrics.mean_poisson_deviance),
    "gamma": ({}, {"objective": "gamma"}, metrics.mean_gamma_deviance),
    "tweedie": (
        {"tweedie_power": 1.3},
        {"objective": "tweedie", "tweedie_variance_power": 1.3},
        lambda y, p: metrics.mean_tweedie_deviance(y, p, power=1.3),
    ),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_boosting_scores_as_lightgbm_does_with_the_same_loss(loss: str) -> None:
    """The mean loss on test rows is at most half a hundredth above LightGBM's."""
    ours, theirs, score = LOSSES[loss]
    x, signal, random = make_rows(1)
    y = (
        np.exp(0.5 * signal) * random.gamma(3.0, 1 / 3, len(signal))
        if loss in ("poisson", "gamma", "tweedie")
        else signal + random.standard_normal(len(signal))
    )
    fitted = [
        GradientBoostingRegressor(loss=loss, seed=1, **PLAIN, **ours).fit(x[:N_TRAIN], y[:N_TRAIN]),
        lgb.LGBMRegressor(verbose=-1, n_jobs=2, **theirs).fit(x[:N_TRAIN], y[:N_TRAIN]),
    ]
    losses = [score(y[N_TRAIN:], model.predict(x[N_TRAIN:])) for model in fitted]
    assert losses[0] < 1.005 * losses[1]


def test_a_tree_predicts_what_scikit_learns_does() -> None:
    """Both try every bound of every feature, so trees of few levels are equal."""
    x, signal, random = make_rows(2, 4000)
    y = signal + random.standard_normal(len(signal))
    for depth in (1, 3, 6):
        ours = DecisionTreeRegressor(max_depth=depth).fit(x, y)
        theirs = tree.DecisionTreeRegressor(max_depth=depth, random_state=0).fit(x, y)
        np.testing.assert_allclose(ours.predict(x), theirs.predict(x), rtol=1e-5)
        ours = DecisionTreeClassifier(max_depth=depth).fit(x, y > 0)
        theirs = tree.DecisionTreeClassifier(max_depth=depth, random_state=0).fit(x, y > 0)
        differ = np.abs(ours.predict_proba(x) - theirs.predict_proba(x))[:, 0] > 1e-6
        assert differ.mean() < 0.002  # two bounds of the same gain may leave a row on either side


def test_forests_score_as_scikit_learns_do() -> None:
    """The area under the curve of a hundred trees is within a hundredth, five seeds each."""
    x, signal, random = make_rows(3, 8000)
    y = (signal + random.standard_normal(len(signal)) > 0).astype(int)
    pairs = [
        (RandomForestClassifier, ensemble.RandomForestClassifier),
        (partial(RandomForestClassifier, split_method="histogram"), ensemble.RandomForestClassifier),
        (ExtraTreesClassifier, ensemble.ExtraTreesClassifier),
    ]
    for ours, theirs in pairs:
        means = []
        for models in (
            [ours(n_trees=100, seed=seed) for seed in range(5)],
            [theirs(100, random_state=seed, n_jobs=2) for seed in range(5)],
        ):
            means.append(
                np.mean([metrics.roc_auc_score(y[4000:], m.fit(x[:4000], y[:4000]).predict_proba(x[4000:])[:, 1]) for m in models])
            )
        assert abs(means[0] - means[1]) < 0.01


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_trees_are_pruned_as_scikit_learns(classes: int) -> None:
    """A tree of scikit-learn, imported, has its path; a tree of ours, which splits alike, is pruned to the same leaves."""
    x, signal, random = make_rows(4, 1500)
    y = signal + random.standard_normal(len(signal))
    if classes:
        y = np.digitize(y, [0, 1.5][: classes - 1])
    theirs = (tree.DecisionTreeClassifier if classes else tree.DecisionTreeRegressor)(random_state=0).fit(x, y)
    path = theirs.cost_complexity_pruning_path(x, y)
    kind = DecisionTreeClassifier if classes else DecisionTreeRegressor
    for found in (pruning_path(import_model(theirs)), pruning_path(kind().fit(x, y))):
        for share in (0.5, 0.9, 0.99):
            np.testing.assert_allclose(np.quantile(found.alphas, share), np.quantile(path.ccp_alphas, share), rtol=0.05)
    found = pruning_path(import_model(theirs))
    assert len(found.alphas) == len(path.ccp_alphas)
    np.testing.assert_allclose(found.alphas, path.ccp_alphas, rtol=1e-4, atol=1e-7)
    last = np.append(np.diff(path.ccp_alphas) > 1e-6, True)  # of nodes that are worth the same, either may go first
    np.testing.assert_allclose(found.impurities[last], (path.impurities - path.impurities[0])[last], rtol=1e-4, atol=1e-6)
    alpha = path.ccp_alphas[-8] * 1.01
    expected = (type(theirs))(random_state=0, ccp_alpha=alpha).fit(x, y)
    ours = kind(ccp_alpha=alpha).fit(x, y)
    assert len(np.unique(ours.apply(x))) == expected.get_n_leaves()
    if classes:
        np.testing.assert_allclose(ours.predict_proba(x), expected.predict_proba(x), atol=1e-5)
    else:
        np.testing.assert_allclose(ours.predict(x), expected.predict(x), atol=1e-5)


def test_rows_out_of_bag_score_as_scikit_learns() -> None:
    """Means of three seeds, of 100 trees on 2,000 rows."""
    x, signal, random = make_rows(5, 2000)
    y = signal + random.standard_normal(len(signal))
    ours = [RandomForestRegressor(n_trees=100, oob_score=True, seed=seed).fit(x, y).oob_score_ for seed in range(3)]
    theirs = [ensemble.RandomForestRegressor(100, oob_score=True, random_state=seed, n_jobs=2).fit(x, y).oob_score_ for seed in range(3)]
    assert abs(np.mean(ours) - np.mean(theirs)) < 0.01
