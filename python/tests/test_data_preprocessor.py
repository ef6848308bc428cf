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
