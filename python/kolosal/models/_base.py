"""The base of the models: scikit-learn's conventions, without scikit-learn, over one learner of the native catalog."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from .. import _kolosal
from .._errors import InvalidInputError, not_fitted
from .._estimator import Estimator, parameter_specs
from .._input import Input, check_columns, row_weights
from .._shared_work import current_cache
from .._sparse import Compressed
from ._boosting import native_loss, numbered, rates_of, told_of_functions
from ._callbacks import Callback, EarlyStopping, checked, dispatch
from ._features import Features, warn_of_lost_digits
from ._fit_input import check_start, evaluation_set, groups_of
from ._names import POOR_SCORES, library_of
from ._peers import as_kept, as_spelt_here, constraints_of, instead_of
from ._rounds import rounds_of, staged
from ._scores import d2_pinball, other_targets, r2, score_weights
from ._target import classes_and_codes, codes_of, numbers, one_column, target_array

FIT_SPECS = parameter_specs("fit")
ROUNDS = 1000  # of boosting, at most, where n_trees does not say

# What a fit leaves only where it has it, so that the next one must not find it.
OF_ONE_FIT = ("n_iter_", "oob_score_", "oob_prediction_", "oob_decision_function_")

# Of forests, beside the learner's own parameters: done after a fit.
OOB_SPEC: dict[str, Any] = {
    "name": "oob_score",
    "doc": "Whether a fit predicts each row by the trees that did not see it: oob_score_, and oob_prediction_ or oob_decision_function_.",
    "aliases": [],
    "type": "bool",
    "default": False,
    "default_text": "False",
    "allowed": "true or false (default false)",
}


class CatalogModel(Estimator):
    """A learner of the native catalog as a scikit-learn estimator.

    Takes NumPy arrays, SciPy matrices, and frames of pandas, polars and pyarrow, whose categories and texts are categories to learners
    that take them.
    """

    _learner: ClassVar[str] = ""
    _about: ClassVar[dict[str, Any]] = {}  # what the catalog knows of the learner
    _kind: ClassVar[str] = ""
    n_threads: int
    seed: int

    def _fit(
        self,
        given: Input,
        target: np.ndarray,
        task: str,
        sample_weight: Any,
        groups: Any,
        evaluation: tuple[Input, np.ndarray, Any, Any] | None,
        callbacks: Sequence[Callback],
        start: CatalogModel | None,
        classes: np.ndarray | None,
    ) -> Any:
        """Fits to a checked target, (n_rows, n_targets) float64, of these labels; what raises leaves the estimator as it was."""
        if evaluation is not None and not self._about["uses_validation"]:
            raise InvalidInputError(
                f"{type(self).__name__} does not stop early, so eval_set would do nothing", "unsupported", "Leave it out."
            )
        features = Features.of(given, self._about["accepts_categories"]) if start is None else self._features_of(start, given)
        warn_of_lost_digits(given, features)
        stopping = [callback for callback in callbacks if isinstance(callback, EarlyStopping)]
        options = numbered(self._options(), self._learner, features.names)
        for each in stopping:
            options |= each.overrides(type(self).__name__, self._specs, evaluation is not None)
        around = {name: options.pop(name) for name in FIT_SPECS}
        judged = options.pop("oob_score", False)
        if "library" in options:
            options["library"] = options["library"] or library_of(self._learner)
        around["n_threads"] = self._n_threads()
        around["seed"] = around["seed"] or 0
        train = self._labelled_rows(features.rows(given), features, target, task, sample_weight, groups, given.n_rows, classes)
        held_out = None
        if evaluation is not None:
            self._check_columns(evaluation[0], given.n_features, given.names)
            rows = features.rows(evaluation[0])
            n_rows = evaluation[0].n_rows
            held_out = self._labelled_rows(rows, features, evaluation[1], task, evaluation[2], evaluation[3], n_rows, classes)
        loss = getattr(self, "loss", None)
        if isinstance(loss, str) and loss == "custom":
            message = "loss='custom' stands for a function, which neither a file nor a pickle keeps"
            raise InvalidInputError(message, "bad_value", "Give the function again, set_params(loss=function), or name a loss.")
        native, interrupted = _kolosal.fit_learner(
            self._learner,
            json.dumps(options),
            json.dumps(around),
            train,
            held_out,
            dispatch(callbacks),
            None if start is None else start._native,
            native_loss(loss) if callable(loss) else None,
            current_cache(),
        )
        if interrupted:
            warnings.warn("the fit was stopped early: the model so far is kept", RuntimeWarning, stacklevel=3)
        self._adopt(native, features, given.names is not None, classes)
        for each in stopping:
            each.tell_end(native.n_iterations)
        if judged and native.n_iterations - (0 if start is None else start._native.n_iterations) < options["n_trees"]:
            warnings.warn("the fit was stopped before it had all trees: there is no oob_score_", RuntimeWarning, stacklevel=3)
        elif judged:
            self._judge(np.asarray(_kolosal.out_of_bag(self._learner, json.dumps(options), json.dumps(around), native, train)), target)
        return self

    def _judge(self, predicted: np.ndarray, target: np.ndarray) -> None:
        """Keeps the predictions of training rows by trees that did not see them, and their score."""
        seen = ~np.isnan(predicted[:, 0])
        if self._kind == "classification":
            self.oob_decision_function_ = predicted
            right = predicted[seen].argmax(axis=1) == target[seen, 0]
            self.oob_score_ = float(right.mean()) if len(right) else float("nan")
        else:
            self.oob_prediction_ = predicted[:, 0] if predicted.shape[1] == 1 else predicted
            self.oob_score_ = r2(target[seen], predicted[seen], None)

    def _told(self, name: str, value: Any, given: dict[str, Any]) -> tuple[str, Any]:
        return as_kept(self, name, value, given)

    @classmethod
    def _hint(cls, name: str) -> str:
        instead = instead_of(name, cls._specs)
        return f" {instead}" if instead else super()._hint(name)

    def _features_of(self, start: CatalogModel, given: Input) -> Features:
        """The columns of the model to go on from, which those given must be."""
        self._check_columns(given, start.n_features_in_, getattr(start, "feature_names_in_", None))
        return start._features

    def _options(self) -> dict[str, Any]:
        """The parameters as they can be written down: a schedule as its rates, a loss that is a function as 'custom'."""
        shown = dict(self.get_params())
        if callable(shown.get("loss")):
            shown["loss"] = "custom"
        rate = shown.get("learning_rate")
        if callable(rate) or isinstance(rate, (list, tuple, np.ndarray)):
            shown["learning_rate"] = rates_of(rate, int(shown["n_trees"] or ROUNDS))
        for name in ("monotone", "interactions"):
            if isinstance(shown.get(name), str):
                shown[name] = constraints_of(shown[name], name)
        return as_spelt_here(self._written_down(shown), self._learner, self._kind)

    def _adopt(self, native: _kolosal.FittedModel, features: Features, named: bool, classes: np.ndarray | None) -> Any:
        """Becomes the estimator of a native model, of these labels where it tells classes."""
        self._hold(native)
        if classes is not None:
            self.classes_ = classes
        self._features = features
        self.n_features_in_ = len(features.names)
        if named:
            self.feature_names_in_ = np.array(features.names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        return self

    def _hold(self, native: _kolosal.FittedModel) -> None:
        """Has this native model and what goes with it; nothing of the one before."""
        for name in OF_ONE_FIT:
            self.__dict__.pop(name, None)
        self._native = native
        if native.n_iterations > 0:
            self.n_iter_ = native.n_iterations

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes one file without code in it, which :func:`kolosal.models.load` reads; whatever fails, an older file stays whole."""
        self._check_fitted()
        self._native.save(json.dumps(self._written()), os.fspath(path))

    def _written(self) -> dict[str, Any]:
        """What a file says of the estimator beside its model."""
        levels = {str(j): levels for j, levels in self._features.levels.items()}
        written: dict[str, Any] = {
            "estimator": type(self).__name__,
            "parameters": self._options(),
            "features": {"names": self._features.names, "named": hasattr(self, "feature_names_in_"), "levels": levels},
        }
        if hasattr(self, "classes_"):
            written["classes"] = {"dtype": self.classes_.dtype.str, "labels": self.classes_.tolist()}
            if tuples := [label for label in written["classes"]["labels"] if isinstance(label, tuple)]:
                message = f"a label cannot be written down: {tuples[0]!r}"
                raise InvalidInputError(message, "bad_value", "Use texts or numbers.")
        try:
            json.dumps(written)
        except TypeError as error:
            raise InvalidInputError(f"a label or a level cannot be written down: {error}", "bad_value", "Use texts or numbers.") from None
        return written

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        eval_set: tuple[Any, ...] | None = None,
        callbacks: Sequence[Callback] = (),
        init_model: Any = None,
    ) -> Any:
        """Learns.

        Args:
            X: Features: (n_rows, n_features).
            y: Label of each row, of any type that can be sorted; its number; or, where the learner does several, its numbers.
            sample_weight: Weight of each row; one of weight 0 counts as absent. The largest is from 1e-100 to 1e100.
            eval_set: Rows (X, y) or (X, y, sample_weight) by which a learner that works step by step stops early; alone in a list, or after
                the training rows themselves, too.
            callbacks: Called with a :class:`FitProgress` after iterations: returning ``False`` stops the fit and keeps the model so far;
                what one raises ends the fit and is raised. :func:`early_stopping`, :func:`log_evaluation`, :func:`record_evaluation` and
                :func:`progress` make some.
            init_model: A fitted estimator of the same class to go on from: this one has its rounds, and those it learns beyond them.

        Returns:
            The estimator. After Ctrl-C boosting, random forests, extra trees, neural networks, SGD and the models of LightGBM and XGBoost
            hold the rounds so far, with a warning. What has no model yet raises CancelledError, a KeyboardInterrupt, and stays as it was;
            single trees, quantile forests, SVC and SVR, Gaussian processes and neighbours have none before they are done.
        """
        callbacks = checked(callbacks)
        if init_model is not None:
            check_start(self, init_model)
        given = self._input(X, fits=True)
        classes, task, target, sample_weight = self._learnt_target(y, given.n_rows, sample_weight, init_model)
        evaluation = None
        if eval_set is not None:
            rows, values, weights = self._evaluation(eval_set, X)
            held_out = self._labelled(values, rows.n_rows, classes)[1]
            if held_out.shape[1] != target.shape[1]:
                raise InvalidInputError(f"eval_set has {held_out.shape[1]} targets where y has {target.shape[1]}", "bad_value")
            evaluation = (rows, held_out, weights, None)
        return self._fit(given, target, task, sample_weight, None, evaluation, callbacks, init_model, classes)

    def _learnt_target(self, y: Any, n_rows: int, sample_weight: Any, start: Any) -> tuple[np.ndarray | None, str, np.ndarray, Any]:
        """The labels, where it tells classes, the native task, the checked target (n_rows, n_targets) of a fit, and its weights."""
        del start
        return None, *self._labelled(y, n_rows, None), sample_weight

    def _labelled(self, y: Any, n_rows: int, classes: np.ndarray | None) -> tuple[str, np.ndarray]:
        """The native task, and the checked target (n_rows, n_targets) of an estimator of these labels."""
        raise NotImplementedError

    def _labelled_rows(
        self,
        rows: np.ndarray | Compressed,
        features: Features,
        target: np.ndarray,
        task: str,
        weights: Any,
        groups: Any,
        n_rows: int,
        classes: np.ndarray | None,
    ) -> _kolosal.LabelledRows:
        n_classes = 0 if classes is None else len(classes)
        weights = row_weights(weights, n_rows)
        group: list[int] = []
        if task == "ranking":
            groups = np.zeros(n_rows) if groups is None else np.asarray(groups)
            if groups.shape != (n_rows,):
                raise InvalidInputError(f"groups of shape {groups.shape} do not go with {n_rows} rows", "bad_value")
            group = np.unique(groups, return_inverse=True)[1].tolist()
        n_threads = self._n_threads()
        if isinstance(rows, Compressed):
            return _kolosal.LabelledRows.of_sparse(*rows.narrow(), features.names, task, target, n_classes, weights)
        return _kolosal.LabelledRows(rows, features.names, features.n_categories(), task, target, n_classes, weights, group, n_threads)

    def _input(self, X: Any, fits: bool = False) -> Input:
        """A table for fit or predict; of a sparse matrix the rows as they are, where the learner or the model takes them."""
        is_linear = not fits and self.__sklearn_is_fitted__() and self._native.form == "linear"
        return Input(X, True, keep_sparse=self._about["accepts_sparse"] or is_linear)

    def _evaluation(self, given: tuple[Any, ...], training: Any) -> tuple[Input, Any, Any]:
        rows, target, weights = evaluation_set(given, training)
        return self._input(rows, fits=True), target, weights

    def _check_columns(self, given: Input, n_features: int, names: Any) -> None:
        check_columns(given, n_features, names, type(self).__name__)

    def _seen(self, X: Any) -> tuple[Input, np.ndarray]:
        """A table checked against the columns of fit, and its rows as the model sees them, with all their columns."""
        self._check_fitted()
        given = Input(X, True)
        self._check_columns(given, self.n_features_in_, getattr(self, "feature_names_in_", None))
        return given, np.asarray(self._features.rows(given))

    def _n_threads(self) -> int:
        return 0 if self.n_threads in (None, -1) else int(self.n_threads)

    def _predict(self, X: Any, scores: bool = False) -> np.ndarray:
        """Probabilities, numbers or ranking scores, (n_rows, n_outputs) float64; or what the link makes them of."""
        self._check_fitted()
        given = self._input(X)
        self._check_columns(given, self.n_features_in_, getattr(self, "feature_names_in_", None))
        rows = self._features.rows(given)
        finite = not self._about["accepts_missing"]
        if isinstance(rows, Compressed):
            return np.asarray(self._native.predict_sparse(*rows.narrow(), finite, scores, self._n_threads()))
        return np.asarray(self._native.predict(rows, self._features.names, finite, scores, self._n_threads()))

    def apply(self, X: Any) -> np.ndarray:
        """The leaf that each row ends in at each tree, as its number within the tree: (n_rows, n_trees).

        Raises:
            InvalidInputError: where the model has no trees.
        """
        leaves = self._native.leaves(self._seen(X)[1], self._features.names, self._n_threads())
        if leaves is None:
            raise InvalidInputError(f"{type(self).__name__} has no trees, so rows end in no leaves", "unsupported")
        return np.asarray(leaves)

    def __getitem__(self, rounds: slice) -> Any:
        """A fitted estimator of some rounds of boosting, or trees of a forest: ``model[:10]`` is that of the first ten."""
        return rounds_of(self, rounds)

    @property
    def coef_(self) -> np.ndarray:
        """Weights of a linear model: (n_features,) of one target, else (n_targets or n_classes, n_features), one row of two classes."""
        weights = self._linear_parts()[0]
        return weights[0] if len(weights) == 1 and self._kind == "regression" else weights

    @property
    def intercept_(self) -> Any:
        """Constants of a linear model: a number of one target, else (n_targets or n_classes,), one of two classes."""
        constants = self._linear_parts()[1]
        return float(constants[0]) if len(constants) == 1 and self._kind == "regression" else constants

    def _linear_parts(self) -> tuple[np.ndarray, np.ndarray]:
        self._check_fitted()
        parts: Any = self._native.linear_parts()
        if parts is None:
            raise AttributeError(f"{type(self).__name__} is no linear model: it has no weights")
        return np.asarray(parts[0]), np.asarray(parts[1])

    @property
    def feature_importances_(self) -> np.ndarray:
        """How much each feature matters, summing to 1: by the gain of splits, or by the magnitude of weights."""
        self._check_fitted()
        shares = self._native.feature_importance()
        if not shares:
            raise AttributeError(f"{type(self).__name__} does not tell how much its features matter; kolosal.explain does")
        return np.array(shares)

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise not_fitted(type(self).__name__)

    def __sklearn_is_fitted__(self) -> bool:
        return getattr(self, "_native", None) is not None

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, InputTags, RegressorTags, Tags, TargetTags  # noqa: PLC0415

        tasks = self._about["tasks"]
        types = {"classification": "classifier", "regression": "regressor"}
        poor = self._learner in POOR_SCORES
        return Tags(
            estimator_type=types.get(self._kind),
            target_tags=TargetTags(
                required=True,
                multi_output=self._kind == "regression" and "multi_regression" in tasks,
                positive_only=not self._about["accepts_negative_target"],
            ),
            classifier_tags=ClassifierTags(poor_score=poor, multi_class="multiclass" in tasks) if self._kind == "classification" else None,
            regressor_tags=RegressorTags(poor_score=poor) if self._kind == "regression" else None,
            input_tags=InputTags(
                allow_nan=self._about["accepts_missing"],
                sparse=True,
                positive_only=not self._about["accepts_negative"],
                categorical=self._about["accepts_categories"],
                string=self._about["accepts_categories"],
            ),
        )

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        if "_native" in state:
            state["_native"] = state["_native"].to_bytes("null")
            state |= told_of_functions(state, ROUNDS)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_native" in state:
            self._native = _kolosal.FittedModel.from_bytes(state["_native"])[0]


class Classifier(CatalogModel):
    """A learner of classes.

    Attributes:
        classes_: the labels, sorted, (n_classes,); columns of ``predict_proba`` are in their order.
        n_features_in_: number of features.
        feature_names_in_: their names, where they have names.
        n_iter_: iterations after which the model was best, where it is made of iterations.
    """

    _kind = "classification"

    def _learnt_target(self, y: Any, n_rows: int, sample_weight: Any, start: Any) -> tuple[np.ndarray | None, str, np.ndarray, Any]:
        target = one_column(target_array(y, n_rows, type(self).__name__))
        if start is None:
            classes, codes = classes_and_codes(target)
        else:
            classes, codes = start.classes_, codes_of(target, start.classes_)
        return classes, self._task(classes), codes.reshape(-1, 1), self._weights_of_classes(codes, classes, sample_weight)

    def _options(self) -> dict[str, Any]:
        options = super()._options()
        if isinstance(options.get("class_weight", ""), dict | None):  # rows are weighed by classes before the learner sees them
            options["class_weight"] = "none"
        return options

    def _weights_of_classes(self, codes: np.ndarray, classes: np.ndarray, sample_weight: Any) -> Any:
        """The rows' weights times those of a ``class_weight`` by label, in which labels left out have 1."""
        by_label = getattr(self, "class_weight", None)
        if not isinstance(by_label, dict):
            return sample_weight
        labels = classes.tolist()
        if unknown := [label for label in by_label if label not in labels]:
            raise InvalidInputError(f"class_weight has {unknown[0]!r}, which is no label of y", "bad_value", f"The labels are {labels}.")
        weights = np.array([float(by_label.get(label, 1)) for label in labels])[codes.astype(np.intp)]
        return weights if sample_weight is None else weights * row_weights(sample_weight, len(codes))

    def _task(self, classes: np.ndarray) -> str:
        return "binary" if len(classes) == 2 else "multiclass"

    def _labelled(self, y: Any, n_rows: int, classes: np.ndarray | None) -> tuple[str, np.ndarray]:
        labels = one_column(target_array(y, n_rows, type(self).__name__))
        assert classes is not None
        return self._task(classes), codes_of(labels, classes).reshape(-1, 1)

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class: (n_rows, n_classes)."""
        return self._predict(X)

    def staged_predict_proba(self, X: Any) -> Iterator[np.ndarray]:
        """The probabilities after the first round (or tree), after two, and so on: each (n_rows, n_classes)."""
        return staged(self, X)

    def staged_predict(self, X: Any) -> Iterator[np.ndarray]:
        """The most probable labels after the first round (or tree), after two, and so on: each (n_rows,)."""
        return (np.asarray(self.classes_[np.argmax(chances, axis=1)]) for chances in staged(self, X))

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """The logarithm of the probability of each class: (n_rows, n_classes)."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self._predict(X)))

    @property
    def decision_function(self) -> Callable[[Any], np.ndarray]:
        """Log-odds of the second of two classes, (n_rows,), or the scores of more, (n_rows, n_classes); of support vectors, too (Platt).

        Raises:
            AttributeError: where the model does not make its probabilities of scores, as a random forest.
        """
        self._check_fitted()
        if self._native.n_scores == 0:
            raise AttributeError(f"{type(self).__name__} does not make its probabilities of scores: use predict_proba")

        def decide(X: Any) -> np.ndarray:
            scores = self._predict(X, scores=True)
            if len(self.classes_) == 2:
                return scores[:, 0] if scores.shape[1] == 1 else scores[:, 1] - scores[:, 0]
            return scores

        decide.__name__ = "decision_function"  # scorers of scikit-learn tell by it what they were given
        return decide

    def predict(self, X: Any) -> np.ndarray:
        """The most probable label of each row."""
        chances = self._predict(X)
        return np.asarray(self.classes_[np.argmax(chances, axis=1)])

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of rows whose label is predicted."""
        predicted = self.predict(X)
        labels = one_column(target_array(y, len(predicted), type(self).__name__))
        classes_and_codes(labels)  # raises where they are no labels
        return float(np.average(predicted == labels, weights=score_weights(sample_weight, len(predicted))))


class Regressor(CatalogModel):
    """A learner of numbers, one or several a row.

    Attributes:
        n_features_in_: number of features.
        feature_names_in_: their names, where they have names.
        n_iter_: iterations after which the model was best, where it is made of iterations.
    """

    _kind = "regression"

    def _labelled(self, y: Any, n_rows: int, classes: np.ndarray | None) -> tuple[str, np.ndarray]:
        del classes
        target = target_array(y, n_rows, type(self).__name__)
        if target.ndim == 2 and (target.shape[1] == 1 or "multi_regression" not in self._about["tasks"]):
            target = one_column(target)
        return "regression" if target.ndim == 1 else "multi_regression", numbers(target)

    def predict(self, X: Any) -> np.ndarray:
        """The number of each row, (n_rows,), or its numbers, (n_rows, n_targets)."""
        predicted = self._predict(X)
        return predicted[:, 0] if predicted.shape[1] == 1 else predicted

    def staged_predict(self, X: Any) -> Iterator[np.ndarray]:
        """The numbers after the first round (or tree), after two, and so on: each (n_rows,) or (n_rows, n_targets)."""
        return (predicted[:, 0] if predicted.shape[1] == 1 else predicted for predicted in staged(self, X))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R2: 1 for predictions without error, 0 for those no better than the mean; of several targets the mean.

        Of several quantiles of one target D2, the mean of each: as R2, by the pinball loss beside that of the quantile of ``y``.
        """
        predicted = self.predict(X)
        n_rows, n_predicted = len(predicted), 1 if predicted.ndim == 1 else predicted.shape[1]
        target = target_array(y, n_rows, type(self).__name__)
        if n_rows == 0:
            return float("nan")
        known, weights = numbers(target), score_weights(sample_weight, n_rows)
        if known.shape[1] == 1 < n_predicted:
            return d2_pinball(known[:, 0], predicted, self._quantiles(n_predicted), weights)
        if known.shape[1] != n_predicted:
            raise other_targets(known.shape[1], n_predicted)
        return r2(known[:, 0] if predicted.ndim == 1 else known, predicted, weights)

    def _quantiles(self, n_predicted: int) -> list[float]:
        """The quantiles that the columns of a prediction of one target are."""
        quantiles = list(getattr(self, "quantiles", ()))
        if len(quantiles) != n_predicted:
            raise other_targets(1, n_predicted)
        return quantiles


class Ranker(CatalogModel):
    """A learner of an order within groups of rows.

    Attributes:
        n_features_in_: number of features.
        feature_names_in_: their names, where they have names.
        n_iter_: iterations after which the model was best, where it is made of iterations.
    """

    _kind = "ranking"

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        groups: Any = None,
        qid: Any = None,
        group: Any = None,
        eval_set: tuple[Any, ...] | None = None,
        eval_groups: Any = None,
        callbacks: Sequence[Callback] = (),
        init_model: Any = None,
    ) -> Any:
        """Learns; what is not said here is as of the other models.

        Args:
            X: Features: (n_rows, n_features).
            y: Relevance of each row: the larger, the earlier the row belongs in its group.
            sample_weight: Weight of each row's part in the loss; one of weight 0 counts as absent.
            groups: Group of each row (a query's number or name); all rows are one group where not given.
            qid: The same, as XGBoost spells it.
            group: Sizes of groups that follow one another, as LightGBM spells them.
            eval_set: Rows (X, y) by which boosting stops early.
            eval_groups: Group of each row of ``eval_set``; needed where the training rows have groups.
            callbacks: Called with a :class:`FitProgress` after iterations.
            init_model: A fitted estimator to go on from.

        Returns:
            The estimator.
        """
        groups = groups_of(groups, qid, group)
        if eval_set is None and eval_groups is not None:
            raise InvalidInputError("eval_groups are given without eval_set", "bad_value", "Pass eval_set=(X, y) too, or neither.")
        if eval_set is not None and (groups is None) != (eval_groups is None):
            given_, missing = ("y", "eval_set") if eval_groups is None else ("eval_set", "y")
            raise InvalidInputError(
                f"the rows of {given_} have groups, those of {missing} have none and would all be one group",
                "bad_value",
                "Pass the group of each row: groups for y, eval_groups for eval_set.",
            )
        callbacks = checked(callbacks)
        if init_model is not None:
            check_start(self, init_model)
        given = self._input(X, fits=True)
        task, target = self._labelled(y, given.n_rows, None)
        evaluation = None
        if eval_set is not None:
            rows, values, weights = self._evaluation(eval_set, X)
            evaluation = (rows, self._labelled(values, rows.n_rows, None)[1], weights, eval_groups)
        return self._fit(given, target, task, sample_weight, groups, evaluation, callbacks, init_model, None)

    def _labelled(self, y: Any, n_rows: int, classes: np.ndarray | None) -> tuple[str, np.ndarray]:
        del classes
        return "ranking", numbers(one_column(target_array(y, n_rows, type(self).__name__)))

    def predict(self, X: Any) -> np.ndarray:
        """A score of each row: within a group, the larger the earlier."""
        return self._predict(X)[:, 0]

    def staged_predict(self, X: Any) -> Iterator[np.ndarray]:
        """The scores after the first round, after two, and so on: each (n_rows,)."""
        return (predicted[:, 0] for predicted in staged(self, X))
