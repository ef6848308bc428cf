"""The parameters of a search: short spellings of ranges and choices as a declared space, and its points as an estimator's parameters."""

from __future__ import annotations

import contextlib
import json
import numbers
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from .. import _kolosal
from .._errors import InvalidInputError
from ._trial import CategoricalDistribution, Distribution, FloatDistribution, IntDistribution, SearchSpace, json_text

_PLAIN = (str, int, float, bool, type(None))
_LEAST_SHARE = 1e-9  # of a SciPy distribution, below which and above 1 less which nothing is drawn


class ParamSpace:
    """What the parameters of an estimator may be.

    Args:
        given: a SearchSpace, or for each parameter ``(low, high)`` or ``(low, high, "log")`` of two integers or two floats, a list of
            choices of any kind, a distribution, a description as SearchSpace takes, or a frozen distribution of SciPy.
    """

    def __init__(self, given: Any) -> None:
        self._choices: dict[str, list[Any]] = {}  # of parameters whose choices the native core cannot hold: it has their places
        self._drawn: dict[str, Any] = {}  # SciPy distributions: the native core has the share of them that lies below
        if isinstance(given, _kolosal.SearchSpace):
            self.native = given
            return
        if not isinstance(given, Mapping) or not given:
            raise InvalidInputError("param_space is not a SearchSpace or a dict by parameter, or is empty", "bad_value", _SPELLINGS)
        self.native = SearchSpace({str(name): self._read(str(name), spelt) for name, spelt in given.items()})

    def values_of(self, point: Mapping[str, Any]) -> dict[str, Any]:
        """The estimator's parameters at a point of the native space."""
        values = dict(point)
        for name, value in point.items():
            if name in self._choices:
                values[name] = self._choices[name][value]
            elif name in self._drawn:
                drawn = float(self._drawn[name].ppf(value))
                values[name] = int(drawn) if hasattr(self._drawn[name].dist, "pmf") else drawn
        return values

    def point_of(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The point of the native space that has an estimator's parameters, of which some may be missing.

        Raises InvalidInputError that names a parameter that is not there, or whose value is not allowed.
        """
        described = json.loads(self.native.to_json())["parameters"]
        point: dict[str, Any] = {}
        for name, value in values.items():
            if name not in described:
                near = get_close_matches(str(name), described, 1)
                hint = f"; did you mean '{near[0]}'?" if near else f"; it has {', '.join(described)}"
                raise InvalidInputError(f"the search space has no parameter '{name}'{hint}", "unknown_parameter")
            point[name] = self._place_of(name, value, json_text(described[name], f"parameter '{name}'"))
        return point

    def allowed_of(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The point of those of an estimator's parameters that are there and allowed."""
        point: dict[str, Any] = {}
        for name, value in values.items():
            with contextlib.suppress(InvalidInputError):
                point |= self.point_of({name: value})
        return point

    def has_places(self, name: str) -> bool:
        """Whether the native space has places of the parameter's values, rather than these."""
        return name in self._choices or name in self._drawn

    def _place_of(self, name: str, value: Any, distribution: str) -> Any:
        """What the native space has for a value."""
        if name in self._choices:
            for i, choice in enumerate(self._choices[name]):
                if choice is value or _are_equal(_plain(choice), _plain(value)):
                    return i
            raise InvalidInputError(f"parameter '{name}' is {value!r}, which is none of its choices", "bad_value")
        if name in self._drawn:
            return self._share_of(name, value)
        return _kolosal.settled_value(name, distribution, _plain(value))

    def _share_of(self, name: str, value: Any) -> float:
        """The share of a SciPy distribution that lies below a value, half of its own mass with it."""
        drawn = self._drawn[name]
        is_discrete = hasattr(drawn.dist, "pmf")
        low, high = drawn.support()
        is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
        if not is_number or not low <= value <= high or (is_discrete and not drawn.pmf(value) > 0):
            raise InvalidInputError(f"parameter '{name}' is {value!r}, which its distribution on [{low:g}, {high:g}] has not", "bad_value")
        share = float(drawn.cdf(value)) - (float(drawn.pmf(value)) / 2 if is_discrete else 0.0)
        return min(max(share, _LEAST_SHARE), 1 - _LEAST_SHARE)

    def _read(self, name: str, spelt: Any) -> Any:
        """The parameter as the native core declares it; errors name it."""
        try:
            return self._parameter(name, spelt)
        except InvalidInputError as error:
            text = str(error.args[0])
            raise InvalidInputError(text if f"'{name}'" in text else f"param_space: parameter '{name}': {text}", error.code) from None

    def _parameter(self, name: str, spelt: Any) -> Any:
        if isinstance(spelt, (Distribution, Mapping)):
            return spelt
        if hasattr(spelt, "ppf"):
            self._drawn[name] = spelt
            return FloatDistribution(_LEAST_SHARE, 1 - _LEAST_SHARE)
        if isinstance(spelt, tuple) and _is_range(spelt):
            low, high, log = spelt[0], spelt[1], len(spelt) == 3
            if all(isinstance(bound, numbers.Integral) for bound in (low, high)):
                return IntDistribution(int(low), int(high), log=log)
            return FloatDistribution(float(low), float(high), log=log)
        if isinstance(spelt, tuple):
            where = f"param_space: parameter '{name}'"
            raise InvalidInputError(f"{where} is {spelt!r}, which is no (low, high) of numbers", "bad_value", "Choices are a list.")
        if hasattr(spelt, "tolist"):
            spelt = spelt.tolist()
        if isinstance(spelt, Sequence) and not isinstance(spelt, str) and len(spelt) > 0:
            plain = [_plain(choice) for choice in spelt]
            if all(isinstance(choice, _PLAIN) for choice in plain):
                return CategoricalDistribution(plain)
            self._choices[name] = list(spelt)
            return CategoricalDistribution(range(len(spelt)))
        raise InvalidInputError(f"param_space: parameter '{name}' is {spelt!r}", "bad_value", _SPELLINGS)


_SPELLINGS = (
    "Give for each parameter (low, high), (low, high, 'log'), a list of choices, a distribution, a dict that describes it, or a frozen "
    "distribution of SciPy."
)


def _is_range(spelt: tuple[Any, ...]) -> bool:
    are_numbers = all(isinstance(bound, numbers.Real) and not isinstance(bound, bool) for bound in spelt[:2])
    return are_numbers and (len(spelt) == 2 or (len(spelt) == 3 and isinstance(spelt[2], str) and spelt[2] == "log"))


def _plain(value: Any) -> Any:
    """A number of NumPy as one of Python; anything else as it is."""
    return value.item() if hasattr(value, "dtype") and getattr(value, "ndim", None) == 0 else value


def _are_equal(one: Any, other: Any) -> bool:
    """Whether the objects are of one type and equal; False where that has no single answer, as of arrays."""
    if type(one) is not type(other):
        return False
    try:
        return bool(one == other)
    except Exception:
        return False
