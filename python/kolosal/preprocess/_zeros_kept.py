"""Transformers that leave 0 as it is: what they make of a sparse matrix is as sparse."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from .. import _kolosal
from .._errors import InvalidInputError
from .._input import output_of, row_weights
from .._sparse import Compressed, is_sparse
from ._base import CatalogTransformer, Invertible, parameters_text


class ZerosKept(CatalogTransformer):
    """One that takes SciPy's matrices as they are, unless a parameter moves zeros, and gives one in the format that it was given.

    ``set_output`` for frames gives frames, whose zeros are written out.
    """

    def _moves_zeros(self) -> str | None:
        """What a sparse matrix would have to be given up for; None where nothing."""
        return None

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self._moves_zeros() is None
        return tags

    def _takes_sparse(self, X: Any) -> bool:
        if not is_sparse(X) or output_of(self._output) not in (None, "default"):
            return False
        if what := self._moves_zeros():
            raise InvalidInputError(f"{type(self).__name__} would make a sparse matrix dense: {what}", "unsupported")
        return True

    def _fit_sparse(self, given: Compressed, sample_weight: Any) -> None:
        self._forget_parts()
        weights = row_weights(sample_weight, given.n_rows)
        self._learn_names(given)
        names = self._names_in()
        parameters = parameters_text(self._native_parameters(), names)
        self._native = _kolosal.fit_sparse(
            self._catalog_name, parameters, names, given.n_rows, given.starts, given.places, given.values, weights, 0, self._seed()
        )
        self._read_fitted(json.loads(self._native.to_json())["fitted"])
        self._learnt_sparse(given, weights)

    def _learnt_sparse(self, given: Compressed, weights: np.ndarray | None) -> None:
        """Sets what follows from a fit on a sparse matrix, beside what the native state tells."""

    def _forget_parts(self) -> None:
        """Leaves what partial_fit had learnt."""

    def _changed(self, given: Compressed, inverse: bool = False) -> Any:
        return given.with_values(
            _kolosal.transform_sparse(self._native, self._names_in(), given.starts, given.places, given.values, inverse)
        )

    def _fitted_on(self, X: Any, y: Any, sample_weight: Any) -> Any:
        if not self._takes_sparse(X):
            return super()._fitted_on(X, y, sample_weight)
        self._fit_sparse(Compressed(X, "columns"), sample_weight)
        return self

    def _fit_transform(self, X: Any, y: Any, sample_weight: Any) -> Any:
        if not self._takes_sparse(X):
            return super()._fit_transform(X, y, sample_weight)
        given = Compressed(X, "columns")
        self._fit_sparse(given, sample_weight)
        return self._changed(given)

    def transform(self, X: Any) -> Any:
        """What the rows of ``X`` become."""
        self._check_fitted()
        if not self._takes_sparse(X):
            return super().transform(X)
        given = Compressed(X, "columns")
        self._check_features(given)
        return self._changed(given)


class ZerosKeptBothWays(ZerosKept, Invertible):
    """One that can be undone."""

    def inverse_transform(self, X: Any) -> Any:
        """What rows that ``transform`` gave were before."""
        self._check_fitted()
        if not self._takes_sparse(X):
            return super().inverse_transform(X)
        given = Compressed(X, "columns")
        self._check_features(given)
        return self._changed(given, inverse=True)
