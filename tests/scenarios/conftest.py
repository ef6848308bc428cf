"""The installed program, and tables to run it on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

KOLOSAL = Path(sys.executable).parent / "kolosal"
PENGUINS = Path(__file__).parents[1] / "data" / "penguins.csv"


@pytest.fixture(scope="session")
def kolosal():
    """Runs the program: ``kolosal("train", ...)`` gives the finished process."""

    def run(*arguments, stdin=None, timeout=120, **options):
        return subprocess.run(
            [str(KOLOSAL), *map(str, arguments)],
            input=stdin,
            capture_output=True,
            text=not isinstance(stdin, bytes),
            timeout=timeout,
            **options,
        )

    return run


@pytest.fixture(scope="session")
def penguins():
    """Path of the Palmer penguins table."""
    return PENGUINS


@pytest.fixture(scope="session")
def model(kolosal, penguins, tmp_path_factory):
    """A model of the penguins' species."""
    path = tmp_path_factory.mktemp("model") / "penguins.kolosal"
    done = kolosal("train", penguins, "--target", "species", "--max-models", "3", "--seed", "1", "-o", path)
    assert done.returncode == 0, done.stderr
    return path
