"""Trials of objectives that are coroutines, or that give futures."""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
from typing import Any

from ._running import Run, Trial


async def work(run: Run, n_jobs: int) -> None:
    """Runs trials, `n_jobs` at the same time; all have ended when this ends, however it ends."""
    tasks = [asyncio.ensure_future(_work_alone(run)) for _ in range(n_jobs)]
    try:
        await asyncio.gather(*tasks)
    except BaseException as error:
        await asyncio.gather(*tasks, return_exceptions=True)
        run.fail_rest(error)
        raise


async def _work_alone(run: Run) -> None:
    try:
        while (trial := run.begin()) is not None:
            await _one(run, trial)
    except BaseException:
        run.study.stop()  # now: before the others begin another trial
        raise


async def _one(run: Run, trial: Trial) -> None:
    """Runs a trial that has begun."""
    study, number = run.study, trial.number
    try:
        value = await _settled(run.func(trial))
        study._note_constraints(number)
    except BaseException as error:
        run.endure(number, error)
    else:
        run.gave(number, value)
    run.ended(number)
    await asyncio.sleep(0)  # others may go on, and a cancellation come, also where the objective never waits


async def _settled(value: Any) -> Any:
    """The value itself, or what it comes to. Raises concurrent.futures.CancelledError where others than this run cancelled it."""
    try:
        if isinstance(value, concurrent.futures.Future):
            return await asyncio.wrap_future(value)
        return await value if inspect.isawaitable(value) else value
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise concurrent.futures.CancelledError("what the objective waited for was cancelled") from error
