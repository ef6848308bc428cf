"""The classes of kolosal.models: one for each learner and kind of task, and what they share: frames, labels, weights, pickles."""

from __future__ import annotations

import inspect
import json
import pickle
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from kolosal._estimator import parameter_specs
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

import kolosal.models as km
from kolosal import InvalidInputError, KolosalError, _kolosal
from kolosal.preprocess import StandardScaler

N = 300
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(N, 3))
LABELS = np.where(X[:, 0] + X[:, 1] > 0, "yes", "no")
NUMBERS = 2 * X[:, 0] - X[:, 1] + 0.1 * RANDOM.normal(size=N)
TOWNS = RANDOM.choice(["hull", "bath", "york"], N)
FRAME = pd.DataFrame({"size": X[:, 0], "town": pd.Categorical(TOWNS, ["york", "hull", "bath"]), "sold": X[:, 1] > 0})
WORTH = np.select([TOWNS == "york", TOWNS == "hull"], [3.0, -1.0], 0.5) + X[:, 0]

CLASSES = [
    each
    for each in (getattr(km, name) for name in km.__all__)
    if isinstance(each, type) and issubclass(each, km.Classifier | km.Regressor | km.Ranker) and each._learner
]


def small(each: type) -> Any:
    few = {"n_trees": 10, "n_epochs": 20}
    if each._learner == "gaussian_process":
        few["max_iterations"] = 2
    if "library" in each._specs:
        few["n_threads"] = 1  # their threads spin where a machine is busy
    return each(**{name: number for name, number in few.items() if name in each._specs})


def target_for(made: Any) -> np.ndarray:
    numbers = NUMBERS if made._about["accepts_negative_target"] else np.exp(NUMBERS)
    return {"classification": LABELS, "regression": numbers, "ranking": (X[:, 0] > 0).astype(float)}[made._kind]


def rows_for(made: Any) -> np.ndarray:
    return X if made._about["accepts_negative"] else np.exp(X)


def answers(made: Any, rows: np.ndarray) -> np.ndarray:
    """Probabilities of a classifier, predictions of any other."""
    return np.asarray(made.predict_proba(rows) if made._kind == "classification" else made.predict(rows))


def test_every_learner_has_a_class_for_each_kind_of_task_that_it_does() -> None:
    found = {(each._learner, each._kind) for each in CLASSES}
    for learner in _kolosal.learner_names():
        tasks = json.loads(_kolosal.learner(learner))["tasks"]
        assert ((learner, "classification") in found) == ("binary" in tasks or "multiclass" in tasks)
        assert ((learner, "regression") in found) == ("regression" in tasks)
    names = {"GradientBoostingClassifier", "GradientBoostingRanker", "RandomForestRegressor", "KNeighborsClassifier", "LogisticRegression"}
    assert names | {"Ridge", "DummyRegressor", "ExtraTreesClassifier", "DecisionTreeRegressor"} <= set(km.__all__)


@pytest.mark.parametrize("each", CLASSES)
def test_signatures_are_the_parameter_tables(each: Any) -> None:
    specs = {**parameter_specs(each._learner), **each()._specs}
    if each._kind != "classification":
        specs.pop("class_weight", None)
    signature = inspect.signature(each)
    assert list(signature.parameters) == list(specs) and {"n_threads", "seed", "time_limit"} <= set(specs)
    assert all(signature.parameters[name].default == spec["default"] for name, spec in specs.items())
    assert all(spec["doc"] in each.__doc__ for spec in specs.values())


def test_names_from_elsewhere_are_understood_and_kept_under_ours() -> None:
    made = km.GradientBoostingClassifier(n_estimators=7, eta=0.3, num_leaves=5, random_state=1, n_jobs=2)
    assert repr(made) == "GradientBoostingClassifier(n_trees=7, learning_rate=0.3, max_leaves=5, n_threads=2, seed=1)"
    assert clone(made).get_params() == made.get_params()
    assert made.set_params(reg_lambda=3.0).l2 == 3.0
    with pytest.raises(TypeError, match="'n_tree'.*Known: .*n_trees"):
        km.GradientBoostingClassifier(n_tree=3)
    with pytest.raises(TypeError, match="n_trees is given twice"):
        km.GradientBoostingClassifier(n_trees=3, n_estimators=4)
    with pytest.raises(InvalidInputError, match="learning_rate"):
        km.GradientBoostingRegressor(learning_rate=-1).fit(X, NUMBERS)


@pytest.mark.parametrize("each", CLASSES)
def test_a_pickle_predicts_alike_and_so_does_any_number_of_threads(each: Any) -> None:
    rows = rows_for(each)
    made = small(each).fit(rows, target_for(each))
    again = pickle.loads(pickle.dumps(made))
    np.testing.assert_array_equal(again.predict(rows), made.predict(rows))
    assert again.get_params() == made.get_params() and again.n_features_in_ == 3
    alone = small(each).set_params(n_jobs=1).fit(rows, target_for(each))
    np.testing.assert_array_equal(alone.predict(rows), made.predict(rows))
    with pytest.raises(NotFittedError):
        clone(made).predict(rows)


@pytest.mark.parametrize("each", [c for c in CLASSES if c._kind == "classification"])
@pytest.mark.parametrize("labels", [LABELS, LABELS.astype(object), LABELS == "yes", np.where(LABELS == "yes", -3, 7).astype(np.int8)])
def test_labels_of_any_type_are_predicted_as_they_came(each: Any, labels: np.ndarray) -> None:
    rows = rows_for(each)
    made = small(each).fit(rows, labels)
    assert made.classes_.dtype == labels.dtype and made.predict(rows).dtype == labels.dtype
    assert made.classes_.tolist() == sorted(set(labels.tolist()))
    chances = made.predict_proba(rows)
    assert chances.shape == (N, 2) and np.allclose(chances.sum(axis=1), 1)
    np.testing.assert_array_equal(made.predict(rows), made.classes_[chances.argmax(axis=1)])
    for series in (pd.Series(labels), pl.Series(labels.tolist()), pa.array(labels.tolist())):
        np.testing.assert_array_equal(small(each).fit(rows, series).predict(rows).astype(str), made.predict(rows).astype(str))


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_categories_and_names_of_frames_are_understood(kind: str) -> None:
    def of(frame: pd.DataFrame) -> Any:
        arrow = pa.Table.from_pandas(frame, preserve_index=False)
        return {"pandas": frame, "polars": pl.from_arrow(arrow), "pyarrow": arrow}[kind]

    made = km.DecisionTreeRegressor(max_leaves=40).fit(of(FRAME), WORTH)
    assert made.feature_names_in_.tolist() == ["size", "town", "sold"]
    expected = km.DecisionTreeRegressor(max_leaves=40).fit(FRAME, WORTH).predict(FRAME)
    np.testing.assert_array_equal(made.predict(of(FRAME)), expected)
    texts = of(FRAME.assign(town=TOWNS))
    np.testing.assert_array_equal(made.predict(texts), expected)
    shuffled = of(FRAME.assign(town=pd.Categorical(TOWNS, ["bath", "york", "leeds", "hull"])))
    np.testing.assert_array_equal(made.predict(shuffled), expected)
    unseen, missing = of(FRAME.assign(town="leeds")), of(FRAME.assign(town=pd.Categorical([None] * N, ["york"])))
    np.testing.assert_array_equal(made.predict(unseen), made.predict(missing))
    with pytest.raises(InvalidInputError, match="'town'.*OneHotEncoder|OneHotEncoder"):
        km.Ridge().fit(of(FRAME), WORTH)
    with pytest.raises(InvalidInputError, match="order|unseen"):
        made.predict(of(FRAME[["town", "size", "sold"]]))
    with pytest.raises(InvalidInputError, match="Pass a frame"), pytest.warns(UserWarning, match="valid feature names"):
        made.predict(X)


@pytest.mark.parametrize(
    "nothing",
    [[None] * N, [np.nan] * N, pd.Series([pd.NA] * N, dtype="string"), pd.Categorical([None] * N)],
    ids=["none", "nan", "text", "cat"],
)
def test_a_column_without_a_value_is_missing_whatever_its_type(nothing: Any) -> None:
    made = km.GradientBoostingClassifier(n_trees=5).fit(FRAME, LABELS)
    for name, missing in (("town", pd.Categorical([None] * N, categories=["bath"])), ("size", np.full(N, np.nan))):
        expected = made.predict_proba(FRAME.assign(**{name: missing}))
        np.testing.assert_array_equal(made.predict_proba(FRAME.assign(**{name: nothing})), expected)
    with pytest.raises(InvalidInputError, match="column 'town' holds numbers\n  It held categories in fit"):
        made.predict(FRAME.assign(town=3.0))


def test_missing_numbers_are_taken_where_the_learner_takes_them() -> None:
    holes = X.copy()
    holes[::3, 0] = np.nan
    assert km.GradientBoostingRegressor(n_trees=20, learning_rate=0.1).fit(holes, NUMBERS).score(holes, NUMBERS) > 0.5
    with pytest.raises(InvalidInputError, match="contains NaN: feature 'x0', row 0\n  Impute it first"):
        km.LogisticRegression().fit(holes, LABELS)
    with pytest.raises(InvalidInputError, match="infinity or a value too large for float32: feature 'x0', row 0\n  Clip or scale it"):
        km.Ridge().fit(X, NUMBERS).predict(np.full((1, 3), np.inf))


def test_rows_that_are_held_out_stop_a_fit_early() -> None:
    made = km.GradientBoostingRegressor(n_trees=500, patience=5, learning_rate=0.3)
    told: list[km.FitProgress] = []
    made.fit(X[:200], NUMBERS[:200], eval_set=(X[200:], NUMBERS[200:]), callbacks=[told.append])
    assert made.n_iter_ < 500 and told[0].iteration == 1 and told[0].n_iterations == 500
    assert all(np.isfinite(each.validation_loss) for each in told)
    losses = [each.validation_loss for each in told]
    assert made.n_iter_ == 1 + int(np.argmin(losses))
    with pytest.raises(InvalidInputError, match="none of those that were learnt"):
        km.GradientBoostingClassifier().fit(X, LABELS, eval_set=[(X, np.full(N, "maybe"))])
    with pytest.raises(InvalidInputError, match="eval_set would do nothing"):
        km.RandomForestRegressor().fit(X, NUMBERS, eval_set=(X, NUMBERS))
    with pytest.raises(InvalidInputError, match="expecting 3 features"):
        made.fit(X, NUMBERS, eval_set=(X[:, :2], NUMBERS))


def test_callbacks_stop_a_fit_and_what_they_raise_is_raised() -> None:
    made = km.GradientBoostingRegressor(n_trees=200).fit(X, NUMBERS, callbacks=[lambda progress: progress.iteration < 4])
    assert made.n_iter_ == 4
    with pytest.raises(ZeroDivisionError):
        km.GradientBoostingRegressor().fit(X, NUMBERS, callbacks=[lambda progress: 1 / 0])


def test_a_time_limit_ends_a_fit_with_the_model_so_far() -> None:
    began = time.perf_counter()
    made = km.GradientBoostingRegressor(n_trees=1_000_000, time_limit=0.3).fit(X, NUMBERS)
    assert time.perf_counter() - began < 2 and 1 <= made.n_iter_ < 1_000_000


def test_ctrl_c_keeps_the_model_so_far() -> None:
    program = (
        "import numpy as np, warnings, kolosal.models as km\n"
        "warnings.simplefilter('error', DeprecationWarning)\n"
        "x = np.random.default_rng(0).normal(size=(2000, 5))\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n"
        "    made = km.GradientBoostingRegressor(n_trees=1_000_000)\n"
        "    made.fit(x, x[:, 0], callbacks=[lambda p: print('on', flush=True) if p.iteration == 3 else None])\n"
        "print(made.n_iter_, caught[0].category.__name__)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None and running.stdout.readline() == "on\n"
        threading.Timer(0.2, running.send_signal, [signal.SIGINT]).start()
        began = time.perf_counter()
        n_iter, warning = running.stdout.readline().split()
        assert time.perf_counter() - began < 1.5 and int(n_iter) >= 3 and warning == "RuntimeWarning"
    assert running.returncode == 0


def test_an_estimator_with_arrays_for_parameters_is_shown() -> None:
    made = km.GradientBoostingRegressor(learning_rate=np.array([0.5, 0.25]), quantiles=np.array([]), n_trees=np.int64(2), l2=np.float64(1))
    assert (
        repr(made)
        == "GradientBoostingRegressor(quantiles=array([], dtype=float64), n_trees=np.int64(2), learning_rate=array([0.5 , 0.25]))"
    )


def test_a_column_of_numbers_is_scored_as_numbers() -> None:
    made = km.Ridge().fit(X, NUMBERS)
    assert made.score(X, NUMBERS.reshape(-1, 1)) == made.score(X, NUMBERS)


SCORED: list[tuple[Any, Any]] = [
    (km.Ridge(), NUMBERS),
    (km.Ridge(), np.column_stack([NUMBERS, -NUMBERS])),
    (km.RandomForestQuantileRegressor(n_trees=5, quantiles=[0.1, 0.9]), NUMBERS),
    (km.LogisticRegression(), (NUMBERS > 0).astype(float)),
]


@pytest.mark.parametrize(("made", "target"), SCORED, ids=["number", "numbers", "quantiles", "labels"])
def test_scores_take_targets_and_weights_as_a_fit_does(made: Any, target: np.ndarray) -> None:
    made.fit(X, target)
    missing = target.copy()
    missing[3] = np.nan
    for wrong in (missing, target[:-1], target[:1], target.tolist()[0], np.column_stack([target] * 3)):
        with pytest.raises(InvalidInputError, match="y "):
            made.score(X, wrong)
    for weights in (np.where(np.arange(N) == 3, np.nan, 1.0), np.full(N, -1.0), np.ones(N - 1), np.zeros(N)):
        with pytest.raises(InvalidInputError, match="weight"):
            made.score(X, target, weights)
    assert made.score(X, target, np.full(N, 2.0)) == pytest.approx(made.score(X, target), abs=1e-12)


@pytest.mark.filterwarnings("ignore:A column-vector y")
def test_a_column_of_labels_is_scored_as_labels() -> None:
    made = km.LogisticRegression().fit(X, LABELS)
    assert made.score(X, LABELS.reshape(-1, 1)) == made.score(X, LABELS) == np.mean(made.predict(X) == LABELS)


def test_several_targets_are_learnt_at_once() -> None:
    both = np.column_stack([NUMBERS, -NUMBERS])
    for made in (km.Ridge(), km.GradientBoostingRegressor(n_trees=30), km.RandomForestRegressor(n_trees=10)):
        assert made.fit(X, both).predict(X).shape == (N, 2)
        assert made.score(X, both) > 0.7


def test_a_ranker_orders_rows_within_their_groups() -> None:
    groups = np.repeat(np.arange(30), 10)
    relevance = (X[:, 0] > 0).astype(int) + (X[:, 0] > 1)
    made = km.GradientBoostingRanker(n_trees=30).fit(X, relevance, groups=[f"q{g}" for g in groups])
    scores = made.predict(X)
    assert np.mean([scores[relevance == 2].mean() > scores[relevance == 1].mean() > scores[relevance == 0].mean()]) == 1
    with pytest.raises(InvalidInputError, match="do not go with"):
        made.fit(X, relevance, groups=groups[:5])


def test_rows_that_are_held_out_from_a_ranker_have_groups_where_the_others_do() -> None:
    groups = np.repeat(np.arange(30), 10)
    relevance = (X[:, 0] > 0).astype(int)
    told: list[float] = []
    made = km.GradientBoostingRanker(n_trees=5)
    held_out = {"eval_set": (X, relevance), "callbacks": [lambda p: told.append(p.validation_loss)]}
    made.fit(X, relevance, groups=groups, eval_groups=groups, **held_out)
    assert len(told) == 5
    with pytest.raises(InvalidInputError, match="those of eval_set have none and would all be one group"):
        made.fit(X, relevance, groups=groups, **held_out)
    with pytest.raises(InvalidInputError, match="those of y have none"):
        made.fit(X, relevance, eval_groups=groups, **held_out)
    with pytest.raises(InvalidInputError, match="without eval_set"):
        made.fit(X, relevance, groups=groups, eval_groups=groups)


@pytest.mark.parametrize("each", CLASSES)
def test_rows_of_weight_zero_are_absent(each: Any) -> None:
    weights = (np.arange(N) % 3 > 0).astype(float)
    rows, target, kept = rows_for(each), target_for(each), weights > 0
    made = small(each).fit(rows, target, weights)
    np.testing.assert_allclose(answers(made, rows), answers(small(each).fit(rows[kept], target[kept]), rows), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    "made",
    [
        km.LinearRegression(),
        km.Ridge(l2=1.0),
        km.Ridge(),
        km.Lasso(l1=0.1, tolerance=1e-14),
        km.GaussianNB(),
        km.LinearDiscriminantAnalysis(),
        km.GaussianProcessRegressor(optimize=False),
        km.GaussianProcessClassifier(optimize=False),
    ],
)
def test_a_row_of_weight_three_is_three_rows(made: Any) -> None:
    times = np.arange(100) % 4
    rows, target = X[:100], target_for(made)[:100]
    weighed, repeated = (
        clone(made).fit(rows, target, times.astype(float)),
        clone(made).fit(np.repeat(rows, times, 0), np.repeat(target, times)),
    )
    np.testing.assert_allclose(answers(weighed, X), answers(repeated, X), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("each", [km.MLPRegressor, km.SGDRegressor, km.SVR, km.KNeighborsRegressor, km.RandomForestQuantileRegressor])
def test_heavier_rows_draw_predictions_to_their_targets(each: Any) -> None:
    below, above = np.zeros((20, 1)), np.zeros((20, 1))
    rows, target = np.vstack([below, above]) + 0.01 * X[:40, :1], np.repeat([-1.0, 1.0], 20)
    made = small(each)
    if "patience" in made._specs:
        made.set_params(n_epochs=40)
    if "dropout" in made._specs:
        made.set_params(dropout=0)  # 40 rows do not make up for what is dropped
    light, heavy = (made.fit(rows, target, np.repeat([1.0, w], 20)).predict([[0.0]])[0] for w in (0.1, 10.0))
    assert light < 0 < heavy


def test_layouts_and_types_of_arrays_give_the_same() -> None:
    made = km.Ridge(l2=1.0).fit(X.astype(np.float32), NUMBERS)
    expected = made.predict(X.astype(np.float32))
    for rows in (
        np.asfortranarray(X.astype(np.float32)),
        X.astype(np.float32).astype(np.float64),
        np.repeat(X.astype(np.float32), 2, 0)[::2],
    ):
        np.testing.assert_array_equal(km.Ridge(l2=1.0).fit(rows, NUMBERS).predict(rows), expected)


def test_models_work_inside_scikit_learn() -> None:
    made = make_pipeline(StandardScaler(), km.LogisticRegression())
    assert cross_val_score(made, X, LABELS, cv=3).mean() > 0.9
    assert cross_val_score(km.GradientBoostingRegressor(n_trees=30, learning_rate=0.1), X, NUMBERS, cv=3).mean() > 0.7


@pytest.mark.parametrize("scoring", ["roc_auc", "average_precision", "neg_log_loss"])
@pytest.mark.parametrize("each", [km.GradientBoostingClassifier(n_trees=5), km.LogisticRegression(), km.RandomForestClassifier(n_trees=5)])
def test_scorers_of_scikit_learn_take_what_classifiers_give(each: Any, scoring: str) -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(200, 3))
    scores = cross_val_score(each, rows, (rows[:, 0] + 0.3 * random.normal(size=200) > 0).astype(int), scoring=scoring, cv=3)
    assert np.isfinite(scores).all()
    assert scoring == "neg_log_loss" or scores.min() > 0.8


def test_importances_sum_to_one_or_are_not_there() -> None:
    shares = km.GradientBoostingRegressor(n_trees=20).fit(X, NUMBERS).feature_importances_
    assert shares.argmax() == 0 and shares.sum() == pytest.approx(1)
    with pytest.raises(AttributeError, match="does not tell"):
        _ = km.KNeighborsRegressor().fit(X, NUMBERS).feature_importances_


def test_damaged_bytes_are_an_error() -> None:
    whole = km.Ridge().fit(X, NUMBERS)._native.to_bytes("null")
    for damaged in (b"", whole[:-1], whole[:60] + bytes([whole[60] ^ 1]) + whole[61:]):
        with pytest.raises(KolosalError, match="corrupt|damaged|truncat|artifact|what was given"):
            _kolosal.FittedModel.from_bytes(damaged)


@pytest.mark.parametrize("each", CLASSES)
def test_weights_of_a_size_that_sums_do_not_bear_are_refused(each: Any) -> None:
    rows, target = rows_for(each), target_for(each)
    for size in (1e160, 1e-300):
        with pytest.raises(InvalidInputError, match="the largest weight is not from 1e-100 to 1e100"):
            small(each).fit(rows, target, np.full(N, size))


@pytest.mark.parametrize("made", [km.RandomForestRegressor(n_trees=5), km.GradientBoostingRegressor(n_trees=5, l2=0.0, min_hessian=0.0)])
@pytest.mark.parametrize("size", [2.0**-332, 2.0**330])
def test_weights_within_their_bounds_count_in_proportion(made: Any, size: float) -> None:
    weights = 1.0 + np.arange(N) % 3
    weights[0] = 0.0
    plain = made.fit(X, NUMBERS, weights).predict(X)
    np.testing.assert_array_equal(made.fit(X, NUMBERS, weights * size).predict(X), plain)


def test_a_fit_that_fails_leaves_a_classifier_as_it_was() -> None:
    def fail(progress: km.FitProgress) -> None:
        raise ZeroDivisionError

    three = np.array(["a", "b", "c"])[np.arange(N) % 3]
    holes = np.where(np.arange(N)[:, None] == 3, np.nan, X)
    made = km.LogisticRegression().fit(X, LABELS)
    before, chances = made.classes_.tolist(), made.predict_proba(X)
    for rows, weights, parameters, callbacks, raised in (
        (X, np.full(N, np.nan), {}, (), InvalidInputError),
        (X, np.ones(N - 1), {}, (), InvalidInputError),
        (X, None, {"l2": -1.0}, (), InvalidInputError),
        (X, None, {}, [fail], ZeroDivisionError),
        (holes, None, {}, (), InvalidInputError),
    ):
        with pytest.raises(raised):
            made.set_params(**parameters).fit(rows, three, weights, callbacks=callbacks)
        made.set_params(l2=1.0)
        assert made.classes_.tolist() == before and set(made.predict(X)) == set(before)
        np.testing.assert_array_equal(made.predict_proba(X), chances)
    again = km.LogisticRegression()
    with pytest.raises(InvalidInputError):
        again.fit(holes, three)
    assert not hasattr(again, "classes_")


def test_class_weights_by_label_are_weights_of_rows() -> None:
    rows = np.where(LABELS == "yes", 3.0, 1.0)
    weighed = km.DecisionTreeClassifier(max_depth=3, class_weight={"yes": 3}).fit(X, LABELS)
    np.testing.assert_array_equal(weighed.predict_proba(X), km.DecisionTreeClassifier(max_depth=3).fit(X, LABELS, rows).predict_proba(X))
    both = km.DecisionTreeClassifier(max_depth=3, class_weight={"yes": 3}).fit(X, LABELS, np.arange(N))
    expected = km.DecisionTreeClassifier(max_depth=3).fit(X, LABELS, rows * np.arange(N))
    np.testing.assert_array_equal(both.predict_proba(X), expected.predict_proba(X))
    with pytest.raises(InvalidInputError, match="class_weight has 'maybe'"):
        km.DecisionTreeClassifier(class_weight={"maybe": 2}).fit(X, LABELS)
    assert "class_weight" not in km.DecisionTreeRegressor().get_params()


def test_rows_of_a_leaf_are_predicted_alike() -> None:
    made = km.DecisionTreeRegressor(max_leaves=8).fit(X, NUMBERS)
    leaves = made.apply(X)
    assert leaves.shape == (N, 1) and leaves.dtype == np.int32 and len(np.unique(leaves)) == 8
    assert all(len(np.unique(made.predict(X)[leaves[:, 0] == leaf])) == 1 for leaf in np.unique(leaves))
    assert km.GradientBoostingClassifier(n_trees=5).fit(X, LABELS).apply(X).shape == (N, 5)
    with pytest.raises(InvalidInputError, match="has no trees"):
        km.Ridge().fit(X, NUMBERS).apply(X)
