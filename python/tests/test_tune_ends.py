"""How trials and runs end: by what objectives give and raise, by Ctrl-C, and by limits."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import math
import signal
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from kolosal import InvalidInputError, tune
from kolosal.tune.samplers import GPSampler, RandomSampler

States = list[str]


def states(study: tune.Study) -> States:
    return [trial.state.value for trial in study.trials]


def new_study(**given: Any) -> tune.Study:
    return tune.create_study(sampler=RandomSampler(0), **given)


async def run_async(study: tune.Study, objective: Any, **given: Any) -> None:
    """As optimize_async, but a run that does not end is an error."""
    async with asyncio.timeout(20):
        await study.optimize_async(objective, **given)


class Odd:
    """What raises where it is to be a number, or is to be shown."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __float__(self) -> float:
        raise self.error

    def __repr__(self) -> str:
        raise self.error


def given_step_by_step(error: BaseException) -> Iterator[float]:
    yield 1.0
    raise error


@pytest.mark.parametrize(
    "value", [10**400, Odd(RuntimeError("no number")), "12", b"1", ["1"], {"a": 1}, {1.0}, given_step_by_step(KeyError("x")), None, [[1.0]]]
)
def test_what_cannot_be_made_a_number_fails_the_trial_and_the_run_goes_on(value: Any) -> None:
    study = new_study()
    with pytest.warns(UserWarning, match="trial 0 failed: the objective gave"):
        study.optimize(lambda trial: value if trial.number == 0 else 1.0, n_trials=2)
    assert states(study) == ["failed", "complete"]
    study = new_study()
    with pytest.warns(UserWarning, match="trial 0 failed: the objective gave"):
        asyncio.run(run_async(study, lambda trial: value if trial.number == 0 else 1.0, n_trials=2))
    assert states(study) == ["failed", "complete"]
    with pytest.warns(UserWarning, match="trial 2 failed: the objective gave"):
        study.tell(study.ask(), value)


def test_a_text_gives_no_values_of_several_objectives() -> None:
    study = new_study(directions=["minimize"] * 2)
    with pytest.warns(UserWarning, match="the objective gave '12'"):
        assert study.tell(study.ask(), "12").state is tune.TrialState.FAIL  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [np.array(2.5), np.float32(2.5), np.array([2.5]), [np.array(2.5)], (2.5,)])
def test_a_number_without_axes_is_a_value(value: Any) -> None:
    study = new_study()
    study.optimize(lambda trial: value, n_trials=1)
    assert study.trials[0].values == [2.5]
    several = new_study(directions=["minimize"] * 2)
    several.optimize(lambda trial: (value if isinstance(value, np.float32) else np.array(2.5), np.array([1, 2])[0]), n_trials=1)
    assert several.trials[0].values == [2.5, 1.0]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_interrupt_while_a_value_is_read_leaves_no_trial_running(n_jobs: int) -> None:
    study = new_study()
    with pytest.raises(KeyboardInterrupt):
        study.optimize(lambda trial: Odd(KeyboardInterrupt()), n_trials=4, n_jobs=n_jobs)
    assert set(states(study)) == {"failed"}
    assert study.trials[0].failure == "KeyboardInterrupt: "


@contextlib.contextmanager
def interrupted_after(seconds: float) -> Iterator[None]:
    """As by Ctrl-C, also while native code holds the interpreter's lock."""
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("way", ["optimize", "ask"])
def test_an_interrupt_while_a_trial_is_proposed_leaves_no_trial_running(way: str) -> None:
    study = tune.create_study(sampler=GPSampler(seed=0))
    random = np.random.default_rng(0)
    space = {f"x{i}": tune.FloatDistribution(0, 1) for i in range(8)}
    for point in random.random((250, 8)):
        params = {f"x{i}": float(value) for i, value in enumerate(point)}
        study.add_trial(tune.create_trial(value=float(((point - 0.3) ** 2).sum()), params=params, distributions=space))
    for _ in range(2):
        began = time.monotonic()
        study.tell(study.ask(), 1.0)
        took = time.monotonic() - began
    with pytest.raises(KeyboardInterrupt), interrupted_after(0.3 * took):
        if way == "optimize":
            study.optimize(lambda trial: time.sleep(10) or 1.0)
        else:
            study.ask()
            time.sleep(10)
    assert "running" not in states(study) and states(study)[-1] == "failed"


def test_an_interrupt_between_the_asking_and_the_objective_leaves_no_trial_running(monkeypatch: pytest.MonkeyPatch) -> None:
    def one(run: Any, trial: tune.Trial) -> None:
        raise KeyboardInterrupt

    study = new_study()
    monkeypatch.setattr(tune._running.Run, "one", one)
    with pytest.raises(KeyboardInterrupt):
        study.optimize(lambda trial: 1.0, n_trials=3)
    assert states(study) == ["failed"]
    assert study.trials[0].failure == "the run ended before it did, of KeyboardInterrupt: "


def raising_at(number: int) -> Any:
    def callback(study: tune.Study, trial: tune.FrozenTrial) -> None:
        if trial.number == number:
            raise KeyError("callback")

    return callback


def test_a_run_of_coroutines_ends_wherever_it_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    async def loss(trial: tune.Trial) -> float:
        await asyncio.sleep(0)
        return 1.0

    study = new_study()
    with pytest.raises(KeyError, match="callback"):
        asyncio.run(run_async(study, loss, n_jobs=3, callbacks=[raising_at(4)]))
    assert set(states(study)) == {"complete"} and len(study.trials) < 10

    async def odd(trial: tune.Trial) -> Any:
        return Odd(SystemExit(3)) if trial.number == 4 else 1.0

    study = new_study()
    with contextlib.suppress(SystemExit):
        asyncio.run(run_async(study, odd, n_jobs=3))
    assert states(study)[4] == "failed" and "running" not in states(study) and len(study.trials) < 10

    begin = tune._running.Run.begin

    def begin_broken(run: Any) -> Any:
        if len(run.study.trials) == 5:
            raise OSError("the storage is gone")
        return begin(run)

    study = new_study()
    monkeypatch.setattr(tune._running.Run, "begin", begin_broken)
    with pytest.raises(OSError, match="gone"):
        asyncio.run(run_async(study, loss, n_jobs=3))
    assert states(study) == ["complete"] * 5


def test_a_future_that_its_pool_cancels_fails_its_trial_alone() -> None:
    def objective(trial: tune.Trial) -> Any:
        future: concurrent.futures.Future[float] = concurrent.futures.Future()
        if trial.number == 1:
            future.cancel()
        else:
            future.set_result(1.0)
        return future

    async def inner(trial: tune.Trial) -> float:
        task = asyncio.ensure_future(asyncio.sleep(10))
        if trial.number == 1:
            task.cancel()
            await task
        return 1.0

    for given in (objective, inner):
        study = new_study()
        asyncio.run(run_async(study, given, n_trials=4, n_jobs=2, catch=concurrent.futures.CancelledError))
        assert states(study) == ["complete", "failed", "complete", "complete"]
        study = new_study()
        with pytest.raises(concurrent.futures.CancelledError, match="was cancelled"):
            asyncio.run(run_async(study, given, n_trials=4))
        assert states(study) == ["complete", "failed"]


def test_what_constraints_raise_after_a_pruning_is_caught_as_what_the_objective_raises() -> None:
    def constraints(trial: tune.FrozenTrial) -> list[float]:
        raise KeyError("no constraint")

    def objective(trial: tune.Trial) -> float:
        raise tune.TrialPruned

    study = tune.create_study(sampler=tune.samplers.TPESampler(seed=0, constraints_func=constraints))
    study.optimize(objective, n_trials=2, catch=KeyError)
    asyncio.run(run_async(study, objective, n_trials=2, catch=KeyError))
    assert [trial.failure for trial in study.trials] == ["KeyError: 'no constraint'"] * 4
    with pytest.raises(KeyError, match="no constraint"):
        study.optimize(objective, n_trials=2)
    assert states(study) == ["failed"] * 5


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"timeout": math.nan}, "optimize: timeout is nan; it must be a number of seconds"),
        ({"timeout": "5"}, "optimize: timeout is '5'"),
        ({"n_trials": math.inf}, "optimize: n_trials is inf; it must be a whole number, at least 0"),
        ({"n_trials": 1.5}, r"optimize: n_trials is 1\.5"),
        ({"n_trials": "5"}, "optimize: n_trials is '5'"),
        ({"n_trials": 1, "n_jobs": "2"}, "n_jobs is '2'; it must be a whole number, at least 1"),
        ({"n_trials": 1, "n_jobs": 0}, "n_jobs is 0"),
    ],
)
def test_limits_that_are_none_are_refused(given: dict[str, Any], words: str) -> None:
    study = new_study()
    with pytest.raises(InvalidInputError, match=words):
        study.optimize(lambda trial: 1.0, **given)
    with pytest.raises(InvalidInputError, match=words):
        asyncio.run(run_async(study, lambda trial: 1.0, **given))
    assert study.trials == []
    study.optimize(lambda trial: 1.0, n_trials=np.int64(1), timeout=np.float32(60))  # type: ignore[arg-type]
    study.optimize(lambda trial: 1.0, n_trials=1.0, timeout=math.inf)  # type: ignore[arg-type]
    assert len(study.trials) == 2
