"""Models of LightGBM, XGBoost, CatBoost and scikit-learn, imported: predictions and contributions are those of the library."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn import ensemble, linear_model, pipeline, svm, tree

import kolosal.explain as ke
import kolosal.models as km
from kolosal import InvalidInputError, NotFittedError

N = 600
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(N, 5)).astype(np.float32)
X[RANDOM.random(X.shape) < 0.1] = np.nan
FILLED = np.nan_to_num(X)
NUMBERS = FILLED @ [2, -1, 0.5, 0, 0] + FILLED[:, 3] * FILLED[:, 4] + 0.3 * RANDOM.normal(size=N)
COUNTS = RANDOM.poisson(np.exp(0.3 * NUMBERS)).astype(float)
PAIR = np.where(NUMBERS > 0, "yes", "no")
THREE = np.digitize(NUMBERS, [-1, 1])
TOWNS = ["hull", "bath", "york", "leeds", "ely"] * 10
FRAME = pd.DataFrame({"size": X[:, 0].astype(float), "town": pd.Categorical(RANDOM.choice(TOWNS, N)), "age": X[:, 1].astype(float)})
WORTH = FRAME["town"].cat.codes * np.nan_to_num(X[:, 0]) + (FRAME["town"] == "york")

LIGHTGBM = [
    (lightgbm.LGBMRegressor(n_estimators=40, verbose=-1), NUMBERS),
    (lightgbm.LGBMRegressor(n_estimators=20, objective="poisson", verbose=-1), COUNTS),
    (lightgbm.LGBMRegressor(n_estimators=20, boosting_type="rf", subsample=0.6, subsample_freq=1, verbose=-1), NUMBERS),
    (lightgbm.LGBMRegressor(n_estimators=10, use_missing=False, verbose=-1), NUMBERS),
    (lightgbm.LGBMClassifier(n_estimators=30, verbose=-1), PAIR),
    (lightgbm.LGBMClassifier(n_estimators=30, sigmoid=0.5, verbose=-1), PAIR),
    (lightgbm.LGBMClassifier(n_estimators=15, verbose=-1), THREE),
    (lightgbm.LGBMClassifier(n_estimators=15, boosting_type="dart", verbose=-1), THREE),
]
XGBOOST = [
    (xgboost.XGBRegressor(n_estimators=40), NUMBERS),
    (xgboost.XGBRegressor(n_estimators=20, objective="count:poisson"), COUNTS),
    (xgboost.XGBRegressor(n_estimators=20, booster="dart", rate_drop=0.3), NUMBERS),
    (xgboost.XGBRegressor(n_estimators=20, booster="gblinear"), NUMBERS),
    (xgboost.XGBRegressor(n_estimators=20, base_score=0.7, num_parallel_tree=2), NUMBERS),
    (xgboost.XGBRegressor(n_estimators=20), np.column_stack([NUMBERS, -COUNTS])),
    (xgboost.XGBClassifier(n_estimators=30), (NUMBERS > 0.5).astype(int)),
    (xgboost.XGBClassifier(n_estimators=15), THREE),
]
SCIKIT_LEARN = [
    (tree.DecisionTreeRegressor(random_state=0), NUMBERS),
    (tree.DecisionTreeClassifier(max_depth=6, random_state=0), PAIR),
    (ensemble.RandomForestRegressor(20, random_state=0), NUMBERS),
    (ensemble.RandomForestRegressor(10, random_state=0), np.column_stack([NUMBERS, COUNTS])),
    (ensemble.RandomForestClassifier(20, random_state=0), THREE),
    (ensemble.ExtraTreesClassifier(20, random_state=0), PAIR),
    (linear_model.LinearRegression(), NUMBERS),
    (linear_model.Ridge(), np.column_stack([NUMBERS, COUNTS])),
    (linear_model.Lasso(alpha=0.1), NUMBERS),
    (linear_model.PoissonRegressor(), COUNTS),
    (linear_model.LogisticRegression(), PAIR),
    (linear_model.LogisticRegression(), THREE),
    (linear_model.SGDRegressor(random_state=0), NUMBERS),
    (linear_model.SGDClassifier(loss="log_loss", random_state=0), PAIR),
    (ensemble.GradientBoostingRegressor(n_estimators=20, subsample=0.5), NUMBERS + 1000),
    (ensemble.GradientBoostingRegressor(n_estimators=20, loss="huber", init="zero"), NUMBERS),
    (ensemble.GradientBoostingClassifier(n_estimators=20), PAIR),
    (ensemble.GradientBoostingClassifier(n_estimators=20, loss="exponential"), PAIR),
    (ensemble.GradientBoostingClassifier(n_estimators=10), THREE),
    (ensemble.HistGradientBoostingRegressor(max_iter=20, loss="quantile", quantile=0.8), NUMBERS + 1000),
    (ensemble.HistGradientBoostingRegressor(max_iter=20, loss="poisson"), COUNTS),
]
# Those that take missing values.
BINNED = [
    (ensemble.HistGradientBoostingRegressor(max_iter=20), NUMBERS),
    (ensemble.HistGradientBoostingClassifier(max_iter=20), PAIR),
    (ensemble.HistGradientBoostingClassifier(max_iter=10), THREE),
]


def agree(ours: Any, theirs: Any, rows: Any) -> None:
    if hasattr(theirs, "predict_proba"):
        np.testing.assert_allclose(ours.predict_proba(rows), theirs.predict_proba(rows), rtol=1e-6, atol=1e-6)
        assert ours.classes_.tolist() == theirs.classes_.tolist()
        assert (ours.predict(rows) == theirs.predict(rows)).all()
    else:
        np.testing.assert_allclose(ours.predict(rows), theirs.predict(rows), rtol=2e-6, atol=2e-6)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("theirs", "target"), LIGHTGBM)
def test_models_of_lightgbm_predict_and_contribute_as_there(theirs: Any, target: Any, tmp_path: Path) -> None:
    theirs.fit(X, target)
    ours = km.import_model(theirs)
    agree(ours, theirs, X)
    theirs.booster_.save_model(tmp_path / "model.txt")
    again = km.import_model(tmp_path / "model.txt", classes=getattr(theirs, "classes_", None))
    np.testing.assert_array_equal(again.predict(X), ours.predict(X))
    scale = 0.5 if theirs.get_params().get("sigmoid") else 1.0
    scale /= 20 if theirs.boosting_type == "rf" else 1  # LightGBM gives the sum over a forest's trees, whose mean it predicts
    known = theirs.predict(X, pred_contrib=True).reshape(N, -1, 6) * scale
    found = ke.shap_values(ours, X)
    values = found.values.reshape(N, 5, -1).transpose(0, 2, 1)
    np.testing.assert_allclose(values, known[:, :, :5], atol=2e-6)
    np.testing.assert_allclose(np.broadcast_to(found.base_values, known.shape[1]), known[0, :, 5], atol=2e-6)


@pytest.mark.filterwarnings("ignore")
def test_leaves_of_lightgbm_that_sum_features_predict_as_there(tmp_path: Path) -> None:
    for theirs, target in (
        (lightgbm.LGBMRegressor(n_estimators=20, linear_tree=True, verbose=-1), NUMBERS),
        (lightgbm.LGBMClassifier(n_estimators=10, linear_tree=True, verbose=-1), THREE),
    ):
        ours = km.import_model(theirs.fit(X, target))  # with holes: a leaf then has its value
        agree(ours, theirs, X)
        ours.save(tmp_path / "model.kolosal")
        np.testing.assert_array_equal(km.load(tmp_path / "model.kolosal").predict(X), ours.predict(X))
        with pytest.raises(InvalidInputError, match="means of the features that they sum"):
            ke.shap_values(ours, X)
        found = ke.shap_values(ours, X, background=X)
        shares = found.values.reshape(N, 5, -1).sum(axis=1) + found.base_values
        raw = np.asarray(theirs.predict(X, raw_score=True)).reshape(N, -1)
        np.testing.assert_allclose(shares, raw, atol=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_categories_of_pandas_come_with_models_of_lightgbm() -> None:
    theirs = lightgbm.LGBMRegressor(n_estimators=40, min_child_samples=5, verbose=-1).fit(FRAME, WORTH)
    ours = km.import_model(theirs)
    agree(ours, theirs, FRAME)
    assert ours.feature_names_in_.tolist() == ["size", "town", "age"]
    turned = FRAME.assign(town=FRAME["town"].cat.reorder_categories(["york", "ely", "hull", "leeds", "bath"]))
    np.testing.assert_array_equal(ours.predict(turned), ours.predict(FRAME))
    unseen = FRAME.assign(town=pd.Categorical(["rye"] * N))
    np.testing.assert_allclose(ours.predict(unseen), theirs.predict(unseen), rtol=1e-6, atol=1e-6)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", ["json", "ubj"])
@pytest.mark.parametrize(("theirs", "target"), XGBOOST)
def test_models_of_xgboost_predict_and_contribute_as_there(theirs: Any, target: Any, form: str, tmp_path: Path) -> None:
    theirs.fit(X, target)
    rows = FILLED if theirs.booster == "gblinear" else X
    if theirs.booster == "gblinear":
        theirs.fit(FILLED, target)
    theirs.save_model(tmp_path / f"model.{form}")
    ours = km.import_model(tmp_path / f"model.{form}", classes=getattr(theirs, "classes_", None))
    agree(ours, theirs, rows)
    if theirs.booster == "gblinear":
        return
    contributions = theirs.get_booster().predict(xgboost.DMatrix(X), pred_contribs=True).reshape(N, -1, 6)
    found = ke.shap_values(ours, X)
    np.testing.assert_allclose(found.values.reshape(N, 5, -1).transpose(0, 2, 1), contributions[:, :, :5], atol=1e-4)


def test_interactions_are_those_of_xgboost() -> None:
    theirs = xgboost.XGBRegressor(n_estimators=10, max_depth=4).fit(X, NUMBERS)
    known = theirs.get_booster().predict(xgboost.DMatrix(X), pred_interactions=True)
    np.testing.assert_allclose(ke.shap_interactions(km.import_model(theirs), X), known[:, :5, :5], atol=1e-4)


def test_categories_of_xgboost_are_codes() -> None:
    coded = np.column_stack([FRAME["town"].cat.codes, X[:, 0]]).astype(np.float32)
    rows = xgboost.DMatrix(coded, WORTH, feature_types=["c", "q"], enable_categorical=True)
    theirs = xgboost.train({"max_depth": 5, "max_cat_to_onehot": 1, "min_child_weight": 1}, rows, 20)
    np.testing.assert_allclose(km.import_model(theirs).predict(coded), theirs.predict(rows), rtol=2e-6, atol=2e-6)


@pytest.mark.filterwarnings("ignore")
def test_only_the_rounds_up_to_the_best_are_imported() -> None:
    held_out = [(X[400:], NUMBERS[400:])]
    ours = xgboost.XGBRegressor(n_estimators=300, early_stopping_rounds=5).fit(X[:400], NUMBERS[:400], eval_set=held_out, verbose=False)
    assert km.import_model(ours).n_iter_ == ours.best_iteration + 1
    agree(km.import_model(ours), ours, X)


@pytest.mark.parametrize(("theirs", "target"), SCIKIT_LEARN)
def test_models_of_scikit_learn_predict_as_there(theirs: Any, target: Any) -> None:
    theirs.fit(FILLED, target)
    ours = km.import_model(theirs)
    agree(ours, theirs, FILLED)
    if hasattr(theirs, "feature_importances_") and isinstance(theirs, tree.DecisionTreeRegressor):
        np.testing.assert_allclose(ours.feature_importances_, theirs.feature_importances_, rtol=1e-6)


@pytest.mark.parametrize(("theirs", "target"), BINNED)
def test_boosting_of_scikit_learn_comes_with_its_way_of_missing_values(theirs: Any, target: Any, tmp_path: Path) -> None:
    theirs.fit(X, target)
    ours = km.import_model(theirs)
    agree(ours, theirs, X)
    assert ours.n_iter_ == theirs.n_iter_ and ours[:3].n_iter_ == 3
    for begun, expected in zip(ours.staged_predict(X), theirs.staged_predict(X), strict=True):
        if target is NUMBERS:
            np.testing.assert_allclose(begun, expected, rtol=2e-6, atol=2e-6)
        else:
            assert (begun == expected).all()


CODED = WORTH + 3.0 * FRAME["town"].isin(["york", "ely"])
WITH_HOLES = FRAME.assign(town=FRAME["town"].where(RANDOM.random(N) < 0.9), rooms=pd.Categorical(RANDOM.choice([3, 7, 9, 11], N)))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "theirs",
    [
        ensemble.HistGradientBoostingRegressor(max_iter=30, min_samples_leaf=5),
        xgboost.XGBRegressor(n_estimators=20, enable_categorical=True, max_cat_to_onehot=2),
        xgboost.XGBRegressor(n_estimators=20, enable_categorical=True),
        xgboost.XGBRegressor(n_estimators=10, enable_categorical=True, booster="dart", rate_drop=0.3),
    ],
)
@pytest.mark.parametrize("rows", [FRAME, WITH_HOLES], ids=["whole", "with holes"])
def test_categories_of_frames_come_with_models(theirs: Any, rows: pd.DataFrame, tmp_path: Path) -> None:
    theirs.fit(rows, CODED)
    ours = km.import_model(theirs)
    agree(ours, theirs, rows)
    turned = rows.assign(town=rows["town"].cat.reorder_categories(["york", "ely", "hull", "leeds", "bath"]))
    np.testing.assert_array_equal(ours.predict(turned), ours.predict(rows))
    ours.save(tmp_path / "model.kolosal")
    np.testing.assert_array_equal(km.load(tmp_path / "model.kolosal").predict(rows), ours.predict(rows))
    if isinstance(theirs, ensemble.HistGradientBoostingRegressor):
        unseen = rows.assign(town=pd.Categorical(["rye"] * N))
        agree(ours, theirs, unseen)


def test_numbers_that_bounds_of_histograms_lie_on_go_where_they_went() -> None:
    lengths = np.round(
        np.random.default_rng(1).normal(size=(2000, 3)), 2
    )  # hundredths, which float32 does not hold, on which many of the bounds lie
    target = lengths[:, 0] + lengths[:, 1] * lengths[:, 2]
    theirs = ensemble.HistGradientBoostingRegressor(max_iter=5).fit(lengths, target)
    agree(km.import_model(theirs), theirs, lengths)
    steps = np.float32(1) + np.arange(200, dtype=np.float32) * np.finfo(np.float32).eps  # neighbours, which bounds lie half way between
    theirs = ensemble.HistGradientBoostingRegressor(max_iter=5, min_samples_leaf=1).fit(steps[:, None], np.arange(200) % 7)
    agree(km.import_model(theirs), theirs, steps[:, None])


def test_imported_models_are_saved_loaded_and_not_fitted(tmp_path: Path) -> None:
    ours = km.import_model(lightgbm.LGBMClassifier(n_estimators=5, verbose=-1).fit(X, PAIR))
    ours.save(tmp_path / "m.kolosal")
    for again in (km.load(tmp_path / "m.kolosal"), pickle.loads(pickle.dumps(ours))):
        assert isinstance(again, km.ImportedClassifier)
        np.testing.assert_array_equal(again.predict_proba(X), ours.predict_proba(X))
    with pytest.raises(InvalidInputError, match="not trained further"):
        ours.fit(X, PAIR)


def test_what_has_no_counterpart_says_so() -> None:
    with pytest.raises(InvalidInputError, match="several outputs"):
        multi = xgboost.XGBRegressor(n_estimators=3, multi_strategy="multi_output_tree").fit(X, np.column_stack([NUMBERS, COUNTS]))
        km.import_model(multi)
    with pytest.raises(InvalidInputError, match=r"AdaBoostRegressor is no tree[\s\S]*Train a tree"):
        km.import_model(ensemble.AdaBoostRegressor(n_estimators=2).fit(FILLED, NUMBERS))
    with pytest.raises(InvalidInputError, match=r"LinearSVC is no tree[\s\S]*Train kolosal.models.LinearSVC"):
        km.import_model(svm.LinearSVC().fit(FILLED, PAIR))
    with pytest.raises(InvalidInputError, match=r"Pipeline is no tree[\s\S]*Import its last step"):
        km.import_model(pipeline.make_pipeline(linear_model.Ridge()).fit(FILLED, NUMBERS))
    with pytest.raises(InvalidInputError, match=r"loss='hinge' has no probabilities[\s\S]*log_loss"):
        km.import_model(linear_model.SGDClassifier().fit(FILLED, PAIR))
    with pytest.raises(InvalidInputError, match="SGDClassifier of more than two classes"):
        km.import_model(linear_model.SGDClassifier(loss="log_loss").fit(FILLED, THREE))
    with pytest.raises(InvalidInputError, match="begins at a Ridge"):
        km.import_model(ensemble.GradientBoostingRegressor(n_estimators=2, init=linear_model.Ridge()).fit(FILLED, NUMBERS))
    with pytest.raises(InvalidInputError, match=r"trained on an array[\s\S]*data frame"):
        codes = np.column_stack([FRAME["town"].cat.codes, FILLED])
        km.import_model(ensemble.HistGradientBoostingRegressor(max_iter=2, categorical_features=[0]).fit(codes, NUMBERS))
    with pytest.raises(InvalidInputError, match=r"missing=0 has no counterpart[\s\S]*NaN where 0 stands"):
        km.import_model(xgboost.XGBRegressor(n_estimators=2, missing=0).fit(FILLED, NUMBERS))
    with pytest.raises(InvalidInputError, match="Ridge is a class, no trained model"):
        km.import_model(linear_model.Ridge)
    with pytest.raises(InvalidInputError, match="one of ours already"):
        km.import_model(km.Ridge())
    with pytest.raises(InvalidInputError, match="it begins neither"):
        km.import_model(b"hello")
    with pytest.raises(InvalidInputError, match="2 labels for 3 classes"):
        km.import_model(xgboost.XGBClassifier(n_estimators=2).fit(X, THREE), classes=["a", "b"])


@pytest.mark.parametrize("theirs", [lightgbm.LGBMClassifier(), xgboost.XGBRegressor(), linear_model.Ridge(), tree.DecisionTreeClassifier()])
def test_models_that_are_not_trained_are_refused(theirs: Any) -> None:
    with pytest.raises(NotFittedError, match=f"this {type(theirs).__name__} is not fitted yet"):
        km.import_model(theirs)


@pytest.mark.parametrize("library", ["lightgbm", "xgboost json", "xgboost ubj"])
def test_files_that_are_cut_short_or_changed_are_errors_or_models(library: str) -> None:
    if library == "lightgbm":
        whole = lightgbm.LGBMRegressor(n_estimators=3, num_leaves=4, verbose=-1).fit(FRAME, WORTH).booster_.model_to_string().encode()
        end = whole.index(b"end of trees")
    else:
        whole = bytes(xgboost.XGBRegressor(n_estimators=3, max_depth=2).fit(X, NUMBERS).get_booster().save_raw(library.split()[1]))
        end = len(whole)
    km.import_model(whole)
    for length in range(0, end, 37):
        with pytest.raises(InvalidInputError):
            km.import_model(whole[:length])
    for at in RANDOM.integers(0, end, 300):
        changed = whole[:at] + bytes([RANDOM.integers(0, 256)]) + whole[at + 1 :]
        try:
            made = km.import_model(changed)
        except InvalidInputError:
            continue
        assert np.isfinite(made.predict(np.zeros((3, made.n_features_in_)))).all() if not made._features.levels else True


@pytest.mark.parametrize(
    ("kind", "settings", "target"),
    [
        ("CatBoostRegressor", {}, NUMBERS),
        ("CatBoostRegressor", {"loss_function": "Poisson"}, COUNTS),
        ("CatBoostRegressor", {"grow_policy": "Lossguide", "nan_mode": "Max"}, NUMBERS),
        ("CatBoostRegressor", {"loss_function": "MultiRMSE"}, np.column_stack([NUMBERS, -COUNTS])),
        ("CatBoostClassifier", {}, PAIR),
        ("CatBoostClassifier", {"grow_policy": "Depthwise"}, THREE),
    ],
)
def test_catboost_predicts_the_same(kind: str, settings: dict[str, Any], target: np.ndarray) -> None:
    catboost = pytest.importorskip("catboost")
    theirs = getattr(catboost, kind)(iterations=30, verbose=False, allow_writing_files=False, thread_count=1, **settings).fit(X, target)
    ours = km.import_model(theirs)
    known = theirs.predict_proba(X) if hasattr(theirs, "predict_proba") else theirs.predict(X)
    np.testing.assert_allclose(ours.predict_proba(X) if hasattr(ours, "predict_proba") else ours.predict(X), known, rtol=1e-6, atol=1e-6)
    if hasattr(theirs, "predict_proba"):
        np.testing.assert_array_equal(ours.predict(X), np.ravel(theirs.predict(X)))


def test_training_by_catboost_is_refused_with_what_is_possible() -> None:
    with pytest.raises(AttributeError, match=r"CatBoostClassifier: .* no C interface to train[\s\S]*import_model"):
        _ = km.CatBoostClassifier
