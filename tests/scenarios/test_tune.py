"""What a user does with `kolosal tune` and `kolosal studies`."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import select
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pandas as pd
import pytest

KOLOSAL = Path(sys.executable).parent / "kolosal"


@pytest.fixture
def tune(kolosal, penguins):
    """``tune("--trials", "3")`` tunes a logistic regression of the penguins' species."""

    def run(*arguments, **options):
        return kolosal("tune", penguins, "--target", "species", "--learner", "logistic", *arguments, **options)

    return run


def test_tune_writes_the_best_parameters(tune, tmp_path):
    done = tune("--trials", "4", "-o", tmp_path / "best.json")
    assert done.returncode == 0, done.stderr
    best = json.loads((tmp_path / "best.json").read_text())
    assert best["learner"] == "logistic"
    assert best["n_trials"] == 4
    assert list(best["parameters"]) == ["l2"]
    assert "log_loss" in done.stdout and "l2" in done.stdout
    assert done.stderr.count("trial ") == 4


def test_json_is_one_document_and_the_seed_decides(tune):
    first, again, other = (json.loads(tune("--json", "-q", "--trials", "4", "--seed", seed).stdout) for seed in ("1", "1", "2"))
    assert first == again
    assert first["parameters"] != other["parameters"] or first["score"] != other["score"]


def test_the_same_command_goes_on_with_its_study_which_optuna_reads(tune, kolosal, tmp_path):
    url = f"sqlite:///{tmp_path}/s.db"
    for _ in range(2):
        done = tune("--trials", "3", "--storage", url, "--study", "mine", "--pruner", "median")
        assert done.returncode == 0, done.stderr
    assert "with 3 trials" in done.stderr
    study = optuna.load_study(study_name="mine", storage=url)
    assert len(study.trials) == 6
    listed = json.loads(kolosal("--json", "studies", url).stdout)
    assert [(entry["study"], entry["n_trials"]) for entry in listed] == [("mine", 6)]
    assert listed[0]["best"]["value"] == study.best_value
    best = json.loads(kolosal("--json", "studies", url, "--study", "mine", "--best").stdout)
    assert best["parameters"] == study.best_params
    frame = pd.read_csv(io.StringIO(kolosal("studies", url, "--study", "mine", "-o", "-").stdout))
    assert list(frame["number"]) == list(range(6))
    assert list(frame["params_l2"]) == [trial.params["l2"] for trial in study.trials]
    exported = kolosal("studies", url, "--study", "mine", "-o", tmp_path / "mine.json")
    assert exported.returncode == 0, exported.stderr
    assert len(json.loads((tmp_path / "mine.json").read_text())["trials"]) == 6
    page = kolosal("studies", url, "--study", "mine", "-o", tmp_path / "mine.html")
    assert page.returncode == 0 and "report of 6 trials" in page.stderr, page.stderr
    assert '"study":"mine"' in (tmp_path / "mine.html").read_text()
    assert kolosal("studies", url, "--study", "mime", "-o", tmp_path / "other.html").returncode == 2
    other = tune("--trials", "1", "--storage", url, "--study", "mine", "--metric", "accuracy")
    assert other.returncode == 1
    assert 'metric "log_loss", not "accuracy"' in other.stderr


def test_a_space_of_ones_own_and_fixed_parameters(kolosal, penguins, tmp_path):
    space = tmp_path / "space.json"
    space.write_text(json.dumps({"parameters": {"max_leaves": {"type": "int", "low": 2, "high": 4}}}))
    done = kolosal(
        *("--json", "tune", penguins, "--target", "species", "--learner", "boosting", "--trials", "3", "--metric", "accuracy"),
        *("--set", "n_trees=10", "--set", "learning_rate=0.2", "--space", space, "--folds", "3"),
    )
    assert done.returncode == 0, done.stderr
    best = json.loads(done.stdout)
    assert best["parameters"]["n_trees"] == 10 and best["parameters"]["learning_rate"] == 0.2
    assert best["parameters"]["max_leaves"] in (2, 3, 4)
    assert best["score"] > 0.8 and best["n_folds"] == 3


def test_a_fixed_value_may_be_a_list(kolosal, penguins):
    done = kolosal(
        *("--json", "tune", penguins, "--target", "species", "--learner", "mlp", "--trials", "2"),
        *("--set", "hidden_sizes=8,4", "--set", "n_epochs=3"),
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["parameters"]["hidden_sizes"] == [8, 4]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--set", "l2"], 2, "NAME=VALUE"),
        (["--set", "l3=1"], 2, "did you mean 'l2'"),
        (["--set", "l2=-1"], 2, "l2"),
        (["--trials", "0"], 2, "trials"),
        (["--storage", "mysql://me:s3cret@host/db"], 2, "postgresql://"),
        (["--learner", "logistc"], 2, "did you mean 'logistic'"),
        (["--sampler", "tep"], 2, "sampler"),
        (["--pruner", "mdian"], 2, "did you mean 'median'"),
        (["--metric", "acuracy"], 2, "did you mean 'accuracy'"),
        (["--storage", "journal:////dev/zero"], 2, "is a device; it must be a regular file"),
        (["--metric", "rmse"], 1, "cannot judge"),
        (["--space", "no.json"], 1, "no.json"),
        (["-o", "no/such/best.json"], 1, "no/such"),
    ],
)
def test_what_cannot_be_is_refused_before_work_begins(tune, tmp_path, arguments, code, words):
    done = tune(*arguments, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "s3cret" not in done.stderr
    assert "trial 0" not in done.stderr


def test_studies_makes_no_storage(kolosal, tmp_path):
    done = kolosal("studies", f"sqlite:///{tmp_path}/none.db")
    assert done.returncode == 1
    assert "is not there" in done.stderr
    assert not (tmp_path / "none.db").exists()


def test_an_address_with_a_password_is_not_shown(kolosal):
    for url in ("sqlite:///me:secret@host/x.db", "journal:///me:secret@host/x.log", "mysql://me:secret@host/d"):
        done = kolosal("studies", url)
        assert done.returncode == 2
        assert "secret" not in done.stderr and "secret" not in done.stdout


def test_a_time_limit_of_centuries_is_none(tune):
    done = tune("--time-limit", "1e10", "--trials", "2", "--json", "-q")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["n_trials"] == 2


def test_a_misspelt_fixed_parameter_is_refused(tune):
    given = json.dumps({"sampler": "tpe", "fixed_params": {"l3": 0.5}})
    done = tune("--sampler", "partial_fixed", "--sampler-parameters", given, "--trials", "3")
    assert done.returncode != 0
    assert "did you mean 'l2'?" in done.stderr


def test_a_time_limit_holds(tune):
    begin = time.monotonic()
    done = tune("--time-limit", "1s", "--json", "-q")
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - begin < 3
    assert json.loads(done.stdout)["n_trials"] > 1


def test_ctrl_c_keeps_what_was_done(penguins, tmp_path):
    url = f"sqlite:///{tmp_path}/s.db"
    command = [KOLOSAL, "tune", penguins, "--target", "species", "--learner", "logistic", "--trials", "100000", "--storage", url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "trial 2:" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert "log_loss" in out
    study = optuna.load_study(study_name="logistic", storage=url)
    assert len(study.trials) >= 3
    assert {trial.state.name for trial in study.trials} <= {"COMPLETE", "FAIL"}  # what was cut short says nothing of its parameters


def test_trials_beat_so_that_others_see_who_has_gone(penguins, tmp_path):
    url = f"sqlite:///{tmp_path}/s.db"
    command = [KOLOSAL, "tune", penguins, "--target", "species", "--learner", "logistic", "--trials", "100000", "--storage", url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "trial 2:" not in process.stderr.readline():
            pass
        process.kill()
        process.communicate(timeout=30)
    with sqlite3.connect(tmp_path / "s.db") as database:
        (n_trials,) = database.execute("SELECT count(*) FROM trials").fetchone()
        (n_beating,) = database.execute("SELECT count(DISTINCT trial_id) FROM trial_heartbeats").fetchone()
    assert n_trials - 1 <= n_beating <= n_trials  # a kill may come between the start of the last and its first beat


def test_a_config_file_says_what_flags_say(kolosal, penguins, tmp_path):
    given = ["--learner", "logistic", "--set", "max_iterations=50", "--trials", "3", "--target", "species", "--seed", "7"]
    for ending in ("json", "yaml", "toml"):
        printed = kolosal("tune", *given, "--print-config", ending)
        assert printed.returncode == 0, printed.stderr
        config = tmp_path / f"c.{ending}"
        config.write_text(printed.stdout)
        again = kolosal("tune", "--config", str(config), "--print-config", ending)
        assert again.stdout == printed.stdout
    flags = kolosal("tune", penguins, *given, "--json", "-q")
    file = kolosal("tune", penguins, "--config", str(config), "--json", "-q")
    assert flags.returncode == file.returncode == 0, flags.stderr + file.stderr
    assert json.loads(flags.stdout) == json.loads(file.stdout)
    assert json.loads(kolosal("tune", penguins, "--config", str(config), "--trials", "2", "--json", "-q").stdout)["n_trials"] == 2
    files = (('{"max_models": 3}', "an option of `kolosal train`", 2), ('{"trails": 3}', "trails", 2), ("[1]", "object", 1))
    for text, words, code in files:
        (tmp_path / "wrong.json").write_text(text)
        wrong = kolosal("tune", penguins, "--config", str(tmp_path / "wrong.json"))
        assert wrong.returncode == code
        assert "wrong.json" in wrong.stderr
        assert words in wrong.stderr
    assert "no table is named" in kolosal("tune", *given).stderr


@pytest.mark.parametrize(
    ("space", "words"),
    [
        ({"l2": {"type": "float", "low": -1, "high": 1}}, "space: l2"),
        ({"max_iterations": {"type": "int", "low": 0, "high": 10}}, "space: max_iterations"),
        ({"max_iterations": {"type": "categorical", "choices": [10, -10]}}, "space: max_iterations"),
    ],
)
def test_a_space_beyond_the_bounds_of_the_learner_is_refused_at_once(tune, tmp_path, space, words):
    (tmp_path / "space.json").write_text(json.dumps({"parameters": space}))
    done = tune("--space", str(tmp_path / "space.json"))
    assert done.returncode != 0
    assert words in done.stderr
    assert "trial 0" not in done.stderr


def test_studies_changes_nothing_where_there_are_none(kolosal, tmp_path):
    (tmp_path / "empty.db").touch()
    (tmp_path / "text.db").write_text("some text\n" * 100)
    with sqlite3.connect(tmp_path / "foreign.db") as database:
        database.execute("CREATE TABLE mine (a INTEGER)")
    (tmp_path / "empty.log").touch()
    for url, words in (
        ("sqlite:///empty.db", "holds no studies"),
        ("sqlite:///text.db", "not a database"),
        ("sqlite:///foreign.db", "none of them"),
    ):
        before = (tmp_path / url.removeprefix("sqlite:///")).read_bytes()
        done = kolosal("studies", url.replace("///", f"///{tmp_path}/"))
        assert done.returncode != 0
        assert words in done.stderr
        assert (tmp_path / url.removeprefix("sqlite:///")).read_bytes() == before
    assert kolosal("studies", f"journal:///{tmp_path}/empty.log").returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.db", "empty.log", "foreign.db", "text.db"]


def test_a_terminal_sees_a_live_line(penguins):
    master, slave = pty.openpty()
    command = [
        *(KOLOSAL, "tune", penguins, "--target", "species", "--trials", "6", "--learner", "random_forest", "--set", "n_trees=300"),
        *("--threads", "1"),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=slave, env={**os.environ, "TERM": "xterm"}) as process:
        os.close(slave)
        seen = b""
        while select.select([master], [], [], 60)[0]:
            try:
                part = os.read(master, 4096)
            except OSError:
                break
            seen += part
        assert process.wait() == 0
    assert b"\r\x1b[K" in seen
    assert b"fold " in seen and b"/6)" in seen
    assert b"the best" in seen


def test_a_dashboard_grows_in_a_browser_while_the_study_runs(browser, penguins, tmp_path):
    page_path = tmp_path / "page.html"
    command = [KOLOSAL, "tune", penguins, "--target", "species", "--learner", "logistic", "--trials", "100000", "--dashboard", page_path]
    with subprocess.Popen([*command, "-q"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while not page_path.exists():
            assert process.poll() is None
            time.sleep(0.05)
        page = browser.new_page()
        page.goto(page_path.as_uri())
        first = page.inner_text("body")
        deadline = time.monotonic() + 60
        while page.inner_text("body") == first and time.monotonic() < deadline:
            page.wait_for_timeout(500)
        assert page.inner_text("body") != first
        page.screenshot(path=tmp_path / "page.png")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 130, errors
    assert "http-equiv" not in page_path.read_text()


def test_the_best_trial_of_a_study_meets_its_constraints(kolosal, tmp_path):
    from kolosal import tune

    url = f"sqlite:///{tmp_path}/s.db"
    study = tune.create_study(study_name="s", storage=url)
    for value, constraint in ((1.0, 1.0), (2.0, 0.0), (3.0, -1.0)):
        trial = study.ask()
        trial.set_constraint("c", constraint)
        study.tell(trial, value)
    assert json.loads(kolosal("--json", "studies", url, "--study", "s", "--best").stdout)["value"] == 2
    assert json.loads(kolosal("--json", "studies", url).stdout)[0]["best"]["number"] == 1
    # What is stored as complete without a value is no trial to be the best.
    with contextlib.closing(sqlite3.connect(tmp_path / "s.db")) as database, database:
        database.execute("DELETE FROM trial_values")
    assert json.loads(kolosal("--json", "studies", url).stdout)[0]["best"] is None
    assert "has no complete trial" in kolosal("studies", url, "--study", "s", "--best").stderr


def test_studies_leaves_a_database_of_optuna_as_it_is(kolosal, tmp_path):
    url = f"sqlite:///{tmp_path}/s.db"
    optuna.create_study(study_name="s", storage=url)
    before = (tmp_path / "s.db").read_bytes()
    assert json.loads(kolosal("--json", "studies", url).stdout)[0]["study"] == "s"
    assert (tmp_path / "s.db").read_bytes() == before
