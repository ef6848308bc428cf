"""Storages of the tuner: time of a trial beside Optuna's, and many processes on one database of which some are killed.

    python benchmarks/tuner_storages.py [--trials 200] [--processes 16] [--trials-each 500] [--killed 5] [--kinds sqlite journal postgres]

Times are wall-clock and processor time of this process for a trial of five parameters; "durable" waits for the disk at every write,
as Optuna does. The second part starts processes on one study, kills the first few with SIGKILL at different moments, and checks that the
numbers of trials are contiguous, that none is lost or there twice, and that Optuna opens the study. It ends with exit status 1 where that
is not so. PostgreSQL is a server that is started for the run, on this machine and reached over TCP; its settings are those of
tests/postgres_server.sh.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from functools import partial
from pathlib import Path
from typing import Any

from kolosal import tune

optuna: Any = importlib.import_module("optuna") if importlib.util.find_spec("optuna") else None
if optuna is not None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)

WORKER = """
import os, sys
from kolosal import tune
study = tune.load_study(study_name="s", storage=sys.argv[1], sampler=tune.samplers.TPESampler())
log = open(sys.argv[3], "a")
def objective(trial):
    x, y = trial.suggest_float("x", 0, 1), trial.suggest_int("y", 0, 9)
    return x + y
def told(study, trial):
    log.write(f"{trial.number} {trial.value!r}\\n")
    log.flush()
study.optimize(objective, n_trials=int(sys.argv[2]), callbacks=[told])
"""


def objective(trial: Any) -> float:
    """A trivial objective of five parameters."""
    return sum(float(trial.suggest_float(f"x{i}", -5, 5)) ** 2 for i in range(5))


class Databases:
    """Addresses of storages: files in a folder, and databases on a server that runs where PostgreSQL is among the kinds."""

    SERVER = Path(__file__).resolve().parent.parent / "tests" / "postgres_server.sh"

    def __init__(self, kinds: list[str], folder: Path) -> None:
        self.kinds, self.folder = kinds, folder
        self.server, self.port = self._call("start", str(os.getpid())).split() if "postgres" in kinds else ("", "")

    def _call(self, *arguments: str) -> str:
        return subprocess.run([self.SERVER, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout

    def new(self, kind: str, name: str) -> str:
        """The address of a new storage."""
        if kind != "postgres":
            return f"{kind}:///{self.folder}/{name}.{kind}"
        self._call("database", self.server, name)
        return f"postgresql://kolosal:s3cret%2Fword@127.0.0.1:{self.port}/{name}"

    def close(self) -> None:
        """Ends the server."""
        if self.server:
            self._call("stop", self.server)


def optuna_storage(url: str) -> Any:
    """The storage of an address as Optuna opens it."""
    if url.startswith("journal:"):
        return optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(url.removeprefix("journal:///")))
    return url.replace("postgresql:", "postgresql+psycopg2:")


def print_times(n_trials: int, databases: Databases) -> None:
    """Time of a trial on each storage."""
    kinds: list[tuple[str, Any, Any]] = [("kolosal, memory", tune, tune.storages.InMemoryStorage)]
    title = {"sqlite": "SQLite", "journal": "journal", "postgres": "PostgreSQL"}
    for kind in databases.kinds:
        opened = tune.storages.JournalStorage if kind == "journal" else tune.storages.RDBStorage
        lazily, durably = databases.new(kind, "lazily"), databases.new(kind, "durably")
        kinds.append((f"kolosal, {title[kind]}", tune, partial(opened, lazily)))
        kinds.append((f"kolosal, {title[kind]}, durable", tune, partial(opened, durably, durable=True)))
    if optuna is not None:
        kinds += [(f"optuna, {title[kind]}", optuna, partial(optuna_storage, databases.new(kind, "theirs"))) for kind in databases.kinds]
    print(f"{n_trials} trials of five parameters, random sampler\n{'storage':28} {'wall ms/trial':>14} {'cpu ms/trial':>14}")
    for name, module, storage in kinds:
        study = module.create_study(storage=storage(), sampler=module.samplers.RandomSampler(seed=0))
        wall, cpu = time.perf_counter(), time.process_time()
        study.optimize(objective, n_trials=n_trials)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(f"{name:28} {wall / n_trials * 1e3:14.4f} {cpu / n_trials * 1e3:14.4f}", flush=True)


def problems_of(trials: list[Any], logged: dict[int, float], n_least: int, n_killed: int) -> list[str]:
    """What is wrong with the trials that the workers left."""
    found = []
    if [trial.number for trial in trials] != list(range(len(trials))):
        found.append("the numbers of the trials are not contiguous")
    complete = {trial.number: trial.values[0] for trial in trials if trial.state.name == "COMPLETE"}
    if len(complete) < n_least:
        found.append(f"{len(complete)} trials are complete; the workers that were not killed ran {n_least}")
    if len(trials) - len(complete) > n_killed:
        found.append(f"{len(trials) - len(complete)} trials are not complete; {n_killed} workers were killed")
    lost = [number for number, value in logged.items() if complete.get(number) != value]
    if lost:
        found.append(f"trials that workers had told are lost: {lost[:10]}")
    if any(trial.values[0] != trial.params["x"] + trial.params["y"] for trial in trials if trial.state.name == "COMPLETE"):
        found.append("a value does not belong to its parameters")
    return found


def run_processes(kind: str, given: argparse.Namespace, databases: Databases) -> list[str]:
    """Many processes on one study; what is wrong afterwards."""
    url, folder = databases.new(kind, "many"), databases.folder
    tune.create_study(study_name="s", storage=url)
    begin = time.perf_counter()
    logs = [folder / f"{kind}-{i}.txt" for i in range(given.processes)]
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, url, str(given.trials_each), str(log)], stderr=subprocess.PIPE, text=True)
        for log in logs
    ]
    n_killed = 0
    for i, worker in enumerate(workers[: given.killed]):
        while worker.poll() is None and (not logs[i].exists() or logs[i].read_text().count("\n") < 10 * (i + 1)):
            time.sleep(0.01)
        if worker.poll() is None:
            worker.send_signal(signal.SIGKILL)
            n_killed += 1
    errors = [worker.communicate()[1] for worker in workers]
    seconds = time.perf_counter() - begin
    found = [error for worker, error in zip(workers, errors, strict=True) if worker.returncode not in (0, -signal.SIGKILL)]
    logged: dict[int, float] = {}
    n_logged = 0
    for log in logs:
        for line in log.read_text().splitlines():
            number, _, value = line.partition(" ")
            if value:
                logged[int(number)] = float(value)
                n_logged += 1
    if n_logged != len(logged):
        found.append("two workers were given the same trial")
    least = (given.processes - n_killed) * given.trials_each
    study = tune.load_study(study_name="s", storage=url)
    found += problems_of(study.trials, logged, least, n_killed)
    if optuna is not None:
        found += [
            f"Optuna: {problem}"
            for problem in problems_of(optuna.load_study(study_name="s", storage=optuna_storage(url)).trials, logged, least, n_killed)
        ]
    verdict = "all is well" if not found else "; ".join(found)
    workers_were = f"{given.processes} processes of {given.trials_each} trials, {n_killed} killed"
    print(f"{kind}: {workers_were}: {len(study.trials)} trials in {seconds:.1f} s; {verdict}", flush=True)
    return found


def main() -> None:
    """Prints the times and runs the processes."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=200, help="trials of the times; 0: no such table")
    parser.add_argument("--processes", type=int, default=16, help="processes on one study; 0: none")
    parser.add_argument("--trials-each", type=int, default=500, help="trials of each process")
    parser.add_argument("--killed", type=int, default=5, help="processes that are killed")
    parser.add_argument("--kinds", nargs="+", choices=["sqlite", "journal", "postgres"], default=["sqlite", "journal", "postgres"])
    given = parser.parse_args()
    found: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        databases = Databases(given.kinds, Path(folder))
        try:
            if given.trials > 0:
                print_times(given.trials, databases)
            if given.processes > 0:
                found = [problem for kind in given.kinds for problem in run_processes(kind, given, databases)]
        finally:
            databases.close()
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
