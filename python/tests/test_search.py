"""HyperOptX and ASHT beside scikit-learn's searches."""

import contextlib
import pickle
import time
import warnings

import numpy as np
import pytest
from scipy import stats
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, make_regression
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import check_estimator

from kolosal import KolosalError, _shared_work, tune
from kolosal.models import GradientBoostingClassifier
from kolosal.tune import _adaptive, _folds

X, y = load_breast_cancer(return_X_y=True)


def test_scores_and_the_best_are_those_of_scikit_learn():
    depths = [1, 2, 3, 5]
    theirs = GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": depths}, cv=4, scoring="roc_auc").fit(X, y)
    grid = tune.samplers.GridSampler({"max_depth": depths})
    ours = tune.HyperOptX(
        DecisionTreeClassifier(random_state=0), {"max_depth": depths}, cv=4, scoring="roc_auc", optimization_strategy=grid
    ).fit(X, y)
    assert sorted(ours.cv_results_["param_max_depth"]) == depths
    order = np.argsort(list(ours.cv_results_["param_max_depth"]))
    for name in ("mean_test_score", "std_test_score", "split0_test_score", "split3_test_score", "rank_test_score"):
        np.testing.assert_allclose(ours.cv_results_[name][order], theirs.cv_results_[name], rtol=1e-12)
    assert ours.best_params_ == theirs.best_params_
    assert ours.best_score_ == pytest.approx(theirs.best_score_, rel=1e-12)
    np.testing.assert_array_equal(ours.predict_proba(X), theirs.predict_proba(X))
    assert ours.score(X, y) == theirs.score(X, y)
    np.testing.assert_array_equal(ours.classes_, [0, 1])


def test_every_spelling_of_a_parameter_stays_within_its_range():
    space = {
        "max_depth": (1, 6),
        "ccp_alpha": (1e-6, 1e-2, "log"),
        "criterion": ["gini", "entropy"],
        "class_weight": [None, {0: 2.0, 1: 1.0}],
        "min_samples_leaf": tune.IntDistribution(1, 9, step=2),
        "min_samples_split": stats.randint(2, 20),
        "max_features": stats.uniform(0.5, 0.5),
    }
    search = tune.HyperOptX(DecisionTreeClassifier(random_state=0), space, max_iter=30, cv=2, random_state=0).fit(X, y)
    for params in search.cv_results_["params"]:
        assert 1 <= params["max_depth"] <= 6 and isinstance(params["max_depth"], int)
        assert 1e-6 <= params["ccp_alpha"] <= 1e-2
        assert params["class_weight"] in (None, {0: 2.0, 1: 1.0})
        assert params["min_samples_leaf"] in (1, 3, 5, 7, 9)
        assert params["min_samples_split"] in range(2, 20)
        assert 0.5 <= params["max_features"] <= 1
    assert any(params["class_weight"] for params in search.cv_results_["params"])
    assert len({params["min_samples_split"] for params in search.cv_results_["params"]}) > 5


def test_dependent_parameters_are_absent_where_they_do_not_apply():
    space = tune.SearchSpace(
        {
            "splitter": {"type": "categorical", "choices": ["best", "random"]},
            "max_depth": {"type": "int", "low": 1, "high": 4, "when": {"parameter": "splitter", "equals": "random"}},
        }
    )
    results = tune.HyperOptX(DecisionTreeClassifier(), space, max_iter=20, cv=2, random_state=1).fit(X, y).cv_results_
    assert [bool(gone) for gone in np.ma.getmaskarray(results["param_max_depth"])] == [p["splitter"] == "best" for p in results["params"]]


def test_the_same_seed_gives_the_same_trials_with_any_number_of_processes():
    found = []
    for n_jobs in (1, 2):
        search = tune.ASHT(LogisticRegression(max_iter=50), {"C": (1e-4, 10.0, "log")}, max_iter=12, cv=3, random_state=5, n_jobs=n_jobs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results = search.fit(StandardScaler().fit_transform(X), y).cv_results_
        found.append((results["params"], list(results["mean_test_score"]), list(results["resource"])))
    assert found[0] == found[1]


def test_weights_and_groups_are_parted_with_the_rows():
    random = np.random.default_rng(0)
    rows, target = make_regression(120, 4, noise=20, random_state=0)
    weights, groups = random.uniform(0.1, 2, 120), random.integers(0, 12, 120)
    search = tune.HyperOptX(Ridge(), {"alpha": [1.0]}, max_iter=1, cv=GroupKFold(3)).fit(rows, target, groups=groups, sample_weight=weights)
    wanted = []
    for train, test in GroupKFold(3).split(rows, target, groups):
        wanted.append(Ridge(alpha=1.0).fit(rows[train], target[train], sample_weight=weights[train]).score(rows[test], target[test]))
    np.testing.assert_allclose([search.cv_results_[f"split{k}_test_score"][0] for k in range(3)], wanted, rtol=1e-12)
    np.testing.assert_allclose(search.best_estimator_.coef_, Ridge(alpha=1.0).fit(rows, target, sample_weight=weights).coef_, rtol=1e-12)


@pytest.mark.parametrize("resource", ["rows", "folds", "n_trees"])
def test_few_trials_get_all_of_a_resource_and_the_best_is_among_them(resource):
    most = {"n_trees": 27}.get(resource)
    search = tune.ASHT(
        GradientBoostingClassifier(n_trees=5, n_threads=1),
        {"learning_rate": (1e-3, 0.5, "log"), "max_leaves": (2, 32)},
        max_iter=24,
        cv=9 if resource == "folds" else 3,
        scoring="neg_log_loss",
        random_state=0,
        resource=resource,
        max_resource=most,
    ).fit(X, y)
    amounts, states = search.cv_results_["resource"], search.cv_results_["state"]
    highest = amounts.max()
    assert (states == "complete").sum() == (amounts == highest).sum() < 12
    assert states[search.best_index_] == "complete" and search.cv_results_["rank_test_score"][search.best_index_] == 1
    assert search.best_score_ == max(
        score for score, state in zip(search.cv_results_["mean_test_score"], states, strict=True) if state == "complete"
    )
    if resource == "n_trees":
        assert search.best_params_["n_trees"] == 27 and set(amounts) <= {1, 3, 9, 27}
    if resource == "folds":
        assert set(amounts) <= {1, 3, 9}
        assert all(np.isnan(search.cv_results_["split8_test_score"][amounts < 9]))


def test_rows_drawn_for_a_trial_have_the_classes_in_their_shares_and_never_those_scored_on():
    seen = []

    class Watching(DummyClassifier):
        def fit(self, rows, target, sample_weight=None):
            seen.append((rows[:, 0].astype(int), target))
            return super().fit(rows, target, sample_weight)

        def score(self, rows, target, sample_weight=None):
            assert not set(rows[:, 0].astype(int)) & set(seen[-1][0])
            return super().score(rows, target, sample_weight)

    numbers, target = np.arange(2000.0)[:, None], (np.arange(2000) % 10 == 0).astype(int)
    tune.ASHT(Watching(), {"strategy": ["prior"]}, max_iter=1, cv=3, min_resource=100, refit=False, random_state=0).fit(numbers, target)
    assert [len(rows) for rows, _ in seen[:3]] == [100] * 3
    for _, labels in seen:
        assert abs(labels.mean() - 0.1) <= 1 / len(labels) + 1e-3


def test_a_search_ends_by_its_time_budget_with_the_refit_done():
    class Slow(DummyClassifier):
        def fit(self, rows, target, sample_weight=None):
            time.sleep(0.05)
            return super().fit(rows, target, sample_weight)

    started = time.monotonic()
    search = tune.HyperOptX(Slow(), {"strategy": ["prior", "stratified"]}, max_iter=1000, cv=3, time_budget=1.0, random_state=0).fit(X, y)
    assert time.monotonic() - started < 3  # a thousand trials sleep for 150 seconds
    assert 2 <= search.n_iter_ < 1000
    assert search.predict(X).shape == y.shape


def test_a_search_ends_where_trials_do_not_get_better():
    search = tune.HyperOptX(DummyClassifier(), {"strategy": ["prior", "most_frequent"]}, max_iter=50, early_stopping=4, random_state=0)
    assert search.fit(X, y).n_iter_ == 5


def test_a_fit_that_fails_is_a_failed_trial_and_an_error_where_asked():
    class Failing(LogisticRegression):
        def fit(self, rows, target, sample_weight=None):
            if self.C > 0.5:
                raise RuntimeError("C is too large")
            return super().fit(rows, target, sample_weight)

    rows = StandardScaler().fit_transform(X)
    with pytest.warns(FitFailedWarning, match="C is too large"):
        search = tune.HyperOptX(Failing(), {"C": (0.1, 1.0)}, max_iter=12, cv=2, random_state=0).fit(rows, y)
    assert {"complete", "failed"} == set(search.cv_results_["state"])
    assert search.best_params_["C"] <= 0.5
    with pytest.warns(FitFailedWarning), pytest.raises(KolosalError, match="no trial.*C is too large"):
        tune.HyperOptX(Failing(), {"C": (0.6, 1.0)}, max_iter=2, cv=2).fit(rows, y)
    with pytest.raises(RuntimeError, match="too large"):
        tune.HyperOptX(Failing(), {"C": (0.6, 1.0)}, max_iter=2, cv=2, error_score="raise").fit(rows, y)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"param_space": {}}, "param_space"),
        ({"param_space": {"C": "any"}}, "'C'"),
        ({"max_iter": 0}, "max_iter"),
        ({"optimization_strategy": "luck"}, "luck"),
        ({"optimization_strategy": tune.samplers.TPESampler(seed=1), "random_state": 2}, "random_state is 2"),
        ({"resource": "epochs"}, "epochs"),
        ({"resource": "max_iter"}, "max_resource"),
        ({"min_resource": 10**6}, "min_resource"),
        ({"reduction_factor": 1}, "reduction_factor"),
    ],
)
def test_what_cannot_be_searched_is_named(change, said):
    arguments = {"estimator": LogisticRegression(), "param_space": {"C": (0.1, 1.0)}, **change}
    with pytest.raises(KolosalError, match=said):
        tune.ASHT(**arguments).fit(X, y)


def test_auto_is_the_sampler_of_that_name():
    search = tune.HyperOptX(LogisticRegression(), {"C": (0.1, 1.0)}, max_iter=12, cv=2, random_state=3).fit(X, y)
    given = tune.HyperOptX(
        LogisticRegression(), {"C": (0.1, 1.0)}, max_iter=12, cv=2, optimization_strategy=tune.samplers.AutoSampler(seed=3)
    ).fit(X, y)
    assert [trial.params for trial in search.study_.trials] == [trial.params for trial in given.study_.trials]


def test_a_search_is_an_estimator():
    search = tune.HyperOptX(
        make_pipeline(StandardScaler(), LogisticRegression()), {"logisticregression__C": (0.01, 10.0)}, max_iter=3, cv=2
    )
    assert cross_val_score(search, X, y, cv=2).min() > 0.9
    copied = clone(search).set_params(estimator__logisticregression__tol=0.5, max_iter=1)
    assert copied.estimator.get_params()["logisticregression__tol"] == 0.5 and copied.get_params()["max_iter"] == 1
    assert not hasattr(tune.HyperOptX(Ridge(), {"alpha": (0.1, 1.0)}), "predict_proba")
    loaded = pickle.loads(pickle.dumps(search.fit(X, y)))
    np.testing.assert_array_equal(loaded.predict(X), search.predict(X))
    results = check_estimator(tune.HyperOptX(LogisticRegression(), {"C": (0.1, 10.0)}, max_iter=2, cv=2, random_state=0), on_fail=None)
    assert [result["check_name"] for result in results if result["status"] == "failed"] == []


@pytest.fixture
def n_found(monkeypatch):
    """How often the fits of each search that ended found what others had made."""
    counts = []

    def counted(search):
        counts.append(_shared_work._caches[search].n_found)
        _shared_work.forget(search)

    monkeypatch.setattr(_folds, "forget", counted)
    monkeypatch.setattr(_adaptive, "forget", counted)
    return counts


@pytest.mark.parametrize("steps", [[], [StandardScaler()]])
def test_trials_bin_the_rows_of_each_fold_once_and_score_the_same(steps, n_found, monkeypatch):
    estimator = make_pipeline(*steps, GradientBoostingClassifier(n_trees=10, seed=0))
    space = {"gradientboostingclassifier__learning_rate": (0.05, 0.3), "gradientboostingclassifier__max_leaves": (4, 32)}

    def scores(n_jobs=None):
        search = tune.HyperOptX(estimator, space, max_iter=4, cv=3, random_state=0, n_jobs=n_jobs).fit(X, y)
        return [search.cv_results_[f"split{k}_test_score"].tolist() for k in range(3)]

    shared = scores()
    assert n_found == [9]
    assert not _shared_work._caches
    assert _shared_work.current_cache() is None
    monkeypatch.setattr(_folds, "sharing", lambda search: contextlib.nullcontext())
    monkeypatch.setattr(_folds, "forget", lambda search: None)
    assert scores() == shared
    monkeypatch.undo()
    assert scores(n_jobs=2) == shared


def test_trials_of_another_number_of_bins_share_none(n_found):
    grid = tune.samplers.GridSampler({"max_bins": [16, 32, 64]})
    tune.HyperOptX(GradientBoostingClassifier(n_trees=5), {"max_bins": [16, 32, 64]}, cv=2, optimization_strategy=grid).fit(X, y)
    assert n_found == [0]


def test_objectives_of_adaptive_hpo_share_bins_in_every_thread(n_found):
    def objective(params):
        return GradientBoostingClassifier(n_trees=5, seed=0, **params).fit(X[::2], y[::2]).score(X[1::2], y[1::2])

    found = [
        tune.AdaptiveHPO(n_trials=4, n_jobs=n_jobs, random_state=0, optimization_strategy="random").optimize(
            objective, {"learning_rate": (0.05, 0.3)}
        )
        for n_jobs in (1, 2)
    ]
    assert found[0].best_score == found[1].best_score
    assert n_found[0] == 3 and n_found[1] >= 2
