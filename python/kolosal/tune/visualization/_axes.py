"""Axes of figures: parameters and values as Plotly draws them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._errors import InvalidInputError
from .._study import Study
from .._trial import CategoricalDistribution, FrozenTrial, TrialState

Target = Callable[[FrozenTrial], float]
Figure = dict[str, Any]


@dataclass(frozen=True)
class Axis:
    """One parameter: its bounds, or the texts of its choices."""

    name: str
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    choices: tuple[str, ...] = ()

    def shown(self, value: Any) -> Any:
        """A value as it is drawn."""
        return _text(value) if self.choices else value

    def share(self, values: Sequence[Any]) -> NDArray[np.float64]:
        """Places of values between 0 and 1."""
        if self.choices:
            index = {text: i for i, text in enumerate(self.choices)}
            return (np.array([index[_text(value)] for value in values], float) + 0.5) / len(self.choices)
        places, (low, high) = np.asarray(values, float), (self.low, self.high)
        if self.log:
            places, low, high = np.log(places), math.log(low), math.log(high)
        return np.full(len(values), 0.5) if low == high else np.asarray((places - low) / (high - low))

    def grid(self, n: int) -> list[Any]:
        """Values at even distances from the low to the high bound, or the choices."""
        if self.choices:
            return list(self.choices)
        made = np.geomspace(self.low, self.high, n) if self.log else np.linspace(self.low, self.high, n)
        return [float(value) for value in made]

    def layout(self, with_title: bool = True) -> dict[str, Any]:
        """What Plotly is told of the axis."""
        told: dict[str, Any] = {"title": {"text": self.name}} if with_title else {}
        if self.choices:
            return told | {"type": "category", "categoryorder": "array", "categoryarray": list(self.choices)}
        low, high = (math.log10(self.low), math.log10(self.high)) if self.log else (self.low, self.high)
        pad = 0.05 * (high - low) or 0.5
        return told | {"type": "log" if self.log else "linear", "range": [low - pad, high + pad]}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def axis_of(name: str, trials: Sequence[FrozenTrial]) -> Axis:
    """The axis of a parameter that some of the trials have."""
    had = [trial.distributions[name] for trial in trials if name in trial.distributions]
    if isinstance(had[-1], CategoricalDistribution):
        return Axis(name, choices=tuple(_text(choice) for choice in had[-1].choices))
    numbers = [one for one in had if not isinstance(one, CategoricalDistribution)]
    return Axis(name, float(min(one.low for one in numbers)), float(max(one.high for one in numbers)), numbers[-1].log)


@dataclass(frozen=True)
class Results:
    """Complete trials whose value is finite, with that value; whether less of it is better."""

    trials: list[FrozenTrial]
    values: list[float]
    less_is_better: bool
    names: list[str]

    def having(self, *names: str) -> Results:
        """Those that have all of the parameters."""
        kept = [i for i, trial in enumerate(self.trials) if all(name in trial.params for name in names)]
        return Results([self.trials[i] for i in kept], [self.values[i] for i in kept], self.less_is_better, self.names)

    @property
    def ranks(self) -> NDArray[np.float64]:
        """By trial the share of the others that are better: 0 is the best."""
        losses = np.array(self.values) if self.less_is_better else -np.array(self.values)
        order = np.argsort(np.argsort(losses, kind="stable"), kind="stable")
        return np.asarray(order / max(1, len(order) - 1), float)


def results_of(study: Study, target: Target | None, params: Sequence[str] | None = None) -> Results:
    """The results of a study, and the names of the parameters that are drawn: those given, or all, sorted.

    Args:
        study: the study.
        target: what of a trial is drawn; without, its value.
        params: names of parameters.
    """
    if target is None and len(study.directions) != 1:
        raise InvalidInputError(
            f"study '{study.study_name}' has {len(study.directions)} objectives; target must say what to draw",
            "bad_value",
            "Give target=lambda trial: trial.values[0].",
        )
    trials, values = [], []
    for trial in study.get_trials(states=[TrialState.COMPLETE]):
        value = trial.value if target is None else target(trial)
        if value is not None and math.isfinite(value):
            trials.append(trial)
            values.append(float(value))
    known = sorted({name for trial in trials for name in trial.params})
    for name in params or ():
        if trials and name not in known:
            raise InvalidInputError(f"no complete trial of study '{study.study_name}' has the parameter '{name}'", "bad_value")
    less = target is not None or study.directions[0] == "minimize"
    return Results(trials, values, less, list(params) if params is not None else known)


def hover(trial: FrozenTrial) -> str:
    """What is told of a trial that the pointer is on; texts are as HTML shows them."""
    lines = [f"trial {trial.number}, {trial.state.value}"]
    lines += [f"value {value:.6g}" for value in trial.values or []]
    lines += [f"{name}: {value if isinstance(value, str) else json.dumps(value)}" for name, value in trial.params.items()]
    return "<br>".join(line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for line in lines)


def figure(title: str, data: list[dict[str, Any]], **layout: Any) -> Figure:
    """A figure as Plotly's JSON has it."""
    return {"data": data, "layout": {"title": {"text": title}, **layout}}


def titled(text: str, **more: Any) -> dict[str, Any]:
    """An axis with a title."""
    return {"title": {"text": text}, **more}


def panels(n: int, gap: float = 0.03) -> list[list[float]]:
    """Parts of [0, 1] for n panels side by side."""
    width = (1 - gap * (n - 1)) / max(1, n)
    return [[i * (width + gap), min(1.0, i * (width + gap) + width)] for i in range(n)]
