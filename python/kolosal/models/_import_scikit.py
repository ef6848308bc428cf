"""Models of scikit-learn as native ones: trees and forests as they are, boosting as a text of LightGBM's, weights of linear models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import _kolosal
from .._errors import InvalidInputError

_EXPONENTIAL = {"PoissonRegressor", "GammaRegressor"}
_LINEAR = {"LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV", "HuberRegressor", "QuantileRegressor"}
_LINEAR |= {"SGDRegressor", "BayesianRidge", "ARDRegression", "LassoLars", "Lars", "TheilSenRegressor", "LinearSVR"}
_LOGISTIC = {"LogisticRegression", "LogisticRegressionCV", "SGDClassifier"}
_TREES = {"DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor"}
_FORESTS = {"RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor"}
_BOOSTED = {"GradientBoostingClassifier", "GradientBoostingRegressor"}
_BINNED = {"HistGradientBoostingClassifier", "HistGradientBoostingRegressor"}

_MISSING_IS_NAN, _DEFAULT_LEFT, _IS_CATEGORICAL = 8, 2, 1  # bits of LightGBM's decision_type


@dataclass(frozen=True)
class Parts:
    """What a model of scikit-learn became.

    Attributes:
        native: the model.
        names: of its features.
        classifies: whether it predicts classes.
        levels: for the number of each categorical feature, its levels in the order of their codes.
    """

    native: _kolosal.FittedModel
    names: list[str]
    classifies: bool
    levels: dict[int, list[Any]] = field(default_factory=dict)


def parts_of(source: Any) -> Parts:
    """A fitted model of scikit-learn as a native one.

    Raises:
        InvalidInputError: where it is of a kind that the native forms do not hold.
    """
    name = type(source).__name__
    if name not in _LINEAR | _EXPONENTIAL | _LOGISTIC | _TREES | _FORESTS | _BOOSTED | _BINNED:
        raise InvalidInputError(
            f"scikit-learn's {name} is no tree, forest, boosting or linear model that can be imported", "unsupported", _way_on(source)
        )
    names = [str(each) for each in getattr(source, "feature_names_in_", [f"x{j}" for j in range(source.n_features_in_)])]
    classifies = name in _LOGISTIC or name.endswith("Classifier")
    if name in _BINNED:
        native, levels = _of_binned_boosting(source)
        return Parts(native, names, classifies, levels)
    if name in _BOOSTED:
        return Parts(_of_boosting(source), names, classifies)
    if name in _TREES | _FORESTS:
        return Parts(_forest([source] if name in _TREES else source.estimators_, source.n_features_in_, classifies), names, classifies)
    return Parts(_linear(source, name), names, classifies)


def _way_on(source: Any) -> str:
    name = type(source).__name__
    if hasattr(source, "best_estimator_"):
        return "Import its best_estimator_."
    if name == "Pipeline":
        return "Import its last step, model[-1], and keep the steps before it for the features."
    from ._classes import CLASSES  # noqa: PLC0415  (which are made after this module)

    namesake = f"Train kolosal.models.{name} in its place, or a" if name in CLASSES else "Train a"
    return f"{namesake} tree, forest, boosting or linear model of scikit-learn."


def _linear(source: Any, name: str) -> _kolosal.FittedModel:
    weights = np.ascontiguousarray(np.atleast_2d(source.coef_), dtype=np.float64)
    bias = np.ascontiguousarray(np.broadcast_to(source.intercept_, len(weights)), dtype=np.float64)
    link = "exp" if name in _EXPONENTIAL else "identity"
    if name == "SGDClassifier":
        if source.loss != "log_loss" or len(weights) > 1:
            what = f"loss='{source.loss}'" if source.loss != "log_loss" else "more than two classes"
            raise InvalidInputError(
                f"scikit-learn's SGDClassifier of {what} has no probabilities that a native form holds",
                "unsupported",
                "Import one of loss='log_loss' and two classes, or a LogisticRegression; or train kolosal.models.SGDClassifier.",
            )
        link = "sigmoid"
    elif name in _LOGISTIC:
        link = "sigmoid" if len(weights) == 1 else "softmax"
    return _kolosal.FittedModel.linear_of_weights(weights, bias, link)


def _forest(estimators: Sequence[Any], n_features: int, classifier: bool) -> _kolosal.FittedModel:
    values = estimators[0].tree_.value
    if classifier and values.shape[1] > 1:
        raise InvalidInputError("a classifier of several targets has no counterpart here", "unsupported", "Import one for each target.")
    trees = []
    for tree in (each.tree_ for each in estimators):
        value = tree.value[:, 0, :] if classifier else tree.value[:, :, 0]
        if classifier:
            value = value / value.sum(axis=1, keepdims=True)
        missing = getattr(tree, "missing_go_to_left", np.zeros(tree.node_count))
        trees.append(
            {
                "left": tree.children_left,
                "right": tree.children_right,
                "feature": tree.feature,
                "threshold": tree.threshold,
                "missing_left": np.asarray(missing, dtype=np.float64),
                "cover": tree.weighted_n_node_samples,
                "gain": _gains(tree),
                "values": np.ascontiguousarray(value).ravel(),
            }
        )
    width = trees[0]["values"].size // estimators[0].tree_.node_count
    return _kolosal.FittedModel.forest_of_trees(n_features, width, "mean", "normalize" if classifier else "identity", trees)


def _gains(tree: Any) -> np.ndarray:
    weighted = tree.impurity * tree.weighted_n_node_samples
    return np.asarray(weighted - weighted[tree.children_left] - weighted[tree.children_right])


@dataclass
class _Nodes:
    """The nodes of one tree, the root first, each array (n_nodes,); of leaves only ``value`` and ``cover`` count.

    Attributes:
        left, right: numbers of the children.
        is_leaf: which nodes are leaves.
        missing_left: whether missing values go left.
        sets: by the number of a node that splits by categories, the words of 32 bits of the codes that go left.
    """

    left: np.ndarray
    right: np.ndarray
    is_leaf: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    missing_left: np.ndarray
    cover: np.ndarray
    gain: np.ndarray
    value: np.ndarray
    sets: dict[int, list[int]] = field(default_factory=dict)

    def text(self, number: int) -> str:
        """A block of LightGBM's text."""
        splits, leaves = np.flatnonzero(~self.is_leaf), np.flatnonzero(self.is_leaf)
        lines = [f"Tree={number}", f"num_leaves={len(leaves)}", f"num_cat={len(self.sets)}"]
        lines += [f"leaf_value={_joined(self.value[leaves])}", f"leaf_count={_joined(self.cover[leaves])}"]
        if len(splits) > 0:
            child = np.empty(len(self.is_leaf), dtype=np.int64)  # of a leaf the bits of its number turned over
            child[splits], child[leaves] = np.arange(len(splits)), -1 - np.arange(len(leaves))
            threshold, kind = self.threshold[splits].astype(float), _MISSING_IS_NAN + _DEFAULT_LEFT * self.missing_left[splits].astype(int)
            places = {int(node): place for place, node in enumerate(splits)}
            for j, node in enumerate(self.sets):
                threshold[places[node]], kind[places[node]] = j, _IS_CATEGORICAL
            rows: list[tuple[str, Any]] = [
                ("split_feature", self.feature[splits]),
                ("split_gain", np.nan_to_num(self.gain[splits])),
                ("threshold", threshold),
                ("decision_type", kind),
                ("left_child", child[self.left[splits]]),
                ("right_child", child[self.right[splits]]),
                ("internal_count", self.cover[splits]),
            ]
            if self.sets:
                words = list(self.sets.values())
                rows += [("cat_boundaries", np.cumsum([0, *map(len, words)])), ("cat_threshold", np.concatenate(words))]
            lines += [f"{name}={_joined(numbers)}" for name, numbers in rows]
        return "\n".join(lines) + "\n\n"


def _joined(numbers: Any) -> str:
    return " ".join(repr(number) for number in np.asarray(numbers).tolist())


def _boosted(rounds: list[list[_Nodes]], start: np.ndarray, n_features: int, objective: str) -> _kolosal.FittedModel:
    """Boosting of rounds of trees, one for each score, that begins at ``start``, (n_scores,): the trees of the first round have it."""
    for nodes, begins in zip(rounds[0], start, strict=True):
        nodes.value = nodes.value + begins
    trees = [nodes for each in rounds for nodes in each]
    header = {
        "num_tree_per_iteration": len(rounds[0]),
        "max_feature_idx": n_features - 1,
        "objective": objective,
        "feature_names": " ".join(f"x{j}" for j in range(n_features)),
        "feature_infos": " ".join(["none"] * n_features),
        "tree_sizes": " ".join(["1"] * len(trees)),
    }
    head = "tree\n" + "".join(f"{name}={value}\n" for name, value in header.items()) + "\n"
    text = head + "".join(nodes.text(number) for number, nodes in enumerate(trees)) + "end of trees\n"
    native: _kolosal.FittedModel = _kolosal.FittedModel.import_bytes(text.encode())[0]
    return native


def _objective(classifies: bool, n_scores: int, exponential: bool = False, sharpness: int = 1) -> str:
    if not classifies:
        return "poisson" if exponential else "regression"
    return f"binary sigmoid:{sharpness}" if n_scores == 1 else f"multiclass num_class:{n_scores}"


def _of_boosting(source: Any) -> _kolosal.FittedModel:
    """Of GradientBoosting..., which begins at a constant unless ``init`` is a model of the features."""
    start = np.zeros(source.estimators_.shape[1])
    if source.init_ != "zero":
        if type(source.init_).__name__ not in ("DummyClassifier", "DummyRegressor"):
            raise InvalidInputError(
                f"boosting that begins at a {type(source.init_).__name__} has no counterpart here", "unsupported", "Train it without init."
            )
        start = np.ravel(source._raw_predict_init(np.zeros((1, source.n_features_in_))))
    rounds: list[list[_Nodes]] = []
    for estimators in source.estimators_:
        rounds.append([])
        for tree in (each.tree_ for each in estimators):
            value = source.learning_rate * tree.value[:, 0, 0]
            leaf = tree.children_left < 0
            rounds[-1].append(
                _Nodes(
                    left=tree.children_left,
                    right=tree.children_right,
                    is_leaf=leaf,
                    feature=tree.feature,
                    threshold=tree.threshold,
                    missing_left=np.zeros(len(leaf)),
                    cover=tree.weighted_n_node_samples,
                    gain=_gains(tree),
                    value=value,
                )
            )
    classifies = type(source).__name__.endswith("Classifier")
    sharpness = 2 if classifies and source.loss == "exponential" else 1
    return _boosted(rounds, start, source.n_features_in_, _objective(classifies, len(start), sharpness=sharpness))


def _of_binned_boosting(source: Any) -> tuple[_kolosal.FittedModel, dict[int, list[Any]]]:
    """Of HistGradientBoosting..., which puts categorical features before the others."""
    is_categorical = source.is_categorical_
    order, levels = np.arange(source.n_features_in_), {}
    known: Any = None
    if is_categorical is not None and is_categorical.any():
        if not hasattr(source, "feature_names_in_"):
            raise InvalidInputError(
                "categories of a HistGradientBoosting that was trained on an array are not told apart from its numbers",
                "unsupported",
                "Train it on a data frame whose columns of categories are of a categorical type.",
            )
        order = np.concatenate([np.flatnonzero(is_categorical), np.flatnonzero(~is_categorical)])
        encoder = source._preprocessor.named_transformers_["encoder"]
        for j, found in zip(np.flatnonzero(is_categorical), encoder.categories_, strict=True):
            levels[int(j)] = [level for level in found.tolist() if level is not None and level == level]
        known = source._bin_mapper.make_known_categories_bitsets()
    rounds = [[_binned_nodes(predictor, order, known) for predictor in each] for each in source._predictors]
    start = np.ravel(source._baseline_prediction)
    exponential = type(source._loss.link).__name__ == "LogLink"
    classifies = type(source).__name__.endswith("Classifier")
    return _boosted(rounds, start, source.n_features_in_, _objective(classifies, len(start), exponential)), levels


def _binned_nodes(predictor: Any, order: np.ndarray, known: Any) -> _Nodes:
    """A tree; where missing values go left by categories, its children are exchanged, as what no set holds goes right."""
    nodes = predictor.nodes
    left, right = nodes["left"].astype(np.int64), nodes["right"].astype(np.int64)
    sets: dict[int, list[int]] = {}
    for i in np.flatnonzero((nodes["is_categorical"] != 0) & (nodes["is_leaf"] == 0)):
        goes_left = predictor.raw_left_cat_bitsets[nodes["bitset_idx"][i]]
        if nodes["missing_go_to_left"][i]:
            every, numbers = known
            goes_left = every[numbers[nodes["feature_idx"][i]]] & ~goes_left
            left[i], right[i] = right[i], left[i]
        sets[int(i)] = goes_left.tolist()
    return _Nodes(
        left=left,
        right=right,
        is_leaf=nodes["is_leaf"] != 0,
        feature=order[nodes["feature_idx"]],
        threshold=_nearest_float32(nodes["num_threshold"]),
        missing_left=nodes["missing_go_to_left"],
        cover=nodes["count"].astype(float),
        gain=nodes["gain"],
        value=nodes["value"],
        sets=sets,
    )


def _nearest_float32(bounds: np.ndarray) -> np.ndarray:
    """Bounds of float64 numbers for the float32 numbers nearest to those.

    Where a bound is a number of the rows, that number goes left of it in float32, too; a bound half way between two float32 numbers becomes
    the lower one, from which it tells the other.
    """
    with np.errstate(over="ignore"):
        nearest = bounds.astype(np.float32)
    below = np.nextafter(nearest, np.float32(-np.inf))
    with np.errstate(invalid="ignore", over="ignore"):
        half_way = (nearest > bounds) & (nearest.astype(np.float64) - bounds >= bounds - below.astype(np.float64))
    kept: np.ndarray = np.where(half_way, below, nearest).astype(np.float64)
    return kept
