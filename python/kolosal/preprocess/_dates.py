"""Dates and moments as numbers of the calendar and of the clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._input import Input, as_columns
from ._base import Incremental, NamedNatively, Weighted


class DatetimeEncoder(Weighted, Incremental, NamedNatively):
    """Dates become numbers: year, month, day, weekday, day_of_year, hour and elapsed days, or the ``parts`` named.

    Further parts are quarter, week, minute, second, is_weekend, is_month_start, is_month_end, and sine and cosine of the cyclical ones, as
    month_sin; ``cyclic`` adds those of month and weekday. Elapsed days, float64, count from ``reference``, a text as 2024-02-29, or from
    the earliest date in fit. Moments with a time zone are read as its clocks show them, elapsed days too. Takes a series or an array of
    dates, or the columns of a frame.
    """

    _catalog_name = "date_parts"
    _fits_a_part = True
    _numeric = False

    def __init__(self, *, parts: Sequence[str] | None = None, cyclic: bool = False, reference: str | None = None) -> None:
        self.parts = parts
        self.cyclic = cyclic
        self.reference = reference

    def _input(self, X: Any) -> Input:
        return Input(*as_columns(X), local=True)

    def _native_parameters(self) -> dict[str, Any]:
        parts = {} if self.parts is None else {"parts": list(self.parts)}
        return {**parts, "cyclic": self.cyclic, "reference": self.reference or ""}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags
