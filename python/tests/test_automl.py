"""AutoML and TrainEngine from Python, on every kind of table that users have."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import kolosal
from kolosal import AutoML, Model, TrainEngine


@pytest.fixture(scope="module")
def fitted(people):
    return AutoML(max_models=3, seed=1).fit(people.drop(columns="income"), target="rich")


def test_a_frame_and_the_name_of_its_target_are_enough(fitted, people):
    assert fitted.model_.task == "binary"
    assert list(fitted.classes_) == ["no", "yes"]
    probabilities = fitted.predict_proba(people)
    assert probabilities.shape == (600, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-9)
    assert fitted.score(people, people["rich"]) > 0.75


@pytest.mark.parametrize(
    "convert", [pl.from_pandas, pa.Table.from_pandas, lambda f: {n: f[n].tolist() for n in f}, lambda f: f.to_dict("records")]
)
def test_predictions_do_not_depend_on_the_library_that_holds_the_table(fitted, people, convert):
    expected = fitted.predict_proba(people)
    np.testing.assert_allclose(fitted.predict_proba(convert(people)), expected, atol=1e-9)


def test_a_loaded_model_predicts_the_same(fitted, people, tmp_path):
    path = tmp_path / "people.kolosal"
    fitted.save(path)
    loaded = Model.load(path)
    np.testing.assert_array_equal(loaded.predict_proba(people), fitted.predict_proba(people))
    np.testing.assert_array_equal(AutoML.load(path).predict(people), fitted.predict(people))
    assert loaded.leaderboard()[0]["score"] == fitted.leaderboard()[0]["score"]


def test_a_model_is_not_pickled(fitted):
    import pickle

    with pytest.raises(TypeError, match="save"):
        pickle.dumps(fitted.model_)


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_threads(people, tmp_path):
    contents = []
    for threads in (1, 2, 4):
        path = tmp_path / f"{threads}.kolosal"
        AutoML(max_models=3, seed=5, n_threads=threads).fit(people, target="rich").save(path)
        contents.append(path.read_bytes())
    assert contents[0] == contents[1] == contents[2]


def test_regression_on_arrays(people):
    x = np.random.default_rng(0).normal(size=(300, 4))
    y = x[:, 0] * 3 + x[:, 1] ** 2
    model = AutoML(max_models=2, seed=0).fit(x, y)
    assert model.model_.task == "regression"
    assert model.score(x, y) > 0.7
    with pytest.raises(ValueError, match="feature"):
        model.predict(x[:, :2])


def test_several_targets_and_integer_classes():
    random = np.random.default_rng(3)
    x = random.normal(size=(200, 3))
    both = AutoML(max_models=2).fit(x, np.column_stack([x[:, 0], x[:, 1] * 2]))
    assert both.model_.task == "multi_regression"
    assert both.predict(x).shape == (200, 2)
    classes = AutoML(max_models=1).fit(x, np.digitize(x[:, 0], [-0.5, 0.5]) + 10)
    assert set(classes.predict(x)) <= {10, 11, 12}


def test_ranking_needs_groups_and_scores_by_ndcg():
    random = np.random.default_rng(4)
    x = random.normal(size=(300, 3))
    relevance = np.clip(np.round(x[:, 0] + 1), 0, 3)
    groups = np.repeat(np.arange(30), 10)
    model = AutoML(task="ranking", max_models=2).fit(x, relevance, groups=groups)
    assert model.model_.record["metric"] == "ndcg"
    assert model.leaderboard()[0]["score"] > 0.8
    with pytest.raises(ValueError, match="group"):
        AutoML(task="ranking").fit(x, relevance)


def test_aliases_are_accepted_and_unknown_parameters_are_refused():
    assert AutoML(random_state=3, n_jobs=1).get_params()["seed"] == 3
    with pytest.raises(TypeError, match="has no parameter"):
        AutoML(tree_count=3)
    with pytest.raises(ValueError, match="max_models"):
        AutoML(max_models=0).fit({"a": [1, 2], "b": [1, 2]}, target="b")


def test_errors_say_what_to_do(people):
    with pytest.raises(KeyError, match="did you mean 'rich'"):
        AutoML().fit(people, target="riich")
    with pytest.raises(RuntimeError, match="not fitted"):
        AutoML().predict(people)
    with pytest.raises(ValueError, match="empty"):
        AutoML().fit(people.head(0), target="rich")
    with pytest.raises(ValueError, match="class"):
        AutoML().fit(people.assign(rich="yes"), target="rich")


def test_callbacks_hear_the_run_and_can_end_it(people):
    heard = []

    def listen(event, record, fold, numbers):
        heard.append((event, record.get("name")))
        return not (event == "candidate_end" and record["name"] == "boosting")

    model = AutoML(seed=0).fit(people, target="rich", callbacks=[listen])
    assert {"train_begin", "candidate_begin", "fold_begin", "iteration", "fold_end", "candidate_end", "train_end"} <= {
        event for event, _ in heard
    }
    assert [c["name"] for c in model.leaderboard() if c["status"] == "trained" and c["learner"] == "gradient_boosting"] == ["boosting"]


def test_a_custom_metric_ranks_the_models(people):
    def yes_found(target, prediction, weights):
        return float(np.mean(prediction[target[:, 0] == 1, 1] > 0.5))

    model = AutoML(max_models=2).fit(people, target="rich", metric=yes_found)
    assert 0 <= model.leaderboard()[0]["score"] <= 1
    assert model.model_.record["metric"] == "custom"


def test_weights_count(people):
    x = people[["age", "member"]]
    doubled = AutoML(max_models=1, seed=2).fit(x, people["income"], sample_weight=np.where(people["member"], 0.0, 1.0))
    assert np.isfinite(doubled.predict(x)).all()


def test_evaluate_gives_every_metric_with_an_interval(fitted, people):
    scores = fitted.evaluate(people)
    assert {"accuracy", "roc_auc", "log_loss", "f1"} <= set(scores)
    assert scores["accuracy"]["low"] <= scores["accuracy"]["score"] <= scores["accuracy"]["high"]


def test_training_does_not_block_the_event_loop(people):
    async def run():
        ticks = 0
        task = asyncio.ensure_future(TrainEngine(max_models=2).train_async(people, target="rich"))
        while not task.done():
            ticks += 1
            await asyncio.sleep(0.01)
        return ticks, task.result()

    ticks, result = asyncio.run(run())
    assert ticks > 2
    assert result.best_model is not None


def test_ctrl_c_keeps_the_best_model_within_a_second(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        textwrap.dedent("""
        import sys, time, warnings
        import numpy as np
        import kolosal
        x = np.random.default_rng(0).normal(size=(60000, 20))
        y = (x[:, 0] + x[:, 1] * x[:, 2] > 0).astype(int)
        print("begin", flush=True)
        model = kolosal.AutoML(preset="best").fit(x, y)
        print("kept", len(model.leaderboard()), flush=True)
    """)
    )
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "begin\n"
    time.sleep(8)
    process.send_signal(signal.SIGINT)
    asked = time.monotonic()
    out, err = process.communicate(timeout=60)
    waited = time.monotonic() - asked
    assert process.returncode == 0, err
    assert "kept" in out
    assert "stopped early" in err
    assert waited < 10, waited  # a second for training to end, the rest for ensemble, record and the interpreter's exit


def test_a_time_limit_ends_a_run(people):
    started = time.monotonic()
    AutoML(time_limit=5).fit(pd.concat([people] * 50), target="rich")
    assert time.monotonic() - started < 8


def test_a_resumed_run_finishes_the_work(people, tmp_path):
    directory = tmp_path / "run"

    def stop(event, record, fold, numbers):
        if event == "candidate_end" and record["name"] == "boosting":
            raise RuntimeError("killed")
        return True

    with pytest.raises(ValueError, match="killed"):
        AutoML(max_models=3, seed=1).fit(people, target="rich", run_directory=directory, callbacks=[stop])
    assert any(name.endswith(".fold") for name in os.listdir(directory))
    resumed = AutoML(max_models=3, seed=1).fit(people, target="rich", run_directory=directory, resume=True)
    fresh = AutoML(max_models=3, seed=1).fit(people, target="rich")
    np.testing.assert_array_equal(resumed.predict_proba(people), fresh.predict_proba(people))
    assert not directory.exists()


def test_report_is_one_page(fitted, tmp_path):
    page = fitted.report(tmp_path / "report.html")
    assert page.startswith("<!doctype html>")
    assert "http://" not in page.replace("http://www.w3.org", "") and "https://" not in page


def test_scikit_learn_takes_it_for_an_estimator(people):
    from sklearn.base import clone, is_classifier

    estimator = clone(AutoML(max_models=1, seed=7))
    assert estimator.seed == 7
    assert is_classifier(estimator)
    assert kolosal.__version__
