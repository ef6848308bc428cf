"""The text of ``__init__.pyi``: the classes that are made from the catalog, as editors and type checkers see them."""

from __future__ import annotations

import inspect
from typing import Any

from . import __all__ as names
from ._classes import CLASSES


def _partial_fit(each: Any) -> str:
    if not hasattr(each, "partial_fit"):
        return ""
    given = list(inspect.signature(each.partial_fit).parameters.values())[1:]
    named = ", ".join(f"{p.name}: Any" + ("" if p.default is p.empty else f" = {p.default}") for p in given)
    return f"    def partial_fit(self, {named}) -> Any: ...\n"


def stub_text() -> str:
    """The stub; `make docs` writes it."""
    made = [
        '"""Models, trained natively: a scikit-learn estimator for every learner of the catalog and each kind of task that it does."""\n',
        "from collections.abc import Callable, Sequence\nfrom typing import Any, Literal\n",
        "from ._base import Classifier, Ranker, Regressor\n",
        "from ._callbacks import FitProgress, early_stopping, log_evaluation, progress, record_evaluation\nfrom ._files import load",
        "from ._import import ImportedClassifier, ImportedRanker, ImportedRegressor, import_model\nfrom ._rounds import merge\n",
        "from ._trees import PruningPath, TreePicture, draw_tree, prune, pruning_path\n",
        f"__all__ = {names!r}\n",
    ]
    for name, each in sorted(CLASSES.items()):
        summary = (each.__doc__ or "").partition("\n")[0]
        parameters = ", ".join(f"{spec['name']}: {spec['type']} = {spec['default_text']}" for spec in each._specs.values())
        fields = "\n".join(f"    {spec['name']}: {spec['type']}" for spec in each._specs.values())
        made.append(
            f'class {name}({each.__mro__[1].__name__}):\n    """{summary}"""\n{fields}\n'
            f"    def __init__(self, *, {parameters}) -> None: ...\n{_partial_fit(each)}"
        )
    return "\n".join(made)
