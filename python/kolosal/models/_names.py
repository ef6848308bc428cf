"""Names of the classes: scikit-learn's where it has the algorithm, else made from the catalog's name."""

from __future__ import annotations

import importlib.util
import os

SUFFIXES = {"classification": "Classifier", "regression": "Regressor", "ranking": "Ranker"}

# By the catalog's name: what stands before the suffix, or the whole name of a learner that does either classes or numbers.
SCIKIT_LEARN = {
    "bernoulli_naive_bayes": "BernoulliNB",
    "constant": "Dummy",
    "gamma": "GammaRegressor",
    "gaussian_naive_bayes": "GaussianNB",
    "huber": "HuberRegressor",
    "k_nearest": "KNeighbors",
    "lda": "LinearDiscriminantAnalysis",
    "least_squares": "LinearRegression",
    "lightgbm": "LightGBM",
    "linear_svm": "LinearSVC",
    "logistic": "LogisticRegression",
    "mlp": "MLP",
    "multinomial_naive_bayes": "MultinomialNB",
    "poisson": "PoissonRegressor",
    "qda": "QuadraticDiscriminantAnalysis",
    "quantile": "QuantileRegressor",
    "quantile_forest": "RandomForestQuantileRegressor",
    "sgd": "SGD",
    "svc": "SVC",
    "svr": "SVR",
    "tweedie": "TweedieRegressor",
    "xgboost": "XGBoost",
}

# The learners that look at groups. Others that take a ranking task fit the relevances as numbers, which their regressor does.
RANKERS = {"gradient_boosting", "lightgbm", "xgboost"}


def class_names(learner: str, tasks: list[str]) -> dict[str, str]:
    """By kind of task, the names of the classes of a learner that can do these native tasks."""
    kinds = ["classification"] if {"binary", "multiclass"} & set(tasks) else []
    kinds += ["regression"] if "regression" in tasks else []
    stem = SCIKIT_LEARN.get(learner, "".join(part.capitalize() for part in learner.split("_")))
    if len(kinds) == 1:
        return {kinds[0]: stem}
    return {kind: stem + SUFFIXES[kind] for kind in kinds + (["ranking"] if learner in RANKERS else [])}


# Learners that go on with rows that come in parts.
IN_PARTS = {"sgd"}

# Learners that scikit-learn's trials, with features that mean nothing to them, do not do justice to.
POOR_SCORES = {"bernoulli_naive_bayes", "constant", "multinomial_naive_bayes"}

# Learners whose trees each leave rows out, by which the fit can be judged.
OUT_OF_BAG = {"random_forest", "extra_trees"}

# Learners that other libraries train, by the Python package that has the library, and its file there.
LIBRARIES = {"lightgbm": ("lightgbm", "lib_lightgbm.so"), "xgboost": ("xgboost", "libxgboost.so")}


def library_of(learner: str) -> str | None:
    """The path of the library that trains a learner, where its Python package is installed."""
    if learner not in LIBRARIES:
        return None
    package, file = LIBRARIES[learner]
    found = importlib.util.find_spec(package)
    places = found.submodule_search_locations if found is not None else None
    paths = [os.path.join(place, "lib", file) for place in places or ()]
    return next((path for path in paths if os.path.exists(path)), None)
