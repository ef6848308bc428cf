"""What Kolosal's Python estimators share: parameters from the native tables, and scikit-learn's conventions without scikit-learn."""

from __future__ import annotations

import difflib
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


def refuse_unnamed(cls: type[Estimator], unnamed: tuple[Any, ...]) -> None:
    """Raises where a constructor was given parameters without their names."""
    if unnamed:
        raise TypeError(f"{cls.__name__} takes its parameters by name, as in {cls.__name__}({next(iter(cls._specs))}=...)")


def plain(value: Any) -> Any:
    """Lists and single numbers in place of NumPy's, at any depth."""
    if isinstance(value, dict):
        return {name.item() if hasattr(name, "item") else name: plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return value.tolist() if hasattr(value, "tolist") else value


class Estimator:
    """Base of the estimators: keyword parameters declared once in the native core."""

    _specs: dict[str, dict[str, Any]] = {}

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Lets a class with specifications of its own show them as the signature of its constructor, and at the end of its text."""
        super().__init_subclass__(**arguments)
        if "_specs" not in vars(cls) or "__init__" in vars(cls):
            return

        def __init__(self: Estimator, *unnamed: Any, **parameters: Any) -> None:
            refuse_unnamed(type(self), unnamed)
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
        raise TypeError(f"{cls.__name__} has no parameter '{name}'.{cls._hint(name)} Known: {', '.join(cls._specs)}.")

    @classmethod
    def _hint(cls, name: str) -> str:
        """A sentence on what a parameter that does not exist may have been meant to be, with a space before it; or nothing."""
        spelt = [each for spec in cls._specs.values() for each in (spec["name"], *spec["aliases"])]
        close = difflib.get_close_matches(name, spelt, n=1)
        return f" Did you mean '{close[0]}'?" if close else ""

    def _told(self, name: str, value: Any, given: dict[str, Any]) -> tuple[str, Any]:
        """The name and the value under which one of the parameters ``given`` is kept."""
        del given
        return self._canonical(name), value

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
        spelt: dict[str, str] = {}
        for name, value in parameters.items():
            canonical, kept = self._told(name, value, parameters)
            if canonical in given:
                raise TypeError(f"{canonical} is given twice: as '{spelt[canonical]}' and as '{name}'")
            given[canonical], spelt[canonical] = kept, name
        for name, value in given.items():
            setattr(self, name, value)
        return self

    def _options(self) -> dict[str, Any]:
        return self._written_down(self.get_params())

    def _written_down(self, parameters: dict[str, Any]) -> dict[str, Any]:
        options = {}
        for name, value in parameters.items():
            options[name] = [value] if isinstance(value, str) and self._specs[name]["type"].startswith("list") else plain(value)
        try:
            json.dumps(options, allow_nan=False)
        except (TypeError, ValueError):
            for name, value in options.items():
                self._check_written(name, value)
            raise
        return options

    def _check_written(self, name: str, value: Any) -> None:
        """Raises where a parameter is nothing that JSON has."""
        spec, what = self._specs[name], f"{type(self).__name__}.{name}"
        try:
            json.dumps(value, allow_nan=False)
        except TypeError:
            remedy = "Pass an integer: each fit then draws the same." if name == "seed" else f"Allowed: {spec['allowed']}."
            raise InvalidInputError(f"{what} cannot be {value!r}", "bad_value", remedy) from None
        except ValueError:
            raise InvalidInputError(
                f"{what} cannot be {value!r}, which is not finite", "bad_value", f"Allowed: {spec['allowed']}."
            ) from None

    def __repr__(self) -> str:
        changed = (f"{n}={v!r}" for n, v in self.get_params().items() if not _is(v, self._specs[n]["default"]))
        return f"{type(self).__name__}({', '.join(changed)})"


def _is(value: Any, default: Any) -> bool:
    """Whether a parameter is its default, which no array is."""
    return getattr(value, "ndim", 0) == 0 and bool(value == default)
