"""clang-tidy's results are remembered only as long as nothing that can change them changes."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "tidy.py"


@pytest.fixture
def tidy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("tidy", TOOL)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    (tmp_path / ".clang-tidy").write_text("Checks: '*'")
    (tmp_path / "a.h").write_text('#include "b.h"\n')
    (tmp_path / "b.h").write_text("int b();\n")
    (tmp_path / "a.cc").write_text('#include "a.h"\n')
    yield module


def test_headers_are_followed_through_headers(tidy: ModuleType) -> None:
    assert tidy.headers_of("a.cc") == {"a.h", "b.h"}


@pytest.mark.parametrize("file", ["a.cc", "b.h", ".clang-tidy"])
def test_a_change_of_source_header_or_configuration_is_looked_at_again(tidy: ModuleType, tmp_path: Path, file: str) -> None:
    before = tidy.fingerprint("a.cc")
    assert tidy.fingerprint("a.cc") == before
    (tmp_path / file).write_text((tmp_path / file).read_text() + "// more\n")
    assert tidy.fingerprint("a.cc") != before


def test_past_the_deadline_nothing_is_called_clean(tidy: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidy, "PASSED", tmp_path)
    assert tidy.tidy("a.cc", deadline=0.0) is None
