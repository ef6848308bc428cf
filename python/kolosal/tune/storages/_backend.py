"""The file of a journal as Optuna spells it."""

from __future__ import annotations

import os

from .._theirs import Absent, theirs


class JournalFileBackend:
    """The file of a journal, for ``JournalStorage``, which locks it itself.

    Args:
        file_path: the file.
    """

    @theirs(lock_obj=Absent("the operating system locks the file (flock)"))
    def __init__(self, file_path: str | os.PathLike[str]) -> None:
        self.file_path = os.fspath(file_path)

    def __repr__(self) -> str:
        return f"JournalFileBackend({self.file_path!r})"
