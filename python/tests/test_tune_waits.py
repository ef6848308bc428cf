"""What other threads and signals meet while a study is at work: the interpreter is free, and Ctrl-C is heard."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

from kolosal import CancelledError, tune

N_PARAMETERS = 12


@pytest.fixture(autouse=True)
def _calm() -> Iterator[None]:
    """Waits until an interrupt of the test no longer ends the waits that follow on it."""
    yield
    time.sleep(0.6)


def slow_study() -> tune.Study:
    """A study whose next proposal takes long: of a Gaussian process over many trials."""
    study = tune.create_study(sampler=tune.samplers.GPSampler(seed=0))
    random = np.random.default_rng(0)
    distributions = {f"x{i}": tune.distributions.FloatDistribution(0, 1) for i in range(N_PARAMETERS)}
    for _ in range(120):
        params = {name: float(random.uniform()) for name in distributions}
        study.add_trial(tune.create_trial(params=params, distributions=distributions, value=sum(value**2 for value in params.values())))
    return study


@contextmanager
def ticking() -> Iterator[list[float]]:
    """The times at which another thread had the interpreter."""
    ticks: list[float] = []
    stop = threading.Event()

    def tick() -> None:
        while not stop.wait(0.001):
            ticks.append(time.monotonic())

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        yield ticks
    finally:
        stop.set()
        thread.join()


def longest_gap(ticks: list[float], begin: float, end: float) -> float:
    """The longest time between begin and end in which the other thread did nothing."""
    times = [begin, *(at for at in ticks if begin < at < end), end]
    return max(after - before for before, after in zip(times, times[1:], strict=False))


@contextmanager
def signal_soon(number: int, seconds: float) -> Iterator[None]:
    """Sends this process a signal after some time, from another thread."""
    timer = threading.Timer(seconds, os.kill, (os.getpid(), number))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def test_other_threads_run_while_a_sampler_computes() -> None:
    study = slow_study()
    with ticking() as ticks:
        begin = time.monotonic()
        trial = study.ask()
        end = time.monotonic()
    assert longest_gap(ticks, begin, end) < (end - begin) / 2
    assert trial.number == 120


def test_a_thread_that_waits_for_the_study_lets_others_run() -> None:
    study = slow_study()
    asking = threading.Thread(target=study.ask)
    with ticking() as ticks:
        asking.start()
        time.sleep(0.02)
        begin = time.monotonic()
        assert len(study.trials) >= 120
        end = time.monotonic()
        asking.join()
    if end - begin > 0.1:  # else the proposal was there before
        assert longest_gap(ticks, begin, end) < (end - begin) / 2


def test_ctrl_c_while_a_proposal_is_made_fails_the_trial() -> None:
    study = slow_study()
    for _ in range(20):  # on a busy machine the signal may come before the asking begins
        with signal_soon(signal.SIGINT, 0.02), pytest.raises(KeyboardInterrupt):
            study.ask()
        if len(study.trials) > 120:
            break
    assert study.trials[-1].number == 120
    assert study.trials[-1].state is tune.TrialState.FAIL
    assert study.ask().number == 121


def locked_sqlite(path: Path) -> tuple[tune.Study, Callable[[], Any]]:
    study = tune.create_study(storage=f"sqlite:///{path}", sampler=tune.samplers.RandomSampler(seed=0))
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    return study, other.close


def locked_journal(path: Path) -> tuple[tune.Study, Callable[[], Any]]:
    fcntl = pytest.importorskip("fcntl")
    study = tune.create_study(storage=f"journal:///{path}", sampler=tune.samplers.RandomSampler(seed=0))
    other = path.open("r+")
    fcntl.flock(other, fcntl.LOCK_EX)
    return study, other.close


@pytest.mark.parametrize("lock", [locked_sqlite, locked_journal])
def test_ctrl_c_ends_the_wait_for_a_file_that_another_holds(tmp_path: Path, lock: Any) -> None:
    study, unlock = lock(tmp_path / "held")
    begin = time.monotonic()
    with signal_soon(signal.SIGINT, 0.3), pytest.raises(CancelledError, match="which another process holds"):
        study.ask()
    assert time.monotonic() - begin < 3
    unlock()
    assert study.ask().number == 0


@pytest.mark.parametrize("lock", [locked_sqlite, locked_journal])
def test_ctrl_c_ends_the_wait_of_workers(tmp_path: Path, lock: Any) -> None:
    study, unlock = lock(tmp_path / "held")
    begin = time.monotonic()
    with signal_soon(signal.SIGINT, 0.3), pytest.raises(KeyboardInterrupt):
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=4, n_jobs=2)
    assert time.monotonic() - begin < 2
    unlock()
    assert study.ask().number == 0


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize(("error", "ends_with"), [(KeyboardInterrupt(), KeyboardInterrupt), (SystemExit(3), SystemExit)])
def test_a_run_that_is_left_does_not_wait_for_a_held_file(tmp_path: Path, n_jobs: int, error: Any, ends_with: Any) -> None:
    study, unlock = locked_sqlite(tmp_path / "held")
    unlock()
    held: list[Callable[[], Any]] = []

    def objective(trial: tune.Trial) -> float:
        other = sqlite3.connect(tmp_path / "held", isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        held.append(other.close)
        raise error

    begin = time.monotonic()
    with pytest.raises(ends_with):
        study.optimize(objective, n_trials=1, n_jobs=n_jobs)
    assert time.monotonic() - begin < 2
    held[0]()
    assert study.trials[0].state is tune.TrialState.RUNNING  # nobody could be told


def test_workers_wait_for_a_held_file_where_an_objective_raises(tmp_path: Path) -> None:
    study, unlock = locked_sqlite(tmp_path / "held")
    timer = threading.Timer(1.5, unlock)
    timer.start()
    study.optimize(lambda trial: 1 / trial.number, n_trials=2, n_jobs=2, catch=ZeroDivisionError)
    timer.join()
    assert [trial.state.name for trial in study.trials] == ["FAIL", "COMPLETE"]


def test_what_another_signal_raises_comes_out_of_the_wait(tmp_path: Path) -> None:
    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(number)

    study, unlock = locked_sqlite(tmp_path / "held")
    before = signal.signal(signal.SIGUSR1, leave)
    try:
        with signal_soon(signal.SIGUSR1, 0.3), pytest.raises(SystemExit):
            study.ask()
    finally:
        signal.signal(signal.SIGUSR1, before)
    unlock()
