"""Preprocessing by configuration: missing values, outliers, scaling and encoding, fitted natively."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from .. import _kolosal
from .._errors import InvalidInputError
from .._estimator import Estimator, parameter_specs
from .._input import Input, check_columns, frame_of, output_of, row_weights
from .._tables import _numpy_columns, to_native
from ._base import array_of_table
from ._feature_names import FeatureNames, target_table

_SPECS = parameter_specs("preprocessor")


class DataPreprocessor(FeatureNames, Estimator):
    """Prepares tables for learning. A scikit-learn transformer: arrays in, arrays out; frames in, Arrow tables out.

    ``set_output`` chooses otherwise. Columns of frames are told apart by name: ``transform`` takes them in any order, and leaves out those
    that ``fit`` did not see.

    Attributes:
        kept_rows_: numbers of the training rows that are left, in order, where a strategy removed some; else None. Not known after
            ``fit_file``, ``preprocess_file`` and ``load``.
    """

    _specs = _SPECS
    categorical_encoding: str

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> DataPreprocessor:
        """Learns from the rows of ``X`` and, for target encoding, from ``y``; a row of weight w counts w times, one of weight 0 not at all.

        Returns:
            The preprocessor.
        """
        self._fit(self._input(X), y, sample_weight)
        return self

    def fit_transform(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """What the training rows become; where the target is used, each row is encoded without its own.

        Strategies that remove rows do so: ``kept_rows_`` says which are left.
        """
        given = self._input(X)
        made = self._fit(given, y, sample_weight)
        return self._out(made, given if self.kept_rows_ is None else self._input(given.take(self.kept_rows_)))

    def fit_file(self, path: str | os.PathLike[str], memory: str = "500MB", target: str | None = None) -> DataPreprocessor:
        """Learns from the rows of a file that need not fit into memory: the file is read several times, a part of it at a time.

        Args:
            path: CSV, Parquet, Arrow or JSON-lines file, or a pipe.
            memory: Most to use beside what the process holds already, as in "500MB", of which 67 MB are for the program itself.
            target: A column that is no feature; rows without it are left out.

        Returns:
            The preprocessor.
        """
        self._fit_file(path, None, memory, target, None)
        return self

    def preprocess_file(
        self,
        source: str | os.PathLike[str],
        destination: str | os.PathLike[str],
        memory: str = "500MB",
        target: str | None = None,
        progress: Callable[[int, int, int, float], object] | None = None,
    ) -> dict[str, Any]:
        """Fits as :meth:`fit_file` and writes what the training rows become; nothing is at ``destination`` unless all of it is.

        Args:
            source: As in :meth:`fit_file`.
            destination: File whose name tells the format: .csv, .parquet, .arrow, .jsonl.
            memory: As in :meth:`fit_file`.
            target: A column that passes through unchanged; rows without it are left out.
            progress: Called with the pass, the number of passes as far as known, the rows of this pass so far, and its seconds.

        Returns:
            rows_read, rows_written, rows_removed, passes, chunk_rows, seconds.
        """
        return self._fit_file(source, destination, memory, target, progress)

    def fit_chunks(self, chunks: Callable[[], Iterable[Any]] | Iterable[Any]) -> DataPreprocessor:
        """Learns from rows that come in chunks, of which only one is looked at a time.

        Args:
            chunks: What gives the chunks, frames or Arrow tables of the same columns, anew for each pass: a function without arguments, or
                an iterable that can be gone through several times, such as a list.

        Returns:
            The preprocessor.
        """
        if isinstance(chunks, Iterator):
            raise InvalidInputError(
                "an iterator gives its chunks once, and several passes are needed", "bad_value", "Pass a function that makes the iterator."
            )
        passes = _kolosal.PreprocessorPasses(json.dumps(self._options()))
        while passes.needs_pass:
            for chunk in chunks() if callable(chunks) else chunks:
                passes.add(to_native(chunk))
            passes.end_pass()
        self._take(passes.finish())
        self.kept_rows_ = None
        if "n_removed_rows" in self.describe():
            self.kept_rows_ = _kept_rows(passes, chunks() if callable(chunks) else chunks)
        return self

    def transform(self, X: Any) -> Any:
        """What the rows of ``X`` become."""
        self._check_fitted()
        given = self._input(X)
        return self._out(self._native.transform(self._table_of(given)), given)

    def inverse_transform(self, X: Any) -> Any:
        """Undoes :meth:`transform`: exact but for what was clipped or imputed."""
        self._check_fitted()
        given = self._input(X)
        names = self._native.feature_names_out
        if given.names is None and given.n_features != len(names):
            raise InvalidInputError(f"X has {given.n_features} features where transform gives {len(names)}", "feature_mismatch")
        return self._out(self._native.inverse_transform(_native_of(given, names if given.names is None else given.names)), given)

    def fit_transform_categorical(self, values: Any) -> np.ndarray:
        """Fits on one column of categories, which are encoded as they come: nothing is inferred, imputed or scaled.

        Numbers are ordered by value, everything else by its text.

        Returns:
            Its codes, (n_rows,) int64, for label encoding: 0, 1, ..., and -1 for missing values and empty texts. Else the columns it
            becomes, (n_rows, n_columns).
        """
        n_dimensions = np.ndim(values)
        if n_dimensions != 1:
            raise InvalidInputError(
                f"an array of {n_dimensions} dimensions is not a column", "bad_value", "Pass an array of shape (n_rows,)."
            )
        table = to_native({"value": values})
        self._native, encoded = _kolosal.preprocess_categories(json.dumps(self._options()), table, 0)
        self._take(self._native)
        self.kept_rows_ = None
        made = pa.table(encoded)
        if self.categorical_encoding == "label":
            return np.asarray(made.column(0).fill_null(-1).to_numpy()).astype(np.int64)
        return np.asarray(np.column_stack([c.to_numpy() for c in made.columns]))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns that :meth:`transform` gives; names of features are those seen in fit."""
        self._check_fitted()
        self._names_in(input_features)
        return np.array(self._native.feature_names_out, dtype=object)

    def describe(self) -> dict[str, Any]:
        """Everything that was learnt, as plain data."""
        self._check_fitted()
        learnt: dict[str, Any] = json.loads(self._native.describe())
        return learnt

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes one file without code in it."""
        self._check_fitted()
        self._native.save(os.fspath(path))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> DataPreprocessor:
        """A preprocessor that holds what a file has."""
        native = _kolosal.FittedPreprocessor.load(os.fspath(path))
        made = cls(**json.loads(native.describe())["config"])
        made._take(native)
        return made

    @property
    def _fitted(self) -> _kolosal.FittedPreprocessor:
        self._check_fitted()
        native: _kolosal.FittedPreprocessor = self._native
        return native

    def _fit(self, given: Input, y: Any, sample_weight: Any) -> _kolosal.Table:
        target = None if y is None else target_table(y, given.n_rows)
        weights = row_weights(sample_weight, given.n_rows)
        self._learn_names(given)
        table = _native_of(given, self._names_in())
        self._native, made, rows = _kolosal.preprocess(json.dumps(self._options()), table, target, weights, 0)
        self.kept_rows_ = None if rows is None else np.asarray(rows, dtype=np.int64)
        self._warn_of_markers()
        return made

    def _fit_file(
        self,
        source: str | os.PathLike[str],
        destination: str | os.PathLike[str] | None,
        memory: str,
        target: str | None,
        progress: Callable[[int, int, int, float], object] | None,
    ) -> dict[str, Any]:
        written = None if destination is None else os.fspath(destination)
        native, report = _kolosal.preprocess_in_passes(
            json.dumps(self._options()), os.fspath(source), written, memory, target or "", 0, progress
        )
        self._take(native)
        self._warn_of_markers()
        done: dict[str, Any] = json.loads(report)
        return done

    def _take(self, native: _kolosal.FittedPreprocessor) -> None:
        self._native = native
        self.__dict__.pop("kept_rows_", None)
        names = [column["name"] for column in json.loads(native.describe())["schema"]["columns"]]
        self.n_features_in_ = len(names)
        self.feature_names_in_ = np.array(names, dtype=object)
        if names == [f"x{j}" for j in range(len(names))]:
            del self.feature_names_in_  # the columns of an array have none

    @staticmethod
    def _input(X: Any) -> Input:
        named = isinstance(X, Mapping) or (isinstance(X, np.ndarray) and X.dtype.names is not None)
        records = isinstance(X, Sequence) and len(X) > 0 and isinstance(X[0], Mapping)
        exported = hasattr(X, "__arrow_c_stream__") and not hasattr(X, "columns")
        return Input(to_native(X) if named or records or exported else X, False)

    def _table_of(self, given: Input) -> _kolosal.Table:
        """The columns under the names that they had in fit: those of a frame by name, those of an array by place."""
        wanted = self._names_in()
        if given.names is not None and (hasattr(self, "feature_names_in_") or set(wanted) <= set(given.names)):
            return _native_of(given, given.names)
        names = getattr(self, "feature_names_in_", None)
        check_columns(given, self.n_features_in_, names, type(self).__name__, "Pass the columns seen in fit.")
        return _native_of(given, wanted)

    def _out(self, made: _kolosal.Table, given: Input) -> Any:
        wanted = output_of(self._output)
        if wanted == "default" or (wanted is None and given.rows is not None):
            return array_of_table(made)
        return pa.table(made) if wanted is None else frame_of(pa.table(made), given, wanted, made.names)

    def _warn_of_markers(self) -> None:
        for note in self._native.marker_notes:
            warnings.warn(f"{note}; auto_detect_types=False keeps texts", UserWarning, stacklevel=4)

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        if "_native" in state:
            state["_native"] = state["_native"].describe()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_native" in state:
            self._native = _kolosal.FittedPreprocessor.from_json(state["_native"])

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags  # noqa: PLC0415

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(),
            input_tags=InputTags(allow_nan=True, sparse=True, categorical=True, string=True),
        )


def _native_of(given: Input, names: Sequence[str]) -> _kolosal.Table:
    """The columns under these names; texts of an array stay texts, whose kind is found."""
    if given.rows is not None and given.rows.dtype.kind != "f":
        return to_native(_numpy_columns(given.rows, names))
    return given.to_native(names)


def _kept_rows(passes: _kolosal.PreprocessorPasses, chunks: Iterable[Any]) -> np.ndarray:
    """Numbers of the rows of all chunks that are left, in one more pass."""
    kept, n_rows = [], 0
    for chunk in chunks:
        table = to_native(chunk)
        of_chunk = passes.training_rows(table)
        kept.append(n_rows + (np.arange(table.n_rows) if of_chunk is None else np.asarray(of_chunk, dtype=np.int64)))
        n_rows += table.n_rows
    return np.concatenate(kept)
