"""Journals by the names that Optuna has for them: ``JournalStorage(JournalFileBackend("studies.log"))``."""

from __future__ import annotations

from ._backend import JournalFileBackend
from ._storages import JournalStorage

__all__ = ["JournalFileBackend", "JournalStorage"]
