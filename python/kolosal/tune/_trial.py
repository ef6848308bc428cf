"""Distributions, declared search spaces and finished trials."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from .. import _kolosal
from .._errors import InvalidInputError


class TrialPruned(Exception):
    """Raised by an objective to end its trial early; the value is the last reported."""


class TrialState(Enum):
    """Where a trial is; complete, pruned and failed trials are finished."""

    WAITING = "waiting"
    RUNNING = "running"
    COMPLETE = "complete"
    PRUNED = "pruned"
    FAIL = "failed"

    def is_finished(self) -> bool:
        """Whether the trial is over."""
        return self not in (TrialState.WAITING, TrialState.RUNNING)


@dataclass(frozen=True)
class FloatDistribution:
    """A number from low to high, in steps from low, or on a logarithmic scale."""

    low: float
    high: float
    log: bool = field(default=False, kw_only=True)
    step: float | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class IntDistribution:
    """An integer from low to high, in steps from low, or on a logarithmic scale."""

    low: int
    high: int
    log: bool = field(default=False, kw_only=True)
    step: int = field(default=1, kw_only=True)


@dataclass(frozen=True)
class CategoricalDistribution:
    """One of the choices: texts, numbers, booleans and None."""

    choices: tuple[str | float | bool | None, ...]

    def __init__(self, choices: Sequence[str | float | bool | None]) -> None:
        object.__setattr__(self, "choices", tuple(choices))


Distribution = FloatDistribution | IntDistribution | CategoricalDistribution


def to_description(distribution: Distribution) -> dict[str, Any]:
    """The distribution as the native core describes it."""
    if isinstance(distribution, CategoricalDistribution):
        return {"type": "categorical", "choices": list(distribution.choices)}
    kind = "float" if isinstance(distribution, FloatDistribution) else "int"
    return {"type": kind, "low": distribution.low, "high": distribution.high, "step": distribution.step, "log": distribution.log}


def from_description(described: dict[str, Any]) -> Distribution:
    """The distribution that the native core describes."""
    if described["type"] == "categorical":
        return CategoricalDistribution(described["choices"])
    if described["type"] == "float":
        return FloatDistribution(described["low"], described["high"], log=described["log"], step=described["step"])
    return IntDistribution(described["low"], described["high"], log=described["log"], step=described["step"])


class SearchSpace(_kolosal.SearchSpace):
    """Parameters declared beforehand, with what depends on what; give it to ``trial.suggest`` or ``study.ask``.

    Args:
        parameters: by name a distribution or a description: ``{"type": "int", "low": 1, "high": 9, "log": True}``, also of type
            ``"float"``, ``"categorical"`` (``"choices"``) or ``"constant"`` (``"value"``). ``"when"`` makes a parameter conditional on an
            earlier one: ``{"parameter": "model", "equals": "knn"}``, or ``"in"``, ``"greater"``, ``"less"``; of a list all must hold.
        forbidden: combinations of values, each a dict by name, that are never proposed.
    """

    def __init__(self, parameters: Mapping[str, Any], forbidden: Iterable[Mapping[str, Any]] = ()) -> None:
        described = {name: to_description(p) if isinstance(p, Distribution) else dict(p) for name, p in parameters.items()}
        super().__init__(json.dumps({"parameters": described, "forbidden": [dict(one) for one in forbidden]}))

    def __reduce__(self) -> tuple[Any, ...]:
        described = json.loads(self.to_json())
        return SearchSpace, (described["parameters"], described.get("forbidden", []))

    @classmethod
    def from_json(cls, text: str) -> SearchSpace:
        """The space that JSON text describes: an object with "parameters" and, if wanted, "forbidden"."""
        described = json.loads(text)
        if not isinstance(described, dict) or "parameters" not in described or set(described) - {"parameters", "forbidden"}:
            raise InvalidInputError('search space: it must be an object with "parameters" and, if wanted, "forbidden"', "bad_value")
        return cls(described["parameters"], described.get("forbidden", ()))


@dataclass(frozen=True)
class FrozenTrial:
    """All that was known of a trial when it was asked for."""

    number: int
    state: TrialState
    values: list[float] | None
    params: dict[str, Any]
    distributions: dict[str, Distribution]
    intermediate_values: dict[int, float]
    constraints: dict[str, float]
    user_attrs: dict[str, Any]
    system_attrs: dict[str, Any]
    failure: str
    datetime_start: datetime | None
    datetime_complete: datetime | None

    @property
    def value(self) -> float | None:
        """The value of the single objective; None where there is none yet."""
        if self.values is not None and len(self.values) > 1:
            raise InvalidInputError(f"trial {self.number} has {len(self.values)} values; use values", "bad_value")
        return self.values[0] if self.values else None

    @property
    def last_step(self) -> int | None:
        """The highest step reported; None where nothing was."""
        return max(self.intermediate_values, default=None)

    @property
    def duration(self) -> timedelta | None:
        """Time from start to end; None where the trial is not over."""
        if self.datetime_start is None or self.datetime_complete is None:
            return None
        return self.datetime_complete - self.datetime_start


def frozen(snapshot: dict[str, Any]) -> FrozenTrial:
    """The trial that the native core tells of."""

    def moment(seconds: float) -> datetime | None:
        return datetime.fromtimestamp(seconds) if seconds == seconds else None

    return FrozenTrial(
        number=snapshot["number"],
        state=TrialState(snapshot["state"]),
        values=snapshot["values"] or None,
        params=snapshot["params"],
        distributions={name: from_description(json.loads(text)) for name, text in snapshot["distributions"].items()},
        intermediate_values=dict(snapshot["intermediate"]),
        constraints=dict(snapshot["constraints"]),
        user_attrs=json.loads(snapshot["user_attrs"]),
        system_attrs={name: json.loads(text) for name, text in snapshot["system_attrs"]},
        failure=snapshot["failure"],
        datetime_start=moment(snapshot["started"]),
        datetime_complete=moment(snapshot["ended"]),
    )


def create_trial(
    *,
    state: TrialState = TrialState.COMPLETE,
    value: float | None = None,
    values: Sequence[float] | None = None,
    params: Mapping[str, Any] | None = None,
    distributions: Mapping[str, Distribution] | None = None,
    intermediate_values: Mapping[int, float] | None = None,
    constraints: Mapping[str, float] | None = None,
    user_attrs: Mapping[str, Any] | None = None,
) -> FrozenTrial:
    """A finished trial made by hand, for ``study.add_trial``."""
    if value is not None and values is not None:
        raise InvalidInputError("create_trial: value and values are both given", "bad_value", "Give one of them.")
    given = [value] if value is not None else list(values) if values is not None else None
    return FrozenTrial(
        number=-1,
        state=state,
        values=given,
        params=dict(params or {}),
        distributions=dict(distributions or {}),
        intermediate_values=dict(intermediate_values or {}),
        constraints=dict(constraints or {}),
        user_attrs=dict(user_attrs or {}),
        system_attrs={},
        failure="",
        datetime_start=None,
        datetime_complete=None,
    )
