"""Tables from files."""

from __future__ import annotations

import json
import os
from typing import Any

import pyarrow as pa

from . import _kolosal


def read_table(path: str | os.PathLike[str], *, n_threads: int = 0, **options: Any) -> pa.Table:
    """Reads a CSV, Parquet, Arrow IPC or JSON-lines file with the native readers.

    Args:
        path: The file; ``-`` is standard input.
        n_threads: Threads that read; 0 means as many as the process may use.
        options: ``format``, ``delimiter``, ``decimal_point``, ``header``, ``missing``, ``columns``, ``text_columns``, as on the
            command line.

    Returns:
        The table; kinds are inferred from all rows.
    """
    return pa.table(_kolosal.read_table(os.fspath(path), json.dumps(options), n_threads))
