"""Models of other libraries, brought into the native forms: they predict as they did there, and are explained, saved and served as ours."""

from __future__ import annotations

import json
import os
import re
import tempfile
from typing import Any, ClassVar

import numpy as np

from .. import _kolosal
from .._errors import InvalidInputError
from ._base import FIT_SPECS, CatalogModel, Classifier, Ranker, Regressor
from ._features import Features


class _Imported(CatalogModel):
    _specs = {"n_threads": FIT_SPECS["n_threads"]}
    _about: ClassVar[dict[str, Any]] = {
        "tasks": ["binary", "multiclass", "regression", "multi_regression", "ranking"],
        "accepts_missing": True,
        "accepts_categories": True,
        "accepts_negative": True,
        "accepts_sparse": False,
        "accepts_negative_target": True,
        "uses_validation": False,
        "continues": False,
    }

    def fit(self, X: Any, y: Any, *unused: Any, **named: Any) -> Any:
        """Refused: an imported model was trained elsewhere."""
        raise InvalidInputError("an imported model is not trained further", "unsupported", "Use a class of kolosal.models.")


class ImportedClassifier(_Imported, Classifier):
    """A model of classes that another library trained."""


class ImportedRegressor(_Imported, Regressor):
    """A model of numbers that another library trained."""


class ImportedRanker(_Imported, Ranker):
    """A model of an order that another library trained."""


IMPORTED: dict[str, type[CatalogModel]] = {each.__name__: each for each in (ImportedClassifier, ImportedRegressor, ImportedRanker)}


def import_model(source: Any, classes: Any = None) -> Any:
    """A model that another library trained.

    Args:
        source: A trained model of LightGBM, XGBoost or CatBoost (their boosters or scikit-learn classes), a tree, forest or linear model of
            scikit-learn, or the path or bytes of a file: LightGBM's text, XGBoost's JSON or UBJSON, CatBoost's JSON.
        classes: The labels of a classifier in the order of its probabilities; those that the source knows, or 0, 1, ... where not given.

    Returns:
        An estimator that predicts the same to 1e-6 on features that float32 holds.

    Raises:
        InvalidInputError: where the file is damaged, or the model is of a kind that the native forms do not hold.
    """
    library = type(source).__module__.split(".")[0]
    if classes is None:
        classes = getattr(source, "classes_", None)
    if library == "sklearn":
        return _of_scikit_learn(source, classes)
    native, text = _kolosal.FittedModel.import_bytes(_bytes_of(source, library))
    about = json.loads(text)
    levels = {j: each for j, each in enumerate(about["levels"]) if each is not None}
    task = about["task"]
    kind: Any = ImportedClassifier if task in ("binary", "multiclass") else ImportedRanker if task == "ranking" else ImportedRegressor
    return _made(kind, native, about["names"], levels, classes)


def _made(kind: Any, native: Any, names: list[str], levels: dict[int, list[Any]], classes: Any) -> Any:
    made = kind()
    if kind is ImportedClassifier:
        made.classes_ = np.arange(native.n_outputs) if classes is None or len(classes) == 0 else np.asarray(classes)
        if len(made.classes_) != native.n_outputs:
            raise InvalidInputError(f"there are {len(made.classes_)} labels for {native.n_outputs} classes", "bad_value")
    numbered = all(re.fullmatch(r"(Column_|x|f)?\d+", name) for name in names)
    return made._adopt(native, Features(names, levels), not numbered)


def _bytes_of(source: Any, library: str) -> bytes:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source)
    if isinstance(source, (str, os.PathLike)):
        with open(source, "rb") as file:
            return file.read()
    if library == "lightgbm":
        return str(getattr(source, "booster_", source).model_to_string()).encode()
    if library == "xgboost":
        booster = source.get_booster() if hasattr(source, "get_booster") else source
        best = booster.attr("best_iteration")  # trees after it are not used to predict
        return bytes((booster if best is None else booster[: int(best) + 1]).save_raw("ubj"))
    if library == "catboost":
        with tempfile.TemporaryDirectory() as folder:
            source.save_model(os.path.join(folder, "model.json"), format="json")
            return _bytes_of(os.path.join(folder, "model.json"), "")
    raise InvalidInputError(
        f"{type(source).__name__} is no model that can be imported",
        "unsupported",
        "Pass a model of LightGBM, XGBoost, CatBoost or scikit-learn, or the path of a file of theirs.",
    )


_EXPONENTIAL = {"PoissonRegressor", "GammaRegressor"}
_LINEAR = {"LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV", "HuberRegressor", "QuantileRegressor"}
_TREES = {"DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor"}
_FORESTS = {"RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor"}


def _of_scikit_learn(source: Any, classes: Any) -> Any:
    name = type(source).__name__
    names = [str(each) for each in getattr(source, "feature_names_in_", [f"x{j}" for j in range(source.n_features_in_)])]
    if name in _TREES | _FORESTS:
        native = _forest([source] if name in _TREES else source.estimators_, source.n_features_in_, name.endswith("Classifier"))
        return _made(ImportedClassifier if name.endswith("Classifier") else ImportedRegressor, native, names, {}, classes)
    if name not in _LINEAR | _EXPONENTIAL | {"LogisticRegression", "LogisticRegressionCV"}:
        raise InvalidInputError(f"scikit-learn's {name} is no tree, forest or linear model that can be imported", "unsupported")
    weights = np.ascontiguousarray(np.atleast_2d(source.coef_), dtype=np.float64)
    bias = np.ascontiguousarray(np.broadcast_to(source.intercept_, len(weights)), dtype=np.float64)
    link = "exp" if name in _EXPONENTIAL else "identity"
    if name.startswith("Logistic"):
        link = "sigmoid" if len(weights) == 1 else "softmax"
    kind = ImportedClassifier if name.startswith("Logistic") else ImportedRegressor
    return _made(kind, _kolosal.FittedModel.linear_of_weights(weights, bias, link), names, {}, classes)


def _forest(estimators: list[Any], n_features: int, classifier: bool) -> _kolosal.FittedModel:
    values = estimators[0].tree_.value
    if classifier and values.shape[1] > 1:
        raise InvalidInputError("a classifier of several targets has no counterpart here", "unsupported", "Import one for each target.")
    trees = []
    for tree in (each.tree_ for each in estimators):
        value = tree.value[:, 0, :] if classifier else tree.value[:, :, 0]
        if classifier:
            value = value / value.sum(axis=1, keepdims=True)
        weighted = tree.impurity * tree.weighted_n_node_samples
        missing = getattr(tree, "missing_go_to_left", np.zeros(tree.node_count))
        trees.append(
            {
                "left": tree.children_left,
                "right": tree.children_right,
                "feature": tree.feature,
                "threshold": tree.threshold,
                "missing_left": np.asarray(missing, dtype=np.float64),
                "cover": tree.weighted_n_node_samples,
                "gain": weighted - weighted[tree.children_left] - weighted[tree.children_right],
                "values": np.ascontiguousarray(value).ravel(),
            }
        )
    width = trees[0]["values"].size // estimators[0].tree_.node_count
    return _kolosal.FittedModel.forest_of_trees(n_features, width, "mean", "normalize" if classifier else "identity", trees)
