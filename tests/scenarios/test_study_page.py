"""The report of a study in a real browser: it draws without errors, loads nothing, fits, and answers the pointer, in light and in dark."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from kolosal import tune

NASTY = "</script><script>alert(1)</script>"


def one(trial):
    x = trial.suggest_float("x", -3, 3)
    rate = trial.suggest_float(f"rate{NASTY}", 1e-5, 1, log=True)
    kind = trial.suggest_categorical("kind", ["plain", NASTY, None, 2.5])
    depth = trial.suggest_int("depth", 1, 12) if kind == "plain" else 6
    value = x * x + abs(math.log10(rate) + 3) / 2 + (kind is None) + abs(depth - 6) / 6
    for step in range(1, 12):
        trial.report(math.nan if trial.number == 5 and step == 2 else value + 3 / step, step)
        if trial.should_prune():
            raise tune.TrialPruned
    if trial.number % 25 == 24:
        raise ValueError(NASTY)
    return math.inf if trial.number == 3 else value


def several(trial):
    x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
    z = trial.suggest_categorical("z", [True, False])
    trial.set_constraint("c", 0.1 - x)
    return x + y, (1 - x) ** 2 + z, y - x


HEADINGS = {
    "History",
    "Importance of parameters",
    "Parameters and values",
    "Parallel coordinates",
    "Distribution of values",
    "Timeline",
    "Trials",
}
STUDIES = {
    "one": (one, ["minimize"], HEADINGS | {"Best parameters", "Intermediate values", "Notes"}),
    "several": (several, ["minimize", "maximize", "minimize"], HEADINGS | {"Pareto front"}),
    "empty": (None, ["minimize"], set()),
}


WITH_TRIALS = pytest.mark.parametrize("report", ["one", "several"], indirect=True)


@pytest.fixture(scope="module", params=STUDIES)
def report(request, tmp_path_factory):
    objective, directions, headings = STUDIES[request.param]
    study = tune.create_study(study_name=f"study {request.param} {NASTY}", directions=directions, sampler=tune.samplers.TPESampler(seed=0))
    if objective is not None:
        study.optimize(objective, n_trials=120, catch=ValueError)
    if request.param == "one":
        study.set_user_attr("table", {"name": NASTY})
    path = tmp_path_factory.mktemp("study") / "report.html"
    study.report(path)
    return study, path, headings


@pytest.fixture
def opened(browser, report: tuple[tune.Study, Path, set[str]]):
    """Opens the page; at the end nothing may have gone wrong on it."""
    pages, wrong, requested = [], [], []

    def open_page(scheme="light", width=1200):
        page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900})
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: requested.append(request.url))
        page.goto(report[1].as_uri())
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert wrong == []
    assert set(requested) == {report[1].as_uri()}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 400])
def test_the_page_is_drawn(opened, report, scheme: str, width: int):
    study, _, headings = report
    page = opened(scheme, width)
    assert headings <= set(page.locator("h2").all_inner_texts())
    assert page.locator("h1").inner_text() == f"Study: {study.study_name}"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert "NaN" not in page.locator("main").inner_html()
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(int(part) for part in background[4:-1].split(",")) < 384) == (scheme == "dark")
    n_finite = sum(t.state is tune.TrialState.COMPLETE and all(map(math.isfinite, t.values)) for t in study.trials)
    assert page.locator("section:has(h2:text-is('Parallel coordinates')) path.line").count() == n_finite


@WITH_TRIALS
def test_the_pointer_is_told_of_a_trial_and_finds_it_in_every_figure(opened, report):
    study = report[0]
    page = opened()
    number = study.best_trials[0].number
    page.locator(f"section:has(h2:text-is('History')) circle[data-trial='{number}']").hover(force=True)
    assert page.locator("#tip").inner_text().startswith("trial ")
    shown = int(page.locator("#tip b").inner_text().split()[1].rstrip(","))
    assert all(f"{name}: " in page.locator("#tip").inner_text() for name in study.trials[shown].params)
    assert page.locator(f".hot[data-trial='{shown}']").count() >= 4
    page.mouse.move(2, 2)
    assert not page.locator("#tip").is_visible()


@WITH_TRIALS
def test_what_is_chosen_is_drawn(opened, report):
    page = opened()
    values = page.locator("section:has(h2:text-is('Parameters and values'))")
    select = values.locator("select[data-choice=parameter]")
    options, drawn = select.locator("option").all_inner_texts(), set()
    for name in options:
        select.select_option(label=name)
        assert values.locator("svg").first.locator("circle").count() > 0
        drawn.add(values.locator("svg").first.inner_html())
    assert len(drawn) == len(options) > 2
    importances = page.locator("section:has(h2:text-is('Importance of parameters'))")
    bars = importances.locator("svg").inner_html()
    importances.locator("select").select_option(index=1)
    assert importances.locator("svg").inner_html() != bars


@WITH_TRIALS
def test_dragging_along_an_axis_keeps_some_trials(opened, report):
    page = opened()
    figure = page.locator("section:has(h2:text-is('Parallel coordinates')) svg")
    figure.scroll_into_view_if_needed()
    box = figure.locator(".grip").first.bounding_box()
    x = box["x"] + box["width"] / 2
    page.mouse.move(x, box["y"] + box["height"] * 0.98)
    page.mouse.down()
    page.mouse.move(x, box["y"] + box["height"] * 0.8, steps=4)
    page.mouse.up()
    all_lines, off = figure.locator(".line").count(), figure.locator(".line.off").count()
    assert 0 < off < all_lines
    page.mouse.click(x, box["y"] + box["height"] * 0.5)
    assert figure.locator(".line.off").count() == 0


@WITH_TRIALS
def test_the_table_is_put_in_the_order_of_a_column(opened, report):
    study = report[0]
    page = opened()
    table = page.locator("section:has(h2:text-is('Trials')) table")
    table.locator("th button", has_text="trial").click()
    assert table.locator("tbody tr").first.locator("td").first.inner_text() == "0"
    table.locator("th button", has_text="trial").click()
    assert table.locator("tbody tr").first.locator("td").first.inner_text() == str(len(study.trials) - 1)
