"""Models of other libraries, brought into the native forms: they predict as they did there, and are explained, saved and served as ours."""

from __future__ import annotations

import json
import os
import re
import tempfile
from typing import Any, ClassVar

import numpy as np

from .. import _kolosal
from .._errors import InvalidInputError, not_fitted
from ._base import FIT_SPECS, CatalogModel, Classifier, Ranker, Regressor
from ._features import Features
from ._import_scikit import parts_of


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
        source: A trained model of LightGBM, XGBoost or CatBoost (their boosters or scikit-learn classes); of scikit-learn a tree, a forest,
            boosting or a linear model; or the path or bytes of a file: LightGBM's text, XGBoost's JSON or UBJSON, CatBoost's JSON.
            Categories come with models that were trained on data frames by LightGBM, XGBoost from version 3 on and scikit-learn; those of
            XGBoost's files are codes.
        classes: The labels of a classifier in the order of its probabilities; those that the source knows, or 0, 1, ... where not given.

    Returns:
        An estimator that predicts the same to 1e-6 on features that float32 holds.

    Raises:
        NotFittedError: where the source is not trained.
        InvalidInputError: where the file is damaged, or the model is of a kind that the native forms do not hold.
    """
    if isinstance(source, type):
        raise InvalidInputError(f"{source.__name__} is a class, no trained model", "bad_value", f"Pass {source.__name__}(...).fit(X, y).")
    library = type(source).__module__.split(".")[0]
    if library in ("lightgbm", "xgboost", "catboost", "sklearn"):
        _check_trained(source)
    if classes is None:
        classes = getattr(source, "classes_", None)
    if library == "sklearn":
        read = parts_of(source)
        kind: Any = ImportedClassifier if read.classifies else ImportedRegressor
        return _made(kind, read.native, read.names, read.levels, classes)
    native, text = _kolosal.FittedModel.import_bytes(_bytes_of(source, library))
    about = json.loads(text)
    levels = {j: each for j, each in enumerate(about["levels"]) if each is not None}
    if library == "xgboost":
        levels = _levels_of_xgboost(source)
    task = about["task"]
    kind = ImportedClassifier if task in ("binary", "multiclass") else ImportedRanker if task == "ranking" else ImportedRegressor
    return _made(kind, native, about["names"], levels, classes)


def _check_trained(source: Any) -> None:
    told = getattr(source, "__sklearn_is_fitted__", None) or getattr(source, "is_fitted", None)
    fitted = told() if callable(told) else any(name.endswith("_") and name[0] != "_" for name in vars(source))
    if not fitted and hasattr(source, "fit"):
        raise not_fitted(type(source).__name__)


def _levels_of_xgboost(source: Any) -> dict[int, list[Any]]:
    """The levels of the categories of a model of XGBoost, whose file has them where it was trained on a frame.

    Raises:
        InvalidInputError: where another value than NaN is missing to the model.
    """
    missing = getattr(source, "missing", None)
    if missing is not None and not np.isnan(missing):
        raise InvalidInputError(
            f"XGBoost's missing={missing!r} has no counterpart here: missing is NaN alone",
            "unsupported",
            f"Train it with NaN where {missing!r} stands for what is missing, and the default missing=np.nan.",
        )
    booster = source.get_booster() if hasattr(source, "get_booster") else source
    if "c" not in (booster.feature_types or ()):
        return {}
    document = json.loads(bytes(booster.save_raw("json")))
    booster_kept = document["learner"]["gradient_booster"]
    kept = booster_kept.get("gbtree", booster_kept).get("model", {}).get("cats", {}).get("enc", [])  # of DART a level deeper
    levels = {j: _levels_of_encoding(each) for j, each in enumerate(kept)}
    return {j: each for j, each in levels.items() if each}


def _levels_of_encoding(encoding: dict[str, Any]) -> list[Any]:
    """Levels as XGBoost writes them: texts as bytes, one after the other, and where each begins; or numbers."""
    values = encoding["values"]
    if "offsets" not in encoding:
        return list(values)
    text, starts = bytes(value % 256 for value in values), encoding["offsets"]
    return [text[begin:end].decode() for begin, end in zip(starts, starts[1:], strict=False)]


def _made(kind: Any, native: Any, names: list[str], levels: dict[int, list[Any]], classes: Any) -> Any:
    labels = None
    if kind is ImportedClassifier:
        labels = np.arange(native.n_outputs) if classes is None or len(classes) == 0 else np.asarray(classes)
        if len(labels) != native.n_outputs:
            raise InvalidInputError(f"there are {len(labels)} labels for {native.n_outputs} classes", "bad_value")
    numbered = all(re.fullmatch(r"(Column_|x|f)?\d+", name) for name in names)
    return kind()._adopt(native, Features(names, levels), not numbered, labels)


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
        "It is one of ours already."
        if library == "kolosal"
        else "Pass a model of LightGBM, XGBoost, CatBoost or scikit-learn, or the path of a file of theirs.",
    )
