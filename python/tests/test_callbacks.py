"""Callbacks of fits: what they are told, and how they and what they raise end a fit; LightGBM's own where it has the same."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
import pytest

import kolosal.models as km
from kolosal import InvalidInputError

N = 400
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(N, 4)).astype(np.float32)
NUMBERS = X[:, 0] - X[:, 1] * X[:, 2] + 0.5 * RANDOM.normal(size=N)
TRAIN, HELD_OUT = slice(None, 300), slice(300, None)
EVALUATION = (X[HELD_OUT], NUMBERS[HELD_OUT])


def boosting(**parameters: Any) -> Any:
    return km.GradientBoostingRegressor(**{"n_trees": 300, "learning_rate": 0.2, "patience": None, **parameters})


def fitted(made: Any, *callbacks: Any, **arguments: Any) -> Any:
    return made.fit(X[TRAIN], NUMBERS[TRAIN], callbacks=callbacks, **{"eval_set": EVALUATION, **arguments})


def test_early_stopping_is_patience() -> None:
    told: list[int] = []
    made = fitted(boosting(), km.early_stopping(10, verbose=False), lambda p: told.append(p.iteration))
    patient = fitted(boosting(patience=10))
    assert made.n_iter_ == patient.n_iter_ < 200 and told[-1] == made.n_iter_ + 10
    np.testing.assert_array_equal(made.predict(X), patient.predict(X))
    small = fitted(boosting(), km.early_stopping(10, verbose=False, min_delta=0.05))
    assert small.n_iter_ == fitted(boosting(patience=10, min_delta=0.05)).n_iter_ < made.n_iter_
    assert made.patience is None  # as it was given


def test_early_stopping_says_what_it_needs() -> None:
    with pytest.raises(InvalidInputError, match="needs rows to evaluate by"):
        fitted(boosting(), km.early_stopping(10), eval_set=None)
    with pytest.raises(InvalidInputError, match="does not stop early"):
        km.Ridge().fit(X, NUMBERS, callbacks=[km.early_stopping(3)])
    with pytest.raises(InvalidInputError, match="patience"):
        fitted(boosting(), km.early_stopping(0))


def test_early_stopping_and_log_evaluation_print(capsys: pytest.CaptureFixture[str]) -> None:
    made = fitted(boosting(n_trees=40), km.log_evaluation(20), km.early_stopping(100))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("[20]\t") and "valid_0's loss: " in lines[0] and lines[1].startswith("[40]")
    assert lines[2] == "Best iteration is:" and lines[3].startswith(f"[{made.n_iter_}]\t")
    fitted(boosting(), km.early_stopping(2))
    assert "Early stopping, best iteration is:" in capsys.readouterr().out
    fitted(boosting(n_trees=3), km.log_evaluation(0))
    assert capsys.readouterr().out == ""


def test_record_evaluation_keeps_each_loss() -> None:
    kept: dict[str, dict[str, list[float]]] = {"other": {"loss": [1.0]}}
    made = fitted(boosting(n_trees=30), km.record_evaluation(kept))
    assert set(kept) == {"training", "valid_0"} and len(kept["valid_0"]["loss"]) == len(kept["training"]["loss"]) == 30
    assert int(np.argmin(kept["valid_0"]["loss"])) + 1 == made.n_iter_
    expected = np.mean((made.predict(X[HELD_OUT]) - NUMBERS[HELD_OUT]) ** 2)
    assert min(kept["valid_0"]["loss"]) == pytest.approx(expected, rel=1e-5)
    fitted(boosting(n_trees=5), km.record_evaluation(kept), eval_set=None)
    assert set(kept) == {"training"} and not math.isnan(kept["training"]["loss"][0])
    with pytest.raises(TypeError, match="not a dict"):
        km.record_evaluation([])  # type: ignore[arg-type]


def test_progress_is_one_line() -> None:
    shown = io.StringIO()
    fitted(boosting(n_trees=4), km.progress(shown))
    assert shown.getvalue().count("\r") == 4 and shown.getvalue().count("\n") == 1 and " 4/4 " in shown.getvalue()


LEARNERS = [
    boosting(n_trees=10),
    km.MLPRegressor(n_epochs=10, hidden_sizes=[8]),
    km.SGDRegressor(tolerance=None, n_epochs=10),
    km.PoissonRegressor(),
    km.XGBoostRegressor(n_trees=10, n_threads=1),
    km.LightGBMRegressor(n_trees=10, n_threads=1),
]


@pytest.mark.parametrize("made", LEARNERS, ids=lambda made: type(made).__name__)
@pytest.mark.parametrize("raised", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_what_a_callback_raises_ends_the_fit_and_leaves_the_estimator_as_it_was(made: Any, raised: type[BaseException]) -> None:
    target = np.exp(NUMBERS)
    before = made.fit(X, target).predict(X)
    told: list[int] = []

    def fail(progress: km.FitProgress) -> None:
        told.append(progress.iteration)
        if progress.iteration == 2:
            raise raised

    with pytest.raises(raised):
        made.fit(X[:100], target[:100], callbacks=[fail])
    assert told == [1, 2]
    np.testing.assert_array_equal(made.predict(X), before)


@pytest.mark.parametrize("each", [km.SVC, km.KNeighborsRegressor, km.Ridge, km.Lasso], ids=lambda each: each.__name__)
def test_callbacks_that_would_never_be_called_are_refused(each: Any) -> None:
    target = NUMBERS > 0 if issubclass(each, km.Classifier) else NUMBERS
    with pytest.raises(InvalidInputError, match="would never be called"):
        each().fit(X, target, callbacks=[print])


@pytest.mark.parametrize("made", [km.SGDClassifier(tolerance=None, n_epochs=6), km.LinearSVC()], ids=lambda made: type(made).__name__)
def test_several_boundaries_are_told_of_as_one_fit(made: Any) -> None:
    told: list[int] = []
    labels = np.digitize(NUMBERS, [-1, 1])
    whole = made.fit(X, labels).coef_
    made.fit(X, labels, callbacks=[lambda p: told.append(p.iteration)])
    assert told == list(range(1, len(told) + 1)) and len(told) >= 6
    np.testing.assert_array_equal(made.coef_, whole)
    told.clear()
    made.fit(X, labels, callbacks=[lambda p: told.append(p.iteration) or p.iteration < 3])
    assert told == [1, 2, 3] and (made.coef_ != whole).any()


def test_the_training_rows_may_stand_beside_those_held_out() -> None:
    rows, target = X[TRAIN], NUMBERS[TRAIN]
    expected = fitted(boosting(patience=10)).predict(X)
    for spelt in ([EVALUATION], [(rows, target), EVALUATION]):
        np.testing.assert_array_equal(boosting(patience=10).fit(rows, target, eval_set=spelt).predict(X), expected)
    with pytest.raises(InvalidInputError, match="has 2 sets beside the training rows"):
        boosting().fit(rows, target, eval_set=[EVALUATION, EVALUATION])


@pytest.mark.parametrize("min_delta", [0.0, 0.01])
def test_lightgbm_stops_where_its_own_callback_stops_it(min_delta: float) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    rows, target = X[TRAIN].astype(np.float64), NUMBERS[TRAIN]
    settings = {"n_estimators": 300, "learning_rate": 0.2, "num_leaves": 15, "min_child_samples": 10}
    theirs, ours = {}, {}
    fixed = {"deterministic": True, "force_col_wise": True, "verbose": -1, "n_jobs": 1, "random_state": 0}
    expected = lightgbm.LGBMRegressor(**settings, **fixed).fit(
        rows,
        target,
        eval_set=[EVALUATION],
        callbacks=[lightgbm.early_stopping(10, verbose=False, min_delta=min_delta), lightgbm.record_evaluation(theirs)],
    )
    made = km.LightGBMRegressor(**settings, n_threads=1).fit(
        rows,
        target,
        eval_set=[EVALUATION],
        callbacks=[km.early_stopping(10, verbose=False, min_delta=min_delta), km.record_evaluation(ours)],
    )
    assert made.n_iter_ == expected.best_iteration_
    np.testing.assert_allclose(ours["valid_0"]["loss"], theirs["valid_0"]["l2"], rtol=1e-6)
    np.testing.assert_allclose(made.predict(rows), expected.predict(rows), rtol=1e-5, atol=1e-6)
