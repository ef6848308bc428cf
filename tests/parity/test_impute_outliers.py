"""Imputation and outlier transformers against scikit-learn and pandas: fixed tables, and many random ones."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from kolosal._tables import to_native
from sklearn.ensemble import IsolationForest
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer

from kolosal import _kolosal as native

N_RANDOM = 200


def to_frame(values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(values, columns=[f"c{j}" for j in range(values.shape[1])])


def fit(name: str, parameters: dict, values: np.ndarray, weights: np.ndarray | None = None, seed: int = 0):
    table = to_native(to_frame(values))
    fitted, made = native.fit_transformer(name, json.dumps(parameters), table, None, weights, 2, seed)
    return fitted, pa.table(made).to_pandas()


def transform(fitted, values: np.ndarray) -> np.ndarray:
    return pa.table(fitted.transform(to_native(to_frame(values)))).to_pandas().to_numpy(dtype=float)


def random_table(seed: int, related: bool = False) -> np.ndarray:
    """Rows and columns of many sizes and scales, with holes; at least one value in each column."""
    random = np.random.default_rng(seed)
    n_rows, n_columns = int(random.integers(2, 120)), int(random.integers(1, 7))
    values = random.normal(size=(n_rows, n_columns))
    if related:
        values = values @ random.normal(size=(n_columns, n_columns)) + 0.3 * random.normal(size=(n_rows, n_columns))
    if seed % 5 == 1:
        values *= 10.0 ** random.integers(-3, 4)
    if seed % 5 == 2:
        values += random.normal(size=n_columns) * 50
    if seed % 7 == 3:
        values[:, 0] = 4.5
    holes = random.uniform(size=values.shape) < random.choice([0.05, 0.2, 0.5])
    holes[random.integers(n_rows, size=n_columns), np.arange(n_columns)] = False
    values[holes] = np.nan
    return values


def close(ours: np.ndarray, theirs: np.ndarray, tolerance: float) -> None:
    scale = max(1e-300, np.nanmax(np.abs(theirs)))
    np.testing.assert_allclose(ours / scale, theirs / scale, rtol=0, atol=tolerance)


def other_rows(train: np.ndarray, seed: int) -> np.ndarray:
    """As many rows of the same columns, with holes of their own."""
    random = np.random.default_rng(seed + 1000)
    return random.permuted(train, axis=0) + 0.1 * np.nanstd(train) * random.normal(size=train.shape)


def inverse_distance_means(train: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
    """What KNNImputer(k, weights="distance") means, with distances from differences."""
    filled = rows.copy()
    for i, j in zip(*np.nonzero(np.isnan(rows)), strict=True):
        donors = train[~np.isnan(train[:, j])]
        squares = (donors - rows[i]) ** 2
        shared = (~np.isnan(squares)).sum(axis=1)
        near = donors[shared > 0, j]
        distance = np.sqrt(np.nansum(squares[shared > 0], axis=1) / shared[shared > 0])
        nearest = np.argsort(distance, kind="stable")[:k]
        near, distance = near[nearest], distance[nearest]
        weights = (distance == 0).astype(float) if (distance == 0).any() else 1 / distance
        filled[i, j] = np.average(near, weights=weights) if near.size else np.nanmean(train[:, j])
    return filled


@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_knn_impute_equals_knn_imputer(weights: str) -> None:
    """Which of equally far rows scikit-learn takes is not defined: of tables with a constant column all rows count. Its distances lose
    digits where they are small beside the values: where they are weights, plain loops tell what is right to 1e-9."""
    for seed in range(N_RANDOM):
        train = random_table(seed)
        has_ties = seed % 7 == 3
        k = 200 if has_ties else 1 + seed % 7
        fitted, made = fit("knn_impute", {"n_neighbors": k, "weighting": weights}, train)
        theirs = KNNImputer(n_neighbors=k, weights=weights).fit(train)
        other = other_rows(train, seed)
        for ours, rows in ((made.to_numpy(), train), (transform(fitted, other), other)):
            if weights == "uniform":
                close(ours, theirs.transform(rows), 1e-9)
                continue
            close(ours, inverse_distance_means(train, rows, k), 1e-9)
            if not has_ties:
                close(ours, theirs.transform(rows), 1e-6)


def test_knn_impute_of_columns_without_values_and_of_empty_rows() -> None:
    train = np.array([[1.0, np.nan, 3.0], [2.0, np.nan, 5.0], [np.nan, np.nan, 9.0], [np.nan, np.nan, np.nan]])
    _, made = fit("knn_impute", {"n_neighbors": 1}, train)
    theirs = KNNImputer(n_neighbors=1, keep_empty_features=True).fit_transform(train)
    np.testing.assert_allclose(made.to_numpy(), theirs, atol=1e-12)


def iterative(max_iter: int) -> IterativeImputer:
    return IterativeImputer(max_iter=max_iter, tol=1e-3)


@pytest.mark.filterwarnings("ignore:.*Early stopping.*")
def test_iterative_impute_equals_iterative_imputer() -> None:
    """Tolerance 1e-6 of the largest magnitude: scikit-learn decomposes the rows, Kolosal their products."""
    for seed in range(N_RANDOM):
        train = random_table(seed, related=True)
        theirs = iterative(1 + seed % 6).fit(train)
        fitted, made = fit("iterative_impute", {"max_iter": 1 + seed % 6}, train)
        close(made.to_numpy(), theirs.transform(train), 1e-6)
        other = other_rows(train, seed)
        close(transform(fitted, other), theirs.transform(other), 1e-6)


@pytest.mark.filterwarnings("ignore:.*Early stopping.*")
@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_iterative_impute_of_tiny_and_huge_values(factor: float) -> None:
    train = random_table(11, related=True) * factor
    _, made = fit("iterative_impute", {}, train)
    close(made.to_numpy(), iterative(10).fit_transform(train), 1e-6)


def test_one_row_and_constant_columns() -> None:
    for name in ("knn_impute", "iterative_impute"):
        fitted, made = fit(name, {}, np.array([[1.0, 2.0]]))
        assert made.to_numpy().tolist() == [[1.0, 2.0]]
        np.testing.assert_allclose(transform(fitted, np.array([[np.nan, 2.0], [np.nan, np.nan]])), [[1, 2], [1, 2]])


def test_impute_constants_equal_simple_imputer() -> None:
    for seed in range(N_RANDOM):
        train = random_table(seed)
        _, made = fit("impute", {"strategy": "mean", "constants": {"c0": -7.5}}, train)
        theirs = SimpleImputer().fit_transform(train)
        theirs[:, 0] = SimpleImputer(strategy="constant", fill_value=-7.5).fit_transform(train)[:, 0]
        close(made.to_numpy(), theirs, 1e-12)


def test_outliers_to_missing_equal_pandas() -> None:
    for seed in range(N_RANDOM):
        train = random_table(seed)
        frame = to_frame(train)
        _, made = fit("clip_outliers", {"action": "to_missing"}, train)
        first, third = frame.quantile(0.25), frame.quantile(0.75)
        reach = 1.5 * (third - first)
        expected = frame.where((frame >= first - reach) & (frame <= third + reach))
        np.testing.assert_array_equal(made.to_numpy(), expected.to_numpy())


def test_rows_that_go_on_are_those_of_pandas() -> None:
    for seed in range(N_RANDOM):
        frame = to_frame(random_table(seed))
        config = {"scaling": "none", "missing_strategy": "drop", "max_cardinality": 1, "auto_detect_types": False}
        if frame.notna().all(axis=1).any():
            _, made, rows = native.preprocess(json.dumps(config), to_native(frame), None, None, 1)
            np.testing.assert_array_equal(pa.table(made).to_pandas().to_numpy(), frame.dropna().to_numpy())
            kept = np.arange(len(frame)) if rows is None else np.asarray(rows)
            np.testing.assert_array_equal(kept, np.flatnonzero(frame.notna().all(axis=1)))


def ranks(x: np.ndarray) -> np.ndarray:
    return np.argsort(np.argsort(x)).astype(float)


def test_isolation_scores_agree_with_isolation_forest() -> None:
    """Both are means over random trees, so they agree as two seeds of scikit-learn's do."""
    for seed in range(6):
        random = np.random.default_rng(seed)
        train = random.normal(size=(400 + 100 * seed, 2 + seed)) * (1 + np.arange(2 + seed))
        train[:10] *= 6
        _, made = fit("isolation_forest_outliers", {"n_trees": 400}, train, seed=seed)
        ours = made["isolation_score"].to_numpy()
        theirs = IsolationForest(n_estimators=200, random_state=seed).fit(train).score_samples(train)
        assert np.abs(ours - theirs).max() < 0.06
        assert abs(ours.mean() - theirs.mean()) < 0.01
        assert np.corrcoef(ranks(ours), ranks(theirs))[0, 1] > 0.95


def test_isolation_flags_the_share_asked_for() -> None:
    train = np.random.default_rng(0).normal(size=(500, 3))
    _, made = fit("isolation_forest_outliers", {"action": "flag", "contamination": 0.1}, train)
    theirs = IsolationForest(contamination=0.1, random_state=0).fit_predict(train) == -1
    ours = made["is_outlier"].to_numpy(dtype=bool)
    assert ours.sum() == theirs.sum() == 50
    assert (ours & theirs).sum() > 35
