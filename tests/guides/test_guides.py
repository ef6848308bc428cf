"""The examples in docs/guides give what the pages say."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from kolosal.preprocess import transformer_names

GUIDES = Path(__file__).resolve().parents[2] / "docs" / "guides"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("page", sorted(GUIDES.glob("*.md")), ids=lambda page: page.stem)
def test_every_example_gives_what_the_page_says(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    examples = page.read_text().replace("\n```\n", "\n\n")  # a fence ends what is expected
    test = doctest.DocTestParser().get_doctest(examples, {}, page.name, str(page), 0)
    assert test.examples
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    failures: list[str] = []
    runner.run(test, out=failures.append)
    assert not failures, "".join(failures)


def test_the_guide_shows_every_transformer() -> None:
    page = (GUIDES / "preprocessing.md").read_text()
    assert [name for name in transformer_names() if f'"{name}"' not in page] == []
    assert [name for name in transformer_names() if f"`{name}`" not in page] == []
