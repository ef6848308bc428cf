"""Batches, streaming pipelines and micro-batches from Python."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
import time
import weakref
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import kolosal
from kolosal import DataPreprocessor
from kolosal.preprocess import Pipeline, StandardScaler
from kolosal.stream import (
    AsyncStreamRun,
    BatchProcessor,
    BatchProgress,
    DeadLetter,
    MicroBatcher,
    StreamingPipeline,
    StreamRun,
    TableStatistics,
)

NUMBERS = pa.table({"i": pa.array(range(5000)), "text": [f"row {i}" for i in range(5000)]})


def doubled(batch: pa.Table) -> pa.Table:
    return batch.set_column(0, "i", pc.multiply(batch["i"], 2))


def numbers_of(table: pa.Table | None) -> list[int]:
    assert table is not None
    return table["i"].to_pylist()


# --- Batches


@pytest.mark.parametrize("strategy", ["fixed", "dynamic", "memory_aware"])
@pytest.mark.parametrize(
    "source",
    [
        NUMBERS,
        NUMBERS.to_pandas(),
        pl.from_arrow(NUMBERS),
        NUMBERS.to_reader(max_chunksize=70),
        [NUMBERS.slice(0, 1200), NUMBERS.slice(1200)],
        (NUMBERS.slice(i, 500) for i in range(0, 5000, 500)),
        "path",
    ],
    ids=["arrow", "pandas", "polars", "reader", "list", "generator", "file"],
)
def test_every_source_gives_every_row_in_order(strategy: str, source: object, tmp_path: Path) -> None:
    if isinstance(source, str):
        source = tmp_path / "numbers.csv"
        NUMBERS.to_pandas().to_csv(source, index=False)
    elif isinstance(source, (pa.RecordBatchReader, Iterator)):  # read once, so made anew for each strategy
        source = (NUMBERS.slice(i, 500) for i in range(0, 5000, 500)) if isinstance(source, Iterator) else NUMBERS.to_reader(70)
    run = BatchProcessor(strategy=strategy, batch_rows=300, min_batch_rows=16).run(source, doubled)
    assert numbers_of(run.table) == list(range(0, 10000, 2))
    assert run.statistics["n_rows_in"] == run.statistics["n_rows_out"] == 5000
    assert not run.statistics["stopped"]


def test_a_file_becomes_a_file_which_is_there_only_after_success(tmp_path: Path) -> None:
    csv, parquet = tmp_path / "in.csv", tmp_path / "out.parquet"
    NUMBERS.to_pandas().to_csv(csv, index=False)
    assert BatchProcessor(strategy="fixed", batch_rows=700).run(csv, doubled, sink=parquet).table is None
    assert numbers_of(kolosal.read_table(parquet)) == list(range(0, 10000, 2))

    def fails(batch: pa.Table) -> pa.Table:
        raise OSError("no space left on device")

    other = tmp_path / "other.parquet"
    with pytest.raises(OSError, match="no space left"):
        BatchProcessor().run(csv, fails, sink=other)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["in.csv", "out.parquet"]


def test_fitted_transformers_give_what_they_give_of_the_whole_table(people: pd.DataFrame) -> None:
    batches = BatchProcessor(strategy="fixed", batch_rows=37)
    preprocessor = DataPreprocessor().fit(people)
    assert batches.run(people, preprocessor).table.equals(preprocessor.transform(pa.Table.from_pandas(people, preserve_index=False)))
    pipeline = Pipeline(["impute", "standard_scale"]).fit(people)
    pd.testing.assert_frame_equal(
        batches.run(people, pipeline).table.to_pandas(), pipeline.transform(people), check_dtype=False, check_column_type=False
    )
    numbers = people[["age", "income"]]
    scaler = StandardScaler().fit(numbers)
    made = batches.run(numbers, scaler).table.to_pandas()
    np.testing.assert_array_equal(made.to_numpy(), scaler.transform(numbers))


def test_progress_is_told_and_ends_the_run() -> None:
    told: list[BatchProgress] = []

    def progress(done: BatchProgress) -> bool:
        told.append(done)
        return done.n_rows < 1000

    seen: list[int] = []
    run = BatchProcessor(strategy="fixed", batch_rows=400).run(NUMBERS, doubled, lambda t: seen.extend(numbers_of(t)), progress)
    assert run.statistics["stopped"]
    assert [p.n_rows for p in told] == [400, 800, 1200]
    assert told[0].n_rows_total == 5000
    assert seen == list(range(0, 2400, 2))


def test_what_a_function_raises_arrives_as_it_was_raised() -> None:
    class OddError(Exception):
        pass

    def fails(batch: pa.Table) -> pa.Table:
        if batch["i"][0].as_py() >= 1000:
            raise OddError("here")
        return batch

    seen: list[int] = []
    with pytest.raises(OddError, match="here"):
        BatchProcessor(strategy="fixed", batch_rows=500).run(NUMBERS, fails, lambda t: seen.extend(numbers_of(t)))
    assert seen == list(range(1000))
    with pytest.raises(OddError):
        BatchProcessor().run((fails(NUMBERS.slice(1000)) for _ in range(1)), doubled)


def test_options_are_checked() -> None:
    with pytest.raises(kolosal.InvalidInputError, match="batch_rows"):
        BatchProcessor(batch_rows=0).run(NUMBERS, doubled)
    with pytest.raises(kolosal.InvalidInputError, match="sideways"):
        BatchProcessor(strategy="sideways").run(NUMBERS, doubled)
    with pytest.raises(TypeError):
        BatchProcessor(rows=3)
    with pytest.raises(kolosal.InvalidInputError):
        BatchProcessor().run(3, doubled)
    with pytest.raises(kolosal.MemoryLimitError):
        BatchProcessor(strategy="fixed", batch_rows=5000).run(NUMBERS, doubled, memory_limit=1000)


async def test_run_async_leaves_the_loop_free_and_gives_the_same() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.001)

    def slow(batch: pa.Table) -> pa.Table:
        time.sleep(0.01)
        return doubled(batch)

    ticker = asyncio.create_task(tick())
    run = await BatchProcessor(strategy="fixed", batch_rows=500).run_async(NUMBERS, slow)
    ticker.cancel()
    assert numbers_of(run.table) == list(range(0, 10000, 2))
    assert ticks > 5


async def test_cancelling_the_task_ends_the_run() -> None:
    calls = 0

    def slow(batch: pa.Table) -> pa.Table:
        nonlocal calls
        calls += 1
        time.sleep(0.005)
        return batch

    task = asyncio.create_task(BatchProcessor(strategy="fixed", batch_rows=1).run_async(NUMBERS, slow))
    await asyncio.sleep(0.1)
    begun = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - begun < 2
    before = calls
    await asyncio.sleep(0.05)
    assert calls == before < 5000


# --- Streams


def test_a_stream_gives_results_in_order_over_many_workers() -> None:
    def work(i: int) -> int:
        time.sleep(0.002 if i % 10 == 0 else 0)
        return i * i

    pipeline = StreamingPipeline().stage("square", work, workers=4).stage("text", str)
    run = pipeline.run(range(500))
    assert list(run) == [str(i * i) for i in range(500)]
    told = run.statistics()
    assert told["n_accepted"] == told["n_acknowledged"] == 500
    assert [stage["name"] for stage in told["stages"]] == ["square", "text"]
    assert told["stages"][0]["run_seconds"]["count"] == 500


def test_a_stage_may_be_a_fitted_transformer(people: pd.DataFrame) -> None:
    numbers = people[["age", "income"]]
    scaler = StandardScaler().set_output(transform="pandas").fit(numbers)
    parts = [numbers.iloc[i : i + 100] for i in range(0, 600, 100)]
    made = pd.concat(StreamingPipeline().stage("scale", scaler, workers=2).run(parts))
    pd.testing.assert_frame_equal(made, scaler.transform(numbers))


def test_failures_are_tried_again_and_end_as_dead_letters() -> None:
    attempts: dict[int, int] = {}

    def flaky(i: int) -> int:
        attempts[i] = attempts.get(i, 0) + 1
        if i % 10 == 3 and attempts[i] < 3:
            raise OSError("later")
        if i % 10 == 5:
            raise OSError("never")
        if i % 10 == 7:
            raise ValueError("senseless")
        return i

    letters: list[DeadLetter] = []
    acknowledged: list[int] = []
    pipeline = StreamingPipeline(on_dead_letter=letters.append, on_acknowledged=acknowledged.append).stage(
        "flaky", flaky, max_attempts=3, initial_delay_seconds=0.001, retry_on=OSError
    )
    run = pipeline.run(range(50))
    results = list(run)
    assert results == acknowledged == [i for i in range(50) if i % 10 not in (5, 7)]
    assert {letter.item: letter.attempts for letter in letters} == {i: 3 if i % 10 == 5 else 1 for i in range(50) if i % 10 in (5, 7)}
    assert letters[0].stage == "flaky"
    assert isinstance(letters[0].error, OSError)
    assert run.statistics()["n_dead"] == 10


def test_a_failure_without_dead_letters_is_raised_and_everything_else_is_handed_back() -> None:
    def fails(i: int) -> int:
        if i == 20:
            raise ZeroDivisionError("twenty")
        return i

    given: list[int] = []
    run = StreamingPipeline().stage("fails", fails, workers=2, queue_capacity=4).run(range(1000))
    with pytest.raises(ZeroDivisionError, match="twenty"):
        for result in run:
            given.append(result)
    with pytest.raises(ZeroDivisionError):
        next(run)
    back = run.stop()
    assert sorted(given + back) == list(range(len(given) + len(back)))
    assert 20 in back


def test_a_run_that_is_left_stops_its_source_and_loses_nothing() -> None:
    taken: list[int] = []

    def source() -> Iterator[int]:
        for i in range(10**9):
            taken.append(i)
            yield i

    run = StreamingPipeline().stage("same", lambda i: i, workers=3, queue_capacity=5).run(source())
    given = [next(run) for _ in range(20)]
    back = run.stop()
    assert given + back == taken
    assert len(taken) < 100


def test_leaving_the_with_block_early_keeps_what_was_accepted_for_stop() -> None:
    def fails_on_threes(i: int) -> int:
        if i % 3 == 0:
            raise ValueError("three")
        return i

    taken: list[int] = []

    def source() -> Iterator[int]:
        for i in range(10**9):
            taken.append(i)
            yield i

    acknowledged: list[int] = []
    letters: list[DeadLetter] = []
    pipeline = StreamingPipeline(on_acknowledged=acknowledged.append, on_dead_letter=letters.append)
    with pipeline.stage("threes", fails_on_threes, workers=2, queue_capacity=5).run(source()) as run:
        for result in run:
            if result > 20:
                break
    back = run.stop()
    assert back
    assert sorted(acknowledged + [letter.item for letter in letters] + back) == taken
    assert run.stop() == []


def test_what_the_source_raises_comes_after_the_results_before_it() -> None:
    def source() -> Iterator[int]:
        yield from range(10)
        raise LookupError("source")

    results: list[int] = []
    with pytest.raises(LookupError, match="source"):
        for result in StreamingPipeline().stage("same", lambda i: i).run(source()):
            results.append(result)
    assert results == list(range(10))


def test_a_forgotten_run_ends_its_threads() -> None:
    before = threading.active_count()
    run = StreamingPipeline().stage("same", lambda i: i).run(iter(int, 1))
    next(run)
    del run
    gc.collect()
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before


def test_stage_options_are_checked() -> None:
    with pytest.raises(kolosal.InvalidInputError, match="n_workers"):
        StreamingPipeline().stage("a", str, workers=0).run([1])
    with pytest.raises(kolosal.InvalidInputError, match="wrokers"):
        StreamingPipeline().stage("a", str, wrokers=2).run([1])
    with pytest.raises(kolosal.InvalidInputError, match="empty"):
        StreamingPipeline().run([1])
    with pytest.raises(kolosal.InvalidInputError, match="neither a function"):
        StreamingPipeline().stage("a", 3)


async def numbers_slowly(n: int) -> AsyncIterator[int]:
    for i in range(n):
        if i % 7 == 0:
            await asyncio.sleep(0.001)
        yield i


async def test_an_async_stream_takes_async_and_plain_sources_and_coroutine_stages() -> None:
    async def square(i: int) -> int:
        await asyncio.sleep(0.001)
        return i * i

    pipeline = StreamingPipeline().stage("square", square, workers=4, queue_capacity=3).stage("text", str)
    for source in (numbers_slowly(60), range(60)):
        async with pipeline.stream(source) as run:
            assert [result async for result in run] == [str(i * i) for i in range(60)]
            assert run.statistics()["n_acknowledged"] == 60
    with pytest.raises(kolosal.InvalidInputError, match="coroutine"):
        pipeline.run([1])


async def test_an_async_stream_that_is_left_hands_back_what_it_had() -> None:
    async with StreamingPipeline().stage("same", lambda i: i, queue_capacity=4).stream(numbers_slowly(10**6)) as run:
        given = []
        async for result in run:
            given.append(result)
            if len(given) == 30:
                break
        back = await run.stop()
    assert given + back == list(range(len(given) + len(back)))
    assert len(back) < 20


async def test_leaving_an_async_with_block_early_keeps_what_was_accepted_for_stop() -> None:
    taken: list[int] = []

    async def source() -> AsyncIterator[int]:
        for i in range(10**6):
            taken.append(i)
            yield i

    def plain() -> Iterator[int]:
        for i in range(10**6):
            taken.append(i)
            yield i

    for items in (source(), plain()):
        taken.clear()
        acknowledged: list[int] = []
        pipeline = StreamingPipeline(on_acknowledged=acknowledged.append).stage("same", lambda i: i, queue_capacity=4)
        async with pipeline.stream(items) as run:
            async for result in run:
                if result == 20:
                    break
        back = await run.stop()
        assert back
        assert acknowledged + back == taken
        assert await run.stop() == []


async def test_cancelling_the_task_of_an_async_stream_stops_it() -> None:
    run = StreamingPipeline().stage("same", lambda i: i).stream(numbers_slowly(10**6))
    given: list[int] = []

    async def read() -> None:
        async for result in run:
            given.append(result)
            await asyncio.sleep(0)

    task = asyncio.create_task(read())
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    back = await asyncio.wait_for(run.stop(), 5)
    assert given
    told = run.statistics()
    assert told["n_accepted"] == told["n_acknowledged"] + told["n_handed_back"]
    assert len(back) >= told["n_handed_back"]


def test_a_run_that_nobody_stops_does_not_hold_up_the_end_of_its_event_loop() -> None:
    async def endless() -> AsyncIterator[int]:
        while True:
            yield 1
            await asyncio.sleep(0)

    runs: list[AsyncStreamRun] = []

    async def main() -> None:
        run = StreamingPipeline().stage("same", lambda i: i, queue_capacity=2).stream(endless())
        runs.append(run)
        async for _ in run:
            break
        await asyncio.sleep(0.1)  # until the source waits for room

    loop = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    loop.start()
    loop.join(5)
    hangs = loop.is_alive()
    runs.clear()
    assert not hangs


def test_a_run_may_be_forgotten_by_a_stage_of_its_own() -> None:
    held: dict[str, StreamRun] = {}
    is_held = threading.Event()

    def forget(i: int) -> int:
        is_held.wait(5)
        if run := held.pop("run", None):
            run._feeder.join(5)  # which holds the run too
            del run
        return i

    held["run"] = StreamingPipeline().stage("forget", forget).run(range(3))
    native = weakref.ref(held["run"]._native)
    is_held.set()
    deadline = time.monotonic() + 5
    while native() is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert native() is None


async def test_an_async_stream_raises_what_a_stage_or_the_source_raises() -> None:
    async def broken() -> AsyncIterator[int]:
        yield 1
        raise LookupError("source")

    def fails(i: int) -> int:
        raise ZeroDivisionError("stage")

    with pytest.raises(LookupError, match="source"):
        async with StreamingPipeline().stage("same", lambda i: i).stream(broken()) as run:
            assert [result async for result in run] == [1]
    with pytest.raises(ZeroDivisionError, match="stage"):
        async with StreamingPipeline().stage("fails", fails).stream([1]) as run:
            assert [result async for result in run] == []


# --- Micro-batches


def test_single_items_are_computed_together() -> None:
    sizes: list[int] = []

    def function(items: list[int]) -> list[int]:
        sizes.append(len(items))
        return [i * 2 for i in items]

    with MicroBatcher(function, max_batch=16, max_wait_seconds=0.05) as batcher, ThreadPoolExecutor(8) as clients:
        futures = list(clients.map(batcher.submit, range(200)))
        assert [future.result(5) for future in futures] == [i * 2 for i in range(200)]
    assert max(sizes) <= 16
    assert len(sizes) < 50


def test_higher_priorities_go_first_and_full_queues_wait() -> None:
    gate = threading.Event()
    seen: list[str] = []

    def function(items: list[str]) -> list[str]:
        gate.wait(5)
        seen.extend(items)
        return items

    batcher = MicroBatcher(function, max_batch=1, max_wait_seconds=0, capacity=3)
    batcher.submit("first")
    while batcher.n_waiting > 0:
        time.sleep(0.001)
    for item, priority in (("low", -1), ("high", 5), ("middle", 0)):
        batcher.submit(item, priority)
    with pytest.raises(TimeoutError):
        batcher.submit("no room", timeout=0.01)
    gate.set()
    batcher.stop()
    assert seen == ["first", "high", "middle", "low"]
    with pytest.raises(kolosal.InvalidInputError, match="stopped"):
        batcher.submit("late")


def test_errors_reach_the_futures_and_the_batcher_goes_on() -> None:
    def function(items: list[int]) -> list[int]:
        if 13 in items:
            raise RuntimeError("thirteen")
        return items[:-1] if 14 in items else items

    with MicroBatcher(function, max_batch=1) as batcher:
        assert batcher.submit(1).result(5) == 1
        with pytest.raises(RuntimeError, match="thirteen"):
            batcher.submit(13).result(5)
        with pytest.raises(kolosal.InvalidInputError, match="0 results for 1"):
            batcher.submit(14).result(5)
        assert batcher.submit(2).result(5) == 2
    with pytest.raises(kolosal.InvalidInputError, match="max_batch"):
        MicroBatcher(function, max_batch=0)


def test_a_cancelled_item_is_left_out() -> None:
    gate = threading.Event()
    seen: list[int] = []

    def function(items: list[int]) -> list[int]:
        gate.wait(5)
        seen.extend(items)
        return items

    batcher = MicroBatcher(function, max_batch=1, max_wait_seconds=0)
    batcher.submit(1)
    second = batcher.submit(2)
    assert second.cancel()
    gate.set()
    batcher.stop()
    assert seen == [1]
    with pytest.raises(CancelledError):
        second.result(0)


async def test_submit_async_waits_beside_the_loop_for_room_and_result() -> None:
    with MicroBatcher(lambda items: [i + 1 for i in items], max_batch=8, capacity=4) as batcher:
        results = await asyncio.gather(*(batcher.submit_async(i) for i in range(100)))
    assert results == list(range(1, 101))


# --- Statistics


def test_merged_statistics_are_those_of_all_rows(people: pd.DataFrame) -> None:
    whole = TableStatistics().add(people).to_dict()
    parts = [TableStatistics().add(people.iloc[i : i + 150]) for i in range(0, 600, 150)]
    for part in parts[:0:-1]:
        parts[0].merge(part)
    merged = parts[0].to_dict()
    assert merged["n_rows"] == whole["n_rows"] == 600
    for a, b in zip(merged["columns"], whole["columns"], strict=True):
        assert a.keys() == b.keys()
        assert a["n_missing"] == b["n_missing"] == people[a["name"]].isna().sum()
        for name, value in a.items():
            assert value == (pytest.approx(b[name], rel=1e-12) if isinstance(value, float) else b[name])
    income = next(column for column in whole["columns"] if column["name"] == "income")
    assert income["mean"] == pytest.approx(people["income"].mean())
    assert income["p50"] == pytest.approx(people["income"].median())
    city = next(column for column in whole["columns"] if column["name"] == "city")
    assert {entry["value"]: entry["count"] for entry in city["frequent"]} == people["city"].value_counts().to_dict()


def test_statistics_may_be_added_to_by_several_threads(people):
    statistics = TableStatistics()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: statistics.add(people), range(50)))
    whole = statistics.to_dict()
    assert whole["n_rows"] == 50 * len(people)
    income = next(column for column in whole["columns"] if column["name"] == "income")
    assert income["mean"] == pytest.approx(people["income"].mean())


def test_options_of_reading_are_refused_where_nothing_is_read(people):
    with pytest.raises(ValueError, match="read_options"):
        BatchProcessor().run(people, lambda batch: batch, read_options={"columns": ["income"]})


def test_an_interrupt_loses_no_item():
    acknowledged, got = [], []
    run = StreamingPipeline(on_acknowledged=acknowledged.append).stage("wait", lambda item: (time.sleep(0.01), item)[1]).run(range(1000))
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        for item in run:
            got.append(item)
    left = run.stop()
    # An item is acknowledged when the next is asked for; the interrupt may come between the two.
    assert acknowledged == got[: len(acknowledged)]
    assert len(got) <= len(acknowledged) + 1
    assert left[0] == len(acknowledged)


@pytest.mark.parametrize("error", [StopIteration, StopAsyncIteration])
def test_what_would_end_a_loop_is_no_end_of_the_items(error):
    def stage(item):
        if item == 2:
            raise error
        return item

    for pipeline in (
        StreamingPipeline().stage("a", stage),
        StreamingPipeline(on_acknowledged=stage).stage("a", lambda item: item),
        StreamingPipeline(on_dead_letter=lambda letter: stage(letter.item)).stage("a", lambda item: 1 / (item - 2)),
    ):
        with pytest.raises(RuntimeError, match="StopIteration"), pipeline.run(range(6)) as run:
            list(run)


@pytest.mark.parametrize("name", ["on_dead_letter", "on_acknowledged"])
def test_functions_that_nothing_awaits_are_refused(name):
    async def later(_):
        pass

    with pytest.raises(ValueError, match=name):
        StreamingPipeline(**{name: later})


def test_what_ends_a_program_is_no_dead_letter():
    dead = []
    run = StreamingPipeline(on_dead_letter=lambda *letter: dead.append(letter)).stage(
        "quit", lambda item: sys.exit(3) if item == 5 else item
    )
    with pytest.raises(SystemExit):
        list(run.run(range(10)))
    assert dead == []


def test_batches_that_become_other_columns_are_refused_and_not_filled_up() -> None:
    def by_first_value(batch: pa.Table) -> pa.Table:
        return batch.rename_columns(["x" if batch["x"][0].as_py() < 5 else "y"])

    processor = BatchProcessor(strategy="fixed", batch_rows=5)
    with pytest.raises(kolosal.InvalidInputError, match=r"batch 1 \(from 0\) became the columns \['y'\]"):
        processor.run(pa.table({"x": range(10)}), by_first_value)


def test_batches_have_the_kinds_of_read_table() -> None:
    seen = []
    table = pa.table({"n": pa.array([1, 2], pa.int8()), "u": pa.array([3, 4], pa.uint64()), "t": pa.array([0, 1500], pa.timestamp("ns"))})
    run = BatchProcessor().run(table, lambda batch: seen.append(batch.schema.types) or batch)
    assert run.table.schema.types == seen[0] == [pa.int64(), pa.int64(), pa.timestamp("us")]
