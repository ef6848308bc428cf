"""Studies whose trials run on a Ray cluster.

>>> from kolosal import tune
>>> from kolosal.tune.ray import optimize
>>> study = tune.create_study()
>>> optimize(study, lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=100)  # doctest: +SKIP

The study stays where ``optimize`` is called, in memory or in any storage: the objectives that run elsewhere ask it for their parameters and
tell it their reports. A trial whose worker or machine dies fails, and is run again with the same parameters.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import pickle
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from .. import _kolosal
from .._errors import InvalidInputError
from ._running import Run, Trial, checked_n_trials, checked_timeout, is_pruning, reason, whole_from
from ._study import Callback, Objective, Study
from ._trial import Distribution, SearchSpace, TrialPruned, json_text

__all__ = ["RemoteTrial", "optimize"]

_WAIT_SECONDS = 1.0  # longest wait for calls of trials, after which the limits are looked at again


def _load_ray() -> Any:
    try:
        return importlib.import_module("ray")
    except ImportError:
        raise InvalidInputError("kolosal.tune.ray needs Ray, which is not installed", "unsupported", "pip install ray") from None


class RemoteTrial:
    """What an objective is given on a worker: a trial of a study elsewhere, with the methods of ``Trial``."""

    def __init__(self, number: int, ask: Callable[[str, tuple[Any, ...], dict[str, Any]], Any]) -> None:
        self.number = number
        self._ask = ask

    @property
    def params(self) -> dict[str, Any]:
        """The values so far, by name."""
        values: dict[str, Any] = self._ask("params", (), {})
        return values

    @property
    def distributions(self) -> dict[str, Distribution]:
        """What the parameters so far may be, by name."""
        known: dict[str, Distribution] = self._ask("distributions", (), {})
        return known

    @property
    def user_attrs(self) -> dict[str, Any]:
        """What was noted about the trial."""
        noted: dict[str, Any] = self._ask("user_attrs", (), {})
        return noted

    def suggest_float(self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False) -> float:
        """A number from low to high, both allowed; in steps from low, or on a logarithmic scale."""
        return float(self._ask("suggest_float", (name, low, high), {"step": step, "log": log}))

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """An integer from low to high, both allowed; in steps from low, or on a logarithmic scale."""
        return int(self._ask("suggest_int", (name, low, high), {"step": step, "log": log}))

    def suggest_categorical(self, name: str, choices: Sequence[Any], *, ordered: bool = False) -> Any:
        """One of the choices: texts, numbers, booleans and None; ``ordered``: they stand in an order."""
        return self._ask("suggest_categorical", (name, list(choices)), {"ordered": ordered})

    def suggest(self, space: SearchSpace) -> dict[str, Any]:
        """The values of all parameters of a declared space that are there, by name."""
        values: dict[str, Any] = self._ask("suggest", (space.to_json(),), {})
        return values

    def report(self, value: float, step: int) -> None:
        """Notes an intermediate value; a second report of a step is passed over."""
        self._ask("report", (float(value), int(step)), {})

    def should_prune(self) -> bool:
        """Whether the study's pruner would stop the trial after its last report."""
        return bool(self._ask("should_prune", (), {}))

    def set_constraint(self, key: str, value: float) -> None:
        """Notes a constraint, which holds where the value is at most 0."""
        self._ask("set_constraint", (key, float(value)), {})

    def set_user_attr(self, key: str, value: Any) -> None:
        """Notes anything else about the trial that JSON can hold."""
        self._ask("set_user_attr", (key, json.loads(json_text(value, f"user attribute '{key}'"))), {})


class _Mailbox:
    """Where calls of trials lie until the study's process takes them, and their answers until the trials do. Runs as an actor."""

    def __init__(self) -> None:
        self._calls: list[tuple[int, int, str, tuple[Any, ...], dict[str, Any]]] = []
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._any = asyncio.Event()
        self._n_calls = 0

    async def call(self, trial: int, method: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """The answer to a call of a trial."""
        self._n_calls += 1
        key = self._n_calls
        self._answers[key] = asyncio.get_running_loop().create_future()
        self._calls.append((key, trial, method, arguments, options))
        self._any.set()
        return await self._answers[key]

    async def take(self, seconds: float) -> list[tuple[int, int, str, tuple[Any, ...], dict[str, Any]]]:
        """The calls that wait; waits for one so long where there is none."""
        try:
            await asyncio.wait_for(self._any.wait(), seconds)
        except TimeoutError:
            return []
        self._any.clear()
        calls, self._calls = self._calls, []
        return calls

    async def answer(self, answers: list[tuple[int, Any]]) -> None:
        """Gives answers to calls."""
        for key, value in answers:
            answer = self._answers.pop(key, None)
            if answer is not None and not answer.done():
                answer.set_result(value)


def _run_trial(objective: Callable[[RemoteTrial], Any], number: int, mailbox: Any) -> tuple[str, Any]:
    """Runs an objective on a worker; what became of it, and its value or the exception."""
    ray = _load_ray()

    def ask(method: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        kind, value = ray.get(mailbox.call.remote(number, method, arguments, options))
        if kind == "error":
            raise value
        return value

    try:
        return "complete", objective(RemoteTrial(number, ask))
    except Exception as error:
        if is_pruning(error):
            return "pruned", None
        return "failed", _portable(error)


def _portable(error: BaseException) -> BaseException:
    """The exception, or one that says the same where it cannot go to another process."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(reason(error))
    return error


def optimize(
    study: Study,
    func: Callable[[RemoteTrial], float | Sequence[float]],
    n_trials: int | None = None,
    timeout: float | None = None,
    *,
    n_workers: int | None = None,
    num_cpus: float = 1,
    num_gpus: float = 0,
    resources: Mapping[str, float] | None = None,
    max_retries: int = 1,
    catch: type[Exception] | Iterable[type[Exception]] = (),
    callbacks: Iterable[Callback] | None = None,
) -> None:
    """Runs trials on the workers of a Ray cluster until one of the limits is met, ``study.stop`` is called or the sampler has nothing left.

    Ray is started on this machine where it is not yet and ``RAY_ADDRESS`` names no cluster.

    Args:
        study: what trials belong to.
        func: the objective, which Ray takes to the workers: takes a trial, gives its value or values. Raising ``TrialPruned`` ends a trial
            early.
        n_trials: how many trials to run, those not counted that are run again; without, no limit.
        timeout: seconds after which no further trial is started.
        n_workers: trials that run at the same time; without, as many as the cluster has room for.
        num_cpus: cores that a trial takes.
        num_gpus: graphics cards that a trial takes.
        resources: other resources of Ray that a trial takes.
        max_retries: how often a trial is run again whose worker died.
        catch: exceptions of the objective that fail the trial and let the run go on.
        callbacks: each is called here with the study and the trial after every trial.
    """
    checked_n_trials(n_trials)
    checked_timeout(timeout)
    n_workers = None if n_workers is None else whole_from("optimize: n_workers", n_workers, 1)
    max_retries = whole_from("optimize: max_retries", max_retries, 0)
    ray = _load_ray()
    if not ray.is_initialized():
        ray.init()
    if not study._optimizing.acquire(blocking=False):
        raise InvalidInputError("optimize: this study already runs", "bad_value", "Use n_workers for several trials at a time.")
    try:
        study._stopping.clear()
        run = Run(study, cast(Objective, func), n_trials, timeout, catch, callbacks)
        needs = {"num_cpus": num_cpus, "num_gpus": num_gpus, "resources": dict(resources or {})}
        room = _room(ray, needs)
        _Driver(ray, run, n_workers or room, needs, max_retries).work()
    finally:
        study._optimizing.release()


def _room(ray: Any, needs: Mapping[str, Any]) -> int:
    """How many trials the nodes of the cluster have room for; an error where none has room for one."""
    asked = {"CPU": needs["num_cpus"], "GPU": needs["num_gpus"], **needs["resources"]}
    asked = {name: share for name, share in asked.items() if share > 0}
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    rooms = [min((int(node.get(name, 0) // share) for name, share in asked.items()), default=1) for node in nodes]
    if sum(rooms) == 0:
        wanted = ", ".join(f"{share:g} of {name}" for name, share in asked.items())
        most = ", ".join(f"{max((node.get(name, 0) for node in nodes), default=0):g} of {name}" for name in asked)
        raise InvalidInputError(
            f"optimize: a trial needs {wanted}, and no node of the cluster has that; the most on one node is {most}",
            "bad_value",
            "Ask for less by num_cpus, num_gpus and resources, or start a node that has it.",
        )
    return sum(rooms)


class _Driver:
    """One call of ``optimize``: starts trials on workers, and answers them."""

    def __init__(self, ray: Any, run: Run, n_workers: int, needs: Mapping[str, Any], max_retries: int) -> None:
        self.ray, self.run, self.n_workers, self.max_retries = ray, run, n_workers, max_retries
        self.native = run.study._native
        affinity = importlib.import_module("ray.util.scheduling_strategies").NodeAffinitySchedulingStrategy
        here = affinity(ray.get_runtime_context().get_node_id(), soft=False)
        self.mailbox = ray.remote(_Mailbox).options(num_cpus=0, max_concurrency=2 * n_workers + 8, scheduling_strategy=here).remote()
        self.task = ray.remote(_run_trial).options(max_retries=0, **needs)
        self.objective = ray.put(run.func)
        self.running: dict[Any, Trial] = {}

    def work(self) -> None:
        """Runs trials until there are no more."""
        try:
            calls = self.mailbox.take.remote(_WAIT_SECONDS)
            while True:
                self._start()
                if not self.running:
                    return
                ready, _ = self.ray.wait([calls, *self.running], num_returns=1)
                if ready[0] == calls:
                    self._answer(self.ray.get(calls))
                    calls = self.mailbox.take.remote(_WAIT_SECONDS)
                else:
                    self._end(ready[0])
        except BaseException as error:
            self.run.fail_rest(error)
            raise
        finally:
            for task in self.running:
                self.ray.cancel(task, force=True)
            self.ray.kill(self.mailbox)

    def _start(self) -> None:
        while len(self.running) < self.n_workers and (trial := self.run.begin()) is not None:
            self.running[self.task.remote(self.objective, trial.number, self.mailbox)] = trial

    def _answer(self, calls: list[tuple[int, int, str, tuple[Any, ...], dict[str, Any]]]) -> None:
        trials = {trial.number: trial for trial in self.running.values()}
        answers: list[tuple[int, Any]] = []
        for key, number, method, arguments, options in calls:
            if number not in trials:  # its worker is gone; the mailbox forgets a call that is answered
                answers.append((key, ("error", RuntimeError(f"trial {number} has ended"))))
                continue
            try:
                answers.append((key, ("value", _call(trials[number], method, arguments, options))))
            except Exception as error:
                answers.append((key, ("error", _portable(error))))
        self.mailbox.answer.remote(answers)

    def _end(self, task: Any) -> None:
        errors = self.ray.exceptions
        number = self.running.pop(task).number
        try:
            kind, value = self.ray.get(task)
        except (errors.WorkerCrashedError, errors.NodeDiedError, errors.OutOfMemoryError) as lost:
            self.native.tell_failed(number, f"its worker was lost: {type(lost).__name__}")
            if self.native.retry(number, self.max_retries, False) and self.run.left is not None:
                self.run.left += 1
        except Exception as error:  # the objective did not get there, or its value not here
            self.native.tell_failed(number, reason(error))
            raise
        else:
            self._take(number, kind, value)
        self.run.ended(number)

    def _take(self, number: int, kind: str, value: Any) -> None:
        """Ends a trial with what became of its objective."""
        try:
            if kind == "failed":
                raise value
            if kind == "pruned":
                raise TrialPruned
            self.run.study._note_constraints(number)
        except Exception as error:
            self.run.endure(number, error)
        else:
            self.run.gave(number, value)


def _call(trial: Trial, method: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    if method in ("params", "distributions", "user_attrs"):
        return getattr(trial, method)
    if method == "suggest":
        return trial.suggest(_kolosal.SearchSpace(arguments[0]))
    return getattr(trial, method)(*arguments, **options)
