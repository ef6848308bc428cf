"""The base of the transformers: scikit-learn's conventions, without scikit-learn, over one transformer of the native catalog.

A class says the catalog's name, how its parameters become the native ones, and which fitted attributes it reads from the native state.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from .. import _kolosal
from .._errors import InvalidInputError, no_text
from .._input import Input, frame_of, output_of, row_weights
from ._feature_names import FeatureNames, target_table
from ._own_words import own_words


class CatalogTransformer(FeatureNames):
    """A transformer of the native catalog as a scikit-learn estimator.

    Arrays give row-major arrays (float32 stays float32), frames give frames of their own kind; ``set_output`` chooses otherwise.
    """

    _catalog_name = ""
    _numeric = True  # works on numbers: other input is converted or refused
    _needs_target = False
    _native_names: ClassVar[dict[str, str]] = {}  # of parameters that the catalog calls otherwise
    _words: ClassVar[dict[str, str]] = {}  # of the catalog's errors: what this class calls them

    def _native_parameters(self) -> dict[str, Any]:
        """The parameters of the catalog's transformer but for its columns."""
        return {self._native_names.get(name, name): value for name, value in self.get_params().items() if name != "random_state"}

    def _parameters_for(self, columns: Sequence[str]) -> dict[str, Any]:
        """The same of a step of a pipeline that is for these columns."""
        del columns
        return self._native_parameters()

    def _native_columns(self) -> list[str]:
        """The columns that the catalog's transformer is for."""
        return self._names_in()

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        """Sets the fitted attributes from the native state."""

    def _names_out(self, names: list[str]) -> list[str]:
        """Names of the columns made from columns of those names."""
        return names

    def _input(self, X: Any) -> Input:
        return Input(X, self._numeric)

    def _in_own_words(self) -> AbstractContextManager[None]:
        names = {native: name for name, native in self._native_names.items()}
        return own_words(self._catalog_name, type(self).__name__, {**names, **self._words})

    @classmethod
    def _parameter_names(cls) -> list[str]:
        return sorted(name for name in inspect.signature(cls.__init__).parameters if name != "self")

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name."""
        del deep  # there are no nested estimators
        return {name: getattr(self, name) for name in self._parameter_names()}

    def set_params(self, **parameters: Any) -> Any:
        """Sets parameters.

        Returns:
            The estimator.

        Raises:
            InvalidInputError: for a name that is no parameter.
        """
        known = self._parameter_names()
        for name, value in parameters.items():
            if name not in known:
                raise InvalidInputError(f"{type(self).__name__} has no parameter '{name}'. Known: {', '.join(known)}.", "bad_value")
            setattr(self, name, value)
        return self

    def fit(self, X: Any, y: Any = None) -> Any:
        """Learns from the rows of ``X``.

        Returns:
            The transformer.
        """
        return self._fitted_on(X, y, None)

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """What the training rows become."""
        return self._fit_transform(X, y, None)

    def _fitted_on(self, X: Any, y: Any, sample_weight: Any) -> Any:
        self._fit(self._input(X), y, sample_weight, transform=False)
        return self

    def _fit_transform(self, X: Any, y: Any, sample_weight: Any) -> Any:
        given = self._input(X)
        made = self._fit(given, y, sample_weight, transform=self._needs_target)
        return self._give(given, self._applied(given) if made is None else made)

    def transform(self, X: Any) -> Any:
        """What the rows of ``X`` become."""
        self._check_fitted()
        given = self._input(X)
        self._check_features(given)
        return self._give(given, self._applied(given))

    def _applied(self, given: Input) -> Any:
        with self._in_own_words():
            return self._apply(given)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns that ``transform`` gives."""
        self._check_fitted()
        return np.array(self._names_out(self._names_in(input_features)), dtype=object)

    def _fit(self, given: Input, y: Any, sample_weight: Any, transform: bool) -> Any:
        """Fits; where the training rows are wanted and differ from transform, gives them as a native table."""
        target = self._target(y, given.n_rows)
        weights = row_weights(sample_weight, given.n_rows)
        self._learn_names(given)
        names = self._names_in()
        parameters = parameters_text(self._native_parameters(), self._native_columns())
        made = None
        with self._in_own_words():
            if given.rows is not None and given.rows.dtype.kind == "f" and target is None and weights is None:
                self._native = _kolosal.fit_rows(self._catalog_name, parameters, given.rows, names, 0, self._seed())
            else:
                arguments = (self._catalog_name, parameters, given.to_native(names), target, weights, 0, self._seed())
                if transform:
                    self._native, made = _kolosal.fit_transformer(*arguments)
                else:
                    self._native = _kolosal.fit_form(*arguments)
        self._learnt(given)
        return made

    def _learnt(self, given: Input) -> None:
        """Sets what follows from a fit on ``given``."""
        del given
        if type(self)._read_fitted is not CatalogTransformer._read_fitted:
            self._read_fitted(json.loads(self._native.to_json())["fitted"])

    def _seed(self) -> int:
        return int(getattr(self, "random_state", None) or 0)

    def _target(self, y: Any, n_rows: int) -> _kolosal.Table | None:
        if not self._needs_target:
            return None
        if y is None:
            raise InvalidInputError(f"{type(self).__name__} requires y to be passed, but the target y is None.", "bad_value")
        return target_table(y, n_rows)

    def _apply(self, given: Input) -> Any:
        """An array of what the rows become where they came as float rows, else a native table."""
        names = self._names_in()
        if given.rows is not None and given.rows.dtype.kind == "f":
            return self._native.transform_rows(given.rows, names)
        return self._native.transform(given.to_native(names))

    def _give(self, given: Input, made: Any) -> Any:
        """A native table or an array as the kind of table that the caller wants."""
        is_table = isinstance(made, _kolosal.Table)
        if not self._gives_frame(given):
            return array_of_table(made) if is_table else made
        return frame_of(pa.table(made) if is_table else made, given, output_of(self._output), self._names_out(self._names_in()))

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags  # noqa: PLC0415

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=self._needs_target),
            transformer_tags=TransformerTags(preserves_dtype=["float64", "float32"] if self._numeric else []),
            input_tags=InputTags(allow_nan=True, sparse=True, categorical=not self._numeric, string=not self._numeric),
        )

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        if "_native" in state:
            state["_native"] = state["_native"].to_json()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_native" in state:
            self._native = _kolosal.FittedTransformer.from_json(state["_native"])

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        changed = (
            f"{n}={v!r}" for n, v in self.get_params().items() if v is not defaults[n].default and repr(v) != repr(defaults[n].default)
        )
        return f"{type(self).__name__}({', '.join(changed)})"


class Weighted(CatalogTransformer):
    """One whose rows may be weighted: a weight of w counts a row w times, one of 0 not at all."""

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Learns from the rows of ``X``.

        Returns:
            The transformer.
        """
        return self._fitted_on(X, y, sample_weight)

    def fit_transform(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """What the training rows become."""
        return self._fit_transform(X, y, sample_weight)


class CannotGoOnError(InvalidInputError, AttributeError):
    """A fitted transformer has no ``partial_fit``: ``hasattr`` says so too, as scikit-learn's conventions have it."""


class Incremental(CatalogTransformer):
    """One that can learn from rows that come in parts."""

    _fits_a_part = False  # what fit learns is a first part: as exact and as fast as it is at once
    _parts: _kolosal.ChunkedFit | None = None
    _n_rows_seen = 0

    @property
    def partial_fit(self) -> Callable[..., Any]:
        """Learns from further rows: after any number of calls as ``fit`` on all of them, but that quantiles are within a small rank.

        Takes and gives what ``fit`` does. It also goes on from ``fit``, but for what learns quantiles, imputes, or standardizes curves.

        Raises:
            KolosalError: where the parameters need all rows at once.
            AttributeError: an InvalidInputError too, where what was learnt cannot be gone on from: by ``fit``, or before the transformer
                was pickled or copied.
        """
        if self._parts is None and self.__sklearn_is_fitted__():
            raise CannotGoOnError(
                f"this {type(self).__name__} is fitted already, and further rows cannot be added to what it learnt: only partial_fit "
                "keeps what that needs, until it is pickled or copied",
                "unsupported",
                "Call partial_fit from the first rows on, on sklearn.base.clone of it, or fit on all rows.",
            )
        return self._fit_a_part

    def _fit_a_part(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        given = self._input(X)
        target, weights = self._target(y, given.n_rows), row_weights(sample_weight, given.n_rows)
        if self._parts is None:
            self._learn_names(given)
            self._parts, self._n_rows_seen = self._start_parts(), 0
        else:
            self._check_features(given)
        with self._in_own_words():
            self._parts.add(given.to_native(self._names_in()), target, weights, 0, self._seed())
            self._native = self._parts.finish()
        self._n_rows_seen += given.n_rows
        self._learnt(given)
        return self

    def _fit(self, given: Input, y: Any, sample_weight: Any, transform: bool) -> Any:
        self._parts = None
        if not self._fits_a_part:
            return super()._fit(given, y, sample_weight, transform)
        weights = row_weights(sample_weight, given.n_rows)
        self._learn_names(given)
        names, parts = self._names_in(), self._start_parts()
        with self._in_own_words():
            if given.rows is not None and given.rows.dtype.kind == "f" and weights is None:
                self._native = parts.fit_first_rows(given.rows, names, 0, self._seed())
            else:
                parts.add(given.to_native(names), None, weights, 0, self._seed())
                self._native = parts.finish()
        self._parts, self._n_rows_seen = parts, given.n_rows
        self._learnt(given)
        return None

    def _seen(self) -> list[dict[str, Any]]:
        """What is known of each column beyond what the transformer keeps, while its parts are kept."""
        columns: list[dict[str, Any]] = json.loads(self._parts.seen())["columns"] if self._parts is not None else []
        return columns

    def _forget_parts(self) -> None:
        """What partial_fit keeps of rows, that it goes on from, is of no more use."""
        self._parts = None

    def _start_parts(self) -> _kolosal.ChunkedFit:
        parameters = parameters_text(self._native_parameters(), self._native_columns())
        with self._in_own_words():
            return _kolosal.ChunkedFit(self._catalog_name, parameters)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__getstate__().items() if name != "_parts"}


class NamedNatively(CatalogTransformer):
    """One whose columns are called as the native transformer calls them: those made of a column begin with its name."""

    def _learnt(self, given: Input) -> None:
        super()._learnt(given)
        self._outputs = pa.table(self._native.transform(given.no_rows(self._names_in()))).column_names

    def _names_out(self, names: list[str]) -> list[str]:
        if hasattr(self, "feature_names_in_"):
            return list(self._outputs)
        made_of = [re.fullmatch(r"x(\d+)(__.*)?", output, re.DOTALL) for output in self._outputs]
        return [
            output if found is None else names[int(found[1])] + (found[2] or "")
            for output, found in zip(self._outputs, made_of, strict=True)
        ]


class Invertible(CatalogTransformer):
    """One that can be undone."""

    def _native_names_out(self) -> list[str]:
        return self._names_out(self._names_in())

    def _undo(self, table: _kolosal.Table) -> _kolosal.Table:
        undone: _kolosal.Table = self._native.inverse_transform(table)
        return undone

    def inverse_transform(self, X: Any) -> Any:
        """What rows that ``transform`` gave were before."""
        self._check_fitted()
        given = Input(X, True)
        names = self._native_names_out()
        if given.n_features != len(names):
            raise InvalidInputError(f"X has {given.n_features} features where transform gives {len(names)}", "feature_mismatch")
        made = self._undo(given.to_native(names))
        if given.rows is not None:
            return array_of_table(made)
        return frame_of(pa.table(made), given, None, self._names_in())


def array_of_table(made: _kolosal.Table) -> np.ndarray:
    """A native table as an array: of numbers where it holds no texts, else of objects."""
    table = pa.table(made)
    texts = any(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind) for kind in table.schema.types)
    if not texts:
        return np.asarray(_kolosal.rows_from_table(made))
    return np.array([column.to_pylist() for column in table.columns], dtype=object).T


def parameters_text(parameters: dict[str, Any], columns: list[str]) -> str:
    """The parameters of a native transformer of these columns."""
    wrong = [f"{name} is {value}" for name, value in parameters.items() if isinstance(value, float) and not np.isfinite(value)]
    if wrong:
        raise InvalidInputError(f"{', '.join(wrong)}; it has to be a finite number", "bad_value")
    return parameter_json({**parameters, "columns": columns})


def parameter_json(value: Any) -> str:
    """Parameters as JSON that native code reads."""
    try:
        text = json.dumps(value, default=plain, allow_nan=False, ensure_ascii=False)
        text.encode()
    except UnicodeEncodeError as error:
        raise no_text(error) from None
    except ValueError:
        raise InvalidInputError("a parameter is NaN or infinite; it has to be a finite number", "bad_value") from None
    return text


def plain(value: Any) -> Any:
    """For JSON: a NumPy scalar as a Python one."""
    if hasattr(value, "item"):
        return value.item()
    raise InvalidInputError(f"{value!r} is not a value that a parameter can have", "bad_value")


def fitted_column(fitted: dict[str, Any], field: str) -> np.ndarray:
    """One field of each column of a fitted form, (n_columns,) float64."""
    return np.array([column.get(field, 0.0) for column in fitted["columns"]], dtype=np.float64)
