"""Errors of transformer classes: in the words of the class, with a remedy that it has; and what is no text or no number."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import kolosal.preprocess as kp
from kolosal import InvalidInputError
from kolosal.stream import BatchProcessor

FRAME = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [3.0, 1.0, 2.0]})
TARGET = [0, 1, 1]
WRONG: list[tuple[Any, str]] = [
    (kp.MinMaxScaler((1, 0)), "feature_range"),
    (kp.MinMaxScaler((0,)), "feature_range"),  # type: ignore[arg-type]
    (kp.RobustScaler(quantile_range=(80, 20)), "quantile_range"),
    (kp.RobustScaler(quantile_range=(-5, 20)), "quantile_range"),
    (kp.OutlierClipper(low_quantile=0.9, high_quantile=0.1, method="percentile"), "low_quantile"),
    (kp.KNNImputer(n_neighbors=0), "n_neighbors"),
    (kp.TreeDiscretizer(min_samples_leaf=-1), "min_samples_leaf"),
    (kp.QuantileTransformer(output_distribution="x"), "output_distribution"),
    (kp.SimpleImputer(strategy="x"), "most_frequent"),
    (kp.SimpleImputer(strategy="constant", fill_value=np.nan), "fill_value"),
    (kp.TargetEncoder(smooth=-1.0), "smooth"),
    (kp.CatBoostEncoder(a=-1), "CatBoostEncoder.a "),
    (kp.OneHotEncoder(max_categories=0), "max_categories"),
    (kp.OneHotEncoder(categories=[["a"]]), "categories"),
    (kp.OneHotEncoder(categories=[[1.0], [1.0, 2.0, 3.0]]), "categories"),
    (kp.OrdinalEncoder(categories="all"), "categories"),
    (kp.DropConstantFeatures(tol=-1.0), "tol"),
    (kp.IsolationForestOutliers(n_estimators=0), "n_estimators"),
    (kp.KBinsDiscretizer(quantile_method="hazen"), "quantile_method"),
    (kp.KBinsDiscretizer(n_bins=1), "n_bins"),
    (kp.TextSVD(n_iter=-1), "n_iter"),
]


@pytest.mark.parametrize(("made", "named"), WRONG, ids=[f"{type(made).__name__}-{named}" for made, named in WRONG])
def test_a_wrong_value_is_named_as_the_class_has_it(made: Any, named: str) -> None:
    rows = ["a b", "b c", "c d"] if isinstance(made, kp.TextSVD) else FRAME
    with pytest.raises(InvalidInputError) as raised:
        made.fit(rows, TARGET)
    said = str(raised.value)
    assert named in said
    assert f"{made._catalog_name}." not in said and "default" not in said


@pytest.mark.parametrize(
    ("made", "value"),
    [
        (kp.OneHotEncoder(), "ignore"),
        (kp.OneHotEncoder(), "infrequent_if_exist"),
        (kp.OrdinalEncoder(), "use_encoded_value"),
        (kp.BinaryEncoder(handle_unknown="error"), "return_nan"),
        (kp.CountEncoder(handle_unknown="error"), "value"),
    ],
)
def test_the_remedy_for_an_unknown_level_is_one_that_the_class_has(made: Any, value: str) -> None:
    seen, unseen = np.array([["a"]], dtype=object), np.array([["b"]], dtype=object)
    with pytest.raises(InvalidInputError) as raised:
        made.fit(seen).transform(unseen)
    assert "set handle_unknown to" in raised.value.remedy and value in raised.value.remedy
    assert "handle_unknown" in inspect.signature(type(made)).parameters
    made.set_params(handle_unknown=value).fit(seen).transform(unseen)


HALF = "x\ud800y"


@pytest.mark.parametrize(
    "use",
    [
        lambda: kp.OneHotEncoder().fit(np.array([["a"], [HALF]], dtype=object)),
        lambda: kp.OrdinalEncoder().fit({"t": ["a", HALF]}),
        lambda: kp.TfidfVectorizer().fit(["a b", HALF]),
        lambda: kp.DataPreprocessor().fit(np.array([["a"], [HALF]], dtype=object)),
        lambda: kp.SimpleImputer(strategy="constant", fill_value=HALF).fit(np.array([["a"], [None]], dtype=object)),
        lambda: kp.Pipeline([("impute", {"strategy": "constant", "fill_text": HALF})]).fit({"t": ["a", None]}),
    ],
)
def test_half_of_a_surrogate_pair_is_refused_with_a_remedy(use: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"surrogate pair: .*\\ud800"):
        use()


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e-320, 5e-324, 1.7976931348623157e308, 123456789.123456789, 2**53 - 1, np.float64(0.3)])
def test_a_constant_keeps_every_digit(value: float) -> None:
    imputer = kp.SimpleImputer(strategy="constant", fill_value=value).fit(np.array([[1.0], [np.nan]]))
    assert imputer.transform(np.array([[np.nan]]))[0, 0] == value == imputer.statistics_[0]


def test_a_coroutine_function_is_refused_where_threads_run_it() -> None:
    async def double(batch: pa.Table) -> pa.Table:
        return batch

    with pytest.raises(InvalidInputError, match="double is a coroutine function"):
        asyncio.run(BatchProcessor().run_async(pa.table({"x": [1.0]}), double))
    with pytest.raises(InvalidInputError, match="coroutine"):
        BatchProcessor().run(pa.table({"x": [1.0]}), double)


def test_hours_are_those_of_the_clock_of_the_zone_and_elapsed_days_keep_their_digits() -> None:
    moments = pd.to_datetime(["2024-01-01 09:00", "2024-07-01 23:30"]).tz_localize("Europe/Berlin")
    for given in (pd.DataFrame({"d": moments}), pa.table({"d": pa.array(moments)})):
        made = kp.DatetimeEncoder(parts=["hour", "minute"]).fit_transform(given)
        assert np.asarray(made).astype(float).tolist() == [[9.0, 0.0], [23.0, 30.0]]
    naive = pd.DataFrame({"d": moments.tz_localize(None)})
    assert kp.DatetimeEncoder(parts=["hour"]).fit_transform(naive)["d__hour"].tolist() == [9, 23]
    long_ago = pd.DataFrame({"d": pd.to_datetime(["1700-01-01", "2024-01-01 00:00:00.001"], format="ISO8601")})
    elapsed = kp.DatetimeEncoder(parts=["elapsed"]).fit_transform(long_ago)["d__elapsed"]
    assert elapsed.dtype == np.float64
    assert (elapsed[1] - 118338) * 86_400e3 == pytest.approx(1, abs=0.01)  # a millisecond in centuries


def test_a_pipeline_takes_large_whole_numbers_and_keeps_the_index_of_the_rows_that_are_left() -> None:
    frame = pd.DataFrame({"u": np.array([2**64 - 1, 5, 2**63], dtype=np.uint64), "x": [1.0, np.nan, 3.0]}, index=list("abc"))
    scaled = kp.Pipeline(["standard_scale"]).fit_transform(frame)
    assert scaled.index.tolist() == ["a", "b", "c"] and scaled["u"].round(6).tolist() == [1.224745, -1.224745, 0.0]
    pipeline = kp.Pipeline(["drop_missing"])
    assert pipeline.fit_transform(frame).index.tolist() == ["a", "c"] and pipeline.transform(frame).index.tolist() == ["a", "b", "c"]
    rows = kp.Pipeline(["standard_scale"]).set_output(transform="pandas").fit_transform(frame.to_numpy())
    assert rows.columns.tolist() == ["x0", "x1"]
    assert isinstance(kp.Pipeline(["standard_scale"]).set_output(transform="default").fit_transform(frame), np.ndarray)
    left = kp.DataPreprocessor(missing_strategy="drop").set_output(transform="pandas").fit_transform(frame)
    assert left.index.tolist() == ["a", "c"]
