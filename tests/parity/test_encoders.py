"""Encoders agree with scikit-learn where it has them, with arithmetic by hand where it has not, and leak no target."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from kolosal._tables import to_native
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder
from sklearn.tree import DecisionTreeClassifier

import kolosal.preprocess as kp
from kolosal import DataPreprocessor, InvalidInputError, _kolosal

TABLES = range(200)
TABLES_A_CASE = range(40)  # where parameters make at least five cases


def fit(name: str, table: Any, target: Any = None, weights: Any = None, seed: int = 7, **parameters: Any) -> tuple[Any, np.ndarray]:
    known = None if target is None else to_native({"target": np.asarray(target)})
    fitted, made = _kolosal.fit_transformer(name, json.dumps(parameters), to_native(table), known, weights, 2, seed)
    return fitted, np.column_stack([np.asarray(column, dtype=float) for column in pa.table(made).columns])


def apply(fitted: Any, table: Any) -> np.ndarray:
    return np.column_stack([np.asarray(column, dtype=float) for column in pa.table(fitted.transform(to_native(table))).columns])


def levels(random: np.random.Generator, n_rows: int, missing: bool) -> np.ndarray:
    """A column of texts, some levels of which are rare; None where missing."""
    n_levels = int(random.integers(1, 12))
    shares = random.dirichlet(np.full(n_levels, 0.5))
    column = np.array([f"level {i}" for i in range(n_levels)], dtype=object)[random.choice(n_levels, n_rows, p=shares)]
    if missing:
        column[random.random(n_rows) < 0.1] = None
    return column


def frame(columns: dict[str, np.ndarray]) -> dict[str, Any]:
    return {name: pa.array(list(column), pa.string()) for name, column in columns.items()}


# One-hot


@pytest.mark.parametrize("drop", [None, "first", "if_binary"])
@pytest.mark.parametrize(
    "rare", [{}, {"min_frequency": 4}, {"min_frequency": 0.15}, {"max_categories": 3}, {"max_categories": 4, "min_frequency": 2}]
)
@pytest.mark.parametrize("handle_unknown", ["infrequent_if_exist", "ignore"])
@pytest.mark.filterwarnings("ignore:Found unknown categories")
def test_one_hot_has_the_columns_of_scikit_learn(drop: str | None, rare: dict[str, float], handle_unknown: str) -> None:
    for seed in TABLES_A_CASE:
        random = np.random.default_rng(seed)
        n_rows = int(random.integers(1, 60))
        rows = np.column_stack([levels(random, n_rows, missing=False), levels(random, n_rows, missing=True)])
        new = np.array([["level 0", "level 0"], ["level 3", None], ["unheard of", "level 1"]], dtype=object)
        ours = kp.OneHotEncoder(drop=drop, handle_unknown=handle_unknown, sparse_output=seed % 2 == 0, **rare).fit(rows)
        theirs = OneHotEncoder(drop=drop, handle_unknown=handle_unknown, sparse_output=seed % 2 == 0, **rare).fit(rows)
        names = [name.replace("_None", "_nan") for name in theirs.get_feature_names_out(["a", "b"])]
        assert ours.get_feature_names_out(["a", "b"]).tolist() == names, seed
        for table in (rows, new):
            made, expected = ours.transform(table), theirs.transform(table)
            if seed % 2 == 0:
                made, expected = made.toarray(), expected.toarray()
            np.testing.assert_array_equal(made, expected, err_msg=str(seed))


def test_native_one_hot_weighs_rows_as_if_they_were_repeated() -> None:
    for seed in TABLES:
        random = np.random.default_rng(seed)
        column = levels(random, 40, missing=True)
        times = random.integers(0, 4, 40)
        parameters = {"columns": ["c"], "min_frequency": [3, 0.1][seed % 2], "max_levels": [None, 3][seed % 3 == 0], "missing": "level"}
        weighted, _ = fit("one_hot", frame({"c": column}), weights=times.astype(float), **parameters)
        repeated, _ = fit("one_hot", frame({"c": np.repeat(column, times)}), **parameters)
        assert weighted.to_json() == repeated.to_json()


# Unknown levels


@pytest.mark.parametrize("encoder", [kp.OneHotEncoder(), kp.OrdinalEncoder()])
def test_an_unknown_level_is_an_error_that_says_where(encoder: Any) -> None:
    encoder.fit(np.array([["a"], ["b"]], dtype=object))
    with pytest.raises(InvalidInputError, match=r"unknown categories in column 'x0': row 2 has the level 'c'"):
        encoder.transform(np.array([["a"], ["c"]], dtype=object))


def test_ordinal_numbers_and_unknown_values_are_those_of_scikit_learn() -> None:
    for seed in TABLES:
        random = np.random.default_rng(seed)
        rows = np.column_stack([levels(random, 50, missing=False), random.integers(-5, 5, 50).astype(object)])
        new = np.array([["level 0", 3], ["never", 1000], ["level 1", 0]], dtype=object)
        for unknown in (-1, np.nan):
            theirs = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=unknown).fit(rows)
            ours = kp.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=unknown).fit(rows)
            np.testing.assert_array_equal(ours.transform(new), theirs.transform(new))
            np.testing.assert_array_equal(ours.fit_transform(rows), theirs.transform(rows))


# Target encoding


def targets(random: np.random.Generator, n_rows: int, kind: str) -> np.ndarray:
    if kind == "binary":
        made = np.array(["no", "yes"])[(random.random(n_rows) < 0.3).astype(int)]
        made[:2] = ["no", "yes"]
    elif kind == "multiclass":
        made = random.choice(["red", "green", "blue", "grey"], n_rows, p=[0.5, 0.3, 0.15, 0.05])
        made[:4] = ["red", "green", "blue", "grey"]
    else:
        made = random.normal(random.normal(0, 100), 10.0 ** random.integers(-3, 5), n_rows)
    return made


@pytest.mark.parametrize("kind", ["binary", "multiclass", "continuous"])
@pytest.mark.parametrize("smooth", [0.0, 7.5, "auto"])
def test_fitted_encodings_are_those_of_scikit_learn(kind: str, smooth: float | str) -> None:
    for seed in TABLES_A_CASE:
        random = np.random.default_rng(seed)
        n_rows = int(random.integers(8, 300))
        rows = np.column_stack([levels(random, n_rows, missing=False), levels(random, n_rows, missing=True)])
        target = targets(random, n_rows, kind)
        new = np.vstack([rows, [["unheard of", "level 0"]]])
        theirs = TargetEncoder(smooth=smooth, target_type=kind).fit(rows, target)
        ours = kp.TargetEncoder(smooth=smooth).fit(rows, target)
        np.testing.assert_allclose(ours.transform(new), theirs.transform(new), rtol=1e-9, atol=1e-9, err_msg=str(seed))


def test_empirical_bayes_keeps_its_digits_far_from_zero() -> None:
    random = np.random.default_rng(0)
    column = np.repeat(np.array(["a", "b", "c", "d"], dtype=object), 50)
    near = random.normal(size=200)
    apart, _ = fit("target_encode", frame({"c": column}), near + 1e9, columns=["c"], smoothing=None)
    fitted, _ = fit("target_encode", frame({"c": column}), near, columns=["c"], smoothing=None)
    np.testing.assert_allclose(apply(apart, frame({"c": column})) - 1e9, apply(fitted, frame({"c": column})), atol=1e-6)


def test_weights_count_rows_as_if_they_were_repeated() -> None:
    for seed in TABLES:
        random = np.random.default_rng(seed)
        column, target = levels(random, 60, missing=True), random.normal(size=60)
        times = random.integers(0, 4, 60)
        for smoothing in (None, 3.0):
            parameters = {"columns": ["c"], "smoothing": smoothing, "min_samples": 4}
            weighted, _ = fit("target_encode", frame({"c": column}), target, times.astype(float), **parameters)
            repeated, _ = fit("target_encode", frame({"c": np.repeat(column, times)}), np.repeat(target, times), **parameters)
            seen = {"c": np.unique(column[(times > 0) & (column != None)])}  # noqa: E711
            np.testing.assert_allclose(apply(weighted, frame(seen)), apply(repeated, frame(seen)), rtol=1e-9, atol=1e-12)


def test_out_of_fold_encodings_are_those_fitted_without_a_fold() -> None:
    """The folds are found from the encodings of one table; each then equals a fit on the other folds."""
    random = np.random.default_rng(3)
    n_rows, n_folds = 50, 5
    column, target = levels(random, n_rows, missing=True), random.normal(size=n_rows)
    alone = frame({"c": np.array(["one"] * n_rows, dtype=object)})
    marks = 2.0 ** np.arange(n_rows)  # a sum of them says which rows it is of
    _, means = fit("target_encode", alone, marks, columns=["c"], smoothing=0, n_folds=n_folds)
    fold = np.unique(means[:, 0], return_inverse=True)[1]
    assert np.bincount(fold).tolist() == [n_rows // n_folds] * n_folds
    for smoothing in (None, 2.0):
        _, made = fit("target_encode", frame({"c": column}), target, columns=["c"], smoothing=smoothing, n_folds=n_folds)
        for j in range(n_folds):
            others, _ = fit("target_encode", frame({"c": column[fold != j]}), target[fold != j], columns=["c"], smoothing=smoothing)
            expected = apply(others, frame({"c": column[fold == j]}))
            seen = np.isin(column[fold == j].astype(str), column[fold != j].astype(str))
            np.testing.assert_allclose(made[fold == j][seen], expected[seen], rtol=1e-9)


@pytest.mark.parametrize("smoothing", [0.0, 1.5])
def test_leave_one_out_and_ordered_encodings_by_hand(smoothing: float) -> None:
    for seed in TABLES:
        random = np.random.default_rng(seed)
        n_rows = int(random.integers(12, 80))
        column, target = levels(random, n_rows, missing=True), random.normal(size=n_rows)
        weights = random.integers(0, 3, n_rows).astype(float)
        weights[0] = 1
        prior = np.average(target, weights=weights)

        def mean(rows: np.ndarray) -> float:
            total = weights[rows].sum() + smoothing  # noqa: B023
            return prior if total == 0 else ((weights * target)[rows].sum() + smoothing * prior) / total  # noqa: B023

        alike = np.array([[a == b for b in column] for a in column])
        index = np.arange(n_rows)
        left_out = [mean(alike[i] & (index != i)) if (alike[i] & (index != i) & (weights > 0)).any() else prior for i in index]
        before = [mean(alike[i] & (index < i)) for i in index]
        for name, expected, more in (
            ("leave_one_out_encode", left_out, {}),
            ("ordered_target_encode", before, {"shuffle": False}),
        ):
            fitted, made = fit(name, frame({"c": column}), target, weights, columns=["c"], smoothing=smoothing, **more)
            np.testing.assert_allclose(made[weights > 0, 0], np.array(expected)[weights > 0], rtol=1e-9, atol=1e-9)
            everything = apply(fitted, frame({"c": column}))[:, 0]
            whole = [mean(alike[i]) if weights[alike[i]].sum() > 0 else prior for i in index]
            np.testing.assert_allclose(everything, whole, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(made[weights == 0, 0], everything[weights == 0], rtol=1e-12)


# Leakage


TARGET_AWARE = {
    "target_encode": [{}, {"smoothing": None}, {"smoothing": 0.0}],
    "leave_one_out_encode": [{}, {"smoothing": 0.0}],
    "ordered_target_encode": [{}, {"smoothing": 0.0}],
}


@pytest.mark.parametrize(("name", "parameters"), [(name, each) for name, some in TARGET_AWARE.items() for each in some])
def test_noise_tells_nothing_through_an_encoder_that_sees_the_target(name: str, parameters: dict[str, Any]) -> None:
    """A category of nearly as many levels as rows, one of a few and one of many, all noise: cross-validated AUC is that of chance."""
    n_rows, tables = 400, 6
    found: dict[str, list[float]] = {"tree": [], "logistic": []}
    for seed in range(tables):
        random = np.random.default_rng(100 + seed)
        columns = {
            "near_unique": np.array([f"id {i}" for i in random.integers(0, 4 * n_rows, n_rows)], dtype=object),
            "few": np.array([f"f{i}" for i in random.integers(0, 5, n_rows)], dtype=object),
            "many": np.array([f"m{i}" for i in random.integers(0, 60, n_rows)], dtype=object),
        }
        target = random.integers(0, 2, n_rows)
        for model in found:
            scores, truth = [], []
            for train, test in StratifiedKFold(5, shuffle=True, random_state=seed).split(target, target):
                part = frame({key: column[train] for key, column in columns.items()})
                fitted, made = fit(name, part, target[train], columns=list(columns), seed=seed, **parameters)
                new = apply(fitted, frame({key: column[test] for key, column in columns.items()}))
                learner: Any = DecisionTreeClassifier(max_depth=4, random_state=0) if model == "tree" else LogisticRegression()
                scores.append(learner.fit(made, target[train]).predict_proba(new)[:, 1])
                truth.append(target[test])
            # Folds are scored alone: their levels of probability differ with the share of classes left for training.
            found[model].append(float(np.mean([roc_auc_score(t, s) for t, s in zip(truth, scores, strict=True)])))
    deviation = np.sqrt((n_rows / 5 + 1) / (12 * (n_rows / 10) ** 2) / (5 * tables))
    for model, scored in found.items():
        assert abs(np.mean(scored) - 0.5) < 3 * deviation, (model, scored)


LEARNERS: dict[str, Any] = {
    "tree_bin": lambda: kp.TreeDiscretizer(8, min_samples_leaf=2, encode="onehot"),
    "mutual_information": lambda: kp.SelectKBest(3),
    "DataPreprocessor": lambda: DataPreprocessor(categorical_encoding="target"),
    "TargetEncoder": kp.TargetEncoder,
    "LeaveOneOutEncoder": kp.LeaveOneOutEncoder,
    "CatBoostEncoder": kp.CatBoostEncoder,
}


@pytest.mark.parametrize("name", LEARNERS)
def test_noise_tells_nothing_through_a_transformer_that_is_fitted_within_folds(name: str) -> None:
    """Columns of noise, one of nearly as many values as rows: what is learnt from the training rows does not tell the others' target."""
    n_rows, tables, auc = 300, 6, []
    for seed in range(tables):
        random = np.random.default_rng(seed)
        target = random.integers(0, 2, n_rows)
        if name in ("tree_bin", "mutual_information"):
            table = pd.DataFrame(random.normal(size=(n_rows, 12))).add_prefix("x")
        else:
            ids = [f"id {i}" for i in random.integers(0, 2 * n_rows, n_rows)]
            table = pd.DataFrame({"id": ids, "many": [f"m{i}" for i in random.integers(0, 50, n_rows)], "x": random.normal(size=n_rows)})
            table = table if name == "DataPreprocessor" else table[["id", "many"]]
        for train, test in StratifiedKFold(5, shuffle=True, random_state=seed).split(table, target):
            made = LEARNERS[name]()
            seen = np.asarray(made.fit_transform(table.iloc[train], target[train]), dtype=float)
            new = np.asarray(made.transform(table.iloc[test]), dtype=float)
            scores = LogisticRegression(max_iter=1000).fit(seen, target[train]).predict_proba(new)[:, 1]
            auc.append(roc_auc_score(target[test], scores))
    deviation = np.sqrt((n_rows / 5 + 1) / (12 * (n_rows / 10) ** 2) / len(auc))
    assert abs(np.mean(auc) - 0.5) < 3 * deviation, np.mean(auc)


def test_a_category_of_single_rows_does_not_tell_a_row_its_own_target() -> None:
    random = np.random.default_rng(1)
    target = random.integers(0, 2, 1000)
    rows = frame({"id": np.array([f"id {i}" for i in range(1000)], dtype=object)})
    for name in TARGET_AWARE:
        _, made = fit(name, rows, target, columns=["id"])
        assert abs(roc_auc_score(target, made[:, 0]) - 0.5) < 3 * np.sqrt(1001 / (12 * 500 * 500)), name


def test_encodings_of_the_training_rows_of_noise_do_not_order_their_targets() -> None:
    """Nearly every level has one or two rows; the encodings that fitting by all rows gives would order the targets."""
    n_rows, tables = 1000, 20
    deviation = np.sqrt((n_rows + 1) / (12 * (n_rows / 2) ** 2) / tables)
    for name in ("target_encode", "ordered_target_encode"):
        made_auc, fitted_auc = [], []
        for seed in range(tables):
            random = np.random.default_rng(seed)
            target = random.integers(0, 2, n_rows)
            rows = frame({"id": np.array([f"id {i}" for i in random.integers(0, 2 * n_rows, n_rows)], dtype=object)})
            fitted, made = fit(name, rows, target, columns=["id"], seed=seed)
            made_auc.append(roc_auc_score(target, made[:, 0]))
            fitted_auc.append(roc_auc_score(target, apply(fitted, rows)[:, 0]))
        assert abs(np.mean(made_auc) - 0.5) < 3 * deviation, (name, made_auc)
        assert np.mean(fitted_auc) > 0.9


# Hash and binary


def test_binary_encoding_is_the_binary_number_of_the_ordinal() -> None:
    for seed in TABLES:
        column = levels(np.random.default_rng(seed), 50, missing=True)
        _, made = fit("binary_encode", frame({"c": column}), columns=["c"])
        _, numbers = fit("ordinal", frame({"c": column}), columns=["c"])
        back = (made * 2.0 ** np.arange(made.shape[1])).sum(axis=1)
        np.testing.assert_array_equal(back, numbers[:, 0] + 1)
        assert made.shape[1] == max(1, int(np.nanmax(numbers[:, 0]) + 1).bit_length())


def fnv_place(text: str, n: int) -> tuple[int, int]:
    mask = (1 << 64) - 1
    hashed = 0xCBF29CE484222325
    for byte in text.encode():
        hashed = (hashed ^ byte) * 0x100000001B3 & mask
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        hashed = (hashed ^ hashed >> 33) * factor & mask
    hashed ^= hashed >> 33
    return (hashed >> 1) % n, 1 if hashed & 1 else -1


@pytest.mark.parametrize("n", [1, 5, 16])
def test_hash_encoding_puts_each_level_where_its_hash_says(n: int) -> None:
    column = np.array(["rome", "oslo", None, "rome", "Zürich", "北京"], dtype=object)
    _, made = fit("hash_encode", frame({"c": column}), columns=["c"], n_components=n)
    expected = np.zeros((len(column), n))
    for row, text in enumerate(column):
        if text is not None:
            place, sign = fnv_place(text, n)
            expected[row, place] = sign
    np.testing.assert_array_equal(made, expected)


# Arrays of objects


def test_arrays_of_objects_are_read_by_value_whatever_objects_they_hold() -> None:
    """Equal texts in different objects are one level; numbers, None and NaN keep their meaning; strides are followed."""
    texts = ["".join(["a", "b"]), "ab", "c", None, float("nan"), "c"]
    rows = np.array([[text, number, "x"] for text, number in zip(texts, [1, 2, 2, 1, 1, 3], strict=True)], dtype=object)
    made = kp.OrdinalEncoder().fit_transform(rows[::2, :2])
    np.testing.assert_array_equal(made, [[0, 0], [1, 1], [np.nan, 0]])
    whole = kp.OrdinalEncoder().fit_transform(rows)
    np.testing.assert_array_equal(whole[:, 0], [0, 0, 1, np.nan, np.nan, 1])
    np.testing.assert_array_equal(whole[:, 1], [0, 1, 1, 0, 0, 2])
