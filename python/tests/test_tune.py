"""kolosal.tune: studies as Optuna's users write them."""

from __future__ import annotations

import math
import threading
import time
from typing import Any

import numpy as np
import pytest

from kolosal import InvalidInputError, tune
from kolosal.tune.samplers import (
    AutoSampler,
    CmaEsSampler,
    CostFrugalSampler,
    GPSampler,
    GridSampler,
    NSGAIIISampler,
    NSGAIISampler,
    QMCSampler,
    RandomSampler,
    TPESampler,
)


def objective(trial: tune.Trial) -> float:
    x = trial.suggest_float("x", -10, 10)
    kind = trial.suggest_categorical("kind", ["square", None, True, 2, 0.5])
    k = trial.suggest_int("k", 1, 100, log=True)
    return x * x + (0 if kind is None else 1) + math.log(k)


@pytest.mark.parametrize(
    "sampler", [RandomSampler, QMCSampler, TPESampler, NSGAIISampler, NSGAIIISampler, CmaEsSampler, GPSampler, AutoSampler]
)
def test_the_same_seed_gives_the_same_trials_and_none_draws_one(sampler: type[Any]) -> None:
    def run(seed: int | None) -> list[dict[str, Any]]:
        study = tune.create_study(sampler=sampler(seed=seed))
        study.optimize(objective, n_trials=70)
        return [trial.params for trial in study.trials]

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert run(None) != run(None)


def test_a_study_keeps_what_happened() -> None:
    def fragile(trial: tune.Trial) -> float:
        value = objective(trial)
        for step in range(3):
            trial.report(value + step, step)
        trial.set_user_attr("half", [value / 2, {"x": None}])
        if trial.number == 1:
            raise tune.TrialPruned
        if trial.number == 2:
            raise ValueError("on purpose")
        return float("nan") if trial.number == 3 else value

    seen: list[int] = []
    study = tune.create_study(study_name="kept", direction="maximize", sampler=TPESampler(seed=0))
    study.enqueue_trial({"x": 3, "kind": None})
    with pytest.warns(UserWarning, match="trial 3 failed: the objective gave NaN"):
        study.optimize(fragile, n_trials=5, catch=ValueError, callbacks=[lambda study, trial: seen.append(trial.number)])
    assert seen == [0, 1, 2, 3, 4]
    states = [trial.state.name for trial in study.trials]
    assert states == ["COMPLETE", "PRUNED", "FAIL", "FAIL", "COMPLETE"]
    first, pruned, failed = study.trials[:3]
    assert first.params["x"] == 3 and first.params["kind"] is None and isinstance(first.params["k"], int)
    assert first.distributions["k"] == tune.IntDistribution(1, 100, log=True)
    assert first.user_attrs == {"half": [first.value / 2, {"x": None}]} and first.duration.total_seconds() >= 0
    assert pruned.value == pruned.intermediate_values[2] and pruned.last_step == 2
    assert failed.failure == "ValueError: on purpose" and failed.value is None
    assert study.best_value == max(first.value, study.trials[4].value) and study.best_params == study.best_trial.params
    frame = study.trials_dataframe()
    assert list(frame["state"]) == states and frame["params_x"][0] == 3 and frame["value"][0] == first.value

    other = tune.create_study(direction="maximize")
    other.add_trials(study.trials)
    assert [t.params for t in other.trials] == [t.params for t in study.trials] and other.best_value == study.best_value
    other.add_trial(tune.create_trial(value=1e9, params={"x": 1.0}, distributions={"x": tune.FloatDistribution(-10, 10)}))
    assert other.best_params == {"x": 1.0}


def test_ask_and_tell_over_a_declared_space() -> None:
    space = tune.SearchSpace(
        {
            "model": tune.CategoricalDistribution(["knn", "net"]),
            "k": {"type": "int", "low": 1, "high": 9, "when": {"parameter": "model", "equals": "knn"}},
            "layers": {"type": "int", "low": 1, "high": 3, "when": {"parameter": "model", "equals": "net"}},
            "width": {"type": "float", "low": 1, "high": 64, "log": True, "when": {"parameter": "layers", "greater": 1}},
            "version": {"type": "constant", "value": 3},
        },
        forbidden=[{"model": "knn", "k": 1}],
    )
    assert tune.SearchSpace.from_json(space.to_json()).to_json() == space.to_json()
    study = tune.create_study(sampler=TPESampler(seed=0, group=True))
    names = set()
    for _ in range(60):
        trial = study.ask(space)
        params = trial.params
        names.add(frozenset(params))
        assert params["version"] == 3 and ("width" in params) == (params.get("layers", 0) > 1) and params.get("k") != 1
        study.tell(trial, params.get("k", 5) + params.get("width", 0.0))
    assert len(names) == 3 and study.best_params["model"] == "knn"
    with pytest.raises(InvalidInputError, match="parameter 'k': low"):
        tune.SearchSpace({"k": {"type": "int", "low": 9, "high": 1}})


def test_workers_stops_timeouts_and_ctrl_c_end_cleanly() -> None:
    barrier = threading.Barrier(3, timeout=20)

    def together(trial: tune.Trial) -> float:
        if trial.number < 3:
            barrier.wait()  # fails unless three run at a time
        return objective(trial)

    study = tune.create_study(sampler=TPESampler(seed=0))
    study.optimize(together, n_trials=60, n_jobs=3)
    assert [trial.state for trial in study.trials] == [tune.TrialState.COMPLETE] * 60
    study.optimize(objective, callbacks=[lambda study, trial: study.stop() if trial.number == 64 else None])
    assert len(study.trials) == 65
    begin = time.monotonic()
    study.optimize(lambda trial: time.sleep(0.01) or 0.0, timeout=0.1)
    assert time.monotonic() - begin < 5

    def interrupted(trial: tune.Trial) -> float:
        raise KeyboardInterrupt

    for n_jobs in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            study.optimize(interrupted, n_trials=3, n_jobs=n_jobs)
    assert study.trials[-1].state is tune.TrialState.FAIL and study.trials[-1].failure.startswith("KeyboardInterrupt")
    assert all(trial.state.is_finished() for trial in study.trials)


@pytest.mark.parametrize(
    "pruner",
    [
        None,
        tune.pruners.PercentilePruner(25),
        tune.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2),
        tune.pruners.HyperbandPruner(max_resource=9),
        tune.pruners.ThresholdPruner(upper=3.0),
        tune.pruners.PatientPruner(tune.pruners.MedianPruner(), patience=1),
        tune.pruners.WilcoxonPruner(),
        tune.pruners.NopPruner(),
    ],
    ids=repr,
)
def test_pruners_save_work_and_keep_the_best(pruner: tune.pruners.BasePruner | None) -> None:
    steps = 0

    def curve(trial: tune.Trial) -> float:
        nonlocal steps
        x = trial.suggest_float("x", 0, 4)
        for step in range(9):
            trial.report(x + step / 10, step)
            steps += 1
            if trial.should_prune():
                raise tune.TrialPruned
        return x + 0.8

    study = tune.create_study(study_name="s", sampler=QMCSampler(seed=3), pruner=pruner)
    study.optimize(curve, n_trials=64)
    whole = study.get_trials(states=[tune.TrialState.COMPLETE])
    if isinstance(pruner, tune.pruners.NopPruner):
        assert steps == 9 * 64 and len(whole) == 64
    else:
        assert steps < 0.8 * 9 * 64 and 0 < len(whole) < 64
        assert study.best_params["x"] == min(trial.params["x"] for trial in study.trials)


def test_several_objectives_and_constraints() -> None:
    def two(trial: tune.Trial) -> np.ndarray:
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
        trial.set_constraint("x", 0.2 - x)
        return np.array([x, (1 - x) * (1 + 9 * y)])

    study = tune.create_study(directions=["minimize", "minimize"], sampler=TPESampler(seed=0))
    study.optimize(two, n_trials=80)
    front = study.best_trials
    assert all(trial.values[0] >= 0.2 and len(trial.values) == 2 for trial in front)
    points = np.array([trial.values for trial in front])
    assert not any((np.all(a <= b) and np.any(a < b)) for a in points for b in points)
    with pytest.raises(InvalidInputError, match="2 objectives"):
        _ = study.best_value


def test_a_grid_ends_when_it_is_through() -> None:
    study = tune.create_study(sampler=GridSampler({"x": [-1.0, 0, 1], "kind": ["a", None]}))
    study.optimize(lambda trial: trial.suggest_float("x", -1, 1) + (trial.suggest_categorical("kind", ["a", None]) is None))
    assert len({tuple(trial.params.items()) for trial in study.trials}) == len(study.trials) == 6
    assert study.best_value == -1


@pytest.mark.parametrize(
    ("suggest", "message"),
    [
        (lambda trial: trial.suggest_float("x", 2, 1), r"parameter 'x': low \(2\) is above high \(1\)"),
        (lambda trial: trial.suggest_float("x", 0, 1, log=True), "parameter 'x': low is 0"),
        (lambda trial: trial.suggest_float("x", 1, 2, step=0.5, log=True), "parameter 'x'"),
        (lambda trial: trial.suggest_int("k", 1, 5, step=0), "parameter 'k': the step is 0"),
        (lambda trial: trial.suggest_categorical("c", []), "parameter 'c': there are no choices"),
        (lambda trial: trial.suggest_categorical("c", [{1, 2}]), r"parameter 'c': \{1, 2\} is not allowed"),
        (lambda trial: [trial.suggest_int("k", 1, 5), trial.suggest_float("k", 1, 5)], "parameter 'k': it was an integer from 1 to 5"),
        (lambda trial: trial.set_constraint("c", math.nan), "constraint 'c' is NaN"),
    ],
)
def test_errors_name_the_parameter(suggest: Any, message: str) -> None:
    trial = tune.create_study().ask()
    with pytest.raises(InvalidInputError, match=message):
        suggest(trial)


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="n_startup_trials"):
        tune.create_study(sampler=TPESampler(n_startup_trials=0))
    with pytest.raises(InvalidInputError, match="minimise"):
        tune.create_study(direction="minimise")
    with pytest.raises(InvalidInputError, match="both given"):
        tune.create_study(direction="minimize", directions=["minimize"])
    study = tune.create_study()
    with pytest.raises(InvalidInputError, match="no complete trial"):
        _ = study.best_trial
    with pytest.raises(InvalidInputError, match="n_jobs is 0"):
        study.optimize(objective, n_trials=1, n_jobs=0)
    with pytest.warns(UserWarning, match="the objective gave None"):
        assert study.tell(study.ask(), None).state is tune.TrialState.FAIL
    trial = study.ask()
    study.tell(trial, state=tune.TrialState.PRUNED)
    with pytest.raises(InvalidInputError, match="is pruned; only a running trial may change"):
        study.tell(trial, 1.0)


# Each setting of these samplers with a value that is not its own, beside those it works with only.
SETTINGS: list[tuple[type[Any], dict[str, Any], dict[str, Any]]] = [
    *(
        (CmaEsSampler, {}, {name: value})
        for name, value in {"sigma0": 0.2, "n_startup_trials": 3, "popsize": 8, "use_separable_cma": True, "warm_start": True}.items()
    ),
    (CmaEsSampler, {"popsize": 4, "sigma0": 0.01, "restarts": "none"}, {"with_margin": False}),
    *((CmaEsSampler, {"popsize": 4, "sigma0": 0.01, "restarts": "none"}, {"restarts": kind}) for kind in ("ipop", "bipop")),
    *(
        (GPSampler, {}, {name: value})
        for name, value in {"n_startup_trials": 4, "deterministic_objective": True, "warp_output": False}.items()
    ),
    (GPSampler, {}, {"earlier_trials": [[{"parameters": {"x": 1.0, "k": i}, "loss": i} for i in range(8)]]}),
    (CmaEsSampler, {"popsize": 4}, {"x0": {"x": 3.0}}),
    (NSGAIIISampler, {"population_size": 6}, {"crossover": "blx_alpha"}),
    *((NSGAIIISampler, {"population_size": 6}, {name: value}) for name, value in {"mutation_prob": 0.9, "crossover_prob": 0.2}.items()),
    (NSGAIIISampler, {"population_size": 6}, {"swapping_prob": 0.05}),
    (NSGAIIISampler, {}, {"population_size": 6}),
    (NSGAIIISampler, {"population_size": 6}, {"dividing_parameter": 9}),
    *(
        (TPESampler, {}, {name: value})
        for name, value in {"n_startup_trials": 3, "n_ei_candidates": 5, "prior_weight": 3.0, "multivariate": False, "group": True}.items()
    ),
    (TPESampler, {}, {"earlier_best": [{"x": 1.0, "k": 2}, {"x": 2.0, "k": 1}]}),
    (TPESampler, {"earlier_best": [{"x": 1.0, "k": 2}, {"x": 2.0, "k": 1}]}, {"earlier_weight": 30.0}),
    (TPESampler, {}, {"constant_liar": False}),
    *(
        (CostFrugalSampler, {}, {name: value})
        for name, value in {"low_cost_partial_config": {"x": -4.0}, "step": 0.1, "least_step": 0.15}.items()
    ),
]


@pytest.mark.parametrize(("sampler", "with_", "changed"), SETTINGS, ids=lambda part: getattr(part, "__name__", str(part)))
def test_every_setting_of_a_sampler_moves_the_trials(sampler: type[Any], with_: dict[str, Any], changed: dict[str, Any]) -> None:
    def run(settings: dict[str, Any]) -> list[dict[str, Any]]:
        several = sampler is NSGAIIISampler
        study = tune.create_study(sampler=sampler(seed=1, **settings), directions=["minimize"] * (2 if several else 1))
        beside = [study.ask() for _ in range(2)]
        for trial in beside:
            trial.suggest_float("x", -5, 5), trial.suggest_int("k", 0, 8)

        def objective(trial: Any) -> Any:
            x, k = trial.suggest_float("x", -5, 5), trial.suggest_int("k", 0, 8)
            y = trial.suggest_float("y", 0, 1) + trial.suggest_float("z", 0, 1) if k > 3 and sampler is TPESampler else 0.5
            loss = (x - 2) ** 2 + k * y
            return (loss, abs(x + k)) if several else loss

        study.optimize(objective, n_trials=400 if "restarts" in settings else 60)
        return [trial.params for trial in study.trials]

    base, one = run(with_), run({**with_, **changed})
    assert one == run({**with_, **changed})
    assert one != base


def test_threads_run_each_point_of_a_grid_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tune.Study, "_fail_stale", lambda study: time.sleep(0.002))  # what a storage does before a trial takes time
    study = tune.create_study(sampler=GridSampler({"x": list(range(12))}))
    study.optimize(lambda trial: trial.suggest_int("x", 0, 11), n_jobs=5)
    assert sorted(trial.params["x"] for trial in study.trials) == list(range(12))


def test_a_gaussian_process_needs_few_trials_where_random_ones_need_many() -> None:
    def loss(trial: tune.Trial) -> float:
        x, k = trial.suggest_float("x", -5, 5), trial.suggest_int("k", 1, 64, log=True)
        kind = trial.suggest_categorical("kind", ["a", "b", "c"])
        return (x - 2.5) ** 2 + (k - 40) ** 2 / 100 + {"a": 1.0, "b": 0.0, "c": 2.0}[kind]

    def best(sampler: Any) -> float:
        study = tune.create_study(sampler=sampler)
        study.optimize(loss, n_trials=40)
        return study.best_value

    assert max(best(GPSampler(seed=seed)) for seed in range(3)) < 0.05
    assert min(best(RandomSampler(seed=seed)) for seed in range(3)) > 0.05


def test_a_gaussian_process_finds_the_best_that_a_constraint_leaves() -> None:
    def loss(trial: tune.Trial) -> float:
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
        trial.set_constraint("sum", 1.2 - x - y)
        return x + 2 * y

    study = tune.create_study(sampler=GPSampler(seed=0))
    study.optimize(loss, n_trials=30)
    assert 1.4 <= study.best_value < 1.402


def test_workers_of_a_gaussian_process_keep_apart() -> None:
    def loss(trial: tune.Trial) -> float:
        x, y = trial.suggest_float("x", -5, 10), trial.suggest_float("y", 0, 15)
        return math.cos(x) * 10 + (y - x) ** 2

    for seed in range(3):
        study = tune.create_study(sampler=GPSampler(seed=seed))
        study.optimize(loss, n_trials=12)
        running = [study.ask() for _ in range(4)]
        points = [(trial.suggest_float("x", -5, 10), trial.suggest_float("y", 0, 15)) for trial in running]
        assert min(math.dist(points[i], points[j]) for i in range(4) for j in range(i)) > 1e-3


class _OwnPruner(tune.pruners.BasePruner):
    pass


class _OwnSampler(tune.samplers.BaseSampler):
    pass


@pytest.mark.parametrize("given", [{"sampler": "tpe"}, {"sampler": tune.samplers.TPESampler}, {"sampler": _OwnSampler()}])
def test_a_sampler_that_is_not_native_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match=r"sampler is .* none of kolosal\.tune\.samplers"):
        tune.create_study(**given)


def test_a_study_keeps_its_sampler_and_pruner_where_others_are_none() -> None:
    study = tune.create_study(sampler=tune.samplers.RandomSampler(seed=0))
    for given in (None, "tpe", _OwnSampler()):
        with pytest.raises(InvalidInputError, match=r"none of kolosal\.tune\.samplers"):
            study.sampler = given  # type: ignore[assignment]
    for given in (None, "median", _OwnPruner()):
        with pytest.raises(InvalidInputError, match=r"none of kolosal\.tune\.pruners"):
            study.pruner = given  # type: ignore[assignment]
    assert isinstance(study.sampler, tune.samplers.RandomSampler) and isinstance(study.pruner, tune.pruners.MedianPruner)
    assert study.ask().suggest_float("x", 0, 1) <= 1


def test_constraints_are_those_of_the_sampler_that_is_set() -> None:
    study = tune.create_study(sampler=tune.samplers.RandomSampler(seed=0))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    study.sampler = tune.samplers.TPESampler(seed=0, constraints_func=lambda trial: [1.0])
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    assert [trial.constraints for trial in study.trials] == [{}, {"0": 1.0}]
    assert study.best_trial.number == 0


def test_why_there_is_no_best_trial() -> None:
    study = tune.create_study()
    with pytest.raises(ValueError, match="has no complete trial\n"):
        _ = study.best_value
    trial = study.ask()
    trial.set_constraint("c", 1.0)
    study.tell(trial, 0.0)
    with pytest.raises(ValueError, match="constraints do not hold"):
        _ = study.best_params


@pytest.mark.parametrize("given", ["median", tune.pruners.MedianPruner, _OwnPruner()])
def test_a_pruner_that_is_not_native_is_refused(given: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"pruner is .* none of kolosal\.tune\.pruners"):
        tune.create_study(pruner=given)
    assert tune.create_study(pruner=tune.pruners.NopPruner()).pruner is not None


def test_a_study_runs_whole_numbers_of_trials() -> None:
    study = tune.create_study()
    with pytest.raises(InvalidInputError, match=r"n_trials is 2\.5"):
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2.5)  # type: ignore[arg-type]
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=np.int64(2))
    assert len(study.trials) == 2
