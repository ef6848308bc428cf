"""What parameters may be, by the names that Optuna has for it."""

from __future__ import annotations

from .. import _kolosal
from ._trial import (
    BaseDistribution,
    CategoricalDistribution,
    Distribution,
    FloatDistribution,
    IntDistribution,
    from_text,
    json_text,
    to_description,
)

__all__ = [
    "BaseDistribution",
    "CategoricalDistribution",
    "FloatDistribution",
    "IntDistribution",
    "distribution_to_json",
    "json_to_distribution",
]


def distribution_to_json(dist: Distribution) -> str:
    """The text that Optuna, too, has for a distribution."""
    return _kolosal.distribution_to_optuna("distribution", json_text(to_description(dist), "distribution_to_json"))


def json_to_distribution(json_str: str) -> Distribution:
    """The distribution of such a text."""
    return from_text(_kolosal.distribution_from_optuna("distribution", json_str))
