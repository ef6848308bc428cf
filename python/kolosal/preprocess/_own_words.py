"""Errors of the native catalog in the words of the Python classes: their names, parameters and values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from .._errors import KolosalError


@contextmanager
def own_words(catalog_name: str, class_name: str, words: Mapping[str, str]) -> Iterator[None]:
    """Errors within speak of the class instead of the catalog's transformer, and of ``words`` by their other names."""
    try:
        yield
    except KolosalError as error:
        given, _, _ = str(error).partition("\n  ")
        message = re.sub(rf"^{catalog_name} ", f"{class_name} ", given)
        spoken = _spoken(message.replace(f"{catalog_name}.", f"{class_name}.").replace(f"{catalog_name}:", f"{class_name}:"), words)
        remedy = re.sub(r" \(default [^)]*\)", "", error.remedy)  # of the catalog, not of the class
        if (spoken, remedy) == (given, error.remedy) and _spoken(remedy, words) == remedy:
            raise
        raise type(error)(spoken, error.code, _spoken(remedy, words)) from None


def _spoken(text: str, words: Mapping[str, str]) -> str:
    if not words:
        return text
    either = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.sub(rf"(?<![\w'])({either})(?![\w'])", lambda found: words[found[0]], text)
