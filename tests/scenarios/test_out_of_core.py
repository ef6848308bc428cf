"""`kolosal preprocess --memory`: a file goes to a file in passes, and whatever ends it leaves nothing half-written."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

PROGRAM = os.environ.get("KOLOSAL_PROGRAM", str(Path(sys.executable).parent / "kolosal"))
SMALL = ["--memory", "80MB", "--chunk-rows", "2000"]


def command(*arguments) -> list[str]:
    return [PROGRAM, "preprocess", *map(str, arguments)]


def run(*arguments, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=120, check=False, **options)


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    """100,000 rows of numbers, categories and dates, some missing."""
    path = tmp_path_factory.mktemp("table") / "in.csv"
    random = np.random.default_rng(0)
    n_rows = 100_000
    frame = pd.DataFrame(
        {
            "x": random.normal(size=n_rows).round(4),
            "n": random.integers(0, 1000, n_rows),
            "c": random.choice(["rome", "oslo", "bern"], n_rows),
            "d": pd.to_datetime(random.integers(0, 20_000, n_rows), unit="D").strftime("%Y-%m-%d"),
        }
    )
    frame.loc[random.random(n_rows) < 0.05, ["x", "c"]] = None
    frame.to_csv(path, index=False)
    return path


def end_while_it_writes(table: Path, out: Path, ending: signal.Signals) -> int:
    """Sends a signal as soon as the output is being written; gives the exit code."""
    process = subprocess.Popen(command(table, "-o", out, "--memory", "80MB", "--chunk-rows", "500"), stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        parts = list(out.parent.glob(out.name + ".part*"))
        if parts and parts[0].stat().st_size > 0:
            break
        time.sleep(0.002)
    process.send_signal(ending)
    process.communicate(timeout=30)
    return process.returncode


def test_a_file_goes_to_a_file_as_the_whole_table_does(table, tmp_path):
    options = ["--scaling", "standard", "--outlier-strategy", "clip_zscore"]
    assert run(table, "-o", tmp_path / "whole.parquet", *options).returncode == 0
    done = run("--json", table, "-o", tmp_path / "out.parquet", "--save", tmp_path / "prep.kolosal", *options, *SMALL)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["rows"] == report["rows_read"] == 100_000 and report["rows_removed"] == 0
    assert report["chunk_rows"] == 2000 and report["passes"] == 5
    assert 0 < report["peak_memory_bytes"] <= 80e6
    whole, out = pd.read_parquet(tmp_path / "whole.parquet"), pd.read_parquet(tmp_path / "out.parquet")
    pd.testing.assert_frame_equal(whole, out, rtol=1e-9, atol=1e-9)
    assert run(table, "--load", tmp_path / "prep.kolosal", "-o", tmp_path / "again.parquet").returncode == 0
    pd.testing.assert_frame_equal(out, pd.read_parquet(tmp_path / "again.parquet"))


def test_rows_are_removed_and_counted(table, tmp_path):
    done = run("--json", table, "-o", tmp_path / "out.csv", "--missing-strategy", "drop", *SMALL)
    assert done.returncode == 0, done.stderr
    n_whole = int(pd.read_csv(table).notna().all(axis=1).sum())
    report = json.loads(done.stdout)
    assert report["rows_written"] == n_whole and report["rows_removed"] == 100_000 - n_whole
    assert len(pd.read_csv(tmp_path / "out.csv")) == n_whole
    assert f"{100_000 - n_whole} training rows removed" in done.stderr


def test_standard_input_is_read_in_passes_too(table, tmp_path):
    with table.open() as source:
        done = run("-", "-o", tmp_path / "out.parquet", *SMALL, stdin=source)
    assert done.returncode == 0, done.stderr
    piped = subprocess.run(f"cat {table} | {PROGRAM} preprocess - -o {tmp_path}/pipe.parquet {' '.join(SMALL)}", shell=True, check=False)
    assert piped.returncode == 0
    assert pq.read_table(tmp_path / "out.parquet").equals(pq.read_table(tmp_path / "pipe.parquet"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.parquet", "pipe.parquet"]


def test_a_killed_run_leaves_nothing_at_the_output_and_can_be_repeated(table, tmp_path):
    out = tmp_path / "out.csv"
    assert end_while_it_writes(table, out, signal.SIGKILL) == -signal.SIGKILL
    assert not out.exists()
    assert run(table, "-o", out, *SMALL).returncode == 0
    assert len(pd.read_csv(out)) == 100_000


def test_ctrl_c_stops_and_leaves_the_old_output(table, tmp_path):
    out = tmp_path / "out.csv"
    out.write_text("old\n")
    assert end_while_it_writes(table, out, signal.SIGINT) == 130
    assert out.read_text() == "old\n"
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_a_full_disk_leaves_nothing(table, tmp_path):
    def at_most_a_megabyte():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    for name in ("out.csv", "out.parquet", "out.arrow", "out.jsonl"):
        done = run(table, "-o", tmp_path / name, *SMALL, preexec_fn=at_most_a_megabyte)
        assert done.returncode == 1
        assert "error[io]" in done.stderr and name in done.stderr
        assert list(tmp_path.iterdir()) == []


DAMAGE = {
    "cut off in the middle of a line": (lambda text: text[: text.rindex("\n", 0, len(text) // 2) + 3], "where there are 4 columns"),
    "a ragged line deep in the file": (lambda text: text + "1,2\n", "in.csv:100002: 2 cells"),
    "an open quote": (lambda text: text + '"1,2,3,4\n', "in.csv:100002: a quote opens here"),
    "a NUL byte": (lambda text: text + "1,2,\0,2024-01-01\n", "in.csv:100002: column 'c' holds a NUL byte"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_late_in_a_file_is_told_with_its_line(table, tmp_path, name):
    damage, said = DAMAGE[name]
    (tmp_path / "in.csv").write_text(damage(table.read_text()))
    done = run(tmp_path / "in.csv", "-o", tmp_path / "out.csv", *SMALL)
    assert done.returncode == 1
    assert "error[bad_file]" in done.stderr and said in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_a_parquet_file_that_is_cut_off_is_refused(table, tmp_path):
    pd.read_csv(table).to_parquet(tmp_path / "whole.parquet")
    (tmp_path / "in.parquet").write_bytes((tmp_path / "whole.parquet").read_bytes()[:-1000])
    done = run(tmp_path / "in.parquet", "-o", tmp_path / "out.csv", *SMALL)
    assert done.returncode == 1 and "error[bad_file]" in done.stderr and "in.parquet" in done.stderr
    assert not (tmp_path / "out.csv").exists()


def test_a_column_that_turns_out_to_hold_text_late_is_text_throughout(table, tmp_path):
    source = tmp_path / "in.csv"
    source.write_text(table.read_text() + "0.5,many,rome,2024-01-01\n")
    assert run(source, "-o", tmp_path / "whole.csv").returncode == 0
    done = run(source, "-o", tmp_path / "out.csv", *SMALL)
    assert done.returncode == 0, done.stderr
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "whole.csv"), pd.read_csv(tmp_path / "out.csv"))


def test_what_cannot_be_done_in_passes_or_in_so_little_memory_is_said(table, tmp_path):
    out = tmp_path / "out.csv"
    done = run(table, "-o", out, *SMALL, "--missing-strategy", "knn")
    assert done.returncode == 1 and "error[unsupported]: missing_strategy 'knn'" in done.stderr
    done = run(table, "-o", out, "--memory", "1MB")
    assert done.returncode == 1 and "the least that works is" in done.stderr
    least = done.stderr.split("the least that works is ")[1].split("MB")[0].strip()
    done = run(table, "-o", out, "--memory", f"{least}MB")
    assert done.returncode == 0, done.stderr
    assert run(table, "-o", out, "--memory", "lots").returncode == 2


def test_one_hot_and_target_encoding_go_together_in_passes(tmp_path):
    random = np.random.default_rng(1)
    source, passes, whole = tmp_path / "in.csv", tmp_path / "passes.csv", tmp_path / "whole.csv"
    pd.DataFrame(
        {
            "a": random.choice(list("xyz"), 3000),
            "b": [f"l{level}" for level in random.integers(0, 60, 3000)],
            "y": random.integers(0, 2, 3000),
        }
    ).to_csv(source, index=False)
    encoding = ("-t", "y", "--categorical-encoding", "auto")
    for out, extra in ((passes, SMALL), (whole, ())):
        done = run(source, "-o", out, *encoding, *extra)
        assert done.returncode == 0, done.stderr
    pd.testing.assert_frame_equal(pd.read_csv(passes), pd.read_csv(whole), rtol=1e-12)


def test_more_columns_than_the_limit_has_room_for_are_refused_before_they_are_made(tmp_path):
    source = tmp_path / "in.csv"
    pd.DataFrame({"t": [f"id{i}" for i in range(20_000)], "x": range(20_000)}).to_csv(source, index=False)
    done = run(source, "-o", tmp_path / "out.csv", *SMALL, "--max-cardinality", "1000000", "--categorical-encoding", "one_hot")
    assert done.returncode == 1 and "error[out_of_memory]" in done.stderr and "20001 columns" in done.stderr, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


N_IDS = 150_000


def ids(n_rows: int) -> list[str]:
    return [f"{number * 2654435761 % 2**64:016x}{number:016x}" for number in range(n_rows)]


SHAPES = {
    "wide": lambda random: pd.DataFrame(random.normal(size=(3000, 300)).round(4), columns=[f"c{i}" for i in range(300)]),
    "long": lambda random: pd.DataFrame({"x": random.normal(size=300_000), "c": random.choice(["a", "b", "c"], 300_000)}),
    "ids": lambda random: pd.DataFrame({"id": ids(N_IDS), "x": random.normal(size=N_IDS).round(3)}),
    "texts": lambda random: pd.DataFrame(
        {"x": random.normal(size=3000), "t": ["lorem ipsum " * random.integers(1, 600) for _ in range(3000)]}
    ),
}


@pytest.fixture(scope="module")
def shapes(tmp_path_factory) -> Path:
    """Tables of every shape, each as CSV, Parquet and JSON lines."""
    folder = tmp_path_factory.mktemp("shapes")
    for name, make in SHAPES.items():
        frame = make(np.random.default_rng(0))
        frame.to_csv(folder / f"{name}.csv", index=False)
        frame.to_parquet(folder / f"{name}.parquet")
        frame.to_json(folder / f"{name}.jsonl", orient="records", lines=True)
    return folder


# What a process held before it became another counts as the other's: the one that starts the program must be small.
MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def run_and_measure(*arguments) -> tuple[int, float, str]:
    """Exit code, most resident memory in MB as the kernel counted it, and what was said."""
    measured = subprocess.run(
        [sys.executable, "-S", "-c", MEASURE, *command(*arguments)], capture_output=True, text=True, timeout=120, check=True
    )
    code, kibibytes = map(int, measured.stdout.split())
    return code, kibibytes * 1024 / 1e6, measured.stderr


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
@pytest.mark.parametrize("name", SHAPES)
def test_no_shape_of_table_takes_more_than_the_limit(shapes, tmp_path, name, ending):
    for limit in (90, 150, 300):
        options = ["--memory", f"{limit}MB", "--max-cardinality", "10000000"]
        code, peak, said = run_and_measure(shapes / f"{name}.{ending}", "-o", tmp_path / "out.parquet", *options)
        print(f"{name}.{ending} under {limit} MB: {peak:.0f} MB, exit code {code}")
        assert peak <= limit, said
        if code != 0:
            assert code == 1 and "error[out_of_memory]" in said and f"memory limit of {limit} MB" in said
    assert code == 0, said


def test_what_a_column_of_ids_needs_is_said_and_enough(shapes, tmp_path):
    source, out = shapes / "ids.csv", tmp_path / "out.parquet"
    # Of resident memory the libraries are up to 50 MB: as much of them as the system happens to have in its cache.
    assert run_and_measure(source, "-o", out, "--memory", "130MB")[0] == 0, "its most frequent text takes little memory"
    code, _, said = run_and_measure(source, "-o", out, "--memory", "80MB", "--max-cardinality", "10000000")
    assert code == 1 and "column 'id'" in said and "memory limit of 80 MB" in said and "max_cardinality" in said
    limit = 80
    while code != 0:
        assert "Raise the memory limit by" in said, said
        limit += int(said.split("Raise the memory limit by ")[1].split(" MB")[0])
        code, peak, said = run_and_measure(source, "-o", out, "--memory", f"{limit}MB", "--max-cardinality", "10000000")
        assert peak <= limit
    assert limit <= 250
    assert pq.read_metadata(out).num_rows == N_IDS


def test_target_encoding_in_passes_is_that_of_the_whole_table(table, tmp_path):
    frame = pd.read_csv(table)
    frame["y"] = np.where(frame["n"] % 7 == 0, None, np.where((frame["n"] + frame["c"].isna()) % 3 == 0, "yes", "no"))
    frame["town"] = "town " + (frame["n"] % 40).astype(str)
    source = tmp_path / "in.csv"
    frame.to_csv(source, index=False)
    for smoothing in ("10", "null"):
        options = ["--target", "y", "--categorical-encoding", "target", "--smoothing", smoothing]
        whole, out = tmp_path / "whole.parquet", tmp_path / "out.parquet"
        assert run(source, "-o", whole, *options).returncode == 0
        done = run(source, "-o", out, *options, *SMALL)
        assert done.returncode == 0, done.stderr
        pd.testing.assert_frame_equal(pd.read_parquet(whole), pd.read_parquet(out), rtol=1e-12, atol=1e-12)
        assert pd.read_parquet(out)["town__target"].nunique() > 40, "training rows are encoded out of fold"


@pytest.mark.parametrize("options", [[], SMALL])
def test_a_source_that_is_cut_short_while_it_is_read_is_an_error(table, tmp_path, options):
    lines = table.read_text()
    for trial in range(6):
        source, out = tmp_path / "in.csv", tmp_path / "out.parquet"
        source.write_text(lines)
        process = subprocess.Popen(command(source, "-o", out, *options), stderr=subprocess.PIPE, text=True)
        time.sleep(0.02 + 0.02 * trial)
        os.truncate(source, source.stat().st_size // 3)
        _, said = process.communicate(timeout=60)
        assert process.returncode in (0, 1), f"{process.returncode}: {said}"
        if process.returncode == 1:
            assert "error[bad_file]" in said and not out.exists()
        out.unlink(missing_ok=True)
