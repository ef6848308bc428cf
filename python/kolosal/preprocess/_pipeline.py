"""Any transformers of the native catalog, by name, one after the other."""

from __future__ import annotations

import inspect
import json
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from .. import _kolosal
from .._errors import InvalidInputError, NotFittedError
from .._input import Input, frame_of, output_of, row_weights
from .._tables import to_native
from ._base import CatalogTransformer, array_of_table, parameter_json
from ._feature_names import FeatureNames

Step = (
    str
    | CatalogTransformer
    | tuple[str, Mapping[str, Any]]
    | tuple[CatalogTransformer, Sequence[str]]
    | tuple[str, CatalogTransformer]
    | tuple[str, CatalogTransformer, Sequence[str]]
)


def transformer_names() -> list[str]:
    """Names of all transformers that a :class:`Pipeline` may have."""
    return list(_kolosal.transformer_names())


class Pipeline(FeatureNames):
    """Transformers of the catalog, each on the columns that it is for or that its parameter ``columns`` names.

    A step is a name of the catalog, or one and a dict of parameters; or a transformer, or a transformer and the columns it is for. Before
    the latter two may stand a name of your own, as in scikit-learn, by which ``get_params`` and ``set_params`` reach the transformer::

        Pipeline([("impute", {"strategy": "median"}), "standard_scale", ("one_hot", {"columns": ["town"]})])
        Pipeline([SimpleImputer(strategy="median"), (StandardScaler(), ["age"]), (OneHotEncoder(), ["town"])])
        Pipeline([("fill", SimpleImputer()), ("towns", OneHotEncoder(), ["town"])]).set_params(fill__strategy="median")

    A transformer lends its parameters; the pipeline fits its own, and names columns as the catalog does.

    Frames give frames of their own kind, arrays arrays, unless ``set_output`` says otherwise; rows of a pandas frame keep their index.
    Columns of an array are called x0, x1, ... A column of texts is encoded where a step names it, or where it is categorical (a pandas
    category, a polars Categorical, an Arrow dictionary). Each step is fitted on what those before made of the training rows, and sees the
    target in ``fit_transform`` out of fold.

    Args:
        steps: the steps, in order.
        n_threads: threads to use; 0 for all.
        random_state: seed of what is drawn.

    Attributes:
        kept_rows_: numbers of the training rows that are left, where a step removed some; else None.
    """

    def __init__(self, steps: Sequence[Step], *, n_threads: int = 0, random_state: int = 0) -> None:
        self.steps = steps
        self.n_threads = n_threads
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Pipeline:
        """Learns from the rows of ``X``.

        Returns:
            The pipeline.
        """
        self._fit(Input(X, False), y, sample_weight)
        return self

    def fit_transform(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """What the training rows become; steps that use the target encode each row without its own, steps that remove rows do."""
        given = Input(X, False)
        made = self._fit(given, y, sample_weight)
        return self._give(made, given if self.kept_rows_ is None else Input(given.take(self.kept_rows_), False))

    def transform(self, X: Any) -> Any:
        """What the rows of ``X`` become; none is removed."""
        given = Input(X, False)
        return self._give(_kolosal.run_steps(self._fitted, self._table_of(given), self.n_threads), given)

    def inverse_transform(self, X: Any) -> Any:
        """What rows that :meth:`transform` gave were before.

        Raises:
            KolosalError: where a step cannot be undone.
        """
        given = Input(X, False)
        made = given.to_native(self._names_out if given.names is None else given.names)
        for step in reversed(self._fitted):
            made = step.inverse_transform(made)
        return self._give(made, given)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns that :meth:`transform` gives."""
        del input_features  # the names seen in fit hold
        _ = self._fitted
        return np.array(self._names_out, dtype=object)

    def describe(self) -> list[dict[str, Any]]:
        """What each step learnt, as plain data."""
        return [json.loads(step.to_json()) for step in self._fitted]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name; with ``deep`` also the transformers that have a name, and theirs as ``name__parameter``."""
        parameters = {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}
        if deep:
            for name, transformer in self._named_transformers().items():
                parameters[name] = transformer
                parameters.update({f"{name}__{key}": value for key, value in transformer.get_params().items()})
        return parameters

    def set_params(self, **parameters: Any) -> Pipeline:
        """Sets parameters, or what ``get_params`` names of transformers.

        Returns:
            The pipeline.

        Raises:
            InvalidInputError: for a name that is no parameter.
        """
        own = self.get_params(deep=False)
        for name, value in parameters.items():
            transformers = self._named_transformers()
            step, _, parameter = name.partition("__")
            if name in own:
                setattr(self, name, value)
            elif name in transformers:
                self.steps = [_with_transformer(each, name, value) for each in self.steps]
            elif parameter and step in transformers:
                transformers[step].set_params(**{parameter: value})
            else:
                raise InvalidInputError(f"a Pipeline has no parameter '{name}'. Known: {', '.join(self.get_params())}.", "bad_value")
        return self

    def _named_transformers(self) -> dict[str, CatalogTransformer]:
        return {step[0]: step[1] for step in self.steps if _is_named(step)}  # type: ignore[index, misc]

    @property
    def _fitted(self) -> list[_kolosal.FittedTransformer]:
        natives: list[_kolosal.FittedTransformer] | None = getattr(self, "_natives", None)
        if natives is None:
            raise NotFittedError("this Pipeline is not fitted yet", "not_fitted", "Call fit first.")
        return natives

    def _fit(self, given: Input, y: Any, sample_weight: Any) -> _kolosal.Table:
        table = given.to_native(_names_of(given))
        target = None if y is None else to_native({"target": np.asarray(y)})
        steps = parameter_json([_step_of(step) for step in self.steps])
        self._natives, made, rows = _kolosal.fit_steps(
            steps, table, target, row_weights(sample_weight, given.n_rows), self.n_threads, self.random_state
        )
        for step, learnt in zip(self.steps, self.describe(), strict=True):
            if learnt["fitted"].get("columns") == []:
                warnings.warn(
                    f"the step '{_step_of(step)['transformer']}' is for no column of the table; name its columns, if it should",
                    UserWarning,
                    stacklevel=3,
                )
        self.kept_rows_ = None if rows is None else np.asarray(rows)
        self.n_features_in_ = given.n_features
        self._names_out = list(made.names)
        return made

    def _table_of(self, given: Input) -> _kolosal.Table:
        _ = self._fitted
        if given.names is None and given.n_features != self.n_features_in_:
            raise InvalidInputError(
                f"X has {given.n_features} features where {self.n_features_in_} were seen in fit",
                "feature_mismatch",
                "Pass the columns seen in fit.",
            )
        return given.to_native(_names_of(given))

    def _give(self, made: _kolosal.Table, given: Input) -> Any:
        if not self._gives_frame(given):
            return array_of_table(made)
        table = pa.table(made)
        return frame_of(table, given, output_of(self._output), table.column_names)

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags  # noqa: PLC0415

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(),
            input_tags=InputTags(allow_nan=True, sparse=True, categorical=True, string=True),
        )

    def __sklearn_is_fitted__(self) -> bool:
        return getattr(self, "_natives", None) is not None

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        if "_natives" in state:
            state["_natives"] = [step.to_json() for step in state["_natives"]]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_natives" in state:
            self._natives = [_kolosal.FittedTransformer.from_json(text) for text in state["_natives"]]

    def __repr__(self) -> str:
        return f"Pipeline({list(self.steps)!r})"


def _names_of(given: Input) -> list[str]:
    return [f"x{j}" for j in range(given.n_features)] if given.names is None else given.names


def _is_named(step: Step) -> bool:
    """Whether a transformer has a name of the user's own."""
    return isinstance(step, (tuple, list)) and len(step) > 1 and isinstance(step[0], str) and isinstance(step[1], CatalogTransformer)


def _with_transformer(step: Any, name: str, transformer: CatalogTransformer) -> Any:
    return (name, transformer, *step[2:]) if _is_named(step) and step[0] == name else step


def _step_of(step: Step) -> dict[str, Any]:
    unnamed: Any = (step[1:] if len(step) > 2 else step[1]) if _is_named(step) else step  # type: ignore[arg-type, index]  # noqa: PLR2004
    pair: Any = (unnamed, {}) if isinstance(unnamed, str) else (unnamed, []) if isinstance(unnamed, CatalogTransformer) else unnamed
    if isinstance(pair, (tuple, list)) and len(pair) == 2:
        what, rest = pair
        if isinstance(what, str) and isinstance(rest, Mapping):
            return {"transformer": what, "parameters": dict(rest)}
        if isinstance(what, CatalogTransformer) and isinstance(rest, Sequence) and not isinstance(rest, str):
            return {"transformer": what._catalog_name, "parameters": {**what._parameters_for(rest), "columns": list(rest)}}
    raise InvalidInputError(
        f"step {step!r} is neither a name, a name and a dict of parameters, a transformer, nor a transformer and a list of columns, "
        "the latter two with or without a name before them",
        "bad_value",
    )
