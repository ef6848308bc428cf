"""Files larger than the memory allowed, preprocessed file to file: peak memory, and how time grows with rows.

Makes CSV files of mixed columns (4 of numbers, 3 of whole numbers, 2 of categories, 1 of dates; some missing) in a temporary folder, runs
`kolosal preprocess IN -o OUT.parquet --memory 500MB` on each, and prints the time and the largest resident memory of the program.
`--memory ""` measures the whole table in memory instead: CSV, full pipeline, features.

    .venv/bin/python benchmarks/out_of_core.py                      # 10 and 20 million rows
    .venv/bin/python benchmarks/out_of_core.py --rows 1000000 --memory ""
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

KOLOSAL = Path(sys.executable).parent / "kolosal"
CHUNK_ROWS = 500_000
BYTES_A_ROW = 110  # of CSV, about


def chunk(seed: int, n_rows: int) -> pa.Table:
    """Rows of every kind; 2 % of the numbers and categories are missing."""
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {}
    for j in range(4):
        values = (random.standard_normal(n_rows) * 10 ** (j - 1)).round(5)
        columns[f"number{j}"] = pa.array(values, mask=random.random(n_rows) < 0.02)
    for j in range(3):
        columns[f"whole{j}"] = random.integers(0, 10 ** (2 * j + 1), n_rows)
    for j, n_levels in enumerate((8, 200)):
        levels = pa.array([f"level {i}" for i in range(n_levels)])
        codes = pa.array(random.integers(0, n_levels, n_rows).astype(np.int32), mask=random.random(n_rows) < 0.02)
        columns[f"category{j}"] = pa.DictionaryArray.from_arrays(codes, levels)
    columns["day"] = pa.array(random.integers(10_000, 20_000, n_rows).astype(np.int32)).cast(pa.date32())
    return pa.table(columns)


def make_csv(path: Path, n_rows: int) -> None:
    """Writes the file, chunk by chunk; its first rows are those of a smaller file."""
    writer = None
    for begin in range(0, n_rows, CHUNK_ROWS):
        table = chunk(begin, min(CHUNK_ROWS, n_rows - begin))
        writer = writer or pyarrow.csv.CSVWriter(path, table.schema)
        writer.write(table)
    if writer is not None:
        writer.close()


def preprocess(source: Path, output: Path, options: list[str]) -> dict[str, Any]:
    """Runs the program; gives its report."""
    command = [str(KOLOSAL), "--json", "preprocess", str(source), "-o", str(output), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def main() -> int:
    """Measures and prints; 1 where memory or growth are beyond what is asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000_000, 20_000_000])
    parser.add_argument("--memory", default="500MB", help="what the program may use; empty for the whole table in memory")
    parser.add_argument(
        "--options", nargs="*", default=[], help="further options of kolosal preprocess, without their dashes: scaling=robust"
    )
    parser.add_argument("--folder", help="where files are made; the system's temporary folder where not given")
    arguments = parser.parse_args()
    options = [f"--{option}" for option in arguments.options]
    if arguments.memory:
        options.append(f"--memory={arguments.memory}")
    folder = Path(tempfile.mkdtemp(prefix="kolosal_out_of_core_", dir=arguments.folder))
    try:
        needed = 2 * BYTES_A_ROW * max(arguments.rows)
        if shutil.disk_usage(folder).free < 1.2 * needed:
            raise SystemExit(f"{folder}: {needed / 1e9:.1f} GB are needed")
        seconds_a_row = []
        too_much = False
        for n_rows in arguments.rows:
            source, output = folder / "in.csv", folder / "out.parquet"
            make_csv(source, n_rows)
            os.sync()
            report = preprocess(source, output, options)
            seconds = float(report.get("seconds", float("nan")))
            peak = report.get("peak_memory_bytes", 0)
            seconds_a_row.append(seconds / n_rows)
            too_much |= arguments.memory == "500MB" and peak > 500_000_000
            print(
                f"{n_rows:>12,} rows  {source.stat().st_size / 1e9:5.2f} GB  {seconds:7.1f} s  {n_rows / seconds / 1e6:5.2f} M rows/s  "
                f"peak {peak / 1e6:5.0f} MB  {report.get('passes', 1)} passes",
                flush=True,
            )
        growth = seconds_a_row[-1] / seconds_a_row[0]
        print(f"time a row, last to first: {growth:.3f}")
        return int(too_much or not 0.9 <= growth <= 1.1)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
