"""Tables that real life brings: each gives a model or an error that says where, what and what to do; none ends the program.

KOLOSAL_PROGRAM names another build of the program, such as one with sanitizers.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

PROGRAM = os.environ.get("KOLOSAL_PROGRAM", str(Path(sys.executable).parent / "kolosal"))


def run(*arguments) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=120)


def train(table: Path, *more, target: str = "y") -> subprocess.CompletedProcess[str]:
    return run("train", table, "--target", target, "--max-models", "2", "--no-report", "-o", table.parent / "m.kolosal", *more)


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows(n: int, line) -> str:
    source = random.Random(1)
    return "".join(line(i, source) + "\n" for i in range(n))


def good_rows(n: int = 60) -> str:
    return "a,c,y\n" + rows(n, lambda i, r: f"{r.random():.3f},{r.choice('pqr')},{i % 2}")


BROKEN = {
    "an empty file": ("", "empty"),
    "a header alone": ("a,y\n", "no row"),
    "one row": ("a,b,y\n1,2,3\n", "row"),
    "one class": ("a,y\n" + rows(30, lambda i, r: f"{r.random()},yes"), "class"),
    "a duplicate column": ("a,a,y\n1,2,3\n4,5,6\n", "'a'"),
    "a ragged row": ("a,b,y\n1,2,3\n4,5\n6,7,8\n", ":3"),
    "a NUL byte": (b"a,y\n1,2\n3,\x004\n", "NUL"),
    "UTF-16": ("a,y\n1,2\n".encode("utf-16"), "UTF-16"),
    "bytes that are not UTF-8": (b"a,y\nf\xff\xfe,1\ng,2\n", "UTF-8"),
    "a target that is missing everywhere": ("a,y\n" + rows(20, lambda i, r: f"{r.random()},"), "missing"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_table_is_refused_with_a_reason(tmp_path, name):
    content, said = BROKEN[name]
    done = train(write(tmp_path, content))
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("error[") == 1 and "error[internal]" not in done.stderr, done.stderr
    assert said in done.stderr, done.stderr
    assert not (tmp_path / "m.kolosal").exists()


ODD = {
    "an all-missing column": "a,b,y\n" + rows(60, lambda i, r: f"{r.random()},,{i % 2}"),
    "a target that is missing in some rows": "a,y\n" + rows(60, lambda i, r: f"{r.random()},{'' if i % 7 == 0 else i % 2}"),
    "a column without a name": "a,,y\n" + rows(60, lambda i, r: f"{r.random()},{r.random()},{i % 2}"),
    "a cell of a megabyte": "a,t,y\n" + rows(60, lambda i, r: f"{r.random()},{'word ' * (200_000 if i == 5 else 3)},{i % 2}"),
    "integers above 2^53": "a,y\n" + rows(60, lambda i, r: f"{2**60 + i * 3},{i % 2}"),
    "numbers beyond int64": "a,y\n" + rows(60, lambda i, r: f"{10**25 * (i + 1)},{i % 2}"),
    "infinities": "a,y\n" + rows(60, lambda i, r: f"{['inf', '-inf', '1e308', str(r.random())][i % 4]},{i % 2}"),
    "quoted newlines": "a,t,y\n" + rows(60, lambda i, r: f'{r.random()},"two\nlines, here",{i % 2}'),
    "a byte-order mark": "\ufeffa,y\n" + rows(60, lambda i, r: f"{r.random()},{i % 2}"),
    "semicolons and decimal commas": "a;y\n" + rows(60, lambda i, r: f"{r.randint(0, 9)},{r.randint(100, 999)};{i % 2}"),
    "carriage returns": "a,y\r\n" + rows(60, lambda i, r: f"{r.random()},{i % 2}\r"),
    "constant features": "a,b,y\n" + rows(60, lambda i, r: f"1,{r.random()},{i % 2}"),
    "a class of one row": "a,y\n" + rows(60, lambda i, r: f"{r.random()},{'rare' if i == 7 else 'pq'[i % 2]}"),
    "two rows": "a,b,y\n1,2,yes\n3,5,no\n",
    "a huge target": "a,y\n" + rows(60, lambda i, r: f"{r.random()},{r.random() * 1e300}"),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_table_is_learnt_from_and_predicted(tmp_path, name):
    path = write(tmp_path, ODD[name])
    done = train(path)
    assert done.returncode == 0, done.stderr
    predicted = run("predict", tmp_path / "m.kolosal", path, "-o", tmp_path / "out.csv")
    assert predicted.returncode == 0, predicted.stderr
    assert pd.read_csv(tmp_path / "out.csv")["prediction"].notna().all()


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("good")
    assert train(write(folder, good_rows())).returncode == 0
    return folder / "m.kolosal"


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        ("c,a\np,0.5\n", 0, ""),
        ("a,c,other\n0.5,p,9\n", 0, ""),
        ("a,c\n0.5,never seen\n,\n", 0, ""),
        ("a\n0.5\n", 1, "'c'"),
        ("a,c\nmuch,p\n", 1, "'a'"),
        ("a,c\n", 1, "rows"),
    ],
)
def test_new_rows_may_differ_as_far_as_the_model_can_bear(model, tmp_path, content, code, said):
    done = run("predict", model, write(tmp_path, content), "-o", tmp_path / "out.csv")
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert (tmp_path / "out.csv").exists() == (code == 0)


def test_a_damaged_model_is_refused_and_never_ends_the_program(model, tmp_path):
    whole = model.read_bytes()
    table = write(tmp_path, good_rows(5))
    source = random.Random(3)
    damaged = tmp_path / "damaged.kolosal"
    for trial in range(30):
        content = bytearray(whole)
        if trial % 2:
            del content[source.randrange(len(content)) :]
        else:
            content[source.randrange(len(content))] ^= 1 << source.randrange(8)
        damaged.write_bytes(bytes(content))
        done = run("predict", damaged, table)
        assert done.returncode == 1, (trial, done.stderr)
        assert "error[corrupt_artifact]" in done.stderr or "error[unsupported_version]" in done.stderr, done.stderr


def test_a_full_disk_leaves_no_half_of_a_file(model, tmp_path):
    table = write(tmp_path, good_rows(5))
    done = run("predict", model, table, "-o", "/dev/full", "--output-format", "csv")
    assert done.returncode == 1
    assert "error[io]" in done.stderr
