"""Trials of objectives that are coroutines, or that give futures."""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from .._errors import InvalidInputError
from ._trial import FrozenTrial, TrialPruned, TrialState, frozen

if TYPE_CHECKING:
    from ._study import Study


async def optimize_async(
    study: Study,
    func: Callable[[Any], Any],
    n_trials: int | None,
    timeout: float | None,
    n_jobs: int,
    catch: type[Exception] | tuple[type[Exception], ...],
    callbacks: Sequence[Callable[[Study, FrozenTrial], None]],
) -> None:
    """What ``Study.optimize_async`` does."""
    if n_trials is not None and (n_trials < 0 or n_trials != int(n_trials)):
        raise InvalidInputError(f"optimize_async: n_trials is {n_trials}; it must be a whole number, at least 0", "bad_value")
    if n_jobs < 1:
        raise InvalidInputError(f"optimize_async: n_jobs is {n_jobs}; it must be at least 1", "bad_value")
    if not study._optimizing.acquire(blocking=False):
        raise InvalidInputError("optimize_async: this study already runs", "bad_value", "Use n_jobs for several trials at a time.")
    try:
        study._stopping.clear()
        run = _Run(study, func, n_trials, timeout, catch, callbacks)
        tasks = [asyncio.ensure_future(run.work()) for _ in range(n_jobs)]
        try:
            await asyncio.gather(*tasks)
        except BaseException:
            await asyncio.gather(*tasks, return_exceptions=True)
            raise
    finally:
        study._optimizing.release()


class _Run:
    """One call of ``optimize_async``."""

    def __init__(
        self,
        study: Study,
        func: Callable[[Any], Any],
        n_trials: int | None,
        timeout: float | None,
        catch: type[Exception] | tuple[type[Exception], ...],
        callbacks: Sequence[Callable[[Study, FrozenTrial], None]],
    ) -> None:
        self.study, self.func, self.catch, self.callbacks = study, func, catch, callbacks
        self.left = n_trials
        self.end = None if timeout is None else time.monotonic() + timeout

    async def work(self) -> None:
        """Runs trials, one after the other, until a limit is met or nothing is left to try."""
        study = self.study
        while self.left != 0 and not study._stopping.is_set() and (self.end is None or time.monotonic() < self.end):
            if study._native.is_exhausted:
                return
            if self.left is not None:
                self.left -= 1
            await self.one(study.ask())

    async def one(self, trial: Any) -> None:
        """Runs a trial that has begun."""
        study, number = self.study, trial.number
        try:
            value = self.func(trial)
            if isinstance(value, concurrent.futures.Future):
                value = await asyncio.wrap_future(value)
            elif inspect.isawaitable(value):
                value = await value
        except TrialPruned:
            study.tell(number, state=TrialState.PRUNED)
        except BaseException as error:
            study._native.tell_failed(number, f"{type(error).__name__}: {error}")
            if not isinstance(error, self.catch):
                study.stop()
                raise
        else:
            study.tell(number, value)
        if self.callbacks:
            ended = frozen(study._native.snapshot(number))
            for callback in self.callbacks:
                callback(study, ended)
        await asyncio.sleep(0)  # others may go on, and a cancellation come, also where the objective never waits
