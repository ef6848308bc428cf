"""DataPreprocessor in memory: one column of categories, and which rows are left."""

from __future__ import annotations

import datetime
import inspect
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from kolosal._errors import InvalidInputError
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import LabelEncoder

import kolosal
from kolosal import DataPreprocessor

DAYS = [datetime.date(2024, 3, 1), datetime.date(2023, 12, 31), datetime.date(2024, 3, 1), datetime.date(2024, 2, 29)]


@pytest.mark.parametrize(
    "values",
    [
        ["10", "20", "10", "5"],
        np.array(["10", "20", "10", "5"]),
        ["1e3", "007", "7", "true", "2024-01-01"],
        np.array([10, 9, 2, -1, 10]),
        [0.5, 10.0, 2.0, 0.5],
        [True, False, True],
        DAYS,
        np.array(DAYS, dtype="datetime64[D]"),
        pd.Series(DAYS).astype("datetime64[ns]"),
        pd.Series(["b", "a", "b"], dtype="category"),
        pl.Series("town", ["b", "a", "b"]),
        pa.array(["b", "a", "b"]),
        ["one"] * 3,
        [f"level {i}" for i in range(5000)] * 2,
        np.arange(5000)[::-1],
    ],
    ids=lambda values: f"{type(values).__name__}-{values[0]}",
)
def test_categories_get_the_codes_of_scikit_learn(values: Any) -> None:
    codes = DataPreprocessor().fit_transform_categorical(values)
    assert codes.dtype == np.int64
    np.testing.assert_array_equal(codes, LabelEncoder().fit_transform(np.asarray(values)))


@pytest.mark.parametrize("values", [["b", None, "a", float("nan")], [3, None, 1, None], [3.0, np.nan, 1.0, np.nan], [pd.NaT, DAYS[0]]])
def test_missing_categories_get_the_code_minus_one(values: list[Any]) -> None:
    codes = DataPreprocessor().fit_transform_categorical(values)
    there = ~pd.isna(np.array(values, dtype=object))
    np.testing.assert_array_equal(codes[~there], -1)
    np.testing.assert_array_equal(codes[there], LabelEncoder().fit_transform([v for v, some in zip(values, there, strict=True) if some]))


@pytest.mark.parametrize("values", [["10", "20", "10", "5"], [10, 20, 10, 5], [1.5, 2.5, 1.5, 0.5], [True, False, True, True]])
def test_every_encoding_of_categories_leaves_the_other_steps_out(values: list[Any]) -> None:
    everything = {"outlier_strategy": "remove_iqr", "missing_strategy": "drop", "numeric_strategy": "yeo_johnson", "scaling": "minmax"}
    indicators = pd.get_dummies(pd.Series(values)).to_numpy(dtype=float)
    for encoding in ("one_hot", "auto"):
        made = DataPreprocessor(categorical_encoding=encoding, **everything).fit_transform_categorical(values)
        np.testing.assert_array_equal(made, indicators)
    shares = DataPreprocessor(categorical_encoding="frequency", **everything).fit_transform_categorical(values)
    np.testing.assert_array_equal(shares[:, 0], pd.Series(values).map(pd.Series(values).value_counts(normalize=True)))
    for encoding in ("binary", "hash"):
        assert len(DataPreprocessor(categorical_encoding=encoding, **everything).fit_transform_categorical(values)) == 4


def test_what_was_learnt_of_categories_transforms_further_ones_and_is_kept(tmp_path: Path) -> None:
    preprocessor = DataPreprocessor()
    preprocessor.fit_transform_categorical(["10", "20", "10", "5"])
    preprocessor.save(tmp_path / "levels.kolosal")
    for fitted in (preprocessor, DataPreprocessor.load(tmp_path / "levels.kolosal")):
        made = fitted.transform({"value": ["5", "20", "never", None]})
        assert made["value"].to_pylist() == [2, 1, None, None]
    with pytest.raises(InvalidInputError, match="not a column"):
        preprocessor.fit_transform_categorical([["a", "b"]])
    with pytest.raises(InvalidInputError, match="empty"):
        preprocessor.fit_transform_categorical([])


@pytest.mark.parametrize("strategy", [{"missing_strategy": "drop"}, {"missing_strategy": "drop", "outlier_strategy": "remove_iqr"}])
def test_rows_that_are_left_are_told(strategy: dict[str, str]) -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(200, 2))
    rows[::9, 0], rows[5, 1], row_numbers = np.nan, 1e6, np.arange(200.0)
    preprocessor = DataPreprocessor(scaling="none", **strategy)
    made = preprocessor.fit_transform(np.column_stack([rows, row_numbers]))
    kept = preprocessor.kept_rows_
    assert kept.dtype == np.int64 and 0 < len(kept) < 200
    np.testing.assert_array_equal(made[:, 2], kept)
    np.testing.assert_array_equal(preprocessor.fit(np.column_stack([rows, row_numbers])).kept_rows_, kept)
    if "outlier_strategy" not in strategy:
        np.testing.assert_array_equal(kept, np.flatnonzero(~np.isnan(rows[:, 0])))
    assert DataPreprocessor(scaling="none").fit(rows).kept_rows_ is None


def test_rows_that_are_left_of_chunks_are_numbered_through_all_of_them(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": np.random.default_rng(1).normal(size=300), "n": np.arange(300.0)})
    frame.loc[[3, 100, 101, 299], "x"] = np.nan
    frame.loc[7, "x"] = 1e6
    options = {"missing_strategy": "drop", "outlier_strategy": "remove_percentile"}
    chunks = [frame.iloc[:101], frame.iloc[101:102], frame.iloc[102:]]
    in_parts, whole = DataPreprocessor(**options).fit_chunks(chunks), DataPreprocessor(**options).fit(frame)
    np.testing.assert_array_equal(in_parts.kept_rows_, whole.kept_rows_)
    assert DataPreprocessor().fit_chunks(chunks).kept_rows_ is None
    frame.to_parquet(tmp_path / "rows.parquet")
    assert not hasattr(in_parts.fit_file(tmp_path / "rows.parquet", memory="100MB"), "kept_rows_")


def test_texts_taken_for_missing_are_named_and_kept_on_request():
    frame = pd.DataFrame({"v": [*map(str, range(40)), ">100", "n/k"], "b": range(42)})
    with pytest.warns(UserWarning, match=r"column 'v' holds numbers but for '>100', 'n/k'"):
        DataPreprocessor().fit(frame)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        DataPreprocessor(auto_detect_types=False).fit(frame)


def test_a_fitted_preprocessor_is_copied():
    frame = pd.DataFrame({"x": [1.0, 2.0, None, 7.5], "c": ["a", "b", "a", "c"]})
    fitted = DataPreprocessor().fit(frame)
    assert pickle.loads(pickle.dumps(fitted)).transform(frame).equals(fitted.transform(frame))


def test_each_class_shows_its_own_parameters():
    assert list(inspect.signature(DataPreprocessor).parameters) == list(DataPreprocessor().get_params())
    assert list(inspect.signature(kolosal.AutoML).parameters) == list(kolosal.AutoML().get_params())


MIXED = pd.DataFrame({"x": [1.0, 2.0, np.nan, 7.5, 3.0], "c": ["a", "b", "a", "c", "b"]})


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"scaling": "robust", "missing_strategy": "median", "categorical_encoding": "frequency"},
        {"numeric_strategy": "auto", "categorical_encoding": "one_hot", "outlier_strategy": "clip_zscore"},
        {"scaling": "minmax", "categorical_encoding": "target"},
    ],
)
def test_a_row_of_weight_two_counts_twice_and_one_of_weight_zero_not_at_all(options: dict[str, str]) -> None:
    frame = pd.concat([MIXED] * 6, ignore_index=True)
    times = np.random.default_rng(0).integers(0, 4, len(frame))
    target = np.arange(len(frame)) % 2
    weighted = DataPreprocessor(**options).fit(frame, target, sample_weight=times)
    repeated = DataPreprocessor(**options).fit(frame.loc[np.repeat(frame.index, times)], np.repeat(target, times))
    for name in weighted.get_feature_names_out():
        np.testing.assert_allclose(weighted.transform(frame)[name].to_numpy(), repeated.transform(frame)[name].to_numpy(), rtol=1e-9)
    for wrong in ([-1.0] * len(frame), [1.0], np.zeros(len(frame))):
        with pytest.raises(InvalidInputError):
            DataPreprocessor(**options).fit(frame, target, sample_weight=wrong)


def test_columns_of_frames_go_by_name_and_those_of_arrays_by_place():
    fitted = DataPreprocessor().fit(MIXED)
    assert fitted.n_features_in_ == 2 and fitted.feature_names_in_.tolist() == ["x", "c"]
    expected = fitted.transform(MIXED)
    assert fitted.transform(MIXED.assign(more=1.0)[["more", "c", "x"]]).equals(expected)
    with pytest.warns(UserWarning, match="valid feature names"):
        rows = fitted.transform(MIXED.to_numpy())
    np.testing.assert_array_equal(rows, np.column_stack([column.to_numpy() for column in expected.columns]))
    with pytest.raises(InvalidInputError, match="feature"):
        fitted.transform(MIXED[["x"]])
    with pytest.raises(InvalidInputError, match="expecting 2 features"), pytest.warns(UserWarning):
        fitted.transform(MIXED.to_numpy()[:, :1])
    assert not hasattr(DataPreprocessor().fit(MIXED.to_numpy()), "feature_names_in_")


def test_set_output_chooses_the_kind_of_table_and_clones_keep_it() -> None:
    indexed = MIXED.set_index(pd.Index(list("pqrst")))
    made = clone(DataPreprocessor().set_output(transform="pandas")).fit_transform(indexed)
    assert isinstance(made, pd.DataFrame) and made.index.tolist() == list("pqrst")
    assert isinstance(DataPreprocessor().set_output(transform="polars").fit_transform(MIXED), pl.DataFrame)
    assert isinstance(DataPreprocessor().set_output(transform="default").fit_transform(MIXED), np.ndarray)
    assert isinstance(DataPreprocessor().fit_transform(MIXED), pa.Table)
    with pytest.raises(NotFittedError, match="not fitted"):
        DataPreprocessor().transform(MIXED)


def test_sparse_rows_are_prepared_as_dense_ones_are() -> None:
    table = sparse.random(50, 4, density=0.3, random_state=0, format="csr")
    np.testing.assert_array_equal(DataPreprocessor().fit_transform(table), DataPreprocessor().fit_transform(table.toarray()))
