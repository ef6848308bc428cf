"""Kolosal: AutoML for tables with a native core."""

from __future__ import annotations

from . import _kolosal, metrics, stream, tune
from ._errors import (
    CancelledError,
    FileError,
    InternalError,
    InvalidInputError,
    KolosalError,
    MemoryLimitError,
    NotFittedError,
    TimeLimitError,
    UnknownColumnError,
)
from ._kolosal import Table
from .automl import AutoML, CrossValidationResult, Leaderboard, Model, TrainEngine, TrainingResult
from .io import read_table
from .preprocess import DataPreprocessor

__version__ = _kolosal.version()

__all__ = [
    "AutoML",
    "CancelledError",
    "CrossValidationResult",
    "DataPreprocessor",
    "FileError",
    "InternalError",
    "InvalidInputError",
    "KolosalError",
    "Leaderboard",
    "MemoryLimitError",
    "Model",
    "NotFittedError",
    "Table",
    "TimeLimitError",
    "TrainEngine",
    "TrainingResult",
    "UnknownColumnError",
    "__version__",
    "metrics",
    "read_table",
    "stream",
    "tune",
]
