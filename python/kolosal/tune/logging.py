"""What studies tell while they run: a line for each trial that ends, at the level INFO, on the standard error stream.

Nothing is told until ``set_verbosity(INFO)`` asks for it. The logger is ``kolosal.tune`` of Python's ``logging``.
"""

from __future__ import annotations

import logging as _logging
from logging import CRITICAL, DEBUG, ERROR, FATAL, INFO, WARN, WARNING

__all__ = [
    "CRITICAL",
    "DEBUG",
    "ERROR",
    "FATAL",
    "INFO",
    "WARN",
    "WARNING",
    "disable_default_handler",
    "disable_propagation",
    "enable_default_handler",
    "enable_propagation",
    "get_logger",
    "get_verbosity",
    "set_verbosity",
]

_LIBRARY = "kolosal.tune"
_logger = _logging.getLogger(_LIBRARY)
_handler = _logging.StreamHandler()
_handler.setFormatter(_logging.Formatter("[%(levelname)s %(asctime)s] %(message)s"))
_logger.addHandler(_handler)
_logger.setLevel(WARNING)
_logger.propagate = False


def get_logger(name: str) -> _logging.Logger:
    """The logger of this name, as ``logging.getLogger``."""
    return _logging.getLogger(name)


def get_verbosity() -> int:
    """The level from which on it is told: WARNING at first."""
    return _logger.getEffectiveLevel()


def set_verbosity(verbosity: int) -> None:
    """Sets the level from which on it is told.

    Args:
        verbosity: INFO for a line a trial, WARNING or more for none.
    """
    _logger.setLevel(verbosity)


def enable_default_handler() -> None:
    """Lets lines go to the standard error stream, as at first."""
    _logger.addHandler(_handler)


def disable_default_handler() -> None:
    """Lets no line go to the standard error stream."""
    _logger.removeHandler(_handler)


def enable_propagation() -> None:
    """Lets lines go to the handlers of the root logger, too."""
    _logger.propagate = True


def disable_propagation() -> None:
    """Lets no line go to the handlers of the root logger, as at first."""
    _logger.propagate = False
