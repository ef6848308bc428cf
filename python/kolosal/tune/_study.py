"""Study: trials of an objective."""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .. import _kolosal
from .._errors import InvalidInputError
from ._trial import Distribution, FrozenTrial, SearchSpace, TrialPruned, TrialState, frozen, to_description
from .pruners import BasePruner, MedianPruner, NopPruner
from .samplers import BaseSampler, RandomSampler, TPESampler
from .storages import BaseStorage, storage_of

Objective = Callable[[_kolosal.Trial], float | Sequence[float]]
Callback = Callable[["Study", FrozenTrial], None]


class Study:
    """Trials of an objective, what proposes and what stops them; made by ``create_study``. Safe for use by several threads."""

    def __init__(self, native: _kolosal.Study, sampler: BaseSampler, pruner: BasePruner, storage: BaseStorage | None) -> None:
        self._native = native
        self._sampler = sampler
        self._pruner = pruner
        self.directions: list[str] = list(native.directions)
        self._storage = storage
        self._stopping = threading.Event()
        self._optimizing = threading.Lock()

    @property
    def sampler(self) -> BaseSampler:
        """What proposes parameters, from the making or loading of the study on."""
        return self._sampler

    @sampler.setter
    def sampler(self, sampler: BaseSampler) -> None:
        raise InvalidInputError(f"study '{self.study_name}' keeps its sampler", "unsupported", "Give it to create_study or load_study.")

    @property
    def pruner(self) -> BasePruner:
        """What ends trials early, from the making or loading of the study on."""
        return self._pruner

    @pruner.setter
    def pruner(self, pruner: BasePruner) -> None:
        raise InvalidInputError(f"study '{self.study_name}' keeps its pruner", "unsupported", "Give it to create_study or load_study.")

    @property
    def study_name(self) -> str:
        """Name of the study."""
        return self._native.name

    @property
    def direction(self) -> str:
        """Whether less ("minimize") or more ("maximize") of the single objective is better."""
        if len(self.directions) != 1:
            raise InvalidInputError(f"study '{self.study_name}' has {len(self.directions)} objectives; use directions", "bad_value")
        return self.directions[0]

    @property
    def trials(self) -> list[FrozenTrial]:
        """All trials, in order of their numbers."""
        return self.get_trials()

    def get_trials(self, states: Iterable[TrialState] | None = None) -> list[FrozenTrial]:
        """The trials that are in one of these states; all without."""
        self._native.refresh()
        every = [frozen(self._native.snapshot(number)) for number in range(self._native.n_trials)]
        wanted = set(TrialState if states is None else states)
        return [trial for trial in every if trial.state in wanted]

    @property
    def best_trial(self) -> FrozenTrial:
        """The best complete trial whose constraints hold."""
        self._native.refresh()
        return frozen(self._native.snapshot(self._native.best()))

    @property
    def best_trials(self) -> list[FrozenTrial]:
        """The Pareto front: trials whose constraints hold and that no other is better than in all objectives."""
        self._native.refresh()
        return [frozen(self._native.snapshot(number)) for number in self._native.pareto_front()]

    @property
    def best_value(self) -> float:
        """The value of the best trial."""
        values = self.best_trial.values
        assert values is not None
        return values[0]

    @property
    def best_params(self) -> dict[str, Any]:
        """The parameters of the best trial."""
        return self.best_trial.params

    @property
    def user_attrs(self) -> dict[str, Any]:
        """What was noted about the study."""
        noted: dict[str, Any] = json.loads(self._native.study_attrs)
        return noted

    def set_user_attr(self, name: str, value: Any) -> None:
        """Notes anything about the study that JSON can hold."""
        self._native.set_study_attr(name, json.dumps(value))

    def to_json(self) -> str:
        """All of the study and its trials as JSON text, for ``study_from_json``."""
        self._native.refresh()
        return self._native.to_json()

    def report(self, path: str | os.PathLike[str]) -> None:
        """Writes figures of the study, to look into with a browser, to one HTML file that needs no network.

        Args:
            path: the file.
        """
        self._native.refresh()
        _kolosal.write_study_report(self._native, os.fspath(path))

    def ask(self, space: SearchSpace | Mapping[str, Distribution] | None = None) -> _kolosal.Trial:
        """Starts a trial, an enqueued one first, to be ended by ``tell``.

        Args:
            space: parameters that are suggested at once: a declared space, or distributions by name. ``trial.params`` has them.
        """
        self._fail_stale()
        trial = self._native.ask()
        if space is not None:
            try:
                trial.suggest(space if isinstance(space, SearchSpace) else SearchSpace(space))
            except BaseException as error:
                self._native.tell_failed(trial.number, _reason(error))
                raise
        return trial

    def tell(
        self,
        trial: _kolosal.Trial | int,
        values: float | Sequence[float] | None = None,
        state: TrialState | None = None,
    ) -> FrozenTrial:
        """Ends a trial.

        Args:
            trial: the trial, or its number.
            values: one value for each objective. Where their number is wrong or one is NaN the trial fails.
            state: COMPLETE, PRUNED (the value is the last reported) or FAIL; without, COMPLETE.

        Returns:
            The trial as it is then.
        """
        number = trial if isinstance(trial, int) else trial.number
        if state in (TrialState.RUNNING, TrialState.WAITING):
            raise InvalidInputError(f"trial {number} cannot be told to be {state.value}; it is complete, pruned or failed", "bad_value")
        if state in (TrialState.PRUNED, TrialState.FAIL) and values is not None:
            raise InvalidInputError(f"trial {number} is told to be {state.value} and has values", "bad_value", "Report them.")
        if state is TrialState.PRUNED:
            self._native.tell_pruned(number)
        elif state is TrialState.FAIL:
            self._native.tell_failed(number, "told so")
        else:
            self._complete(number, values)
        return frozen(self._native.snapshot(number))

    def enqueue_trial(self, params: Mapping[str, Any], user_attrs: Mapping[str, Any] | None = None) -> None:
        """Lets a coming trial have these values; what is not given the sampler proposes."""
        self._native.enqueue(dict(params), json.dumps(dict(user_attrs or {})))

    def add_trial(self, trial: FrozenTrial) -> None:
        """Adds a finished trial, of another study or of ``create_trial``."""
        distributions = {name: json.dumps(to_description(one)) for name, one in trial.distributions.items()}
        self._native.add_trial(
            trial.state.value,
            trial.params,
            distributions,
            trial.values or [],
            list(trial.intermediate_values.items()),
            list(trial.constraints.items()),
            json.dumps(trial.user_attrs),
            [(name, json.dumps(value)) for name, value in trial.system_attrs.items() if not name.startswith("kolosal:")],
        )

    def add_trials(self, trials: Iterable[FrozenTrial]) -> None:
        """Adds finished trials."""
        for trial in trials:
            self.add_trial(trial)

    def optimize(
        self,
        func: Objective,
        n_trials: int | None = None,
        timeout: float | None = None,
        n_jobs: int = 1,
        catch: type[Exception] | tuple[type[Exception], ...] = (),
        callbacks: Sequence[Callback] | None = None,
    ) -> None:
        """Runs trials of the objective until one of the limits is met, ``stop`` is called or the sampler has nothing left.

        An exception of the objective, and Ctrl-C, ends the run with the trial failed; trials of other threads end first.

        Args:
            func: the objective: takes a trial, gives its value or values. Raising ``TrialPruned`` ends a trial early.
            n_trials: how many trials to run; without, no limit.
            timeout: seconds after which no further trial is started.
            n_jobs: threads that run trials at the same time; -1: one for each core.
            catch: exceptions that fail the trial and let the run go on.
            callbacks: each is called with the study and the trial after every trial.
        """
        if n_trials is not None and (n_trials < 0 or n_trials != int(n_trials)):
            raise InvalidInputError(f"optimize: n_trials is {n_trials}; it must be a whole number, at least 0", "bad_value")
        if n_jobs != -1 and n_jobs < 1:
            raise InvalidInputError(f"optimize: n_jobs is {n_jobs}; it must be at least 1, or -1 for one a core", "bad_value")
        if not self._optimizing.acquire(blocking=False):
            raise InvalidInputError("optimize: this study already runs", "bad_value", "Use n_jobs for several trials at a time.")
        try:
            self._stopping.clear()
            run = _Run(self, func, n_trials, timeout, catch, tuple(callbacks or ()))
            if n_jobs == 1:
                run.work()
            else:
                run.work_in_threads(n_jobs)
        finally:
            self._optimizing.release()

    def stop(self) -> None:
        """Lets ``optimize`` end after the trials that run; for objectives and callbacks."""
        self._stopping.set()

    def trials_dataframe(self) -> Any:
        """The trials as a pandas data frame, a row each; columns as ``value``, ``params_x``, ``state``."""
        import pandas as pd

        rows = []
        for trial in self.trials:
            row: dict[str, Any] = {"number": trial.number}
            values: list[Any] = [*trial.values] if trial.values else [None] * len(self.directions)
            if len(self.directions) == 1:
                row["value"] = values[0]
            else:
                row.update({f"values_{i}": value for i, value in enumerate(values)})
            row["datetime_start"], row["datetime_complete"], row["duration"] = trial.datetime_start, trial.datetime_complete, trial.duration
            row.update({f"params_{name}": value for name, value in trial.params.items()})
            row.update({f"user_attrs_{name}": value for name, value in trial.user_attrs.items()})
            row["state"] = trial.state.name
            rows.append(row)
        return pd.DataFrame(rows)

    def _fail_stale(self) -> None:
        if self._storage is None or not self._storage._has_heartbeat:
            return
        for number in self._native.fail_stale():
            if self._storage._stale_callback is not None:
                self._storage._stale_callback(self, frozen(self._native.snapshot(number)))

    def _complete(self, number: int, values: Any) -> None:
        try:
            listed = [float(value) for value in (values if isinstance(values, Iterable) else [values])]
        except (TypeError, ValueError):
            self._native.tell_failed(number, f"the objective gave {values!r}; it must give a number for each objective")
            warnings.warn(f"trial {number} failed: the objective gave {values!r}", stacklevel=3)
            return
        if self._native.tell(number, listed) == "failed":
            warnings.warn(f"trial {number} failed: {self._native.snapshot(number)['failure']}", stacklevel=3)


class _Run:
    """One call of ``optimize``."""

    def __init__(
        self,
        study: Study,
        func: Objective,
        n_trials: int | None,
        timeout: float | None,
        catch: type[Exception] | tuple[type[Exception], ...],
        callbacks: tuple[Callback, ...],
    ) -> None:
        self.study, self.func, self.catch, self.callbacks = study, func, catch, callbacks
        self.left = n_trials
        self.end = None if timeout is None else time.monotonic() + timeout
        self.lock = threading.Lock()

    def begin(self) -> _kolosal.Trial | None:
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
            return study._native.ask()

    def work(self) -> None:
        """Runs trials, one after the other."""
        while (trial := self.begin()) is not None:
            self.one(trial)

    def work_in_threads(self, n_jobs: int) -> None:
        """Runs trials in threads; the first exception ends all, and Ctrl-C too."""
        workers = (os.cpu_count() or 1) if n_jobs == -1 else n_jobs
        with ThreadPoolExecutor(workers) as pool:
            pending = {pool.submit(self.work) for _ in range(workers)}
            try:
                while pending:
                    done, pending = wait(pending, timeout=0.1, return_when=FIRST_COMPLETED)
                    for future in done:
                        future.result()
            except BaseException:
                self.study.stop()
                raise

    def one(self, trial: _kolosal.Trial) -> None:
        """Runs a trial that has begun."""
        native = self.study._native
        try:
            value = self.func(trial)
        except TrialPruned:
            native.tell_pruned(trial.number)
        except BaseException as error:
            native.tell_failed(trial.number, _reason(error))
            if not isinstance(error, self.catch):
                raise
        else:
            if type(value) is float and value == value and len(self.study.directions) == 1:
                native.tell(trial.number, [value])
            else:
                self.study._complete(trial.number, value)
        for callback in self.callbacks:
            callback(self.study, frozen(native.snapshot(trial.number)))


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def create_study(
    *,
    storage: str | BaseStorage | None = None,
    sampler: BaseSampler | None = None,
    pruner: BasePruner | None = None,
    study_name: str | None = None,
    direction: str | None = None,
    load_if_exists: bool = False,
    directions: Sequence[str] | None = None,
) -> Study:
    """A study without trials.

    Args:
        storage: where it is kept and shared: ``"sqlite:///studies.db"``, ``"journal:///studies.log"``,
            ``"postgresql://user:password@host:port/database"`` or an object of ``storages``; without, it ends with the object.
        sampler: what proposes trials; without, ``TPESampler()``.
        pruner: what ``trial.should_prune()`` asks; without, ``MedianPruner()``.
        study_name: its name; without, a unique one.
        direction: "minimize" (the default) or "maximize".
        load_if_exists: whether a study of this name in the storage is gone on with, rather than refused.
        directions: one for each objective.
    """
    if direction is not None and directions is not None:
        raise InvalidInputError("create_study: direction and directions are both given", "bad_value", "Give one of them.")
    listed = list(directions) if directions is not None else [direction or "minimize"]
    name = study_name or f"no-name-{uuid.uuid4()}"
    return _opened(name, listed, storage, sampler, pruner, "create_or_load" if load_if_exists else "create")


def load_study(
    *,
    study_name: str | None,
    storage: str | BaseStorage,
    sampler: BaseSampler | None = None,
    pruner: BasePruner | None = None,
) -> Study:
    """A study of a storage, with all its trials.

    Args:
        study_name: its name; None: the only one that there is.
        storage: where it is.
        sampler: what proposes further trials; without, ``TPESampler()``.
        pruner: what ``trial.should_prune()`` asks; without, ``MedianPruner()``.
    """
    kept = storage_of(storage)
    if study_name is None:
        names = get_all_study_names(kept)
        if len(names) != 1:
            raise InvalidInputError(f"load_study: the storage has {len(names)} studies; study_name must say which", "bad_value")
        study_name = names[0]
    return _opened(study_name, [], kept, sampler, pruner, "load")


def delete_study(*, study_name: str, storage: str | BaseStorage) -> None:
    """Removes a study and its trials from a storage."""
    storage_of(storage)._native.delete_study(study_name)


def get_all_study_names(storage: str | BaseStorage) -> list[str]:
    """Names of the studies of a storage, the oldest first."""
    return [name for name, _ in storage_of(storage)._native.studies()]


@dataclass(frozen=True)
class StudySummary:
    """What a study is, and how far it has come; ``best_trial`` is None where there is none or are several objectives."""

    study_name: str
    directions: list[str]
    best_trial: FrozenTrial | None
    user_attrs: dict[str, Any]
    n_trials: int
    datetime_start: datetime | None

    @property
    def direction(self) -> str:
        """The direction of the single objective."""
        if len(self.directions) != 1:
            raise InvalidInputError(f"study '{self.study_name}' has {len(self.directions)} objectives; use directions", "bad_value")
        return self.directions[0]


def get_all_study_summaries(storage: str | BaseStorage, include_best_trial: bool = True) -> list[StudySummary]:
    """What the studies of a storage are, the oldest first.

    Args:
        storage: where they are.
        include_best_trial: whether to look for the best trial of each.
    """
    kept = storage_of(storage)
    summaries = []
    for name in get_all_study_names(kept):
        study = load_study(study_name=name, storage=kept, sampler=RandomSampler(0))
        trials = study.trials
        has_best = include_best_trial and len(study.directions) == 1 and any(trial.state is TrialState.COMPLETE for trial in trials)
        starts = [trial.datetime_start for trial in trials if trial.datetime_start is not None]
        summaries.append(
            StudySummary(
                study_name=name,
                directions=study.directions,
                best_trial=_best_or_none(study) if has_best else None,
                user_attrs=study.user_attrs,
                n_trials=len(trials),
                datetime_start=min(starts, default=None),
            )
        )
    return summaries


def _best_or_none(study: Study) -> FrozenTrial | None:
    try:
        return study.best_trial
    except InvalidInputError:  # no constraints hold
        return None


def study_from_json(
    text: str,
    *,
    storage: str | BaseStorage | None = None,
    study_name: str | None = None,
    sampler: BaseSampler | None = None,
    pruner: BasePruner | None = None,
) -> Study:
    """A new study with all that ``Study.to_json`` wrote. A trial that ran then is a failed one.

    Args:
        text: what was written.
        storage: where the study is kept; without, it ends with the object.
        study_name: its name; without, the one it had.
        sampler: what proposes further trials; without, ``TPESampler()``.
        pruner: what ``trial.should_prune()`` asks; without, ``MedianPruner()``.
    """
    described = json.loads(text)
    if not isinstance(described, dict) or "study_name" not in described or "directions" not in described:
        raise InvalidInputError("study_from_json: the text is no study", "bad_value", "Give what Study.to_json wrote.")
    study = _opened(study_name or described["study_name"], described["directions"], storage, sampler, pruner, "create")
    study._native.add_json(text)
    return study


def copy_study(
    *,
    from_study_name: str,
    from_storage: str | BaseStorage,
    to_storage: str | BaseStorage,
    to_study_name: str | None = None,
) -> None:
    """Copies a study from one storage to another, or within one under a new name. A trial that runs becomes a failed one in the copy."""
    source = load_study(study_name=from_study_name, storage=from_storage)
    study_from_json(source.to_json(), storage=to_storage, study_name=to_study_name or from_study_name)


def _opened(
    name: str,
    directions: list[str],
    storage: str | BaseStorage | None,
    sampler: BaseSampler | None,
    pruner: BasePruner | None,
    opening: str,
) -> Study:
    chosen = sampler if sampler is not None else TPESampler()
    stopping = pruner if pruner is not None else MedianPruner()
    if not isinstance(chosen, BaseSampler) or not chosen._native()[0]:
        raise InvalidInputError(f"sampler is {sampler!r}, which is none of kolosal.tune.samplers", "bad_value", "Use TPESampler().")
    if not isinstance(stopping, BasePruner) or not (stopping._native()[0] or isinstance(stopping, NopPruner)):
        raise InvalidInputError(f"pruner is {pruner!r}, which is none of kolosal.tune.pruners", "bad_value", "Use MedianPruner().")
    kept = None if storage is None else storage_of(storage)
    sampler_name, parameters = chosen._native()
    pruner_name, pruner_parameters = stopping._native()
    native = _kolosal.make_study(
        name,
        directions,
        sampler_name,
        json.dumps(parameters),
        pruner_name,
        json.dumps(pruner_parameters),
        None if kept is None else kept._native,
        opening,
    )
    return Study(native, chosen, stopping, kept)
