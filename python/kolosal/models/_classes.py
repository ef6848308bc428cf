"""The classes of models, made from the native catalog of learners: their parameters are those that the learners declare."""

from __future__ import annotations

import json

from .. import _kolosal
from .._estimator import documentation_of, parameter_specs, refuse_unnamed, signature_of
from ._base import FIT_SPECS, OOB_SPEC, CatalogModel, Classifier, Ranker, Regressor
from ._boosting import WIDER
from ._names import IN_PARTS, OUT_OF_BAG, class_names
from ._partial_fit import PARTIAL_FITS
from ._peers import FORESTS, SHARES

BASES: dict[str, type[CatalogModel]] = {"classification": Classifier, "regression": Regressor, "ranking": Ranker}


def _make_class(learner: str, kind: str, name: str, about: dict[str, object]) -> type[CatalogModel]:
    base = BASES[kind]
    specs = {**parameter_specs(learner), **FIT_SPECS}
    if learner in OUT_OF_BAG:
        specs[OOB_SPEC["name"]] = OOB_SPEC
    if learner == "gradient_boosting":
        for parameter, kinds in WIDER.items():
            specs[parameter]["type"] += f" | {kinds}"
    if learner in FORESTS:
        specs["feature_fraction"]["type"] += f" | {SHARES}"
        specs["feature_fraction"]["allowed"] += ", or 'sqrt' or 'log2' for as many"
    if kind != "classification":
        specs.pop("class_weight", None)

    def __init__(self: CatalogModel, *unnamed: object, **parameters: object) -> None:
        refuse_unnamed(type(self), unnamed)
        base.__init__(self, **parameters)

    __init__.__signature__ = signature_of(specs)  # type: ignore[attr-defined]
    text = f"{about['doc']}\n\n    {(base.__doc__ or '').partition('.')[0]}.\n{documentation_of(specs)}"
    members = {
        "__init__": __init__,
        "__doc__": text,
        "__module__": __package__,
        "_learner": learner,
        "_about": about,
        "_specs": specs,
    }
    if learner in IN_PARTS:
        members["partial_fit"] = PARTIAL_FITS[kind]
    return type(name, (base,), members)


def make_classes() -> dict[str, type[CatalogModel]]:
    """A class for every learner and each kind of task that it does, by name."""
    made = {}
    for learner in _kolosal.learner_names():
        about = json.loads(_kolosal.learner(learner))
        for kind, name in class_names(learner, about["tasks"]).items():
            made[name] = _make_class(learner, kind, name, about)
    return made


CLASSES = make_classes()
