"""The transformer classes: what goes in, what comes out, and what is refused."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

import kolosal.preprocess as kp
from kolosal import InvalidInputError, NotFittedError, _kolosal

ROWS = np.array([[1.0, 10.0], [2.0, 30.0], [4.0, 20.0], [9.0, 0.0]])
SCALED = (ROWS - ROWS.mean(axis=0)) / ROWS.std(axis=0)


@pytest.mark.parametrize(
    "table",
    [
        ROWS,
        np.asfortranarray(ROWS),
        np.repeat(ROWS, 2, axis=1)[:, ::2],
        np.repeat(ROWS, 2, axis=0)[::2],
        ROWS[::-1][::-1],
        ROWS.astype(np.int64),
        ROWS.astype(object),
        ROWS.astype(">f8"),
        ROWS.tolist(),
    ],
)
def test_every_kind_of_array_gives_the_same_rows(table: Any) -> None:
    made = kp.StandardScaler().fit_transform(table)
    assert isinstance(made, np.ndarray) and made.dtype == np.float64 and made.flags.c_contiguous
    np.testing.assert_allclose(made, SCALED, rtol=1e-14)


@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.coo_array, sparse.dok_matrix])
def test_sparse_rows_are_written_out_where_zeros_do_not_stay(kind: Any) -> None:
    made = kp.QuantileTransformer(n_quantiles=4).fit_transform(kind(ROWS))
    np.testing.assert_array_equal(made, kp.QuantileTransformer(n_quantiles=4).fit_transform(ROWS))


def test_float32_stays_float32() -> None:
    for rows in (ROWS.astype(np.float32), np.asfortranarray(ROWS, dtype=np.float32)):
        made = kp.StandardScaler().fit_transform(rows)
        assert made.dtype == np.float32
        np.testing.assert_allclose(made, SCALED, rtol=1e-6)


def test_frames_give_frames_of_their_own_kind() -> None:
    columns = {"a": ROWS[:, 0], "b": ROWS[:, 1]}
    frame = pd.DataFrame(columns, index=[7, 5, 3, 1])
    made = kp.StandardScaler().fit_transform(frame)
    assert isinstance(made, pd.DataFrame) and made.index.tolist() == [7, 5, 3, 1] and made.columns.tolist() == ["a", "b"]
    assert isinstance(kp.StandardScaler().fit_transform(pl.DataFrame(columns)), pl.DataFrame)
    table = kp.StandardScaler().fit_transform(pa.table(columns))
    assert isinstance(table, pa.Table)
    np.testing.assert_allclose(np.column_stack([column.to_numpy() for column in table.columns]), SCALED, rtol=1e-14)


def test_set_output_chooses_the_kind_of_table() -> None:
    frame = pd.DataFrame(ROWS, columns=["a", "b"])
    assert isinstance(kp.StandardScaler().set_output(transform="default").fit_transform(frame), np.ndarray)
    assert isinstance(kp.StandardScaler().set_output(transform="polars").fit_transform(frame), pl.DataFrame)
    made = kp.MinMaxScaler().set_output(transform="pandas").fit_transform(ROWS)
    assert made.columns.tolist() == ["x0", "x1"]
    with pytest.raises(InvalidInputError):
        kp.StandardScaler().set_output(transform="excel")


def test_a_column_that_lies_in_one_piece_is_not_copied() -> None:
    rows = np.asfortranarray(ROWS)
    table = pa.table(_kolosal.table_from_rows(rows, ["a", "b"]))
    assert table.column(1).chunk(0).buffers()[1].address == rows[:, 1].ctypes.data


def test_rows_by_rows_equal_columns_by_columns() -> None:
    random = np.random.default_rng(0)
    for shape in ((1, 1), (3, 700), (5000, 3), (70000, 7)):
        rows = random.normal(5, 3, shape)
        rows[random.random(shape) < 0.01] = np.nan
        for scaler in (kp.StandardScaler(), kp.MinMaxScaler(), kp.MaxAbsScaler()):
            scaler.fit(rows)
            np.testing.assert_array_equal(scaler.transform(rows), scaler.transform(np.asfortranarray(rows)))


@pytest.mark.parametrize("scaler", [kp.StandardScaler(), kp.MinMaxScaler(), kp.MaxAbsScaler()])
def test_what_rows_teach_is_what_columns_teach(scaler: Any) -> None:
    random = np.random.default_rng(1)
    for shape in ((1, 3), (40, 90), (2049, 2), (30000, 5)):
        rows = random.normal(1e6, 1e-2, shape)
        rows[:, 0] = 0.1  # constant but for rounding
        for table in (rows, rows.astype(np.float32)):
            by_rows, by_columns = clone(scaler).fit(table), clone(scaler).fit(table, sample_weight=np.ones(shape[0]))
            np.testing.assert_allclose(by_rows.scale_, by_columns.scale_, rtol=1e-9)
            np.testing.assert_allclose(by_rows.transform(table), by_columns.transform(table), rtol=1e-6, atol=1e-6)
        rows[0, 1] = np.nan
        np.testing.assert_array_equal(clone(scaler).fit(rows).scale_, clone(scaler).fit(np.asfortranarray(rows)).scale_)


def test_the_number_of_threads_changes_nothing() -> None:
    rows, names = np.random.default_rng(2).normal(size=(40000, 3)), ["a", "b", "c"]
    for name in ("standard_scale", "min_max_scale", "robust_scale"):
        one, eight = (_kolosal.fit_rows(name, "{}", rows, names, n_threads=n) for n in (1, 8))
        assert one.to_json() == eight.to_json()
        np.testing.assert_array_equal(one.transform_rows(rows, names, 1), one.transform_rows(rows, names, 8))


def test_a_scaler_of_some_columns_leaves_the_others() -> None:
    fitted = _kolosal.fit_rows("standard_scale", '{"columns": ["b"]}', ROWS, ["a", "b"])
    np.testing.assert_allclose(fitted.transform_rows(ROWS, ["a", "b"]), np.column_stack([ROWS[:, 0], SCALED[:, 1]]), rtol=1e-14)


def test_a_difference_beyond_float64_does_not_overflow() -> None:
    rows = np.array([[-1.7e308], [1.7e308]])
    made = kp.MinMaxScaler().fit_transform(rows)
    assert np.isfinite(made).all()
    np.testing.assert_array_equal(made, kp.MinMaxScaler().fit(rows).transform(pa.table({"x0": rows[:, 0]}))["x0"].to_numpy()[:, None])


def test_pickle_and_clone_keep_what_they_should() -> None:
    scaler = kp.StandardScaler(with_mean=False).set_output(transform="pandas").fit(ROWS)
    again = pickle.loads(pickle.dumps(scaler))
    pd.testing.assert_frame_equal(again.transform(ROWS), scaler.transform(ROWS))
    fresh = clone(scaler)
    assert fresh.with_mean is False and not fresh.__sklearn_is_fitted__()
    assert isinstance(fresh.fit_transform(ROWS), pd.DataFrame)
    assert repr(fresh) == "StandardScaler(with_mean=False)"


def test_a_pipeline_of_them_runs() -> None:
    rows = ROWS.copy()
    rows[1, 1] = np.nan
    made = make_pipeline(kp.SimpleImputer(), kp.StandardScaler()).fit_transform(rows)
    assert np.isfinite(made).all() and made[1, 1] == 0


def test_errors_name_what_is_wrong() -> None:
    frame = pd.DataFrame(ROWS, columns=["a", "b"])
    with pytest.raises(NotFittedError, match="not fitted"):
        kp.StandardScaler().transform(ROWS)
    scaler = kp.StandardScaler().fit(frame)
    with pytest.raises(ValueError, match="yet now missing:\n- b"):
        scaler.transform(frame.rename(columns={"b": "c"}))
    with pytest.raises(ValueError, match="same order"):
        scaler.transform(frame[["b", "a"]])
    with pytest.warns(UserWarning, match="valid feature names"):
        scaler.transform(ROWS)
    with pytest.raises(ValueError, match="X has 1 features, but StandardScaler is expecting 2"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scaler.transform(ROWS[:, :1])
    with pytest.raises(ValueError, match="column 'b'"):
        kp.StandardScaler().fit(frame.assign(b="x"))
    with pytest.raises(ValueError, match="densely"):
        kp.KNNImputer().fit(sparse.csr_matrix((1_000_000, 1_000_000)))
    with pytest.raises(ValueError, match="zero for all"):
        kp.StandardScaler().fit(ROWS, sample_weight=np.zeros(4))
    with pytest.raises(ValueError, match="no parameter 'with_men'"):
        kp.StandardScaler().set_params(with_men=False)


def test_an_unknown_category_is_refused_by_the_name_of_its_column() -> None:
    frame = pd.DataFrame({"city": ["Oslo", "Rome", None], "size": ["s", "m", "s"]})
    for encoder in (kp.OneHotEncoder().fit(frame), kp.OrdinalEncoder().fit(frame)):
        with pytest.raises(ValueError, match="unknown categories in column 'city'"):
            encoder.transform(frame.assign(city="Lima"))
        encoder.transform(frame)
    made = kp.OneHotEncoder().fit_transform(frame)
    assert made.columns.tolist() == ["city_Oslo", "city_Rome", "city_nan", "size_m", "size_s"]


def test_frequencies_count_weights_and_target_encoding_is_out_of_fold() -> None:
    column = np.array([["a"], ["a"], ["b"], ["c"]])
    np.testing.assert_allclose(kp.FrequencyEncoder().fit(column, sample_weight=[1, 1, 2, 0]).transform(column)[:, 0], [0.5, 0.5, 0.5, 0])
    random = np.random.default_rng(0)
    levels, target = random.choice(["a", "b"], (100, 1)), random.normal(size=100)
    encoder = kp.TargetEncoder(random_state=1)
    out_of_fold = encoder.fit_transform(levels, target)
    assert len(np.unique(out_of_fold)) > len(np.unique(encoder.transform(levels))) == 2
    classes = kp.TargetEncoder().fit(levels, random.choice(["p", "q", "r"], 100))
    assert classes.get_feature_names_out(["f"]).tolist() == ["f_p", "f_q", "f_r"]


def test_an_imputer_keeps_texts_and_names_its_indicators() -> None:
    frame = pd.DataFrame({"n": [1.0, np.nan, 3.0], "t": ["a", None, "a"]})
    imputer = kp.SimpleImputer(strategy="most_frequent", add_indicator=True)
    made = imputer.fit_transform(frame)
    assert made["t"].tolist() == ["a", "a", "a"] and made["n"].tolist() == [1, 1, 3]
    assert imputer.get_feature_names_out().tolist() == ["n", "t", "missingindicator_n", "missingindicator_t"]
    assert made["missingindicator_t"].tolist() == [False, True, False]
