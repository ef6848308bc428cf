"""Preprocessing beside its peers: the same table in memory for both, outputs compared, ratios printed.

Each row fits a transformer and transforms its rows, in a native table made before the clock starts; a peer gets its own frame or array.
Ratios are of the best time of each side. `--threads` holds for both where the peer has threads.

    .venv/bin/python benchmarks/preprocess.py                  # every row
    .venv/bin/python benchmarks/preprocess.py standard knn     # those whose name begins so
    .venv/bin/python benchmarks/preprocess.py cost             # how cost grows with rows
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

N_ROWS = 1_000_000
N_COLUMNS = 10


@dataclass
class Row:
    """One comparison: both sides give an array of the same numbers, or None where only the time counts."""

    name: str
    peer: str
    target: float  # largest ratio asked for
    ours: Callable[[], Any]
    theirs: Callable[[], Any]
    ours_values: Callable[[Any], np.ndarray]
    theirs_values: Callable[[Any], np.ndarray]
    repeats: int = 5
    tolerance: float = 1e-9


def best_time(job: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Seconds of the fastest of several calls, and what the last gave."""
    fastest, made = float("inf"), None
    for _ in range(repeats):
        started = time.perf_counter()
        made = job()
        fastest = min(fastest, time.perf_counter() - started)
    return fastest, made


def numbers() -> np.ndarray:
    """(N_ROWS, N_COLUMNS) float64 of several shapes and sizes."""
    random = np.random.default_rng(0)
    rows = random.standard_normal((N_ROWS, N_COLUMNS))
    rows[:, 1] = np.exp(rows[:, 1])
    rows[:, 2] = random.random(N_ROWS)
    rows[:, 3] **= 3
    rows[:, 4] *= 1000
    return rows


def holes(rows: np.ndarray) -> np.ndarray:
    """The rows with a tenth of the cells missing."""
    holed = rows.copy()
    holed[np.random.default_rng(1).random(rows.shape) < 0.1] = np.nan
    return holed


def write_mixed(path: str) -> None:
    """A CSV file of N_ROWS: four columns of numbers, three of integers, two of categories, one of dates."""
    import polars as pl  # noqa: PLC0415

    random = np.random.default_rng(3)
    columns: dict[str, Any] = {f"f{j}": random.standard_normal(N_ROWS) * 10**j for j in range(4)}
    columns |= {"f1": columns["f1"].round(4), "f2": columns["f2"].round(2)}
    columns |= {"i0": random.integers(0, 100, N_ROWS), "i1": random.integers(-(10**6), 10**6, N_ROWS), "i2": random.integers(0, 2, N_ROWS)}
    columns["s0"] = np.array([f"category_{i:02d}" for i in range(20)])[random.integers(0, 20, N_ROWS)]
    columns["s1"] = np.array([f"city {i:04d}" for i in range(1000)])[random.integers(0, 1000, N_ROWS)]
    columns["d"] = np.datetime64("2015-01-01") + random.integers(0, 3650, N_ROWS)
    pl.DataFrame(columns).write_csv(path)


def peak_memory(job: str, path: str) -> float:
    """Largest resident size of a fresh process that does the job, in MB."""
    program = f"import kolosal, sys; path = sys.argv[1]; {job}; print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    done = subprocess.run([sys.executable, "-c", program, path], check=True, capture_output=True, text=True)
    return int(done.stdout) / 1024


def rows_of_all(threads: int) -> Iterator[tuple[str, Callable[[], Iterator[Row]]]]:
    """Families of rows, each with what makes its rows; inputs are made only for the families asked for."""
    import pandas as pd  # noqa: PLC0415
    import polars as pl  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415
    from kolosal._tables import to_native  # noqa: PLC0415
    from sklearn import impute, preprocessing  # noqa: PLC0415

    import kolosal.preprocess as kp  # noqa: PLC0415
    from kolosal import _kolosal  # noqa: PLC0415

    def native(name: str, table: Any, target: Any = None, **parameters: Any) -> Callable[[], Any]:
        text = json.dumps(parameters)
        return lambda: _kolosal.fit_transformer(name, text, table, target, None, threads, 0)[1]

    def columns(made: Any) -> np.ndarray:
        return np.asarray(_kolosal.rows_from_table(made, threads))

    def frame(made: pl.DataFrame) -> np.ndarray:
        return made.to_numpy()

    def array(made: Any) -> np.ndarray:
        return np.asarray(made)

    def compressed(made: Any) -> np.ndarray:
        return np.concatenate([made.indptr, made.indices, made.data])

    def scalers() -> Iterator[Row]:
        rows = numbers()
        polars = pl.DataFrame({f"c{j}": np.ascontiguousarray(rows[:, j]) for j in range(N_COLUMNS)})
        table = to_native(polars)
        every = pl.all()
        span = every.max() - every.min()
        quartiles = every.quantile(0.75, "linear") - every.quantile(0.25, "linear")
        yield Row(
            "standard, columns",
            "polars",
            0.6,
            native("standard_scale", table),
            lambda: polars.select((every - every.mean()) / every.std(ddof=0)),
            columns,
            frame,
        )
        yield Row(
            "standard, row-major",
            "scikit-learn",
            0.15,
            lambda: kp.StandardScaler().fit_transform(rows),
            lambda: preprocessing.StandardScaler().fit_transform(rows),
            array,
            array,
        )
        yield Row(
            "min-max, columns",
            "polars",
            0.6,
            native("min_max_scale", table),
            lambda: polars.select((every - every.min()) / span),
            columns,
            frame,
        )
        yield Row(
            "min-max, row-major",
            "scikit-learn",
            0.15,
            lambda: kp.MinMaxScaler().fit_transform(rows),
            lambda: preprocessing.MinMaxScaler().fit_transform(rows),
            array,
            array,
        )
        yield Row(
            "robust, columns",
            "polars",
            0.8,
            native("robust_scale", table),
            lambda: polars.select((every - every.median()) / quartiles),
            columns,
            frame,
        )

    def shapes() -> Iterator[Row]:
        rows = numbers()
        table = to_native({f"c{j}": np.ascontiguousarray(rows[:, j]) for j in range(N_COLUMNS)})
        yield Row(
            "yeo-johnson",
            "scikit-learn",
            0.1,
            native("yeo_johnson", table),
            lambda: preprocessing.PowerTransformer().fit_transform(rows),
            columns,
            array,
            repeats=2,
            tolerance=1e-5,  # both find lambda to some 8 digits
        )
        for output in ("uniform", "normal"):
            peer = preprocessing.QuantileTransformer(output_distribution=output, subsample=None)
            yield Row(
                f"quantile {output}",
                "scikit-learn",
                0.15,
                native("quantile_transform", table, output=output),
                partial(peer.fit_transform, rows),
                columns,
                array,
                repeats=2,
            )

    def imputers() -> Iterator[Row]:
        rows = holes(numbers())
        polars = pl.DataFrame({f"c{j}": rows[:, j] for j in range(N_COLUMNS)}).select(pl.all().fill_nan(None))
        table = to_native(polars)
        yield Row(
            "impute mean",
            "polars",
            0.7,
            native("impute", table, strategy="mean"),
            lambda: polars.select(pl.all().fill_null(pl.all().mean())),
            columns,
            frame,
        )
        few = rows[:20_000]
        yield Row(
            "knn impute 20K",
            "scikit-learn",
            0.05,
            native("knn_impute", to_native(few)),
            lambda: impute.KNNImputer().fit_transform(few),
            columns,
            array,
            repeats=1,
        )
        some = rows[:100_000] + np.arange(N_COLUMNS)
        from sklearn.experimental import enable_iterative_imputer  # noqa: F401, PLC0415

        yield Row(
            "mice 100K",
            "scikit-learn",
            0.25,
            native("iterative_impute", to_native(some)),
            lambda: impute.IterativeImputer().fit_transform(some),
            columns,
            array,
            repeats=1,
            tolerance=1e-6,
        )

    def categories() -> Iterator[Row]:
        random = np.random.default_rng(2)
        texts = np.array([f"category_{i:04d}" for i in range(1000)], dtype=object)[random.integers(0, 1000, N_ROWS)]
        arrow = pa.table({"c": pa.array(texts, pa.string())})
        names = np.unique(texts)
        series, strings = pd.Series(arrow["c"].to_pandas(types_mapper=pd.ArrowDtype)), pl.Series("c", arrow["c"])

        def numbered(decode: Callable[[Any], Any], made: Any) -> np.ndarray:
            return np.asarray(np.searchsorted(names, decode(made).astype(object)))

        def encoded(table: Any, made: Any) -> np.ndarray:
            return columns(made[0].transform(table))

        def transformed(encoder: Any, objects: np.ndarray, _: Any) -> np.ndarray:
            return np.asarray(encoder.transform(objects))

        label_peers: list[tuple[str, Callable[[], Any], Callable[[Any], Any]]] = [
            ("pandas", lambda: pd.factorize(series), lambda made: made[1].to_numpy()[made[0]]),
            ("pyarrow", lambda: arrow["c"].dictionary_encode(), lambda made: made.to_numpy()),
            ("polars", lambda: strings.cast(pl.Categorical), lambda made: made.cast(pl.String).to_numpy()),
        ]
        for peer, encode, decode in label_peers:
            yield Row(
                "label encode strings",
                peer,
                0.7,
                lambda: native("ordinal", to_native(arrow), columns=["c"])(),
                encode,
                lambda made: columns(made)[:, 0],
                partial(numbered, decode),
            )
        # Of target encoding the whole fit is compared: the folds of what the training rows become are others'.
        table, objects = to_native(arrow), texts[:, None]
        for name, smooth, target in (
            ("target encode", 10.0, random.integers(0, 2, N_ROWS)),
            ("target encode, numbers", "auto", random.standard_normal(N_ROWS)),
        ):
            smoothing = json.dumps({"columns": ["c"], "smoothing": None if smooth == "auto" else smooth})
            known = to_native({"t": target})
            peer_encoder = preprocessing.TargetEncoder(smooth=smooth)
            yield Row(
                name,
                "scikit-learn",
                0.15,
                partial(_kolosal.fit_transformer, "target_encode", smoothing, table, known, None, threads, 0),
                partial(peer_encoder.fit_transform, objects, target),
                partial(encoded, table),
                partial(transformed, peer_encoder, objects),
            )
        hundred = np.array([f"level_{i:02d}" for i in range(100)], dtype=object)[random.integers(0, 100, N_ROWS)][:, None]
        yield Row(
            "one-hot sparse",
            "scikit-learn",
            0.25,
            lambda: kp.OneHotEncoder(sparse_output=True).fit_transform(hundred),
            lambda: preprocessing.OneHotEncoder().fit_transform(hundred),
            compressed,
            compressed,
        )
        series = pl.DataFrame({"c": hundred[:, 0].tolist()})
        yield Row(
            "one-hot dense uint8",
            "polars",
            0.8,
            lambda: kp.OneHotEncoder(dtype=np.uint8).fit_transform(series),
            lambda: series.to_dummies(),
            frame,
            lambda made: made.select(sorted(made.columns)).to_numpy(),
        )

    def files() -> Iterator[Row]:
        import duckdb  # noqa: PLC0415
        from pyarrow import csv  # noqa: PLC0415

        import kolosal  # noqa: PLC0415

        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "mixed.csv")
            write_mixed(path)

            def values(made: Any) -> np.ndarray:
                """Numbers, days since 1970 and sorted numbers of categories of every column."""
                found = made if isinstance(made, pl.DataFrame) else pl.DataFrame(pa.table(made))
                days = pl.col("d").cast(pl.Date).cast(pl.Int32)
                levels = [pl.col(name).cast(pl.String).rank("dense") for name in ("s0", "s1")]
                return found.select("f0", "f1", "f2", "f3", "i0", "i1", "i2", days, *levels).to_numpy()

            kinds: dict[str, Any] = {"try_parse_dates": True, "schema_overrides": {"s0": pl.Categorical, "s1": pl.Categorical}}
            peers: dict[str, Callable[[], Any]] = {
                "polars": partial(pl.read_csv, path, **kinds),
                "DuckDB": lambda: duckdb.read_csv(path).to_arrow_table(),
                "pyarrow": partial(csv.read_csv, path, convert_options=csv.ConvertOptions(auto_dict_encode=True)),
            }
            for peer, read in peers.items():
                yield Row("csv 1M x 10", peer, 1.0, partial(kolosal.read_table, path), read, values, values)
            for name, target, job in (
                ("csv, load", 250, "kolosal.read_table(path)"),
                ("csv, pipeline", 400, "kolosal.DataPreprocessor().fit_transform(kolosal.read_table(path))"),
            ):
                print(f"{name:24}{peak_memory(job, path):10.0f} MB at most, whole process; asked {target}", flush=True)

    yield "csv", files
    yield "standard min-max robust", scalers
    yield "yeo-johnson quantile", shapes
    yield "impute knn mice", imputers
    yield "label target one-hot", categories


def print_costs(threads: int) -> None:
    """Nanoseconds a cell at 10 thousand to 10 million rows, then at 10 to 1,000 columns: a level line is a cost that grows as they do."""
    from kolosal._tables import to_native  # noqa: PLC0415

    from kolosal import _kolosal  # noqa: PLC0415

    sizes = [10_000, 100_000, 1_000_000, 10_000_000]
    random = np.random.default_rng(4)
    values, codes = random.standard_normal(sizes[-1] + 1000), random.integers(0, 100, sizes[-1] + 1000)
    names = ("standard_scale", "robust_scale", "quantile_transform", "yeo_johnson", "impute", "clip_outliers", "ordinal", "one_hot")

    def cost(name: str, size: int, n_columns: int) -> float:
        column = codes if name in ("ordinal", "one_hot") else values
        table = to_native({f"x{j}": column[j : j + size] for j in range(n_columns)})
        parameters = json.dumps({"columns": [f"x{j}" for j in range(n_columns)]})
        job = partial(_kolosal.fit_transformer, name, parameters, table, None, None, threads, 0)
        return best_time(job, 3)[0] / (size * n_columns) * 1e9

    print("ns a cell, at rows:     " + "".join(f"{size:>12,}" for size in sizes))
    for name in names:
        print(f"{name:24}" + "".join(f"{cost(name, size, 1):12.1f}" for size in sizes), flush=True)
    widths = [10, 30, 100, 300, 1000]
    print("ns a cell, at columns:  " + "".join(f"{width:>12,}" for width in widths))
    for name in names:
        print(f"{name:24}" + "".join(f"{cost(name, 10_000, width):12.1f}" for width in widths), flush=True)


def main() -> int:
    """Prints a line a row; 1 where an output differs from the peer's."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("rows", nargs="*", help="beginnings of the names of the rows to run; none: all")
    parser.add_argument("--threads", type=int, default=2, help="threads of both sides")
    arguments = parser.parse_args()
    os.environ["POLARS_MAX_THREADS"] = str(arguments.threads)
    wanted = tuple(arguments.rows)
    differing = 0
    print(f"{'work':24}{'ours ms':>10}{'peer ms':>10}  {'peer':14}{'ratio':>7}{'asked':>7}")
    for names, make in rows_of_all(arguments.threads):
        if wanted and not any(name.startswith(wanted) for name in names.split()):
            continue
        for row in make():
            if wanted and not row.name.startswith(wanted):
                continue
            ours, made = best_time(row.ours, row.repeats)
            theirs, expected = best_time(row.theirs, row.repeats)
            same = np.allclose(row.ours_values(made), row.theirs_values(expected), rtol=row.tolerance, atol=row.tolerance, equal_nan=True)
            differing += not same
            note = "  OUTPUTS DIFFER" if not same else "  short" if ours > row.target * theirs else ""
            print(
                f"{row.name:24}{1000 * ours:10.1f}{1000 * theirs:10.1f}  {row.peer:14}{ours / theirs:7.2f}{row.target:7.2f}{note}",
                flush=True,
            )
    if not wanted or "cost".startswith(wanted):
        print_costs(arguments.threads)
    return 1 if differing else 0


if __name__ == "__main__":
    raise SystemExit(main())
