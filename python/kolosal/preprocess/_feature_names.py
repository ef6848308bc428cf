"""What transformers share in Python: the names of the columns that they were fitted on, and which kind of table they give."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _kolosal
from .._errors import InvalidInputError, not_fitted
from .._input import Input, check_columns, output_of
from .._sparse import Compressed
from .._tables import to_native


class FeatureNames:
    """A transformer that knows the columns of ``fit``, and gives what ``set_output`` says.

    Attributes:
        n_features_in_: number of columns seen in fit.
        feature_names_in_: their names, where they came as a frame with names.
    """

    _output: str | None = None
    _native: Any
    n_features_in_: int

    def set_output(self, *, transform: str | None = None) -> Any:
        """Which kind of table results are: "default" (as scikit-learn: arrays), "pandas" or "polars".

        Returns:
            The estimator.
        """
        if transform not in (None, "default", "pandas", "polars"):
            raise InvalidInputError(f"output '{transform}' is none of default, pandas, polars", "bad_value")
        if transform is not None:
            self._output = transform
        return self

    def _names_in(self, given: Any = None) -> list[str]:
        fitted = getattr(self, "feature_names_in_", None)
        if given is None:
            return [f"x{j}" for j in range(self.n_features_in_)] if fitted is None else [str(name) for name in fitted]
        if fitted is not None and list(given) != list(fitted):
            raise InvalidInputError("input_features is not equal to feature_names_in_", "feature_mismatch")
        if len(given) != self.n_features_in_:
            raise InvalidInputError(
                f"input_features should have length equal to number of features ({self.n_features_in_}), got {len(given)}"
            )
        return [str(name) for name in given]

    def _learn_names(self, given: Input | Compressed) -> None:
        self.n_features_in_ = given.n_features
        if given.names is not None:
            self.feature_names_in_ = np.array(given.names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _gives_frame(self, given: Input) -> bool:
        wanted = output_of(self._output)
        return wanted != "default" and (wanted is not None or given.rows is None)

    def _check_features(self, given: Input | Compressed) -> None:
        check_columns(given, self.n_features_in_, getattr(self, "feature_names_in_", None), type(self).__name__)

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise not_fitted(type(self).__name__)

    def __sklearn_is_fitted__(self) -> bool:
        return getattr(self, "_native", None) is not None

    def __sklearn_clone__(self) -> Any:
        made = type(self)(**{name: _copied(value) for name, value in self.get_params(deep=False).items()})  # type: ignore[attr-defined]
        made.__dict__.update({name: value for name, value in self.__dict__.items() if name == "_output"})
        return made


def target_table(y: Any, n_rows: int) -> _kolosal.Table:
    """A target of that many rows as a native table of one column."""
    target = np.asarray(y)
    if target.ndim == 2 and target.shape[1] == 1:
        target = target[:, 0]
    if target.ndim != 1 or len(target) != n_rows:
        raise InvalidInputError(f"y of shape {target.shape} does not go with {n_rows} rows", "bad_value")
    if target.dtype.kind == "f" and not np.isfinite(target).all():
        raise InvalidInputError("Input y contains NaN or infinity.", "bad_value")
    return to_native({"target": target})


def _copied(value: Any) -> Any:
    if type(value) in (list, tuple):
        return type(value)(_copied(each) for each in value)
    return value.__sklearn_clone__() if isinstance(value, FeatureNames) else value
