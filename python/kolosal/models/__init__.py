"""Models, trained natively: a scikit-learn estimator for every learner of the catalog and each kind of task that it does.

The classes are made from the catalog: a learner added to it has its classes here. ``__init__.pyi`` lists them, written by ``make docs``.
"""

from __future__ import annotations

from typing import Any

from ._base import Classifier as Classifier
from ._base import Ranker as Ranker
from ._base import Regressor as Regressor
from ._callbacks import FitProgress as FitProgress
from ._callbacks import early_stopping as early_stopping
from ._callbacks import log_evaluation as log_evaluation
from ._callbacks import progress as progress
from ._callbacks import record_evaluation as record_evaluation
from ._classes import CLASSES
from ._files import load as load
from ._import import ImportedClassifier as ImportedClassifier
from ._import import ImportedRanker as ImportedRanker
from ._import import ImportedRegressor as ImportedRegressor
from ._import import import_model as import_model
from ._rounds import merge as merge
from ._trees import PruningPath as PruningPath
from ._trees import TreePicture as TreePicture
from ._trees import draw_tree as draw_tree
from ._trees import prune as prune
from ._trees import pruning_path as pruning_path

globals().update(CLASSES)

__all__ = sorted(
    [
        "Classifier",
        "FitProgress",
        "ImportedClassifier",
        "ImportedRanker",
        "ImportedRegressor",
        "PruningPath",
        "Ranker",
        "Regressor",
        "TreePicture",
        "draw_tree",
        "early_stopping",
        "import_model",
        "load",
        "log_evaluation",
        "merge",
        "progress",
        "prune",
        "pruning_path",
        "record_evaluation",
        *CLASSES,
    ]
)


def __getattr__(name: str) -> Any:
    if name.startswith("CatBoost"):
        raise AttributeError(
            f"there is no {name}: CatBoost's library has no C interface to train through. "
            "Train with catboost itself, on numbers, and bring the model here with kolosal.models.import_model."
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
