"""What changes the shape of a column's distribution, under scikit-learn's names."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .._errors import InvalidInputError
from .._input import Input
from ._base import Incremental, Invertible, Weighted, fitted_column
from ._zeros_kept import ZerosKeptBothWays


class PowerTransformer(Weighted, Invertible):
    """Each column is bent to be as normal as one power makes it; missing values stay missing.

    ``method`` is "yeo-johnson", for any numbers, or "box-cox", for positive ones.

    Attributes:
        lambdas_: the likeliest power of each column, (n_features,).
    """

    _words: ClassVar[dict[str, str]] = {
        "Name other columns, or use yeo_johnson, which takes": "Pass other columns, or choose method='yeo-johnson', which takes"
    }

    def __init__(self, method: str = "yeo-johnson", *, standardize: bool = True) -> None:
        self.method = method
        self.standardize = standardize

    @property
    def _catalog_name(self) -> str:  # type: ignore[override]
        if self.method not in ("yeo-johnson", "box-cox"):
            raise InvalidInputError(f"method is '{self.method}'; allowed: yeo-johnson, box-cox", "bad_value")
        return self.method.replace("-", "_")

    def _native_parameters(self) -> dict[str, Any]:
        return {"standardize": self.standardize}

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self.lambdas_ = fitted_column(fitted, "lambda")


class QuantileTransformer(Weighted, Invertible):
    """Each number becomes its rank among the training rows, all of which count.

    ``output_distribution`` is "uniform", over [0, 1], or "normal".

    Attributes:
        quantiles_: the values at equal distances of rank, (n_quantiles_, n_features).
        references_: their ranks, (n_quantiles_,).
    """

    _catalog_name = "quantile_transform"
    _words: ClassVar[dict[str, str]] = {"QuantileTransformer.output": "QuantileTransformer.output_distribution"}

    def __init__(self, *, n_quantiles: int = 1000, output_distribution: str = "uniform") -> None:
        self.n_quantiles = n_quantiles
        self.output_distribution = output_distribution

    def _native_parameters(self) -> dict[str, Any]:
        return {"n_quantiles": self.n_quantiles, "output": self.output_distribution}

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self.quantiles_ = np.array([column["quantiles"] for column in fitted["columns"]]).T
        self.n_quantiles_ = len(self.quantiles_)
        self.references_ = np.linspace(0, 1, self.n_quantiles_)


class SplineTransformer(Weighted):
    """Each column becomes B-splines, of which a linear model sums a smooth curve; missing values stay missing.

    ``knots`` is "uniform", at equal distances, or "quantile"; ``extrapolation`` is "constant", "linear" or "continue". Knots that fall
    together, as quantiles of values that are often the same, count once.

    Attributes:
        knots_: where the pieces of each column meet; n_features arrays.
        n_features_out_: number of splines of all columns.
    """

    _catalog_name = "spline"

    def __init__(
        self, n_knots: int = 5, degree: int = 3, *, knots: str = "uniform", extrapolation: str = "constant", include_bias: bool = True
    ) -> None:
        self.n_knots = n_knots
        self.degree = degree
        self.knots = knots
        self.extrapolation = extrapolation
        self.include_bias = include_bias

    _native_names: ClassVar[dict[str, str]] = {"extrapolation": "beyond"}

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self.knots_ = [np.array(column["knots"]) for column in fitted["columns"]]
        self._n_splines = [len(column["outputs"]) for column in fitted["columns"]]
        self.n_features_out_ = sum(self._n_splines)

    def _names_out(self, names: list[str]) -> list[str]:
        return [f"{name}__spline_{k}" for name, n_splines in zip(names, self._n_splines, strict=True) for k in range(n_splines)]


class _LogOrRoot(ZerosKeptBothWays, Weighted, Incremental):
    """What the fixed curves share: ``standardize`` gives what comes out mean 0 and standard deviation 1."""

    def __init__(self, *, standardize: bool = False) -> None:
        self.standardize = standardize

    @property
    def _fits_a_part(self) -> bool:  # type: ignore[override]
        return not self.standardize

    def _moves_zeros(self) -> str | None:
        return "it subtracts means. Give standardize=False, or pass a dense array." if self.standardize else None

    def _fit(self, given: Input, y: Any, sample_weight: Any, transform: bool) -> Any:
        try:
            return super()._fit(given, y, sample_weight, transform)
        except InvalidInputError as error:
            if "not defined" not in str(error):
                raise
            raise InvalidInputError(f"Negative values in data passed to {type(self).__name__}: {error}", "bad_value") from None

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags


class Log1pTransformer(_LogOrRoot):
    """Each number becomes the logarithm of one more than it; all have to be above -1, and should not be negative."""

    _catalog_name = "log1p"


class SqrtTransformer(_LogOrRoot):
    """Each number becomes its square root; none may be negative."""

    _catalog_name = "sqrt"


class _Binned(Weighted):
    """What discretizers share."""

    _ENCODES: ClassVar[dict[str, str]] = {"ordinal": "ordinal", "onehot": "one_hot"}
    n_bins: int
    encode: str

    def _native_parameters(self) -> dict[str, Any]:
        if self.encode not in self._ENCODES:
            raise InvalidInputError(f"encode is '{self.encode}'; allowed: {', '.join(self._ENCODES)}", "bad_value")
        return {"n_bins": self.n_bins, "encode": self._ENCODES[self.encode]}

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self._columns = fitted["columns"]
        self.bin_edges_ = [np.array(column["edges"]) for column in self._columns]
        self.n_bins_ = np.array([len(edges) - 1 for edges in self.bin_edges_])

    def _names_out(self, names: list[str]) -> list[str]:
        if self.encode == "ordinal":
            return names
        return [f"{name}__bin_{bin}" for name, n_bins in zip(names, self.n_bins_, strict=True) for bin in range(n_bins)]

    def inverse_transform(self, X: Any) -> np.ndarray:
        """The middle of each row's bins, (n_rows, n_features); NaN where a value was missing. For ``encode="ordinal"``."""
        self._check_fitted()
        if self.encode != "ordinal":
            raise InvalidInputError("inverse_transform is for encode='ordinal'", "bad_value")
        bins = np.asarray(X, dtype=float)
        out = np.full(bins.shape, np.nan)
        for j, edges in enumerate(self.bin_edges_):
            middles = edges[:-1] / 2 + edges[1:] / 2
            known = ~np.isnan(bins[:, j])
            out[known, j] = middles[bins[known, j].astype(int)]
        return out


class KBinsDiscretizer(Incremental, _Binned):
    """Each column is cut into bins; missing values stay missing, or set no column.

    ``strategy`` is "uniform" (bins of equal width), "quantile" (of equally many rows) or "kmeans" (around clusters); ``encode`` is
    "ordinal", the bin's number, or "onehot", a column for each bin. Under "quantile" a bin ends at a row, in the middle of two where its
    share of the rows is exact, or with ``quantile_method="linear"`` anywhere between two.

    Attributes:
        bin_edges_: where the bins of each column begin and end; n_features arrays.
        n_bins_: their numbers, (n_features,).
    """

    _METHODS = ("averaged_inverted_cdf", "linear")
    _STRATEGIES: ClassVar[dict[str, str]] = {"uniform": "equal_width_bin", "quantile": "equal_frequency_bin", "kmeans": "kmeans_bin"}

    def __init__(
        self,
        n_bins: int = 5,
        *,
        encode: str = "ordinal",
        strategy: str = "quantile",
        quantile_method: str = "averaged_inverted_cdf",
    ) -> None:
        self.n_bins = n_bins
        self.encode = encode
        self.strategy = strategy
        self.quantile_method = quantile_method

    def _native_parameters(self) -> dict[str, Any]:
        if self.quantile_method not in self._METHODS:
            raise InvalidInputError(f"quantile_method is '{self.quantile_method}'; allowed: {', '.join(self._METHODS)}", "bad_value")
        method = {"quantile_method": self.quantile_method} if self.strategy == "quantile" else {}
        return {**super()._native_parameters(), **method}

    @property
    def _catalog_name(self) -> str:  # type: ignore[override]
        if self.strategy not in self._STRATEGIES:
            raise InvalidInputError(f"strategy is '{self.strategy}'; allowed: {', '.join(self._STRATEGIES)}", "bad_value")
        return self._STRATEGIES[self.strategy]


class TreeDiscretizer(_Binned):
    """Each column is cut where the target changes most, as a tree of ``n_bins`` leaves of ``min_samples_leaf`` rows would.

    ``encode`` is as in :class:`KBinsDiscretizer`, and so are the attributes.
    """

    _catalog_name = "tree_bin"
    _words: ClassVar[dict[str, str]] = {"min_rows": "min_samples_leaf"}
    _needs_target = True

    def __init__(self, n_bins: int = 5, *, encode: str = "ordinal", min_samples_leaf: float = 20) -> None:
        self.n_bins = n_bins
        self.encode = encode
        self.min_samples_leaf = min_samples_leaf

    def _native_parameters(self) -> dict[str, Any]:
        return {**super()._native_parameters(), "min_rows": self.min_samples_leaf}
