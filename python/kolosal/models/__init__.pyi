"""Models, trained natively: a scikit-learn estimator for every learner of the catalog and each kind of task that it does."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from ._base import Classifier, Ranker, Regressor
from ._callbacks import FitProgress, early_stopping, log_evaluation, progress, record_evaluation
from ._files import load
from ._import import ImportedClassifier, ImportedRanker, ImportedRegressor, import_model
from ._rounds import merge
from ._trees import PruningPath, TreePicture, draw_tree, prune, pruning_path

__all__ = [
    "BernoulliNB",
    "Classifier",
    "DecisionTreeClassifier",
    "DecisionTreeRegressor",
    "DummyClassifier",
    "DummyRegressor",
    "ElasticNet",
    "ExtraTreesClassifier",
    "ExtraTreesRegressor",
    "FitProgress",
    "GammaRegressor",
    "GaussianNB",
    "GaussianProcessClassifier",
    "GaussianProcessRegressor",
    "GradientBoostingClassifier",
    "GradientBoostingRanker",
    "GradientBoostingRegressor",
    "HuberRegressor",
    "ImportedClassifier",
    "ImportedRanker",
    "ImportedRegressor",
    "KNeighborsClassifier",
    "KNeighborsRegressor",
    "Lasso",
    "LightGBMClassifier",
    "LightGBMRanker",
    "LightGBMRegressor",
    "LinearDiscriminantAnalysis",
    "LinearRegression",
    "LinearSVC",
    "LogisticRegression",
    "MLPClassifier",
    "MLPRegressor",
    "MultinomialNB",
    "PoissonRegressor",
    "PruningPath",
    "QuadraticDiscriminantAnalysis",
    "QuantileRegressor",
    "RandomForestClassifier",
    "RandomForestQuantileRegressor",
    "RandomForestRegressor",
    "Ranker",
    "Regressor",
    "Ridge",
    "SGDClassifier",
    "SGDRegressor",
    "SVC",
    "SVR",
    "TreePicture",
    "TweedieRegressor",
    "XGBoostClassifier",
    "XGBoostRanker",
    "XGBoostRegressor",
    "draw_tree",
    "early_stopping",
    "import_model",
    "load",
    "log_evaluation",
    "merge",
    "progress",
    "prune",
    "pruning_path",
    "record_evaluation",
]

class BernoulliNB(Classifier):
    """Features are there or not, independently within a class."""

    alpha: float
    threshold: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self, *, alpha: float = 1.0, threshold: float = 0.0, n_threads: int = 0, seed: int = 0, time_limit: float | None = None
    ) -> None: ...

class DecisionTreeClassifier(Classifier):
    """One tree that splits rows until its leaves are pure or small."""

    max_depth: int | None
    max_leaves: int | None
    min_rows_in_leaf: int
    min_weight_fraction_leaf: float
    prune_alpha: float
    class_weight: Literal["none", "balanced"]
    split_method: Literal["auto", "exact", "histogram"]
    max_bins: int | None
    feature_fraction: float | Literal["sqrt", "log2"]
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        max_depth: int | None = None,
        max_leaves: int | None = None,
        min_rows_in_leaf: int = 1,
        min_weight_fraction_leaf: float = 0.0,
        prune_alpha: float = 0.0,
        class_weight: Literal["none", "balanced"] = "none",
        split_method: Literal["auto", "exact", "histogram"] = "auto",
        max_bins: int | None = None,
        feature_fraction: float | Literal["sqrt", "log2"] = 1.0,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class DecisionTreeRegressor(Regressor):
    """One tree that splits rows until its leaves are pure or small."""

    max_depth: int | None
    max_leaves: int | None
    min_rows_in_leaf: int
    min_weight_fraction_leaf: float
    prune_alpha: float
    split_method: Literal["auto", "exact", "histogram"]
    max_bins: int | None
    feature_fraction: float | Literal["sqrt", "log2"]
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        max_depth: int | None = None,
        max_leaves: int | None = None,
        min_rows_in_leaf: int = 1,
        min_weight_fraction_leaf: float = 0.0,
        prune_alpha: float = 0.0,
        split_method: Literal["auto", "exact", "histogram"] = "auto",
        max_bins: int | None = None,
        feature_fraction: float | Literal["sqrt", "log2"] = 1.0,
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

class ElasticNet(Regressor):
    """Least squares with penalties on the absolute and the squared weights."""

    alpha: float | None
    l1_ratio: float
    fit_intercept: bool
    n_alphas: int
    max_iterations: int
    tolerance: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        alpha: float | None = None,
        l1_ratio: float = 0.5,
        fit_intercept: bool = True,
        n_alphas: int = 100,
        max_iterations: int = 1000,
        tolerance: float = 1e-06,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class ExtraTreesClassifier(Classifier):
    """The mean of trees whose splits are drawn at random."""

    n_trees: int
    max_depth: int | None
    max_leaves: int | None
    min_rows_in_leaf: int
    min_weight_fraction_leaf: float
    prune_alpha: float
    class_weight: Literal["none", "balanced"]
    feature_fraction: float | None | Literal["sqrt", "log2"]
    bootstrap: bool
    row_fraction: float
    n_threads: int
    seed: int
    time_limit: float | None
    oob_score: bool
    def __init__(
        self,
        *,
        n_trees: int = 300,
        max_depth: int | None = None,
        max_leaves: int | None = 18000,
        min_rows_in_leaf: int = 1,
        min_weight_fraction_leaf: float = 0.0,
        prune_alpha: float = 0.0,
        class_weight: Literal["none", "balanced"] = "none",
        feature_fraction: float | None | Literal["sqrt", "log2"] = None,
        bootstrap: bool = False,
        row_fraction: float = 1.0,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
        oob_score: bool = False,
    ) -> None: ...

class ExtraTreesRegressor(Regressor):
    """The mean of trees whose splits are drawn at random."""

    n_trees: int
    max_depth: int | None
    max_leaves: int | None
    min_rows_in_leaf: int
    min_weight_fraction_leaf: float
    prune_alpha: float
    feature_fraction: float | None | Literal["sqrt", "log2"]
    bootstrap: bool
    row_fraction: float
    n_threads: int
    seed: int
    time_limit: float | None
    oob_score: bool
    def __init__(
        self,
        *,
        n_trees: int = 300,
        max_depth: int | None = None,
        max_leaves: int | None = 18000,
        min_rows_in_leaf: int = 1,
        min_weight_fraction_leaf: float = 0.0,
        prune_alpha: float = 0.0,
        feature_fraction: float | None | Literal["sqrt", "log2"] = None,
        bootstrap: bool = False,
        row_fraction: float = 1.0,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
        oob_score: bool = False,
    ) -> None: ...

class GammaRegressor(Regressor):
    """Gamma regression: positive numbers whose spread grows as their mean, which is an exponential of the features."""

    l2: float
    fit_intercept: bool
    max_iterations: int
    tolerance: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        l2: float = 1e-04,
        fit_intercept: bool = True,
        max_iterations: int = 100,
        tolerance: float = 1e-06,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class GaussianNB(Classifier):
    """Features are independent and normal within a class."""

    var_smoothing: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(self, *, var_smoothing: float = 1e-09, n_threads: int = 0, seed: int = 0, time_limit: float | None = None) -> None: ...

class GaussianProcessClassifier(Classifier):
    """The mean over all smooth functions that agree with the rows; for small tables."""

    covariance: Literal["rbf", "matern12", "matern32", "matern52"]
    ard: bool
    length_scale: float | None
    amplitude: float
    noise: float
    optimize: bool
    max_iterations: int
    max_rows: int
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        covariance: Literal["rbf", "matern12", "matern32", "matern52"] = "rbf",
        ard: bool = True,
        length_scale: float | None = None,
        amplitude: float = 1.0,
        noise: float = 0.1,
        optimize: bool = True,
        max_iterations: int = 50,
        max_rows: int = 2000,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class GaussianProcessRegressor(Regressor):
    """The mean over all smooth functions that agree with the rows; for small tables."""

    covariance: Literal["rbf", "matern12", "matern32", "matern52"]
    ard: bool
    length_scale: float | None
    amplitude: float
    noise: float
    optimize: bool
    max_iterations: int
    max_rows: int
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        covariance: Literal["rbf", "matern12", "matern32", "matern52"] = "rbf",
        ard: bool = True,
        length_scale: float | None = None,
        amplitude: float = 1.0,
        noise: float = 0.1,
        optimize: bool = True,
        max_iterations: int = 50,
        max_rows: int = 2000,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class GradientBoostingClassifier(Classifier):
    """Trees that each correct those before, grown from histograms."""

    loss: (
        Literal[
            "default",
            "squared",
            "absolute",
            "huber",
            "quantile",
            "poisson",
            "gamma",
            "tweedie",
            "cox",
            "focal",
            "lambdarank",
            "xendcg",
            "custom",
        ]
        | Callable[[Any, Any], Any]
    )
    quantile: float
    quantiles: list[float]
    huber_delta: float
    tweedie_power: float
    focal_gamma: float
    class_weight: Literal["none", "balanced"]
    n_trees: int | None
    learning_rate: float | Sequence[float] | Callable[[int], float]
    learning_rate_decay: Literal["none", "cosine", "exponential"]
    learning_rates: list[float]
    growth: Literal["leaf", "depth", "symmetric"] | None
    max_leaves: int | None
    max_depth: int | None
    min_rows_in_leaf: int | None
    min_hessian: float
    min_gain: float
    l1: float
    l2: float
    sampling: Literal["uniform", "goss", "minimal_variance"]
    row_fraction: float | None
    feature_fraction: float | None
    drop_fraction: float
    max_dropped: int
    skip_drop: float
    max_bins: int
    cat_smooth: float
    cat_l2: float
    max_categories_onehot: int
    extra_random: bool
    path_smooth: float
    linear_leaves: bool
    linear_l2: float
    monotone: list[int] | dict[str, int]
    interactions: list[Any]
    patience: int | None
    validation_fraction: float
    min_delta: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        loss: Literal[
            "default",
            "squared",
            "absolute",
            "huber",
            "quantile",
            "poisson",
            "gamma",
            "tweedie",
            "cox",
            "focal",
            "lambdarank",
            "xendcg",
            "custom",
        ]
        | Callable[[Any, Any], Any] = "default",
        quantile: float = 0.5,
        quantiles: list[float] = [],
        huber_delta: float = 1.0,
        tweedie_power: float = 1.5,
        focal_gamma: float = 2.0,
        class_weight: Literal["none", "balanced"] = "none",
        n_trees: int | None = None,
        learning_rate: float | Sequence[float] | Callable[[int], float] = 0.05,
        learning_rate_decay: Literal["none", "cosine", "exponential"] = "none",
        learning_rates: list[float] = [],
        growth: Literal["leaf", "depth", "symmetric"] | None = None,
        max_leaves: int | None = None,
        max_depth: int | None = None,
        min_rows_in_leaf: int | None = None,
        min_hessian: float = 0.001,
        min_gain: float = 0.0,
        l1: float = 0.0,
        l2: float = 1.0,
        sampling: Literal["uniform", "goss", "minimal_variance"] = "uniform",
        row_fraction: float | None = None,
        feature_fraction: float | None = None,
        drop_fraction: float = 0.0,
        max_dropped: int = 50,
        skip_drop: float = 0.5,
        max_bins: int = 255,
        cat_smooth: float = 10.0,
        cat_l2: float = 10.0,
        max_categories_onehot: int = 4,
        extra_random: bool = False,
        path_smooth: float = 0.0,
        linear_leaves: bool = False,
        linear_l2: float = 0.01,
        monotone: list[int] | dict[str, int] = [],
        interactions: list[Any] = [],
        patience: int | None = 50,
        validation_fraction: float = 0.2,
        min_delta: float = 0.0,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class GradientBoostingRanker(Ranker):
    """Trees that each correct those before, grown from histograms."""

    loss: (
        Literal[
            "default",
            "squared",
            "absolute",
            "huber",
            "quantile",
            "poisson",
            "gamma",
            "tweedie",
            "cox",
            "focal",
            "lambdarank",
            "xendcg",
            "custom",
        ]
        | Callable[[Any, Any], Any]
    )
    quantile: float
    quantiles: list[float]
    huber_delta: float
    tweedie_power: float
    focal_gamma: float
    n_trees: int | None
    learning_rate: float | Sequence[float] | Callable[[int], float]
    learning_rate_decay: Literal["none", "cosine", "exponential"]
    learning_rates: list[float]
    growth: Literal["leaf", "depth", "symmetric"] | None
    max_leaves: int | None
    max_depth: int | None
    min_rows_in_leaf: int | None
    min_hessian: float
    min_gain: float
    l1: float
    l2: float
    sampling: Literal["uniform", "goss", "minimal_variance"]
    row_fraction: float | None
    feature_fraction: float | None
    drop_fraction: float
    max_dropped: int
    skip_drop: float
    max_bins: int
    cat_smooth: float
    cat_l2: float
    max_categories_onehot: int
    extra_random: bool
    path_smooth: float
    linear_leaves: bool
    linear_l2: float
    monotone: list[int] | dict[str, int]
    interactions: list[Any]
    patience: int | None
    validation_fraction: float
    min_delta: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        loss: Literal[
            "default",
            "squared",
            "absolute",
            "huber",
            "quantile",
            "poisson",
            "gamma",
            "tweedie",
            "cox",
            "focal",
            "lambdarank",
            "xendcg",
            "custom",
        ]
        | Callable[[Any, Any], Any] = "default",
        quantile: float = 0.5,
        quantiles: list[float] = [],
        huber_delta: float = 1.0,
        tweedie_power: float = 1.5,
        focal_gamma: float = 2.0,
        n_trees: int | None = None,
        learning_rate: float | Sequence[float] | Callable[[int], float] = 0.05,
        learning_rate_decay: Literal["none", "cosine", "exponential"] = "none",
        learning_rates: list[float] = [],
        growth: Literal["leaf", "depth", "symmetric"] | None = None,
        max_leaves: int | None = None,
        max_depth: int | None = None,
        min_rows_in_leaf: int | None = None,
        min_hessian: float = 0.001,
        min_gain: float = 0.0,
        l1: float = 0.0,
        l2: float = 1.0,
        sampling: Literal["uniform", "goss", "minimal_variance"] = "uniform",
        row_fraction: float | None = None,
        feature_fraction: float | None = None,
        drop_fraction: float = 0.0,
        max_dropped: int = 50,
        skip_drop: float = 0.5,
        max_bins: int = 255,
        cat_smooth: float = 10.0,
        cat_l2: float = 10.0,
        max_categories_onehot: int = 4,
        extra_random: bool = False,
        path_smooth: float = 0.0,
        linear_leaves: bool = False,
        linear_l2: float = 0.01,
        monotone: list[int] | dict[str, int] = [],
        interactions: list[Any] = [],
        patience: int | None = 50,
        validation_fraction: float = 0.2,
        min_delta: float = 0.0,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class GradientBoostingRegressor(Regressor):
    """Trees that each correct those before, grown from histograms."""

    loss: (
        Literal[
            "default",
            "squared",
            "absolute",
            "huber",
            "quantile",
            "poisson",
            "gamma",
            "tweedie",
            "cox",
            "focal",
            "lambdarank",
            "xendcg",
            "custom",
        ]
        | Callable[[Any, Any], Any]
    )
    quantile: float
    quantiles: list[float]
    huber_delta: float
    tweedie_power: float
    focal_gamma: float
    n_trees: int | None
    learning_rate: float | Sequence[float] | Callable[[int], float]
    learning_rate_decay: Literal["none", "cosine", "exponential"]
    learning_rates: list[float]
    growth: Literal["leaf", "depth", "symmetric"] | None
    max_leaves: int | None
    max_depth: int | None
    min_rows_in_leaf: int | None
    min_hessian: float
    min_gain: float
    l1: float
    l2: float
    sampling: Literal["uniform", "goss", "minimal_variance"]
    row_fraction: float | None
    feature_fraction: float | None
    drop_fraction: float
    max_dropped: int
    skip_drop: float
    max_bins: int
    cat_smooth: float
    cat_l2: float
    max_categories_onehot: int
    extra_random: bool
    path_smooth: float
    linear_leaves: bool
    linear_l2: float
    monotone: list[int] | dict[str, int]
    interactions: list[Any]
    patience: int | None
    validation_fraction: float
    min_delta: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        loss: Literal[
            "default",
            "squared",
            "absolute",
            "huber",
            "quantile",
            "poisson",
            "gamma",
            "tweedie",
            "cox",
            "focal",
            "lambdarank",
            "xendcg",
            "custom",
        ]
        | Callable[[Any, Any], Any] = "default",
        quantile: float = 0.5,
        quantiles: list[float] = [],
        huber_delta: float = 1.0,
        tweedie_power: float = 1.5,
        focal_gamma: float = 2.0,
        n_trees: int | None = None,
        learning_rate: float | Sequence[float] | Callable[[int], float] = 0.05,
        learning_rate_decay: Literal["none", "cosine", "exponential"] = "none",
        learning_rates: list[float] = [],
        growth: Literal["leaf", "depth", "symmetric"] | None = None,
        max_leaves: int | None = None,
        max_depth: int | None = None,
        min_rows_in_leaf: int | None = None,
        min_hessian: float = 0.001,
        min_gain: float = 0.0,
        l1: float = 0.0,
        l2: float = 1.0,
        sampling: Literal["uniform", "goss", "minimal_variance"] = "uniform",
        row_fraction: float | None = None,
        feature_fraction: float | None = None,
        drop_fraction: float = 0.0,
        max_dropped: int = 50,
        skip_drop: float = 0.5,
        max_bins: int = 255,
        cat_smooth: float = 10.0,
        cat_l2: float = 10.0,
        max_categories_onehot: int = 4,
        extra_random: bool = False,
        path_smooth: float = 0.0,
        linear_leaves: bool = False,
        linear_l2: float = 0.01,
        monotone: list[int] | dict[str, int] = [],
        interactions: list[Any] = [],
        patience: int | None = 50,
        validation_fraction: float = 0.2,
        min_delta: float = 0.0,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class HuberRegressor(Regressor):
    """Least squares in which far rows count by their absolute error."""

    epsilon: float
    l2: float
    fit_intercept: bool
    max_iterations: int
    tolerance: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        epsilon: float = 1.35,
        l2: float = 1e-04,
        fit_intercept: bool = True,
        max_iterations: int = 100,
        tolerance: float = 1e-06,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class KNeighborsClassifier(Classifier):
    """Mean target of the nearest training rows."""

    k: int | None
    weighting: Literal["uniform", "distance"]
    algorithm: Literal["exact", "hnsw"]
    n_links: int
    build_width: int
    search_width: int
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        k: int | None = None,
        weighting: Literal["uniform", "distance"] = "distance",
        algorithm: Literal["exact", "hnsw"] = "exact",
        n_links: int = 16,
        build_width: int = 128,
        search_width: int = 64,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class KNeighborsRegressor(Regressor):
    """Mean target of the nearest training rows."""

    k: int | None
    weighting: Literal["uniform", "distance"]
    algorithm: Literal["exact", "hnsw"]
    n_links: int
    build_width: int
    search_width: int
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        k: int | None = None,
        weighting: Literal["uniform", "distance"] = "distance",
        algorithm: Literal["exact", "hnsw"] = "exact",
        n_links: int = 16,
        build_width: int = 128,
        search_width: int = 64,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class Lasso(Regressor):
    """Least squares with a penalty on the absolute weights, which makes many of them zero."""

    l1: float | None
    fit_intercept: bool
    n_alphas: int
    max_iterations: int
    tolerance: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        l1: float | None = None,
        fit_intercept: bool = True,
        n_alphas: int = 100,
        max_iterations: int = 1000,
        tolerance: float = 1e-06,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class LightGBMClassifier(Classifier):
    """LightGBM's own training, where it is installed; the model is one of Kolosal's."""

    n_trees: int
    learning_rate: float
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
    patience: int | None
    min_delta: float
    settings: Any
    library: str | None
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        n_trees: int = 100,
        learning_rate: float = 0.1,
        max_leaves: int = 31,
        max_depth: int | None = None,
        min_rows_in_leaf: int = 20,
        min_hessian: float = 0.001,
        min_gain: float = 0.0,
        l1: float = 0.0,
        l2: float = 0.0,
        row_fraction: float = 1.0,
        feature_fraction: float = 1.0,
        max_bins: int = 255,
        patience: int | None = 50,
        min_delta: float = 0.0,
        settings: Any = None,
        library: str | None = None,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class LightGBMRanker(Ranker):
    """LightGBM's own training, where it is installed; the model is one of Kolosal's."""

    n_trees: int
    learning_rate: float
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
    patience: int | None
    min_delta: float
    settings: Any
    library: str | None
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        n_trees: int = 100,
        learning_rate: float = 0.1,
        max_leaves: int = 31,
        max_depth: int | None = None,
        min_rows_in_leaf: int = 20,
        min_hessian: float = 0.001,
        min_gain: float = 0.0,
        l1: float = 0.0,
        l2: float = 0.0,
        row_fraction: float = 1.0,
        feature_fraction: float = 1.0,
        max_bins: int = 255,
        patience: int | None = 50,
        min_delta: float = 0.0,
        settings: Any = None,
        library: str | None = None,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class LightGBMRegressor(Regressor):
    """LightGBM's own training, where it is installed; the model is one of Kolosal's."""

    n_trees: int
    learning_rate: float
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
    patience: int | None
    min_delta: float
    settings: Any
    library: str | None
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        n_trees: int = 100,
        learning_rate: float = 0.1,
        max_leaves: int = 31,
        max_depth: int | None = None,
        min_rows_in_leaf: int = 20,
        min_hessian: float = 0.001,
        min_gain: float = 0.0,
        l1: float = 0.0,
        l2: float = 0.0,
        row_fraction: float = 1.0,
        feature_fraction: float = 1.0,
        max_bins: int = 255,
        patience: int | None = 50,
        min_delta: float = 0.0,
        settings: Any = None,
        library: str | None = None,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class LinearDiscriminantAnalysis(Classifier):
    """Linear discriminant analysis: normal classes of one covariance."""

    shrinkage: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(self, *, shrinkage: float = 0.0, n_threads: int = 0, seed: int = 0, time_limit: float | None = None) -> None: ...

class LinearRegression(Regressor):
    """The linear function of the least squared error."""

    fit_intercept: bool
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(self, *, fit_intercept: bool = True, n_threads: int = 0, seed: int = 0, time_limit: float | None = None) -> None: ...

class LinearSVC(Classifier):
    """Linear support vector machine: the boundary with the widest margin between classes."""

    loss: Literal["squared_hinge", "hinge"]
    l2: float
    fit_intercept: bool
    max_iterations: int
    tolerance: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        loss: Literal["squared_hinge", "hinge"] = "squared_hinge",
        l2: float = 1.0,
        fit_intercept: bool = True,
        max_iterations: int = 200,
        tolerance: float = 1e-04,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class LogisticRegression(Classifier):
    """Logistic regression of two or more classes with penalties on the absolute and the squared weights."""

    l2: float | None
    l1: float
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
        l1: float = 0.0,
        fit_intercept: bool = True,
        max_iterations: int = 200,
        tolerance: float = 1e-04,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class MLPClassifier(Classifier):
    """A neural network of layers, with features scaled robustly and seen through waves."""

    hidden_sizes: list[int]
    activation: Literal["default", "selu", "mish", "relu", "tanh", "identity"]
    parametric_activation: bool
    input_weights: bool
    initialization: Literal["data", "glorot"]
    scaling: Literal["robust", "standard", "none"]
    clip: float
    n_waves: int
    wave_outputs: int
    wave_spread: float
    max_one_hot: int
    category_size: int
    precision: Literal["float32", "bfloat16"]
    n_epochs: int
    batch_rows: int
    learning_rate: float | None
    schedule: Literal["coslog", "constant"]
    beta1: float
    beta2: float
    epsilon: float
    dropout: float
    weight_decay: float
    label_smoothing: float
    class_weight: Literal["none", "balanced"]
    select_by: Literal["error", "loss"]
    patience: int | None
    min_delta: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        hidden_sizes: list[int] = [256, 256, 256],
        activation: Literal["default", "selu", "mish", "relu", "tanh", "identity"] = "default",
        parametric_activation: bool = True,
        input_weights: bool = True,
        initialization: Literal["data", "glorot"] = "data",
        scaling: Literal["robust", "standard", "none"] = "robust",
        clip: float = 3.0,
        n_waves: int = 16,
        wave_outputs: int = 3,
        wave_spread: float = 0.1,
        max_one_hot: int = 9,
        category_size: int = 8,
        precision: Literal["float32", "bfloat16"] = "float32",
        n_epochs: int = 256,
        batch_rows: int = 256,
        learning_rate: float | None = None,
        schedule: Literal["coslog", "constant"] = "coslog",
        beta1: float = 0.9,
        beta2: float = 0.95,
        epsilon: float = 1e-08,
        dropout: float = 0.15,
        weight_decay: float = 0.02,
        label_smoothing: float = 0.0,
        class_weight: Literal["none", "balanced"] = "none",
        select_by: Literal["error", "loss"] = "loss",
        patience: int | None = None,
        min_delta: float = 0.0,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class MLPRegressor(Regressor):
    """A neural network of layers, with features scaled robustly and seen through waves."""

    hidden_sizes: list[int]
    activation: Literal["default", "selu", "mish", "relu", "tanh", "identity"]
    parametric_activation: bool
    input_weights: bool
    initialization: Literal["data", "glorot"]
    scaling: Literal["robust", "standard", "none"]
    clip: float
    n_waves: int
    wave_outputs: int
    wave_spread: float
    max_one_hot: int
    category_size: int
    precision: Literal["float32", "bfloat16"]
    n_epochs: int
    batch_rows: int
    learning_rate: float | None
    schedule: Literal["coslog", "constant"]
    beta1: float
    beta2: float
    epsilon: float
    dropout: float
    weight_decay: float
    label_smoothing: float
    select_by: Literal["error", "loss"]
    patience: int | None
    min_delta: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        hidden_sizes: list[int] = [256, 256, 256],
        activation: Literal["default", "selu", "mish", "relu", "tanh", "identity"] = "default",
        parametric_activation: bool = True,
        input_weights: bool = True,
        initialization: Literal["data", "glorot"] = "data",
        scaling: Literal["robust", "standard", "none"] = "robust",
        clip: float = 3.0,
        n_waves: int = 16,
        wave_outputs: int = 3,
        wave_spread: float = 0.1,
        max_one_hot: int = 9,
        category_size: int = 8,
        precision: Literal["float32", "bfloat16"] = "float32",
        n_epochs: int = 256,
        batch_rows: int = 256,
        learning_rate: float | None = None,
        schedule: Literal["coslog", "constant"] = "coslog",
        beta1: float = 0.9,
        beta2: float = 0.95,
        epsilon: float = 1e-08,
        dropout: float = 0.15,
        weight_decay: float = 0.02,
        label_smoothing: float = 0.0,
        select_by: Literal["error", "loss"] = "loss",
        patience: int | None = None,
        min_delta: float = 0.0,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class MultinomialNB(Classifier):
    """Features are counts of things drawn independently within a class, such as words."""

    alpha: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(self, *, alpha: float = 1.0, n_threads: int = 0, seed: int = 0, time_limit: float | None = None) -> None: ...

class PoissonRegressor(Regressor):
    """Poisson regression: counts whose mean is an exponential of the features."""

    l2: float
    fit_intercept: bool
    max_iterations: int
    tolerance: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        l2: float = 1e-04,
        fit_intercept: bool = True,
        max_iterations: int = 100,
        tolerance: float = 1e-06,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class QuadraticDiscriminantAnalysis(Classifier):
    """Quadratic discriminant analysis: normal classes, each of its own covariance."""

    regularization: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(self, *, regularization: float = 0.0, n_threads: int = 0, seed: int = 0, time_limit: float | None = None) -> None: ...

class QuantileRegressor(Regressor):
    """The linear function that a given share of targets lies below."""

    quantile: float
    l1: float
    fit_intercept: bool
    max_iterations: int
    tolerance: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        quantile: float = 0.5,
        l1: float = 0.0,
        fit_intercept: bool = True,
        max_iterations: int = 200,
        tolerance: float = 1e-11,
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
    min_weight_fraction_leaf: float
    prune_alpha: float
    class_weight: Literal["none", "balanced"]
    feature_fraction: float | None | Literal["sqrt", "log2"]
    bootstrap: bool
    row_fraction: float
    split_method: Literal["auto", "exact", "histogram"]
    max_bins: int | None
    n_threads: int
    seed: int
    time_limit: float | None
    oob_score: bool
    def __init__(
        self,
        *,
        n_trees: int = 300,
        max_depth: int | None = None,
        max_leaves: int | None = 18000,
        min_rows_in_leaf: int = 1,
        min_weight_fraction_leaf: float = 0.0,
        prune_alpha: float = 0.0,
        class_weight: Literal["none", "balanced"] = "none",
        feature_fraction: float | None | Literal["sqrt", "log2"] = None,
        bootstrap: bool = True,
        row_fraction: float = 1.0,
        split_method: Literal["auto", "exact", "histogram"] = "auto",
        max_bins: int | None = None,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
        oob_score: bool = False,
    ) -> None: ...

class RandomForestQuantileRegressor(Regressor):
    """Quantiles of a target by a random forest that knows its rows."""

    quantiles: list[float]
    n_trees: int
    max_depth: int | None
    min_rows_in_leaf: int
    feature_fraction: float | Literal["sqrt", "log2"]
    row_fraction: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        quantiles: list[float] = [0.5],
        n_trees: int = 300,
        max_depth: int | None = None,
        min_rows_in_leaf: int = 5,
        feature_fraction: float | Literal["sqrt", "log2"] = 0.3333333333333333,
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
    min_weight_fraction_leaf: float
    prune_alpha: float
    feature_fraction: float | None | Literal["sqrt", "log2"]
    bootstrap: bool
    row_fraction: float
    split_method: Literal["auto", "exact", "histogram"]
    max_bins: int | None
    n_threads: int
    seed: int
    time_limit: float | None
    oob_score: bool
    def __init__(
        self,
        *,
        n_trees: int = 300,
        max_depth: int | None = None,
        max_leaves: int | None = 18000,
        min_rows_in_leaf: int = 1,
        min_weight_fraction_leaf: float = 0.0,
        prune_alpha: float = 0.0,
        feature_fraction: float | None | Literal["sqrt", "log2"] = None,
        bootstrap: bool = True,
        row_fraction: float = 1.0,
        split_method: Literal["auto", "exact", "histogram"] = "auto",
        max_bins: int | None = None,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
        oob_score: bool = False,
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

class SGDClassifier(Classifier):
    """A linear model by a step of gradient descent for each row, which goes on with more rows."""

    loss: Literal[
        "default",
        "log_loss",
        "hinge",
        "squared_hinge",
        "modified_huber",
        "squared_error",
        "huber",
        "epsilon_insensitive",
        "squared_epsilon_insensitive",
    ]
    alpha: float
    l1_ratio: float
    epsilon: float
    fit_intercept: bool
    schedule: Literal["default", "optimal", "constant", "invscaling", "adaptive"]
    learning_rate: float
    power_t: float
    average_from: int | None
    n_epochs: int
    tolerance: float | None
    patience: int
    shuffle: bool
    class_weight: Literal["none", "balanced"]
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        loss: Literal[
            "default",
            "log_loss",
            "hinge",
            "squared_hinge",
            "modified_huber",
            "squared_error",
            "huber",
            "epsilon_insensitive",
            "squared_epsilon_insensitive",
        ] = "default",
        alpha: float = 1e-04,
        l1_ratio: float = 0.0,
        epsilon: float = 0.1,
        fit_intercept: bool = True,
        schedule: Literal["default", "optimal", "constant", "invscaling", "adaptive"] = "default",
        learning_rate: float = 0.01,
        power_t: float = 0.25,
        average_from: int | None = None,
        n_epochs: int = 1000,
        tolerance: float | None = 0.001,
        patience: int = 5,
        shuffle: bool = True,
        class_weight: Literal["none", "balanced"] = "none",
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Any: ...

class SGDRegressor(Regressor):
    """A linear model by a step of gradient descent for each row, which goes on with more rows."""

    loss: Literal[
        "default",
        "log_loss",
        "hinge",
        "squared_hinge",
        "modified_huber",
        "squared_error",
        "huber",
        "epsilon_insensitive",
        "squared_epsilon_insensitive",
    ]
    alpha: float
    l1_ratio: float
    epsilon: float
    fit_intercept: bool
    schedule: Literal["default", "optimal", "constant", "invscaling", "adaptive"]
    learning_rate: float
    power_t: float
    average_from: int | None
    n_epochs: int
    tolerance: float | None
    patience: int
    shuffle: bool
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        loss: Literal[
            "default",
            "log_loss",
            "hinge",
            "squared_hinge",
            "modified_huber",
            "squared_error",
            "huber",
            "epsilon_insensitive",
            "squared_epsilon_insensitive",
        ] = "default",
        alpha: float = 1e-04,
        l1_ratio: float = 0.0,
        epsilon: float = 0.1,
        fit_intercept: bool = True,
        schedule: Literal["default", "optimal", "constant", "invscaling", "adaptive"] = "default",
        learning_rate: float = 0.01,
        power_t: float = 0.25,
        average_from: int | None = None,
        n_epochs: int = 1000,
        tolerance: float | None = 0.001,
        patience: int = 5,
        shuffle: bool = True,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any: ...

class SVC(Classifier):
    """Support vector classification: the widest margins between classes in the space of a kernel."""

    c: float
    kernel: Literal["rbf", "linear", "poly", "sigmoid"]
    gamma: float | None
    degree: int
    coef0: float
    tolerance: float
    max_iterations: int | None
    cache_megabytes: float
    class_weight: Literal["none", "balanced"]
    probability_folds: int
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        c: float = 1.0,
        kernel: Literal["rbf", "linear", "poly", "sigmoid"] = "rbf",
        gamma: float | None = None,
        degree: int = 3,
        coef0: float = 0.0,
        tolerance: float = 0.001,
        max_iterations: int | None = None,
        cache_megabytes: float = 200.0,
        class_weight: Literal["none", "balanced"] = "none",
        probability_folds: int = 5,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class SVR(Regressor):
    """Support vector regression: a flat sum of kernels that errs little."""

    c: float
    kernel: Literal["rbf", "linear", "poly", "sigmoid"]
    gamma: float | None
    degree: int
    coef0: float
    tolerance: float
    max_iterations: int | None
    cache_megabytes: float
    epsilon: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        c: float = 1.0,
        kernel: Literal["rbf", "linear", "poly", "sigmoid"] = "rbf",
        gamma: float | None = None,
        degree: int = 3,
        coef0: float = 0.0,
        tolerance: float = 0.001,
        max_iterations: int | None = None,
        cache_megabytes: float = 200.0,
        epsilon: float = 0.1,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class TweedieRegressor(Regressor):
    """Tweedie regression: amounts that are often zero, whose mean is an exponential of the features."""

    power: float
    l2: float
    fit_intercept: bool
    max_iterations: int
    tolerance: float
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        power: float = 1.5,
        l2: float = 1e-04,
        fit_intercept: bool = True,
        max_iterations: int = 100,
        tolerance: float = 1e-06,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class XGBoostClassifier(Classifier):
    """XGBoost's own training, where it is installed; the model is one of Kolosal's."""

    n_trees: int
    learning_rate: float
    max_depth: int | None
    max_leaves: int
    min_hessian: float
    min_gain: float
    l1: float
    l2: float
    row_fraction: float
    feature_fraction: float
    max_bins: int
    patience: int | None
    min_delta: float
    settings: Any
    library: str | None
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        n_trees: int = 100,
        learning_rate: float = 0.3,
        max_depth: int | None = 6,
        max_leaves: int = 0,
        min_hessian: float = 1.0,
        min_gain: float = 0.0,
        l1: float = 0.0,
        l2: float = 1.0,
        row_fraction: float = 1.0,
        feature_fraction: float = 1.0,
        max_bins: int = 256,
        patience: int | None = 50,
        min_delta: float = 0.0,
        settings: Any = None,
        library: str | None = None,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class XGBoostRanker(Ranker):
    """XGBoost's own training, where it is installed; the model is one of Kolosal's."""

    n_trees: int
    learning_rate: float
    max_depth: int | None
    max_leaves: int
    min_hessian: float
    min_gain: float
    l1: float
    l2: float
    row_fraction: float
    feature_fraction: float
    max_bins: int
    patience: int | None
    min_delta: float
    settings: Any
    library: str | None
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        n_trees: int = 100,
        learning_rate: float = 0.3,
        max_depth: int | None = 6,
        max_leaves: int = 0,
        min_hessian: float = 1.0,
        min_gain: float = 0.0,
        l1: float = 0.0,
        l2: float = 1.0,
        row_fraction: float = 1.0,
        feature_fraction: float = 1.0,
        max_bins: int = 256,
        patience: int | None = 50,
        min_delta: float = 0.0,
        settings: Any = None,
        library: str | None = None,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...

class XGBoostRegressor(Regressor):
    """XGBoost's own training, where it is installed; the model is one of Kolosal's."""

    n_trees: int
    learning_rate: float
    max_depth: int | None
    max_leaves: int
    min_hessian: float
    min_gain: float
    l1: float
    l2: float
    row_fraction: float
    feature_fraction: float
    max_bins: int
    patience: int | None
    min_delta: float
    settings: Any
    library: str | None
    n_threads: int
    seed: int
    time_limit: float | None
    def __init__(
        self,
        *,
        n_trees: int = 100,
        learning_rate: float = 0.3,
        max_depth: int | None = 6,
        max_leaves: int = 0,
        min_hessian: float = 1.0,
        min_gain: float = 0.0,
        l1: float = 0.0,
        l2: float = 1.0,
        row_fraction: float = 1.0,
        feature_fraction: float = 1.0,
        max_bins: int = 256,
        patience: int | None = 50,
        min_delta: float = 0.0,
        settings: Any = None,
        library: str | None = None,
        n_threads: int = 0,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None: ...
