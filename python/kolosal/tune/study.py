"""Studies, by the names that Optuna has for them."""

from __future__ import annotations

from ._callbacks import MaxTrialsCallback
from ._studies import StudySummary, copy_study, delete_study, get_all_study_names, get_all_study_summaries, load_study
from ._study import Study, StudyDirection, create_study

__all__ = [
    "MaxTrialsCallback",
    "Study",
    "StudyDirection",
    "StudySummary",
    "copy_study",
    "create_study",
    "delete_study",
    "get_all_study_names",
    "get_all_study_summaries",
    "load_study",
]
