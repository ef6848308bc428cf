"""Models, trained natively: a scikit-learn estimator for every learner of the catalog and each kind of task that it does."""

from typing import Literal

from ._base import Classifier, FitProgress, Ranker, Regressor

__all__ = [
    "Classifier",
    "DecisionTreeClassifier",
    "DecisionTreeRegressor",
    "DummyClassifier",
    "DummyRegressor",
    "ExtraTreesClassifier",
    "ExtraTreesRegressor",
    "FitProgress",
    "GradientBoostingClassifier",
    "GradientBoostingRanker",
    "GradientBoostingRegressor",
    "KNeighborsClassifier",
    "KNeighborsRegressor",
    "LogisticRegression",
    "RandomForestClassifier",
    "RandomForestRegressor",
    "Ranker",
    "Regressor",
    "Ridge",
]

class DecisionTreeClassifier(Classifier):
    """One tree that splits rows until its leaves are pure or small."""

    max_depth: int | None
    max_leaves: int | None
    min_rows_in_leaf: int
    feature_fraction: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        max_depth: int | None = None,
        max_leaves: int | None = None,
        min_rows_in_leaf: int = 1,
        feature_fraction: float = 1.0,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class DecisionTreeRegressor(Regressor):
    """One tree that splits rows until its leaves are pure or small."""

    max_depth: int | None
    max_leaves: int | None
    min_rows_in_leaf: int
    feature_fraction: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        max_depth: int | None = None,
        max_leaves: int | None = None,
        min_rows_in_leaf: int = 1,
        feature_fraction: float = 1.0,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class DummyClassifier(Classifier):
    """The mean of the target, or the frequencies of its classes: the baseline."""

    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(self, *, n_threads: int = 0, seed: int = 0, time_limit: float | None = None) -> None: ...

class DummyRegressor(Regressor):
    """The mean of the target, or the frequencies of its classes: the baseline."""

    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(self, *, n_threads: int = 0, seed: int = 0, time_limit: float | None = None) -> None: ...

class ExtraTreesClassifier(Classifier):
    """The mean of trees whose splits are drawn at random."""

    n_trees: int
    max_depth: int | None
    max_leaves: int | None
    min_rows_in_leaf: int
    feature_fraction: float | None
    bootstrap: bool
    row_fraction: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        n_trees: int = 300,
        max_depth: int | None = None,
        max_leaves: int | None = 18000,
        min_rows_in_leaf: int = 1,
        feature_fraction: float | None = None,
        bootstrap: bool = False,
        row_fraction: float = 1.0,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class ExtraTreesRegressor(Regressor):
    """The mean of trees whose splits are drawn at random."""

    n_trees: int
    max_depth: int | None
    max_leaves: int | None
    min_rows_in_leaf: int
    feature_fraction: float | None
    bootstrap: bool
    row_fraction: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        n_trees: int = 300,
        max_depth: int | None = None,
        max_leaves: int | None = 18000,
        min_rows_in_leaf: int = 1,
        feature_fraction: float | None = None,
        bootstrap: bool = False,
        row_fraction: float = 1.0,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class GradientBoostingClassifier(Classifier):
    """Trees that each correct those before, grown from histograms."""

    n_trees: int
    learning_rate: float
    learning_rate_decay: Literal["none", "cosine", "exponential"]
    max_leaves: int
    max_depth: int | None
    min_rows_in_leaf: int
    min_hessian: float
    min_gain: float
    l1: float
    l2: float
    row_fraction: float
    feature_fraction: float
    max_bins: int
    cat_smooth: float
    cat_l2: float
    max_categories_onehot: int
    extra_random: bool
    patience: int | None
    min_delta: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        n_trees: int = 1000,
        learning_rate: float = 0.05,
        learning_rate_decay: Literal["none", "cosine", "exponential"] = "none",
        max_leaves: int = 31,
        max_depth: int | None = None,
        min_rows_in_leaf: int = 20,
        min_hessian: float = 0.001,
        min_gain: float = 0.0,
        l1: float = 0.0,
        l2: float = 1.0,
        row_fraction: float = 1.0,
        feature_fraction: float = 1.0,
        max_bins: int = 255,
        cat_smooth: float = 10.0,
        cat_l2: float = 10.0,
        max_categories_onehot: int = 4,
        extra_random: bool = False,
        patience: int | None = 50,
        min_delta: float = 0.0,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class GradientBoostingRanker(Ranker):
    """Trees that each correct those before, grown from histograms."""

    n_trees: int
    learning_rate: float
    learning_rate_decay: Literal["none", "cosine", "exponential"]
    max_leaves: int
    max_depth: int | None
    min_rows_in_leaf: int
    min_hessian: float
    min_gain: float
    l1: float
    l2: float
    row_fraction: float
    feature_fraction: float
    max_bins: int
    cat_smooth: float
    cat_l2: float
    max_categories_onehot: int
    extra_random: bool
    patience: int | None
    min_delta: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        n_trees: int = 1000,
        learning_rate: float = 0.05,
        learning_rate_decay: Literal["none", "cosine", "exponential"] = "none",
        max_leaves: int = 31,
        max_depth: int | None = None,
        min_rows_in_leaf: int = 20,
        min_hessian: float = 0.001,
        min_gain: float = 0.0,
        l1: float = 0.0,
        l2: float = 1.0,
        row_fraction: float = 1.0,
        feature_fraction: float = 1.0,
        max_bins: int = 255,
        cat_smooth: float = 10.0,
        cat_l2: float = 10.0,
        max_categories_onehot: int = 4,
        extra_random: bool = False,
        patience: int | None = 50,
        min_delta: float = 0.0,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class GradientBoostingRegressor(Regressor):
    """Trees that each correct those before, grown from histograms."""

    n_trees: int
    learning_rate: float
    learning_rate_decay: Literal["none", "cosine", "exponential"]
    max_leaves: int
    max_depth: int | None
    min_rows_in_leaf: int
    min_hessian: float
    min_gain: float
    l1: float
    l2: float
    row_fraction: float
    feature_fraction: float
    max_bins: int
    cat_smooth: float
    cat_l2: float
    max_categories_onehot: int
    extra_random: bool
    patience: int | None
    min_delta: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        n_trees: int = 1000,
        learning_rate: float = 0.05,
        learning_rate_decay: Literal["none", "cosine", "exponential"] = "none",
        max_leaves: int = 31,
        max_depth: int | None = None,
        min_rows_in_leaf: int = 20,
        min_hessian: float = 0.001,
        min_gain: float = 0.0,
        l1: float = 0.0,
        l2: float = 1.0,
        row_fraction: float = 1.0,
        feature_fraction: float = 1.0,
        max_bins: int = 255,
        cat_smooth: float = 10.0,
        cat_l2: float = 10.0,
        max_categories_onehot: int = 4,
        extra_random: bool = False,
        patience: int | None = 50,
        min_delta: float = 0.0,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class KNeighborsClassifier(Classifier):
    """Mean target of the nearest training rows."""

    k: int | None
    weighting: Literal["uniform", "distance"]
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        k: int | None = None,
        weighting: Literal["uniform", "distance"] = "distance",
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class KNeighborsRegressor(Regressor):
    """Mean target of the nearest training rows."""

    k: int | None
    weighting: Literal["uniform", "distance"]
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        k: int | None = None,
        weighting: Literal["uniform", "distance"] = "distance",
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class LogisticRegression(Classifier):
    """Logistic regression of two or more classes with a squared penalty."""

    l2: float | None
    fit_intercept: bool
    max_iterations: int
    tolerance: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        l2: float | None = None,
        fit_intercept: bool = True,
        max_iterations: int = 200,
        tolerance: float = 1e-04,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class RandomForestClassifier(Classifier):
    """The mean of trees grown on rows drawn with replacement."""

    n_trees: int
    max_depth: int | None
    max_leaves: int | None
    min_rows_in_leaf: int
    feature_fraction: float | None
    bootstrap: bool
    row_fraction: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        n_trees: int = 300,
        max_depth: int | None = None,
        max_leaves: int | None = 18000,
        min_rows_in_leaf: int = 1,
        feature_fraction: float | None = None,
        bootstrap: bool = True,
        row_fraction: float = 1.0,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class RandomForestRegressor(Regressor):
    """The mean of trees grown on rows drawn with replacement."""

    n_trees: int
    max_depth: int | None
    max_leaves: int | None
    min_rows_in_leaf: int
    feature_fraction: float | None
    bootstrap: bool
    row_fraction: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        n_trees: int = 300,
        max_depth: int | None = None,
        max_leaves: int | None = 18000,
        min_rows_in_leaf: int = 1,
        feature_fraction: float | None = None,
        bootstrap: bool = True,
        row_fraction: float = 1.0,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class Ridge(Regressor):
    """Least squares with a squared penalty on the weights."""

    l2: float | None
    fit_intercept: bool
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self, *, l2: float | None = None, fit_intercept: bool = True, n_threads: int = 0, seed: int = 0, time_limit: float | None = None
    ) -> None: ...
