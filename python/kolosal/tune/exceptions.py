"""What studies and trials raise, by the names that Optuna has for it. Each is also an error of ``kolosal`` and a built-in exception."""

from __future__ import annotations

from .._errors import FileError, InvalidInputError, KolosalError

__all__ = [
    "DuplicatedStudyError",
    "ExperimentalWarning",
    "OptunaError",
    "StorageInternalError",
    "StudyNotFoundError",
    "TrialPruned",
    "UnsuitedStudyError",
    "UpdateFinishedTrialError",
]

OptunaError = KolosalError
"""What every function here raises on a failure."""

StorageInternalError = FileError
"""A database or a file that a storage could not read or write."""


class TrialPruned(Exception):
    """Raised by an objective to end its trial early; the value is the last reported."""


class DuplicatedStudyError(InvalidInputError):
    """The storage has a study of this name already."""


class StudyNotFoundError(InvalidInputError, KeyError):
    """The storage has no study of this name."""

    __str__ = Exception.__str__


class UpdateFinishedTrialError(InvalidInputError, RuntimeError):
    """A trial that has ended was to change."""


class UnsuitedStudyError(InvalidInputError, RuntimeError):
    """The study has several objectives where one is needed, or runs already."""


class ExperimentalWarning(Warning):
    """A category for the warning filters that programs of Optuna set. Nothing here is experimental, and so it is never given."""
