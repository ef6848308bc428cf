"""kolosal.tune under the name of Optuna: the same programs run with both, and what the two hold differently is said."""

from __future__ import annotations

import copy
import json
import logging
import math
import pickle
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

from kolosal import InvalidInputError, _kolosal, tune

BOTH = pytest.mark.parametrize("module", [tune, optuna], ids=["kolosal", "optuna"])
pytestmark = pytest.mark.usefixtures("quiet_optuna")


def objective(trial: Any) -> float:
    x = trial.suggest_float("x", -5, 5)
    kind = trial.suggest_categorical("kind", ["a", None, 2])
    k = trial.suggest_int("k", 1, 9, step=2)
    trial.set_user_attr("twice", 2 * x)
    trial.report(x, 1)
    return float(x**2 + k + (kind is None))


def two(trial: Any) -> tuple[float, float]:
    x = trial.suggest_float("x", -5, 5)
    trial.set_user_attr("twice", 2 * x)
    return float(x**2), float(x)


def sampler_of(module: Any, name: str, **arguments: Any) -> Any:
    """The sampler; of Optuna only where what it needs is installed."""
    if module is optuna and name in ("GPSampler", "CmaEsSampler"):
        pytest.importorskip("torch" if name == "GPSampler" else "cmaes")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return getattr(module.samplers, name)(seed=0, **arguments)


@BOTH
def test_names_are_where_optuna_has_them(module: Any) -> None:
    names = {
        "": "Study Trial TrialPruned create_trial copy_study create_study delete_study get_all_study_names get_all_study_summaries "
        "load_study",
        "trial": "BaseTrial FixedTrial FrozenTrial Trial TrialState create_trial",
        "study": "MaxTrialsCallback Study StudyDirection StudySummary copy_study create_study delete_study get_all_study_names "
        "get_all_study_summaries load_study",
        "distributions": "BaseDistribution CategoricalDistribution FloatDistribution IntDistribution distribution_to_json "
        "json_to_distribution",
        "exceptions": "DuplicatedStudyError ExperimentalWarning OptunaError StorageInternalError TrialPruned UpdateFinishedTrialError",
        "logging": "CRITICAL DEBUG ERROR FATAL INFO WARN WARNING disable_default_handler disable_propagation enable_default_handler "
        "enable_propagation get_logger get_verbosity set_verbosity",
        "samplers": "BaseSampler BruteForceSampler CmaEsSampler GPSampler GridSampler NSGAIIISampler NSGAIISampler PartialFixedSampler "
        "QMCSampler RandomSampler TPESampler",
        "pruners": "BasePruner HyperbandPruner MedianPruner NopPruner PatientPruner PercentilePruner SuccessiveHalvingPruner "
        "ThresholdPruner WilcoxonPruner",
        "storages": "BaseStorage InMemoryStorage JournalStorage RDBStorage RetryHeartbeatStaleTrialCallback RetryFailedTrialCallback "
        "fail_stale_trials get_storage",
        "storages.journal": "JournalFileBackend JournalStorage",
        "importance": "BaseImportanceEvaluator FanovaImportanceEvaluator PedAnovaImportanceEvaluator get_param_importances",
        "visualization": "is_available plot_contour plot_edf plot_hypervolume_history plot_intermediate_values plot_optimization_history "
        "plot_parallel_coordinate plot_param_importances plot_pareto_front plot_slice plot_rank plot_terminator_improvement plot_timeline",
        "terminator": "Terminator TerminatorCallback report_cross_validation_scores",
    }
    for place, listed in names.items():
        at = module
        for part in filter(None, place.split(".")):
            at = getattr(at, part)
        assert [name for name in listed.split() if not hasattr(at, name)] == [], place


# --- Trials


@BOTH
def test_a_running_trial_knows_its_study_and_what_it_has(module: Any) -> None:
    study = module.create_study()
    trial = study.ask()
    assert objective(trial) == objective(module.trial.FixedTrial(trial.params))
    assert isinstance(trial, module.trial.BaseTrial)
    assert trial.study.study_name == study.study_name and trial.number == 0
    assert trial.user_attrs == {"twice": 2 * trial.params["x"]}
    assert trial.distributions == {
        "x": module.distributions.FloatDistribution(-5, 5),
        "kind": module.distributions.CategoricalDistribution(("a", None, 2)),
        "k": module.distributions.IntDistribution(1, 9, step=2),
    }
    assert trial.datetime_start == study.trials[0].datetime_start is not None
    trial.set_constraint("c", -1)
    assert trial.constraints == {"c": -1.0}
    study.tell(trial, 1.0)
    with pytest.raises(module.exceptions.UpdateFinishedTrialError):
        trial.report(1.0, 2)


@BOTH
def test_an_objective_runs_on_trials_whose_values_are_given(module: Any) -> None:
    fixed = module.trial.FixedTrial({"x": 2.0, "kind": None, "k": 3}, number=7)
    assert objective(fixed) == 8.0 and fixed.number == 7
    assert fixed.params == {"x": 2.0, "kind": None, "k": 3} and fixed.user_attrs == {"twice": 4.0} and not fixed.should_prune()
    assert fixed.distributions["k"] == module.distributions.IntDistribution(1, 9, step=2)
    with pytest.raises(ValueError, match="'y'"):
        fixed.suggest_float("y", 0, 1)
    with pytest.warns(UserWarning, match=r"2\.0"):
        assert fixed.suggest_float("x", -1, 1) == 2.0
    study = module.create_study()
    study.optimize(objective, n_trials=5)
    assert objective(study.best_trial) == study.best_value
    assert sorted(study.trials) == study.trials
    trial = study.trials[1]
    assert isinstance(trial.duration, timedelta) and trial.last_step == 1 and trial.intermediate_values == {1: trial.params["x"]}


@BOTH
def test_trials_made_by_hand_are_checked(module: Any) -> None:
    space = {"x": module.distributions.FloatDistribution(0, 1)}
    made = module.trial.create_trial(params={"x": 0.5}, distributions=space, value=2.0, user_attrs={"a": 1}, system_attrs={"b": 2})
    assert made.state == module.trial.TrialState.COMPLETE and made.value == 2.0 and made.system_attrs == {"b": 2}
    assert made.datetime_start is not None and made.datetime_complete is not None
    for wrong in (
        {"params": {"x": 0.5}, "value": 1.0},
        {"value": float("nan")},
        {},
        {"state": module.trial.TrialState.FAIL, "value": 1.0},
        {"value": 1.0, "values": [1.0]},
    ):
        with pytest.raises(ValueError):
            module.trial.create_trial(**wrong)


@BOTH
def test_distributions_are_checked_when_they_are_made(module: Any) -> None:
    d = module.distributions
    assert d.FloatDistribution(0, 1) == d.FloatDistribution(0.0, 1.0) != d.FloatDistribution(0, 2)
    assert d.FloatDistribution(0, 1, step=0.3).high == pytest.approx(0.9) and d.IntDistribution(0, 10, step=3).high == 9
    assert d.FloatDistribution(1, 1).single() and d.CategoricalDistribution(["a"]).single() and not d.IntDistribution(0, 1).single()
    assert d.CategoricalDistribution([math.nan, 1]) == d.CategoricalDistribution([float("nan"), 1])
    for made in (d.FloatDistribution(1, 8, log=True), d.IntDistribution(1, 9, step=2), d.CategoricalDistribution(["a", None, 2.5])):
        assert d.json_to_distribution(d.distribution_to_json(made)) == made
        assert optuna.distributions.json_to_distribution(d.distribution_to_json(made)).single() is False
    for wrong in (
        lambda: d.FloatDistribution(2, 1),
        lambda: d.FloatDistribution(0, 1, log=True),
        lambda: d.IntDistribution(1, 5, step=0),
        lambda: d.IntDistribution(1, 5, step=2, log=True),
        lambda: d.CategoricalDistribution([]),
    ):
        with pytest.raises(ValueError):
            wrong()


# --- Studies


@BOTH
def test_directions_are_an_enumeration(module: Any) -> None:
    directions = module.study.StudyDirection
    study = module.create_study(directions=[directions.MINIMIZE, "maximize"])
    assert study.directions == [directions.MINIMIZE, directions.MAXIMIZE]
    assert module.create_study(direction=directions.MAXIMIZE).direction is directions.MAXIMIZE
    with pytest.raises(ValueError, match="minimise"):
        module.create_study(direction="minimise")


def test_directions_are_texts_too_and_those_of_optuna_are_taken() -> None:
    study = tune.create_study(directions=["minimize", optuna.study.StudyDirection.MAXIMIZE])
    assert study.directions == ["minimize", "maximize"] and f"{study.directions[0]}" == str(study.directions[0]) == "minimize"
    assert [trial.number for trial in study.get_trials(False, [optuna.trial.TrialState.COMPLETE])] == []


@BOTH
def test_ask_and_tell_as_optuna_spells_them(module: Any) -> None:
    d = module.distributions
    study = module.create_study()
    trial = study.ask(fixed_distributions={"x": d.FloatDistribution(0, 1), "c": d.CategoricalDistribution(["u", "v"])})
    assert trial.params.keys() == {"x", "c"} and 0 <= trial.params["x"] <= 1
    assert study.tell(trial.number, 0.5).value == 0.5
    assert study.tell(trial, 7.0, skip_if_finished=True).value == 0.5
    with pytest.raises(ValueError):
        study.tell(trial, 7.0)
    with pytest.raises(ValueError):
        study.tell(study.ask(), 1.0, state=module.trial.TrialState.FAIL)


def test_ask_takes_distributions_of_optuna() -> None:
    d = optuna.distributions
    given = {"x": d.FloatDistribution(0, 1), "k": d.IntDistribution(1, 8, log=True), "c": d.CategoricalDistribution(["u"])}
    study = tune.create_study()
    trial = study.ask(fixed_distributions=given)  # type: ignore[arg-type]
    assert trial.distributions["k"] == tune.IntDistribution(1, 8, log=True) and trial.params["c"] == "u"
    with pytest.raises(InvalidInputError, match="both given"):
        study.ask({}, fixed_distributions={})


@BOTH
def test_enqueued_values_that_are_there_are_skipped(module: Any) -> None:
    study = module.create_study()
    study.enqueue_trial({"x": 1.5, "kind": "a"})
    study.enqueue_trial({"x": 1.5, "kind": "a"}, skip_if_exists=True)
    assert len(study.trials) == 1
    study.optimize(objective, n_trials=1)
    study.enqueue_trial({"x": 1.5, "kind": "a"}, skip_if_exists=True)
    study.enqueue_trial({"x": 1.5}, skip_if_exists=True)
    study.enqueue_trial({"x": 2.5, "kind": "a"}, user_attrs={"mine": 1}, skip_if_exists=True)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "WAITING", "WAITING"]
    assert study.trials[0].system_attrs["fixed_params"] == {"x": 1.5, "kind": "a"} and study.trials[2].user_attrs == {"mine": 1}


@BOTH
def test_optimize_catches_what_it_is_told_and_callbacks_stop_it(module: Any, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(trial: Any) -> float:
        trial.suggest_float("x", 0, 1)
        raise [ValueError, KeyError, ZeroDivisionError][trial.number % 3]("on purpose")

    study = module.create_study()
    study.optimize(broken, n_trials=2, catch=[ValueError, KeyError])
    study.optimize(broken, n_trials=1, catch=ZeroDivisionError)
    with pytest.raises(ValueError, match="on purpose"):
        study.optimize(broken, n_trials=1)
    assert [trial.state.name for trial in study.trials] == ["FAIL"] * 4
    study.optimize(objective, callbacks=[module.study.MaxTrialsCallback(3)], gc_after_trial=True)
    assert len(study.get_trials(deepcopy=False, states=(module.trial.TrialState.COMPLETE,))) == 3
    study.optimize(objective, n_trials=50, callbacks=[lambda study, trial: study.stop()], show_progress_bar=True)
    assert len(study.trials) == 8


def test_a_progress_line_says_how_far_a_run_is(capsys: pytest.CaptureFixture[str]) -> None:
    study = tune.create_study()
    study.optimize(lambda trial: 2.5, n_trials=3, timeout=60, show_progress_bar=True)
    drawn = capsys.readouterr().err
    assert drawn.endswith("\n") and "3/3 trials" in drawn.split("\r")[-1] and "/60 s, best 2.5 of trial 0" in drawn
    study.optimize(lambda trial: 2.5, n_trials=3)
    assert capsys.readouterr().err == ""


@BOTH
@pytest.mark.parametrize("n_objectives", [1, 2])
def test_frames_have_the_same_columns(module: Any, n_objectives: int) -> None:
    def shapes(study: Any) -> list[Any]:
        frame, pairs = study.trials_dataframe(), study.trials_dataframe(attrs=("number", "params", "value"), multi_index=True)
        assert list(frame["state"]) == [trial.state.name for trial in study.trials]
        return [list(frame.columns), list(pairs.columns), study.metric_names]

    def run(kind: Any) -> list[Any]:
        study = kind.create_study(directions=["minimize"] * n_objectives, sampler=kind.samplers.RandomSampler(seed=0))
        assert study.trials_dataframe().empty
        study.enqueue_trial({"x": 1.0})
        study.optimize(lambda trial: objective(trial) if n_objectives == 1 else two(trial), n_trials=3)
        before = shapes(study)
        study.set_metric_names(["loss", "cost"][:n_objectives])
        with pytest.raises(ValueError):
            study.set_metric_names(["loss"] * 5)
        return [before, shapes(study)]

    assert run(module) == run(optuna)


def test_figures_call_objectives_by_their_names() -> None:
    figures = tune.visualization._figures
    study = tune.create_study(directions=["minimize", "maximize"], sampler=tune.samplers.RandomSampler(seed=0))
    study.optimize(two, n_trials=20)
    for names in (["objective 0", "objective 1"], ["loss", "gain"]):
        front = figures.pareto_front(study, None, True, None)["layout"]
        assert [front[axis]["title"]["text"] for axis in ("xaxis", "yaxis")] == names
        assert [bar["name"] for bar in figures.param_importances(study, None, None, None, "value")["data"]] == names
        study.set_metric_names(["loss", "gain"])


def test_a_frame_says_which_attributes_there_are() -> None:
    study = tune.create_study()
    study.optimize(objective, n_trials=1)
    with pytest.raises(InvalidInputError, match=r"no attribute 'trial_id'\n.*number, state"):
        study.trials_dataframe(attrs=("trial_id",))
    assert list(study.trials_dataframe(attrs=("number", "state")).columns) == ["number", "state"]


def test_trials_of_optuna_are_taken() -> None:
    theirs = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    theirs.optimize(objective, n_trials=4)

    def pruned(trial: Any) -> float:
        trial.set_constraint("c", 1.0)
        trial.report(1.0, 3)
        raise optuna.TrialPruned

    theirs.optimize(pruned, n_trials=1)
    theirs.enqueue_trial({"x": 0.25})
    ours = tune.create_study()
    ours.add_trials(theirs.trials)
    ours.add_trial(theirs.best_trial)
    for mine, other in zip(ours.trials, theirs.trials, strict=False):
        assert (mine.state.name, mine.params, mine.user_attrs) == (other.state.name, other.params, other.user_attrs)
        assert mine.values == other.values and mine.intermediate_values == other.intermediate_values
        assert mine.constraints == other.constraints
        if other.datetime_complete is not None:
            assert abs((mine.datetime_complete - other.datetime_complete).total_seconds()) < 1e-5
    assert ours.best_value == theirs.best_value
    ours.optimize(objective, n_trials=1)
    assert ours.trials[5].params["x"] == 0.25


def test_callbacks_of_optuna_end_trials_early() -> None:
    def stopped(trial: Any) -> float:
        trial.report(1.0, 0)
        raise optuna.TrialPruned

    study = tune.create_study()
    study.optimize(stopped, n_trials=1)
    assert study.trials[0].state is tune.TrialState.PRUNED


@BOTH
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_studies_are_copied_and_pickled(module: Any, kind: str, tmp_path: Path) -> None:
    storage = None if kind == "memory" else f"sqlite:///{tmp_path}/s.db"
    study = module.create_study(study_name="s", storage=storage, direction="maximize", sampler=module.samplers.TPESampler(seed=1))
    study.set_user_attr("about", "it")
    study.set_metric_names(["score"])
    study.optimize(objective, n_trials=12)
    for other in (pickle.loads(pickle.dumps(study)), copy.deepcopy(study)):
        assert [trial.params for trial in other.trials] == [trial.params for trial in study.trials]
        assert other.user_attrs == {"about": "it"} and other.metric_names == ["score"] and other.study_name == "s"
        assert other.direction == study.direction and other.best_value == study.best_value
        other.optimize(objective, n_trials=1)
        assert len(study.trials) == len(other.trials) - (kind == "memory")


def test_a_storage_is_pickled_by_its_address_or_says_why_not(tmp_path: Path) -> None:
    storage = tune.storages.RDBStorage(f"sqlite:///{tmp_path}/s.db", heartbeat_interval=7)
    tune.create_study(study_name="s", storage=storage)
    other = pickle.loads(pickle.dumps(storage))
    assert tune.get_all_study_names(other) == ["s"] and other._native.heartbeat_seconds == 7
    with pytest.raises(InvalidInputError, match="copy_study"):
        pickle.dumps(tune.storages.InMemoryStorage())
    shared = tune.storages.InMemoryStorage()
    study = tune.create_study(storage=shared)
    study.optimize(objective, n_trials=2)
    assert len(copy.deepcopy(study).trials) == 2


@BOTH
def test_studies_of_a_storage_are_told_apart(module: Any, tmp_path: Path) -> None:
    storage = module.storages.JournalStorage(module.storages.journal.JournalFileBackend(f"{tmp_path}/s.log"))
    study = module.create_study(study_name="a", storage=storage)
    study.optimize(objective, n_trials=3)
    with pytest.raises(module.exceptions.DuplicatedStudyError):
        module.create_study(study_name="a", storage=storage)
    for missing in (
        lambda: module.load_study(study_name="b", storage=storage),
        lambda: module.delete_study(study_name="b", storage=storage),
    ):
        with pytest.raises(KeyError):
            missing()
    module.copy_study(from_study_name="a", from_storage=storage, to_storage=storage, to_study_name="b")
    assert module.get_all_study_names(storage) == ["a", "b"]
    summaries = module.get_all_study_summaries(storage)
    assert [summary.n_trials for summary in summaries] == [3, 3]
    assert summaries[1].best_trial.value == study.best_value and summaries[0].direction == study.direction
    module.delete_study(study_name="a", storage=storage)
    assert module.get_all_study_names(storage) == ["b"]
    module.storages.fail_stale_trials(module.load_study(study_name="b", storage=storage)) if module is tune else None


def test_trials_are_told_of_where_it_is_asked_for(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    level = tune.logging.get_verbosity()
    assert level == tune.logging.WARNING
    study = tune.create_study(study_name="told")
    study.optimize(objective, n_trials=1)
    assert caplog.messages == []
    tune.logging.disable_default_handler()
    tune.logging.enable_propagation()
    try:
        tune.logging.set_verbosity(tune.logging.INFO)
        with caplog.at_level(logging.INFO):
            study.optimize(objective, n_trials=2)
            study.tell(study.ask(), state=tune.TrialState.FAIL)
    finally:
        tune.logging.set_verbosity(level)
        tune.logging.disable_propagation()
        tune.logging.enable_default_handler()
    lines = list(dict.fromkeys(caplog.messages))
    assert len(lines) == 3 and "study 'told': trial 1 complete: " in lines[0] and "best" in lines[0]
    assert "trial 3 failed: told so" in lines[2]
    assert tune.logging.get_logger("kolosal.tune").handlers


# --- Samplers and pruners


@BOTH
@pytest.mark.parametrize("name", ["TPESampler", "NSGAIISampler", "NSGAIIISampler", "GPSampler"])
def test_constraints_come_from_a_function_of_the_trial(module: Any, name: str) -> None:
    def broken_below(trial: Any) -> tuple[float, float]:
        return 0.3 - trial.params["x"], trial.user_attrs["y"]

    def loss(trial: Any) -> float:
        x = trial.suggest_float("x", 0, 1)
        trial.set_user_attr("y", -1.0)
        return float(x)

    study = module.create_study(sampler=sampler_of(module, name, constraints_func=broken_below))
    study.optimize(loss, n_trials=12)
    assert study.best_value >= 0.3
    assert study.trials[3].constraints == {"0": 0.3 - study.trials[3].params["x"], "1": -1.0}
    trial = study.ask()
    study.tell(trial, loss(trial))
    assert len(study.trials[-1].constraints) == 2


def test_a_constraint_that_cannot_be_computed_fails_the_trial() -> None:
    study = tune.create_study(sampler=tune.samplers.TPESampler(constraints_func=lambda trial: [1 / 0]))
    with pytest.raises(ZeroDivisionError):
        study.optimize(objective, n_trials=1)
    with pytest.raises(ZeroDivisionError):
        study.tell(study.ask(), state=tune.TrialState.PRUNED)
    assert [trial.failure.split(":")[0] for trial in study.trials] == ["ZeroDivisionError"] * 2


def branching(trial: Any) -> float:
    kind = trial.suggest_categorical("kind", ["float", "int"])
    if kind == "float":
        return float(trial.suggest_float("x", 1, 3, step=0.5))
    a = trial.suggest_int("a", 1, 3)
    return float(a + trial.suggest_int("b", a, 3))


@BOTH
@pytest.mark.parametrize("avoid", [False, True])
def test_brute_force_tries_every_leaf_once(module: Any, avoid: bool) -> None:
    study = module.create_study(sampler=module.samplers.BruteForceSampler(seed=0, avoid_premature_stop=avoid))
    study.optimize(branching)
    tried = [tuple(trial.params.items()) for trial in study.trials]
    floats = {(("kind", "float"), ("x", x)) for x in (1.0, 1.5, 2.0, 2.5, 3.0)}
    assert len(tried) == 11 and set(tried) == floats | {(("kind", "int"), ("a", a), ("b", b)) for a in (1, 2, 3) for b in range(a, 4)}


def test_brute_force_goes_on_from_what_was_tried_and_wants_an_end() -> None:
    def run(seed: int) -> list[Any]:
        study = tune.create_study(sampler=tune.samplers.BruteForceSampler(seed=seed))
        study.enqueue_trial({"kind": "int", "a": 2, "b": 3})
        study.optimize(branching, n_trials=4)
        study.optimize(branching, n_jobs=3)
        return [trial.params for trial in study.trials]

    assert run(0)[0] == {"kind": "int", "a": 2, "b": 3}
    tried = [tuple(params.items()) for params in run(0)]
    assert len(set(tried)) == 11 and run(0)[:5] == run(0)[:5] != run(1)[:5]
    study = tune.create_study(sampler=tune.samplers.BruteForceSampler())
    with pytest.raises(InvalidInputError, match="parameter 'x': a number from 0 to 1 has no end"):
        study.ask().suggest_float("x", 0, 1)


@BOTH
@pytest.mark.parametrize("base", ["TPESampler", "RandomSampler", "CmaEsSampler", "NSGAIISampler"])
def test_some_parameters_are_fixed(module: Any, base: str) -> None:
    sampler = module.samplers.PartialFixedSampler({"k": 7, "kind": None}, sampler_of(module, base))
    study = module.create_study(sampler=sampler)
    study.optimize(objective, n_trials=25)
    assert {(trial.params["k"], trial.params["kind"]) for trial in study.trials} == {(7, None)}
    assert len({trial.params["x"] for trial in study.trials}) == 25


@BOTH
@pytest.mark.parametrize("sampler", ["PartialFixedSampler", "GridSampler"])
def test_a_number_that_a_sampler_is_given_is_taken_with_a_warning_where_it_is_not_allowed(module: Any, sampler: str) -> None:
    made = {
        "PartialFixedSampler": lambda: module.samplers.PartialFixedSampler({"x": 9, "kind": "d"}, module.samplers.TPESampler(seed=0)),
        "GridSampler": lambda: module.samplers.GridSampler({"x": [9], "kind": ["d"]}),
    }[sampler]()
    trial = module.create_study(sampler=made).ask()
    with pytest.warns(UserWarning, match="'x'.* value 9|value `9` .* `x`"):
        assert trial.suggest_float("x", 0, 1) == trial.params["x"] == 9
    with pytest.raises(ValueError, match="'?d'?"):
        trial.suggest_categorical("kind", ["a", "b"])


def test_the_base_of_a_partly_fixed_sampler_is_a_sampler() -> None:
    with pytest.raises(InvalidInputError, match="base_sampler is 'tpe'"):
        tune.samplers.PartialFixedSampler({}, "tpe")  # type: ignore[arg-type]


ABSENT: list[tuple[Any, dict[str, Any], str]] = [
    (tune.samplers.TPESampler, {"gamma": lambda n: 3}, "'gamma': the best tenth"),
    (tune.samplers.TPESampler, {"weights": lambda n: np.ones(n)}, "'weights'"),
    (tune.samplers.TPESampler, {"consider_endpoints": True}, "'consider_endpoints'"),
    (tune.samplers.QMCSampler, {"qmc_type": "halton"}, "'qmc_type': the sequence is Sobol's"),
    (tune.samplers.QMCSampler, {"scramble": False}, "'scramble': the sequence is scrambled"),
    (tune.samplers.CmaEsSampler, {"lr_adapt": True}, "'lr_adapt'"),
    (tune.samplers.NSGAIISampler, {"mutation": object()}, "'mutation': numbers are mutated by polynomials"),
    (tune.samplers.nsgaii.UniformCrossover, {"swapping_prob": 0.1}, "'swapping_prob': it is an argument of the sampler"),
    (tune.samplers.nsgaii.SBXCrossover, {"use_child_gene_prob": 0.9}, "'use_child_gene_prob'"),
    (tune.samplers.GPSampler, {"independent_sampler": tune.samplers.RandomSampler()}, "'independent_sampler'"),
    (tune.storages.RDBStorage, {"url": "sqlite:///nowhere.db", "engine_kwargs": {"pool_size": 3}}, "'engine_kwargs'"),
    (tune.storages.journal.JournalFileBackend, {"file_path": "nowhere.log", "lock_obj": object()}, "'lock_obj'"),
]


@pytest.mark.parametrize(("kind", "given", "words"), ABSENT, ids=lambda part: str(getattr(part, "__name__", part))[:30])
def test_arguments_that_are_not_here_are_refused_by_name(kind: Any, given: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words) as raised:
        kind(**given)
    assert "It takes" in raised.value.remedy


def test_arguments_of_optuna_that_change_nothing_are_taken() -> None:
    s = tune.samplers
    s.TPESampler(gamma=None, weights=None, consider_prior=True, consider_magic_clip=True, warn_independent_sampling=False)
    s.QMCSampler(qmc_type="sobol", scramble=True, warn_asynchronous_seeding=False)
    s.CmaEsSampler(x0=None, restart_strategy=None, inc_popsize=2, source_trials=None, consider_pruned_trials=False)
    s.NSGAIISampler(mutation=None, crossover=None)
    s.nsgaii.UniformCrossover(swapping_prob=0.5)
    with pytest.raises(TypeError, match=r"MedianPruner has no argument 'warmup'\n  It takes n_startup_trials"):
        tune.pruners.MedianPruner(warmup=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="RandomSampler has no argument 'sead'"):
        tune.samplers.RandomSampler(sead=3)  # type: ignore[call-arg]
    with pytest.raises(InvalidInputError, match="seed is 'x'"):
        tune.samplers.RandomSampler(seed="x")  # type: ignore[arg-type]


def test_defaults_are_those_of_the_parameter_tables() -> None:
    p, s = tune.pruners, tune.samplers
    needed: dict[Any, tuple[Any, ...]] = {
        p.PercentilePruner: (25.0,),
        p.PatientPruner: (None, 1),
        p.ThresholdPruner: (0.0,),
        s.GridSampler: ({"x": [1]},),
    }
    checked = 0
    for kind, module, base in (("sampler", s, s.BaseSampler), ("pruner", p, p.BasePruner)):
        for made in vars(module).values():
            if not (isinstance(made, type) and issubclass(made, base) and made._name) or made is s.PartialFixedSampler:
                continue
            name, given = made(*needed.get(made, ()))._native()
            table = {field["name"]: field["default"] for field in json.loads(_kolosal.parameters(f"{kind} {name}"))}
            assert given.keys() == table.keys(), made
            for field, value in given.items():
                if field == "seed" or (made in needed and field in ("percentile", "search_space", "patience", "lower")):
                    continue
                assert value == table[field] or value == pytest.approx(table[field], rel=1e-15), (made, field)
                checked += 1
    assert checked > 50


def test_crossovers_are_those_of_optuna_by_name() -> None:
    ours, theirs = tune.samplers.nsgaii, optuna.samplers.nsgaii
    names = [name for name in dir(theirs) if name.endswith("Crossover") and name != "BaseCrossover"]
    met = set()
    for name in names:
        study = tune.create_study(sampler=tune.samplers.NSGAIISampler(population_size=8, crossover=getattr(ours, name)(), seed=1))
        study.optimize(lambda trial: sum((trial.suggest_float(x, -5, 5) - 1) ** 2 for x in "abc"), n_trials=160)
        met.add(study.best_value)
        assert study.best_value < 2, name
    assert len(names) == 6 and len(met) >= 6  # each makes other children
    with pytest.raises(InvalidInputError, match="NSGAIISampler: crossover is"):
        tune.samplers.NSGAIISampler(crossover=theirs.UniformCrossover())


def test_cma_begins_at_x0_as_optuna_has_it() -> None:
    study = tune.create_study(sampler=tune.samplers.CmaEsSampler({"x": 4.5}, 0.01, seed=1))
    study.optimize(lambda trial: trial.suggest_float("x", -5, 5) ** 2, n_trials=5)
    assert all(abs(trial.params["x"] - 4.5) < 0.6 for trial in study.trials[1:])
    wrong = tune.create_study(sampler=tune.samplers.CmaEsSampler({"x": 9.0}, seed=1))
    with pytest.raises(InvalidInputError, match=r"cmaes.x0: x.*9.*is not allowed"):
        wrong.optimize(lambda trial: trial.suggest_float("x", -5, 5), n_trials=3)


def test_optuna_reads_choices_that_are_ordered(tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path / 'ordered.db'}"
    study = tune.create_study(storage=storage, study_name="sizes", sampler=tune.samplers.TPESampler(seed=0))
    sizes = ["tiny", "small", "middle", "large", "huge"]
    study.optimize(lambda trial: abs(sizes.index(trial.suggest_categorical("size", sizes, ordered=True)) - 3), n_trials=15)
    distribution = study.trials[0].distributions["size"]
    assert distribution == tune.CategoricalDistribution(sizes, ordered=True) != tune.CategoricalDistribution(sizes)
    assert tune.distributions.json_to_distribution(tune.distributions.distribution_to_json(distribution)) == distribution
    read = optuna.load_study(study_name="sizes", storage=storage, sampler=optuna.samplers.RandomSampler(seed=0))
    assert read.trials[0].distributions["size"] == optuna.distributions.CategoricalDistribution(sizes)
    read.optimize(lambda trial: abs(sizes.index(trial.suggest_categorical("size", sizes)) - 3), n_trials=3)
    again = tune.load_study(study_name="sizes", storage=storage, sampler=tune.samplers.TPESampler(seed=0))
    again.optimize(lambda trial: abs(sizes.index(trial.suggest_categorical("size", sizes, ordered=True)) - 3), n_trials=3)
    assert again.trials[0].distributions["size"] == distribution and len(again.trials) == 21
    with pytest.raises(InvalidInputError, match="ordered is 'yes'"):
        tune.CategoricalDistribution(sizes, ordered="yes")  # type: ignore[arg-type]
    space = tune.SearchSpace({"size": tune.CategoricalDistribution(sizes, ordered=True)})
    assert '"ordered":true' in space.to_json().replace(" ", "")
