"""More rows than fit into memory, and items that come one by one: batches, streaming pipelines, micro-batches, merged statistics."""

from __future__ import annotations

import asyncio
import atexit
import inspect
import json
import os
import threading
import weakref
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from . import _kolosal
from ._errors import InvalidInputError
from ._estimator import Estimator, documentation_of, parameter_specs, signature_of
from ._kolosal import Popped, Pushed
from ._tables import to_native
from .preprocess import DataPreprocessor, Pipeline

__all__ = [
    "AsyncStreamRun",
    "BatchProcessor",
    "BatchProgress",
    "BatchRun",
    "DeadLetter",
    "MicroBatcher",
    "StreamRun",
    "StreamingPipeline",
    "TableStatistics",
]

_FOREVER = -1.0
_BATCHES = parameter_specs("batches")
_STAGE = parameter_specs("stage")

# Native threads must not come back to an interpreter that is gone.
_running: weakref.WeakSet[Any] = weakref.WeakSet()


@atexit.register
def _stop_all() -> None:
    for running in list(_running):
        running.stop()


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
    call = _function_of(function)
    return lambda batch: to_native(call(pa.table(batch)))


def _function_of(function: Any) -> Callable[[Any], Any]:
    if callable(function):
        return function  # type: ignore[no-any-return]
    if hasattr(function, "transform"):
        return function.transform  # type: ignore[no-any-return]
    raise InvalidInputError(
        f"{type(function).__name__} is neither a function nor a transformer",
        "bad_value",
        "Pass what can be called, or a fitted transformer.",
    )


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


class BatchProcessor(Estimator):
    """A function of tables over more rows than fit into memory: batch by batch, on all threads, results in order.

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


BatchProcessor.__init__.__signature__ = signature_of(_BATCHES)  # type: ignore[attr-defined]
BatchProcessor.__doc__ = (BatchProcessor.__doc__ or "") + "\n" + documentation_of(_BATCHES)


@dataclass(frozen=True)
class DeadLetter:
    """An item that a stage failed on.

    Attributes:
        item: the item as it was accepted.
        stage: name of the stage.
        error: what the last attempt raised.
        attempts: how often it was tried.
    """

    item: Any
    stage: str
    error: BaseException
    attempts: int


@dataclass(frozen=True)
class _Stage:
    name: str
    function: Callable[[Any], Any]
    options: str
    retry_on: tuple[type[BaseException], ...] | None

    @property
    def is_async(self) -> bool:
        return inspect.iscoroutinefunction(self.function)


class StreamingPipeline:
    """Items through stages that work at the same time, in order, with bounded memory, and nothing lost.

    An item that was accepted ends in one of three ways: it is acknowledged, once the iterator gives its result; it is dead, once the
    dead-letter function returned for it; or it is handed back by ``stop``. Without a dead-letter function the first failure ends the run.

    Args:
        on_dead_letter: takes each :class:`DeadLetter`.
        on_acknowledged: takes each item whose result was given.
        seed: of the random part of delays.
    """

    def __init__(
        self,
        *,
        on_dead_letter: Callable[[DeadLetter], Any] | None = None,
        on_acknowledged: Callable[[Any], Any] | None = None,
        seed: int = 0,
    ) -> None:
        self._stages: list[_Stage] = []
        self._on_dead_letter = on_dead_letter
        self._on_acknowledged = on_acknowledged
        self._seed = seed

    def stage(
        self,
        name: str,
        function: Any,
        *,
        retry_on: type[BaseException] | tuple[type[BaseException], ...] | None = None,
        **options: Any,
    ) -> StreamingPipeline:
        """Adds a stage after those before.

        Args:
            name: told where something fails.
            function: takes an item and gives what the next stage takes; or a fitted transformer. A coroutine function works in
                :meth:`stream`. It is called from several threads where there are several workers.
            retry_on: the exceptions that are worth another attempt; None for all.
            options: as listed below.

        Returns:
            The pipeline.
        """
        allowed = (retry_on,) if isinstance(retry_on, type) else retry_on
        self._stages.append(_Stage(name, _function_of(function), json.dumps(options), allowed))
        return self

    def run(self, items: Iterable[Any]) -> StreamRun:
        """Starts; the results are what iterating gives, in order.

        Returns:
            An iterator, which is also a context manager that stops the run.
        """
        for stage in self._stages:
            if stage.is_async:
                raise InvalidInputError(
                    f"the function of stage '{stage.name}' is a coroutine function, and there is no event loop",
                    "unsupported",
                    "Use stream(), or a plain function.",
                )
        return StreamRun(self._start([stage.function for stage in self._stages]), items)

    def stream(self, items: AsyncIterable[Any] | Iterable[Any]) -> AsyncStreamRun:
        """The same for ``async for``; the event loop is never blocked. Cancelling the task that iterates stops the run.

        Returns:
            An asynchronous iterator, which is also an asynchronous context manager that stops the run.
        """
        return AsyncStreamRun(self, items)

    def _start(self, functions: Sequence[Callable[[Any], Any]]) -> _kolosal.Stream:
        on_dead_letter = self._on_dead_letter

        def bury(item: Any, stage: str, error: BaseException, attempts: int) -> None:
            assert on_dead_letter is not None
            on_dead_letter(DeadLetter(item, stage, error, attempts))

        native = _kolosal.Stream(
            [(s.name, f, s.options, _is_one_of(s.retry_on)) for s, f in zip(self._stages, functions, strict=True)],
            self._on_acknowledged,
            None if on_dead_letter is None else bury,
            self._seed,
        )
        _running.add(native)
        return native


StreamingPipeline.stage.__doc__ = (StreamingPipeline.stage.__doc__ or "") + documentation_of(_STAGE).replace("Args:", "Options:")


def _is_one_of(kinds: tuple[type[BaseException], ...] | None) -> Callable[[BaseException], bool] | None:
    return None if kinds is None else lambda error: isinstance(error, kinds)


class _Feed:
    """What a feeder leaves: the error of its source, and an item that the pipeline refused."""

    def __init__(self) -> None:
        self.error: BaseException | None = None
        self.refused: list[Any] = []

    def take_all(self, native: _kolosal.Stream, items: Iterable[Any]) -> None:
        """Brings every item; waits while the pipeline is full."""
        try:
            for item in items:
                if native.push(item, _FOREVER) is Pushed.Closed:
                    self.refused.append(item)
                    break
        except BaseException as error:  # raised where the results are read
            self.error = error
        finally:
            native.close()


class StreamRun(Iterator[Any]):
    """A run of a :class:`StreamingPipeline`: its results in order. The source is read in a thread of its own."""

    def __init__(self, native: _kolosal.Stream, items: Iterable[Any]) -> None:
        self._native = native
        self._feed = _Feed()
        self._feeder = threading.Thread(target=self._feed.take_all, args=(native, items), name="kolosal-feeder", daemon=True)
        self._feeder.start()

    def __next__(self) -> Any:
        popped, item = self._native.next(_FOREVER)
        if popped is Popped.Item:
            return item
        if self._feed.error is not None:
            error, self._feed.error = self._feed.error, None
            raise error
        raise StopIteration

    def stop(self) -> list[Any]:
        """Ends the run once the calls under way have returned.

        Returns:
            The items that were accepted and not finished, in order, as they came; and the one, if any, that waited for room. A source
            that is waiting for its next item is left as soon as it has it.
        """
        back = self._native.stop()
        refused, self._feed.refused = self._feed.refused, []
        return back + refused

    def statistics(self) -> dict[str, Any]:
        """Counts, throughput and latencies, whole and by stage.

        Returns:
            ``n_accepted = n_acknowledged + n_dead + n_handed_back + n_in_flight``, and the stages.
        """
        told: dict[str, Any] = json.loads(self._native.statistics())
        return told

    def __enter__(self) -> StreamRun:
        return self

    def __exit__(self, *_: object) -> None:
        self._native.stop()

    def __del__(self) -> None:
        if hasattr(self, "_native"):
            self._native.request_stop()


class AsyncStreamRun(AsyncIterator[Any]):
    """A run of a :class:`StreamingPipeline` in an event loop, begun by the first ``async for``."""

    def __init__(self, pipeline: StreamingPipeline, items: AsyncIterable[Any] | Iterable[Any]) -> None:
        self._pipeline = pipeline
        self._items = items
        self._feed = _Feed()
        self._native: _kolosal.Stream | None = None
        self._feeder: asyncio.Task[None] | None = None
        self._coroutines: set[Future[Any]] = set()
        self._executor = ThreadPoolExecutor(3, thread_name_prefix="kolosal-stream")  # who waits for room, for a result, for the end

    async def __anext__(self) -> Any:
        native = self._native or self._start()
        loop = asyncio.get_running_loop()
        popped, item = native.next(0)
        while popped is Popped.Empty:
            try:
                await loop.run_in_executor(self._executor, native.wait, _FOREVER)
            except asyncio.CancelledError:
                native.request_stop()
                raise
            popped, item = native.next(0)
        if popped is Popped.Item:
            return item
        if self._feed.error is not None:
            error, self._feed.error = self._feed.error, None
            raise error
        raise StopAsyncIteration

    async def stop(self) -> list[Any]:
        """Ends the run once the calls under way have returned; coroutines under way are cancelled.

        Returns:
            The items that were accepted and not finished, in order, as they came; and the one, if any, that waited for room.
        """
        if self._native is None:
            return []
        self._native.request_stop()
        for running in list(self._coroutines):
            running.cancel()
        if self._feeder is not None:
            self._feeder.cancel()
            await asyncio.wait([self._feeder])
        back = await asyncio.get_running_loop().run_in_executor(self._executor, self._native.stop)
        refused, self._feed.refused = self._feed.refused, []
        return back + refused

    def statistics(self) -> dict[str, Any]:
        """Counts, throughput and latencies, whole and by stage.

        Returns:
            As :meth:`StreamRun.statistics`; empty before the run has begun.
        """
        return {} if self._native is None else json.loads(self._native.statistics())

    async def __aenter__(self) -> AsyncStreamRun:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        self._executor.shutdown(wait=False)

    def __del__(self) -> None:
        if getattr(self, "_native", None) is not None:
            self._native.request_stop()  # type: ignore[union-attr]
        if hasattr(self, "_executor"):
            self._executor.shutdown(wait=False)

    def _start(self) -> _kolosal.Stream:
        loop = asyncio.get_running_loop()
        functions = [
            _blocking(stage.function, loop, self._coroutines) if stage.is_async else stage.function for stage in self._pipeline._stages
        ]
        native = self._native = self._pipeline._start(functions)
        if isinstance(self._items, AsyncIterable):
            self._feeder = loop.create_task(_take_all_async(native, self._items, self._feed, self._executor))
        else:
            threading.Thread(target=self._feed.take_all, args=(native, self._items), name="kolosal-feeder", daemon=True).start()
        return native


def _blocking(function: Callable[[Any], Any], loop: asyncio.AbstractEventLoop, running: set[Future[Any]]) -> Callable[[Any], Any]:
    """A function for a native thread that waits for what the coroutine function does in the loop."""

    def call(item: Any) -> Any:
        future = asyncio.run_coroutine_threadsafe(function(item), loop)
        running.add(future)
        try:
            return future.result()
        finally:
            running.discard(future)

    return call


async def _take_all_async(native: _kolosal.Stream, items: AsyncIterable[Any], feed: _Feed, executor: ThreadPoolExecutor) -> None:
    """Brings every item; waits while the pipeline is full."""
    loop = asyncio.get_running_loop()
    try:
        async for item in items:
            pushed = native.push(item, 0)
            if pushed is Pushed.Full:
                waiting = loop.run_in_executor(executor, native.push, item, _FOREVER)
                try:
                    pushed = await asyncio.shield(waiting)
                except asyncio.CancelledError:  # the pipeline was stopped: it answers at once
                    pushed = await waiting
            if pushed is Pushed.Closed:
                feed.refused.append(item)
                break
    except asyncio.CancelledError:
        raise
    except Exception as error:  # raised where the results are read
        feed.error = error
    finally:
        native.close()


class MicroBatcher:
    """Collects single items into batches for a function that is faster for many at once.

    A batch is made once ``max_batch`` items wait, or the first of them has waited ``max_wait_seconds``. Items of higher priority go
    first, equal ones in the order in which they came.

    Args:
        function: takes a list of items and gives as many results, in order. What it raises reaches each of the futures.
        max_batch: most items of a batch.
        max_wait_seconds: longest that an item waits for others.
        capacity: items that may wait; who submits more waits for room.
        n_workers: batches that the function is given at once.
    """

    def __init__(
        self,
        function: Callable[[list[Any]], Sequence[Any]],
        *,
        max_batch: int = 64,
        max_wait_seconds: float = 0.005,
        capacity: int = 10_000,
        n_workers: int = 1,
    ) -> None:
        for name, number in (("max_batch", max_batch), ("capacity", capacity), ("n_workers", n_workers)):
            if number < 1:
                raise InvalidInputError(f"{name} is {number}; it must be at least 1", "bad_value")
        if not max_wait_seconds >= 0:
            raise InvalidInputError(f"max_wait_seconds is {max_wait_seconds}; it must be at least 0", "bad_value")
        self._queue = _kolosal.ItemQueue(capacity)
        arguments = (self._queue, function, max_batch, max_wait_seconds)
        self._threads = [threading.Thread(target=_serve, args=arguments, name="kolosal-batcher", daemon=True) for _ in range(n_workers)]
        for thread in self._threads:
            thread.start()
        weakref.finalize(self, self._queue.close)
        _running.add(self)

    def submit(self, item: Any, priority: int = 0, timeout: float | None = None) -> Future[Any]:
        """Brings an item; waits while there is no room.

        Args:
            item: what the function takes a list of.
            priority: higher ones go first.
            timeout: seconds to wait for room; None for ever.

        Returns:
            The future of its result. Cancelling it before its batch is made takes the item out.

        Raises:
            TimeoutError: where there was no room in time.
            InvalidInputError: after :meth:`stop`.
        """
        future: Future[Any] = Future()
        _check_pushed(self._queue.push((item, future), priority, _FOREVER if timeout is None else timeout))
        return future

    async def submit_async(self, item: Any, priority: int = 0) -> Any:
        """The result of an item; neither waiting for room nor for the result blocks the event loop."""
        future: Future[Any] = Future()
        pushed = self._queue.push((item, future), priority, 0)
        while pushed is Pushed.Full:
            await asyncio.sleep(0.001)
            pushed = self._queue.push((item, future), priority, 0)
        _check_pushed(pushed)
        return await asyncio.wrap_future(future)

    def stop(self) -> None:
        """Takes no more, and waits until every item has its result."""
        self._queue.close()
        for thread in self._threads:
            thread.join()

    @property
    def n_waiting(self) -> int:
        """Items that wait."""
        return self._queue.size

    def __enter__(self) -> MicroBatcher:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _check_pushed(pushed: Pushed) -> None:
    if pushed is Pushed.Full:
        raise TimeoutError("the micro-batcher had no room in time")
    if pushed is Pushed.Closed:
        raise InvalidInputError("the micro-batcher is stopped", "unsupported", "Make another one.")


def _serve(queue: _kolosal.ItemQueue, function: Callable[[list[Any]], Sequence[Any]], max_batch: int, max_wait_seconds: float) -> None:
    while batch := queue.pop_batch(max_batch, max_wait_seconds):
        wanted = [(item, future) for item, future in batch if future.set_running_or_notify_cancel()]
        if not wanted:
            continue
        futures = [future for _, future in wanted]
        try:
            results = function([item for item, _ in wanted])
            if len(results) != len(futures):
                raise InvalidInputError(f"the function gave {len(results)} results for {len(futures)} items", "bad_value")
        except BaseException as error:  # the futures' owners are told
            for future in futures:
                future.set_exception(error)
        else:
            for future, result in zip(futures, results, strict=True):
                future.set_result(result)


class TableStatistics:
    """What can be said of each column of rows that come in chunks, and merged: counts, missing, mean, range, quantiles, frequent values.

    Args:
        sketch_width: numbers kept a level of a column's quantile sketch.
        n_frequent: frequent values kept of a column.
    """

    def __init__(self, *, sketch_width: int = 2048, n_frequent: int = 128) -> None:
        self._native = _kolosal.TableStatistics(sketch_width, n_frequent)

    def add(self, table: Any, *, n_threads: int = 0) -> TableStatistics:
        """Learns from further rows.

        Returns:
            The statistics.
        """
        self._native.add(to_native(table), n_threads)
        return self

    def merge(self, other: TableStatistics) -> TableStatistics:
        """Learns from the rows that the other has learnt from.

        Returns:
            The statistics.
        """
        self._native.merge(other._native)
        return self

    def to_dict(self) -> dict[str, Any]:
        """What is known, with the errors of quantiles and counts."""
        told: dict[str, Any] = json.loads(self._native.to_json())
        return told
