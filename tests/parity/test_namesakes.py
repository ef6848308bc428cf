"""Transformer classes and those of scikit-learn of the same name: the same fitted attributes, and the same answers on random tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn import feature_selection, impute, preprocessing
from sklearn.experimental import enable_iterative_imputer  # noqa: F401

import kolosal.preprocess as kp

N_TABLES = 200
THEIRS = {**vars(preprocessing), **vars(impute), **vars(feature_selection)}

# What scikit-learn's has and ours has not, on purpose: docs/guides/preprocessing.md says why.
LEFT_OUT = {
    "SimpleImputer": {"indicator_"},
    "KNNImputer": {"indicator_"},
    "IterativeImputer": {"imputation_sequence_", "indicator_", "initial_imputer_", "n_features_with_missing_", "random_state_"},
}

NUMBERS: list[tuple[str, dict[str, Any]]] = [
    ("StandardScaler", {}),
    ("StandardScaler", {"with_mean": False}),
    ("StandardScaler", {"with_std": False}),
    ("MinMaxScaler", {"feature_range": (-2, 3)}),
    ("MaxAbsScaler", {}),
    ("RobustScaler", {"quantile_range": (10.0, 80.0)}),
    ("RobustScaler", {"unit_variance": True}),
    ("SimpleImputer", {"add_indicator": True}),
    ("SimpleImputer", {"strategy": "median"}),
    ("SimpleImputer", {"strategy": "most_frequent"}),
    ("SimpleImputer", {"strategy": "constant", "fill_value": 0.1}),
    ("KNNImputer", {"n_neighbors": 3}),
    ("VarianceThreshold", {"threshold": 1e-3}),
    ("VarianceThreshold", {"threshold": 2.0}),
]
COMPLETE: list[tuple[str, dict[str, Any]]] = [
    ("Normalizer", {"norm": "l2"}),
    ("Normalizer", {"norm": "l1"}),
    ("KBinsDiscretizer", {"encode": "ordinal", "n_bins": 3}),
    ("KBinsDiscretizer", {"encode": "ordinal", "n_bins": 3, "quantile_method": "linear"}),
    ("KBinsDiscretizer", {"encode": "ordinal", "n_bins": 3, "strategy": "uniform"}),
    ("QuantileTransformer", {"n_quantiles": 20}),
    ("VarianceThreshold", {}),  # with missing values scikit-learn's has variances where it says ranges
]
LEVELS: list[tuple[str, dict[str, Any]]] = [
    ("OneHotEncoder", {"sparse_output": False}),
    ("OneHotEncoder", {"sparse_output": False, "drop": "first"}),
    ("OneHotEncoder", {"sparse_output": False, "drop": "if_binary"}),
    ("OneHotEncoder", {"sparse_output": False, "handle_unknown": "infrequent_if_exist", "min_frequency": 5}),
    ("OneHotEncoder", {"sparse_output": False, "handle_unknown": "infrequent_if_exist", "max_categories": 2}),
    ("OneHotEncoder", {"sparse_output": False, "categories": [["d", "b", "a", "c", "e"]] * 2}),
    ("OneHotEncoder", {"sparse_output": False, "handle_unknown": "ignore", "categories": [["b", "a"]] * 2}),
    ("OneHotEncoder", {"sparse_output": False, "feature_name_combiner": lambda name, level: f"{name}={level}"}),
    ("OrdinalEncoder", {}),
    ("OrdinalEncoder", {"categories": [["d", "b", "a", "c", "e"]] * 2}),
    ("OrdinalEncoder", {"categories": [["d", "b"]] * 2, "handle_unknown": "use_encoded_value", "unknown_value": -1}),
    ("TargetEncoder", {"smooth": 3.0}),
    ("TargetEncoder", {}),
]


def table_of(seed: int) -> np.ndarray:
    """Numbers of several sizes with missing ones, but for the first rows."""
    random = np.random.default_rng(seed)
    table = random.normal(random.normal(0, 10), 10.0 ** random.integers(-2, 3), (int(random.integers(6, 40)), int(random.integers(1, 4))))
    table = table.round(int(random.integers(0, 4)))
    table[random.random(table.shape) < 0.15] = np.nan
    table[:4] = [[1.5], [-0.5], [3.0], [0.25]]
    return table


def levels_of(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two columns of levels, in the first rows all of them, and a target."""
    random = np.random.default_rng(seed)
    n = int(random.integers(12, 50))
    levels = random.choice(list("abcde"), (n, 2), p=[0.4, 0.3, 0.15, 0.1, 0.05]).astype(object)
    levels[:5] = np.array(list("abcde"))[:, None]
    target = [random.normal(size=n), random.integers(0, 2, n), random.choice(["u", "v", "w"], n)][seed % 3]
    target[:3] = [[0.5, 1.5, -2.5], [0, 1, 0], ["u", "v", "w"]][seed % 3]
    return levels, target


def same(ours: Any, theirs: Any, what: str) -> None:
    if theirs is None:
        assert ours is None, what
    elif isinstance(theirs, list) or getattr(getattr(theirs, "dtype", None), "kind", "") == "O":
        assert len(ours) == len(theirs), what
        for one, other in zip(ours, theirs, strict=True):
            same(one, other, what)
    elif isinstance(theirs, (str, int)) or getattr(getattr(theirs, "dtype", None), "kind", "f") in "US":
        np.testing.assert_array_equal(ours, theirs, err_msg=what)
    else:
        np.testing.assert_allclose(np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float), rtol=1e-9, atol=1e-9, err_msg=what)


def compare(name: str, parameters: dict[str, Any], table: np.ndarray, target: np.ndarray | None, what: str) -> None:
    ours, theirs = getattr(kp, name)(**parameters), THEIRS[name](**parameters)
    try:
        theirs.fit(table, target)
    except ValueError as error:
        with pytest.raises(ValueError, match=str(error).split("(", maxsplit=1)[0][:40]):
            ours.fit(table, target)
        return
    ours.fit(table, target)
    found = {each for each in dir(theirs) if each.endswith("_") and not each.startswith("_") and hasattr(theirs, each)}
    for attribute in sorted(found - LEFT_OUT.get(name, set())):
        same(getattr(ours, attribute), getattr(theirs, attribute), f"{name}.{attribute}, {what}")
    same(ours.transform(table), theirs.transform(table), f"{name}, {what}")
    assert ours.get_feature_names_out().tolist() == theirs.get_feature_names_out().tolist(), what
    if hasattr(theirs, "inverse_transform") and hasattr(ours, "inverse_transform") and name not in ("OneHotEncoder", "OrdinalEncoder"):
        same(ours.inverse_transform(ours.transform(table)), theirs.inverse_transform(theirs.transform(table)), f"{name} undone, {what}")


def of_class(variants: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The parameters to try of each class."""
    return [(name, [parameters for other, parameters in variants if other == name]) for name in dict.fromkeys(name for name, _ in variants)]


def untied(table: np.ndarray, seed: int) -> np.ndarray:
    """Without numbers or distances that are equal: of those each side takes its own, or rounding decides."""
    return table + np.random.default_rng(seed).normal(0, 1e-3, table.shape)


def names_of(value: Any) -> str:
    return value if isinstance(value, str) else f"{len(value)} variants"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "variants"), of_class(NUMBERS), ids=names_of)
def test_numbers_become_and_teach_the_same(name: str, variants: list[dict[str, Any]]) -> None:
    for seed in range(N_TABLES):
        table = table_of(seed) if name != "KNNImputer" else untied(table_of(seed), seed)
        compare(name, variants[seed % len(variants)], table, None, f"table {seed}")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "variants"), of_class(COMPLETE), ids=names_of)
def test_numbers_without_missing_ones_become_and_teach_the_same(name: str, variants: list[dict[str, Any]]) -> None:
    for seed in range(N_TABLES):
        table = np.nan_to_num(table_of(seed), nan=7.25)
        table = table if name != "QuantileTransformer" else untied(table, seed)
        compare(name, variants[seed % len(variants)], table, None, f"table {seed}")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "variants"), of_class(LEVELS), ids=names_of)
def test_levels_become_and_teach_the_same(name: str, variants: list[dict[str, Any]]) -> None:
    for seed in range(N_TABLES):
        compare(name, variants[seed // 3 % len(variants)], *levels_of(seed), f"table {seed}")


SPARSE: list[tuple[str, dict[str, Any]]] = [
    ("StandardScaler", {"with_mean": False}),
    ("MaxAbsScaler", {}),
    ("RobustScaler", {"with_centering": False}),
    *(("Normalizer", {"norm": norm}) for norm in ("l1", "l2", "max")),
]


@pytest.mark.parametrize(("name", "variants"), of_class(SPARSE), ids=names_of)
def test_sparse_matrices_stay_so_and_become_the_same(name: str, variants: list[dict[str, Any]]) -> None:
    for seed in range(N_TABLES):
        random = np.random.default_rng(seed)
        shape = (int(random.integers(1, 40)), int(random.integers(1, 8)))
        table = sparse.random(*shape, density=random.random(), random_state=seed, format=["csr", "csc"][seed % 2])
        table.data = random.normal(size=table.nnz) * 10.0 ** random.integers(-3, 4)
        weights = random.integers(0, 3, shape[0]) + np.r_[1.0, np.zeros(shape[0] - 1)]
        around = {"sample_weight": weights} if name == "StandardScaler" and seed % 3 == 0 else {}
        parameters = variants[seed // 6 % len(variants)]
        ours, theirs = getattr(kp, name)(**parameters).fit(table, **around), THEIRS[name](**parameters).fit(table, **around)
        made, expected = ours.transform(table), theirs.transform(table)
        assert made.format == table.format and made.nnz == table.nnz
        np.testing.assert_allclose(made.toarray(), expected.toarray(), rtol=1e-12, atol=1e-12)
        for attribute in ("scale_", "mean_", "var_", "max_abs_", "n_samples_seen_"):
            if getattr(theirs, attribute, None) is not None:
                np.testing.assert_allclose(getattr(ours, attribute), getattr(theirs, attribute), rtol=1e-12, atol=1e-13)
        if hasattr(ours, "inverse_transform"):
            np.testing.assert_allclose(ours.inverse_transform(made).toarray(), table.toarray(), rtol=1e-12)


def test_a_level_counts_as_often_as_its_rows_weigh() -> None:
    for seed in range(N_TABLES):
        levels, _ = levels_of(seed)
        times = np.random.default_rng(seed).integers(0, 4, len(levels))
        times[:5] = 1
        parameters: dict[str, int] = [{"min_frequency": 6}, {"max_categories": 3}, {}][seed % 3]
        ours = kp.OneHotEncoder(handle_unknown="infrequent_if_exist", **parameters).fit(levels, sample_weight=times)
        theirs = preprocessing.OneHotEncoder(handle_unknown="infrequent_if_exist", sparse_output=False, **parameters)
        np.testing.assert_array_equal(ours.transform(levels), theirs.fit(np.repeat(levels, times, axis=0)).transform(levels))
        absent = kp.OrdinalEncoder().fit(levels, sample_weight=levels[:, 0] != "c").categories_
        assert "c" not in absent[0]
