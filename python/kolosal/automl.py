"""AutoML and TrainEngine: from a table and a budget to a model."""

from __future__ import annotations

import asyncio
import json
import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from . import _kolosal
from ._errors import InvalidInputError, not_fitted
from ._estimator import Estimator, parameter_specs, signature_of
from ._tables import to_arrow, to_native, with_target

Callback = Callable[[str, dict[str, Any], int, list[float]], Any]


def _as_class(name: str, like: list[str]) -> Any:
    """Class names are texts in the native core; those that were numbers or booleans become so again."""
    if all(_is_integer(other) for other in like):
        return int(name)
    if all(_is_number(other) for other in like):
        return float(name)
    if set(like) == {"false", "true"}:
        return name == "true"
    return name


def _is_integer(text: str) -> bool:
    try:
        return str(int(text)) == text
    except ValueError:
        return False


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


class Model:
    """A trained predictor with the record of how it came to be. Immutable."""

    def __init__(self, native: _kolosal.TrainResult) -> None:
        self._native = native
        self.record: dict[str, Any] = json.loads(native.record())
        names = self.record["class_names"]
        self.classes = np.array([_as_class(name, names) for name in names]) if names else None
        self.schema: dict[str, Any] = json.loads(native.schema())
        self.feature_names: list[str] = [c["name"] for c in self.schema["columns"] if c["role"] in ("feature", "ignored")]

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Model:
        """Reads a model file. A damaged one raises an error; it never runs code."""
        return cls(_kolosal.TrainResult.load(os.fspath(path)))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes one file without code in it; whatever fails, an older file at the path stays whole."""
        self._native.save(os.fspath(path))

    @property
    def task(self) -> str:
        """``"binary"``, ``"multiclass"``, ``"regression"``, ``"multi_regression"`` or ``"ranking"``."""
        return str(self.record["task"])

    def _table(self, features: Any) -> _kolosal.Table:
        if isinstance(features, np.ndarray):
            features = np.atleast_2d(features)
            if features.ndim == 2 and features.shape[1] != len(self.feature_names):
                raise InvalidInputError(
                    f"the input has {features.shape[1]} features where the model was trained on {len(self.feature_names)} features",
                    "feature_mismatch",
                    "Pass the columns seen in training.",
                )
            table = pa.table(to_arrow(features)).rename_columns(self.feature_names)
            return to_native(table)
        return to_native(features)

    def predict_raw(self, features: Any, n_threads: int = 0) -> np.ndarray:
        """Probabilities, numbers or scores: (n_rows, n_outputs) float64."""
        return np.asarray(self._native.predict(self._table(features), n_threads))

    def predict(self, features: Any, n_threads: int = 0) -> np.ndarray:
        """The class, number, row of numbers or score of each row."""
        raw = self.predict_raw(features, n_threads)
        if self.classes is not None:
            return np.asarray(self.classes[np.argmax(raw, axis=1)])
        return raw if self.task == "multi_regression" else raw[:, 0]

    def predict_proba(self, features: Any, n_threads: int = 0) -> np.ndarray:
        """The probability of each class: (n_rows, n_classes)."""
        if self.classes is None:
            raise InvalidInputError(f"a {self.task} model has no class probabilities", "unsupported", "Use predict.")
        return self.predict_raw(features, n_threads)

    def predict_table(self, features: Any, n_threads: int = 0) -> pa.Table:
        """Predictions as the command line writes them: columns ``prediction`` and ``probability_CLASS``."""
        return pa.table(self._native.predict_table(self._table(features), n_threads))

    def evaluate(self, table: Any, metrics: Sequence[str] = ()) -> dict[str, dict[str, float]]:
        """Every metric that fits the task (or those named) on a table that has the target.

        Returns:
            By metric: ``score`` and the ends ``low`` and ``high`` of its 95 % bootstrap interval.
        """
        scores: dict[str, dict[str, float]] = json.loads(self._native.evaluate(to_native(table), list(metrics)))
        return scores

    def leaderboard(self) -> Leaderboard:
        """What was tried, best first."""
        keys = (
            "name",
            "learner",
            "status",
            "score",
            "score_low",
            "score_high",
            "weight",
            "fit_seconds",
            "predict_seconds",
            "size_bytes",
            "reason",
        )
        return Leaderboard([{key: candidate[key] for key in keys} for candidate in self.record["candidates"]], self.record["metric"])

    def feature_importance(self) -> dict[str, float]:
        """How much each column matters, most first; sums to 1."""
        return dict(zip(self.record["importance_names"], self.record["importance"], strict=True))

    def report(self, path: str | os.PathLike[str] | None = None) -> str:
        """The training report as one HTML page; also written to ``path`` where given."""
        page = self._native.report_html()
        if path is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(page)
        return page

    def __getstate__(self) -> dict[str, Any]:
        raise TypeError("models are not pickled: write them with save(path) and read them with Model.load(path)")


class Leaderboard(list):  # type: ignore[type-arg]
    """Rows of a leaderboard, one dict each, best first; prints as a table."""

    def __init__(self, rows: list[dict[str, Any]], metric: str) -> None:
        super().__init__(rows)
        self.metric = metric

    def __repr__(self) -> str:
        lines = [f"{'model':28} {self.metric:>14} {'weight':>8} {'fit s':>8}  status"]
        for row in self:
            score = "-" if row["score"] is None else f"{row['score']:.5g}"
            seconds = "-" if row["fit_seconds"] is None else f"{row['fit_seconds']:.2f}"
            lines.append(f"{row['name']:28} {score:>14} {row['weight']:8.3f} {seconds:>8}  {row['status']}")
        return "\n".join(lines)

    def to_pandas(self) -> Any:
        """The rows as a pandas data frame; needs pandas."""
        import pandas  # noqa: PLC0415

        return pandas.DataFrame(list(self))


_TRAIN_SPECS = parameter_specs("train")


class AutoML(Estimator):
    """Finds, trains and combines models for a table inside a time and memory budget. A scikit-learn estimator."""

    _specs = _TRAIN_SPECS
    task: str | None
    n_threads: int

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        target: str | Sequence[str] | None = None,
        sample_weight: Any = None,
        groups: Any = None,
        metric: Callable[[np.ndarray, np.ndarray, np.ndarray], float] | None = None,
        higher_is_better: bool = True,
        callbacks: Sequence[Callback] = (),
        run_directory: str | os.PathLike[str] | None = None,
        resume: bool = False,
    ) -> AutoML:
        """Trains.

        Args:
            X: Table with the target in it (then ``target`` names its column), or features alone.
            y: Target of each row, where it is not a column of ``X``.
            target: Column, or columns, to predict.
            sample_weight: Weight of each row.
            groups: Group of each row: rows of one group are never split over folds.
            metric: Judges models in place of the named metric: ``metric(target, prediction, weights)`` with arrays (n_rows, width).
            higher_is_better: Whether larger values of ``metric`` are better.
            callbacks: Called as ``callback(event, record, fold, numbers)``; returning ``False`` stops what the event tells of.
            run_directory: Where finished folds are kept until the run is over.
            resume: Whether folds that an earlier run of the same table and options kept there are used.

        Returns:
            The estimator. After Ctrl-C it holds the best model so far, with a warning.
        """
        options = self._options()
        if y is not None:
            table, names, roles = with_target(X, y, sample_weight, groups)
            options.update(target=names, **roles)
        else:
            if sample_weight is not None or groups is not None:
                raise InvalidInputError(
                    "weights and groups are given apart from their table",
                    "bad_value",
                    "Name their columns with weight= and group=, or pass y.",
                )
            table = to_native(X)
            if target is not None:
                options["target"] = [target] if isinstance(target, str) else list(target)
        native = _kolosal.fit(
            table, json.dumps(options), _dispatch(callbacks), metric, higher_is_better, os.fspath(run_directory or ""), resume
        )
        self.model_ = Model(native)
        if self.model_.record["stopped_early"] and options["time_limit"] is None:
            warnings.warn("training was stopped early: the best model so far is kept", RuntimeWarning, stacklevel=2)
        self.n_features_in_ = len(self.model_.feature_names)
        self.feature_names_in_ = np.array(self.model_.feature_names, dtype=object)
        if self.model_.classes is not None:
            self.classes_ = self.model_.classes
        return self

    async def fit_async(self, *arguments: Any, **named: Any) -> AutoML:
        """:meth:`fit` without blocking the event loop."""
        return await asyncio.to_thread(self.fit, *arguments, **named)

    @property
    def _fitted(self) -> Model:
        if not hasattr(self, "model_"):
            raise not_fitted(type(self).__name__)
        return self.model_

    def predict(self, X: Any) -> np.ndarray:
        """The class, number, row of numbers or score of each row."""
        return self._fitted.predict(X, self.n_threads)

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class: (n_rows, n_classes)."""
        return self._fitted.predict_proba(X, self.n_threads)

    def score(self, X: Any, y: Any) -> float:
        """Accuracy for classes, R2 otherwise."""
        predicted, known = self.predict(X), np.asarray(y)
        if self._fitted.classes is not None:
            return float(np.mean(predicted == known))
        return float(1 - np.sum((known - predicted) ** 2) / np.sum((known - known.mean(axis=0)) ** 2))

    def evaluate(self, table: Any, metrics: Sequence[str] = ()) -> dict[str, dict[str, float]]:
        """Every metric that fits the task, with intervals, on a table that has the target."""
        return self._fitted.evaluate(table, metrics)

    def leaderboard(self) -> Leaderboard:
        """What was tried, best first."""
        return self._fitted.leaderboard()

    def feature_importance(self) -> dict[str, float]:
        """How much each column matters, most first; sums to 1."""
        return self._fitted.feature_importance()

    def report(self, path: str | os.PathLike[str] | None = None) -> str:
        """The training report as one HTML page; also written to ``path`` where given."""
        return self._fitted.report(path)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the model as one file."""
        self._fitted.save(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> AutoML:
        """An estimator that holds the model of a file."""
        estimator = cls()
        estimator.model_ = Model.load(path)
        if estimator.model_.classes is not None:
            estimator.classes_ = estimator.model_.classes
        return estimator

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import Tags, TargetTags  # noqa: PLC0415

        kind = "regressor" if self.task in ("regression", "multi_regression") else "classifier"
        return Tags(estimator_type=kind, target_tags=TargetTags(required=True))


def _dispatch(callbacks: Sequence[Callback]) -> Callable[[str, str, int, list[float]], bool] | None:
    if not callbacks:
        return None

    def call(event: str, record: str, fold: int, numbers: list[float]) -> bool:
        told = json.loads(record)
        answers = [callback(event, told, fold, numbers) for callback in callbacks]
        return all(answer is not False for answer in answers)

    return call


@dataclass(frozen=True)
class CrossValidationResult:
    """Scores of a cross-validation; also read like a dict."""

    scores: list[float]
    mean_score: float
    std_score: float
    metric: str

    def __getitem__(self, key: str) -> Any:
        return getattr(self, key)

    def keys(self) -> list[str]:
        """Names of the fields."""
        return ["scores", "mean_score", "std_score", "metric"]


@dataclass(frozen=True)
class TrainingResult:
    """What :meth:`TrainEngine.train` gives."""

    best_model: Model
    cv_results: CrossValidationResult


class TrainEngine(AutoML):
    """AutoML by its parts: train, cross-validate, evaluate. Takes the parameters of :class:`AutoML`; the fast preset by default."""

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**{"preset": "fast", **parameters})

    def train(self, X: Any, y: Any = None, **named: Any) -> TrainingResult:
        """Trains as :meth:`AutoML.fit` does.

        Returns:
            The model and the scores of the best candidate over the folds.
        """
        self.fit(X, y, **named)
        record = self._fitted.record
        members = [c for c in record["candidates"] if c["fold_scores"]]
        return TrainingResult(self._fitted, _cross_validation(members[0]["fold_scores"], record["metric"]))

    async def train_async(self, X: Any, y: Any = None, **named: Any) -> TrainingResult:
        """:meth:`train` without blocking the event loop."""
        return await asyncio.to_thread(lambda: self.train(X, y, **named))

    def cross_validate(self, X: Any, y: Any = None, learner: str = "gradient_boosting", **named: Any) -> CrossValidationResult:
        """Scores one learner over the folds; preprocessing is fitted inside each.

        Returns:
            The score of each fold, their mean and their population standard deviation.
        """
        engine = type(self)(**{**self.get_params(), "learners": [learner], "max_models": 1, "refit": False})
        engine.fit(X, y, **named)
        record = engine._fitted.record
        scored = next(c for c in record["candidates"] if c["learner"] == learner)
        if not scored["fold_scores"]:
            raise InvalidInputError(f"'{learner}' could not be trained: {scored['reason']}", "bad_value")
        return _cross_validation(scored["fold_scores"], record["metric"])


def _cross_validation(scores: list[float], metric: str) -> CrossValidationResult:
    return CrossValidationResult(scores, float(np.mean(scores)), float(np.std(scores)), metric)


TrainEngine.__init__.__signature__ = signature_of(_TRAIN_SPECS)  # type: ignore[attr-defined]
