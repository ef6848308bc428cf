"""Errors of Kolosal: each is also the built-in exception that Python programs expect."""

from __future__ import annotations

import sys
from functools import cache


class KolosalError(Exception):
    """What every function of Kolosal raises on a failure.

    Attributes:
        code: name of the kind of failure, such as ``"unknown_column"``.
        remedy: what to do about it; may be empty.
    """

    def __init__(self, message: str, code: str = "internal", remedy: str = "") -> None:
        super().__init__(message if not remedy else f"{message}\n  {remedy}")
        self.code = code
        self.remedy = remedy


class InvalidInputError(KolosalError, ValueError):
    """A value, a name, a table or a file that is not allowed."""


class UnknownColumnError(InvalidInputError, KeyError):
    """A column that the table does not have."""

    __str__ = Exception.__str__


class NotFittedError(KolosalError, RuntimeError, ValueError):
    """Used before ``fit``: the message contains "not fitted"."""


class FileError(KolosalError, OSError):
    """The operating system refused."""

    __str__ = Exception.__str__


class MemoryLimitError(KolosalError, MemoryError):
    """The memory limit is spent."""


class TimeLimitError(KolosalError, TimeoutError):
    """The time limit passed before there was a result."""

    __str__ = Exception.__str__


class CancelledError(KolosalError, KeyboardInterrupt):
    """Stopped on request before there was a result."""


class InternalError(KolosalError, RuntimeError):
    """A defect of Kolosal: please report it."""


_BY_CODE: dict[str, type[KolosalError]] = {
    "unknown_column": UnknownColumnError,
    "not_fitted": NotFittedError,
    "io": FileError,
    "out_of_memory": MemoryLimitError,
    "timeout": TimeLimitError,
    "cancelled": CancelledError,
    "internal": InternalError,
}


def make_error(code: str, message: str, remedy: str) -> KolosalError:
    """The exception for an error of the native core."""
    return _BY_CODE.get(code, InvalidInputError)(message, code, remedy)


def no_text(error: UnicodeEncodeError) -> InvalidInputError:
    """The error of a text that holds half of a surrogate pair, which no encoding of Unicode has."""
    text = ascii(error.object[max(0, error.start - 10) : error.end + 10])
    return InvalidInputError(
        f"a text holds half of a surrogate pair: {text}", "bad_value", 'Replace it, as by text.encode("utf-8", "replace").decode().'
    )


def not_fitted(name: str) -> NotFittedError:
    """The error of an estimator that is used before ``fit``: scikit-learn's, too, where that is imported."""
    exceptions = sys.modules.get("sklearn.exceptions")
    kind = NotFittedError if exceptions is None else _not_fitted_as(exceptions.NotFittedError)
    return kind(f"this {name} is not fitted yet", "not_fitted", "Call fit first.")


@cache
def _not_fitted_as(theirs: type[Exception]) -> type[NotFittedError]:
    return type("NotFittedError", (NotFittedError, theirs), {"__module__": __name__})
