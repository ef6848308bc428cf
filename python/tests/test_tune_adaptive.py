"""AdaptiveHPO, warm starts, coroutines as objectives, and cheap starts."""

import asyncio
import math
import statistics
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from kolosal import InvalidInputError, tune
from kolosal.tune.samplers import CostFrugalSampler, RandomSampler, TPESampler

SPACE = {"x": (-5.0, 5.0), "k": (1, 64, "log"), "kind": ["a", {"b": 1}]}


def score(params: dict[str, Any]) -> float:
    return -((params["x"] - 2) ** 2) - abs(params["k"] - 9) / 10 - (0 if params["kind"] == {"b": 1} else 1)


def test_adaptive_hpo_finds_the_best_and_tells_how() -> None:
    hpo = tune.AdaptiveHPO(n_trials=60, early_stopping_patience=None, random_state=0)
    found = hpo.optimize(score, SPACE)
    assert found.best_score > -0.2 and found.best_params["kind"] == {"b": 1}
    assert found.best_score == score(found.best_params)
    assert found.total_trials == 60 and found.convergence_iteration is None
    assert found.study.trials[found.best_trial_number].value == found.best_score
    again = hpo.optimize(lambda params: -score(params), SPACE, direction="minimize")
    assert again.best_params == found.best_params
    assert hpo.get_optimization_history() == [found, again]


def test_adaptive_hpo_ends_where_nothing_is_better_and_prunes_what_reports() -> None:
    hpo = tune.AdaptiveHPO(n_trials=500, early_stopping_patience=15, optimization_strategy="random", random_state=1)
    found = hpo.optimize(score, SPACE)
    assert found.total_trials == found.best_trial_number + 16
    assert found.convergence_iteration == found.best_trial_number

    def slow(params: dict[str, Any], trial: tune.Trial) -> float:
        for step in range(4):
            trial.report(score(params), step)
            if trial.should_prune():
                raise tune.TrialPruned
        return score(params)

    pruning = tune.AdaptiveHPO(n_trials=40, pruner=tune.pruners.MedianPruner(), optimization_strategy="random", random_state=1)
    states = [trial.state for trial in pruning.optimize(slow, SPACE).study.trials]
    assert states.count(tune.TrialState.PRUNED) > 8


def test_adaptive_hpo_goes_on_with_a_stored_study_and_starts_where_it_is_told(tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/s.db"
    hpo = tune.AdaptiveHPO(n_trials=5, storage=storage, early_stopping_patience=None, random_state=0)
    first = hpo.optimize(lambda params: -params["x"], {"x": (0.0, 9.0)}, study_name="s", warm_start_trials=[{"x": 3.5}])
    second = hpo.optimize(lambda params: -params["x"], {"x": (0.0, 9.0)}, study_name="s")
    assert first.study.trials[0].params == {"x": 3.5}
    assert (first.total_trials, second.total_trials, len(second.study.trials)) == (5, 5, 10)
    third = tune.AdaptiveHPO(n_trials=6, random_state=5).optimize(
        lambda params: -((params["x"] - 0.1) ** 2), {"x": (0.0, 9.0)}, warm_start_from=second.study
    )
    best_first = sorted(second.study.trials, key=lambda trial: trial.params["x"])
    assert [trial.params for trial in third.study.trials[:5]] == [trial.params for trial in best_first[:5]]
    with pytest.raises(InvalidInputError, match="early_stopping_patience is 0"):
        tune.AdaptiveHPO(early_stopping_patience=0)
    with pytest.raises(InvalidInputError, match="optimization_strategy is 'best'"):
        tune.AdaptiveHPO(optimization_strategy="best").optimize(score, SPACE)


def test_a_warm_start_takes_the_best_feasible_and_the_pareto_front() -> None:
    source = tune.create_study(direction="maximize", sampler=RandomSampler(0))

    def cost(trial: tune.Trial) -> float:
        x = trial.suggest_int("x", 0, 9)
        trial.set_constraint("c", x - 5)
        return float(x)

    source.optimize(cost, n_trials=60)
    study = tune.create_study()
    assert tune.warm_start(study, source, n_trials=3) == 3
    assert [study.ask().suggest_int("x", 0, 20) for _ in range(3)] == [5, 4, 3]
    several = tune.create_study(directions=["minimize"] * 2, sampler=RandomSampler(0))
    several.optimize(lambda trial: (trial.suggest_int("x", 0, 3), 3 - trial.suggest_int("x", 0, 3)), n_trials=40)
    assert tune.warm_start(tune.create_study(), several, n_trials=9) == 4
    assert tune.warm_start(tune.create_study(), tune.create_study()) == 0
    with pytest.raises(InvalidInputError, match="n_trials is 0"):
        tune.warm_start(study, source, n_trials=0)


def test_a_warm_started_study_needs_fewer_trials() -> None:
    def loss(trial: tune.Trial, at: float) -> float:
        return float(sum((trial.suggest_float(f"x{i}", -5, 5) - at) ** 2 for i in range(4)))

    cold, warm = [], []
    for seed in range(5):
        source = tune.create_study(sampler=TPESampler(seed=seed))
        source.optimize(lambda trial: loss(trial, 2.0), n_trials=60)
        for starts, found in ((False, cold), (True, warm)):
            study = tune.create_study(sampler=TPESampler(seed=seed))
            if starts:
                tune.warm_start(study, source)
            study.optimize(lambda trial: loss(trial, 2.3), n_trials=25)
            found.append(study.best_value)
    assert statistics.median(warm) < 0.5 * statistics.median(cold)


def test_tpe_expects_good_trials_where_an_earlier_study_had_them() -> None:
    def loss(trial: tune.Trial, at: float) -> float:
        apart = sum((trial.suggest_float(f"x{i}", -5, 5) - at) ** 2 for i in range(5))
        return float(apart) + 3 * (trial.suggest_categorical("kind", ["a", "b", "c"]) != "b")

    plain, informed = [], []
    for seed in range(7):
        source = tune.create_study(sampler=TPESampler(seed=seed))
        source.optimize(lambda trial: loss(trial, 2.0), n_trials=100)
        best = tune.best_parameters(source)
        assert len(best) == 10 and best[0] == source.best_params
        for earlier, found in ((), plain), (best, informed):
            study = tune.create_study(sampler=TPESampler(seed=seed + 100, earlier_best=earlier))
            study.optimize(lambda trial: loss(trial, 2.5), n_trials=40)
            found.append(study.best_value)
    assert statistics.median(informed) < 0.6 * statistics.median(plain)
    others = tune.create_study(sampler=TPESampler(seed=0, earlier_best=[{"y": 1}, {"x0": 99.0, "kind": "z"}]))  # of other spaces
    same = tune.create_study(sampler=TPESampler(seed=0))
    for study in (others, same):
        study.optimize(lambda trial: loss(trial, 0.0), n_trials=20)
    assert [trial.params for trial in others.trials] == [trial.params for trial in same.trials]
    with pytest.raises(InvalidInputError, match="earlier_weight is 0"):
        tune.create_study(sampler=TPESampler(earlier_best=[{"x": 1}], earlier_weight=0))


def test_a_gaussian_process_learns_from_earlier_studies_by_rank() -> None:
    def loss(trial: tune.Trial, at: float) -> float:
        return float(sum((trial.suggest_float(f"x{i}", -5, 5) - at) ** 2 for i in range(4)))

    plain, informed = [], []
    for seed in range(5):
        source = tune.create_study(sampler=TPESampler(seed=seed), direction="maximize")
        source.optimize(lambda trial: 1e6 - 1e3 * loss(trial, 2.0), n_trials=60)
        given = tune.earlier_trials(source)
        assert len(given) == 1 and len(given[0]) == 60
        assert given[0][0] == {"parameters": source.best_params, "loss": -source.best_value}
        for earlier, found in (((), plain), (given, informed)):
            study = tune.create_study(sampler=tune.samplers.GPSampler(seed=seed, earlier_trials=earlier))
            study.optimize(lambda trial: loss(trial, 2.3), n_trials=8)
            found.append(study.best_value)
    assert statistics.median(informed) < 0.3 * statistics.median(plain)
    several = tune.create_study(directions=["minimize", "minimize"])
    with pytest.raises(InvalidInputError, match="several objectives"):
        tune.earlier_trials(several)
    with pytest.raises(InvalidInputError, match="gp.earlier_trials: a trial that is no such object"):
        tune.create_study(sampler=tune.samplers.GPSampler(earlier_trials=[[{"x": 1}]]))


def test_coroutines_run_at_the_same_time_and_all_trials_are_told() -> None:
    inside, most = 0, 0

    async def loss(trial: tune.Trial) -> float:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.001)
        inside -= 1
        if trial.number == 4:
            raise tune.TrialPruned
        return trial.suggest_float("x", -1, 1) ** 2

    def plain(trial: tune.Trial) -> float:
        if trial.number == 4:
            raise tune.TrialPruned
        return trial.suggest_float("x", -1, 1) ** 2

    seen = []
    study = tune.create_study(sampler=TPESampler(seed=0))
    asyncio.run(study.optimize_async(loss, n_trials=20, n_jobs=4, callbacks=[lambda _, trial: seen.append(trial.number)]))
    assert most == 4 and sorted(seen) == list(range(20))
    states = [trial.state for trial in study.trials]
    assert states.count(tune.TrialState.COMPLETE) == 19 and states[4] is tune.TrialState.PRUNED
    one, other = tune.create_study(sampler=TPESampler(seed=3)), tune.create_study(sampler=TPESampler(seed=3))
    asyncio.run(one.optimize_async(loss, n_trials=15))
    other.optimize(plain, n_trials=15)
    assert [trial.params for trial in one.trials] == [trial.params for trial in other.trials]


def test_objectives_may_give_futures_or_values() -> None:
    with ThreadPoolExecutor(2) as pool:
        study = tune.create_study(sampler=RandomSampler(0))

        def submitted(trial: tune.Trial) -> "Future[float]":
            x = trial.suggest_float("x", 0, 1)
            return pool.submit(lambda: x)

        asyncio.run(study.optimize_async(submitted, n_trials=6, n_jobs=2))
        asyncio.run(study.optimize_async(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2))
    assert [trial.value for trial in study.trials] == [trial.params["x"] for trial in study.trials]
    assert len(study.trials) == 8


def test_a_cancelled_run_leaves_no_trial_running_and_the_study_usable() -> None:
    async def endless(trial: tune.Trial) -> float:
        trial.suggest_float("x", 0, 1)
        await asyncio.sleep(3600)
        return 0.0

    async def cancelled(study: tune.Study) -> None:
        task = asyncio.create_task(study.optimize_async(endless, n_jobs=3))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    study = tune.create_study(sampler=RandomSampler(0))
    asyncio.run(cancelled(study))
    assert [trial.state for trial in study.trials] == [tune.TrialState.FAIL] * 3
    assert "CancelledError" in study.trials[0].failure
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    assert len(study.trials) == 4


def test_what_an_objective_raises_ends_the_run_after_the_other_trials() -> None:
    raised = False

    async def loss(trial: tune.Trial) -> float:
        nonlocal raised
        if trial.number == 1:
            await asyncio.sleep(0)  # the others begin
            raised = True
            raise KeyError("gone")
        while not raised:
            await asyncio.sleep(0)
        return 1.0

    study = tune.create_study(sampler=RandomSampler(0))
    with pytest.raises(KeyError, match="gone"):
        asyncio.run(study.optimize_async(loss, n_trials=50, n_jobs=3))
    assert [trial.state.value for trial in study.trials] == ["complete", "failed", "complete"]
    caught, raised = tune.create_study(sampler=RandomSampler(0)), False
    asyncio.run(caught.optimize_async(loss, n_trials=5, n_jobs=2, catch=KeyError))
    assert [trial.state.value for trial in caught.trials].count("complete") == 4
    for given, named in (({"n_trials": -1}, "n_trials"), ({"n_jobs": 0}, "n_jobs")):
        with pytest.raises(InvalidInputError, match=named):
            asyncio.run(study.optimize_async(loss, **given))
    asyncio.run(study.optimize_async(loss, timeout=0))
    assert len(study.trials) == 3


def test_a_cost_frugal_search_grows_few_trees_on_the_way_to_a_better_loss() -> None:
    def run(sampler: Any) -> tuple[float, int]:
        study = tune.create_study(sampler=sampler)
        n_trees = 0

        def loss(trial: tune.Trial) -> float:
            nonlocal n_trees
            trees, rate = trial.suggest_int("trees", 4, 2000, log=True), trial.suggest_float("rate", 1e-3, 1, log=True)
            leaves = trial.suggest_int("leaves", 2, 256, log=True)
            n_trees += trees
            return (math.log10(rate) + 1) ** 2 + 0.05 * math.log2(leaves / 16) ** 2 + 0.2 / math.sqrt(trees)

        study.optimize(loss, n_trials=50)
        return study.best_value, n_trees

    ours = [run(CostFrugalSampler({"trees": 4}, seed=seed)) for seed in range(7)]
    by_chance = [run(RandomSampler(seed=seed)) for seed in range(7)]
    assert statistics.median(loss for loss, _ in ours) < statistics.median(loss for loss, _ in by_chance)
    assert statistics.median(trees for _, trees in ours) < 0.3 * statistics.median(trees for _, trees in by_chance)
    with pytest.raises(InvalidInputError, match=r"cfo\.low_cost: trees"):
        run(CostFrugalSampler({"trees": 3}))
