"""Curves that draw in long tails, under scikit-learn's names."""

from __future__ import annotations

from typing import Any

from .._errors import InvalidInputError
from ._base import Invertible, Weighted, fitted_column


class PowerTransformer(Weighted, Invertible):
    """Each column is bent to be as normal as one power makes it; missing values stay missing.

    ``method`` is "yeo-johnson", for any numbers, or "box-cox", for positive ones.

    Attributes:
        lambdas_: the likeliest power of each column, (n_features,).
    """

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
