"""Parameters as scikit-learn, LightGBM and XGBoost spell them, where a name alone does not say what is meant."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .._errors import InvalidInputError

# The learners whose share of features may be said by how it grows with their number, as annotations have it.
FORESTS = {"decision_tree", "extra_trees", "random_forest", "quantile_forest"}
SHARES = "Literal['sqrt', 'log2']"
_COUNTS: dict[str, Callable[[float], float]] = {"sqrt": math.sqrt, "log2": math.log2}

# What LightGBM and XGBoost call the losses and ways of growth.
_LOSSES = {
    "default": ["binary", "binary:logistic", "multiclass", "softmax", "multi:softprob", "multi:softmax"],
    "squared": ["regression", "regression_l2", "l2", "mse", "mean_squared_error", "squared_error", "reg:squarederror"],
    "absolute": ["regression_l1", "l1", "mae", "mean_absolute_error", "absolute_error", "reg:absoluteerror"],
    "quantile": ["reg:quantileerror"],
    "poisson": ["count:poisson"],
    "gamma": ["reg:gamma"],
    "tweedie": ["reg:tweedie"],
    "cox": ["survival:cox"],
    "lambdarank": ["rank:ndcg"],
    "xendcg": ["rank_xendcg"],
}
_SPELLINGS: dict[str, dict[Any, Any]] = {
    "loss": {spelt: loss for loss, all_spelt in _LOSSES.items() for spelt in all_spelt},
    "growth": {"lossguide": "leaf", "depthwise": "depth"},
}
# Their values for no limit, which all learners of trees take.
_UNLIMITED: dict[str, dict[Any, Any]] = {"max_depth": {-1: None, 0: None}}

# What to do in place of parameters that users know and that have no counterpart of their own.
_QUIET = "Nothing is printed but by callbacks: fit(..., callbacks=[kolosal.models.log_evaluation()])."
_INSTEAD = {
    "verbose": _QUIET,
    "verbosity": _QUIET,
    "silent": _QUIET,
    "random_seed": "It is 'seed'.",
    "scale_pos_weight": "Weigh classes by label: class_weight={0: 1, 1: 3}, or 'balanced'.",
    "is_unbalance": "It is class_weight='balanced'.",
    "auto_class_weights": "It is class_weight='balanced'.",
    "boosting_type": "DART is drop_fraction above 0, GOSS is sampling='goss', a random forest is RandomForestClassifier or ...Regressor.",
    "boosting": "DART is drop_fraction above 0, GOSS is sampling='goss', a random forest is RandomForestClassifier or ...Regressor.",
    "booster": "DART is drop_fraction above 0; linear models are classes of their own, such as Ridge and LogisticRegression.",
    "subsample_freq": "Rows are drawn anew for every round: row_fraction is enough.",
    "bagging_freq": "Rows are drawn anew for every round: row_fraction is enough.",
    "tree_method": "Trees of boosting always grow by histograms, those of random forests by split_method; max_bins says how fine.",
    "device": "Models are trained on the processor; n_threads says with how many threads.",
    "enable_categorical": "Categories of data frames are always categories.",
    "categorical_feature": "Categories are told by the frame: make the column one of pandas' or polars' categories.",
    "categorical_features": "Categories are told by the frame: make the column one of pandas' or polars' categories.",
    "cat_features": "Categories are told by the frame: make the column one of pandas' or polars' categories.",
    "missing": "NaN is missing: put it where another value stands for it.",
    "eval_metric": "The rows of eval_set are judged by the loss; kolosal.metrics judges predictions by anything else.",
    "metric": "The rows of eval_set are judged by the loss; kolosal.metrics judges predictions by anything else.",
    "max_delta_step": "There is no bound on the values of leaves; l2 and min_hessian keep them small.",
    "early_stopping": "Pass rows to stop by, fit(..., eval_set=(X, y)), and patience.",
    "quantile_alpha": "It is 'quantile', or 'quantiles' for several at once.",
    "warm_start": "Pass the model to go on from: fit(..., init_model=model).",
    "penalty": "l1 and l2 say how strong each penalty is; 0 is none.",
    "solver": "The minimiser is chosen by the data.",
    "probability": "There are always probabilities.",
    "criterion": "Trees of classes split by Gini's impurity, those of numbers by variance.",
}

# The same to learners that have the parameter named first, to which the name means another thing.
_EUCLIDEAN = "Distances are Euclidean; on rows of length 1, as kolosal.preprocess.Normalizer makes them, they order rows as cosines do."
_INSTEAD_WITH = {
    ("k", "metric"): _EUCLIDEAN,
    ("k", "p"): _EUCLIDEAN,
    ("n_epochs", "solver"): "The minimiser is Adam.",
}


def instead_of(name: str, specs: dict[str, Any]) -> str:
    """What to do in place of a parameter of a peer that learners with these parameters do not have; empty for one that is not known."""
    if name in _INSTEAD and "settings" in specs:
        return f"Pass it to the library: settings={{'{name}': ...}}."
    return next((said for (owned, theirs), said in _INSTEAD_WITH.items() if theirs == name and owned in specs), _INSTEAD.get(name, ""))


def as_kept(model: Any, name: str, value: Any, given: dict[str, Any]) -> tuple[str, Any]:
    """Our name and value of a parameter of a model, as a peer may spell it; ``given`` is what is set at once."""
    learner = model._learner
    if learner in FORESTS and name in ("max_features", "max_samples"):
        return model._canonical(name), _share(model, name, value)
    if learner == "gradient_boosting" and name == "alpha":
        return _alpha(given.get("loss", given.get("objective", model.loss))), value
    if learner in ("logistic", "linear_svm") and name == "C":
        if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not value > 0:
            raise InvalidInputError(f"{type(model).__name__}.C cannot be {value!r}", "bad_value", "Allowed: number, above 0; l2 is 1 / C.")
        return "l2", 1.0 / float(value)
    if learner in ("svc", "svr") and name == "gamma" and isinstance(value, str) and value == "scale":
        return name, None
    return model._canonical(name), value


def _share(model: Any, name: str, value: Any) -> Any:
    """A share of scikit-learn's max_features or max_samples, of which None is all."""
    if isinstance(value, (int, np.integer)):
        ours = model._canonical(name)
        remedy = f"Pass a share of them: {ours}=0.3" + (", or 'sqrt' or 'log2'." if name == "max_features" else ".")
        what = "features" if name == "max_features" else "rows"
        raise InvalidInputError(f"{type(model).__name__}.{name} cannot be a number of {what}, {value!r}", "bad_value", remedy)
    return 1.0 if value is None else value


def _alpha(loss: Any) -> str:
    """What alpha is to a loss: which quantile, or Huber's delta as LightGBM has it."""
    loss = _SPELLINGS["loss"].get(loss, loss) if isinstance(loss, str) else loss
    if loss not in ("quantile", "huber"):
        raise InvalidInputError(
            f"alpha means nothing to loss={loss!r}",
            "bad_value",
            "It says which quantile for loss='quantile', and is huber_delta for loss='huber'; XGBoost's alpha is l1.",
        )
    return "quantile" if loss == "quantile" else "huber_delta"


def as_spelt_here(options: dict[str, Any], learner: str, kind: str) -> dict[str, Any]:
    """Options of a learner with values as LightGBM and XGBoost spell them turned into ours.

    Raises:
        InvalidInputError: where a loss of classes is given to what does not tell classes.
    """
    loss = options.get("loss")
    if learner == "gradient_boosting" and kind != "classification" and isinstance(loss, str) and loss in _LOSSES["default"]:
        raise InvalidInputError(f"the loss {loss!r} is for classes", "bad_value", "Use GradientBoostingClassifier, or leave out `loss`.")
    spellings = {**_SPELLINGS, **_UNLIMITED} if learner == "gradient_boosting" else _UNLIMITED
    spelt = {name for name, value in options.items() if name in spellings and not isinstance(value, list | tuple | dict)}
    return {name: spellings[name].get(value, value) if name in spelt else value for name, value in options.items()}


def constraints_of(text: str, name: str) -> Any:
    """Directions or groups of features that are written as XGBoost writes them, such as '(1,-1,0)' and '[[0,1]]'."""
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        found = None
    if not isinstance(found, (list, tuple, dict)):
        form = "'(1,-1,0)', or a list of 1, 0 and -1" if name == "monotone" else "'[[0,1],[2]]', or a list of lists"
        raise InvalidInputError(f"{name} cannot be {text!r}", "bad_value", f"Write it as {form}.")
    return found


def share_of(share: Any, n_features: int) -> Any:
    """A share of features as a number, where it is 'sqrt' or 'log2' of their number, as scikit-learn rounds that."""
    if not isinstance(share, str):
        return share
    if share not in _COUNTS:
        raise InvalidInputError(
            f"feature_fraction cannot be {share!r}", "bad_value", "Allowed: number, above 0, at most 1, 'sqrt' or 'log2'."
        )
    count = max(1, int(_COUNTS[share](n_features)))
    return min(1.0, (count + 0.5) / n_features)  # of which the learner takes the whole number of features below
