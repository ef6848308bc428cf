"""Every class of kolosal.preprocess: one for each transformer, and what they share - frames, weights, parts, pickles."""

from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold, TimeSeriesSplit

import kolosal.preprocess as kp
from kolosal import InvalidInputError, KolosalError, _kolosal

N = 40
RANDOM = np.random.default_rng(0)
NUMBERS = pd.DataFrame({"a": RANDOM.normal(size=N), "b": RANDOM.gamma(2, size=N), "c": np.repeat([0.5, 1.5], N // 2)})
LEVELS = pd.DataFrame({"town": RANDOM.choice(["bath", "hull", "york"], N), "size": RANDOM.choice(["s", "m", "l"], N)})
TEXTS = pd.DataFrame({"note": RANDOM.choice(["late delivery", "late again", "fast and cheap", "fast delivery"], N)})
DATES = pd.DataFrame({"day": pd.to_datetime(RANDOM.integers(0, 10**6, N), unit="h")})
TARGET = RANDOM.integers(0, 2, N)

CASES: list[tuple[Any, pd.DataFrame]] = [
    *((made, NUMBERS) for made in (kp.SimpleImputer(), kp.KNNImputer(), kp.IterativeImputer(), kp.MissingIndicator(features="all"))),
    *((made, NUMBERS) for made in (kp.StandardScaler(), kp.MinMaxScaler(), kp.RobustScaler(), kp.MaxAbsScaler(), kp.Normalizer())),
    *((made, NUMBERS.abs()) for made in (kp.Log1pTransformer(), kp.SqrtTransformer(), kp.PowerTransformer("box-cox"))),
    *(
        (made, NUMBERS)
        for made in (kp.PowerTransformer(), kp.QuantileTransformer(), kp.SplineTransformer(), kp.TreeDiscretizer(min_samples_leaf=5))
    ),
    *((kp.KBinsDiscretizer(3, strategy=strategy, encode="onehot"), NUMBERS) for strategy in ("uniform", "quantile", "kmeans")),
    *((made, NUMBERS) for made in (kp.OutlierClipper(), kp.IsolationForestOutliers(n_estimators=5), kp.DropMissing())),
    *((made, NUMBERS) for made in (kp.VarianceThreshold(), kp.DropConstantFeatures(), kp.DropDuplicateFeatures())),
    *((made, NUMBERS) for made in (kp.DropCorrelatedFeatures(), kp.SelectKBest(2), kp.ColumnSelector(["c", "a"]))),
    *((made, LEVELS) for made in (kp.OrdinalEncoder(), kp.OneHotEncoder(), kp.FrequencyEncoder(), kp.CountEncoder(), kp.BinaryEncoder())),
    *((made, LEVELS) for made in (kp.HashingEncoder(), kp.TargetEncoder(), kp.LeaveOneOutEncoder(), kp.CatBoostEncoder())),
    *((made, TEXTS) for made in (kp.CountVectorizer(), kp.TfidfVectorizer(), kp.HashingVectorizer(8), kp.TextSVD(2))),
    (kp.DatetimeEncoder(), DATES),
]
IDS = [f"{type(made).__name__}-{i}" for i, (made, _) in enumerate(CASES)]


def frame_of(made: Any) -> pd.DataFrame:
    if sparse.issparse(made):
        made = made.toarray()
    if isinstance(made, pa.Table):
        made = made.to_pandas()
    return made.to_pandas() if isinstance(made, pl.DataFrame) else pd.DataFrame(made)


def test_every_transformer_of_the_catalog_has_a_class() -> None:
    found = {made._catalog_name for made, _ in CASES}
    assert found == set(kp.transformer_names())
    assert {type(made).__name__ for made, _ in CASES} == set(kp.__all__) - {
        "DataPreprocessor",
        "LabelEncoder",
        "Pipeline",
        "transformer_names",
    }


@pytest.mark.parametrize(("made", "frame"), CASES, ids=IDS)
def test_frames_of_every_kind_give_the_same_and_their_own_kind(made: Any, frame: pd.DataFrame) -> None:
    made = clone(made).set_output(transform="pandas").fit(frame, TARGET)
    expected = made.transform(frame)
    assert isinstance(expected, pd.DataFrame) and expected.columns.tolist() == made.get_feature_names_out().tolist()
    for other in (pl.from_pandas(frame), pa.Table.from_pandas(frame, preserve_index=False)):
        fitted = clone(made)
        fitted._output = None
        given = fitted.fit(other, TARGET).transform(other)
        assert sparse.issparse(given) or type(given) is type(other)
        np.testing.assert_allclose(frame_of(given).to_numpy(dtype=float), expected.to_numpy(dtype=float), rtol=1e-6)
    assert isinstance(clone(made).set_output(transform="polars").fit(frame, TARGET).transform(frame), pl.DataFrame)


@pytest.mark.parametrize(("made", "frame"), CASES, ids=IDS)
def test_arrays_give_what_frames_give(made: Any, frame: pd.DataFrame) -> None:
    if type(made) is kp.ColumnSelector:
        made = kp.ColumnSelector([2, 0])
    named = frame.set_axis([f"x{j}" for j in range(frame.shape[1])], axis=1)
    ours = clone(made).fit(frame.to_numpy(), TARGET)
    theirs = (kp.ColumnSelector(["x2", "x0"]) if type(made) is kp.ColumnSelector else clone(made)).fit(named, TARGET)
    np.testing.assert_allclose(
        frame_of(ours.transform(frame.to_numpy())).to_numpy(dtype=float), frame_of(theirs.transform(named)).to_numpy(dtype=float), rtol=1e-6
    )
    assert ours.get_feature_names_out().tolist() == theirs.get_feature_names_out().tolist()


@pytest.mark.parametrize(("made", "frame"), CASES, ids=IDS)
def test_a_pickle_transforms_and_names_alike(made: Any, frame: pd.DataFrame) -> None:
    made = clone(made).fit(frame, TARGET)
    again = pickle.loads(pickle.dumps(made))
    pd.testing.assert_frame_equal(frame_of(again.transform(frame)), frame_of(made.transform(frame)))
    assert again.get_feature_names_out().tolist() == made.get_feature_names_out().tolist()


IN_PARTS = [(made, frame) for made, frame in CASES if hasattr(made, "partial_fit") and getattr(made, "strategy", "") != "kmeans"]


@pytest.mark.parametrize(("made", "frame"), IN_PARTS, ids=[type(made).__name__ for made, _ in IN_PARTS])
def test_parts_teach_what_all_rows_do(made: Any, frame: pd.DataFrame) -> None:
    whole, parts = clone(made).fit(frame), clone(made)
    for begin in range(0, N, 7):
        parts.partial_fit(frame.iloc[begin : begin + 7])
    np.testing.assert_allclose(
        frame_of(parts.transform(frame)).to_numpy(dtype=float), frame_of(whole.transform(frame)).to_numpy(dtype=float), rtol=1e-6
    )
    assert parts.get_feature_names_out().tolist() == whole.get_feature_names_out().tolist()
    few = frame.iloc[:5]
    pd.testing.assert_frame_equal(frame_of(parts.fit(few).transform(few)), frame_of(clone(made).fit(few).transform(few)))


def test_parts_of_weighted_rows_are_repeated_rows_and_of_other_columns_an_error() -> None:
    rows, times = NUMBERS.to_numpy(), RANDOM.integers(0, 3, N)
    parts = kp.StandardScaler()
    for some in (slice(0, 15), slice(15, N)):
        parts.partial_fit(rows[some], sample_weight=times[some].astype(float))
    np.testing.assert_allclose(parts.mean_, np.repeat(rows, times, axis=0).mean(axis=0), rtol=1e-12)
    with pytest.raises(ValueError, match="expecting 3 features"):
        parts.partial_fit(rows[:, :2])
    with pytest.raises(KolosalError, match="needs all rows at once"):
        _kolosal.ChunkedFit("knn_impute", "{}")


@pytest.mark.parametrize(
    "as_given", [np.array, pd.DataFrame, lambda rows: np.array(rows, dtype=np.float32)], ids=["array", "frame", "float32"]
)
@pytest.mark.parametrize("name", ["StandardScaler", "MinMaxScaler", "MaxAbsScaler"])
def test_parts_go_on_from_fit_as_in_scikit_learn(name: str, as_given: Any) -> None:
    from sklearn import preprocessing  # noqa: PLC0415

    few = getattr(kp, name)().fit(as_given([[0.0], [2.0]])).partial_fit(as_given([[100.0]]))
    if name == "StandardScaler":
        assert few.mean_.tolist() == [34.0]
    first, rest = RANDOM.normal(5, 3, (300, 4)), RANDOM.normal(-50, 30, (70, 4))
    first[:, 3] = 1.0  # constant until the rest comes
    for missing in (False, True):
        if missing:
            first[::3, 1] = np.nan
        ours = getattr(kp, name)().fit(as_given(first)).partial_fit(as_given(rest))
        theirs = getattr(preprocessing, name)().fit(first).partial_fit(rest)
        np.testing.assert_allclose(np.asarray(ours.transform(as_given(first))), theirs.transform(first), rtol=2e-5, atol=2e-5)
        np.testing.assert_allclose(np.asarray(ours.transform(as_given(rest))), theirs.transform(rest), rtol=2e-5, atol=2e-5)
    weights = np.arange(300) % 3.0
    if name == "StandardScaler":
        ours = kp.StandardScaler().fit(first, sample_weight=weights).partial_fit(rest)
        theirs = preprocessing.StandardScaler().fit(first, sample_weight=weights).partial_fit(rest)
        np.testing.assert_allclose(ours.mean_, theirs.mean_, rtol=1e-12)
        np.testing.assert_allclose(ours.scale_, theirs.scale_, rtol=1e-12)


@pytest.mark.parametrize(("made", "frame"), IN_PARTS, ids=[type(made).__name__ for made, _ in IN_PARTS])
def test_parts_add_to_what_is_known_or_say_that_they_cannot(made: Any, frame: pd.DataFrame) -> None:
    first, rest = frame.iloc[:20], frame.iloc[20:]
    fitted = clone(made).fit(first)
    before = frame_of(fitted.transform(first))
    try:
        fitted.partial_fit(rest)
    except InvalidInputError as error:
        assert "cannot be added" in str(error)
        pd.testing.assert_frame_equal(frame_of(fitted.transform(first)), before)
        assert not fitted._fits_a_part
    else:
        whole = clone(made).fit(frame)
        np.testing.assert_allclose(frame_of(fitted.transform(frame)).to_numpy(float), frame_of(whole.transform(frame)).to_numpy(float))
    again = pickle.loads(pickle.dumps(clone(made).partial_fit(first)))
    with pytest.raises(InvalidInputError, match="cannot be added"):
        again.partial_fit(rest)
    pd.testing.assert_frame_equal(frame_of(again.transform(first)), before)
    assert clone(again).partial_fit(rest).n_features_in_ == frame.shape[1]


def test_removers_say_which_rows_go_on_and_transform_keeps_all() -> None:
    rows = np.array([[1.0, 2.0], [np.nan, 3.0], [2.0, np.nan], [3.0, 500.0], [2.0, 2.0], [1.0, 3.0], [2.0, 1.0]])
    remover = kp.DropMissing()
    left, target = remover.fit_resample(rows, np.arange(7))
    assert target.tolist() == remover.sample_indices_.tolist() == [0, 3, 4, 5, 6] and len(left) == 5
    assert len(remover.transform(rows)) == 7
    frame = pd.DataFrame(rows, columns=["a", "b"], index=list("pqrstuv"))
    left, series = kp.OutlierClipper(action="remove").fit_resample(frame, pd.Series(range(7), index=frame.index))
    assert "s" not in left.index and series.index.tolist() == left.index.tolist()
    assert kp.OutlierClipper().fit_resample(pl.from_pandas(frame)).height == 7
    flagged = kp.IsolationForestOutliers(action="remove", contamination=0.15, random_state=0).fit_resample(
        pa.table({"a": frame["a"].fillna(0).to_numpy()})
    )
    assert flagged.num_rows < 7


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_one_hot_gives_the_type_asked_for_dense_and_sparse(dtype: type) -> None:
    dense = kp.OneHotEncoder(dtype=dtype).fit_transform(LEVELS.to_numpy())
    thin = kp.OneHotEncoder(dtype=dtype, sparse_output=True).fit_transform(LEVELS.to_numpy())
    assert dense.dtype == thin.dtype == dtype
    np.testing.assert_array_equal(dense, thin.toarray())
    np.testing.assert_array_equal(dense, pd.get_dummies(LEVELS).to_numpy())
    with pytest.raises(InvalidInputError, match="float64, float32, uint8"):
        kp.OneHotEncoder(dtype=np.int8).fit_transform(LEVELS)


def test_one_hot_refuses_a_missing_level_that_fitting_never_saw() -> None:
    encoder = kp.OneHotEncoder().fit(LEVELS[["town"]])
    with pytest.raises(InvalidInputError, match="'town': row 2 has a missing value"):
        encoder.transform(pd.DataFrame({"town": ["bath", None]}))


def test_folds_of_ones_own_encode_each_row_by_the_training_rows_of_its_fold() -> None:
    folds = [(np.arange(N) % 2 == 1, np.arange(N) % 2 == 0), (np.arange(N) % 2 == 0, np.arange(N) % 2 == 1)]
    pairs = [tuple(np.flatnonzero(mask) for mask in fold) for fold in folds]
    made = kp.TargetEncoder(smooth=2.0, cv=pairs).fit_transform(LEVELS.to_numpy(), TARGET)
    for train, test in pairs:
        alone = kp.TargetEncoder(smooth=2.0).fit(LEVELS.to_numpy()[train], TARGET[train])
        np.testing.assert_allclose(made[test], alone.transform(LEVELS.to_numpy()[test]), rtol=1e-12)


@pytest.mark.parametrize(
    ("folds", "said"),
    [
        (TimeSeriesSplit(3), "each row exactly once"),
        ([(np.arange(N), np.arange(N))], "among its training rows"),
        ([(np.arange(10), np.arange(10, N)), (np.arange(10, N), np.arange(9))], "each row exactly once"),
        ([], "each row exactly once"),
    ],
)
def test_folds_that_would_let_rows_see_their_own_targets_are_refused(folds: Any, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        kp.TargetEncoder(cv=folds).fit_transform(LEVELS.to_numpy(), TARGET)


def test_classes_are_those_of_all_rows_where_a_fold_lacks_one() -> None:
    levels, target = np.array([f"level {i % 5}" for i in range(60)], dtype=object)[:, None], np.repeat([0, 1, 2], 20)
    made = kp.TargetEncoder(smooth=1.0, cv=KFold(3)).fit_transform(levels, target)  # each fold tests a class that it has not learnt
    assert made.shape == (60, 3)
    np.testing.assert_allclose(made.sum(axis=1), 1, rtol=1e-12)
    assert (made[np.arange(60), target] == 0).all()


def test_numbers_that_tell_rows_apart_tell_nothing_of_their_targets_under_folds_of_ones_own() -> None:
    random = np.random.default_rng(1)
    levels, target = np.arange(2000)[:, None].astype(str).astype(object), random.integers(0, 2, 2000)
    made = kp.TargetEncoder(cv=KFold(5, shuffle=True, random_state=0)).fit_transform(levels, target)
    assert abs(roc_auc_score(target, made[:, 0]) - 0.5) < 0.06


@pytest.mark.parametrize(("value", "frame", "kind"), [("none", NUMBERS, "numbers"), (5, LEVELS, "texts")])
def test_a_constant_of_another_type_than_the_column_is_refused(value: Any, frame: pd.DataFrame, kind: str) -> None:
    imputer = kp.SimpleImputer(strategy="constant", fill_value=value)
    with pytest.raises(InvalidInputError, match=f"holds {kind}"):
        imputer.fit(frame)
    with pytest.raises(KolosalError, match="not fitted"):
        imputer.transform(frame)


def test_parts_may_come_from_several_threads() -> None:
    made = kp.RobustScaler()
    made.partial_fit(NUMBERS)
    rows = pd.DataFrame(np.random.default_rng(2).normal(size=(5000, 3)), columns=NUMBERS.columns)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: made.partial_fit(rows), range(40)))
    np.testing.assert_allclose(made.center_, kp.RobustScaler().fit(rows).center_, atol=0.02)


@pytest.mark.parametrize("step", ["kp.KNNImputer()", "kp.Pipeline(['knn_impute'])"])
def test_ctrl_c_ends_a_transformer_before_its_work_is_done(step: str) -> None:
    program = (
        "import numpy as np, kolosal.preprocess as kp\n"
        "rows = np.random.default_rng(0).normal(size=(60_000, 8))\n"
        "rows[::2, 0] = np.nan\n"
        "print('on', flush=True)\n"
        f"try: {step}.fit_transform(rows)\n"
        "except KeyboardInterrupt: print('stopped')\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None and running.stdout.readline() == "on\n"
        threading.Timer(0.3, running.send_signal, [signal.SIGINT]).start()
        began = time.perf_counter()
        assert running.stdout.readline() == "stopped\n"
        assert time.perf_counter() - began < 2  # all of it takes many times as long


def test_vectorizers_take_texts_as_a_list_an_array_or_a_series() -> None:
    texts = TEXTS["note"].tolist()
    expected = kp.TfidfVectorizer().fit_transform(texts)
    for given in (np.array(texts), TEXTS["note"], pl.Series("note", texts), pa.array(texts)):
        made = kp.TfidfVectorizer().fit(given)
        np.testing.assert_array_equal(made.transform(given).toarray(), expected.toarray())
        assert made.get_feature_names_out().tolist() == sorted(made.vocabulary_) == ["again", "and", "cheap", "delivery", "fast", "late"]
    frame = kp.CountVectorizer(stop_words=["and"]).fit(TEXTS)
    assert frame.get_feature_names_out().tolist()[0] == "note__again"
    with pytest.raises(InvalidInputError, match="allowed: english"):
        kp.CountVectorizer(stop_words="german").fit(texts)


@pytest.mark.parametrize("labels", [["b", "a", "c", "a"], [3, 10, 3, -1], [True, False, True, True], [0.5, 2.0, 0.5, 1.0]])
def test_label_encoder_is_that_of_scikit_learn(labels: list[Any]) -> None:
    from sklearn.preprocessing import LabelEncoder  # noqa: PLC0415

    ours, theirs = kp.LabelEncoder(), LabelEncoder()
    np.testing.assert_array_equal(ours.fit_transform(labels), theirs.fit_transform(labels))
    np.testing.assert_array_equal(ours.classes_, theirs.classes_)
    np.testing.assert_array_equal(ours.inverse_transform([1, 0]), theirs.inverse_transform([1, 0]))
    with pytest.raises(ValueError, match="unseen labels"):
        ours.inverse_transform([7])
    with pytest.raises(InvalidInputError):
        ours.transform(["never"] if isinstance(labels[0], str) else [99])


def test_a_pipeline_runs_classes_each_on_its_columns() -> None:
    frame = pd.concat([NUMBERS, LEVELS], axis=1)
    steps = [kp.StandardScaler(), (kp.CatBoostEncoder(a=2.0), ["town"]), (kp.FrequencyEncoder(), ["size"])]
    by_name = [
        ("standard_scale", {"with_mean": True, "with_std": True}),
        ("ordered_target_encode", {"smoothing": 2.0, "columns": ["town"]}),
        ("frequency_encode", {"columns": ["size"]}),
    ]
    pd.testing.assert_frame_equal(kp.Pipeline(steps).fit_transform(frame, TARGET), kp.Pipeline(by_name).fit_transform(frame, TARGET))
    with pytest.raises(InvalidInputError, match="neither a name"):
        kp.Pipeline([(kp.StandardScaler(), "a")]).fit(frame)


def test_parameters_are_checked_by_name_and_value() -> None:
    for made, what in (
        (kp.BinaryEncoder(handle_unknown="ignore"), "allowed: error, return_nan, value"),
        (kp.DropConstantFeatures(missing_values="drop"), "allowed: include, ignore"),
        (kp.OutlierClipper(method="mad"), "iqr, z_score, percentile"),
        (kp.TreeDiscretizer(encode="dense"), "allowed: ordinal, onehot"),
    ):
        with pytest.raises(InvalidInputError, match=what):
            made.fit(NUMBERS, TARGET)
    assert json.loads(json.dumps(kp.OutlierClipper(factor=2).get_params()))["factor"] == 2


@pytest.mark.parametrize(
    "given", [np.array([["a", "x"], ["b", "y"], ["a", "z"]], dtype=object), np.array([[1.0, 2.0], [3.0, 4.0], [1.0, np.nan]])]
)
@pytest.mark.parametrize(
    "made", [kp.OneHotEncoder(), kp.OneHotEncoder(sparse_output=True), kp.OrdinalEncoder()], ids=["dense", "sparse", "ordinal"]
)
def test_encoders_give_levels_back(made, given):
    again = clone(made)
    assert pd.DataFrame(again.inverse_transform(again.fit_transform(given))).equals(pd.DataFrame(given))


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("encoder", [kp.OrdinalEncoder(), kp.OneHotEncoder(sparse_output=False)])
def test_encoders_give_the_values_of_a_frame_back(encoder: kp.OrdinalEncoder | kp.OneHotEncoder, kind: type) -> None:
    frame = kind({"n": [3, 1, 20, 3], "x": [0.5, None, 2.5, 1.0], "b": [True, False, True, True], "t": ["u", "v", "u", "w"]})
    back = encoder.fit(frame).inverse_transform(encoder.transform(frame))
    for name in ("n", "x", "b"):
        pd.testing.assert_series_equal(pd.Series(back[name]), pd.Series(frame[name]))
    assert list(back["t"]) == list(frame["t"])
    assert [levels.dtype.kind for levels in encoder.categories_] == list("ffbO")
