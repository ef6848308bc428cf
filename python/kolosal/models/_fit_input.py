"""What a fit is given beside the rows and their target, checked: groups, rows held out, a model to go on from."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._errors import InvalidInputError


def groups_of(groups: Any, qid: Any, sizes: Any) -> Any:
    """The group of each row, however it was spelt."""
    given = [each for each in (groups, qid, sizes) if each is not None]
    if len(given) > 1:
        raise InvalidInputError("groups are given twice", "bad_value", "Pass one of groups, qid and group.")
    return np.repeat(np.arange(len(sizes)), sizes) if sizes is not None else given[0] if given else None


def evaluation_set(given: tuple[Any, ...], training: Any) -> tuple[Any, Any, Any]:
    """Rows, target and weights of an ``eval_set``.

    One inside a list is taken out of it, as LightGBM and XGBoost spell it, where the training rows may stand beside it.
    """
    if isinstance(given, list):
        others = [each for each in given if len(given) == 1 or not (isinstance(each, tuple) and each and each[0] is training)]
        if len(others) != 1:
            raise InvalidInputError(
                f"eval_set has {len(others)} sets beside the training rows", "bad_value", "Pass one: the fit stops by it."
            )
        given = others[0]
    if not isinstance(given, tuple) or len(given) not in (2, 3):
        raise InvalidInputError("eval_set is not (X, y) or (X, y, sample_weight)", "bad_value", "Pass the rows of one set.")
    return given[0], given[1], given[2] if len(given) == 3 else None


def check_start(model: Any, start: Any) -> None:
    """Raises where a fit cannot go on from ``start``, which is no fitted model of the same kind, or where the learner never goes on."""
    name = type(model).__name__
    if not hasattr(start, "_native") and not hasattr(start, "_learner"):
        library = type(start).__module__.partition(".")[0]
        theirs = "" if library in ("builtins", "pathlib") else f" of {library}"
        raise InvalidInputError(
            f"init_model is a {type(start).__name__}{theirs}, no model of kolosal.models",
            "bad_value",
            f"Pass a fitted {name}; kolosal.models.load reads a saved one, import_model one of another library.",
        )
    if not model._about["continues"]:
        raise InvalidInputError(f"{name} does not go on from another model", "unsupported", "Leave out init_model.")
    start._check_fitted()
    if start._kind != model._kind:
        raise InvalidInputError(f"init_model is a {type(start).__name__}, of {start._kind}", "bad_value", f"Pass a fitted {name}.")
