"""Tables that several tests use, and Optuna beside ours."""

from __future__ import annotations

import os
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def people() -> pd.DataFrame:
    """600 rows of mixed columns with missing values; the target follows age and city."""
    random = np.random.default_rng(1)
    n = 600
    age = random.integers(18, 80, n).astype(float)
    city = random.choice(["Oslo", "Rome", "Lima"], n)
    income = 20 + age + 15 * (city == "Oslo") + random.normal(0, 5, n)
    frame = pd.DataFrame(
        {
            "age": np.where(random.random(n) < 0.05, np.nan, age),
            "city": np.where(random.random(n) < 0.05, None, city),
            "joined": pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 900, n), unit="D"),
            "member": random.random(n) < 0.5,
            "income": income,
        }
    )
    frame["rich"] = np.where(income + random.normal(0, 5, n) > 75, "yes", "no")
    return frame


class PostgresServer:
    """A PostgreSQL server of the tests alone."""

    SCRIPT = Path(__file__).resolve().parents[2] / "tests" / "postgres_server.sh"

    def __init__(self) -> None:
        self.folder, self.port = self.call("start", str(os.getpid())).split()
        self._n_databases = 0

    def call(self, *arguments: str) -> str:
        """What tests/postgres_server.sh says."""
        return subprocess.run([self.SCRIPT, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout

    def new_database(self) -> str:
        """The address of a new database."""
        self._n_databases += 1
        self.call("database", self.folder, f"db{self._n_databases}")
        return self.address(f"db{self._n_databases}")

    def address(self, database: str, port: int | str | None = None) -> str:
        """The address of a database, at another port where one is given."""
        return f"postgresql://kolosal:s3cret%2Fword@127.0.0.1:{port or self.port}/{database}"

    def restart(self) -> None:
        """Ends the server at once and starts it again."""
        self.call("restart", self.folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server."""
    server = PostgresServer()
    yield server
    server.call("stop", server.folder)


@pytest.fixture
def quiet_optuna() -> Iterator[None]:
    """Optuna without what it says of every trial and of what is new in it."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield
