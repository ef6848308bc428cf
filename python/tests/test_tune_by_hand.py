"""Studies that programs of Optuna change, or give values by hand: the same programs run with both."""

from __future__ import annotations

import math
import warnings
from typing import Any

import optuna
import pytest

from kolosal import tune

BOTH = pytest.mark.parametrize("module", [tune, optuna], ids=["kolosal", "optuna"])
pytestmark = [pytest.mark.usefixtures("quiet_optuna"), pytest.mark.filterwarnings("ignore::FutureWarning")]


def objective(trial: Any) -> float:
    x = trial.suggest_float("x", -5, 5)
    kind = trial.suggest_categorical("kind", ["a", None, 2])
    k = trial.suggest_int("k", 1, 9, step=2)
    trial.set_user_attr("twice", 2 * x)
    return float(x**2 + k + (kind is None))


def two(trial: Any) -> tuple[float, float]:
    x = trial.suggest_float("x", -5, 5)
    return float(x**2), float(x)


@BOTH
def test_enqueued_numbers_that_are_not_allowed_are_taken_with_a_warning(module: Any) -> None:
    study = module.create_study(sampler=module.samplers.TPESampler(seed=0))
    study.enqueue_trial({"x": 50.0, "k": 4, "kind": "a"})  # k is off its steps
    with pytest.warns(UserWarning) as caught:
        study.optimize(objective, n_trials=1)
    assert study.trials[0].params == {"x": 50.0, "k": 4, "kind": "a"} and study.trials[0].value == 2504.0
    said = [str(one.message) for one in caught]
    assert len(said) == 2 and all("x" in text or "k" in text for text in said) and "50" in said[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        study.optimize(objective, n_trials=15)
    assert all(-5 <= trial.params["x"] <= 5 for trial in study.trials[1:])
    for bad in ({"kind": "b"}, {"x": math.nan}, {"x": "fast"}):
        study.enqueue_trial(bad)
        with pytest.raises(ValueError):
            study.optimize(objective, n_trials=1)
    assert [trial.state.name for trial in study.trials[-3:]] == ["FAIL"] * 3


@BOTH
def test_a_parameter_stays_what_it_is_in_a_trial(module: Any) -> None:
    trial = module.create_study().ask()
    x = trial.suggest_float("x", 5, 6)
    with pytest.warns((UserWarning, RuntimeWarning), match="x"):
        assert trial.suggest_float("x", 0, 1) == x
    with pytest.raises(ValueError):
        trial.suggest_int("x", 0, 9)


def test_the_warning_of_an_enqueued_value_names_what_is_allowed() -> None:
    study = tune.create_study()
    study.enqueue_trial({"k": 2.5})
    with pytest.warns(UserWarning, match=r"trial 0: parameter 'k': the enqueued value 2\.5 is taken as 2, .* not an integer from 0 to 9"):
        assert study.ask({"k": tune.distributions.IntDistribution(0, 9)}).params == {"k": 2}


@BOTH
def test_a_study_may_have_another_sampler_and_pruner(module: Any) -> None:
    study = module.create_study(sampler=module.samplers.RandomSampler(seed=0), pruner=module.pruners.NopPruner())
    study.optimize(objective, n_trials=12)
    study.sampler = module.samplers.PartialFixedSampler({"k": 3}, module.samplers.TPESampler(seed=1))
    study.optimize(objective, n_trials=12)
    assert {trial.params["k"] for trial in study.trials[12:]} == {3}
    study.pruner = module.pruners.ThresholdPruner(upper=1.0)
    trial = study.ask()
    trial.report(2.0, 1)
    assert trial.should_prune()
    assert isinstance(study.pruner, module.pruners.ThresholdPruner) and isinstance(study.sampler, module.samplers.PartialFixedSampler)


@BOTH
@pytest.mark.parametrize("values", [None, [1, 2], math.nan, [], "x"])
def test_values_that_a_complete_trial_cannot_have_are_refused_and_it_runs_on(module: Any, values: Any) -> None:
    study = module.create_study()
    trial = study.ask()
    with pytest.raises(ValueError):
        study.tell(trial, values, state=module.trial.TrialState.COMPLETE)
    study.tell(trial, 3, state=module.trial.TrialState.COMPLETE)
    assert study.best_value == 3


@BOTH
def test_trials_of_which_one_runs_are_added_to_another_study(module: Any) -> None:
    study = module.create_study()
    study.optimize(objective, n_trials=2)
    study.ask().suggest_float("x", -5, 5)
    other = module.create_study()
    other.add_trials(study.trials)
    assert [trial.params for trial in other.trials] == [trial.params for trial in study.trials]
    if module is tune:
        assert other.trials[2].state is tune.TrialState.FAIL
    other.optimize(objective, n_trials=1)
    assert len(other.trials) == 4


@BOTH
def test_what_needs_one_objective_raises_runtime_errors(module: Any) -> None:
    study = module.create_study(directions=["minimize", "maximize"], sampler=module.samplers.RandomSampler(seed=0))
    study.optimize(two, n_trials=1)
    trial = study.trials[0]
    for place, name in [(study, "best_trial"), (study, "best_value"), (study, "best_params"), (study, "direction"), (trial, "value")]:
        with pytest.raises(RuntimeError):
            getattr(place, name)


@BOTH
def test_constraints_are_in_the_system_attributes_too(module: Any) -> None:
    sampler = module.samplers.TPESampler(seed=0, constraints_func=lambda trial: [trial.user_attrs["twice"], -1])
    study = module.create_study(sampler=sampler)
    study.optimize(objective, n_trials=2)
    for trial in study.trials:
        assert list(trial.system_attrs["constraints"]) == [trial.user_attrs["twice"], -1] == list(trial.constraints.values())


@BOTH
def test_a_grid_says_when_it_is_exhausted(module: Any) -> None:
    sampler = module.samplers.GridSampler({"x": [1.0, 2.0]}, seed=0)
    study = module.create_study(sampler=sampler)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 5), n_trials=1)
    assert not sampler.is_exhausted(study)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 5), n_trials=9)
    assert sampler.is_exhausted(study) and len(study.trials) == 2
