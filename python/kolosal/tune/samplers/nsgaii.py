"""How ``NSGAIISampler`` and ``NSGAIIISampler`` cross the numbers of parents, by the names that Optuna has for it. Choices are swapped.

What falls outside of a range is drawn again.
"""

from __future__ import annotations

from typing import Any

from ..._errors import InvalidInputError
from .._theirs import Absent, theirs

__all__ = [
    "BLXAlphaCrossover",
    "BaseCrossover",
    "SBXCrossover",
    "SPXCrossover",
    "UNDXCrossover",
    "UniformCrossover",
    "VSBXCrossover",
]

_SIDES = {
    "uniform_crossover_prob": Absent("a parameter comes from the second parent's side by the sampler's swapping_prob", 0.5),
    "use_child_gene_prob": Absent("numbers of children are always crossed"),
}


class BaseCrossover:
    """A native crossover: its kind and its parameters."""

    _kind = ""

    def __init__(self, **parameters: float | None) -> None:
        self._parameters = parameters

    def _native(self) -> dict[str, Any]:
        return {"kind": self._kind, **{name: value for name, value in self._parameters.items() if value is not None}}

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self._parameters.items())
        return f"{type(self).__name__}({given})"


class UniformCrossover(BaseCrossover):
    """A number is that of one of two parents, of the second by the sampler's ``swapping_prob``."""

    _kind = "uniform"

    @theirs(swapping_prob=Absent("it is an argument of the sampler", 0.5))
    def __init__(self) -> None:
        super().__init__()


class BLXAlphaCrossover(BaseCrossover):
    """A number lies anywhere between two parents, and beyond them.

    Args:
        alpha: how far beyond, in shares of their distance.
    """

    _kind = "blx_alpha"

    @theirs()
    def __init__(self, alpha: float = 0.5) -> None:
        super().__init__(alpha=alpha)


class SPXCrossover(BaseCrossover):
    """A child lies in the simplex of three parents, drawn out from its centre.

    Args:
        epsilon: how far it is drawn out; None: the root of the number of parameters and 2.
    """

    _kind = "spx"

    @theirs()
    def __init__(self, epsilon: float | None = None) -> None:
        super().__init__(epsilon=epsilon)


class SBXCrossover(BaseCrossover):
    """Simulated binary crossover, the default: a number is near to that of one of two parents.

    Args:
        eta: how near; None: 20.
    """

    _kind = "sbx"

    @theirs(**_SIDES)
    def __init__(self, eta: float | None = None) -> None:
        super().__init__(eta=eta)


class VSBXCrossover(BaseCrossover):
    """Simulated binary crossover that leaves out no part of the range.

    Args:
        eta: how near to its parents a child is; None: 20.
    """

    _kind = "vsbx"

    @theirs(**_SIDES)
    def __init__(self, eta: float | None = None) -> None:
        super().__init__(eta=eta)


class UNDXCrossover(BaseCrossover):
    """A child is normal about the middle of two parents, the wider the farther apart they and a third are.

    Args:
        sigma_xi: deviation along the line of the two, in shares of their distance.
        sigma_eta: deviation across it, in shares of the third's distance from it; None: 0.35 by the root of the number of parameters.
    """

    _kind = "undx"

    @theirs()
    def __init__(self, sigma_xi: float = 0.5, sigma_eta: float | None = None) -> None:
        super().__init__(sigma_xi=sigma_xi, sigma_eta=sigma_eta)


def native_crossover(given: BaseCrossover | str | None, owner: str) -> str | dict[str, Any]:
    """The crossover as the native core takes it.

    Args:
        given: one of the classes above, or the name of its kind; None: "sbx".
        owner: what an error begins with.
    """
    if given is None:
        return "sbx"
    if isinstance(given, str):
        return given
    if not isinstance(given, BaseCrossover) or not given._kind:
        raise InvalidInputError(
            f"{owner}: crossover is {given!r}; it must be a crossover of samplers.nsgaii, or the name of one", "bad_value"
        )
    return given._native()
