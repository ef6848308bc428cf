"""What may be given as a function: what can be called, or a fitted transformer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._errors import InvalidInputError


def function_of(function: Any) -> Callable[[Any], Any]:
    """What to call."""
    if callable(function):
        return function  # type: ignore[no-any-return]
    if hasattr(function, "transform"):
        return function.transform  # type: ignore[no-any-return]
    raise InvalidInputError(
        f"{type(function).__name__} is neither a function nor a transformer",
        "bad_value",
        "Pass what can be called, or a fitted transformer.",
    )
