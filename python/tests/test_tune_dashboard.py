"""optuna-dashboard in a real browser shows our studies while they run, from a file and from a server."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from kolosal import tune


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/studies.db"
    address: str = request.getfixturevalue("postgres").new_database()
    return address


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    """The dashboard's page of the only study of the storage."""
    tune.create_study(study_name="seen", storage=url, direction="maximize")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    theirs = url.replace("postgresql:", "postgresql+psycopg2:")
    command = [sys.executable, "-c", "from optuna_dashboard._cli import main; main()", theirs, "--host", "127.0.0.1", "--port", str(port)]
    dashboard = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/dashboard"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(address)
                break
            except OSError:
                time.sleep(0.1)
        page = browser.new_page(viewport={"width": 1400, "height": 1100})
        page.goto(f"{address}/studies/1")
        yield page
        page.close()
    finally:
        dashboard.terminate()
        dashboard.wait()


def test_the_dashboard_shows_a_study_while_it_runs(url: str, page: Page, tmp_path: Path) -> None:
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    study = tune.load_study(study_name="seen", storage=url, sampler=tune.samplers.TPESampler(seed=0))

    def objective(trial: Any) -> float:
        x = trial.suggest_float("x", -5, 5)
        trial.suggest_float("lr", 1e-4, 1, log=True)
        trial.suggest_categorical("c", ["a", None, 3, True])
        for step in range(3):
            trial.report(-x * x - 3 + step, step)
        if trial.number % 7 == 3:
            raise tune.TrialPruned
        trial.set_constraint("x", x - 4)
        return -float(x * x)

    study.optimize(objective, n_trials=20)
    running = study.ask()
    running.suggest_float("x", -5, 5)
    best = study.best_trial
    page.reload()
    expect(page.get_by_text(f"Best Trial (number={best.number})")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Hyperparameter Importance").first).to_be_visible(timeout=30_000)
    study.tell(running, 1.0)  # better than all: the page follows by itself
    expect(page.get_by_text(f"Best Trial (number={running.number})")).to_be_visible(timeout=60_000)
    page.screenshot(path=tmp_path / "dashboard.png")
    assert wrong == []
    assert (tmp_path / "dashboard.png").stat().st_size > 20_000
