"""Importances against Optuna 5 on the same histories: PED-ANOVA to 1e-9, fANOVA by its shares."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import optuna
import pytest
from kolosal.tune.importance import FanovaImportanceEvaluator, PedAnovaImportanceEvaluator, get_param_importances

from kolosal import tune

optuna.logging.set_verbosity(optuna.logging.ERROR)
pytestmark = pytest.mark.filterwarnings("ignore")


def theirs_of(study: tune.Study) -> optuna.Study:
    """The same trials as a study of Optuna."""

    def distribution(one: tune.Distribution) -> Any:
        if isinstance(one, tune.CategoricalDistribution):
            return optuna.distributions.CategoricalDistribution(one.choices)
        made = optuna.distributions.FloatDistribution if isinstance(one, tune.FloatDistribution) else optuna.distributions.IntDistribution
        return made(one.low, one.high, log=one.log, step=one.step)

    theirs = optuna.create_study(directions=study.directions)
    for trial in study.trials:
        theirs.add_trial(
            optuna.trial.create_trial(
                state=optuna.trial.TrialState[trial.state.name],
                values=trial.values if trial.state.name == "COMPLETE" else None,
                params=trial.params,
                distributions={name: distribution(one) for name, one in trial.distributions.items()},
                intermediate_values=trial.intermediate_values,
            )
        )
    return theirs


def mixed(trial: tune.Trial) -> float:
    x = trial.suggest_float("x", -3, 3)
    lr = trial.suggest_float("lr", 1e-4, 1, log=True)
    k = trial.suggest_int("k", 1, 9)
    units = trial.suggest_int("units", 1, 700, log=True)
    q = trial.suggest_float("q", 0, 1, step=0.125)
    wide = trial.suggest_int("wide", -1000, 1000, step=7)
    choice = trial.suggest_categorical("c", ["a", "b", None, 4])
    trial.suggest_float("fixed", 2, 2)
    return x * x + abs(math.log10(lr) + 2) + 0.1 * k + (choice == "b") + 1e-3 * units + q * 0.01 + wide * 1e-6


def conditional(trial: tune.Trial) -> float:
    model = trial.suggest_categorical("model", ["tree", "net"])
    width = trial.suggest_float("width", 0, 1 if model == "tree" else 4)
    if model == "tree":
        return trial.suggest_int("depth", 1, 20) / 20 + width
    rate = trial.suggest_float("rate", 1e-5, 1, log=True)
    return abs(math.log10(rate) + 3) / 3 + (trial.suggest_float("decay", 0, 1) if trial.number % 3 == 0 else 0.5) + width / 9


def study_of(objective: Any, sampler: Any, n: int, **options: Any) -> tune.Study:
    study = tune.create_study(sampler=sampler, **options)
    study.optimize(objective, n_trials=n, catch=(tune.TrialPruned,))
    return study


def assert_same(ours: dict[str, float], theirs: dict[str, float]) -> None:
    assert set(ours) == set(theirs)
    for name, value in theirs.items():
        assert ours[name] == pytest.approx(value, rel=1e-9, abs=1e-9), name


@pytest.mark.parametrize("objective", [mixed, conditional])
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
@pytest.mark.parametrize("sampler", [tune.samplers.RandomSampler(3), tune.samplers.TPESampler(seed=3)])
@pytest.mark.parametrize("n", [4, 37, 300])
@pytest.mark.parametrize("options", [{}, {"target_quantile": 0.3, "region_quantile": 0.7}, {"evaluate_on_local": False}])
def test_ped_anova_is_optunas(objective: Any, direction: str, sampler: Any, n: int, options: dict[str, Any]) -> None:
    study = study_of(objective, sampler, n, direction=direction)
    theirs = theirs_of(study)
    for normalize in (True, False):
        assert_same(
            get_param_importances(study, evaluator=PedAnovaImportanceEvaluator(**options), normalize=normalize),
            optuna.importance.get_param_importances(
                theirs, evaluator=optuna.importance.PedAnovaImportanceEvaluator(**options), normalize=normalize
            ),
        )


def test_ped_anova_of_several_objectives_and_of_targets_is_optunas() -> None:
    def two(trial: tune.Trial) -> tuple[float, float]:
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
        return x + y * y, (1 - x) ** 2 - trial.suggest_float("z", -1, 1)

    study = study_of(two, tune.samplers.RandomSampler(1), 150, directions=["minimize", "maximize"])
    theirs = theirs_of(study)
    assert_same(get_param_importances(study), optuna.importance.get_param_importances(theirs))
    for target in (lambda trial: trial.values[1], lambda trial: trial.number % 7):
        assert_same(get_param_importances(study, target=target), optuna.importance.get_param_importances(theirs, target=target))
    assert_same(get_param_importances(study, params=["z"]), optuna.importance.get_param_importances(theirs, params=["z"]))


def test_trials_that_are_not_complete_or_not_finite_count_for_nothing() -> None:
    def fragile(trial: tune.Trial) -> float:
        value = mixed(trial)
        trial.report(value, 0)
        if trial.number % 4 == 1:
            raise tune.TrialPruned
        return math.inf if trial.number % 4 == 2 else value

    study = study_of(fragile, tune.samplers.RandomSampler(5), 120)
    assert_same(get_param_importances(study), optuna.importance.get_param_importances(theirs_of(study)))


def linear(trial: tune.Trial) -> float:
    weights = {"a": 3.0, "b": 2.0, "c": 1.0, "d": 0.0}
    return sum(weight * trial.suggest_float(name, 0, 1) for name, weight in weights.items())


def chosen(trial: tune.Trial) -> float:
    shift = {"none": 0.0, "some": 0.5, "much": 2.0}[trial.suggest_categorical("kind", ["none", "some", "much"])]
    return shift + trial.suggest_int("k", 0, 10) / 10 + 0.2 * trial.suggest_float("x", -1, 1) ** 2


def ishigami(trial: tune.Trial) -> float:
    x, y, z = (trial.suggest_float(name, -math.pi, math.pi) for name in "xyz")
    return math.sin(x) + 7 * math.sin(y) ** 2 + 0.1 * z**4 * math.sin(x)


@pytest.mark.parametrize("objective", [linear, chosen, ishigami])
@pytest.mark.parametrize("seed", [0, 1])
def test_fanova_agrees_with_optunas(objective: Any, seed: int) -> None:
    study = study_of(objective, tune.samplers.RandomSampler(seed), 500)
    ours = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=seed))
    theirs = optuna.importance.get_param_importances(theirs_of(study), evaluator=optuna.importance.FanovaImportanceEvaluator(seed=seed))
    assert ours == pytest.approx(theirs, abs=0.05)
    apart = [name for name in theirs if all(abs(theirs[name] - theirs[other]) > 0.05 for other in theirs if other != name)]
    assert [name for name in ours if name in apart] == [name for name in theirs if name in apart]


def test_fanova_takes_the_parameters_that_all_have_or_that_are_named_as_optuna_does() -> None:
    study = study_of(conditional, tune.samplers.RandomSampler(2), 300)
    theirs, seeded = theirs_of(study), FanovaImportanceEvaluator(seed=0)
    of_them = optuna.importance.FanovaImportanceEvaluator(seed=0)
    ours = get_param_importances(study, evaluator=seeded)
    assert set(ours) == set(optuna.importance.get_param_importances(theirs, evaluator=of_them)) == {"model"}
    named = get_param_importances(study, evaluator=seeded, params=["depth", "width"])
    assert named == pytest.approx(optuna.importance.get_param_importances(theirs, evaluator=of_them, params=["depth", "width"]), abs=0.05)
    assert np.isclose(sum(named.values()), 1)
