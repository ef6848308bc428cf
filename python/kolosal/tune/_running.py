"""Trials that run, and one call of ``optimize`` that runs them."""

from __future__ import annotations

import contextlib
import gc
import logging
import math
import numbers
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .. import _kolosal
from .._errors import CancelledError, InvalidInputError
from ._trial import Distribution, FrozenTrial, TrialPruned, TrialState, frozen, json_text

if TYPE_CHECKING:
    from ._study import Study

    Callback = Callable[[Study, FrozenTrial], None]

_REDRAW_SECONDS = 0.1

_logger = logging.getLogger("kolosal.tune")


class Trial(_kolosal.Trial):
    """A trial that runs: what an objective is given. Safe for use by several threads.

    Args:
        study: the study it belongs to.
        number: its number there.
    """

    def __init__(self, study: Study, number: int) -> None:
        super().__init__(study._native, number)
        self.study = study

    def _frozen(self) -> FrozenTrial:
        return frozen(self.study._native.snapshot(self.number))

    @property
    def distributions(self) -> dict[str, Distribution]:
        """What the parameters so far may be, by name."""
        return self._frozen().distributions

    @property
    def user_attrs(self) -> dict[str, Any]:
        """What was noted about the trial."""
        return self._frozen().user_attrs

    @property
    def system_attrs(self) -> dict[str, Any]:
        """What the tuner noted about the trial."""
        return self._frozen().system_attrs

    @property
    def constraints(self) -> dict[str, float]:
        """The constraints so far, by name."""
        return self._frozen().constraints

    @property
    def datetime_start(self) -> datetime | None:
        """When the trial started."""
        return self._frozen().datetime_start

    def set_user_attr(self, key: str, value: Any) -> None:
        """Notes anything else about the trial that JSON can hold, NumPy's numbers and arrays as such."""
        if not isinstance(key, str):
            raise InvalidInputError(f"trial {self.number}: the name of a user attribute is {key!r}; it must be a text", "bad_value")
        self.set_user_attr_json(key, json_text(value, f"trial {self.number}: user attribute '{key}'"))

    def __repr__(self) -> str:
        return f"Trial(number={self.number}, params={self.params})"


class Run:
    """One call of ``optimize``."""

    def __init__(
        self,
        study: Study,
        func: Callable[[Trial], float | Sequence[float]],
        n_trials: int | None,
        timeout: float | None,
        catch: type[Exception] | Iterable[type[Exception]],
        callbacks: Iterable[Callback] | None,
        *,
        gc_after_trial: bool = False,
        show_progress_bar: bool = False,
    ) -> None:
        n_trials, timeout = checked_n_trials(n_trials), checked_timeout(timeout)
        self.study, self.func, self.callbacks = study, func, tuple(callbacks or ())
        self.catch = exceptions_of(catch)
        self.gc_after_trial = gc_after_trial
        self.progress = ProgressLine(study, n_trials, timeout) if show_progress_bar else None
        self.left = n_trials
        self.end = None if timeout is None else time.monotonic() + timeout
        self.lock = threading.Lock()
        self.begun: list[int] = []  # numbers of the trials that run
        self.hurry = _kolosal.Hurry()

    def begin(self) -> Trial | None:
        """Starts one trial more; None where a limit is met or nothing is left to try, which is looked at and taken under one lock."""
        study = self.study
        with self.lock:
            if self.left == 0 or study._stopping.is_set() or (self.end is not None and time.monotonic() >= self.end):
                return None
            if study._native.is_exhausted:
                return None
            if self.left is not None:
                self.left -= 1
            study._fail_stale()
            begin_into(self.begun, study._native)
            return Trial(study, self.begun[-1])

    def fail_rest(self, error: BaseException) -> None:
        """Fails the trials that still run, which the exception has left behind wherever it came, as Ctrl-C may anywhere."""
        native = self.study._native
        with self._leaving(error):
            while self.begun:
                number = self.begun.pop()
                if native.snapshot(number)["state"] == TrialState.RUNNING.value:
                    native.tell_failed(number, f"the run ended before it did, of {reason(error)}")

    @contextlib.contextmanager
    def _leaving(self, error: BaseException) -> Iterator[None]:
        """While trials are ended because of an exception: where it is none of an objective (Ctrl-C), a storage is not long waited for."""
        if isinstance(error, Exception):
            yield
            return
        self.hurry.set()
        self.hurry.bind()
        try:
            with contextlib.suppress(CancelledError):  # a trial that the storage cannot be told of runs on there
                yield
        finally:
            self.hurry.unbind()

    def work(self, n_jobs: int = 1) -> None:
        """Runs trials, in threads where there are to be several."""
        try:
            if n_jobs == 1:
                self._work_alone()
            else:
                self._work_in_threads((os.cpu_count() or 1) if n_jobs == -1 else n_jobs)
        except BaseException as error:
            self.fail_rest(error)
            raise
        finally:
            if self.progress is not None:
                self.progress.finish()

    def _work_alone(self) -> None:
        while (trial := self.begin()) is not None:
            self.one(trial)

    def _work_in_threads(self, n_workers: int) -> None:
        """Runs trials in threads; the first exception ends all, and Ctrl-C too."""
        with ThreadPoolExecutor(n_workers, initializer=self.hurry.bind) as pool:
            pending = {pool.submit(self._work_alone) for _ in range(n_workers)}
            try:
                while pending:
                    done, pending = wait(pending, timeout=0.1, return_when=FIRST_COMPLETED)
                    for future in done:
                        future.result()
            except BaseException as error:
                self.study.stop()
                if not isinstance(error, Exception):
                    self.hurry.set()
                raise

    def one(self, trial: Trial) -> None:
        """Runs a trial that has begun."""
        study, number = self.study, trial.number
        try:
            value = self.func(trial)
            study._note_constraints(number)
        except BaseException as error:
            self.endure(number, error)
        else:
            self.gave(number, value)
        finally:
            if self.gc_after_trial:
                gc.collect()
        self.ended(number)

    def endure(self, number: int, error: BaseException) -> None:
        """Ends a trial whose objective raised; raises what the run is to end of: that, or what ``constraints_func`` raises then."""
        if is_pruning(error):
            try:
                self.study._note_constraints(number)
            except BaseException as raised:
                error = raised
            else:
                self.study._native.tell_pruned(number)
                return
        with self._leaving(error):
            self.study._native.tell_failed(number, reason(error))
        if not isinstance(error, self.catch):
            raise error

    def gave(self, number: int, value: float | Sequence[float]) -> None:
        """Ends a trial with what its objective gave."""
        if type(value) is float and value == value and self.study._is_single:
            self.study._native.tell(number, [value])
        else:
            self.study._complete(number, value)

    def ended(self, number: int) -> None:
        """Tells of a trial that has ended."""
        study = self.study
        self.begun.remove(number)
        log_end(study, number)
        if self.progress is not None:
            self.progress.step()
        for callback in self.callbacks:
            callback(study, frozen(study._native.snapshot(number)))


def begin_into(numbers: list[int], native: _kolosal.Study) -> None:
    """Starts a trial and appends its number to a list.

    Both are one call of C: Python, which looks for Ctrl-C between calls, cannot raise it where the trial runs and nobody has its number.
    """
    numbers.extend(map(_kolosal.Study.ask, (native,)))


def whole_from(where: str, given: Any, least: int, other: str = "") -> int:
    """The whole number, which may also be a float without a fraction."""
    is_number = isinstance(given, numbers.Real) and not isinstance(given, bool)
    if is_number and least <= given < math.inf and given == int(given):
        return int(given)
    allowed = f"a whole number, at least {least}" + (f", or {other}" if other else "")
    raise InvalidInputError(f"{where} is {given!r}; it must be {allowed}", "bad_value")


def checked_n_trials(given: Any) -> int | None:
    """How many trials a run may have; None: no limit."""
    return None if given is None else whole_from("optimize: n_trials", given, 0)


def checked_timeout(given: Any) -> float | None:
    """How many seconds a run may take; None: no limit."""
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, numbers.Real) or math.isnan(given):
        raise InvalidInputError(f"optimize: timeout is {given!r}; it must be a number of seconds, or None for no limit", "bad_value")
    return float(given)


class ProgressLine:
    """A line on the standard error stream that is drawn anew as trials end."""

    def __init__(self, study: Study, n_trials: int | None, timeout: float | None) -> None:
        self._study, self._n_trials, self._timeout = study, n_trials, timeout
        self._begin, self._drawn = time.monotonic(), 0.0
        self._n_done = self._width = 0
        self._lock = threading.Lock()

    def step(self) -> None:
        """Counts a trial that has ended."""
        with self._lock:
            self._n_done += 1
            if time.monotonic() - self._drawn >= _REDRAW_SECONDS:
                self._draw("")

    def finish(self) -> None:
        """Draws the line a last time and ends it."""
        with self._lock:
            self._draw("\n")

    def _draw(self, end: str) -> None:
        seconds = time.monotonic() - self._begin
        text = f"{self._n_done}" + ("" if self._n_trials is None else f"/{self._n_trials}") + f" trials, {seconds:.1f}"
        text += " s" if self._timeout is None else f"/{self._timeout:g} s"
        text += best_text(self._study)
        sys.stderr.write("\r" + text.ljust(self._width) + end)
        sys.stderr.flush()
        self._width, self._drawn = len(text), time.monotonic()


def exceptions_of(catch: type[Exception] | Iterable[type[Exception]]) -> tuple[type[Exception], ...]:
    """The exceptions that are to be caught, which may be one or several."""
    listed = (catch,) if isinstance(catch, type) else tuple(catch)
    for one in listed:
        if not (isinstance(one, type) and issubclass(one, BaseException)):
            raise InvalidInputError(f"optimize: catch holds {one!r}; it must be an exception's class, or several", "bad_value")
    return listed


def is_pruning(error: BaseException) -> bool:
    """Whether the exception ends a trial early: ours, or Optuna's, which callbacks of its integrations raise."""
    if isinstance(error, TrialPruned):
        return True
    theirs = sys.modules.get("optuna.exceptions")
    return theirs is not None and isinstance(error, theirs.TrialPruned)


def reason(error: BaseException) -> str:
    """What a trial that the exception ended failed of."""
    return f"{type(error).__name__}: {error}"


def best_text(study: Study) -> str:
    """``, best 0.5 of trial 3`` where the study has one objective and a best trial."""
    number = study._native.best_or_none()
    return "" if number is None else f", best {study._native.snapshot(number)['values'][0]:g} of trial {number}"


def log_end(study: Study, number: int) -> None:
    """Tells of a trial that has ended where ``logging.set_verbosity`` asked for it."""
    if not _logger.isEnabledFor(logging.INFO):
        return
    trial = frozen(study._native.snapshot(number))
    if trial.state is TrialState.FAIL:
        text = f"failed: {trial.failure}"
    else:
        values = trial.values or []
        text = f"{trial.state.value}: {values[0] if len(values) == 1 else values}"
    _logger.info("study '%s': trial %d %s%s; parameters %s", study.study_name, number, text, best_text(study), trial.params)
