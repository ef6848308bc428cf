"""Study: trials of an objective."""

from __future__ import annotations

import contextlib
import inspect
import json
import math
import os
import reprlib
import threading
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from enum import StrEnum
from typing import Any

from .. import _kolosal
from .._errors import InvalidInputError
from . import _async
from ._running import Run, Trial, begin_into, log_end, reason, whole_from
from ._trial import Distribution, FrozenTrial, SearchSpace, TrialState, frozen, json_text, state_of, to_description
from .exceptions import DuplicatedStudyError, StudyNotFoundError, UnsuitedStudyError
from .pruners import BasePruner, MedianPruner, NopPruner
from .samplers import BaseSampler, TPESampler
from .storages import BaseStorage, InMemoryStorage, storage_of

Objective = Callable[[Trial], float | Sequence[float]]
Callback = Callable[["Study", FrozenTrial], None]

_TEXTS = (str, bytes, bytearray)
_METRIC_NAMES = "study:metric_names"  # Optuna's
_FRAME_ATTRS = ("number", "value", "datetime_start", "datetime_complete", "duration", "params", "user_attrs", "system_attrs", "state")


class StudyDirection(StrEnum):
    """Whether less or more of an objective is better; each is also the text "minimize" or "maximize"."""

    MINIMIZE = "minimize"
    MAXIMIZE = "maximize"


def direction_text(given: Any) -> str:
    """The direction as text; it may be one of Optuna's, too."""
    if isinstance(given, StudyDirection):
        return given.value
    if isinstance(given, str):
        return given
    name = str(getattr(given, "name", ""))
    if name not in StudyDirection.__members__:
        raise InvalidInputError(f'create_study: {given!r} is no direction; directions are "minimize" and "maximize"', "bad_value")
    return StudyDirection[name].value


class Study:
    """Trials of an objective, what proposes and what stops them; made by ``create_study``. Safe for use by several threads."""

    def __init__(self, native: _kolosal.Study, sampler: BaseSampler, pruner: BasePruner, storage: BaseStorage | None) -> None:
        self._native = native
        self._sampler = sampler
        self._pruner = pruner
        self._directions = [StudyDirection(text) for text in native.directions]
        self._is_single = len(self._directions) == 1
        self._storage = storage
        self._stopping = threading.Event()
        self._optimizing = threading.Lock()

    @property
    def sampler(self) -> BaseSampler:
        """What proposes parameters. Another may be set, for the trials that are asked for from then on."""
        return self._sampler

    @sampler.setter
    def sampler(self, sampler: BaseSampler) -> None:
        self._native.set_sampler(*_native_sampler(sampler))
        self._sampler = sampler

    @property
    def pruner(self) -> BasePruner:
        """What ``trial.should_prune()`` asks. Another may be set."""
        return self._pruner

    @pruner.setter
    def pruner(self, pruner: BasePruner) -> None:
        self._native.set_pruner(*_native_pruner(pruner))
        self._pruner = pruner

    @property
    def study_name(self) -> str:
        """Name of the study."""
        return self._native.name

    @property
    def directions(self) -> list[StudyDirection]:
        """Whether less ("minimize") or more ("maximize") is better, for each objective."""
        return list(self._directions)

    @property
    def direction(self) -> StudyDirection:
        """Whether less ("minimize") or more ("maximize") of the single objective is better."""
        if len(self.directions) != 1:
            raise UnsuitedStudyError(f"study '{self.study_name}' has {len(self.directions)} objectives; use directions", "bad_value")
        return self.directions[0]

    @property
    def trials(self) -> list[FrozenTrial]:
        """All trials, in order of their numbers."""
        return self.get_trials()

    def get_trials(self, deepcopy: bool = True, states: Iterable[TrialState] | None = None) -> list[FrozenTrial]:
        """The trials that are in one of these states; all without.

        Args:
            deepcopy: as Optuna has it; trials are made anew for each call, so that none is shared either way.
            states: the states.
        """
        self._native.refresh()
        every = [frozen(self._native.snapshot(number)) for number in range(self._native.n_trials)]
        wanted = set(TrialState if states is None else map(state_of, states))
        return [trial for trial in every if trial.state in wanted]

    @property
    def best_trial(self) -> FrozenTrial:
        """The best complete trial whose constraints hold."""
        if not self._is_single:
            raise UnsuitedStudyError(f"study '{self.study_name}' has {len(self.directions)} objectives; use best_trials", "bad_value")
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

    def set_user_attr(self, key: str, value: Any) -> None:
        """Notes anything about the study that JSON can hold, NumPy's numbers and arrays as such."""
        if not isinstance(key, str):
            raise InvalidInputError(f"the name of a user attribute is {key!r}; it must be a text", "bad_value")
        self._native.set_study_attr(key, json_text(value, f"study '{self.study_name}': user attribute '{key}'"))

    @property
    def metric_names(self) -> list[str] | None:
        """What the values of the objectives are called; None where nobody said."""
        names: list[str] | None = json.loads(dict(self._native.study_system_attrs).get(_METRIC_NAMES, "null"))
        return names

    def set_metric_names(self, metric_names: Sequence[str]) -> None:
        """Says what the values of the objectives are called: in ``trials_dataframe``, figures and Optuna's dashboard.

        Args:
            metric_names: a name for each objective.
        """
        names = [metric_names] if isinstance(metric_names, str) else list(metric_names)
        if len(names) != len(self._directions) or not all(isinstance(name, str) for name in names):
            n = len(self._directions)
            raise InvalidInputError(
                f"set_metric_names: {metric_names!r} is given; {n} texts are needed, one for each objective", "bad_value"
            )
        self._native.set_study_system_attr(_METRIC_NAMES, json.dumps(names))

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

    def ask(
        self,
        space: SearchSpace | Mapping[str, Distribution] | None = None,
        *,
        fixed_distributions: Mapping[str, Distribution] | None = None,
    ) -> Trial:
        """Starts a trial, an enqueued one first, to be ended by ``tell``.

        Args:
            space: parameters that are suggested at once: a declared space, or distributions by name. ``trial.params`` has them.
            fixed_distributions: Optuna's name for ``space``.
        """
        if space is not None and fixed_distributions is not None:
            raise InvalidInputError("ask: space and fixed_distributions are both given", "bad_value", "Give one of them.")
        given = space if space is not None else fixed_distributions
        declared = given if given is None or isinstance(given, _kolosal.SearchSpace) else SearchSpace(given)
        self._fail_stale()
        begun: list[int] = []
        try:
            begin_into(begun, self._native)
            trial = Trial(self, begun[0])
            if declared is not None:
                trial.suggest(declared)
        except BaseException as error:
            for number in begun:
                self._native.tell_failed(number, reason(error))
            raise
        return trial

    def tell(
        self,
        trial: Trial | int,
        values: float | Sequence[float] | None = None,
        state: TrialState | None = None,
        skip_if_finished: bool = False,
    ) -> FrozenTrial:
        """Ends a trial.

        Args:
            trial: the trial, or its number.
            values: one value for each objective. Where their number is wrong or one is NaN the trial fails, with a warning.
            state: COMPLETE, PRUNED (the value is the last reported) or FAIL; without, COMPLETE. Where it is given as COMPLETE, values that
                do not fit are an error, and the trial runs on.
            skip_if_finished: whether a trial that has ended stays as it is, rather than being an error.

        Returns:
            The trial as it is then.
        """
        number = trial.number if isinstance(trial, _kolosal.Trial) else _whole("tell: the number of the trial", trial)
        if skip_if_finished:
            self._native.refresh()
            known = frozen(self._native.snapshot(number))
            if known.state.is_finished():
                return known
        state = None if state is None else state_of(state)
        if state in (TrialState.RUNNING, TrialState.WAITING):
            raise InvalidInputError(f"trial {number} cannot be told to be {state.value}; it is complete, pruned or failed", "bad_value")
        if state in (TrialState.PRUNED, TrialState.FAIL) and values is not None:
            raise InvalidInputError(f"trial {number} is told to be {state.value} and has values", "bad_value", "Report them.")
        if state is TrialState.COMPLETE and not _are_values(values, len(self.directions)):
            raise InvalidInputError(
                f"trial {number} is told to be complete with the values {reprlib.repr(values)}; it takes a number for each objective, "
                f"of which there are {len(self.directions)}",
                "bad_value",
                "Without a state, such a trial fails.",
            )
        if state is TrialState.PRUNED:
            self._or_fail(number)
            self._native.tell_pruned(number)
        elif state is TrialState.FAIL:
            self._native.tell_failed(number, "told so")
        else:
            self._or_fail(number)
            self._complete(number, values)
        log_end(self, number)
        return frozen(self._native.snapshot(number))

    def enqueue_trial(self, params: Mapping[str, Any], user_attrs: Mapping[str, Any] | None = None, skip_if_exists: bool = False) -> None:
        """Lets a coming trial have these values; what is not given the sampler proposes.

        Args:
            params: values by name.
            user_attrs: what is noted about the trial.
            skip_if_exists: whether nothing is done where a trial has, or waits to have, just these values.
        """
        if skip_if_exists and any(_are_same(params, trial.system_attrs.get("fixed_params", trial.params)) for trial in self.trials):
            return
        if not isinstance(params, Mapping) or not all(isinstance(name, str) for name in params):
            raise InvalidInputError(f"enqueue_trial: params is {params!r}; it must be a dict of values by name", "bad_value")
        self._native.enqueue(dict(params), json_text(dict(user_attrs or {}), "enqueue_trial: user_attrs"))

    def add_trial(self, trial: FrozenTrial) -> None:
        """Adds a trial of another study or of ``create_trial``; one that runs is a failed one then. Trials of Optuna are taken, too."""
        if not hasattr(trial, "state") or not hasattr(trial, "distributions"):
            raise InvalidInputError(f"add_trial: {trial!r} is no trial", "bad_value", "Give one of another study, or of create_trial.")
        state, place = state_of(trial.state), f"add_trial: trial {trial.number}"
        constraints = dict(trial.constraints)
        own = ("kolosal:", "constraints")  # what belongs to this study's tuner, and what the constraints are in a storage
        system_attrs = {name: value for name, value in trial.system_attrs.items() if not name.startswith(own)}
        if state is TrialState.WAITING:
            self.enqueue_trial(system_attrs.get("fixed_params", trial.params), trial.user_attrs)
            return
        self._native.add_trial(
            (TrialState.FAIL if state is TrialState.RUNNING else state).value,
            dict(trial.params),
            {name: json_text(to_description(one), place) for name, one in trial.distributions.items()},
            [float(value) for value in trial.values or []],
            [(int(step), float(value)) for step, value in trial.intermediate_values.items()],
            [(name, float(value)) for name, value in constraints.items()],
            json_text(dict(trial.user_attrs), place),
            [(name, json_text(value, place)) for name, value in system_attrs.items()],
            (_seconds(trial.datetime_start), _seconds(trial.datetime_complete)),
        )

    def add_trials(self, trials: Iterable[FrozenTrial]) -> None:
        """Adds trials as ``add_trial`` does, the first first."""
        for trial in trials:
            self.add_trial(trial)

    def optimize(
        self,
        func: Objective,
        n_trials: int | None = None,
        timeout: float | None = None,
        n_jobs: int = 1,
        catch: type[Exception] | Iterable[type[Exception]] = (),
        callbacks: Iterable[Callback] | None = None,
        gc_after_trial: bool = False,
        show_progress_bar: bool = False,
    ) -> None:
        """Runs trials of the objective until one of the limits is met, ``stop`` is called or the sampler has nothing left.

        An exception of the objective, and Ctrl-C, ends the run with the trial failed; trials of other threads end first.

        Args:
            func: the objective: takes a trial, gives its value or values. Raising ``TrialPruned`` ends a trial early.
            n_trials: how many trials to run; without, no limit.
            timeout: seconds after which no further trial is started.
            n_jobs: threads that run trials at the same time; -1: one for each core.
            catch: an exception's class, or several, that fail the trial and let the run go on.
            callbacks: each is called with the study and the trial after every trial.
            gc_after_trial: whether Python's garbage is collected after every trial.
            show_progress_bar: whether a line on the standard error stream shows how far the run is, and the best value.
        """
        if n_jobs != -1:
            n_jobs = whole_from("optimize: n_jobs", n_jobs, 1, "-1 for one a core")
        if inspect.iscoroutinefunction(func):
            raise InvalidInputError("optimize: the objective is a coroutine", "bad_value", "Await optimize_async.")
        run = Run(self, func, n_trials, timeout, catch, callbacks, gc_after_trial=gc_after_trial, show_progress_bar=show_progress_bar)
        with self._running():
            run.work(n_jobs)

    async def optimize_async(
        self,
        func: Callable[[Trial], Any],
        n_trials: int | None = None,
        timeout: float | None = None,
        n_jobs: int = 1,
        catch: type[Exception] | Iterable[type[Exception]] = (),
        callbacks: Iterable[Callback] | None = None,
    ) -> None:
        """As ``optimize``, for an objective that is a coroutine, or that gives a future of ``concurrent.futures`` or asyncio.

        Where the task is cancelled, its running trials are cancelled and have failed. Where others cancel what an objective waits for, it
        has raised ``concurrent.futures.CancelledError``. Where the objective raises, the other trials end first. Proposals are made on
        the event loop.

        Args:
            func: the objective. A plain function may be given, and keeps the event loop waiting while it runs.
            n_trials: how many trials to run; without, no limit.
            timeout: seconds after which no further trial is started.
            n_jobs: trials that run at the same time; -1: one for each core.
            catch: an exception's class, or several, that fail the trial and let the run go on.
            callbacks: each is called with the study and the trial after every trial.
        """
        n_jobs = (os.cpu_count() or 1) if n_jobs == -1 else whole_from("optimize_async: n_jobs", n_jobs, 1, "-1 for one a core")
        run = Run(self, func, n_trials, timeout, catch, callbacks)
        with self._running():
            await _async.work(run, n_jobs)

    @contextlib.contextmanager
    def _running(self) -> Iterator[None]:
        """While the only run that a study has at a time goes on."""
        if not self._optimizing.acquire(blocking=False):
            raise UnsuitedStudyError("optimize: this study already runs", "bad_value", "Use n_jobs for several trials at a time.")
        try:
            self._stopping.clear()
            yield
        finally:
            self._optimizing.release()

    def stop(self) -> None:
        """Lets ``optimize`` end after the trials that run; for objectives and callbacks."""
        self._stopping.set()

    def trials_dataframe(self, attrs: Iterable[str] = _FRAME_ATTRS, multi_index: bool = False) -> Any:
        """The trials as a pandas data frame, a row each; columns as ``value``, ``params_x``, ``state``.

        Args:
            attrs: what of the trials is wanted: attributes of ``FrozenTrial``. Each member of a dict or of several values is a column.
            multi_index: whether a column's name is a pair, as ``("params", "x")``, rather than one text.
        """
        import pandas as pd

        trials, names = self.trials, self.metric_names
        if not trials:
            return pd.DataFrame()
        wanted = ["values" if name == "value" and not self._is_single else name for name in attrs]
        for name in wanted:
            if name.startswith("_") or not hasattr(trials[0], name):
                raise InvalidInputError(f"trials_dataframe: a trial has no attribute '{name}'", "bad_value", f"It has {_attributes()}.")
        rows: list[dict[tuple[str, Any], Any]] = []
        columns: dict[str, set[Any]] = {name: set() for name in wanted}
        for trial in trials:
            row: dict[tuple[str, Any], Any] = {}
            for name in wanted:
                for part, value in _parts(name, getattr(trial, name), len(self._directions), names).items():
                    row[name, part] = value
                    columns[name].add(part)
            rows.append(row)
        order = {name: i for i, name in enumerate(names or [])}
        listed = [(name, part) for name in wanted for part in sorted(columns[name], key=lambda part: (order.get(part, 0), part))]
        frame = pd.DataFrame([[row.get(column) for column in listed] for row in rows], columns=pd.MultiIndex.from_tuples(listed))
        if not multi_index:
            frame.columns = [name if part == "" else f"{name}_{part}" for name, part in listed]
        return frame

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy opens the storage again; of a study that is in memory it has all trials, and one that runs is a failed one there."""
        if self._storage is None or isinstance(self._storage, InMemoryStorage):
            return _restored, (self.to_json(), self._sampler, self._pruner)
        return _opened, (self.study_name, [], self._storage, self._sampler, self._pruner, "load")

    def _fail_stale(self) -> None:
        if self._storage is None or not self._storage._has_heartbeat:
            return
        for number in self._native.fail_stale():
            if self._storage._stale_callback is not None:
                self._storage._stale_callback(self, frozen(self._native.snapshot(number)))

    def _note_constraints(self, number: int) -> None:
        """Notes what the sampler's ``constraints_func`` gives of a trial that is about to end."""
        given = self._sampler.constraints_func
        if given is None:
            return
        trial = Trial(self, number)
        for i, value in enumerate(given(frozen(self._native.snapshot(number)))):
            trial.set_constraint(str(i), value)

    def _or_fail(self, number: int) -> None:
        """The same; where it raises, the trial has failed."""
        try:
            self._note_constraints(number)
        except BaseException as error:
            self._native.tell_failed(number, reason(error))
            raise

    def _complete(self, number: int, values: Any) -> None:
        """Ends a trial with what its objective gave; the trial has failed where that cannot be made numbers, with a warning."""
        try:
            listed = _numbers_of(values)
        except Exception:
            given = reprlib.repr(values)
            self._native.tell_failed(number, f"the objective gave {given}; it must give a number for each objective")
            warnings.warn(f"trial {number} failed: the objective gave {given}", stacklevel=3)
            return
        except BaseException as error:
            self._native.tell_failed(number, reason(error))
            raise
        if self._native.tell(number, listed) == "failed":
            warnings.warn(f"trial {number} failed: {self._native.snapshot(number)['failure']}", stacklevel=3)


def _numbers_of(given: Any) -> list[float]:
    """The values that an objective gave: one of anything that is a number, as an array without axes is, or several. Texts are none."""
    if isinstance(given, (*_TEXTS, Mapping, Set)):
        raise TypeError("no numbers in order")
    is_single = hasattr(given, "__float__") and getattr(given, "ndim", 0) == 0
    listed = [given] if is_single or not isinstance(given, Iterable) else list(given)
    if any(isinstance(one, _TEXTS) for one in listed):
        raise TypeError("texts are no numbers")
    return [float(one) for one in listed]


def _are_values(given: Any, n_objectives: int) -> bool:
    """Whether these are the values of a complete trial."""
    try:
        listed = _numbers_of(given)
    except (TypeError, ValueError, OverflowError):
        return False
    return len(listed) == n_objectives and not any(math.isnan(one) for one in listed)


def _whole(what: str, given: Any) -> int:
    if isinstance(given, bool) or not hasattr(given, "__index__"):
        raise InvalidInputError(f"{what} is {given!r}; it must be a whole number", "bad_value")
    return int(given)


def _seconds(moment: datetime | None) -> float:
    return math.nan if moment is None else moment.timestamp()


def _are_same(params: Mapping[str, Any], others: Mapping[str, Any]) -> bool:
    """Whether values by name are the same ones, numbers up to rounding."""

    def same(a: Any, b: Any) -> bool:
        if isinstance(a, (int, float)) and isinstance(b, (int, float)) and isinstance(a, bool) == isinstance(b, bool):
            return math.isclose(a, b, rel_tol=1e-9) or (a != a and b != b)
        return type(a) is type(b) and bool(a == b)

    return params.keys() == others.keys() and all(same(value, others[name]) for name, value in params.items())


def _parts(name: str, value: Any, n_objectives: int, metric_names: Sequence[str] | None) -> dict[Any, Any]:
    """The columns that an attribute of a trial has, by the second part of their names."""
    if isinstance(value, TrialState):
        return {"": value.name}
    if isinstance(value, dict):
        return dict(value)
    if name == "values":
        given = value if value is not None else [None] * n_objectives
        return dict(zip(metric_names or range(n_objectives), given, strict=False))
    return {metric_names[0] if name == "value" and metric_names else "": value}


def _attributes() -> str:
    return ", ".join([*FrozenTrial.__dataclass_fields__, "value", "duration", "last_step"])


def create_study(
    *,
    storage: str | BaseStorage | None = None,
    sampler: BaseSampler | None = None,
    pruner: BasePruner | None = None,
    study_name: str | None = None,
    direction: str | StudyDirection | None = None,
    load_if_exists: bool = False,
    directions: Sequence[str | StudyDirection] | None = None,
) -> Study:
    """A study without trials.

    Args:
        storage: where it is kept and shared: ``"sqlite:///studies.db"``, ``"journal:///studies.log"``,
            ``"postgresql://user:password@host:port/database"`` or an object of ``storages``; without, it ends with the object.
        sampler: what proposes trials; without, ``TPESampler()``.
        pruner: what ``trial.should_prune()`` asks; without, ``MedianPruner()``.
        study_name: its name; without, a unique one.
        direction: "minimize" (the default) or "maximize".
        load_if_exists: whether a study of this name in the storage is gone on with, rather than refused; its directions are the stored
            ones, and others are refused.
        directions: one for each objective.
    """
    if direction is not None and directions is not None:
        raise InvalidInputError("create_study: direction and directions are both given", "bad_value", "Give one of them.")
    if isinstance(directions, str):
        raise InvalidInputError(f"create_study: directions is the text '{directions}'; it must be a list", "bad_value", "Give direction.")
    listed = [direction_text(one) for one in (directions if directions is not None else [direction or "minimize"])]
    name = study_name or f"no-name-{uuid.uuid4()}"
    study = _opened(name, listed, storage, sampler, pruner, "create_or_load" if load_if_exists else "create")
    if (direction is not None or directions is not None) and study.directions != listed:
        raise InvalidInputError(
            f"create_study: study '{name}' is there, to {_and(study.directions)}, and is to be one to {_and(listed)}",
            "bad_value",
            "Leave out the direction to go on with it, or give another study_name.",
        )
    return study


def _and(directions: Sequence[str]) -> str:
    return " and ".join(map(str, directions))


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
    proposing, pruning = _native_sampler(chosen), _native_pruner(stopping)
    kept = None if storage is None else storage_of(storage)
    try:
        native = _kolosal.make_study(name, directions, *proposing, *pruning, None if kept is None else kept._native, opening)
    except InvalidInputError as error:
        raise _by_name(error, name, kept, opening) from None
    for parameter, why in native.unreadable:
        warnings.warn(f"study '{name}': parameter '{parameter}' is left out of its trials, since {why}", stacklevel=3)
    return Study(native, chosen, stopping, kept)


def _native_sampler(sampler: BaseSampler) -> tuple[str, str]:
    """The name of the native sampler, and its parameters as JSON."""
    if not isinstance(sampler, BaseSampler) or not sampler._native()[0]:
        raise InvalidInputError(f"sampler is {sampler!r}, which is none of kolosal.tune.samplers", "bad_value", "Use TPESampler().")
    name, parameters = sampler._native()
    return name, json_text(parameters, f"sampler {name}")


def _native_pruner(pruner: BasePruner) -> tuple[str, str]:
    """The name of the native pruner, empty for none, and its parameters as JSON."""
    if not isinstance(pruner, BasePruner) or not (pruner._native()[0] or isinstance(pruner, NopPruner)):
        raise InvalidInputError(f"pruner is {pruner!r}, which is none of kolosal.tune.pruners", "bad_value", "Use MedianPruner().")
    name, parameters = pruner._native()
    return name, json_text(parameters, f"pruner {name}")


def _by_name(error: InvalidInputError, name: str, storage: BaseStorage | None, opening: str) -> InvalidInputError:
    """The error as one of a study that is there or is not, where that is what is wrong."""
    if opening == "load" and error.code == "unknown_name":
        return StudyNotFoundError(error.args[0], error.code)
    if opening == "create" and storage is not None and any(name == there for there, _ in storage._native.studies()):
        return DuplicatedStudyError(error.args[0], error.code)
    return error


def _restored(text: str, sampler: BaseSampler, pruner: BasePruner) -> Study:
    described = json.loads(text)
    study = _opened(described["study_name"], described["directions"], None, sampler, pruner, "create")
    study._native.add_json(text)
    return study
