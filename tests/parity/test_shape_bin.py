"""The transformers that change shapes and make bins, beside scikit-learn."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from kolosal._tables import to_native
from sklearn import preprocessing
from sklearn.cluster import KMeans
from sklearn.preprocessing import PowerTransformer
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import kolosal.preprocess as kp
from kolosal import _kolosal


def fitted(name: str, column: np.ndarray, **parameters: object) -> tuple[dict, np.ndarray]:
    native, made = _kolosal.fit_transformer(name, json.dumps(parameters), to_native({"x": column}), None, None, 1, 0)
    return json.loads(native.to_json())["fitted"]["columns"][0], np.asarray(_kolosal.rows_from_table(made))[:, 0]


def column_of(seed: int, positive: bool) -> np.ndarray:
    random = np.random.default_rng(seed)
    shapes = [
        random.normal,
        random.standard_exponential,
        lambda size: random.normal(size=size) ** 3,
        lambda size: random.random(size) * 100,
    ]
    column = shapes[seed % 4](size=int(random.integers(20, 400))) * 10.0 ** random.integers(-2, 3)
    column[random.random(len(column)) < 0.1] = np.nan
    column[:3] = [1.0, 2.5, 0.5]
    return np.abs(column) + 1e-3 if positive else column


@pytest.mark.parametrize(("name", "method"), [("box_cox", "box-cox"), ("yeo_johnson", "yeo-johnson")])
def test_lambda_and_values_equal_those_of_scikit_learn(name: str, method: str) -> None:
    for seed in range(200):
        column = column_of(seed, name == "box_cox")
        theirs = PowerTransformer(method=method).fit(column[:, None])
        learnt, made = fitted(name, column)
        assert learnt["lambda"] == pytest.approx(theirs.lambdas_[0], rel=1e-4, abs=1e-4), seed
        np.testing.assert_array_equal(np.isnan(made), np.isnan(column))
        if abs(theirs.lambdas_[0]) > 30:  # none beyond can be given
            continue
        # At their lambda the values are the same; the likelihood is flat at its top, which leaves both sides a few digits of lambda.
        _, same = fitted(name, column, **{"lambda": theirs.lambdas_[0]})
        np.testing.assert_allclose(same, theirs.transform(column[:, None])[:, 0], rtol=1e-9, atol=1e-9, equal_nan=True)


@pytest.mark.parametrize("method", ["box-cox", "yeo-johnson"])
def test_the_class_equals_that_of_scikit_learn(method: str) -> None:
    table = np.column_stack([column_of(seed, True)[:20] for seed in range(5)])
    ours, theirs = kp.PowerTransformer(method=method).fit(table), PowerTransformer(method=method).fit(table)
    np.testing.assert_allclose(ours.lambdas_, theirs.lambdas_, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(ours.transform(table), theirs.transform(table), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(ours.inverse_transform(ours.transform(table)), table, rtol=1e-7)


def table_of(seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    table = random.normal(0, 10.0 ** random.integers(-3, 7), (int(random.integers(1, 400)), 3))
    table[:, 1] = np.round(5 * random.standard_exponential(len(table)))
    table[random.random(table.shape) < 0.1] = np.nan
    table[0] = 0.1
    return table


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("output", ["uniform", "normal"])
def test_ranks_equal_those_of_scikit_learn(output: str) -> None:
    for seed in range(200):
        table = table_of(seed)
        n_quantiles = 2 + seed % 50
        ours = kp.QuantileTransformer(n_quantiles=n_quantiles, output_distribution=output).fit(table)
        theirs = preprocessing.QuantileTransformer(n_quantiles=n_quantiles, output_distribution=output, subsample=None).fit(table)
        np.testing.assert_allclose(ours.quantiles_, theirs.quantiles_, rtol=1e-9)
        # Both learn from the same quantiles, to the last bit: a number just beside one that many rows share has another rank.
        theirs.quantiles_ = ours.quantiles_
        made = ours.transform(table)
        # scikit-learn puts numbers within 1e-7 of an end at the end.
        near_end = (abs(table - ours.quantiles_[0]) < 2e-7) | (abs(table - ours.quantiles_[-1]) < 2e-7)
        np.testing.assert_allclose(np.where(near_end, 0, made), np.where(near_end, 0, theirs.transform(table)), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(
            ours.inverse_transform(made), theirs.inverse_transform(made), rtol=1e-5, atol=1e-6 * np.nanmax(abs(table))
        )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("strategy", ["uniform", "quantile", "kmeans"])
def test_bins_equal_those_of_scikit_learn(strategy: str) -> None:
    compared = 0
    for seed in range(200):
        table = table_of(seed)[:, :1]
        table = table[~np.isnan(table[:, 0])]
        n_bins = 2 + seed % 6
        method = ("linear", "averaged_inverted_cdf")[seed % 2]
        theirs = preprocessing.KBinsDiscretizer(n_bins, encode="ordinal", strategy=strategy, subsample=None, quantile_method=method)
        if len(np.unique(table)) < n_bins:
            continue
        if strategy == "kmeans" and np.histogram(table, n_bins)[0].min() < 2:  # both move a cluster without rows, but not alike
            continue
        ours = kp.KBinsDiscretizer(n_bins, strategy=strategy, quantile_method=method).fit(table)
        theirs.fit(table)
        edges = theirs.bin_edges_[0]
        if strategy == "kmeans":  # to the end: theirs stops where the centres move by less than 1e-4 of the spread
            start = np.linspace(table.min(), table.max(), n_bins + 1)
            means = KMeans(n_bins, init=((start[1:] + start[:-1]) / 2)[:, None], n_init=1, tol=0, algorithm="lloyd").fit(table)
            centers = np.sort(means.cluster_centers_[:, 0])
            edges = np.r_[table.min(), (centers[1:] + centers[:-1]) / 2, table.max()]
        np.testing.assert_allclose(ours.bin_edges_[0], edges, rtol=1e-9, atol=1e-12 * abs(table).max())
        compared += 1
    assert compared > (30 if strategy == "kmeans" else 150)


@pytest.mark.parametrize("n_classes", [0, 2, 4])
def test_tree_bins_equal_the_cuts_of_a_tree(n_classes: int) -> None:
    same = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        x = random.normal(size=int(random.integers(50, 400))).astype(np.float32).astype(float)  # as the trees see it
        y = np.sin(2 * x) + 0.3 * random.normal(size=len(x))
        if n_classes:
            y = np.searchsorted(np.quantile(y, np.linspace(0, 1, n_classes + 1)[1:-1]), y)
        n_bins = 2 + seed % 6
        target = to_native({"t": [f"c{int(value)}" for value in y] if n_classes else y})
        native = _kolosal.fit_form("tree_bin", json.dumps({"n_bins": n_bins, "min_rows": 5}), to_native({"x": x}), target, None, 1, 0)
        tree = (DecisionTreeClassifier if n_classes else DecisionTreeRegressor)(max_leaf_nodes=n_bins, min_samples_leaf=5, random_state=0)
        tree.fit(x[:, None], y)
        cuts = np.sort(tree.tree_.threshold[tree.tree_.feature == 0])
        ours = json.loads(native.to_json())["fitted"]["columns"][0]["edges"][1:-1]
        same += len(ours) == len(cuts) and np.allclose(ours, cuts, rtol=1e-9)
    assert same >= 185  # of 200: where two cuts gain the same, each side takes its own


RANDOM = np.random.default_rng(0)
FAR = {
    "near to one another": 100 + RANDOM.normal(size=50),
    "tiny": RANDOM.normal(size=60) * 1e-3,
    "tiny and positive": RANDOM.exponential(size=60) * 1e-3,
    "tiny and negative": -RANDOM.exponential(size=60) * 1e-3,
    "some zeros": np.r_[0, 0, 0, RANDOM.exponential(size=30) * 1e-4],
    "large": RANDOM.normal(size=40) * 1e20,
}
FARTHEST = {
    "on both sides": RANDOM.normal(size=40) * 1e307,
    "positive": RANDOM.exponential(size=40) * 1e307,
    "all but the largest": np.array([-1.7e308, 1.7e308, 0, 3.0, 1e308]),
}


@pytest.mark.parametrize("column", FAR.values(), ids=FAR)
def test_a_power_beyond_thirty_is_found_as_scikit_learn_finds_it(column: np.ndarray) -> None:
    ours, theirs = kp.PowerTransformer().fit(column[:, None]), PowerTransformer().fit(column[:, None])
    np.testing.assert_allclose(ours.lambdas_, theirs.lambdas_, rtol=1e-5)
    np.testing.assert_allclose(ours.transform(column[:, None]), theirs.transform(column[:, None]), rtol=1e-5, atol=1e-5)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("column", FARTHEST.values(), ids=FARTHEST)
def test_numbers_at_the_end_of_float64_become_finite_ones(column: np.ndarray) -> None:
    rows = column[:, None]
    for made in (
        *(kp.StandardScaler(), kp.MinMaxScaler(), kp.MinMaxScaler((-1, 1)), kp.RobustScaler(), kp.MaxAbsScaler(), kp.PowerTransformer()),
        *(kp.QuantileTransformer(), kp.SimpleImputer(), kp.OutlierClipper(method="z_score", threshold=1.0)),
        *(kp.KBinsDiscretizer(3, strategy=strategy) for strategy in ("uniform", "quantile", "kmeans")),
    ):
        given = made.fit(rows).transform(rows)
        assert np.isfinite(given).all(), made
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(made)).transform(rows), given)
        if hasattr(made, "inverse_transform"):
            back = made.inverse_transform(given)
            assert np.isfinite(back).all(), made
            if not isinstance(made, kp.KBinsDiscretizer):
                np.testing.assert_allclose(back / 1e308, rows / 1e308, rtol=1e-9, atol=1e-9, err_msg=repr(made))


@pytest.mark.parametrize("knots", ["uniform", "quantile"])
@pytest.mark.parametrize("degree", [1, 2, 3, 5])
@pytest.mark.parametrize("extrapolation", ["constant", "linear", "continue"])
@pytest.mark.parametrize("include_bias", [True, False])
def test_splines_are_those_of_scikit_learn(knots: str, degree: int, extrapolation: str, include_bias: bool) -> None:
    if extrapolation == "linear" and degree == 1:
        extrapolation = "continue"  # which is a line, too; scikit-learn's own line is off there
    random = np.random.default_rng(5)
    rows, others = random.normal(size=(300, 3)) * [1, 20, 0.01], random.normal(size=(200, 3)) * [2, 40, 0.02]
    shared = {"n_knots": 6, "degree": degree, "knots": knots, "extrapolation": extrapolation, "include_bias": include_bias}
    ours, theirs = kp.SplineTransformer(**shared).fit(rows), preprocessing.SplineTransformer(**shared).fit(rows)
    for each in (rows, others):
        known = theirs.transform(each)
        np.testing.assert_allclose(ours.transform(each), known, rtol=1e-10, atol=1e-10 * np.abs(known).max())
