"""Values that parameters, attributes and reports may have, and what is said of those they may not."""

from __future__ import annotations

import json
import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

from kolosal import InvalidInputError, tune

optuna.logging.set_verbosity(optuna.logging.ERROR)


def objective(trial: Any) -> float:
    return float(trial.suggest_float("x", -5, 5) ** 2)


@pytest.mark.parametrize(
    ("suggest", "words"),
    [
        (lambda t: t.suggest_int("k", 1.5, 3), r"parameter 'k': low is 1\.5 \(float\); it must be a whole number"),
        (lambda t: t.suggest_int("k", 1, "3"), r"parameter 'k': high is '3' \(str\)"),
        (lambda t: t.suggest_int("k", None, 3), r"parameter 'k': low is None"),
        (lambda t: t.suggest_int("k", 1, 2**70), "parameter 'k': high is 1180591620717411303424"),
        (lambda t: t.suggest_float("x", "0", 1), r"parameter 'x': low is '0' \(str\); it must be a number"),
        (lambda t: t.suggest_float("x", 0, [1]), r"parameter 'x': high is \[1\]"),
        (lambda t: t.suggest_float("x", 0, 1, step="a"), "parameter 'x': step is 'a'"),
        (lambda t: t.suggest_float(3, 0, 1), r"the name of a parameter is 3 \(int\); it must be a text"),
        (lambda t: t.suggest_categorical("c", "abc"), "parameter 'c': choices is 'abc'"),
        (lambda t: t.suggest_categorical("c", 3), "parameter 'c': choices is 3"),
        (lambda t: t.suggest_categorical("c", [object()]), "parameter 'c': <object object .* is not allowed"),
        (lambda t: t.report("a", 1), "trial 0: the reported value is 'a'"),
        (lambda t: t.report(1.0, 1.5), r"trial 0: the step of a report is 1\.5"),
        (lambda t: t.set_constraint("c", None), "trial 0: constraint 'c' is None"),
        (lambda t: t.set_user_attr(3, 1), "trial 0: the name of a user attribute is 3"),
        (lambda t: t.set_user_attr("a", object()), "trial 0: user attribute 'a': a value of type object is nothing that JSON can hold"),
        (lambda t: t.study.tell("x", 1.0), "tell: the number of the trial is 'x'"),
        (lambda t: t.study.set_user_attr("a", {1j}), "user attribute 'a': a value of type set"),
        (lambda t: t.study.optimize(objective, 1, catch=[3]), "optimize: catch holds 3"),
        (lambda t: t.study.ask({"x": 3}), "search space: parameter 'x' is 3"),
        (lambda t: tune.create_study(storage=3), "storage is 3"),
        (lambda t: tune.IntDistribution(1.5, 3), r"IntDistribution: low is 1\.5"),
        (lambda t: tune.FloatDistribution("a", 3), "FloatDistribution: 'low' must be a number"),
    ],
)
def test_wrong_types_are_named(suggest: Any, words: str) -> None:
    trial = tune.create_study().ask()
    with pytest.raises(InvalidInputError, match=words):
        suggest(trial)


def test_numbers_of_numpy_are_numbers() -> None:
    study = tune.create_study()
    trial = study.ask()
    assert isinstance(trial.suggest_int("k", np.int32(1), 9.0, step=np.int64(2)), int)
    assert 0 <= trial.suggest_float("x", np.float32(0), np.int8(1), step=np.float64(0.25)) <= 1
    assert trial.suggest_categorical("c", np.array([3, 4])) in (3, 4)
    assert trial.suggest_categorical("b", [np.bool_(True)]) == np.bool_(True)
    trial.report(np.float32(0.5), np.int64(3))
    trial.set_constraint("c", np.float32(-1))
    trial.set_user_attr("attr", {"a": np.float32(0.5), "b": np.arange(3), "c": [np.int64(4), np.bool_(False)]})
    study.enqueue_trial({"x": np.float32(0.5), "k": np.int64(3)}, user_attrs={"n": np.int64(1)})
    study.tell(trial, np.float32(2))
    assert study.trials[0].user_attrs == {"attr": {"a": 0.5, "b": [0, 1, 2], "c": [4, False]}}
    assert study.trials[0].params["b"] is True and study.trials[0].values == [2.0]
    assert study.trials[1].system_attrs["fixed_params"] == {"x": 0.5, "k": 3}


CHOICES = [math.nan, None, "NaN", 1, [64, 32], "-Infinity", math.inf, {"a": [1, None]}]


def pick(trial: Any) -> float:
    value = trial.suggest_categorical("c", CHOICES)
    trial.set_user_attr("picked", [value, -math.inf, "Infinity", {"x": math.nan}])
    return float(trial.number)


def same(a: Any, b: Any) -> bool:
    return json.dumps(a) == json.dumps(b)


@pytest.mark.parametrize("kind", ["memory", "sqlite", "journal"])
def test_nan_and_lists_are_values_that_last(kind: str, tmp_path: Path) -> None:
    url = None if kind == "memory" else f"{kind}:///{tmp_path}/s"
    study = tune.create_study(study_name="s", storage=url, sampler=tune.samplers.GridSampler({"c": CHOICES}))
    study.set_user_attr("nan", math.nan)
    study.optimize(pick)
    assert len(study.trials) == len(CHOICES)
    copies = [study, tune.study_from_json(study.to_json(), study_name="copy"), pickle.loads(pickle.dumps(study))]
    if url is not None:
        copies.append(tune.load_study(study_name="s", storage=url))
        file = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(f"{tmp_path}/s"))
        copies.append(optuna.load_study(study_name="s", storage=url if kind == "sqlite" else file))
    for read in copies:
        values = [trial.params["c"] for trial in read.trials]
        assert all(any(same(choice, value) for value in values) for choice in CHOICES)
        assert all(same(trial.user_attrs["picked"], [trial.params["c"], -math.inf, "Infinity", {"x": math.nan}]) for trial in read.trials)
        assert math.isnan(read.user_attrs["nan"]) and same(list(read.trials[0].distributions["c"].choices), CHOICES)


def test_a_choice_is_the_object_that_was_given() -> None:
    layers = (64, 64)
    study = tune.create_study()
    trial = study.ask()
    assert trial.suggest_categorical("layers", [layers]) is layers and trial.params == {"layers": [64, 64]}
    study.tell(trial, 1.0)
    for _ in range(15):
        study.tell(again := study.ask(), float(again.suggest_int("k", 0, 3)) + sum(again.suggest_categorical("layers", [layers])))
    assert study.best_params["layers"] == [64, 64]
    assert tune.importance.get_param_importances(study) == {"k": 1.0, "layers": 0.0}
    tune.visualization._figures.slices(study, None, None, "value")


@pytest.mark.parametrize("kind", ["sqlite", "journal"])
def test_a_parameter_that_cannot_be_held_is_left_out_with_the_reason(kind: str, tmp_path: Path) -> None:
    def large(trial: Any) -> float:
        trial.suggest_int("big", 0, 2**60)
        trial.suggest_int("bigger", 0, 2**64)
        return float(trial.suggest_float("x", 0, 1))

    file = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(f"{tmp_path}/s"))
    theirs = optuna.create_study(study_name="s", storage=file if kind == "journal" else f"sqlite:///{tmp_path}/s")
    theirs.optimize(large, n_trials=3)
    with pytest.warns(UserWarning, match="study 's': parameter 'big(ger)?' is left out of its trials, since") as told:
        ours = tune.load_study(study_name="s", storage=f"{kind}:///{tmp_path}/s")
    assert len(told) == 2 and "2^53" in str(told[0].message)
    assert [trial.params for trial in ours.trials] == [{"x": trial.params["x"]} for trial in theirs.trials]
    ours.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    with pytest.raises(InvalidInputError, match=r"'big'(.|\n)*suggest it under another name"):
        ours.optimize(lambda trial: float(trial.suggest_int("big", 0, 9)), n_trials=1)
    assert ours.trials[-1].state is tune.TrialState.FAIL and len(ours.trials) == 7
