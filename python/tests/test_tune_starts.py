"""What AdaptiveHPO begins with, goes on with and keeps; spaces in short spellings; and arguments that are refused."""

from __future__ import annotations

import pickle
import threading
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from kolosal.tune._param_space import ParamSpace
from scipy import stats

from kolosal import InvalidInputError, tune
from kolosal.tune.samplers import CostFrugalSampler, GridSampler, PartialFixedSampler, RandomSampler, TPESampler


class Tool:
    """A choice that the native core cannot hold."""


TOOLS = [Tool(), Tool(), Tool()]
SPACE = {"a": stats.norm(10, 3), "n": stats.poisson(6), "tool": TOOLS, "k": (1, 64), "kind": ["p", "q"]}
FIRST = {"a": 12.5, "n": 4, "tool": TOOLS[2], "k": 7, "kind": "q"}


def hpo(**given: Any) -> tune.AdaptiveHPO:
    return tune.AdaptiveHPO(**{"n_trials": 3, "optimization_strategy": "random", "random_state": 0, **given})


def test_a_warm_start_has_the_values_that_the_function_takes() -> None:
    seen: list[dict[str, Any]] = []
    found = hpo().optimize(lambda params: seen.append(params) or params["a"], SPACE, warm_start_trials=[FIRST, {"n": 0, "k": 64}])
    assert seen[0] == {**FIRST, "a": pytest.approx(12.5)} and isinstance(seen[0]["n"], int)
    assert (seen[1]["n"], seen[1]["k"]) == (0, 64)
    later: list[dict[str, Any]] = []
    narrow = {"tool": TOOLS[::-1], "a": stats.uniform(0, 20), "k": (1, 8), "kind": ["q", "r"], "n": (0, 30)}
    hpo(n_trials=3).optimize(lambda params: later.append(params) or 0.0, narrow, warm_start_from=found.study)
    best = sorted(seen, key=lambda params: -params["a"])
    for params, start in zip(later, best, strict=True):
        assert params["tool"] is start["tool"] and params["n"] == start["n"] and params["a"] == pytest.approx(start["a"])
    assert any(start["k"] > 8 for start in best) and all(params["k"] <= 8 for params in later)
    assert {params["kind"] for params in later} <= {"q", "r"}
    assert hpo(n_trials=1).optimize(lambda params: 0.0, {"k": (1, 2)}, warm_start_from=found.study).total_trials == 1


def test_a_point_of_a_space_has_the_values_it_was_made_of() -> None:
    space = ParamSpace(SPACE)
    for n in range(14):
        for a in (0.5, 10.0, 19.0):
            values = {"a": a, "n": n, "tool": TOOLS[n % 3], "k": 1 + n, "kind": "p"}
            assert space.values_of(space.point_of(values)) == {**values, "a": pytest.approx(a)}


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ({"tol": 1}, r"warm_start_trials\[0\]: the search space has no parameter 'tol'; did you mean 'tool'"),
        ({"tool": Tool()}, r"warm_start_trials\[0\]: parameter 'tool' is <.*>, which is none of its choices"),
        ({"k": 65}, r"warm_start_trials\[0\]: parameter 'k'"),
        ({"n": 2.5}, "parameter 'n' is 2.5, which its distribution on .* has not"),
        ({"a": "x"}, "parameter 'a' is 'x'"),
        (3, "it must be a list of dicts"),
    ],
)
def test_a_warm_start_that_cannot_be_is_refused_before_anything_is_tried(start: Any, words: str) -> None:
    searching = hpo()
    with pytest.raises(InvalidInputError, match=words):
        searching.optimize(lambda params: 0.0, SPACE, warm_start_trials=[start])
    assert not hasattr(searching, "study_")
    with pytest.raises(InvalidInputError, match="warm_start_trials is {'k': 1}; it must be a list of dicts"):
        searching.optimize(lambda params: 0.0, SPACE, warm_start_trials={"k": 1})  # type: ignore[arg-type]


def test_a_study_whose_values_are_not_known_starts_none_with_objects() -> None:
    found = hpo().optimize(lambda params: params["a"], SPACE)
    copied = pickle.loads(pickle.dumps(found.study))
    with pytest.raises(InvalidInputError, match="what the values of '(a|n|tool)' in study .* stand for is not known"):
        hpo().optimize(lambda params: params["a"], SPACE, warm_start_from=copied)
    again = hpo().optimize(lambda params: params["k"], {"k": (1, 64)}, warm_start_from=copied)
    assert [trial.params["k"] for trial in again.study.trials] == [
        trial.params["k"] for trial in sorted(copied.trials, key=lambda trial: -trial.value)
    ]


def test_a_direction_that_a_stored_study_has_not_is_refused(tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/s.db"
    hpo(storage=storage).optimize(lambda params: params["k"], {"k": (1, 9)}, direction="minimize", study_name="s")
    with pytest.raises(InvalidInputError, match="'s' is there, to minimize, and is to be one to maximize"):
        hpo(storage=storage).optimize(lambda params: params["k"], {"k": (1, 9)}, study_name="s")
    with pytest.raises(InvalidInputError, match="to minimize, and is to be one to minimize and maximize"):
        tune.create_study(study_name="s", storage=storage, load_if_exists=True, directions=["minimize", "maximize"])
    assert tune.create_study(study_name="s", storage=storage, load_if_exists=True).direction == "minimize"
    assert tune.create_study(study_name="s", storage=storage, load_if_exists=True, direction="minimize").direction == "minimize"


def test_numbers_of_numpy_are_bounds_and_choices() -> None:
    spelt = {
        "k": (np.int64(1), np.int64(100)),
        "x": (np.float32(0), 2),
        "log": (np.int8(1), 100, "log"),
        "c": [np.int64(3), np.float64(0.5), np.bool_(True), None],
    }
    plain = {"k": (1, 100), "x": (0.0, 2), "log": (1, 100, "log"), "c": [3, 0.5, True, None]}
    assert ParamSpace(spelt).native.to_json() == ParamSpace(plain).native.to_json()
    with pytest.raises(InvalidInputError, match="parameter 'b'"):
        ParamSpace({"b": (True, False)})


def test_the_trial_goes_to_an_argument_that_is_for_it() -> None:
    given: list[Any] = []

    def with_default(params: dict[str, Any], rows: int = 5) -> float:
        given.append(rows)
        return 0.0

    def second(params: dict[str, Any], handle: Any) -> float:
        given.append(handle)
        return 0.0

    def named(params: dict[str, Any], rows: int = 5, trial: Any = None) -> float:
        given.extend([rows, trial])
        return 0.0

    def only_named(params: dict[str, Any], *, trial: Any) -> float:
        given.append(trial)
        return 0.0

    def others(params: dict[str, Any], **rest: Any) -> float:
        given.append(rest)
        return 0.0

    for function in (with_default, second, named, only_named, others, lambda trial: len(trial)):
        hpo(n_trials=1).optimize(function, {"k": (1, 9)})
    assert [type(one) for one in given] == [int, tune.Trial, int, tune.Trial, tune.Trial, dict]


def test_a_search_that_ends_by_an_error_keeps_its_study() -> None:
    for error in (KeyError("x"), KeyboardInterrupt()):

        def broken(params: dict[str, Any], trial: Any, error: BaseException = error) -> float:
            if trial.number == 2:
                raise error
            return float(params["k"])

        searching = hpo()
        with pytest.raises(type(error)):
            searching.optimize(broken, {"k": (1, 9)})
        assert [trial.state.value for trial in searching.study_.trials] == ["complete", "complete", "failed"]
        assert searching.study_.best_value >= 1
    found = searching.optimize(lambda params: 1.0, {"k": (1, 9)})
    assert searching.study_ is found.study


@pytest.mark.parametrize("n_jobs", [1, 4])
def test_trials_of_a_call_are_counted_where_a_study_is_gone_on_with(n_jobs: int, tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/s.db"
    given = {"storage": storage, "n_trials": 6, "early_stopping_patience": None, "n_jobs": n_jobs}
    first = hpo(**given).optimize(lambda params: -params["k"], {"k": (1, 9)}, study_name="s")
    waiting = first.study
    waiting.enqueue_trial({"k": 5})
    second = hpo(**given).optimize(lambda params: -float(params["k"]), {"k": (1, 9)}, study_name="s")
    assert (first.total_trials, second.total_trials) == (6, 6)  # the waiting trial was there before the call, and is one of its trials
    patient = {**given, "n_trials": 50, "early_stopping_patience": 5}
    third = hpo(**patient).optimize(lambda params: -99.0, {"k": (1, 9)}, study_name="s")
    assert third.best_trial_number < 12 and 5 <= third.total_trials < 5 + n_jobs
    assert third.convergence_iteration == third.best_trial_number


def test_patience_counts_every_trial_of_several_threads() -> None:
    lock, n = threading.Lock(), [0]

    def flat(params: dict[str, Any]) -> float:
        with lock:
            n[0] += 1
        return 1.0

    found = hpo(n_trials=400, n_jobs=4, early_stopping_patience=None).optimize(flat, {"k": (1, 9)})
    assert found.total_trials == n[0] == 400


def test_the_best_of_several_objectives_are_a_tenth_of_the_complete_trials() -> None:
    study = tune.create_study(directions=["minimize", "maximize"], sampler=RandomSampler(0))
    study.optimize(lambda trial: (trial.suggest_float("x", 0, 1),) * 2, n_trials=40)  # all are on the Pareto front
    assert len(study.best_trials) == 40 and len(tune.best_parameters(study)) == 4
    few = tune.create_study(directions=["minimize"] * 2, sampler=RandomSampler(0))
    few.optimize(lambda trial: (float(trial.number // 3), float(trial.number // 3), trial.suggest_float("x", 0, 1))[:2], n_trials=25)
    assert len(few.best_trials) == 3 and len(tune.best_parameters(few)) == 3
    one = tune.create_study(sampler=RandomSampler(0))

    def half(trial: tune.Trial) -> float:
        trial.set_constraint("c", trial.number % 2)
        return trial.suggest_float("x", 0, 1)

    one.optimize(half, n_trials=40)
    assert len(tune.best_parameters(one)) == 4


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_the_best_of_a_study_of_optuna_are_its_best(direction: str) -> None:
    theirs = optuna.create_study(direction=direction, sampler=optuna.samplers.RandomSampler(seed=0))

    def objective(trial: Any) -> float:
        if trial.number % 4 == 0:
            raise optuna.TrialPruned
        return float(trial.suggest_float("x", 0, 1))

    theirs.optimize(objective, n_trials=40)
    complete = [trial for trial in theirs.trials if trial.value is not None]
    ranked = sorted(complete, key=lambda trial: trial.value, reverse=direction == "maximize")
    assert tune.best_parameters(theirs) == [trial.params for trial in ranked[:3]]
    study = tune.create_study()
    assert tune.warm_start(study, theirs, 2) == 2
    assert study.ask().suggest_float("x", 0, 1) == ranked[0].params["x"]


def test_a_pruned_trial_whose_last_report_is_nan_has_no_value() -> None:
    study = tune.create_study()
    trial = study.ask()
    trial.report(float("nan"), 1)
    assert study.tell(trial, state=tune.TrialState.PRUNED).values is None
    assert study.trials[0].value is None


def test_a_study_that_does_not_suit_is_a_runtime_error_as_in_optuna() -> None:
    several = tune.create_study(directions=["minimize"] * 2)
    for ask in (lambda: several.direction, lambda: several.best_trial, lambda: several.best_value):
        with pytest.raises(RuntimeError, match="has 2 objectives; use"):
            ask()
    study = tune.create_study()
    with pytest.raises(RuntimeError, match="already runs"):
        study.optimize(lambda trial: study.optimize(lambda inner: 1.0, n_trials=1) or 1.0, n_trials=1)


async def coroutine(trial: tune.Trial) -> float:
    return 1.0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: TPESampler(earlier_best={"x": 1}), "TPESampler: earlier_best is {'x': 1}; it must be a list of dicts"),
        (lambda: TPESampler(earlier_best=["x"]), r"TPESampler: earlier_best\[0\] is 'x'; it must be a dict by the names of parameters"),
        (lambda: TPESampler(earlier_best=3), "TPESampler: earlier_best is 3"),
        (lambda: CostFrugalSampler("trees"), "low_cost_partial_config is 'trees'; it must be a dict"),
        (lambda: PartialFixedSampler([3], RandomSampler()), r"fixed_params is \[3\]; it must be a dict"),
        (lambda: GridSampler([3]), r"GridSampler: search_space is \[3\]"),
        (lambda: GridSampler({"x": 3}), "GridSampler: the values of 'x' are 3; they must be a list"),
        (lambda: tune.study_from_json("x"), "study_from_json: the text is no JSON"),
        (lambda: tune.study_from_json(3), "study_from_json: the text is no JSON"),
        (lambda: tune.study_from_json('{"study_name": 3, "directions": ["minimize"]}'), "study_from_json: the text is no study"),
        (lambda: tune.study_from_json('{"study_name": "s", "directions": "minimize"}'), "study_from_json: the text is no study"),
        (lambda: tune.SearchSpace.from_json("x"), "search space: the text is no JSON"),
        (lambda: tune.SearchSpace.from_json('{"parameters": [1]}'), r"search space: parameters is \[1\]; it must be a dict"),
        (lambda: tune.SearchSpace({}, forbidden={"a": 1}), "search space: forbidden is {'a': 1}; it must be a list of dicts"),
        (lambda: tune.SearchSpace({}, forbidden="a"), "search space: forbidden is 'a'"),
        (lambda: tune.AdaptiveHPO(early_stopping_patience="3"), "early_stopping_patience is '3'; it must be a whole number, at least 1"),
        (lambda: tune.AdaptiveHPO(0), "AdaptiveHPO: n_trials is 0; it must be a whole number, at least 1"),
        (lambda: ParamSpace({"C": (1, 0)}), "param_space: parameter 'C': IntDistribution: low"),
        (
            lambda: ParamSpace({"C": (5,)}),
            r"param_space: parameter 'C' is \(5,\), which is no \(low, high\) of numbers\n  Choices are a list",
        ),
        (lambda: ParamSpace({"C": (1, 2, 3)}), r"parameter 'C' is \(1, 2, 3\)"),
        (lambda: ParamSpace({"C": (1, 2, "lgo")}), r"parameter 'C' is \(1, 2, 'lgo'\)"),
        (lambda: ParamSpace({"C": ("a", "b")}), r"parameter 'C' is \('a', 'b'\)"),
        (lambda: tune.pruners.PercentilePruner(200), "percentile is 200, which is out of bounds"),
        (lambda: tune.pruners.MedianPruner(-1), "n_startup_trials"),
        (lambda: tune.pruners.ThresholdPruner(), "lower and upper are both missing"),
        (lambda: tune.pruners.PatientPruner(None, -1), "patience"),
        (lambda: tune.pruners.PatientPruner("median", 1), "wrapped_pruner is 'median', which is none of these"),
        (lambda: tune.warm_start(tune.create_study(), "x"), "the source is 'x'; it must be a study"),
        (lambda: tune.create_study().set_user_attr(1, 2), "the name of a user attribute is 1; it must be a text"),
        (lambda: tune.create_study().add_trial("x"), "add_trial: 'x' is no trial"),
        (lambda: tune.create_study().enqueue_trial([1]), r"enqueue_trial: params is \[1\]; it must be a dict"),
        (lambda: tune.importance.get_param_importances(tune.create_study(), evaluator="x"), "evaluator is 'x', which is none of these"),
        (lambda: tune.create_study().optimize(coroutine, n_trials=1), "the objective is a coroutine\n  Await optimize_async"),
        (lambda: tune.best_parameters(tune.create_study(), "3"), "best_parameters: n_trials is '3'"),
    ],
)
def test_arguments_that_cannot_be_are_refused_by_name(call: Any, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        call()


def test_earlier_trials_of_optuna_are_losses_of_its_direction() -> None:
    for direction, losses in (("minimize", [1.0, 2.0]), ("maximize", [-2.0, -1.0])):
        study = optuna.create_study(direction=direction)
        for value in (2.0, 1.0):
            distributions = {"x": optuna.distributions.FloatDistribution(0, 5)}
            study.add_trial(optuna.create_trial(params={"x": value}, distributions=distributions, value=value))
        assert [trial["loss"] for trial in tune.earlier_trials(study)[0]] == losses
