"""Storages: shared with Optuna 5, killed, and described."""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import optuna
import psycopg2
import pytest
from kolosal._errors import InvalidInputError, KolosalError
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from kolosal import _kolosal, tune

optuna.logging.set_verbosity(optuna.logging.ERROR)

CHOICES = ["a", None, True, 7, 0.5]


def objective(trial: Any) -> float:
    x = trial.suggest_float("x", -5, 5)
    k = trial.suggest_int("k", 1, 9, step=2)
    lr = trial.suggest_float("lr", 1e-3, 1, log=True)
    units = trial.suggest_int("units", 8, 256, log=True)
    q = trial.suggest_float("q", 0, 1, step=0.25)
    choice = trial.suggest_categorical("c", CHOICES)
    trial.set_user_attr("note", {"a": [1, None, "text"]})
    trial.report(x, 0)
    trial.report(math.inf if k == 1 else math.nan if k == 3 else k, 3)
    return x * x + k + abs(math.log10(lr) + 2) + units / 256 + q + (choice is None)


class Shared:
    """One storage as Kolosal and as Optuna opens it."""

    def __init__(self, kind: str, ours: str) -> None:
        self.kind, self.ours = kind, ours

    @property
    def theirs(self) -> Any:
        if self.kind == "journal":
            return JournalStorage(JournalFileBackend(self.ours.removeprefix("journal:///")))
        return self.ours.replace("postgresql:", "postgresql+psycopg2:")


@pytest.fixture(params=["sqlite", "journal", "postgres"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Shared:
    kind = request.param
    if kind == "postgres":
        return Shared(kind, request.getfixturevalue("postgres").new_database())
    return Shared(kind, f"{kind}:///{tmp_path}/studies.{kind}")


def same_number(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


def assert_same(ours: tune.FrozenTrial, theirs: Any) -> None:
    assert ours.number == theirs.number
    assert ours.state.name == theirs.state.name
    assert (ours.values or None) == theirs.values
    assert ours.params == theirs.params
    assert {name: type(value) for name, value in ours.params.items()} == {name: type(value) for name, value in theirs.params.items()}
    for name, distribution in theirs.distributions.items():
        mine = ours.distributions[name]
        assert type(mine).__name__ == type(distribution).__name__
        for field in ("low", "high", "step", "log", "choices"):
            assert getattr(mine, field, None) == getattr(distribution, field, None), (name, field)
    assert ours.intermediate_values.keys() == theirs.intermediate_values.keys()
    assert all(same_number(value, theirs.intermediate_values[step]) for step, value in ours.intermediate_values.items())
    assert ours.user_attrs == theirs.user_attrs
    for mine, other in ((ours.datetime_start, theirs.datetime_start), (ours.datetime_complete, theirs.datetime_complete)):
        assert (mine is None) == (other is None)
        if mine is not None:
            assert abs((mine - other).total_seconds()) < 1e-5


def assert_same_study(ours: tune.Study, theirs: Any) -> None:
    assert ours.directions == [direction.name.lower() for direction in theirs.directions]
    assert ours.user_attrs == theirs.user_attrs
    assert len(ours.trials) == len(theirs.trials)
    for mine, other in zip(ours.trials, theirs.trials, strict=True):
        assert_same(mine, other)


def run_all_kinds(module: Any, study: Any) -> None:
    """Trials of every state, in a study of either library."""
    study.set_user_attr("about", {"by": module.__name__})
    study.optimize(objective, n_trials=6)

    def pruned(trial: Any) -> float:
        trial.suggest_float("x", -5, 5)
        trial.report(3.5, 2)
        raise module.TrialPruned

    def broken(trial: Any) -> float:
        raise ValueError("on purpose")

    study.optimize(pruned, n_trials=1)
    study.optimize(broken, n_trials=1, catch=ValueError)
    study.optimize(lambda trial: math.inf, n_trials=1)
    study.ask()
    study.enqueue_trial({"x": 1.25, "c": None})


def test_optuna_reads_what_we_write(shared: Shared) -> None:
    ours = tune.create_study(study_name="s", storage=shared.ours, sampler=tune.samplers.TPESampler(seed=0))
    run_all_kinds(tune, ours)
    theirs = optuna.load_study(study_name="s", storage=shared.theirs)
    assert len(theirs.trials) == 11
    assert_same_study(ours, theirs)
    assert theirs.best_value == ours.best_value
    theirs.optimize(objective, n_trials=12)
    assert theirs.trials[10].params["x"] == 1.25
    assert theirs.trials[10].params["c"] is None
    assert_same_study(ours, optuna.load_study(study_name="s", storage=shared.theirs))


def test_we_read_and_continue_what_optuna_writes(shared: Shared) -> None:
    theirs = optuna.create_study(study_name="s", storage=shared.theirs, sampler=optuna.samplers.TPESampler(seed=0))
    run_all_kinds(optuna, theirs)
    ours = tune.load_study(study_name="s", storage=shared.ours, sampler=tune.samplers.TPESampler(seed=0))
    assert_same_study(ours, theirs)
    ours.optimize(objective, n_trials=12)
    assert ours.trials[10].params["x"] == 1.25
    assert [trial.number for trial in ours.trials] == list(range(22))
    assert_same_study(ours, optuna.load_study(study_name="s", storage=shared.theirs))


def test_several_objectives_and_constraints_are_shared_with_optuna(shared: Shared) -> None:
    ours = tune.create_study(study_name="s", storage=shared.ours, directions=["minimize", "maximize"])

    def two(trial: Any) -> tuple[float, float]:
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
        trial.set_constraint("sum", x + y - 1.5)
        return x, y

    ours.optimize(two, n_trials=20)
    theirs = optuna.load_study(study_name="s", storage=shared.theirs)
    assert_same_study(ours, theirs)
    assert [trial.number for trial in theirs.best_trials] == [trial.number for trial in ours.best_trials]
    theirs.optimize(two, n_trials=5)
    assert len(ours.trials) == 25
    assert ours.trials[24].constraints == {"sum": sum(ours.trials[24].params.values()) - 1.5}


def test_optuna_sees_a_trial_while_it_runs(shared: Shared) -> None:
    ours = tune.create_study(study_name="s", storage=shared.ours)

    def looked_at(trial: Any) -> float:
        x = trial.suggest_float("x", 0, 1)
        trial.report(x, 1)
        (seen,) = optuna.load_study(study_name="s", storage=shared.theirs).trials
        assert seen.state is optuna.trial.TrialState.RUNNING
        assert seen.params == {"x": x}
        assert seen.intermediate_values == {1: x}
        return float(x)

    ours.optimize(looked_at, n_trials=1)
    assert ours.trials[0].state is tune.TrialState.COMPLETE


def test_pruners_of_both_libraries_know_each_others_rungs(shared: Shared) -> None:
    pruner = tune.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2)
    ours = tune.create_study(study_name="s", storage=shared.ours, pruner=pruner)
    trial = ours.ask()
    trial.report(1.0, 1)
    assert not trial.should_prune()
    theirs = optuna.load_study(
        study_name="s", storage=shared.theirs, pruner=optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2)
    )
    worse = theirs.ask()
    worse.report(2.0, 1)
    assert worse.should_prune()
    better = theirs.ask()
    better.report(0.5, 1)
    assert not better.should_prune()
    between = ours.ask()
    between.report(0.7, 1)
    assert between.should_prune() == (sorted([1.0, 2.0, 0.5, 0.7]).index(0.7) >= 2)


def test_the_tables_are_those_of_optuna(tmp_path: Path) -> None:
    def tables(path: Path) -> set[tuple[Any, ...]]:
        with sqlite3.connect(path) as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            found: set[tuple[Any, ...]] = set()
            for name in names:
                found.update((name, *row) for row in connection.execute(f"PRAGMA table_info({name})"))
                for _, index, unique, origin, partial in connection.execute(f"PRAGMA index_list({name})"):
                    columns = tuple(row[2] for row in connection.execute(f"PRAGMA index_info({index})"))
                    found.add((name, index, unique, origin, partial, columns))
                found.update((name, *row) for row in connection.execute(f"PRAGMA foreign_key_list({name})"))
            found.update(connection.execute("SELECT * FROM version_info"))
            found.update(connection.execute("SELECT * FROM alembic_version"))
            return found

    tune.create_study(storage=f"sqlite:///{tmp_path}/ours.db")
    optuna.create_study(storage=f"sqlite:///{tmp_path}/theirs.db")
    assert tables(tmp_path / "ours.db") == tables(tmp_path / "theirs.db")


def test_the_tables_on_a_server_are_those_of_optuna(postgres: Any) -> None:
    def tables(url: str) -> set[tuple[Any, ...]]:
        with psycopg2.connect(url) as connection, connection.cursor() as cursor:
            found: set[tuple[Any, ...]] = set()
            for query in (
                "SELECT table_name, column_name, data_type, udt_name, is_nullable, column_default, character_maximum_length, "
                "ordinal_position FROM information_schema.columns WHERE table_schema = 'public'",
                "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
                "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
                "WHERE connamespace = 'public'::regnamespace",
                "SELECT t.typname, e.enumlabel, e.enumsortorder FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid",
                "SELECT * FROM version_info",
                "SELECT * FROM alembic_version",
            ):
                cursor.execute(query)
                found.update(cursor.fetchall())
            return found

    ours, theirs = postgres.new_database(), postgres.new_database()
    tune.create_study(storage=ours)
    optuna.create_study(storage=theirs.replace("postgresql:", "postgresql+psycopg2:"))
    assert tables(ours) == tables(theirs)


def test_workers_that_make_the_tables_at_the_same_time_do_not_meet_errors(postgres: Any) -> None:
    url = postgres.new_database()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: tune.create_study(study_name="s", storage=url, load_if_exists=True), range(8)))
    assert tune.get_all_study_names(url) == ["s"]


def test_workers_of_both_libraries_share_a_study_on_a_server(postgres: Any) -> None:
    url = postgres.new_database()
    theirs = url.replace("postgresql:", "postgresql+psycopg2:")
    study = tune.create_study(study_name="s", storage=url, sampler=tune.samplers.RandomSampler(seed=0))
    for i in range(12):
        study.enqueue_trial({"x": i / 16})

    def theirs_works() -> None:
        optuna.load_study(study_name="s", storage=theirs, sampler=optuna.samplers.RandomSampler()).optimize(
            lambda trial: trial.suggest_float("x", 0, 1), n_trials=15
        )

    def ours_works() -> None:
        tune.load_study(study_name="s", storage=url, sampler=tune.samplers.RandomSampler()).optimize(
            lambda trial: trial.suggest_float("x", 0, 1), n_trials=15
        )

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work) for work in (ours_works, theirs_works, ours_works, theirs_works)]:
            done.result()
    trials = optuna.load_study(study_name="s", storage=theirs).trials
    assert [trial.number for trial in trials] == list(range(60))
    assert all(trial.state.name == "COMPLETE" and trial.value == trial.params["x"] for trial in trials)
    assert [trial.params["x"] for trial in trials[:12]] == [i / 16 for i in range(12)]
    assert_same_study(study, optuna.load_study(study_name="s", storage=theirs))


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_heartbeats_of_both_libraries_are_understood_where_a_server_has_another_time_zone(postgres: Any) -> None:
    url = postgres.new_database()
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {url.rpartition('/')[2]} SET timezone = 'Asia/Tokyo'")
        ours = tune.create_study(study_name="s", storage=tune.storages.RDBStorage(url, heartbeat_interval=60, grace_period=120))
        storage = optuna.storages.RDBStorage(url.replace("postgresql:", "postgresql+psycopg2:"), heartbeat_interval=60, grace_period=120)
        theirs = optuna.load_study(study_name="s", storage=storage)
        first = ours.ask()
        second = theirs.ask()
        storage.record_heartbeat(second._trial_id)
        optuna.storages.fail_stale_trials(theirs)
        third = ours.ask()
        assert [trial.state.name for trial in ours.trials] == ["RUNNING"] * 3
        cursor.execute("UPDATE trial_heartbeats SET heartbeat = heartbeat - INTERVAL '3 minutes'")
        theirs.tell(second, 1.0)
        assert ours._native.fail_stale() == [first.number, third.number]
        assert [trial.state.name for trial in theirs.trials] == ["FAIL", "COMPLETE", "FAIL"]


def test_the_client_library_inside_psycopg2_serves_too(postgres: Any) -> None:
    inside = next((Path(psycopg2.__file__).parents[1] / "psycopg2_binary.libs").glob("libpq-*"))
    native = _kolosal.make_storage("postgres", json.dumps({"url": postgres.new_database(), "library": str(inside)}))
    assert native.studies() == []


class Cutter:
    """Lies between a client and a server, and cuts the connection at some of the moments when a transaction ends.

    Of every six such moments one is cut before the server hears of it, one after the server wrote and before the client hears of it.
    """

    def __init__(self, port: int) -> None:
        self.port, self.n_ends, self.n_cut = port, 0, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection(("127.0.0.1", self.port))
            muted = threading.Event()
            threading.Thread(target=self.forward, args=(client, server, muted), daemon=True).start()
            threading.Thread(target=self.answer, args=(server, client, muted), daemon=True).start()

    def forward(self, client: socket.socket, server: socket.socket, muted: threading.Event) -> None:
        while sent := client.recv(1 << 16):
            if b"COMMIT\0" in sent:
                self.n_ends += 1
                if self.n_ends % 6 in (0, 3):
                    self.n_cut += 1
                    if self.n_ends % 6 == 0:
                        muted.set()
                        server.sendall(sent)
                        time.sleep(0.05)
                    break
            server.sendall(sent)
        for end in (client, server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def answer(self, server: socket.socket, client: socket.socket, muted: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while told := server.recv(1 << 16):
                if not muted.is_set():
                    client.sendall(told)


def test_no_trial_is_lost_or_there_twice_where_connections_break(postgres: Any) -> None:
    url = postgres.new_database()
    cutter = Cutter(int(postgres.port))
    cut = url.replace(f":{postgres.port}/", f":{cutter.listener.getsockname()[1]}/")
    tune.create_study(study_name="s", storage=url)
    study = tune.load_study(study_name="s", storage=cut, sampler=tune.samplers.RandomSampler(seed=0))
    told: list[float] = []

    def noted(trial: Any) -> float:
        value = float(trial.suggest_float("x", 0, 1))
        trial.report(value, 1)
        told.append(value)
        return value

    study.optimize(noted, n_trials=40)
    assert cutter.n_cut > 20
    trials = tune.load_study(study_name="s", storage=url).trials
    assert [trial.number for trial in trials] == list(range(40))
    assert [trial.value for trial in trials] == told
    assert all(trial.state is tune.TrialState.COMPLETE for trial in trials)


def test_a_study_goes_on_after_the_server_was_started_anew(postgres: Any) -> None:
    url = postgres.new_database()
    study = tune.create_study(storage=tune.storages.RDBStorage(url, durable=True))

    def restarting(trial: Any) -> float:
        if trial.number in (2, 5):
            postgres.restart()
        return float(trial.suggest_float("x", 0, 1))

    study.optimize(restarting, n_trials=8)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE"] * 8


WAITING = """
import sys
from kolosal import tune

study = tune.load_study(study_name="s", storage=sys.argv[1])

def lost(trial):
    print("running", flush=True)
    sys.stdin.readline()
    trial.report(1.0, 1)

study.optimize(lost, n_trials=1)
"""


def test_ctrl_c_ends_the_wait_for_a_server_that_is_gone(postgres: Any) -> None:
    url = postgres.new_database()
    tune.create_study(study_name="s", storage=url)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        cut = url.replace(f":{postgres.port}/", f":{listener.getsockname()[1]}/")
        command = [sys.executable, "-c", WAITING, cut]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None and process.stdout is not None
            client, _ = listener.accept()
            server = socket.create_connection(("127.0.0.1", postgres.port))
            for a, b in ((client, server), (server, client)):
                threading.Thread(target=forward, args=(a, b), daemon=True).start()
            assert process.stdout.readline() == "running\n"
            listener.close()
            for end in (client, server):
                end.shutdown(socket.SHUT_RDWR)
            process.stdin.write("\n")
            process.stdin.flush()
            time.sleep(1.5)
            assert process.poll() is None  # it waits for the server
            begin = time.monotonic()
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
    assert time.monotonic() - begin < 15
    assert "CancelledError: stopped on request while waiting: database" in errors
    assert "s3cret" not in errors


def forward(a: socket.socket, b: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while sent := a.recv(1 << 16):
            b.sendall(sent)


def test_a_password_does_not_show_in_errors(postgres: Any) -> None:
    good = postgres.address("postgres")
    for bad in (
        good.replace("s3cret", "wr0ng"),
        good + "none",
        good.replace("127.0.0.1", "no.such.host"),
        good.replace("postgresql", "mysql"),
    ):
        with pytest.raises(KolosalError) as caught:
            tune.create_study(storage=bad)
        for secret in ("s3cret", "wr0ng", "word@", "2Fword"):
            assert secret not in str(caught.value)


def test_studies_of_a_storage_are_listed_loaded_copied_and_deleted(shared: Shared) -> None:
    first = tune.create_study(study_name="first", storage=shared.ours, direction="maximize")
    first.optimize(objective, n_trials=3)
    with pytest.raises(InvalidInputError, match="already"):
        tune.create_study(study_name="first", storage=shared.ours)
    again = tune.create_study(study_name="first", storage=shared.ours, load_if_exists=True)
    assert again.direction == "maximize"
    assert len(again.trials) == 3
    assert tune.load_study(study_name=None, storage=shared.ours).study_name == "first"
    tune.copy_study(from_study_name="first", from_storage=shared.ours, to_storage=shared.ours, to_study_name="second")
    assert tune.get_all_study_names(shared.ours) == ["first", "second"] == optuna.get_all_study_names(shared.theirs)
    one, two = tune.get_all_study_summaries(shared.ours)
    assert (one.n_trials, two.n_trials) == (3, 3)
    assert one.best_trial is not None
    assert two.best_trial is not None
    assert one.best_trial.value == two.best_trial.value == first.best_value
    with pytest.raises(KolosalError, match="did you mean 'first'"):
        tune.load_study(study_name="firs", storage=shared.ours)
    with pytest.raises(InvalidInputError, match="2 studies"):
        tune.load_study(study_name=None, storage=shared.ours)
    tune.delete_study(study_name="first", storage=shared.ours)
    assert optuna.get_all_study_names(shared.theirs) == ["second"]
    assert len(optuna.load_study(study_name="second", storage=shared.theirs).trials) == 3


def test_a_study_is_the_same_after_a_detour_over_json(shared: Shared) -> None:
    source = tune.create_study(study_name="s", sampler=tune.samplers.TPESampler(seed=1))
    run_all_kinds(tune, source)
    running = next(trial.number for trial in source.trials if trial.state is tune.TrialState.RUNNING)
    source.tell(running, state=tune.TrialState.FAIL)
    made = tune.study_from_json(source.to_json(), storage=shared.ours)
    assert made.to_json() == source.to_json()
    assert_same_study(made, optuna.load_study(study_name="s", storage=shared.theirs))
    with pytest.raises(KolosalError, match="no study"):
        tune.study_from_json("[]")


def test_an_in_memory_storage_shares_studies_within_the_process() -> None:
    storage = tune.storages.InMemoryStorage()
    one = tune.create_study(study_name="s", storage=storage)
    two = tune.load_study(study_name="s", storage=storage)
    one.optimize(objective, n_trials=2)
    two.optimize(objective, n_trials=2)
    assert [trial.number for trial in one.trials] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: tune.create_study(storage="studies.db"), "sqlite:///PATH"),
        (lambda: tune.create_study(storage="sqlite:///:memory:"), "InMemoryStorage"),
        (lambda: tune.create_study(storage="sqlite:////no/such/folder/a.db"), "cannot be opened"),
        (lambda: tune.create_study(storage="journal:////no/such/folder/a.log"), "cannot be opened"),
        (lambda: tune.create_study(storage="mysql://user@host/db"), "postgresql://"),
        (lambda: tune.create_study(storage="postgresql://user@127.0.0.1:1/db"), "cannot be opened"),
        (lambda: tune.storages.RDBStorage("journal:///a.log"), "JournalStorage"),
        (lambda: tune.storages.RDBStorage("sqlite:///a.db", heartbeat_interval=0), "above 0"),
        (lambda: tune.storages.RDBStorage("sqlite:///a.db", grace_period=5), "heartbeat_interval"),
    ],
)
def test_what_is_no_storage_is_refused_with_the_reason(make: Any, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KolosalError, match=words):
        make()


def test_a_database_of_another_version_and_a_file_that_is_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    tune.create_study(storage=f"sqlite:///{path}")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'v3.0.0.d'")
    with pytest.raises(KolosalError, match="storage upgrade"):
        tune.create_study(storage=f"sqlite:///{path}")
    path.write_bytes(b"no database" * 100)
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    with pytest.raises(KolosalError, match="not a database"):
        tune.create_study(storage=f"sqlite:///{path}")


def test_a_journal_outlives_a_torn_record_and_says_where_it_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    study = tune.create_study(study_name="s", storage=f"journal:///{path}")
    study.optimize(objective, n_trials=3)
    whole = path.read_bytes()
    for cut in (1, 20, 60):
        path.write_bytes(whole[:-cut])
        torn = tune.load_study(study_name="s", storage=f"journal:///{path}")
        assert [trial.state.name for trial in torn.trials] == ["COMPLETE", "COMPLETE", "RUNNING"]
        torn.optimize(objective, n_trials=1)
        theirs = optuna.load_study(study_name="s", storage=JournalStorage(JournalFileBackend(str(path))))
        assert len(theirs.trials) == 4
    lines = whole.splitlines(keepends=True)
    lines[4] = lines[4].replace(b"param_value_internal", b"param_value_infernal")
    path.write_bytes(b"".join(lines))
    with pytest.raises(KolosalError, match=r"a\.log:5: .*checksum"):
        tune.load_study(study_name="s", storage=f"journal:///{path}")


WORKER = """
import sys
from kolosal import tune
study = tune.create_study(study_name="s", storage=sys.argv[1], load_if_exists=True, sampler=tune.samplers.RandomSampler())
def objective(trial):
    x, y = trial.suggest_float("x", 0, 1), trial.suggest_int("y", 0, 9)
    trial.report(x, 1)
    trial.set_user_attr("sum", x + y)
    return x + y
def one(study, trial):
    print("ready", flush=True)  # from now on a kill meets trials
if sys.argv[2] == "endless":
    study.optimize(objective, callbacks=[one])
else:
    study.optimize(objective, n_trials=int(sys.argv[2]))
"""


def run_workers(url: str, n_workers: int, n_trials: int, n_killed: int) -> None:
    """Workers on one storage, of which the first would not end and are killed while they run."""
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, url, "endless" if i < n_killed else str(n_trials)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for i in range(n_workers)
    ]
    for i, worker in enumerate(workers[:n_killed]):
        assert worker.stdout is not None
        worker.stdout.readline()
        time.sleep(0.02 * (i + 1))
        worker.send_signal(signal.SIGKILL)
    for i, worker in enumerate(workers):
        _, errors = worker.communicate(timeout=240)
        assert worker.returncode == (-signal.SIGKILL if i < n_killed else 0), errors
        assert "locked" not in errors


def check_after_kills(study: Any, n_least: int, n_killed: int) -> None:
    """Numbers are contiguous, what is complete is whole, at most one trial of each killed worker is left over."""
    trials = study.trials
    assert [trial.number for trial in trials] == list(range(len(trials)))
    complete = [trial for trial in trials if trial.state.name == "COMPLETE"]
    assert len(complete) >= n_least
    assert len(trials) - len(complete) <= n_killed
    assert all(trial.state.name in ("COMPLETE", "RUNNING") for trial in trials)
    for trial in complete:
        assert trial.values == [trial.params["x"] + trial.params["y"]] == [trial.user_attrs["sum"]]
        assert trial.intermediate_values == {1: trial.params["x"]}


def test_processes_share_a_study_though_some_are_killed(shared: Shared) -> None:
    tune.create_study(study_name="s", storage=shared.ours)
    run_workers(shared.ours, n_workers=5, n_trials=40, n_killed=2)
    check_after_kills(tune.load_study(study_name="s", storage=shared.ours), n_least=3 * 40, n_killed=2)
    theirs = optuna.load_study(study_name="s", storage=shared.theirs)
    check_after_kills(theirs, n_least=3 * 40, n_killed=2)
    theirs.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)


def test_a_trial_of_a_killed_worker_fails_and_is_run_again(shared: Shared) -> None:
    class_ = tune.storages.JournalStorage if shared.kind == "journal" else tune.storages.RDBStorage
    callback = tune.storages.RetryHeartbeatStaleTrialCallback(max_retry=1)
    seen: list[int] = []

    def stale(study: tune.Study, trial: tune.FrozenTrial) -> None:
        seen.append(trial.number)
        callback(study, trial)

    storage = class_(shared.ours, heartbeat_interval=0.2, grace_period=2, heartbeat_stale_trial_callback=stale)
    study = tune.create_study(study_name="s", storage=storage)
    child = os.fork()
    if child == 0:
        mine = tune.load_study(study_name="s", storage=class_(shared.ours, heartbeat_interval=0.2, grace_period=2))
        mine.ask().suggest_float("x", 0, 1)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    (lost,) = study.trials
    deadline = time.monotonic() + 20
    while not seen and time.monotonic() < deadline:
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
        time.sleep(0.1)
    assert seen == [lost.number]
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    failed, again = study.trials[lost.number], study.trials[-1]
    again = next(trial for trial in study.trials if tune.storages.RetryFailedTrialCallback.retried_trial_number(trial) == lost.number)
    assert failed.state is tune.TrialState.FAIL
    assert again.params == lost.params
    assert tune.storages.RetryFailedTrialCallback.retry_history(again) == [lost.number]
    assert again.state is tune.TrialState.COMPLETE
