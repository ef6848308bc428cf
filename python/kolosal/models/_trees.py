"""Trees of fitted models: pruned, and drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _kolosal
from ._rounds import with_native


@dataclass(frozen=True)
class PruningPath:
    """How a tree loses leaves as each must be worth more.

    Attributes:
        alphas: at which of them leaves go, ascending from 0, (n_steps,).
        impurities: by how much the impurity of the tree is then above that of the whole one, (n_steps,).
    """

    alphas: np.ndarray
    impurities: np.ndarray


def pruning_path(model: Any, tree: int = 0) -> PruningPath:
    """The minimal cost-complexity pruning path of a tree, as scikit-learn's.

    Args:
        model: A fitted decision tree, random forest or extra trees.
        tree: Number of the tree, from 0.

    Raises:
        InvalidInputError: where the model has no such tree, or its trees are not averaged.
    """
    model._check_fitted()
    alphas, impurities = _kolosal.pruning_path(model._native, tree)
    return PruningPath(np.array(alphas), np.array(impurities))


def prune(model: Any, alpha: float) -> Any:
    """A fitted estimator whose trees keep only leaves worth ``alpha`` each, as if it had been fitted with ``prune_alpha``.

    Args:
        model: A fitted decision tree, random forest or extra trees.
        alpha: Decrease of impurity, as a share of the rows, that a leaf must be worth.
    """
    model._check_fitted()
    return with_native(model, _kolosal.prune(model._native, alpha)).set_params(prune_alpha=alpha)


@dataclass(frozen=True)
class TreePicture:
    """A tree as SVG, which notebooks show, or as text.

    Attributes:
        text: the picture in its format.
        format: "svg", "dot" or "text".
    """

    text: str
    format: str

    def __str__(self) -> str:
        return self.text

    def _repr_svg_(self) -> str | None:
        return self.text if self.format == "svg" else None


def draw_tree(model: Any, tree: int = 0, *, format: str = "svg", max_depth: int | None = None) -> TreePicture:
    """Draws one tree of a fitted model.

    Args:
        model: A fitted estimator of trees.
        tree: Number of the tree, from 0. Boosting of several classes or targets has one for each in turn.
        format: "svg", "dot" (Graphviz) or "text".
        max_depth: Splits down to which it is drawn; all where not given.
    """
    model._check_fitted()
    names = list(model._features.names)
    levels = [[str(level) for level in model._features.levels.get(j, ())] for j in range(len(names))]
    outputs = [str(label) for label in getattr(model, "classes_", ())] if model._native.n_scores != 1 else []
    return TreePicture(
        _kolosal.draw_tree(model._native, tree, names, levels, outputs, format, 1000 if max_depth is None else max_depth), format
    )
