"""Trials, by the names that Optuna has for them."""

from __future__ import annotations

from ._running import Trial
from ._trial import FixedTrial, FrozenTrial, TrialState, create_trial

__all__ = ["BaseTrial", "FixedTrial", "FrozenTrial", "Trial", "TrialState", "create_trial"]

BaseTrial = Trial | FrozenTrial | FixedTrial
"""What an objective may be given."""
