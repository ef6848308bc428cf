"""Boosting from Python beyond fit and predict: rounds, schedules, constraints by name, losses of one's own, groups."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import kolosal.models as km
from kolosal import InvalidInputError

KOLOSAL = Path(sys.executable).parent / "kolosal"
N = 400
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(N, 4))
NUMBERS = 2 * X[:, 0] - X[:, 1] * X[:, 2] + 0.1 * RANDOM.normal(size=N)
LABELS = np.digitize(NUMBERS, [-1, 1])
FRAME = pd.DataFrame(X, columns=["a", "b", "c", "d"])


@pytest.mark.parametrize(
    ("made", "target"),
    [
        (km.GradientBoostingClassifier(n_trees=6), LABELS),
        (km.GradientBoostingClassifier(n_trees=6), LABELS > 0),
        (km.GradientBoostingRegressor(n_trees=6), np.column_stack([NUMBERS, -NUMBERS])),
        (km.GradientBoostingRanker(n_trees=6), LABELS),
        (km.RandomForestRegressor(n_trees=6), NUMBERS),
        (km.ExtraTreesClassifier(n_trees=6), LABELS),
    ],
)
def test_rounds_are_predicted_one_by_one_and_sliced(made: Any, target: np.ndarray) -> None:
    made.fit(X, target)
    stages = list(made.staged_predict(X))
    assert len(stages) == 6 and made[:3].n_iter_ == 3
    np.testing.assert_array_equal(stages[2], made[:3].predict(X))
    np.testing.assert_array_equal(stages[-1], made.predict(X))
    if hasattr(made, "predict_proba"):
        chances = list(made.staged_predict_proba(X))
        np.testing.assert_allclose(chances[1], made[:2].predict_proba(X), atol=1e-12)
    with pytest.raises(InvalidInputError, match="steps of 2"):
        made[::2]
    with pytest.raises(TypeError, match="sliced by rounds"):
        made[0]


def test_models_without_trees_have_no_rounds() -> None:
    ridge = km.Ridge().fit(X, NUMBERS)
    for ask in (lambda: ridge.staged_predict(X), lambda: ridge[:1], lambda: km.merge([ridge])):
        with pytest.raises(InvalidInputError, match="has no trees"):
            ask()


def test_merged_models_average() -> None:
    halves = [km.GradientBoostingRegressor(n_trees=20).fit(X[s], NUMBERS[s]) for s in (slice(None, None, 2), slice(1, None, 2))]
    np.testing.assert_allclose(km.merge(halves).predict(X), np.mean([each.predict(X) for each in halves], axis=0), atol=1e-6)
    forests = [km.RandomForestClassifier(n_trees=5, seed=seed).fit(X, LABELS) for seed in range(3)]
    assert km.merge(forests).n_iter_ == 15
    with pytest.raises(InvalidInputError, match="class or their labels"):
        km.merge([forests[0], halves[0]])
    with pytest.raises(InvalidInputError, match="no models"):
        km.merge([])


def test_a_fit_goes_on_as_if_it_had_not_stopped() -> None:
    for each, target in ((km.GradientBoostingRegressor, NUMBERS), (km.GradientBoostingClassifier, np.array(["x", "y", "z"])[LABELS])):
        start = each(n_trees=5, row_fraction=0.7).fit(FRAME, target)
        more = each(n_trees=7, row_fraction=0.7).fit(FRAME, target, init_model=start)
        whole = each(n_trees=12, row_fraction=0.7).fit(FRAME, target)
        assert more.n_iter_ == 12 and start.n_iter_ == 5
        np.testing.assert_array_equal(more.predict(FRAME), whole.predict(FRAME))
        with pytest.raises(InvalidInputError, match="feature|unseen|missing"):
            each().fit(FRAME[["a", "b"]], target, init_model=start)
    with pytest.raises(InvalidInputError, match="does not go on"):
        km.Ridge().fit(FRAME, NUMBERS, init_model=start)
    with pytest.raises(InvalidInputError, match="none of those that were learnt"):
        km.GradientBoostingClassifier().fit(FRAME, LABELS + 1, init_model=km.GradientBoostingClassifier(n_trees=1).fit(FRAME, LABELS))


def test_rates_come_from_a_list_or_a_function(tmp_path: Path) -> None:
    halving = km.GradientBoostingRegressor(n_trees=4, learning_rate=lambda round_: 0.4 / 2**round_).fit(X, NUMBERS)
    listed = km.GradientBoostingRegressor(n_trees=4, learning_rate=[0.4, 0.2, 0.1, 0.05]).fit(X, NUMBERS)
    np.testing.assert_array_equal(halving.predict(X), listed.predict(X))
    assert not np.array_equal(listed.predict(X), km.GradientBoostingRegressor(n_trees=4, learning_rate=0.4).fit(X, NUMBERS).predict(X))
    halving.save(tmp_path / "model.kolosal")
    assert km.load(tmp_path / "model.kolosal").learning_rate == (0.4, 0.2, 0.1, 0.05)
    with pytest.raises(InvalidInputError, match="learning_rates holds"):
        km.GradientBoostingRegressor(n_trees=4, learning_rate=[0.4, -1]).fit(X, NUMBERS)


def test_constraints_take_names_of_features() -> None:
    named = km.GradientBoostingRegressor(n_trees=10, monotone={"a": 1}, interactions=[["a"], ["b", "c", "d"]]).fit(FRAME, NUMBERS)
    numbered = km.GradientBoostingRegressor(n_trees=10, monotone=[1, 0, 0, 0], interaction_constraints=[[0], [1, 2, 3]]).fit(FRAME, NUMBERS)
    np.testing.assert_array_equal(named.predict(FRAME), numbered.predict(FRAME))
    for wrong in ({"monotone": {"e": 1}}, {"interactions": [["e"]]}):
        with pytest.raises(InvalidInputError, match="no feature 'e'"):
            km.GradientBoostingRegressor(**wrong).fit(FRAME, NUMBERS)


def squared(known: np.ndarray, scores: np.ndarray) -> Any:
    return scores - known, np.ones_like(scores), (scores - known) ** 2


def test_a_function_is_a_loss(tmp_path: Path) -> None:
    centred = NUMBERS - NUMBERS.mean()
    same = {"n_trees": 30, "max_leaves": 31, "min_rows_in_leaf": 20}  # which depend on the loss where they are not given
    ours = km.GradientBoostingRegressor(**same).fit(X, centred)
    theirs = km.GradientBoostingRegressor(**same, loss=squared).fit(X, centred, eval_set=(X, centred))
    np.testing.assert_allclose(theirs.predict(X), ours.predict(X), atol=1e-6)
    theirs.save(tmp_path / "model.kolosal")
    again = km.load(tmp_path / "model.kolosal")
    np.testing.assert_array_equal(again.predict(X), theirs.predict(X))
    with pytest.raises(InvalidInputError, match="stands for a function"):
        again.fit(X, centred)

    def softmax(known: np.ndarray, scores: np.ndarray) -> Any:
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        return chances - (known[:, None] == np.arange(3)), chances * (1 - chances)

    assert km.GradientBoostingClassifier(n_trees=40, learning_rate=0.2, loss=softmax).fit(X, LABELS).score(X, LABELS) > 0.9


@pytest.mark.parametrize(
    ("loss", "error", "text"),
    [
        (lambda y, s: 1 / 0, ZeroDivisionError, "division"),
        (lambda y, s: s - y, InvalidInputError, "did not return"),
        (lambda y, s: (s - y, np.ones(3)), InvalidInputError, r"hessians of shape \(3,\)"),
        (lambda y, s: (s * np.nan, np.ones_like(s)), InvalidInputError, "not finite"),
    ],
)
def test_what_a_loss_raises_or_gets_wrong_is_raised(loss: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        km.GradientBoostingRegressor(loss=loss).fit(X, NUMBERS)


def test_a_loss_that_tells_no_losses_takes_no_evaluation_rows() -> None:
    with pytest.raises(InvalidInputError, match="not known"):
        km.GradientBoostingRegressor(loss=lambda y, s: squared(y, s)[:2]).fit(X, NUMBERS, eval_set=(X, NUMBERS))


def test_groups_may_be_spelt_as_elsewhere() -> None:
    groups = np.repeat(np.arange(40), 10)
    expected = km.GradientBoostingRanker(n_trees=10, loss="xendcg").fit(X, LABELS, groups=groups).predict(X)
    for spelt in ({"qid": groups}, {"group": np.full(40, 10)}):
        np.testing.assert_array_equal(km.GradientBoostingRanker(n_trees=10, loss="xendcg").fit(X, LABELS, **spelt).predict(X), expected)
    with pytest.raises(InvalidInputError, match="given twice"):
        km.GradientBoostingRanker().fit(X, LABELS, groups=groups, qid=groups)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({"objective": "regression_l1", "max_depth": -1, "num_boost_round": 5}, {"loss": "absolute"}),
        ({"objective": "reg:squarederror", "grow_policy": "lossguide", "max_depth": 0, "max_iter": 5}, {"growth": "leaf"}),
        ({"objective": "count:poisson", "grow_policy": "depthwise", "n_estimators": 5}, {"loss": "poisson", "growth": "depth"}),
    ],
)
def test_values_may_be_spelt_as_elsewhere(theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    expected = km.GradientBoostingRegressor(n_trees=5, **ours).fit(X, np.abs(NUMBERS)).predict(X)
    np.testing.assert_array_equal(km.GradientBoostingRegressor(**theirs).fit(X, np.abs(NUMBERS)).predict(X), expected)


@pytest.mark.parametrize("loss", ["binary", "binary:logistic", "multiclass", "multi:softprob"])
def test_losses_of_classes_are_refused_where_none_are_told(loss: str) -> None:
    for each in (km.GradientBoostingRegressor, km.GradientBoostingRanker):
        with pytest.raises(InvalidInputError, match=rf"the loss '{loss}' is for classes\n  Use GradientBoostingClassifier"):
            each(n_trees=2, objective=loss).fit(X, LABELS)
    assert km.GradientBoostingClassifier(n_trees=2, objective=loss).fit(X, LABELS == 1).n_iter_ == 2


@pytest.mark.parametrize(
    "each",
    [km.DecisionTreeRegressor, km.RandomForestRegressor, km.ExtraTreesRegressor, km.RandomForestQuantileRegressor, km.XGBoostRegressor]
    + [km.LightGBMRegressor],
)
@pytest.mark.parametrize("unlimited", [-1, 0])
def test_no_limit_of_depth_may_be_spelt_as_elsewhere(each: Any, unlimited: int) -> None:
    few = {"n_trees": 3} if "n_trees" in each._specs else {}
    expected = each(max_depth=None, **few).fit(X, NUMBERS).predict(X)
    np.testing.assert_array_equal(each(max_depth=unlimited, **few).fit(X, NUMBERS).predict(X), expected)
    with pytest.raises(InvalidInputError, match="max_depth"):
        each(max_depth=-2, **few).fit(X, NUMBERS)
    with pytest.raises(InvalidInputError, match="max_depth"):
        each(max_depth=[3], **few).fit(X, NUMBERS)


def test_quantiles_are_columns_and_in_order_on_the_mean() -> None:
    made = km.GradientBoostingRegressor(n_trees=60, loss="quantile", quantiles=[0.1, 0.5, 0.9]).fit(X, NUMBERS)
    predicted = made.predict(X)
    assert predicted.shape == (N, 3) and (np.diff(predicted.mean(axis=0)) > 0).all()


def test_the_program_imports_a_model_that_python_loads(tmp_path: Path) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    theirs = lightgbm.LGBMClassifier(n_estimators=5, verbose=-1).fit(FRAME, np.array(["x", "y", "z"])[LABELS])
    theirs.booster_.save_model(tmp_path / "booster.txt")

    def run(*arguments: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run([KOLOSAL, *map(str, arguments)], capture_output=True, text=True, check=False)

    done = run("--json", "import", tmp_path / "booster.txt", "-o", tmp_path / "out.kolosal", "--classes", "x,y,z")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["task"] == "multiclass" and told["features"] == 4 and told["outputs"] == 3 and told["iterations"] == 5
    ours = km.load(tmp_path / "out.kolosal")
    np.testing.assert_array_equal(ours.predict(FRAME), theirs.predict(FRAME))
    assert ours.feature_names_in_.tolist() == list("abcd")
    wrong = run("import", tmp_path / "booster.txt", "-o", tmp_path / "other.kolosal", "--classes", "x,y")
    assert wrong.returncode == 1 and "names 2 classes where the model has 3" in wrong.stderr and not (tmp_path / "other.kolosal").exists()
    (tmp_path / "damaged.txt").write_text((tmp_path / "booster.txt").read_text()[:700])
    assert "error[bad_file]" in run("import", tmp_path / "damaged.txt", "-o", tmp_path / "other.kolosal").stderr
    assert run("import", tmp_path / "none.txt", "-o", tmp_path / "other.kolosal").returncode == 1


N_PROBES = 1_000_000


@pytest.mark.parametrize("growth", ["leaf", "depth", "symmetric"])
@pytest.mark.parametrize("each", [km.GradientBoostingRegressor, km.GradientBoostingClassifier])
def test_directions_hold_on_a_million_probes(growth: str, each: Any) -> None:
    random = np.random.default_rng(3)
    target = NUMBERS + np.sin(3 * X[:, 0]) if each is km.GradientBoostingRegressor else LABELS > 0  # not monotone by itself
    made = each(n_trees=60, growth=growth, min_rows_in_leaf=3, monotone=[1, -1, 0, 0], path_smooth=2.0).fit(X, target)
    rows = random.normal(size=(N_PROBES, 4)).astype(np.float32) * 2
    rows[::50, 2] = np.nan
    ask = made.predict if each is km.GradientBoostingRegressor else lambda x: made.predict_proba(x)[:, 1]
    before = ask(rows)
    for feature, sign in ((0, 1), (1, -1)):
        moved = rows.copy()
        moved[:, feature] += random.exponential(size=N_PROBES)
        change = sign * (ask(moved) - before)
        assert change.min() >= -1e-12 and change.max() > 0.01


def test_groups_that_do_not_interact_add_up_on_a_million_probes() -> None:
    random = np.random.default_rng(4)
    made = km.GradientBoostingRegressor(n_trees=60, min_rows_in_leaf=3, interactions=[[0, 1], [2, 3]]).fit(X, NUMBERS)
    first, second = random.normal(size=(2, N_PROBES, 4)).astype(np.float32)
    mixed, other = first.copy(), second.copy()
    mixed[:, 2:], other[:, 2:] = second[:, 2:], first[:, 2:]
    left = made.predict(first) + made.predict(second) - made.predict(mixed) - made.predict(other)
    assert np.abs(left).max() < 1e-5
    free = km.GradientBoostingRegressor(n_trees=60, min_rows_in_leaf=3).fit(X, NUMBERS)
    assert np.abs(free.predict(first) + free.predict(second) - free.predict(mixed) - free.predict(other)).max() > 0.1
