"""Trials of objectives that are coroutines, or that give futures."""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect

from ._running import Run, Trial


async def work(run: Run, n_jobs: int) -> None:
    """Runs trials, `n_jobs` at the same time; all have ended when this ends, however it ends."""
    tasks = [asyncio.ensure_future(_work_alone(run)) for _ in range(n_jobs)]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


async def _work_alone(run: Run) -> None:
    while (trial := run.begin()) is not None:
        await _one(run, trial)


async def _one(run: Run, trial: Trial) -> None:
    """Runs a trial that has begun."""
    study, number = run.study, trial.number
    try:
        value = run.func(trial)
        if isinstance(value, concurrent.futures.Future):
            value = await asyncio.wrap_future(value)
        elif inspect.isawaitable(value):
            value = await value
        study._note_constraints(number)
    except BaseException as error:
        if not run.is_endured(number, error):
            study.stop()
            raise
    else:
        run.gave(number, value)
    run.ended(number)
    await asyncio.sleep(0)  # others may go on, and a cancellation come, also where the objective never waits
