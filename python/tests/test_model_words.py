"""What users of other libraries say to kolosal.models: parameters, callbacks and rows as they are spelt there, and errors in our words."""

from __future__ import annotations

import pickle
import signal
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import clone

import kolosal.models as km
from kolosal import InvalidInputError, NotFittedError

N = 300
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(N, 9)).astype(np.float32)
NUMBERS = X[:, 0] - X[:, 1] * X[:, 2] + 0.1 * RANDOM.normal(size=N)
LABELS = np.where(NUMBERS > 0, "yes", "no")
Boosting = km.GradientBoostingRegressor
Forest = km.RandomForestClassifier


@pytest.mark.parametrize(
    ("each", "name", "value", "said"),
    [
        (Forest, "max_features", 1, "cannot be a number of features, 1\n  Pass a share of them: feature_fraction=0.3, or 'sqrt'"),
        (km.DecisionTreeRegressor, "max_features", np.int64(3), "cannot be a number of features"),
        (km.ExtraTreesRegressor, "max_samples", 1, "cannot be a number of rows, 1\n  Pass a share of them: row_fraction="),
        (Boosting, "alpha", 0.9, "alpha means nothing to loss='default'\n  It says which quantile .* huber_delta .* l1"),
        (km.LogisticRegression, "C", 0, "LogisticRegression.C cannot be 0\n  .*l2 is 1 / C"),
        (km.LinearSVC, "C", "1", "LinearSVC.C cannot be '1'"),
    ],
)
def test_what_means_something_else_here_is_refused_at_once(each: Any, name: str, value: Any, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        each(**{name: value})


@pytest.mark.parametrize(("spelt", "share"), [("sqrt", 3 / 9), ("log2", 3 / 9), (None, 1.0), (0.5, 0.5)])
@pytest.mark.parametrize("each", [Forest, km.ExtraTreesRegressor, km.DecisionTreeClassifier])
def test_features_of_a_node_are_said_as_in_scikit_learn(each: Any, spelt: Any, share: float, tmp_path: Path) -> None:
    few = {"n_trees": 5} if "n_trees" in each._specs else {}
    target = LABELS if each._kind == "classification" else NUMBERS
    expected = each(feature_fraction=share, **few).fit(X, target).predict(X)
    made = clone(each(max_features=spelt, **few)).fit(X, target)
    np.testing.assert_array_equal(made.predict(X), expected)
    made.save(tmp_path / "model.kolosal")
    assert km.load(tmp_path / "model.kolosal").feature_fraction == made.feature_fraction
    assert Forest(max_samples=None).row_fraction == 1


def test_a_share_of_features_that_is_no_share_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="feature_fraction cannot be 'all'"):
        Forest(max_features="all", n_trees=2).fit(X, LABELS)
    with pytest.raises(InvalidInputError, match="feature_fraction"):
        Boosting(feature_fraction="sqrt", n_trees=2).fit(X, NUMBERS)


def test_alpha_is_what_it_is_to_the_loss() -> None:
    assert repr(Boosting(alpha=0.9, objective="reg:quantileerror")) == repr(Boosting(loss="reg:quantileerror", quantile=0.9))
    assert repr(Boosting(loss="huber", alpha=2.0)) == "GradientBoostingRegressor(loss='huber', huber_delta=2.0)"
    assert Boosting(loss="quantile").set_params(alpha=0.2).quantile == 0.2
    with pytest.raises(TypeError, match="quantile is given twice: as 'quantile' and as 'alpha'"):
        Boosting(loss="quantile", quantile=0.1, alpha=0.2)


def test_penalties_are_said_as_in_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    ours = km.LogisticRegression(C=0.05, tolerance=1e-9).fit(X, LABELS)
    assert ours.l2 == 20 and km.LinearSVC(C=4).l2 == 0.25
    np.testing.assert_allclose(ours.coef_, LogisticRegression(C=0.05, tol=1e-9, max_iter=1000).fit(X, LABELS).coef_, rtol=1e-4)
    assert km.SVC(gamma="scale").gamma is None and km.SVR(gamma="scale", C=2).get_params() == km.SVR(c=2).get_params()
    with pytest.raises(TypeError, match="l2 is given twice: as 'C' and as 'l2'"):
        km.LogisticRegression(C=1.0, l2=2.0)


@pytest.mark.parametrize("spelt", [np.array([1, 0, -1] * 3), "(1,0,-1,1,0,-1,1,0,-1)", pd.Series([1, 0, -1] * 3)])
def test_directions_are_taken_from_arrays_and_from_the_text_of_xgboost(spelt: Any) -> None:
    expected = Boosting(n_trees=5, monotone=[1, 0, -1] * 3).fit(X, NUMBERS).predict(X)
    np.testing.assert_array_equal(Boosting(n_trees=5, monotone_constraints=spelt).fit(X, NUMBERS).predict(X), expected)


@pytest.mark.parametrize("spelt", ["[[0, 1], [2]]", [np.array([0, 1]), np.array([2])], ([0, 1], (2,))])
def test_groups_of_features_are_taken_from_arrays_and_from_the_text_of_xgboost(spelt: Any) -> None:
    expected = Boosting(n_trees=5, interactions=[[0, 1], [2]]).fit(X, NUMBERS).predict(X)
    np.testing.assert_array_equal(Boosting(n_trees=5, interaction_constraints=spelt).fit(X, NUMBERS).predict(X), expected)


@pytest.mark.parametrize("name", ["monotone", "interactions"])
@pytest.mark.parametrize("text", ["up", "(1,", "1"])
def test_constraints_of_other_texts_are_refused(name: str, text: str) -> None:
    with pytest.raises(InvalidInputError, match=f"{name} cannot be '.*'\n  Write it as"):
        Boosting(**{name: text}).fit(X, NUMBERS)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("random_state", np.random.RandomState(0), r"\.seed cannot be RandomState.*\n  Pass an integer"),
        ("learning_rate", float("nan"), r"\.learning_rate cannot be nan, which is not finite\n  Allowed: number, above 0"),
        ("max_leaves", float("inf"), r"\.max_leaves cannot be inf"),
        ("l2", {1, 2}, r"\.l2 cannot be \{1, 2\}\n  Allowed"),
    ],
)
def test_a_value_that_nothing_can_be_made_of_is_named(name: str, value: Any, said: str) -> None:
    with pytest.raises(InvalidInputError, match="GradientBoostingRegressor" + said):
        Boosting(**{name: value}).fit(X, NUMBERS)


@pytest.mark.parametrize(
    ("each", "name", "said"),
    [
        (Boosting, "learnig_rate", "Did you mean 'learning_rate'"),
        (Boosting, "num_leafs", "Did you mean 'num_leaves'"),
        (Boosting, "verbose", "log_evaluation"),
        (Boosting, "verbosity", "log_evaluation"),
        (Boosting, "random_seed", "'seed'"),
        (km.GradientBoostingClassifier, "scale_pos_weight", "class_weight={"),
        (Boosting, "boosting_type", "drop_fraction"),
        (Boosting, "subsample_freq", "row_fraction"),
        (Boosting, "tree_method", "max_bins"),
        (Boosting, "enable_categorical", "always categories"),
        (Boosting, "eval_metric", "kolosal.metrics"),
        (Boosting, "max_delta_step", "min_hessian"),
        (km.KNeighborsClassifier, "metric", "Euclidean"),
        (km.KNeighborsRegressor, "p", "Euclidean"),
        (km.MLPClassifier, "solver", "Adam"),
        (km.Ridge, "solver", "chosen by the data"),
        (km.XGBoostClassifier, "scale_pos_weight", r"settings=\{'scale_pos_weight'"),
    ],
)
def test_a_parameter_that_does_not_exist_is_answered_with_what_does(each: Any, name: str, said: str) -> None:
    with pytest.raises(TypeError, match=f"{each.__name__} has no parameter '{name}'.*{said}.*Known: "):
        each(**{name: 1})
    with pytest.raises(TypeError) as raised:
        each(**{name: 1})
    assert said.replace("\\", "") in str(raised.value)


def test_parameters_without_names_are_refused_by_the_class() -> None:
    with pytest.raises(TypeError, match=r"^Ridge takes its parameters by name, as in Ridge\(l2=\.\.\.\)$"):
        km.Ridge(1.0)


@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
def test_callbacks_of_other_libraries_are_refused_by_name(library: str) -> None:
    theirs = pytest.importorskip(library)
    stopping = theirs.early_stopping(3) if library == "lightgbm" else theirs.callback.EarlyStopping(3)
    with pytest.raises(InvalidInputError, match=rf"{library}'s .*, which only {library} can call\n  kolosal.models has early_stopping"):
        Boosting(n_trees=3).fit(X, NUMBERS, callbacks=[stopping])


def test_callbacks_that_are_no_list_of_functions_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="a single function"):
        Boosting(n_trees=3).fit(X, NUMBERS, callbacks=print)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="holds 3, which is no function"):
        km.GradientBoostingRanker(n_trees=3).fit(X, NUMBERS, callbacks=[3])  # type: ignore[list-item]


def test_only_a_fitted_model_of_the_same_kind_is_gone_on_from() -> None:
    fitted = Boosting(n_trees=3).fit(X, NUMBERS)
    with pytest.raises(InvalidInputError, match="init_model is a GradientBoostingRegressor, of regression"):
        km.GradientBoostingClassifier(n_trees=3).fit(X, LABELS, init_model=fitted)
    with pytest.raises(InvalidInputError, match=r"init_model is a str, no model of kolosal.models\n  .*kolosal.models.load"):
        Boosting(n_trees=3).fit(X, NUMBERS, init_model="model.txt")
    with pytest.raises(NotFittedError):
        Boosting(n_trees=3).fit(X, NUMBERS, init_model=Boosting())
    with pytest.raises(InvalidInputError, match="Ridge does not go on from another model"):
        km.Ridge().fit(X, NUMBERS, init_model=fitted)


@pytest.mark.parametrize("made", [pd.DataFrame(X[:, :3], columns=list("aba")), pa.table([X[:, 0]] * 2, names=["a", "a"])])
def test_columns_of_one_name_are_refused(made: Any) -> None:
    with pytest.raises(InvalidInputError, match="two columns are called 'a'"):
        km.Ridge().fit(made, NUMBERS)


def test_a_label_that_was_not_learnt_is_shown_as_it_is_written() -> None:
    with pytest.raises(InvalidInputError, match="^label 9 is none"):
        km.GradientBoostingClassifier().fit(X, np.arange(N) % 3, eval_set=(X[:2], [1, 9]))


def test_labels_that_are_tuples_are_not_written_down(tmp_path: Path) -> None:
    pairs = np.empty(N, dtype=object)
    pairs[:] = [(1, 2) if label == "yes" else (3, 4) for label in LABELS]
    made = km.DecisionTreeClassifier().fit(X, pairs)
    assert made.predict(X)[0] == pairs[0]
    with pytest.raises(InvalidInputError, match=r"a label cannot be written down: \(1, 2\)\n  Use texts or numbers"):
        made.save(tmp_path / "model.kolosal")


def test_a_fitted_model_of_functions_is_pickled_with_what_they_were() -> None:
    scheduled = Boosting(n_trees=4, learning_rate=lambda number: 0.5 / (1 + number)).fit(X, NUMBERS)
    again = pickle.loads(pickle.dumps(scheduled))
    assert again.learning_rate == (0.5, 0.25, 0.5 / 3, 0.125) and callable(scheduled.learning_rate)
    np.testing.assert_array_equal(again.predict(X), scheduled.predict(X))
    np.testing.assert_array_equal(clone(again).fit(X, NUMBERS).predict(X), scheduled.predict(X))
    lossy = Boosting(n_trees=4, loss=lambda known, scores: (scores - known, np.ones_like(scores))).fit(X, NUMBERS)
    again = pickle.loads(pickle.dumps(lossy))
    np.testing.assert_array_equal(again.predict(X), lossy.predict(X))
    with pytest.raises(InvalidInputError, match=r"loss='custom' stands for a function.*\n  .*set_params\(loss=function\)"):
        clone(again).fit(X, NUMBERS)
    named = pickle.loads(pickle.dumps(Boosting(n_trees=2, loss=squared).fit(X, NUMBERS)))
    assert named.loss is squared


ENDLESS = {"n_trees": 100_000, "n_epochs": 100_000}
KEEPING = [Boosting, km.RandomForestRegressor, km.ExtraTreesRegressor, km.SGDRegressor, km.MLPRegressor, km.LightGBMRegressor]
KEEPING += [km.XGBoostRegressor]


def interrupt(signum: int, frame: Any) -> None:
    raise KeyboardInterrupt


@pytest.fixture
def alarm() -> Iterator[Callable[[], None]]:
    """What lets Python's handler of Ctrl-C run a moment after it was called."""
    before = signal.signal(signal.SIGALRM, interrupt)
    yield lambda: signal.setitimer(signal.ITIMER_REAL, 0.02)  # type: ignore[func-returns-value]
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("each", KEEPING, ids=lambda each: each.__name__)
def test_what_goes_round_by_round_keeps_the_rounds_before_ctrl_c(each: Any, alarm: Callable[[], None]) -> None:
    settings = {"tolerance": None} if each is km.SGDRegressor else {}
    made = each(n_threads=1, **{name: many for name, many in ENDLESS.items() if name in each._specs}, **settings)
    with pytest.warns(RuntimeWarning, match="the model so far is kept"):
        made.fit(X, NUMBERS, callbacks=[lambda told: alarm() if told.iteration == 3 else None])
    assert np.isfinite(made.predict(X)).all()


def test_what_is_no_model_before_it_is_done_raises_ctrl_c(alarm: Callable[[], None]) -> None:
    made = km.RandomForestQuantileRegressor(n_threads=1, n_trees=100_000)
    with pytest.raises(KeyboardInterrupt):
        made.fit(X, NUMBERS, callbacks=[lambda told: alarm() if told.iteration == 3 else None])
    with pytest.raises(NotFittedError):
        made.predict(X)


def squared(known: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return scores - known, np.ones_like(scores)


def test_a_slice_says_how_many_rounds_it_has() -> None:
    made = Boosting(n_trees=6, learning_rate=lambda number: 0.5 / (1 + number)).fit(X, NUMBERS)
    part = made[1:3]
    assert part.n_trees == part.n_iter_ == 2 and part.learning_rate == (0.25, 0.5 / 3)
    assert made.n_trees == 6 and callable(made.learning_rate)
    assert "n_trees=2" in repr(Forest(n_trees=5).fit(X, LABELS)[3:])
    for nothing in (slice(5, 5), slice(4, 2), slice(6, None)):
        with pytest.raises(InvalidInputError, match="has none\n  Take at least one round"):
            made[nothing]


MOMENTS = 1.7e9 + 10.0 * np.arange(N)


@pytest.mark.parametrize(
    "made",
    [
        np.column_stack([X[:, 0], MOMENTS]),
        pd.DataFrame({"x0": X[:, 0], "x1": MOMENTS.astype(np.int64)}),
        pa.table({"x0": X[:, 0], "x1": MOMENTS}),
    ],
)
def test_numbers_that_float32_does_not_tell_apart_are_warned_of(made: Any) -> None:
    with pytest.warns(UserWarning, match="^'x1': models see numbers as float32"):
        fitted = Boosting(n_trees=3).fit(made, NUMBERS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted.predict(made)


@pytest.mark.parametrize(
    "column", [MOMENTS - 1.7e9, np.full(N, 0.1), np.append(MOMENTS[:-1] - 1.7e9, 1e30), np.full(N, np.nan), 1e39 * MOMENTS, NUMBERS + 1000]
)
def test_numbers_that_float32_tells_apart_are_not_warned_of(column: np.ndarray) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Boosting(n_trees=3).fit(np.column_stack([X[:, 0], column]), NUMBERS)
