"""Trees of fitted models: out of bag, pruned, drawn, and explained without background rows."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import d2_pinball_score

import kolosal.explain as ke
import kolosal.models as km
from kolosal import InvalidInputError

N = 500
RANDOM = np.random.default_rng(0)
TOWNS = RANDOM.choice(["bath", "hull", "<york>"], N)
FRAME = pd.DataFrame({"area & more": RANDOM.normal(size=N), "age": RANDOM.normal(size=N), "town": pd.Categorical(TOWNS)})
NUMBERS = 2 * FRAME["area & more"] + (TOWNS == "hull") * 3 + 0.3 * RANDOM.normal(size=N)
LABELS = np.where(NUMBERS > 1, "dear", "cheap")


def test_rows_out_of_bag_judge_a_forest() -> None:
    made = km.RandomForestRegressor(n_trees=60, oob_score=True).fit(FRAME, NUMBERS)
    assert 0.85 < made.oob_score_ < made.score(FRAME, NUMBERS) and made.oob_prediction_.shape == (N,)
    classes = km.RandomForestClassifier(n_trees=60, oob_score=True).fit(FRAME, LABELS)
    assert 0.85 < classes.oob_score_ < 1 and classes.oob_decision_function_.shape == (N, 2)
    np.testing.assert_allclose(classes.oob_decision_function_.sum(axis=1), 1)
    assert not hasattr(km.RandomForestRegressor(n_trees=5).fit(FRAME, NUMBERS), "oob_score_") and clone(made).oob_score is True
    with pytest.raises(InvalidInputError, match="none is out of bag"):
        km.ExtraTreesRegressor(n_trees=5, oob_score=True).fit(FRAME, NUMBERS)
    assert km.ExtraTreesRegressor(n_trees=40, bootstrap=True, oob_score=True).fit(FRAME, NUMBERS).oob_score_ > 0.8


def test_a_fit_that_is_stopped_is_kept_without_an_out_of_bag_score() -> None:
    with pytest.warns(RuntimeWarning, match="no oob_score_"):
        made = km.RandomForestRegressor(n_trees=50, oob_score=True, n_threads=1).fit(FRAME, NUMBERS, callbacks=[lambda p: p.iteration < 5])
    assert made.n_iter_ == 5 and not hasattr(made, "oob_score_") and made.predict(FRAME).shape == (N,)


def test_what_one_fit_found_is_gone_after_the_next_and_from_parts_and_sums() -> None:
    made = km.RandomForestClassifier(n_trees=40, oob_score=True).fit(FRAME, LABELS)
    found = ("oob_score_", "oob_decision_function_")
    assert all(hasattr(made, name) for name in found)
    for other in (made[:3], km.merge([made, made]), km.prune(made, 0.1)):
        assert not any(hasattr(other, name) for name in found) and other.n_iter_ == other._native.n_iterations
    made.set_params(oob_score=False).fit(FRAME, LABELS)
    assert not any(hasattr(made, name) for name in found)
    boosted = km.GradientBoostingRegressor(n_trees=20).fit(FRAME, NUMBERS)
    noise = np.random.default_rng(5).permutation(NUMBERS)
    flat = (FRAME[100:], np.full(N - 100, noise[:100].mean()))  # on which every round is worse than none
    boosted.set_params(patience=3).fit(FRAME[:100], noise[:100], eval_set=flat)
    assert boosted._native.n_iterations == 0 and not hasattr(boosted, "n_iter_") and not hasattr(boosted[:0], "n_iter_")


def test_trees_are_pruned_by_what_their_leaves_are_worth() -> None:
    whole = km.DecisionTreeRegressor().fit(FRAME, NUMBERS)
    path = km.pruning_path(whole)
    assert path.alphas[0] == 0 and len(path.alphas) == len(path.impurities) and (np.diff(path.impurities) >= 0).all()
    alpha = path.alphas[-4]
    pruned = km.prune(whole, alpha)
    assert len(np.unique(pruned.apply(FRAME))) <= 5 < len(np.unique(whole.apply(FRAME)))
    np.testing.assert_array_equal(pruned.predict(FRAME), km.DecisionTreeRegressor(ccp_alpha=alpha).fit(FRAME, NUMBERS).predict(FRAME))
    with pytest.raises(InvalidInputError, match="can be pruned"):
        km.prune(km.GradientBoostingRegressor(n_trees=2).fit(FRAME, NUMBERS), 0.1)
    for wrong in (-1, float("nan")):
        with pytest.raises(InvalidInputError, match="alpha is (-1|nan)"):
            km.prune(whole, wrong)


@pytest.mark.parametrize(
    "made", [km.DecisionTreeClassifier(max_depth=3), km.GradientBoostingClassifier(n_trees=3, max_leaves=31, feature_fraction=1)]
)
def test_trees_are_drawn(made: Any) -> None:
    made.fit(FRAME, LABELS)
    picture = km.draw_tree(made, max_depth=2)
    svg = ElementTree.fromstring(picture.text)
    texts = [each.text or "" for each in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert any(each.startswith("area & more <= ") for each in texts) and picture._repr_svg_() == picture.text
    text = str(km.draw_tree(made, format="text"))
    assert "|-- yes: " in text and "town in {" in text
    dot = km.draw_tree(made, format="dot")
    assert dot.text.startswith("digraph tree {") and dot._repr_svg_() is None
    with pytest.raises(InvalidInputError, match="no tree 99"):
        km.draw_tree(made, 99)
    with pytest.raises(InvalidInputError, match="there is no tree -1 in a forest of"):
        km.draw_tree(made, -1)
    with pytest.raises(InvalidInputError, match="not one of text, dot, svg"):
        km.draw_tree(made, format="png")


def test_a_quantile_forest_predicts_ordered_columns() -> None:
    made = km.RandomForestQuantileRegressor(n_trees=40, quantiles=[0.05, 0.5, 0.95]).fit(FRAME, NUMBERS)
    low, middle, high = made.predict(FRAME).T
    assert (low <= middle).all() and (middle <= high).all() and np.mean((low <= NUMBERS) & (high >= NUMBERS)) > 0.9
    assert set(np.unique(made.predict(FRAME))) <= set(NUMBERS)


def test_the_trees_of_a_quantile_forest_are_looked_at_but_not_taken_apart() -> None:
    made = km.RandomForestQuantileRegressor(n_trees=6).fit(FRAME, NUMBERS)
    leaves = made.apply(FRAME)
    assert leaves.shape == (N, 6)
    same = km.RandomForestRegressor(n_trees=6, max_leaves=None, min_rows_in_leaf=5, feature_fraction=1 / 3).fit(FRAME, NUMBERS)
    np.testing.assert_array_equal(leaves, same.apply(FRAME))
    assert "<= " in str(km.draw_tree(made, format="text")) and km.pruning_path(made).alphas[0] == 0
    for ask in (lambda: made[:2], lambda: made.staged_predict(FRAME), lambda: km.merge([made]), lambda: km.prune(made, 0.1)):
        with pytest.raises(InvalidInputError, match="not taken apart, put together or pruned"):
            ask()


def test_quantiles_are_explained_by_boosting_and_not_by_a_forest() -> None:
    forest = km.RandomForestQuantileRegressor(n_trees=6).fit(FRAME, NUMBERS)
    with pytest.raises(InvalidInputError, match=r"no sums over its trees[^\x00]*gradient_boosting with the loss 'quantile'"):
        ke.shap_values(forest, FRAME)
    boosted = km.GradientBoostingRegressor(n_trees=10, loss="quantile", quantile=0.9).fit(FRAME, NUMBERS)
    found = ke.shap_values(boosted, FRAME)
    np.testing.assert_allclose(found.base_values + found.values.sum(axis=1), boosted.predict(FRAME), atol=1e-8)


@pytest.mark.parametrize("split_method", ["exact", "histogram", "auto"])
def test_forests_split_between_values_or_bins(split_method: str) -> None:
    bins = {} if split_method == "exact" else {"max_bin": 32}
    for made in (
        km.RandomForestRegressor(n_trees=20, seed=1, split_method=split_method, **bins),
        km.DecisionTreeRegressor(split_method=split_method),
    ):
        assert made.fit(FRAME, NUMBERS).score(FRAME, NUMBERS) > 0.9
    with pytest.raises(InvalidInputError, match="max_bins is 9, but split_method is 'exact'"):
        km.RandomForestClassifier(split_method="exact", max_bins=9).fit(FRAME, NUMBERS > 0)
    with pytest.raises(InvalidInputError, match="auto, exact, histogram"):
        km.DecisionTreeRegressor(split_method="hist").fit(FRAME, NUMBERS)


@pytest.mark.parametrize("made", [km.RandomForestQuantileRegressor(n_trees=40), km.GradientBoostingRegressor(n_trees=60, loss="quantile")])
def test_several_quantiles_are_scored_by_the_pinball_loss(made: Any) -> None:
    shares = [0.1, 0.5, 0.8]
    made.set_params(quantiles=shares).fit(FRAME, NUMBERS)
    weights = RANDOM.integers(1, 4, N)
    for weight in (None, weights):
        columns = zip(shares, made.predict(FRAME).T, strict=True)
        expected = [d2_pinball_score(NUMBERS, each, alpha=share, sample_weight=weight) for share, each in columns]
        assert made.score(FRAME, NUMBERS, weight) == pytest.approx(np.mean(expected), abs=1e-9)
    with pytest.raises(InvalidInputError, match="1 target where the model predicts 3"):
        made.set_params(quantiles=[0.5]).score(FRAME, NUMBERS)


@pytest.mark.parametrize(
    "made",
    [
        km.GradientBoostingRegressor(n_trees=20),
        km.GradientBoostingRegressor(n_trees=20, sampling="goss", drop_fraction=0.2),
        km.RandomForestRegressor(n_trees=10, prune_alpha=0.01),
        km.DecisionTreeRegressor(),
    ],
)
def test_forests_are_explained_without_background_rows(made: Any) -> None:
    found = ke.shap_values(made.fit(FRAME, NUMBERS), FRAME)
    np.testing.assert_allclose(found.values.sum(axis=1) + found.base_values, made.predict(FRAME), atol=1e-6)
    if type(made) is km.DecisionTreeRegressor:
        np.testing.assert_allclose(found.values, ke.shap_values(made, FRAME, background=FRAME).values, atol=1e-9)
    part = ke.shap_values(made[:1], FRAME)
    np.testing.assert_allclose(part.values.sum(axis=1) + part.base_values, made[:1].predict(FRAME), atol=1e-6)


@pytest.mark.parametrize("each", [km.RandomForestClassifier, km.RandomForestRegressor, km.ExtraTreesRegressor])
def test_forests_go_on_as_if_they_had_not_stopped(each: Any) -> None:
    target = LABELS if "Classifier" in each.__name__ else NUMBERS
    start = each(n_trees=5).fit(FRAME, target)
    more, whole = each(n_trees=7).fit(FRAME, target, init_model=start), each(n_trees=12).fit(FRAME, target)
    assert more.n_iter_ == 12 and start.n_iter_ == 5
    assert more._native.to_bytes("null") == whole._native.to_bytes("null")
    with pytest.raises(InvalidInputError, match="feature|expecting"):
        each().fit(FRAME[["age"]], target, init_model=start)


def test_out_of_bag_is_by_the_trees_that_were_added() -> None:
    start = km.RandomForestRegressor(n_trees=40, seed=1).fit(FRAME, NUMBERS)  # it saw every row
    more = km.RandomForestRegressor(n_trees=60, oob_score=True).fit(FRAME, NUMBERS, init_model=start)
    assert more.oob_score_ < more.score(FRAME, NUMBERS) - 0.01
    with pytest.raises(InvalidInputError, match="averaged over trees"):
        km.RandomForestRegressor().fit(FRAME, NUMBERS, init_model=km.GradientBoostingRegressor(n_trees=2).fit(FRAME, NUMBERS))
