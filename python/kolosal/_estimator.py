"""What Kolosal's Python estimators share: parameters from the native tables, and scikit-learn's conventions without scikit-learn."""

from __future__ import annotations

import inspect
import json
from typing import Any

from . import _kolosal
from ._errors import InvalidInputError


def parameter_specs(name: str) -> dict[str, dict[str, Any]]:
    """The parameters of a native table by name, each with its default, type, documentation and aliases."""
    specs = {spec["name"]: spec for spec in json.loads(_kolosal.parameters(name))}
    for spec in specs.values():
        if isinstance(spec["default"], list):
            spec["default"] = tuple(spec["default"])  # shared by every estimator
    return specs


def signature_of(specs: dict[str, dict[str, Any]]) -> inspect.Signature:
    """A keyword-only signature made from parameter specifications."""
    parameters = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)]
    for spec in specs.values():
        parameters.append(inspect.Parameter(spec["name"], inspect.Parameter.KEYWORD_ONLY, default=spec["default"], annotation=spec["type"]))
    return inspect.Signature(parameters)


def documentation_of(specs: dict[str, dict[str, Any]]) -> str:
    """The "Args" section of a docstring made from parameter specifications."""
    lines = [f"        {spec['name']}: {spec['doc']} {spec['allowed'][0].upper() + spec['allowed'][1:]}." for spec in specs.values()]
    return "\n    Args:\n" + "\n".join(lines) + "\n"


class Estimator:
    """Base of the estimators: keyword parameters declared once in the native core."""

    _specs: dict[str, dict[str, Any]] = {}

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Lets a class with specifications of its own show them as the signature of its constructor, and at the end of its text."""
        super().__init_subclass__(**arguments)
        if "_specs" not in vars(cls) or "__init__" in vars(cls):
            return

        def __init__(self: Estimator, **parameters: Any) -> None:
            super(cls, self).__init__(**parameters)

        __init__.__signature__ = signature_of(cls._specs)  # type: ignore[attr-defined]
        cls.__init__ = __init__  # type: ignore[method-assign]
        cls.__doc__ = f"{cls.__doc__ or ''}\n{documentation_of(cls._specs)}"

    def __init__(self, **parameters: Any) -> None:
        for spec in self._specs.values():
            setattr(self, spec["name"], spec["default"])
        self.set_params(**parameters)

    @classmethod
    def _canonical(cls, name: str) -> str:
        for spec in cls._specs.values():
            if name == spec["name"] or name in spec["aliases"]:
                return str(spec["name"])
        known = ", ".join(cls._specs)
        raise TypeError(f"{cls.__name__} has no parameter '{name}'. Known: {known}.")

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name."""
        del deep  # there are no nested estimators
        return {name: getattr(self, name) for name in self._specs}

    def set_params(self, **parameters: Any) -> Any:
        """Sets parameters; names from elsewhere (``n_jobs``, ``random_state``) are understood.

        Returns:
            The estimator.
        """
        given: dict[str, Any] = {}
        for name, value in parameters.items():
            canonical = self._canonical(name)
            if canonical in given:
                raise TypeError(f"{canonical} is given twice: '{name}' is another name of it")
            given[canonical] = value
        for name, value in given.items():
            setattr(self, name, value)
        return self

    def _options(self) -> dict[str, Any]:
        return self._written_down(self.get_params())

    def _written_down(self, parameters: dict[str, Any]) -> dict[str, Any]:
        options = {}
        for name, value in parameters.items():
            if isinstance(value, str) and self._specs[name]["type"].startswith("list"):
                value = [value]
            if hasattr(value, "item") and not isinstance(value, (str, bytes)):
                value = value.item()
            options[name] = value
        try:
            json.dumps(options)
        except TypeError as error:
            raise InvalidInputError(f"a parameter cannot be written down: {error}", "bad_value") from None
        return options

    def __repr__(self) -> str:
        changed = (f"{n}={v!r}" for n, v in self.get_params().items() if not _is(v, self._specs[n]["default"]))
        return f"{type(self).__name__}({', '.join(changed)})"


def _is(value: Any, default: Any) -> bool:
    """Whether a parameter is its default, which no array is."""
    return getattr(value, "ndim", 0) == 0 and bool(value == default)
