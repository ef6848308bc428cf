"""Single items computed together."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from .. import _kolosal
from .._errors import InvalidInputError
from .._kolosal import Pushed
from ._running import stop_at_exit

_FOREVER = -1.0


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
        stop_at_exit(self)

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
