"""Items through stages that work at the same time, read by iterating or by ``async for``."""

from __future__ import annotations

import asyncio
import inspect
import json
import threading
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from .. import _kolosal
from .._errors import InvalidInputError
from .._estimator import documentation_of, parameter_specs
from .._kolosal import Popped, Pushed
from ._functions import function_of
from ._running import stop_at_exit

_FOREVER = -1.0
_PATIENCE = 0.25  # seconds that stop() gives a source to come back with the item it is about to give
_STAGE = parameter_specs("stage")


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
        for name, function in (("on_dead_letter", on_dead_letter), ("on_acknowledged", on_acknowledged)):
            if inspect.iscoroutinefunction(function):
                raise InvalidInputError(f"{name} is a coroutine function, and nothing awaits it", "bad_value", "Pass a plain function.")
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
        self._stages.append(_Stage(name, function_of(function), json.dumps(options), allowed))
        return self

    def run(self, items: Iterable[Any]) -> StreamRun:
        """Starts; the results are what iterating gives, in order.

        Returns:
            An iterator, which is also a context manager that stops the run; ``stop`` then gives what was not finished.
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
            An asynchronous iterator, which is also an asynchronous context manager that stops the run, as in :meth:`run`.
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
        stop_at_exit(native)
        return native


StreamingPipeline.stage.__doc__ = (StreamingPipeline.stage.__doc__ or "") + documentation_of(_STAGE).replace("Args:", "Options:")


def _is_one_of(kinds: tuple[type[BaseException], ...] | None) -> Callable[[BaseException], bool] | None:
    return None if kinds is None else lambda error: isinstance(error, kinds)


class _Feed:
    """What a feeder leaves: the error of its source, and an item that the pipeline refused."""

    def __init__(self) -> None:
        self.error: BaseException | None = None
        self.refused: list[Any] = []

    def start(self, native: _kolosal.Stream, items: Iterable[Any]) -> threading.Thread:
        """Brings every item from a thread of its own.

        Returns:
            The thread.
        """
        thread = threading.Thread(target=self.take_all, args=(native, items), name="kolosal-feeder", daemon=True)
        thread.start()
        return thread

    def take_refused(self) -> list[Any]:
        """The refused items, once."""
        refused, self.refused = self.refused, []
        return refused

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
        self._left: list[Any] = []  # what the end of the context found, for stop()
        self._feed = _Feed()
        self._feeder = self._feed.start(native, items)

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
            The items that were accepted and not finished, in order, as they came; and the one, if any, that waited for room. A
            slow source may give one more item after that, which the next call returns. Each item is returned once, also where
            the run has ended with its ``with`` block.
        """
        self._end()
        left, self._left = self._left, []
        return left

    def _end(self) -> None:
        self._left += self._native.stop()
        if self._feeder is not threading.current_thread():
            self._feeder.join(_PATIENCE)
        self._left += self._feed.take_refused()

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
        self._end()

    def __del__(self) -> None:
        if hasattr(self, "_native"):
            self._native.request_stop()


class AsyncStreamRun(AsyncIterator[Any]):
    """A run of a :class:`StreamingPipeline` in an event loop, begun by the first ``async for``."""

    def __init__(self, pipeline: StreamingPipeline, items: AsyncIterable[Any] | Iterable[Any]) -> None:
        self._pipeline = pipeline
        self._items = items
        self._left: list[Any] = []  # what the end of the context found, for stop()
        self._feed = _Feed()
        self._native: _kolosal.Stream | None = None
        self._feeder: asyncio.Task[None] | None = None  # of an asynchronous source
        self._feeding_thread: threading.Thread | None = None  # of any other
        self._has_ended = False  # with its context: nothing is left to wait for
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
            As :meth:`StreamRun.stop`.
        """
        if not self._has_ended:
            await self._end()
        left, self._left = self._left + self._feed.take_refused(), []
        return left

    async def _end(self) -> None:
        native = self._native
        if native is None:
            return
        native.request_stop()
        for running in list(self._coroutines):
            running.cancel()
        if self._feeder is not None:
            self._feeder.cancel()
            await asyncio.wait([self._feeder])
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._executor, lambda: self._left.extend(native.stop()))  # nothing is lost if this is cancelled
        if self._feeding_thread is not None:
            await loop.run_in_executor(self._executor, self._feeding_thread.join, _PATIENCE)

    def statistics(self) -> dict[str, Any]:
        """Counts, throughput and latencies, whole and by stage.

        Returns:
            As :meth:`StreamRun.statistics`; empty before the run has begun.
        """
        return {} if self._native is None else json.loads(self._native.statistics())

    async def __aenter__(self) -> AsyncStreamRun:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end()
        self._has_ended = True
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
            self._feeding_thread = self._feed.start(native, self._items)
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
                except asyncio.CancelledError:  # by stop(), or by the end of the event loop: nobody will read on
                    native.request_stop()
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
