"""Every transformer class under scikit-learn's own estimator checks, and equal to scikit-learn's class of its name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import feature_selection, impute, preprocessing
from sklearn.utils.estimator_checks import parametrize_with_checks

import kolosal.preprocess as kp

CLASSES = [getattr(kp, name) for name in kp.__all__ if name not in ("Pipeline", "transformer_names")]

# As they are checked: levels that only rows of weight 0 have are unknown, and the checks of weights transform such rows.
CHECKED_AS = {
    kp.OneHotEncoder: {"handle_unknown": "ignore"},
    kp.OrdinalEncoder: {"handle_unknown": "use_encoded_value", "unknown_value": -1},
}

# The checks that are known to fail, and why: at most five in all.
ORDERED = "fit_transform encodes each training row by those before it alone, so it is not fit and then transform"
LEFT_OUT = "fit_transform encodes each training row by the others, so it is not fit and then transform"
EXPECTED_FAILURES: dict[type, dict[str, str]] = {
    kp.CatBoostEncoder: {"check_transformer_general": ORDERED, "check_transformer_data_not_an_array": ORDERED},
    kp.DataPreprocessor: {"check_transformer_n_iter": "max_iter is of one strategy alone, and without it there are no rounds to count"},
    kp.LeaveOneOutEncoder: {"check_transformer_general": LEFT_OUT, "check_transformer_data_not_an_array": LEFT_OUT},
}


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [each(**CHECKED_AS.get(each, {})) for each in CLASSES], expected_failed_checks=lambda made: EXPECTED_FAILURES.get(type(made), {})
)
def test_scikit_learn_finds_nothing_wrong(estimator: Any, check: Any) -> None:
    check(estimator)


def test_at_most_five_checks_are_expected_to_fail() -> None:
    assert sum(map(len, EXPECTED_FAILURES.values())) <= 5


PAIRS = [
    (kp.StandardScaler(), preprocessing.StandardScaler(), ["mean_", "scale_"]),
    (kp.StandardScaler(with_mean=False), preprocessing.StandardScaler(with_mean=False), ["scale_"]),
    (kp.MinMaxScaler((-2, 3)), preprocessing.MinMaxScaler((-2, 3)), ["data_min_", "scale_", "min_"]),
    (kp.RobustScaler(quantile_range=(10, 80)), preprocessing.RobustScaler(quantile_range=(10, 80)), ["center_", "scale_"]),
    (kp.MaxAbsScaler(), preprocessing.MaxAbsScaler(), ["scale_"]),
    (kp.SimpleImputer(), impute.SimpleImputer(), ["statistics_"]),
    (kp.SimpleImputer(strategy="median"), impute.SimpleImputer(strategy="median"), ["statistics_"]),
    (kp.SimpleImputer(strategy="most_frequent"), impute.SimpleImputer(strategy="most_frequent"), ["statistics_"]),
]


@pytest.mark.parametrize("layout", ["C", "F"])
@pytest.mark.parametrize(("ours", "theirs", "attributes"), PAIRS)
def test_numbers_equal_those_of_scikit_learn(ours: Any, theirs: Any, attributes: list[str], layout: str) -> None:
    for seed in range(200):
        random = np.random.default_rng(seed)
        table = random.normal(random.normal(0, 100), 10.0 ** random.integers(-3, 6), (random.integers(2, 80), random.integers(1, 6)))
        table[random.random(table.shape) < 0.1] = np.nan
        table[0] = 1.5  # no column is all missing
        table = np.asarray(table, order=layout)
        np.testing.assert_allclose(ours.fit_transform(table), theirs.fit_transform(table), rtol=1e-9, atol=1e-9)
        for attribute in attributes:
            np.testing.assert_allclose(getattr(ours, attribute), getattr(theirs, attribute), rtol=1e-9, atol=1e-12)
        if hasattr(ours, "inverse_transform"):
            np.testing.assert_allclose(ours.inverse_transform(ours.transform(table)), table, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("norm", ["l1", "l2", "max"])
def test_normalizer_equals_that_of_scikit_learn(norm: str) -> None:
    table = np.random.default_rng(0).normal(size=(50, 4))
    np.testing.assert_allclose(kp.Normalizer(norm).fit_transform(table), preprocessing.Normalizer(norm=norm).fit_transform(table))


def test_weights_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    table, weights = random.normal(size=(50, 3)), random.random(50)
    theirs = preprocessing.StandardScaler().fit(table, sample_weight=weights).transform(table)
    np.testing.assert_allclose(kp.StandardScaler().fit(table, sample_weight=weights).transform(table), theirs, rtol=1e-9)


ONE_HOT = [
    {},
    {"handle_unknown": "ignore"},
    {"drop": "first"},
    {"drop": "if_binary"},
    {"handle_unknown": "infrequent_if_exist", "min_frequency": 8},
    {"handle_unknown": "infrequent_if_exist", "max_categories": 3},
]


@pytest.mark.parametrize("parameters", ONE_HOT)
@pytest.mark.parametrize("sparse", [False, True])
def test_one_hot_equals_that_of_scikit_learn(parameters: dict[str, Any], sparse: bool) -> None:
    random = np.random.default_rng(3)
    seen = np.column_stack([random.choice(["a", "b", "c", "d", "e"], 60, p=[0.4, 0.3, 0.2, 0.05, 0.05]), random.choice(["u", "v"], 60)])
    ours = kp.OneHotEncoder(sparse_output=sparse, **parameters).fit(seen)
    theirs = preprocessing.OneHotEncoder(sparse_output=sparse, **parameters).fit(seen)
    rows = np.array([["a", "zzz"], ["e", "u"]]) if "handle_unknown" in parameters else seen[::-1]
    made, expected = ours.transform(rows), theirs.transform(rows)
    np.testing.assert_array_equal(made.toarray() if sparse else made, expected.toarray() if sparse else expected)
    assert ours.get_feature_names_out(["p", "q"]).tolist() == theirs.get_feature_names_out(["p", "q"]).tolist()


@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_nearest_neighbours_impute_as_those_of_scikit_learn(weights: str) -> None:
    table = np.random.default_rng(5).normal(size=(80, 4))
    table[np.random.default_rng(6).random(table.shape) < 0.2] = np.nan
    theirs = impute.KNNImputer(weights=weights, n_neighbors=3).fit_transform(table)
    np.testing.assert_allclose(kp.KNNImputer(weights=weights, n_neighbors=3).fit_transform(table), theirs, rtol=1e-9)


def test_only_columns_that_vary_stay() -> None:
    table = np.column_stack([np.ones(9), np.arange(9.0), np.tile([0.0, 0.1, 0.2], 3)])
    ours = kp.VarianceThreshold(0.1).fit(table)
    assert ours.get_support().tolist() == feature_selection.VarianceThreshold(0.1).fit(table).get_support().tolist()
    np.testing.assert_array_equal(ours.transform(table), table[:, [1]])
    assert ours.get_feature_names_out(["a", "b", "c"]).tolist() == ["b"]


def test_ordinal_equals_that_of_scikit_learn() -> None:
    seen = np.array([["b", 3], ["a", 10], ["c", 2]], dtype=object)
    np.testing.assert_array_equal(kp.OrdinalEncoder().fit_transform(seen), preprocessing.OrdinalEncoder().fit_transform(seen))
    numbers = np.array([[10.0], [9.0], [np.nan]])
    np.testing.assert_array_equal(kp.OrdinalEncoder().fit_transform(numbers), preprocessing.OrdinalEncoder().fit_transform(numbers))


def test_target_encoding_equals_that_of_scikit_learn_after_fit() -> None:
    random = np.random.default_rng(4)
    table, target = random.choice(["a", "b", "c"], (200, 2)), random.normal(size=200)
    ours = kp.TargetEncoder(smooth=5.0).fit(table, target).transform(table)
    np.testing.assert_allclose(ours, preprocessing.TargetEncoder(smooth=5.0).fit(table, target).transform(table), rtol=1e-9)
