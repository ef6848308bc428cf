"""Statistics of tables that come in chunks."""

from __future__ import annotations

import json
from typing import Any

from .. import _kolosal
from .._tables import to_native


class TableStatistics:
    """What can be said of each column of rows that come in chunks, and merged: counts, missing, mean, range, quantiles, frequent values.

    Args:
        sketch_width: numbers kept a level of a column's quantile sketch.
        n_frequent: frequent values kept of a column.
    """

    def __init__(self, *, sketch_width: int = 2048, n_frequent: int = 128) -> None:
        self._native = _kolosal.TableStatistics(sketch_width, n_frequent)

    def add(self, table: Any, *, n_threads: int = 0) -> TableStatistics:
        """Learns from further rows.

        Returns:
            The statistics.
        """
        self._native.add(to_native(table), n_threads)
        return self

    def merge(self, other: TableStatistics) -> TableStatistics:
        """Learns from the rows that the other has learnt from.

        Returns:
            The statistics.
        """
        self._native.merge(other._native)
        return self

    def to_dict(self) -> dict[str, Any]:
        """What is known, with the errors of quantiles and counts."""
        told: dict[str, Any] = json.loads(self._native.to_json())
        return told
