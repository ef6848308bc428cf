"""Models from the files that ``save`` writes."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from .. import _kolosal
from .._errors import InvalidInputError
from ._base import CatalogModel
from ._classes import CLASSES
from ._features import Features
from ._import import IMPORTED


def load(path: str | os.PathLike[str]) -> CatalogModel:
    """The estimator that ``save`` wrote. A damaged file raises an error; it never runs code."""
    native, text = _kolosal.FittedModel.load(os.fspath(path))
    written = json.loads(text)
    known = {**CLASSES, **IMPORTED}
    if written["estimator"] not in known:
        raise InvalidInputError(f"'{path}' holds a {written['estimator']}, which this version does not know", "unsupported_version")
    parameters = {name: tuple(value) if isinstance(value, list) else value for name, value in written["parameters"].items()}
    made: Any = known[written["estimator"]](**parameters)
    classes = None
    if "classes" in written:
        classes = np.array(written["classes"]["labels"], dtype=written["classes"]["dtype"])
    features = written["features"]
    levels = {int(j): each for j, each in features["levels"].items()}
    adopted: CatalogModel = made._adopt(native, Features(features["names"], levels), features["named"], classes)
    return adopted
