"""The parameters of a search: short spellings of ranges and choices as a declared space, and its points as an estimator's parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import _kolosal
from .._errors import InvalidInputError
from ._trial import CategoricalDistribution, Distribution, FloatDistribution, IntDistribution, SearchSpace

_PLAIN = (str, int, float, bool, type(None))


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
        self.native = SearchSpace({str(name): self._parameter(str(name), spelt) for name, spelt in given.items()})

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

    def _parameter(self, name: str, spelt: Any) -> Any:
        if isinstance(spelt, (Distribution, Mapping)):
            return spelt
        if hasattr(spelt, "ppf"):
            self._drawn[name] = spelt
            return FloatDistribution(1e-9, 1 - 1e-9)
        if isinstance(spelt, tuple) and _is_range(spelt):
            low, high, log = spelt[0], spelt[1], len(spelt) == 3
            whole = all(isinstance(bound, int) for bound in (low, high))
            return IntDistribution(low, high, log=log) if whole else FloatDistribution(float(low), float(high), log=log)
        if hasattr(spelt, "tolist"):
            spelt = spelt.tolist()
        if isinstance(spelt, Sequence) and not isinstance(spelt, str) and len(spelt) > 0:
            if all(isinstance(choice, _PLAIN) for choice in spelt):
                return CategoricalDistribution(spelt)
            self._choices[name] = list(spelt)
            return CategoricalDistribution(range(len(spelt)))
        raise InvalidInputError(f"param_space: parameter '{name}' is {spelt!r}", "bad_value", _SPELLINGS)


_SPELLINGS = (
    "Give for each parameter (low, high), (low, high, 'log'), a list of choices, a distribution, a dict that describes it, or a frozen "
    "distribution of SciPy."
)


def _is_range(spelt: tuple[Any, ...]) -> bool:
    numbers = [bound for bound in spelt[:2] if isinstance(bound, (int, float)) and not isinstance(bound, bool)]
    return len(numbers) == 2 and (len(spelt) == 2 or (len(spelt) == 3 and spelt[2] == "log"))
