"""Studies on a Ray cluster of this machine, whose workers are killed."""

from __future__ import annotations

import asyncio
import importlib
import os
import pickle
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kolosal._errors import InvalidInputError
from kolosal.tune.ray import optimize

from kolosal import tune
from kolosal.tune import ray


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A cluster of two workers."""
    patch = pytest.MonkeyPatch()
    patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    patch.setenv("RAY_AUTH_MODE", "disabled")
    patch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    ray = importlib.import_module("ray")
    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 << 20)
    yield ray
    ray.shutdown()
    patch.undo()


def test_trials_run_on_workers_and_the_study_knows_all_of_them(cluster: Any) -> None:
    study = tune.create_study(sampler=tune.samplers.TPESampler(seed=0))
    space = tune.SearchSpace({"k": {"type": "int", "low": 1, "high": 9}, "fixed": {"type": "constant", "value": "a"}})

    def objective(trial: Any) -> float:
        x = trial.suggest_float("x", 1e-3, 1, log=True)
        c = trial.suggest_categorical("c", ["p", None, 3])
        n = trial.suggest_int("n", 2, 8, step=2)
        k = trial.suggest(space)["k"]
        assert trial.params == {"x": x, "c": c, "n": n, "k": k, "fixed": "a"}
        trial.report(x, 1)
        trial.set_constraint("k", k - 9)
        trial.set_user_attr("pid", os.getpid())
        time.sleep(0.1)
        return float(x + n + k)

    seen: list[int] = []
    optimize(study, objective, n_trials=12, callbacks=[lambda _, trial: seen.append(trial.number)])
    trials = study.trials
    assert sorted(seen) == [trial.number for trial in trials] == list(range(12))
    for trial in trials:
        assert trial.value == trial.params["x"] + trial.params["n"] + trial.params["k"]
        assert trial.intermediate_values == {1: trial.params["x"]}
        assert trial.constraints == {"k": trial.params["k"] - 9}
    workers = {trial.user_attrs["pid"] for trial in trials}
    assert len(workers) == 2
    assert os.getpid() not in workers


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_a_study_goes_on_where_a_worker_is_killed_halfway(cluster: Any, kind: str, tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/s.db" if kind == "sqlite" else None
    study = tune.create_study(study_name="s", storage=storage)

    def objective(trial: Any) -> float:
        x = trial.suggest_float("x", 0, 1)
        trial.set_user_attr("pid", os.getpid())
        time.sleep(0.3)
        return float(x)

    killed: list[int] = []

    def kill_one(study: tune.Study, trial: tune.FrozenTrial) -> None:
        running = [one for one in study.get_trials(states=[tune.TrialState.RUNNING]) if "pid" in one.user_attrs]
        if trial.number >= 8 and not killed and running:
            killed.append(running[0].number)
            os.kill(running[0].user_attrs["pid"], signal.SIGKILL)

    optimize(study, objective, n_trials=20, n_workers=2, callbacks=[kill_one])
    trials = study.trials
    assert [trial.number for trial in trials] == list(range(21))
    (failed,) = (trial for trial in trials if trial.state is tune.TrialState.FAIL)
    assert [failed.number] == killed
    assert all(trial.value == trial.params["x"] for trial in trials if trial is not failed)
    again = [trial for trial in trials if tune.storages.RetryFailedTrialCallback.retried_trial_number(trial) == failed.number]
    assert [trial.params for trial in again] == [failed.params]


def test_a_trial_whose_worker_always_dies_is_given_up(cluster: Any) -> None:
    study = tune.create_study(sampler=tune.samplers.RandomSampler(seed=0))

    def objective(trial: Any) -> float:
        if trial.suggest_categorical("deadly", [True, False]):
            os.kill(os.getpid(), signal.SIGKILL)
        return 0.0

    study.enqueue_trial({"deadly": True})
    study.enqueue_trial({"deadly": False})
    optimize(study, objective, n_trials=2, n_workers=1, max_retries=2)
    assert sorted(trial.state.name for trial in study.trials) == ["COMPLETE", "FAIL", "FAIL", "FAIL"]


def test_one_worker_gives_the_trials_of_a_study_at_home(cluster: Any) -> None:
    def objective(trial: Any) -> float:
        value = 0.0
        for step in range(4):
            value += trial.suggest_float(f"x{step}", 0, 1)
            trial.report(value, step)
            if trial.should_prune():
                raise tune.TrialPruned
        return float(value)

    here, there = (
        tune.create_study(sampler=tune.samplers.TPESampler(seed=3), pruner=tune.pruners.MedianPruner(n_startup_trials=3)) for _ in range(2)
    )
    here.optimize(objective, n_trials=15)
    optimize(there, objective, n_trials=15, n_workers=1)
    assert [(trial.state, trial.params, trial.values) for trial in there.trials] == [
        (trial.state, trial.params, trial.values) for trial in here.trials
    ]
    assert any(trial.state is tune.TrialState.PRUNED for trial in there.trials)


def test_errors_of_the_objective_fail_the_trial_and_end_the_run_unless_caught(cluster: Any) -> None:
    def objective(trial: Any) -> float:
        if trial.number == 1:
            raise ValueError("on purpose")
        return float(trial.suggest_float("x", 0, 1))

    study = tune.create_study()
    optimize(study, objective, n_trials=4, n_workers=2, catch=ValueError)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "FAIL", "COMPLETE", "COMPLETE"]
    study = tune.create_study()
    with pytest.raises(ValueError, match="on purpose"):
        optimize(study, objective, n_trials=10, n_workers=1)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "FAIL"]

    def wrong(trial: Any) -> float:
        return float(trial.suggest_float("x", 2, 1))

    with pytest.raises(InvalidInputError, match="'x'"):
        optimize(study, wrong, n_trials=1)


def test_limits_hold(cluster: Any) -> None:
    study = tune.create_study()
    begin = time.monotonic()
    optimize(study, lambda trial: time.sleep(0.1) or 0.0, timeout=1)
    assert time.monotonic() - begin < 6
    assert len(study.trials) >= 2
    before = len(study.trials)
    optimize(study, lambda trial: 0.0, n_trials=50, n_workers=2, callbacks=[lambda study, _: study.stop()])
    assert before + 1 <= len(study.trials) <= before + 2  # the one that stopped the run, and what ran beside it
    assert all(trial.state is tune.TrialState.COMPLETE for trial in study.trials[before:])
    with pytest.raises(InvalidInputError, match="n_workers is 0"):
        optimize(study, lambda trial: 0.0, n_workers=0)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"num_gpus": 1}, r"1 of GPU, and no node .* is 2 of CPU, 0 of GPU"),
        ({"num_cpus": 3}, "needs 3 of CPU"),
        ({"resources": {"tpu": 0.5}}, "0.5 of tpu"),
    ],
)
def test_what_no_node_has_is_said_rather_than_waited_for(cluster: Any, asked: dict[str, Any], words: str) -> None:
    study = tune.create_study()
    with pytest.raises(InvalidInputError, match=words):
        optimize(study, lambda trial: 0.0, n_trials=1, n_workers=1, **asked)
    assert study.trials == []
    optimize(study, lambda trial: 0.0, n_trials=1)
    assert len(study.trials) == 1


def test_without_ray_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(InvalidInputError, match="pip install ray"):
        optimize(tune.create_study(), lambda trial: 0.0, n_trials=1)


def test_a_space_goes_through_pickle() -> None:
    space = tune.SearchSpace(
        {"a": {"type": "int", "low": 1, "high": 9}, "b": {"type": "float", "low": 0, "high": 1, "when": {"parameter": "a", "greater": 4}}},
        forbidden=[{"a": 3}],
    )
    assert pickle.loads(pickle.dumps(space)).to_json() == space.to_json()


def test_a_call_of_a_lost_worker_is_answered_and_forgotten() -> None:
    async def called() -> Any:
        mailbox = ray._Mailbox()
        call = asyncio.ensure_future(mailbox.call(5, "params", (), {}))
        answers: list[Any] = []
        driver = SimpleNamespace(running={}, mailbox=SimpleNamespace(answer=SimpleNamespace(remote=answers.extend)))
        ray._Driver._answer(driver, await mailbox.take(5))  # type: ignore[arg-type]
        await mailbox.answer(answers)
        assert mailbox._answers == {}
        return await asyncio.wait_for(call, 5)

    kind, error = asyncio.run(called())
    assert kind == "error" and str(error) == "trial 5 has ended"
