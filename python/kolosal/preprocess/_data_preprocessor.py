"""Preprocessing by configuration: missing values, outliers, scaling and encoding, fitted natively."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from .. import _kolosal
from .._errors import InvalidInputError, NotFittedError
from .._estimator import Estimator, parameter_specs
from .._tables import to_arrow, to_native

_SPECS = parameter_specs("preprocessor")


class DataPreprocessor(Estimator):
    """Prepares tables for learning. A scikit-learn transformer: arrays in, arrays out; frames in, Arrow tables out.

    Attributes:
        kept_rows_: numbers of the training rows that are left, in order, where a strategy removed some; else None. Not known after
            ``fit_file``, ``preprocess_file`` and ``load``.
    """

    _specs = _SPECS
    categorical_encoding: str

    def fit(self, X: Any, y: Any = None) -> DataPreprocessor:
        """Learns from the rows of ``X`` and, for target encoding, from ``y``.

        Returns:
            The preprocessor.
        """
        self._fit(X, y)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """What the training rows become; where the target is used, each row is encoded without its own.

        Strategies that remove rows do so: ``kept_rows_`` says which are left.
        """
        return self._out(self._fit(X, y), X)

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
        return self._out(self._fitted.transform(self._in(X)), X)

    def inverse_transform(self, X: Any) -> Any:
        """Undoes :meth:`transform`: exact but for what was clipped or imputed."""
        fitted = self._fitted
        table = pa.table(to_arrow(X)).rename_columns(fitted.feature_names_out) if isinstance(X, np.ndarray) else X
        return self._out(fitted.inverse_transform(to_native(table)), X)

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
        self.n_features_in_, self.kept_rows_ = 1, None
        made = pa.table(encoded)
        if self.categorical_encoding == "label":
            return np.asarray(made.column(0).fill_null(-1).to_numpy()).astype(np.int64)
        return np.asarray(np.column_stack([c.to_numpy() for c in made.columns]))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns that :meth:`transform` gives."""
        del input_features  # the names seen in fit hold
        return np.array(self._fitted.feature_names_out, dtype=object)

    def describe(self) -> dict[str, Any]:
        """Everything that was learnt, as plain data."""
        learnt: dict[str, Any] = json.loads(self._fitted.describe())
        return learnt

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes one file without code in it."""
        self._fitted.save(os.fspath(path))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> DataPreprocessor:
        """A preprocessor that holds what a file has."""
        native = _kolosal.FittedPreprocessor.load(os.fspath(path))
        made = cls(**json.loads(native.describe())["config"])
        made._take(native)
        return made

    @property
    def _fitted(self) -> _kolosal.FittedPreprocessor:
        native: _kolosal.FittedPreprocessor | None = getattr(self, "_native", None)
        if native is None:
            raise NotFittedError("this DataPreprocessor is not fitted yet", "not_fitted", "Call fit first.")
        return native

    def _fit(self, features: Any, target: Any) -> _kolosal.Table:
        table = to_native(features)
        known = None if target is None else to_native({"target": np.asarray(target)})
        self._native, made, rows = _kolosal.preprocess(json.dumps(self._options()), table, known, 0)
        self.n_features_in_ = len(table.names)
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
        self.n_features_in_ = len(json.loads(native.describe())["schema"]["columns"])

    def _in(self, data: Any) -> _kolosal.Table:
        if isinstance(data, np.ndarray) and data.ndim == 2 and data.shape[1] != self.n_features_in_:
            raise InvalidInputError(
                f"the input has {data.shape[1]} features where {self.n_features_in_} features were seen in fit",
                "feature_mismatch",
                "Pass the columns seen in fit.",
            )
        return to_native(data)

    @staticmethod
    def _out(made: _kolosal.Table, like: Any) -> Any:
        table = pa.table(made)
        if not isinstance(like, (np.ndarray, list)):
            return table
        return np.column_stack([column.to_numpy() for column in table.columns])

    def _warn_of_markers(self) -> None:
        for note in self._fitted.marker_notes:
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

    def __sklearn_is_fitted__(self) -> bool:
        return getattr(self, "_native", None) is not None

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import Tags, TargetTags, TransformerTags  # noqa: PLC0415

        return Tags(estimator_type=None, target_tags=TargetTags(required=False), transformer_tags=TransformerTags())


def _kept_rows(passes: _kolosal.PreprocessorPasses, chunks: Iterable[Any]) -> np.ndarray:
    """Numbers of the rows of all chunks that are left, in one more pass."""
    kept, n_rows = [], 0
    for chunk in chunks:
        table = to_native(chunk)
        of_chunk = passes.training_rows(table)
        kept.append(n_rows + (np.arange(table.n_rows) if of_chunk is None else np.asarray(of_chunk, dtype=np.int64)))
        n_rows += table.n_rows
    return np.concatenate(kept)
