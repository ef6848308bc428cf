"""Importances, terminator, figures and report of studies, as Optuna's users ask for them."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna.terminator
import optuna.visualization
import plotly.graph_objects
import pytest
from kolosal.tune.visualization import _figures

from kolosal import InvalidInputError, tune
from kolosal.tune import importance, terminator, visualization

optuna.logging.set_verbosity(optuna.logging.ERROR)


def objective(trial: tune.Trial) -> float:
    x = trial.suggest_float("x", -3, 3)
    rate = trial.suggest_float("rate", 1e-4, 1, log=True)
    kind = trial.suggest_categorical("kind", ["<a>", None, True])
    value = x * x + abs(math.log10(rate) + 2) + (kind is None)
    if trial.number % 3 == 0:
        trial.suggest_int("depth", 1, 8)
    for step in range(3):
        trial.report(value + 2 - step, step)
    if trial.number % 10 == 7:
        raise tune.TrialPruned
    if trial.number % 10 == 9:
        raise ValueError("on <purpose>")
    return math.inf if trial.number == 4 else value


def two(trial: tune.Trial) -> tuple[float, float]:
    x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
    trial.set_constraint("c", 0.1 - x)
    return x + y, (1 - x) ** 2


@pytest.fixture(scope="module")
def study() -> tune.Study:
    made = tune.create_study(study_name="one", sampler=tune.samplers.TPESampler(seed=0))
    made.optimize(objective, n_trials=60, catch=ValueError)
    return made


@pytest.fixture(scope="module")
def several() -> tune.Study:
    made = tune.create_study(study_name="two", directions=["minimize", "maximize"], sampler=tune.samplers.RandomSampler(0))
    made.optimize(two, n_trials=60)
    return made


# --- importances


def test_importances_sum_to_one_and_come_in_order(study: tune.Study) -> None:
    for evaluator in (None, importance.PedAnovaImportanceEvaluator(target_quantile=0.2), importance.FanovaImportanceEvaluator(seed=1)):
        found = importance.get_param_importances(study, evaluator=evaluator)
        assert list(found.values()) == sorted(found.values(), reverse=True) and sum(found.values()) == pytest.approx(1)
        assert ("depth" in found) == (not isinstance(evaluator, importance.FanovaImportanceEvaluator))
    assert importance.get_param_importances(study, params=["x"]) == {"x": 1}
    assert importance.get_param_importances(study, params=[]) == {}
    raw = importance.get_param_importances(study, normalize=False)
    assert sum(raw.values()) != pytest.approx(1)
    by_time = importance.get_param_importances(study, target=lambda trial: trial.duration.total_seconds())
    assert set(by_time) == {"x", "rate", "kind", "depth"}


def test_the_same_seed_gives_the_same_forest(study: tune.Study) -> None:
    def shares(seed: int | None) -> dict[str, float]:
        return importance.get_param_importances(study, evaluator=importance.FanovaImportanceEvaluator(n_trees=8, seed=seed))

    assert shares(1) == shares(1)
    assert shares(1) != shares(2)
    assert shares(None) != shares(None)


def test_an_evaluator_of_ones_own_is_asked(study: tune.Study) -> None:
    class Alphabet(importance.BaseImportanceEvaluator):
        def evaluate(self, study: tune.Study, params: Any = None, *, target: Any = None) -> dict[str, float]:
            return {"a": 3.0, "b": 1.0}

    assert importance.get_param_importances(study, evaluator=Alphabet()) == {"a": 0.75, "b": 0.25}


def test_wrong_questions_say_what_is_wrong(study: tune.Study, several: tune.Study) -> None:
    with pytest.raises(InvalidInputError, match="no complete trial has the parameter 'rat'; did you mean 'rate'"):
        importance.get_param_importances(study, params=["rat"])
    with pytest.raises(InvalidInputError, match="must be a list of names"):
        importance.get_param_importances(study, params="rate")
    with pytest.raises(InvalidInputError, match="fanova takes one objective; the study has 2"):
        importance.get_param_importances(several, evaluator=importance.FanovaImportanceEvaluator())
    with pytest.raises(InvalidInputError, match="target_quantile is 0.50*; it must be below region_quantile"):
        importance.get_param_importances(study, evaluator=importance.PedAnovaImportanceEvaluator(target_quantile=0.5, region_quantile=0.2))


# --- terminator


def with_scores(trial: tune.Trial) -> float:
    value = trial.suggest_float("x", -1, 1) ** 2
    terminator.report_cross_validation_scores(trial, [value - 0.05, value, value + 0.05])
    return value


def test_a_callback_ends_the_study_when_little_is_to_be_gained() -> None:
    study = tune.create_study(sampler=tune.samplers.TPESampler(seed=0))
    study.optimize(with_scores, n_trials=200, callbacks=[terminator.TerminatorCallback()])
    assert 20 <= len(study.trials) < 80
    assert study.best_trial.system_attrs["terminator:cv_scores"] == pytest.approx([study.best_value + d for d in (-0.05, 0, 0.05)])
    stagnant = terminator.Terminator(terminator.BestValueStagnationEvaluator(max_stagnation_trials=5))
    other = tune.create_study(sampler=tune.samplers.RandomSampler(0))
    other.optimize(lambda trial: float(trial.number), n_trials=100, callbacks=[terminator.TerminatorCallback(stagnant)])
    assert len(other.trials) == 20


def test_the_expected_regret_ends_a_study_with_the_median_of_its_first_values() -> None:
    improvement = terminator.EMMREvaluator(seed=0)
    stopper = terminator.Terminator(improvement, terminator.MedianErrorEvaluator(improvement, threshold_ratio=0.02))
    study = tune.create_study(sampler=tune.samplers.GPSampler(seed=0))
    study.optimize(lambda t: t.suggest_float("x", -1, 1) ** 2, n_trials=150, callbacks=[terminator.TerminatorCallback(stopper)])
    assert 30 <= len(study.trials) < 150 and study.best_value < 1e-3


def test_scores_are_kept_where_optuna_looks_for_them(tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path / 'studies.db'}"
    study = tune.create_study(study_name="s", storage=storage, sampler=tune.samplers.RandomSampler(0))
    study.optimize(with_scores, n_trials=5)
    theirs = optuna.load_study(study_name="s", storage=storage)
    with pytest.warns(FutureWarning):
        stopper = optuna.terminator.Terminator(optuna.terminator.BestValueStagnationEvaluator(1), min_n_trials=2)
        scores = optuna.terminator.CrossValidationErrorEvaluator()
    assert isinstance(stopper.should_terminate(theirs), bool)
    ours = terminator.CrossValidationErrorEvaluator()
    error = scores.evaluate(theirs.trials, theirs.direction)
    assert ours.evaluate(study.trials, "minimize") == pytest.approx(error)
    loaded = tune.load_study(study_name="s", storage=storage)
    assert ours.evaluate(loaded.trials, "minimize") == pytest.approx(error)
    copied = tune.create_study()
    copied.add_trials(loaded.trials)
    assert ours.evaluate(copied.trials, "minimize") == pytest.approx(error)


def test_evaluators_of_ones_own_are_asked() -> None:
    seen: list[tuple[int, str]] = []

    class Left(terminator.BaseImprovementEvaluator):
        def evaluate(self, trials: Any, study_direction: str) -> float:
            seen.append((len(trials), study_direction))
            return 10.0 - len(trials)

    study = tune.create_study(direction="maximize", sampler=tune.samplers.RandomSampler(0))
    own = terminator.Terminator(Left(), terminator.StaticErrorEvaluator(4.5), min_n_trials=3)
    study.optimize(with_scores, n_trials=50, callbacks=[terminator.TerminatorCallback(own)])
    assert len(study.trials) == 6 and seen == [(n, "maximize") for n in (3, 4, 5, 6)]


def test_a_terminator_says_what_it_lacks(several: tune.Study) -> None:
    study = tune.create_study(sampler=tune.samplers.RandomSampler(0))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=25)
    with pytest.raises(InvalidInputError, match="has no scores of cross-validation"):
        terminator.Terminator().should_terminate(study)
    with pytest.raises(InvalidInputError, match="2 objectives"):
        terminator.Terminator().should_terminate(several)
    with pytest.raises(InvalidInputError, match="min_n_trials is 0"):
        terminator.Terminator(min_n_trials=0)

    class Own(terminator.BaseImprovementEvaluator):
        def evaluate(self, trials: Any, study_direction: str) -> float:
            return 1.0

    with pytest.raises(InvalidInputError, match="Own is not an evaluator of"):
        terminator.MedianErrorEvaluator(Own())
    with pytest.raises(InvalidInputError, match="there are 1 scores"):
        terminator.report_cross_validation_scores(study.ask(), [1.0])


# --- figures

FIGURES: dict[str, Callable[[tune.Study], Any]] = {
    "plot_optimization_history": lambda s: visualization.plot_optimization_history(s),
    "plot_optimization_history of several": lambda s: visualization.plot_optimization_history([s, s]),
    "plot_optimization_history with spread": lambda s: visualization.plot_optimization_history([s, s], error_bar=True),
    "plot_slice": lambda s: visualization.plot_slice(s),
    "plot_contour": lambda s: visualization.plot_contour(s),
    "plot_contour of two": lambda s: visualization.plot_contour(s, ["rate", "kind"]),
    "plot_rank": lambda s: visualization.plot_rank(s),
    "plot_rank of two": lambda s: visualization.plot_rank(s, ["x", "depth"]),
    "plot_parallel_coordinate": lambda s: visualization.plot_parallel_coordinate(s),
    "plot_parallel_coordinate of some": lambda s: visualization.plot_parallel_coordinate(s, ["rate", "depth"]),
    "plot_slice of two": lambda s: visualization.plot_slice(s, ["x", "depth"]),
    "plot_param_importances": lambda s: visualization.plot_param_importances(s),
    "plot_param_importances of one": lambda s: visualization.plot_param_importances(s, params=["x"]),
    "plot_timeline": lambda s: visualization.plot_timeline(s),
    "plot_timeline of the last": lambda s: visualization.plot_timeline(s, 5),
    "plot_intermediate_values": lambda s: visualization.plot_intermediate_values(s),
    "plot_edf": lambda s: visualization.plot_edf(s),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_one_that_plotly_takes(name: str, study: tune.Study) -> None:
    made = FIGURES[name](study)
    assert isinstance(made, plotly.graph_objects.Figure) and len(made.data) > 0
    text = made.to_json()
    assert "<a>" not in text.replace("\\u003c", "<").split('"categoryarray"')[0] or "hovertemplate" in text
    assert FIGURES[name](tune.create_study()) is not None  # of no trials there is an empty figure


def test_figures_show_what_happened(study: tune.Study) -> None:
    history = _figures.optimization_history(study, None, "value", False)
    points, best = history["data"]
    finished = [t for t in study.trials if t.state is tune.TrialState.COMPLETE and t.value is not None and math.isfinite(t.value)]
    assert points["x"] == [t.number for t in finished] and points["y"] == [t.value for t in finished]
    assert best["y"][-1] == study.best_value and best["y"] == sorted(best["y"], reverse=True)
    curves = _figures.intermediate_values(study)["data"]
    assert len(curves) == 60 and curves[7]["line"]["dash"] == "dot"
    bars = {bar["name"]: len(bar["y"]) for bar in _figures.timeline(study, None)["data"]}
    assert bars == {"complete": 48, "pruned": 6, "failed": 6}
    shares = _figures.param_importances(study, None, None, None, "value")["data"][0]
    assert dict(zip(shares["y"], shares["x"], strict=True)) == importance.get_param_importances(study)
    surface = _figures.contour(study, ["x", "rate"], None, "value")["data"][0]
    known = [z for row in surface["z"] for z in row if z is not None]
    assert min(known) >= min(t.value for t in finished) and max(known) <= max(t.value for t in finished)
    curve = _figures.edf(study, None, "value")["data"][0]
    assert curve["y"][-1] == 1 and curve["x"] == sorted(curve["x"])
    assert json.loads(json.dumps(_figures.contour(study, None, None, "v"), allow_nan=False))["layout"]["xaxis"]["anchor"] == "y"


def test_figures_of_several_objectives(several: tune.Study) -> None:
    front = visualization.plot_pareto_front(several, target_names=["cost", "loss"])
    by_name = {trace.name: len(trace.x) for trace in front.data}
    assert by_name["best"] == len(several.best_trials) and sum(by_name.values()) == 60 and by_name["infeasible"] > 0
    assert len(visualization.plot_pareto_front(several, include_dominated_trials=False).data) == 1
    as_noted = visualization.plot_pareto_front(several, constraints_func=lambda trial: list(trial.constraints.values()))
    assert {trace.name: len(trace.x) for trace in as_noted.data} == by_name
    free = visualization.plot_pareto_front(several, constraints_func=lambda trial: [-1.0])
    theirs = optuna.create_study(directions=["minimize", "maximize"])
    theirs.add_trials([optuna.trial.create_trial(values=trial.values) for trial in several.trials])
    assert {trace.name: len(trace.x) for trace in free.data} == {
        "dominated": 60 - len(theirs.best_trials),
        "best": len(theirs.best_trials),
    }
    deep = visualization.plot_pareto_front(several, targets=lambda trial: [*trial.values, trial.params["x"]])
    assert deep.data[0].type == "scatter3d"
    assert len(visualization.plot_param_importances(several).data) == 2
    volume = visualization.plot_hypervolume_history(several, [3, -1])
    theirs = optuna.create_study(directions=["minimize", "maximize"])
    for trial in several.trials:
        theirs.add_trial(optuna.create_trial(values=trial.values, system_attrs={"constraints": list(trial.constraints.values())}))
    expected = optuna.visualization.plot_hypervolume_history(theirs, [3, -1])
    assert list(volume.data[0].y)[-1] == pytest.approx(list(expected.data[0].y)[-1])
    assert visualization.plot_slice(several, target=lambda trial: trial.values[1]).data[0].y is not None
    with pytest.raises(InvalidInputError, match="has 2 objectives; target must say what to draw"):
        visualization.plot_slice(several)


def test_the_terminators_figure_falls_to_its_error() -> None:
    study = tune.create_study(sampler=tune.samplers.RandomSampler(0))
    study.optimize(with_scores, n_trials=24)
    made = visualization.plot_terminator_improvement(study, plot_error=True)
    assert [len(trace.y) for trace in made.data] == [5, 5] and made.data[0].y[-1] > 0


def test_without_plotly_the_error_says_what_to_do(study: tune.Study, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(visualization.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "plotly", None)
    assert not visualization.is_available()
    with pytest.raises(ImportError, match=r"pip install \"kolosal\[plotly\]\""):
        visualization.plot_slice(study)
    visualization.write_report(study, tmp_path / "report.html")
    assert (tmp_path / "report.html").stat().st_size > 10_000


def test_a_report_that_cannot_be_written_says_so(study: tune.Study, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"):
        study.report(tmp_path / "missing" / "report.html")
