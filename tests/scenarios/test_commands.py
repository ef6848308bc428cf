"""What a user does with the program, command by command."""

from __future__ import annotations

import io
import json
import os
import pty
import random
import resource
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

KOLOSAL = Path(sys.executable).parent / "kolosal"


def test_train_writes_a_model_a_report_and_the_leaderboard(kolosal, penguins, tmp_path):
    done = kolosal("train", penguins, "--target", "species", "--max-models", "2", "-o", tmp_path / "p.kolosal")
    assert done.returncode == 0, done.stderr
    assert "log_loss" in done.stdout and "boosting" in done.stdout
    assert "multiclass task" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.kolosal", "report.html"]


def test_json_is_one_document_on_standard_output(kolosal, penguins, tmp_path):
    done = kolosal("--json", "train", penguins, "--target", "species", "--max-models", "1", "--no-report", "-o", tmp_path / "p.kolosal")
    record = json.loads(done.stdout)
    assert record["task"] == "multiclass"
    assert record["candidates"][0]["score"] is not None
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize("ending", ["csv", "parquet", "arrow", "jsonl"])
def test_predictions_go_to_every_format_with_the_documented_columns(kolosal, model, penguins, tmp_path, ending):
    out = tmp_path / f"out.{ending}"
    done = kolosal("predict", model, penguins, "-o", out)
    assert done.returncode == 0, done.stderr
    read = {
        "csv": pd.read_csv,
        "parquet": lambda p: pq.read_table(p).to_pandas(),
        "arrow": pd.read_feather,
        "jsonl": lambda p: pd.read_json(p, lines=True),
    }
    frame = read[ending](out)
    assert list(frame.columns) == ["prediction", "probability_Adelie", "probability_Chinstrap", "probability_Gentoo"]
    assert len(frame) == 344
    assert (frame["prediction"] == pd.read_csv(penguins)["species"]).mean() > 0.95


def test_tables_go_through_pipes(kolosal, model, penguins):
    done = kolosal("predict", model, "-", "-o", "-", stdin=penguins.read_text())
    assert done.returncode == 0, done.stderr
    assert len(pd.read_csv(io.StringIO(done.stdout))) == 344


def test_a_parquet_table_predicts_the_same_as_its_csv(kolosal, model, penguins, tmp_path):
    pd.read_csv(penguins).to_parquet(tmp_path / "p.parquet")
    a = kolosal("predict", model, penguins).stdout
    b = kolosal("predict", model, tmp_path / "p.parquet").stdout
    assert a == b


def test_columns_may_be_reordered_extra_or_unseen(kolosal, model, penguins):
    frame = pd.read_csv(penguins)
    expected = kolosal("predict", model, penguins).stdout
    shuffled = frame[list(reversed(frame.columns))].assign(extra="x").drop(columns="species")
    assert kolosal("predict", model, "-", stdin=shuffled.to_csv(index=False)).stdout == expected
    unseen = kolosal("predict", model, "-", stdin=frame.assign(island="Atlantis").to_csv(index=False))
    assert unseen.returncode == 0, unseen.stderr
    missing = kolosal("predict", model, "-", stdin=frame.drop(columns="bill_length_mm").to_csv(index=False))
    assert missing.returncode == 1
    assert "bill_length_mm" in missing.stderr and "error[feature_mismatch]" in missing.stderr


def test_evaluate_gives_every_metric_with_an_interval(kolosal, model, penguins):
    done = kolosal("--json", "evaluate", model, penguins)
    assert done.returncode == 0, done.stderr
    scores = json.loads(done.stdout)["metrics"]
    assert {"accuracy", "log_loss", "f1_macro", "roc_auc"} <= set(scores)
    assert scores["accuracy"]["low"] <= scores["accuracy"]["score"] <= scores["accuracy"]["high"]
    one = kolosal("evaluate", model, penguins, "--metric", "mcc")
    assert one.stdout.splitlines()[1].startswith("mcc")


def test_info_tells_what_a_model_is(kolosal, model):
    done = kolosal("info", model)
    assert done.returncode == 0, done.stderr
    assert "species" in done.stdout and "344" in done.stdout and "bill_length_mm" in done.stdout
    assert json.loads(kolosal("--json", "info", model).stdout)["target"] == ["species"]


def test_info_tells_what_a_preprocessor_is_and_predict_what_to_do_with_it(kolosal, penguins, tmp_path):
    fitted = tmp_path / "prep.kolosal"
    saved = kolosal("preprocess", penguins, "--save", fitted, "--scaling", "minmax", "-o", tmp_path / "out.csv")
    assert saved.returncode == 0, saved.stderr
    told = kolosal("info", fitted).stdout
    assert "minmax" in told and "bill_length_mm" in told and "island" in told
    assert "impute" not in told  # what was not asked for is not told
    columns = pd.read_csv(tmp_path / "out.csv").columns
    assert json.loads(kolosal("--json", "info", fitted).stdout)["feature_names_out"] == list(columns)
    assert all(name in told for name in columns)
    done = kolosal("predict", fitted, penguins)
    assert done.returncode == 1
    assert "is a preprocessor" in done.stderr and f"--load {fitted}" in done.stderr


def test_preprocessing_goes_to_a_file_and_back(kolosal, penguins, tmp_path):
    fitted, out, back = tmp_path / "prep.kolosal", tmp_path / "out.parquet", tmp_path / "back.csv"
    done = kolosal("preprocess", penguins, "--save", fitted, "--scaling", "standard", "-o", out)
    assert done.returncode == 0, done.stderr
    again = tmp_path / "again.parquet"
    assert kolosal("preprocess", penguins, "--load", fitted, "-o", again).returncode == 0
    assert pq.read_table(out).equals(pq.read_table(again))
    assert abs(pq.read_table(out).to_pandas()["body_mass_g"].mean()) < 1e-9
    undone = kolosal("preprocess", out, "--load", fitted, "--inverse", "-o", back)
    assert undone.returncode == 0, undone.stderr
    expected = pd.read_csv(penguins)["body_mass_g"]
    assert (pd.read_csv(back)["body_mass_g"] - expected).abs().max() < 1e-6


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_applied_preprocessing_lets_the_target_through_on_any_number_of_threads(kolosal, penguins, tmp_path, ending):
    frame = pd.read_csv(penguins)
    table, fitted, out = tmp_path / f"in.{ending}", tmp_path / "prep.kolosal", tmp_path / "out.csv"
    if ending == "csv":
        frame.to_csv(table, index=False)
    elif ending == "parquet":
        frame.to_parquet(table)
    else:
        frame.to_json(table, orient="records", lines=True)
    assert kolosal("preprocess", table, "--target", "species", "--save", fitted, "-o", out).returncode == 0
    again = tmp_path / "again.csv"
    for threads in ("1", "3"):
        done = kolosal("preprocess", table, "--load", fitted, "--target", "species", "--threads", threads, "-o", again)
        assert done.returncode == 0, done.stderr
        assert again.read_text() == out.read_text()
    assert pd.read_csv(again)["species"].tolist() == frame["species"].tolist()
    without = kolosal("preprocess", table, "--load", fitted, "--target", "speces", "-o", again)
    assert without.returncode == 1
    assert "speces" in without.stderr


def test_applied_preprocessing_keeps_the_kind_of_the_target(kolosal, tmp_path):
    table, fitted, out = tmp_path / "in.csv", tmp_path / "prep.kolosal", tmp_path / "out.parquet"
    table.write_text("a,y\n1.5,3\n2.5,4\n")
    assert kolosal("preprocess", table, "--target", "y", "--save", fitted, "-o", out).returncode == 0
    again = tmp_path / "again.parquet"
    assert kolosal("preprocess", table, "--load", fitted, "--target", "y", "-o", again).returncode == 0
    assert pq.read_table(again).equals(pq.read_table(out))
    piped = kolosal("preprocess", "-", "--load", fitted, "--target", "y", stdin=table.read_text())
    assert piped.stdout == "a,y\n-1,3\n1,4\n"


def test_applied_preprocessing_takes_no_options_of_fitting(kolosal, penguins, tmp_path):
    fitted, out = tmp_path / "prep.kolosal", tmp_path / "out.csv"
    assert kolosal("preprocess", penguins, "--save", fitted, "-o", out).returncode == 0
    out.unlink()
    done = kolosal("preprocess", penguins, "--load", fitted, "--scaling", "minmax", "-o", out)
    assert done.returncode == 2
    assert "--scaling" in done.stderr
    assert "--load" in done.stderr
    assert not out.exists()


def test_training_rows_encoded_out_of_fold_are_not_undone_to_blanks(kolosal, tmp_path):
    table, fitted, out = tmp_path / "t.csv", tmp_path / "prep.kolosal", tmp_path / "out.csv"
    table.write_text("c,x,y\n" + "".join(f"{'ab'[i % 2]},{i},{10 * (i % 2) + i % 7 / 4}\n" for i in range(40)))
    assert kolosal("preprocess", table, "-t", "y", "--categorical-encoding", "target", "--save", fitted, "-o", out).returncode == 0
    undone = kolosal("preprocess", out, "--load", fitted, "--inverse")
    assert undone.returncode == 1 and "'c'" in undone.stderr and "out of fold" in undone.stderr
    again = tmp_path / "again.csv"
    assert kolosal("preprocess", table, "--load", fitted, "-o", again).returncode == 0
    assert kolosal("preprocess", again, "--load", fitted, "--inverse").stdout.splitlines()[1].startswith("a,")


def test_a_limit_on_the_size_of_files_is_an_error_of_the_write(kolosal, penguins, tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text("a,b\n" + "".join(f"{i / 7},{i / 13}\n" for i in range(20_000)))
    done = kolosal(
        "preprocess", rows, "-o", tmp_path / "out.csv", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
    )
    assert done.returncode == 1 and "error[io]" in done.stderr, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


def test_benchmark_measures(kolosal):
    done = kolosal("--json", "benchmark", "--rows", "2000", "--features", "4", "--learner", "logistic")
    assert done.returncode == 0, done.stderr
    assert all(m["seconds"] > 0 for m in json.loads(done.stdout)["measurements"])


def test_the_same_seed_gives_the_same_file_on_any_number_of_threads(kolosal, penguins, tmp_path):
    contents = set()
    for threads in (1, 2, 4):
        path = tmp_path / "m.kolosal"
        assert (
            kolosal(
                "train",
                penguins,
                "--target",
                "species",
                "--max-models",
                "4",
                "--seed",
                "9",
                "--threads",
                threads,
                "--no-report",
                "-o",
                path,
            ).returncode
            == 0
        )
        contents.add(path.read_bytes())
    assert len(contents) == 1


def test_configuration_comes_from_file_environment_and_flags_in_that_order(kolosal, tmp_path):
    config = tmp_path / "train.yaml"
    config.write_text("seed: 1\nmax_models: 2\npreset: fast\n")
    environment = {**os.environ, "KOLOSAL_SEED": "5", "KOLOSAL_MAX_MODELS": "7"}
    done = kolosal("train", "--config", config, "--max-models", "9", "--print-config", "json", env=environment)
    options = json.loads(done.stdout)
    assert (options["seed"], options["max_models"], options["preset"]) == (5, 9, "fast")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "subcommand"),
        (["trian"], 2, ""),
        (["train", "x.csv", "--trees", "3"], 2, "--trees"),
        (["train", "nowhere.csv", "--target", "y"], 1, "error[io]"),
        (["train", "nowhere.csv", "--target", "y", "--time-limit", "soon"], 2, "10m"),
        (["train", "nowhere.csv", "--target", "y", "--n-folds", "0"], 2, "--folds"),
        (["train", "--target", "y"], 2, "train adult.csv"),
        (["preprocess", "nowhere.csv", "--memory", "much"], 2, "500MB"),
        (["preprocess", "nowhere.csv", "--scaling", "huge"], 2, "standard"),
        (["preprocess", "nowhere.csv", "--inverse"], 2, "--load"),
        (["preprocess", "nowhere.csv", "--save", "x.csv", "-o", "x.csv"], 2, "x.csv"),
        (["info", "nowhere.kolosal"], 1, "error[io]"),
        (["--version"], 0, ""),
        (["train", "--help"], 0, ""),
    ],
)
def test_exit_codes_tell_usage_from_failure(kolosal, tmp_path, arguments, code, said):
    done = kolosal(*arguments, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert said in done.stderr


def test_a_target_that_is_not_there_is_named_with_the_nearest(kolosal, penguins, tmp_path):
    done = kolosal("train", penguins, "--target", "spezies", cwd=tmp_path)
    assert done.returncode == 1
    assert "error[unknown_column]" in done.stderr and "did you mean 'species'?" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_completions_know_every_command(kolosal):
    for shell in ("bash", "zsh", "fish"):
        text = kolosal("completions", shell).stdout
        assert all(command in text for command in ("train", "predict", "evaluate", "info", "preprocess", "benchmark"))
        assert "time-limit" in text
    checked = subprocess.run(["bash", "-n"], input=kolosal("completions", "bash").stdout, text=True, capture_output=True)
    assert checked.returncode == 0, checked.stderr


def test_ctrl_c_keeps_the_best_model_so_far(kolosal, tmp_path):
    table = tmp_path / "big.csv"
    source = random.Random(0)
    with table.open("w") as file:
        file.write("a,b,c,y\n")
        for _ in range(60_000):
            a, b, c = source.random(), source.random(), source.random()
            file.write(f"{a:.4f},{b:.4f},{c:.4f},{int(a * b > c / 2)}\n")
    process = subprocess.Popen(
        [KOLOSAL, "train", table, "--target", "y", "--time-limit", "60s", "--no-report", "-o", tmp_path / "m.kolosal"],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    while "boosting:" not in (line := process.stderr.readline()):
        assert line, "training ended before the first model was done"
    process.send_signal(signal.SIGINT)
    asked = time.monotonic()
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert time.monotonic() - asked < 10  # training ends within a second; the ensemble and the file come after
    assert kolosal("info", tmp_path / "m.kolosal").returncode == 0


def test_kill_at_any_moment_leaves_no_broken_file_and_resuming_finishes(kolosal, penguins, tmp_path):
    model = tmp_path / "m.kolosal"
    arguments = ["train", penguins, "--target", "species", "--max-models", "6", "--seed", "2", "--no-report", "-o", model]
    began = time.monotonic()
    assert kolosal(*arguments).returncode == 0
    whole = time.monotonic() - began
    expected = model.read_bytes()
    model.unlink()
    moments = random.Random(4)
    kills = int(os.environ.get("KOLOSAL_KILLS", "12"))
    for _ in range(kills):
        process = subprocess.Popen([KOLOSAL, *map(str, arguments), "--resume"], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        time.sleep(moments.uniform(0, whole))
        process.kill()
        process.wait()
        if model.exists():
            assert model.read_bytes() == expected
            model.unlink()
    done = kolosal(*arguments, "--resume")
    assert done.returncode == 0, done.stderr
    assert model.read_bytes() == expected


def test_a_terminal_sees_live_progress_and_no_color_is_respected(penguins, tmp_path):
    def on_terminal(environment):
        master, slave = pty.openpty()
        process = subprocess.Popen(
            [KOLOSAL, "train", penguins, "--target", "specis", "-o", tmp_path / "m.kolosal"],
            stdout=subprocess.DEVNULL,
            stderr=slave,
            env=environment,
        )
        os.close(slave)
        seen = b""
        while select.select([master], [], [], 5)[0]:
            try:
                part = os.read(master, 4096)
            except OSError:
                break
            if not part:
                break
            seen += part
        process.wait()
        return seen

    plain = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    assert b"\033[1;31m" in on_terminal(plain)
    assert b"\033[1" not in on_terminal({**plain, "NO_COLOR": "1"})
