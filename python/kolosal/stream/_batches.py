"""A function of tables over more rows than fit into memory."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from .. import _kolosal
from .._errors import InvalidInputError
from .._estimator import Estimator, parameter_specs
from .._tables import to_native
from ..preprocess import DataPreprocessor, Pipeline
from ._functions import function_of

_BATCHES = parameter_specs("batches")


def _is_table(data: Any) -> bool:
    return (
        isinstance(data, (_kolosal.Table, np.ndarray))
        or hasattr(data, "__arrow_c_stream__")
        or (type(data).__module__.startswith("pandas") and hasattr(data, "columns"))
    )


def _source_of(source: Any) -> Any:
    """A path, a native table, or an iterator of native tables."""
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    if isinstance(source, pa.RecordBatchReader):
        return (to_native(pa.Table.from_batches([batch])) for batch in source)
    if _is_table(source) or isinstance(source, Mapping):
        return to_native(source)
    if isinstance(source, Sequence) and not (len(source) > 0 and _is_table(source[0])):
        return to_native(source)
    if isinstance(source, Iterable):
        return (to_native(table) for table in source)
    raise InvalidInputError(
        f"{type(source).__name__} is no source of rows", "bad_value", "Pass the path of a file, a table, or an iterable of tables."
    )


def _native_function_of(function: Any) -> Callable[[_kolosal.Table], _kolosal.Table]:
    """What a function of Arrow tables, or a fitted transformer, makes of a native table."""
    if isinstance(function, DataPreprocessor):
        fitted = function._fitted
        return lambda batch: fitted.transform(batch, 1)
    if isinstance(function, Pipeline):
        steps = function._fitted
        return lambda batch: _kolosal.run_steps(steps, batch, 1)
    if inspect.iscoroutinefunction(function):
        raise InvalidInputError(
            f"{getattr(function, '__name__', function)} is a coroutine function, and batches are run on threads",
            "bad_value",
            "Pass a plain function; where it has to await something, let it call asyncio.run.",
        )
    call = function_of(function)
    return lambda batch: to_native(call(pa.table(batch)))


@dataclass(frozen=True)
class BatchProgress:
    """How far a run is.

    Attributes:
        n_batches: batches that are done.
        n_rows: rows of those batches.
        n_rows_total: all rows, where their number is known.
        seconds: since the run began.
        rows_per_second: so far.
    """

    n_batches: int
    n_rows: int
    n_rows_total: int | None
    seconds: float
    rows_per_second: float


@dataclass(frozen=True)
class BatchRun:
    """What a run gave.

    Attributes:
        statistics: rows, batches, bytes and seconds; ``stopped`` where the progress function ended it.
        table: the results, where no sink was given.
    """

    statistics: dict[str, Any]
    table: pa.Table | None


def _check_alike(parts: list[pa.Table], table: pa.Table) -> None:
    if parts and table.column_names != parts[0].column_names:
        raise InvalidInputError(
            f"batch {len(parts)} (from 0) became the columns {table.column_names}, where batch 0 became {parts[0].column_names}",
            "feature_mismatch",
            "Let the function give the same columns, in the same order, for all rows.",
        )


class BatchProcessor(Estimator):
    """A function of tables over more rows than fit into memory: batch by batch, on all threads, results in order.

    Tables have the kinds of :func:`kolosal.read_table` when the function sees them and when they come out: whole numbers are int64, other
    numbers float64 or float32, times count microseconds, and a column of levels is a dictionary of texts.

    Where every row's result depends on that row alone, the results do not depend on the strategy, the sizes of batches or the threads.
    """

    _specs = _BATCHES

    def run(
        self,
        source: Any,
        function: Any,
        sink: str | os.PathLike[str] | Callable[[pa.Table], Any] | None = None,
        progress: Callable[[BatchProgress], bool | None] | None = None,
        *,
        n_threads: int = 0,
        memory_limit: int | None = None,
        read_options: Mapping[str, Any] | None = None,
    ) -> BatchRun:
        """Every row of the source through the function into the sink.

        Args:
            source: the path of a file, a table, or an iterable of tables.
            function: takes an Arrow table and gives a table; or a fitted transformer. It is called from several threads at once.
            sink: the path of a file, which is there once the run has succeeded; or a function that takes each Arrow table; None to put
                the results together.
            progress: told after each batch; returning False ends the run.
            n_threads: threads to use; 0 for all.
            memory_limit: bytes that the batches in flight and their results may take.
            read_options: how to read the file, as in :func:`kolosal.read_table`.

        Returns:
            The statistics, and the results where no sink was given.
        """
        return self._run(source, function, sink, progress, n_threads, memory_limit, read_options, _kolosal.CancelToken())

    async def run_async(
        self,
        source: Any,
        function: Any,
        sink: str | os.PathLike[str] | Callable[[pa.Table], Any] | None = None,
        progress: Callable[[BatchProgress], bool | None] | None = None,
        *,
        n_threads: int = 0,
        memory_limit: int | None = None,
        read_options: Mapping[str, Any] | None = None,
    ) -> BatchRun:
        """As :meth:`run`, beside the event loop. Cancelling the task ends the run before the cancellation goes on.

        Returns:
            What :meth:`run` gives.
        """
        cancel = _kolosal.CancelToken()

        def work() -> tuple[BatchRun | None, BaseException | None]:
            try:
                return self._run(source, function, sink, progress, n_threads, memory_limit, read_options, cancel), None
            except BaseException as error:  # raised in the loop's thread, where it is awaited
                return None, error

        executor = ThreadPoolExecutor(1, thread_name_prefix="kolosal-batches")
        running = asyncio.get_running_loop().run_in_executor(executor, work)
        try:
            done, error = await asyncio.shield(running)
        except asyncio.CancelledError:
            cancel.cancel()
            await asyncio.wait([running])
            raise
        finally:
            executor.shutdown(wait=False)
        if error is not None:
            raise error
        assert done is not None
        return done

    def _run(
        self,
        source: Any,
        function: Any,
        sink: Any,
        progress: Callable[[BatchProgress], bool | None] | None,
        n_threads: int,
        memory_limit: int | None,
        read_options: Mapping[str, Any] | None,
        cancel: _kolosal.CancelToken,
    ) -> BatchRun:
        parts: list[pa.Table] = []

        def take(result: _kolosal.Table) -> None:
            table = pa.table(result)
            if sink is None:
                _check_alike(parts, table)
                parts.append(table)
            else:
                sink(table)

        def tell(record: str) -> bool:
            assert progress is not None
            return progress(BatchProgress(**json.loads(record))) is not False

        done = _kolosal.run_batches(
            json.dumps(self._options()),
            _source_of(source),
            json.dumps(dict(read_options or {})),
            _native_function_of(function),
            os.fspath(sink) if isinstance(sink, (str, os.PathLike)) else take,
            None if progress is None else tell,
            cancel,
            n_threads,
            memory_limit,
        )
        whole = pa.concat_tables(parts, promote_options="permissive") if parts else None
        return BatchRun(json.loads(done), whole)
