"""Arguments that Optuna has and that have no counterpart here: they are refused by name, with what is allowed."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec

from .._errors import InvalidInputError

P = ParamSpec("P")


class Absent:
    """An argument that is not here.

    Args:
        why: what is so instead, for the error.
        same: values, beside None, that ask for just what is done here, and so are taken.
    """

    def __init__(self, why: str, *same: Any) -> None:
        self.why = why
        self.same = (None, *same)


def theirs(**absent: Absent) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Lets an ``__init__`` take the absent arguments where they ask for what is done anyway, and say by name why it takes none else."""

    def decorate(init: Callable[P, None]) -> Callable[P, None]:
        allowed = [name for name in inspect.signature(init).parameters if name != "self"]

        @functools.wraps(init)
        def checked(*args: P.args, **kwargs: P.kwargs) -> None:
            for name in [name for name in kwargs if name not in allowed]:
                _check(type(args[0]).__name__, name, kwargs.pop(name), absent.get(name), allowed)
            init(*args, **kwargs)

        return checked

    return decorate


def _check(owner: str, name: str, value: Any, known: Absent | None, allowed: list[str]) -> None:
    takes = f"It takes {', '.join(allowed)}."
    if known is None:
        raise TypeError(f"{owner} has no argument '{name}'\n  {takes}")
    if not any(value is one or (type(value) is type(one) and value == one) for one in known.same):
        raise InvalidInputError(f"{owner} has no argument '{name}': {known.why}", "unsupported", takes)
