"""Figures of studies as plain dicts, as Plotly's JSON has them; nothing here needs Plotly."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ... import _kolosal
from ..._errors import InvalidInputError
from .._study import Study
from .._trial import FrozenTrial, TrialState, is_eligible
from ..importance import BaseImportanceEvaluator, PedAnovaImportanceEvaluator, get_param_importances
from ..terminator import BaseErrorEvaluator, BaseImprovementEvaluator, CrossValidationErrorEvaluator, RegretBoundEvaluator
from ._axes import Axis, Figure, Results, Target, axis_of, figure, hover, panels, results_of, titled

COLORS = "Blues"
STATES = {"complete": "#2f6fde", "pruned": "#d9722e", "failed": "#b3372f", "running": "#2c9a6b", "waiting": "#8a929c"}


def _points(trials: Sequence[FrozenTrial], x: Iterable[Any], y: Iterable[Any], **more: Any) -> dict[str, Any]:
    hovers = {"text": [hover(trial) for trial in trials], "hovertemplate": "%{text}<extra></extra>"}
    return {"type": "scatter", "mode": "markers", "x": list(x), "y": list(y), **hovers, **more}


def _studies(study: Study | Sequence[Study]) -> list[Study]:
    return [study] if isinstance(study, Study) else list(study)


def _best_so_far(found: Results) -> list[float]:
    losses = np.array(found.values) if found.less_is_better else -np.array(found.values)
    eligible = np.array([is_eligible(trial) for trial in found.trials], bool)
    best = np.minimum.accumulate(np.where(eligible, losses, math.inf))
    return [float(value) if found.less_is_better else -float(value) for value in best if math.isfinite(value)]


def optimization_history(study: Study | Sequence[Study], target: Target | None, target_name: str, error_bar: bool) -> Figure:
    """Values by trial, and the best so far."""
    data = []
    studies = _studies(study)
    layout = {"xaxis": titled("trial"), "yaxis": titled(target_name)}
    if error_bar:
        return figure("Optimization history", _history_with_spread(studies, target, target_name), **layout)
    for one in studies:
        found, name = results_of(one, target), "" if len(studies) == 1 else f" of {one.study_name}"
        numbers = [trial.number for trial in found.trials]
        data.append(_points(found.trials, numbers, found.values, name=target_name + name))
        if target is None and (best := _best_so_far(found)):
            data.append({"type": "scatter", "mode": "lines", "line": {"shape": "hv"}, "name": "best" + name})
            data[-1] |= {"x": numbers[-len(best) :], "y": best}
    return figure("Optimization history", data, **layout)


def _history_with_spread(studies: list[Study], target: Target | None, target_name: str) -> list[dict[str, Any]]:
    by_number: dict[int, list[float]] = {}
    for one in studies:
        found = results_of(one, target)
        for trial, value in zip(found.trials, found.values, strict=True):
            by_number.setdefault(trial.number, []).append(value)
    numbers = sorted(by_number)
    means, spreads = ([float(of(by_number[n])) for n in numbers] for of in (np.mean, np.std))
    spread = {"type": "data", "array": list(spreads), "visible": True}
    return [{"type": "scatter", "mode": "markers", "x": numbers, "y": list(means), "error_y": spread, "name": target_name}]


def slices(study: Study, params: Sequence[str] | None, target: Target | None, target_name: str) -> Figure:
    """The value against each parameter."""
    found = results_of(study, target, params)
    names = found.names if found.trials else []
    data, layout = [], {"yaxis": titled(target_name), "showlegend": False}
    for i, (name, domain) in enumerate(zip(names, panels(len(names)), strict=True)):
        some, axis = found.having(name), axis_of(name, found.trials)
        number = "" if i == 0 else str(i + 1)
        marker = {"color": [trial.number for trial in some.trials], "colorscale": COLORS, "showscale": i == 0, "line": {"width": 0.5}}
        marker |= {"colorbar": {"title": {"text": "trial"}}} if i == 0 else {}
        x = [axis.shown(trial.params[name]) for trial in some.trials]
        data.append(_points(some.trials, x, some.values, marker=marker, xaxis=f"x{number}", yaxis="y", name=name))
        layout[f"xaxis{number}"] = axis.layout() | {"domain": domain, "anchor": "y"}
    return figure("Slices", data, **layout)


def _surface(found: Results, x: Axis, y: Axis, n: int = 40) -> dict[str, Any]:
    """The mean value of the trials near each point of a grid, where there are such."""
    at = [(axis.share([trial.params[axis.name] for trial in found.trials]), axis.share(axis.grid(n))) for axis in (x, y)]
    across, up = (np.exp(-((grid[:, None] - places) ** 2) / 0.01) for places, grid in at)
    near, values = up @ across.T, (up * np.array(found.values)) @ across.T
    means = np.where(near > 0.05, values / np.maximum(near, 1e-300), np.nan)
    z = [[float(value) if math.isfinite(value) else None for value in row] for row in means]
    return {"x": x.grid(n), "y": y.grid(n), "z": z}


def contour(study: Study, params: Sequence[str] | None, target: Target | None, target_name: str) -> Figure:
    """The value over pairs of parameters."""
    found = results_of(study, target, params)

    def cell(some: Results, x: Axis, y: Axis, is_first: bool) -> list[dict[str, Any]]:
        scale = {"colorscale": COLORS, "reversescale": some.less_is_better, "showscale": is_first}
        bar = {"colorbar": {"title": {"text": target_name}}} if is_first else {}
        surface = {"type": "contour", "connectgaps": False, **scale, **bar, **_surface(some, x, y)}
        marks = {"color": "black", "size": 5 if len(found.names) <= 2 else 3, "line": {"width": 0.5, "color": "gray"}}
        return [surface, _points(some.trials, *_places(some, x, y), marker=marks)]

    return _pairs("Contour", found, cell)


def rank(study: Study, params: Sequence[str] | None, target: Target | None, target_name: str) -> Figure:
    """The rank of the value over pairs of parameters."""
    found = results_of(study, target, params)
    ranks = {trial.number: float(share) for trial, share in zip(found.trials, found.ranks, strict=True)}

    def cell(some: Results, x: Axis, y: Axis, is_first: bool) -> list[dict[str, Any]]:
        marks: dict[str, Any] = {"color": [ranks[trial.number] for trial in some.trials], "cmin": 0, "cmax": 1, "colorscale": "RdYlBu_r"}
        ends = {"tickvals": [0, 0.5, 1], "ticktext": ["best", "median", "worst"], "title": {"text": target_name}}
        marks |= {"showscale": is_first, "line": {"width": 0.5, "color": "gray"}} | ({"colorbar": ends} if is_first else {})
        return [_points(some.trials, *_places(some, x, y), marker=marks)]

    return _pairs("Rank", found, cell)


def _places(some: Results, x: Axis, y: Axis) -> tuple[list[Any], list[Any]]:
    of_x, of_y = ([axis.shown(trial.params[axis.name]) for trial in some.trials] for axis in (x, y))
    return of_x, of_y


def _pairs(title: str, found: Results, cell: Callable[[Results, Axis, Axis, bool], list[dict[str, Any]]]) -> Figure:
    """One panel for two parameters; for more a square of panels, each pair in two."""
    axes = [axis_of(name, found.trials) for name in found.names] if found.trials else []
    if len(axes) < 2:
        return figure(title, [])
    if len(axes) == 2:
        data = cell(found.having(*found.names), axes[0], axes[1], True)
        return figure(title, data, xaxis=axes[0].layout(), yaxis=axes[1].layout(), showlegend=False)
    data, layout, domains, n = [], {}, panels(len(axes), 0.01), len(axes)
    for row, y in enumerate(axes):
        for column, x in enumerate(axes):
            number = str(row * n + column + 1) if row or column else ""
            layout[f"xaxis{number}"] = x.layout(row == n - 1) | {
                "domain": domains[column],
                "anchor": f"y{number}",
                "showticklabels": row == n - 1,
            }
            up = domains[n - 1 - row]
            layout[f"yaxis{number}"] = y.layout(column == 0) | {"domain": up, "anchor": f"x{number}", "showticklabels": column == 0}
            if row != column:
                traces = cell(found.having(x.name, y.name), x, y, row == 0 and column == 1)
                data += [trace | {"xaxis": f"x{number}", "yaxis": f"y{number}"} for trace in traces]
    return figure(title, data, showlegend=False, **layout)


def parallel_coordinate(study: Study, params: Sequence[str] | None, target: Target | None, target_name: str) -> Figure:
    """Each trial as a line through its value and its parameters."""
    found = results_of(study, target, params)
    found = found.having(*found.names) if params is not None else _with_shared(found)
    dimensions: list[dict[str, Any]] = [{"label": target_name, "values": found.values}]
    for name in found.names if found.trials else []:
        axis = axis_of(name, found.trials)
        taken = [axis.shown(trial.params[name]) for trial in found.trials]
        if axis.choices:
            texts = list(axis.choices)
            marks: dict[str, Any] = {"tickvals": list(range(len(texts))), "ticktext": texts, "range": [-0.5, len(texts) - 0.5]}
            dimensions.append({"label": name, "values": [texts.index(text) for text in taken], **marks})
        elif axis.log:
            powers = range(math.ceil(math.log10(axis.low)), math.floor(math.log10(axis.high)) + 1)
            ticks = [float(power) for power in powers] or [math.log10(axis.low), math.log10(axis.high)]
            marks = {"tickvals": ticks, "ticktext": [f"{10**tick:.3g}" for tick in ticks]}
            dimensions.append({"label": name, "values": [math.log10(value) for value in taken], **marks})
        else:
            dimensions.append({"label": name, "values": taken})
    line = {"color": found.values, "colorscale": COLORS, "reversescale": found.less_is_better, "showscale": True}
    line["colorbar"] = {"title": {"text": target_name}}
    return figure("Parallel coordinates", [{"type": "parcoords", "dimensions": dimensions, "line": line}] if found.trials else [])


def _with_shared(found: Results) -> Results:
    names = [name for name in found.names if all(name in trial.params for trial in found.trials)]
    return Results(found.trials, found.values, found.less_is_better, names)


def param_importances(
    study: Study, evaluator: BaseImportanceEvaluator | None, params: Sequence[str] | None, target: Target | None, target_name: str
) -> Figure:
    """Importances of the parameters; with several objectives and no target those for each."""
    measure = evaluator if evaluator is not None else PedAnovaImportanceEvaluator()
    targets: list[tuple[str, Target | None]] = [(target_name, target)]
    if target is None and len(study.directions) > 1:
        targets = [(name, _loss(k, study.directions[k])) for k, name in enumerate(_objectives(study))]
    data: list[dict[str, Any]] = []
    for name, one in targets if study.get_trials(states=[TrialState.COMPLETE]) else []:
        found = get_param_importances(study, evaluator=measure, params=params, target=one)
        names, shares = list(found)[::-1], list(found.values())[::-1]
        text = [f"{share:.2f}" if share >= 0.01 else "<0.01" for share in shares]
        data.append({"type": "bar", "orientation": "h", "x": shares, "y": names, "name": name})
        data[-1] |= {"text": text, "textposition": "outside", "cliponaxis": False}
    return figure("Importance of parameters", data, xaxis=titled("importance"), yaxis=titled("parameter", type="category"))


def _objectives(study: Study) -> list[str]:
    return study.metric_names or [f"objective {k}" for k in range(len(study.directions))]


def _loss(k: int, direction: str) -> Target:
    sign = 1.0 if direction == "minimize" else -1.0
    return lambda trial: sign * (trial.values or [math.nan])[k]


def pareto_front(
    study: Study,
    target_names: Sequence[str] | None,
    include_dominated_trials: bool,
    targets: Callable[[FrozenTrial], Sequence[float]] | None,
    constraints_func: Callable[[FrozenTrial], Sequence[float]] | None = None,
) -> Figure:
    """Trials by two or three objectives; those of the front stand out."""
    complete = study.get_trials(states=[TrialState.COMPLETE])
    values = {trial.number: list((targets or (lambda t: t.values or []))(trial)) for trial in complete}
    n = len(next(iter(values.values()))) if values else len(study.directions)
    if n not in (2, 3):
        raise InvalidInputError(f"a Pareto front is drawn of 2 or 3 values; there are {n}", "bad_value", "Give targets that choose them.")
    names = _objectives(study) if targets is None else [f"objective {k}" for k in range(n)]
    if target_names is not None:
        names = list(target_names)
    if len(names) != n:
        raise InvalidInputError(f"target_names has {len(names)} names for {n} objectives", "bad_value")
    if constraints_func is None:
        feasible, best = [trial for trial in complete if is_eligible(trial)], study.best_trials
    else:
        feasible = [trial for trial in complete if all(value <= 0 for value in constraints_func(trial))]
        best = _front(study, feasible)
    eligible, leading = {trial.number for trial in feasible}, {trial.number for trial in best}
    groups: dict[str, list[FrozenTrial]] = {"infeasible": [], "dominated": [], "best": []}
    for trial in complete:
        groups["infeasible" if trial.number not in eligible else "best" if trial.number in leading else "dominated"].append(trial)
    data = []
    for (kind, trials), color in zip(groups.items(), ("#cccccc", "#9bbcf2", "#d9722e"), strict=True):
        if not trials or (kind != "best" and not include_dominated_trials):
            continue
        x, y, *z = zip(*(values[trial.number] for trial in trials), strict=True)
        more = {"type": "scatter3d", "z": list(z[0])} if z else {}
        data.append(_points(trials, x, y, marker={"color": color, "size": 4 if z else 7}, name=kind) | more)
    axes = {f"{letter}axis": titled(name) for letter, name in zip("xyz", names, strict=False)}
    return figure("Pareto front", data, **({"scene": axes} if n == 3 else axes))


def _front(study: Study, trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Those of the trials that no other is better than."""
    signs = np.array([1.0 if direction == "minimize" else -1.0 for direction in study.directions])
    losses = np.array([trial.values for trial in trials], dtype=float).reshape(-1, len(signs)) * signs
    return [
        trial for trial, own in zip(trials, losses, strict=True) if not ((losses <= own).all(axis=1) & (losses < own).any(axis=1)).any()
    ]


def timeline(study: Study, n_recent_trials: int | None) -> Figure:
    """When each trial ran."""
    if n_recent_trials is not None and n_recent_trials < 1:
        raise InvalidInputError(f"n_recent_trials is {n_recent_trials}; it must be at least 1", "bad_value")
    ran = [trial for trial in study.trials if trial.datetime_start is not None]
    ran = ran if n_recent_trials is None else ran[-n_recent_trials:]
    latest = max((at for t in ran for at in (t.datetime_start, t.datetime_complete) if at is not None), default=None)
    data = []
    for state, color in STATES.items():
        some = [(t, t.datetime_start, t.datetime_complete or latest) for t in ran if t.state.value == state]
        if not some:
            continue
        bars = [(trial, start, 1000 * (end - start).total_seconds()) for trial, start, end in some if start is not None and end is not None]
        bar: dict[str, Any] = {"type": "bar", "orientation": "h", "name": state, "marker": {"color": color}, "width": 0.8}
        bar |= {"textposition": "none", "base": [start.isoformat() for _, start, _ in bars], "x": [length for *_, length in bars]}
        bar |= {"y": [trial.number for trial, *_ in bars], "text": [hover(trial) for trial, *_ in bars]}
        data.append(bar | {"hovertemplate": "%{text}<extra></extra>"})
    return figure("Timeline", data, xaxis=titled("time", type="date"), yaxis=titled("trial"), barmode="overlay")


def intermediate_values(study: Study) -> Figure:
    """What each trial reported on its way."""
    seen = [trial for trial in study.trials if trial.intermediate_values]
    data = []
    for trial in seen:
        steps = sorted(trial.intermediate_values.items())
        values = [value if math.isfinite(value) else None for _, value in steps]
        line = {"width": 1, "dash": "dot" if trial.state is TrialState.PRUNED else "solid"}
        told = {"text": [hover(trial)] * len(steps), "hovertemplate": "%{text}<br>step %{x}: %{y}<extra></extra>"}
        trace = {"type": "scatter", "mode": "lines+markers", "marker": {"size": 4}, "line": line, "name": f"trial {trial.number}"}
        data.append(trace | {"x": [step for step, _ in steps], "y": values} | told)
    return figure("Intermediate values", data, xaxis=titled("step"), yaxis=titled("reported value"), showlegend=False)


def edf(study: Study | Sequence[Study], target: Target | None, target_name: str) -> Figure:
    """The share of trials with at most a value."""
    data = []
    for one in _studies(study):
        values = sorted(results_of(one, target).values)
        shares = [(i + 1) / len(values) for i in range(len(values))]
        data.append({"type": "scatter", "mode": "lines", "line": {"shape": "hv"}, "x": values, "y": shares, "name": one.study_name})
    return figure("Distribution of values", data, xaxis=titled(target_name), yaxis=titled("share of trials", range=[0, 1]))


def hypervolume_history(study: Study, reference_point: Sequence[float]) -> Figure:
    """The volume that the trials so far dominate."""
    if len(study.directions) < 2:
        raise InvalidInputError("a hypervolume is of several objectives; the study has one", "bad_value")
    if len(reference_point) != len(study.directions):
        raise InvalidInputError(f"reference_point has {len(reference_point)} values for {len(study.directions)} objectives", "bad_value")
    signs = np.array([1.0 if direction == "minimize" else -1.0 for direction in study.directions])
    reference = (signs * np.array(reference_point)).tolist()
    front: list[list[float]] = []
    volumes = []
    trials = study.get_trials(states=[TrialState.COMPLETE])
    for trial in trials:
        losses = (signs * np.array(trial.values)).tolist()
        if all(value <= 0 for value in trial.constraints.values()) and not any(_covers(other, losses) for other in front):
            front = [other for other in front if not _covers(losses, other)] + [losses]
        volumes.append(_kolosal.hypervolume(front, reference) if front else 0.0)
    numbers = [trial.number for trial in trials]
    line = {"type": "scatter", "mode": "lines+markers", "x": numbers, "y": volumes}
    return figure("Hypervolume", [line], xaxis=titled("trial"), yaxis=titled("hypervolume"))


def _covers(a: list[float], b: list[float]) -> bool:
    return all(x <= y for x, y in zip(a, b, strict=True))


def terminator_improvement(
    study: Study,
    plot_error: bool,
    improvement_evaluator: BaseImprovementEvaluator | None,
    error_evaluator: BaseErrorEvaluator | None,
    min_n_trials: int,
) -> Figure:
    """What a terminator held to be possible after each trial."""
    improvement = improvement_evaluator or RegretBoundEvaluator(seed=0)
    error = error_evaluator or CrossValidationErrorEvaluator()
    trials, direction = study.get_trials(states=[TrialState.COMPLETE]), study.direction
    numbers = [trial.number for trial in trials[min_n_trials - 1 :]]
    heads = [trials[: n + 1] for n in range(min_n_trials - 1, len(trials))]
    curves = [("improvement", [improvement.evaluate(head, direction) for head in heads])]
    if plot_error:
        curves.append(("error", [error.evaluate(head, direction) for head in heads]))
    data = [{"type": "scatter", "mode": "lines+markers", "x": numbers, "y": values, "name": name} for name, values in curves]
    return figure("Terminator", data, xaxis=titled("trial"), yaxis=titled("in units of the objective"))
