from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import kolosal
import kolosal.preprocess as kp
from kolosal.preprocess import Pipeline, transformer_names

STEPS = [("impute", {"strategy": "median"}), ("standard_scale", {"columns": ["age"]}), ("one_hot", {"columns": ["town"]})]
DATA = {"age": [20.0, None, 40.0, 60.0], "town": ["bath", "hull", "bath", "york"], "height": [1.5, 1.6, 1.7, 1.8]}


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, pa.table])
def test_gives_the_kind_of_frame_it_got(kind) -> None:
    frame = kind(DATA)
    made = Pipeline(STEPS).fit_transform(frame)
    assert type(made) is type(frame)
    table = pa.table(made.to_arrow() if kind is pl.DataFrame else made)
    assert table.column_names[0] == "age"
    assert {"town__bath", "town__hull", "town__york", "height"} <= set(table.column_names)
    assert abs(sum(table["age"].to_pylist())) < 1e-12


def test_works_on_each_steps_columns_alone() -> None:
    made = Pipeline(STEPS).fit_transform(pd.DataFrame(DATA, index=[3, 1, 4, 2]))
    assert made["height"].tolist() == DATA["height"]
    assert made.index.tolist() == [3, 1, 4, 2]


def test_arrays_become_arrays_and_come_back() -> None:
    rows = np.random.default_rng(0).random((50, 3))
    pipeline = Pipeline(["min_max_scale", ("quantile_transform", {"columns": ["x1"], "n_quantiles": 50})]).fit(rows)
    made = pipeline.transform(rows)
    assert made.shape == (50, 3)
    assert made[:, 1].min() == 0
    np.testing.assert_allclose(pipeline.inverse_transform(made), rows, atol=1e-12)


def test_tells_which_rows_are_left() -> None:
    rows = np.array([[1.0], [2.0], [np.nan], [4.0]])
    pipeline = Pipeline(["drop_missing"])
    assert pipeline.fit_transform(rows)[:, 0].tolist() == [1, 2, 4]
    assert pipeline.kept_rows_.tolist() == [0, 1, 3]
    assert len(pipeline.transform(rows)) == 4
    frame = pd.DataFrame({"x": rows[:, 0]})
    assert pipeline.fit_transform(frame)["x"].tolist() == [1, 2, 4]


def test_uses_the_target_out_of_fold_and_the_weights() -> None:
    towns = pd.DataFrame({"town": ["a", "b"] * 20})
    y = np.arange(40) % 2
    pipeline = Pipeline([("target_encode", {"columns": ["town"]})])
    out_of_fold = pipeline.fit_transform(towns, y)
    assert not np.allclose(out_of_fold, pipeline.transform(towns))
    scaled = Pipeline(["standard_scale"]).fit(np.array([[0.0], [9.0]]), sample_weight=[1, 0]).transform(np.array([[0.0]]))
    assert scaled[0, 0] == 0


def test_copies_and_pickles_do_the_same() -> None:
    pipeline = Pipeline(STEPS).fit(pd.DataFrame(DATA))
    again = pickle.loads(pickle.dumps(pipeline))
    pd.testing.assert_frame_equal(again.transform(pd.DataFrame(DATA)), pipeline.transform(pd.DataFrame(DATA)))
    assert clone(pipeline).get_params() == pipeline.get_params()
    with pytest.raises(kolosal.NotFittedError):
        clone(pipeline).transform(pd.DataFrame(DATA))


def test_says_what_is_wrong() -> None:
    with pytest.raises(kolosal.InvalidInputError, match="there is no transformer 'standrd'") as raised:
        Pipeline(["standrd"]).fit([[1.0]])
    assert "standard_scale" in str(raised.value)
    with pytest.raises(kolosal.InvalidInputError, match="neither a name"):
        Pipeline([("impute",)]).fit([[1.0]])  # type: ignore[list-item]
    with pytest.raises(kolosal.InvalidInputError, match="features"):
        Pipeline(["standard_scale"]).fit([[1.0, 2.0]]).transform([[1.0]])
    with pytest.raises(kolosal.InvalidInputError, match="stratgy"):
        Pipeline([("impute", {"stratgy": "mean"})]).fit([[1.0]])
    with pytest.warns(UserWarning, match="'one_hot' is for no column"):
        Pipeline(["one_hot"]).fit(pd.DataFrame({"text": ["a", "b"]}))
    assert "impute" in transformer_names()


def test_describes_what_it_learnt() -> None:
    learnt = Pipeline(["standard_scale"]).fit([[1.0], [3.0]]).describe()
    assert learnt[0]["form"] == "affine"
    assert learnt[0]["fitted"]["columns"][0]["center"] == 2


def test_steps_may_have_names_of_ones_own_as_in_scikit_learn() -> None:
    frame = pd.DataFrame({"age": [20.0, None, 40.0, 60.0], "town": ["hull", "bath", "hull", "york"]})
    steps = [("fill", kp.SimpleImputer(strategy="mean"), ["age"]), ("towns", kp.OneHotEncoder(), ["town"])]
    pipeline = Pipeline(steps)
    unnamed = Pipeline([(kp.SimpleImputer(strategy="mean"), ["age"]), (kp.OneHotEncoder(), ["town"])])
    pd.testing.assert_frame_equal(pipeline.fit_transform(frame), unnamed.fit_transform(frame))
    assert pipeline.get_params()["fill__strategy"] == "mean"
    copy = clone(pipeline).set_params(fill__strategy="median", towns=kp.OrdinalEncoder())
    assert copy.fit_transform(frame)["age"].tolist() == [20, 40, 40, 60]
    assert copy.get_params()["towns"] is not pipeline.get_params()["towns"]
    assert pipeline.get_params()["fill__strategy"] == "mean"
    with pytest.raises(kolosal.InvalidInputError, match="no parameter 'fill__strateg'|has no parameter 'strateg'"):
        pipeline.set_params(fill__strateg="median")


def test_a_pipeline_is_tuned_inside_one_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(200, 3))
    y = (X[:, 0] + 0.1 * random.normal(size=200) > 0).astype(int)
    whole = make_pipeline(Pipeline([("scale", kp.StandardScaler())]), LogisticRegression())
    search = GridSearchCV(whole, {"pipeline__scale__with_mean": [True, False]}, cv=3).fit(X, y)
    assert search.best_score_ > 0.9
