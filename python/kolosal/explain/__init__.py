"""Why a model predicts what it does: exact Shapley values, permutation importance with intervals, partial dependence.

Every function takes a fitted estimator of :mod:`kolosal.models` and tables as its ``predict`` does.
"""

from __future__ import annotations

from ._dependence import PartialDependence, partial_dependence
from ._permutation import PermutationImportance, permutation_importance
from ._shap import Explanation, shap_interactions, shap_values

__all__ = [
    "Explanation",
    "PartialDependence",
    "PermutationImportance",
    "partial_dependence",
    "permutation_importance",
    "shap_interactions",
    "shap_values",
]
