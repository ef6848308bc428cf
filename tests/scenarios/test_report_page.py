"""The report in a real browser: it draws, it has no errors, it fits, it loads nothing, in light and in dark."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="module", params=["species", "body_mass_g"])
def report(request, kolosal, penguins, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    done = kolosal("train", penguins, "--target", request.param, "--max-models", "3", "-o", folder / "m.kolosal")
    assert done.returncode == 0, done.stderr
    return folder / "report.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 400])
def test_the_report_is_drawn(browser, report: Path, scheme: str, width: int):
    page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900})
    wrong, requested = [], []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: requested.append(request.url))
    page.goto(report.as_uri())
    assert wrong == []
    assert requested == [report.as_uri()]
    headings = page.locator("h2").all_inner_texts()
    for heading in (
        "Leaderboard",
        "How it predicts held-out rows",
        "Feature importance",
        "Learning curves",
        "The table",
        "What was tried",
        "How to reproduce",
    ):
        assert heading in headings
    assert page.locator("svg path.curve, svg circle, svg .cell").count() > 3
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert "NaN" not in page.locator("main").inner_html().replace("NaN-", "")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(int(part) for part in background[4:-1].split(",")) < 384) == (scheme == "dark")
    page.close()
