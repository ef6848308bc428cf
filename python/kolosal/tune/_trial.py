"""Distributions, declared search spaces and finished trials."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import Any

from .. import _kolosal
from .._errors import InvalidInputError
from .exceptions import TrialPruned as TrialPruned
from .exceptions import UnsuitedStudyError


def json_text(value: Any, where: str) -> str:
    """The value as JSON: what JSON has, NaN and infinities as Python writes them, and NumPy's numbers and arrays.

    Args:
        value: what is to be written.
        where: what an error begins with.
    """
    try:
        return json.dumps(value, default=_plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInputError(
            f"{where}: {error}", "bad_value", "JSON has texts, numbers, booleans, None, lists, and dicts by text; give such."
        ) from None


def from_json(text: Any, where: str) -> Any:
    """What JSON text says; ``where`` is what an error begins with."""
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInputError(f"{where}: the text is no JSON: {error}", "bad_value") from None


def _plain(value: Any) -> Any:
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a value of type {type(value).__name__} is nothing that JSON can hold")


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


def state_of(given: Any) -> TrialState:
    """The state, which may be one of Optuna's."""
    if isinstance(given, TrialState):
        return given
    name = str(getattr(given, "name", ""))
    if name not in TrialState.__members__:
        raise InvalidInputError(f"{given!r} is no state of a trial; states are {', '.join(TrialState.__members__)}", "bad_value")
    return TrialState[name]


def is_eligible(trial: FrozenTrial) -> bool:
    """Whether a trial, which may be one of Optuna's, may be the best: it is complete and its constraints hold."""
    return state_of(trial.state) is TrialState.COMPLETE and all(value <= 0 for value in trial.constraints.values())


class BaseDistribution:
    """What a parameter may be."""

    def single(self) -> bool:
        """Whether there is one value only."""
        raise NotImplementedError

    def _settle(self) -> None:
        """Takes the bounds as the native core holds them, which refuses what cannot be."""
        kind = type(self).__name__
        try:
            settled = from_settled(_kolosal.settled_distribution(kind, json_text(to_description(self), kind)))
        except InvalidInputError as error:
            raise InvalidInputError(error.args[0].replace(f"parameter '{kind}'", kind, 1), error.code) from None
        for name, value in settled.items():
            object.__setattr__(self, name, value)


def from_settled(text: str) -> dict[str, Any]:
    """The fields of the distribution that the native core describes so."""
    described: dict[str, Any] = json.loads(text)
    del described["type"]
    return described


@dataclass(frozen=True)
class FloatDistribution(BaseDistribution):
    """A number from low to high, in steps from low, or on a logarithmic scale."""

    low: float
    high: float
    log: bool = field(default=False, kw_only=True)
    step: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self._settle()

    def single(self) -> bool:
        """Whether there is one value only."""
        return self.low == self.high


@dataclass(frozen=True)
class IntDistribution(BaseDistribution):
    """An integer from low to high, in steps from low, or on a logarithmic scale."""

    low: int
    high: int
    log: bool = field(default=False, kw_only=True)
    step: int = field(default=1, kw_only=True)

    def __post_init__(self) -> None:
        for name in ("low", "high", "step"):
            value = getattr(self, name)
            if isinstance(value, float) and value.is_integer():
                object.__setattr__(self, name, int(value))
            elif isinstance(value, float):
                raise InvalidInputError(f"IntDistribution: {name} is {value}; it must be a whole number", "bad_value")
        self._settle()

    def single(self) -> bool:
        """Whether there is one value only."""
        return self.low == self.high


@dataclass(frozen=True, eq=False)
class CategoricalDistribution(BaseDistribution):
    """One of the choices: texts, numbers, booleans, None, and lists or tuples of such.

    Args:
        choices: what it may be.
        ordered: whether they stand in an order, so that neighbours are alike: samplers then take their places for numbers.
    """

    choices: tuple[Any, ...]
    ordered: bool

    def __init__(self, choices: Sequence[Any], ordered: bool = False) -> None:
        if isinstance(choices, str) or not isinstance(choices, Iterable):
            raise InvalidInputError(f"CategoricalDistribution: choices is {choices!r}; it must be a list or a tuple", "bad_value")
        if not isinstance(ordered, bool):
            raise InvalidInputError(f"CategoricalDistribution: ordered is {ordered!r}; it must be True or False", "bad_value")
        object.__setattr__(self, "choices", tuple(choices))
        object.__setattr__(self, "ordered", ordered)
        _kolosal.settled_distribution("CategoricalDistribution", json_text(to_description(self), "CategoricalDistribution"))

    def single(self) -> bool:
        """Whether there is one choice only."""
        return len(self.choices) == 1

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CategoricalDistribution):
            return NotImplemented
        same = [a == b or (a != a and b != b) for a, b in zip(self.choices, other.choices, strict=False)]  # NaN is itself
        return self.ordered == other.ordered and len(self.choices) == len(other.choices) and all(same)

    def __hash__(self) -> int:
        return hash(len(self.choices))


Distribution = FloatDistribution | IntDistribution | CategoricalDistribution
_KINDS = {"FloatDistribution": "float", "IntDistribution": "int", "CategoricalDistribution": "categorical"}


def is_distribution(given: Any) -> bool:
    """Whether it is a distribution, of ours or of Optuna's."""
    return type(given).__name__ in _KINDS


def to_description(distribution: Any) -> dict[str, Any]:
    """The distribution, of ours or of Optuna's, as the native core describes it."""
    kind = _KINDS.get(type(distribution).__name__)
    if kind is None:
        raise InvalidInputError(f"{distribution!r} is no distribution; there are {', '.join(_KINDS)}", "bad_value")
    if kind == "categorical":
        # one of Optuna has no order
        return {"type": kind, "choices": list(distribution.choices), "ordered": getattr(distribution, "ordered", False)}
    return {"type": kind, "low": distribution.low, "high": distribution.high, "step": distribution.step, "log": distribution.log}


def from_description(described: dict[str, Any]) -> Distribution:
    """The distribution that the native core describes."""
    if described["type"] == "categorical":
        return CategoricalDistribution(described["choices"], described.get("ordered", False))
    if described["type"] == "float":
        return FloatDistribution(described["low"], described["high"], log=described["log"], step=described["step"])
    return IntDistribution(described["low"], described["high"], log=described["log"], step=described["step"])


@lru_cache(maxsize=4096)
def from_text(text: str) -> Distribution:
    """The distribution that the native core describes in JSON; most trials have the same ones."""
    return from_description(json.loads(text))


class SearchSpace(_kolosal.SearchSpace):
    """Parameters declared beforehand, with what depends on what; give it to ``trial.suggest`` or ``study.ask``.

    Args:
        parameters: by name a distribution or a description: ``{"type": "int", "low": 1, "high": 9, "log": True}``, also of type
            ``"float"``, ``"categorical"`` (``"choices"``, and ``"ordered"`` where they stand in an order) or ``"constant"`` (``"value"``).
            ``"when"`` makes a parameter conditional on an
            earlier one: ``{"parameter": "model", "equals": "knn"}``, or ``"in"``, ``"greater"``, ``"less"``; of a list all must hold.
        forbidden: combinations of values, each a dict by name, that are never proposed.
    """

    def __init__(self, parameters: Mapping[str, Any], forbidden: Iterable[Mapping[str, Any]] = ()) -> None:
        if not isinstance(parameters, Mapping):
            raise InvalidInputError(f"search space: parameters is {parameters!r}; it must be a dict by name", "bad_value")
        never = list(forbidden) if isinstance(forbidden, Iterable) and not isinstance(forbidden, (str, Mapping)) else [forbidden]
        if isinstance(forbidden, Mapping) or not all(isinstance(one, Mapping) for one in never):
            raise InvalidInputError(f"search space: forbidden is {forbidden!r}; it must be a list of dicts by name", "bad_value")
        described = {name: to_description(p) if is_distribution(p) else _described(name, p) for name, p in parameters.items()}
        super().__init__(json_text({"parameters": described, "forbidden": [dict(one) for one in never]}, "search space"))

    def __reduce__(self) -> tuple[Any, ...]:
        described = json.loads(self.to_json())
        return SearchSpace, (described["parameters"], described.get("forbidden", []))

    @classmethod
    def from_json(cls, text: str) -> SearchSpace:
        """The space that JSON text describes: an object with "parameters" and, if wanted, "forbidden"."""
        described = from_json(text, "search space")
        if not isinstance(described, dict) or "parameters" not in described or set(described) - {"parameters", "forbidden"}:
            raise InvalidInputError('search space: it must be an object with "parameters" and, if wanted, "forbidden"', "bad_value")
        return cls(described["parameters"], described.get("forbidden", ()))


def _described(name: str, given: Any) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise InvalidInputError(f"search space: parameter '{name}' is {given!r}; it must be a distribution or a dict", "bad_value")
    return dict(given)


class GivenTrial:
    """A trial whose values are there already: what asks for them is answered, and what it reports is not kept."""

    number: int
    distributions: dict[str, Distribution]
    constraints: dict[str, float]
    user_attrs: dict[str, Any]

    def _value_given(self, name: str) -> Any:
        raise NotImplementedError

    def _taken(self, name: str, distribution: Distribution) -> Any:
        value = self._value_given(name)
        try:
            _kolosal.settled_value(name, json_text(to_description(distribution), f"parameter '{name}'"), value)
        except InvalidInputError as error:
            warnings.warn(f"trial {self.number}, {error}", stacklevel=3)
        self.distributions[name] = distribution
        return value

    def suggest_float(self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False) -> float:
        """The value given; a warning where it is not from low to high, or on a step."""
        value: float = self._taken(name, FloatDistribution(low, high, step=step, log=log))
        return value

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """The value given; a warning where it is no integer from low to high, or on a step."""
        return int(self._taken(name, IntDistribution(low, high, step=step, log=log)))

    def suggest_categorical(self, name: str, choices: Sequence[Any], *, ordered: bool = False) -> Any:
        """The value given; a warning where it is none of the choices."""
        return self._taken(name, CategoricalDistribution(choices, ordered))

    def report(self, value: float, step: int) -> None:
        """Does nothing: a trial whose values are given is never stopped, so nothing asks for its reports."""

    def should_prune(self) -> bool:
        """False."""
        return False

    def set_user_attr(self, key: str, value: Any) -> None:
        """Notes anything about the trial, here alone."""
        self.user_attrs[key] = value

    def set_constraint(self, key: str, value: float) -> None:
        """Notes a constraint, here alone; it holds where the value is at most 0."""
        self.constraints[key] = float(value)


@dataclass(frozen=True)
class FrozenTrial(GivenTrial):
    """All that was known of a trial when it was asked for. An objective that is given one computes its value anew."""

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
            raise UnsuitedStudyError(f"trial {self.number} has {len(self.values)} values; use values", "bad_value")
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

    def _value_given(self, name: str) -> Any:
        if name not in self.params:
            raise InvalidInputError(f"trial {self.number} has no value of parameter '{name}'", "bad_value", _values_are(self.params))
        return self.params[name]

    def __lt__(self, other: FrozenTrial) -> bool:
        return self.number < other.number

    def __le__(self, other: FrozenTrial) -> bool:
        return self.number <= other.number


def _values_are(params: Mapping[str, Any]) -> str:
    return f"It has values of {', '.join(params)}." if params else "It has no values."


class FixedTrial(GivenTrial):
    """A trial of values given by hand, to try an objective without a study.

    Args:
        params: values by name.
        number: what ``number`` says.
    """

    def __init__(self, params: Mapping[str, Any], number: int = 0) -> None:
        self._given = dict(params)
        self.number = number
        self.params: dict[str, Any] = {}
        self.distributions: dict[str, Distribution] = {}
        self.constraints: dict[str, float] = {}
        self.user_attrs: dict[str, Any] = {}
        self.system_attrs: dict[str, Any] = {}
        self.datetime_start: datetime | None = datetime.now()

    def _value_given(self, name: str) -> Any:
        if name not in self._given:
            raise InvalidInputError(f"FixedTrial has no value of parameter '{name}'", "bad_value", _values_are(self._given))
        self.params[name] = self._given[name]
        return self._given[name]


def frozen(snapshot: dict[str, Any]) -> FrozenTrial:
    """The trial that the native core tells of."""

    def moment(seconds: float) -> datetime | None:
        return datetime.fromtimestamp(seconds) if seconds == seconds else None

    values: list[float] = snapshot["values"]
    system_attrs = {name: json.loads(text) for name, text in snapshot["system_attrs"]}
    if snapshot["fixed"]:
        system_attrs["fixed_params"] = snapshot["fixed"]
    constraints = dict(snapshot["constraints"])
    if constraints and list(constraints) == [str(i) for i in range(len(constraints))]:  # as constraints_func gives them
        system_attrs["constraints"] = list(constraints.values())
    return FrozenTrial(
        number=snapshot["number"],
        state=TrialState(snapshot["state"]),
        values=None if any(value != value for value in values) else values or None,  # a pruned trial's last report may be NaN
        params=snapshot["params"],
        distributions={name: from_text(text) for name, text in snapshot["distributions"].items()},
        intermediate_values=dict(snapshot["intermediate"]),
        constraints=constraints,
        user_attrs=json.loads(snapshot["user_attrs"]),
        system_attrs=system_attrs,
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
    system_attrs: Mapping[str, Any] | None = None,
) -> FrozenTrial:
    """A trial made by hand, for ``study.add_trial``, which starts and, where it is finished, ends now."""
    if value is not None and values is not None:
        raise InvalidInputError("create_trial: value and values are both given", "bad_value", "Give one of them.")
    given = [value] if value is not None else list(values) if values is not None else None
    state = state_of(state)
    if set(params or {}) != set(distributions or {}):
        odd = ", ".join(sorted(set(params or {}) ^ set(distributions or {})))
        raise InvalidInputError(f"create_trial: each parameter needs a value and a distribution; {odd} has one of them", "bad_value")
    if state is TrialState.FAIL and given is not None:
        raise InvalidInputError("create_trial: a failed trial has no values", "bad_value", "Leave out the values or the state.")
    if state is TrialState.COMPLETE and (given is None or any(number != number for number in given)):
        raise InvalidInputError("create_trial: a complete trial has values, none of them NaN", "bad_value", "Give value, or another state.")
    return FrozenTrial(
        number=-1,
        state=state,
        values=given,
        params=dict(params or {}),
        distributions=dict(distributions or {}),
        intermediate_values=dict(intermediate_values or {}),
        constraints=dict(constraints or {}),
        user_attrs=dict(user_attrs or {}),
        system_attrs=dict(system_attrs or {}),
        failure="",
        datetime_start=None if state is TrialState.WAITING else datetime.now(),
        datetime_complete=datetime.now() if state.is_finished() else None,
    )
