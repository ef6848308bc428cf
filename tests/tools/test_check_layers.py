"""The layer check finds what it is there for, and nothing else."""

import importlib.util
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "check_layers.py"
spec = importlib.util.spec_from_file_location("check_layers", TOOL)
assert spec and spec.loader
check_layers = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check_layers)


def violations(root: Path, files: dict[str, str]) -> list[str]:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return list(check_layers.violations(root))


@pytest.mark.parametrize(
    ("path", "include"),
    [
        ("kolosal/base/a.cc", '"kolosal/table/table.h"'),
        ("kolosal/models/linear/a.cc", '"kolosal/metrics/metric.h"'),
        ("kolosal/metrics/a.cc", '"kolosal/models/model.h"'),
        ("kolosal/preprocess/encode/a.h", '"kolosal/models/model.h"'),
        ("kolosal/tune/a.cc", '"kolosal/table/table.h"'),
        ("kolosal/validation/a.cc", '"kolosal/automl/automl.h"'),
        ("kolosal/table/table.cc", '"kolosal/table/io/table_io.h"'),
        ("kolosal/models/a.cc", '"kolosal/table/io/table_io.h"'),
        ("kolosal/inference/a.cc", '"kolosal/models/learner.h"'),
        ("kolosal/inference/a.cc", '"kolosal/models/trees/grow.h"'),
        ("kolosal/inference/a.cc", '"kolosal/models/kernel/smo.h"'),
        ("kolosal/inference/a.cc", '"kolosal/metrics/metric.h"'),
        ("kolosal/automl/a.cc", '"cli/command.h"'),
        ("kolosal/table/a.cc", "<arrow/api.h>"),
        ("kolosal/models/a.cc", "<tbb/parallel_for.h>"),
        ("kolosal/automl/a.cc", "<spdlog/spdlog.h>"),
        ("kolosal/models/a.h", "<Eigen/Dense>"),
        ("kolosal/table/io/a.h", "<arrow/api.h>"),
        ("kolosal/models/a.cc", "<gtest/gtest.h>"),
        ("kolosal/models/a.cc", "<nanobind/nanobind.h>"),
    ],
)
def test_an_include_against_the_layers_is_named_with_file_and_line(tmp_path: Path, path: str, include: str) -> None:
    found = violations(tmp_path, {path: f"#pragma once\n#include {include}\n"})
    assert len(found) == 1
    assert found[0].startswith(f"{path}:2: includes {include[1:-1]}; ")


@pytest.mark.parametrize(
    ("path", "include"),
    [
        ("kolosal/models/linear/a.cc", '"kolosal/table/target.h"'),
        ("kolosal/models/linear/a.cc", "<Eigen/Dense>"),
        ("kolosal/table/io/a.cc", "<arrow/api.h>"),
        ("kolosal/table/io/a.cc", '"kolosal/table/table.h"'),
        ("kolosal/inference/a.cc", '"kolosal/models/forms/forest.h"'),
        ("kolosal/inference/a_test.cc", '"kolosal/models/learner.h"'),
        ("kolosal/automl/a.cc", '"kolosal/table/io/table_io.h"'),
        ("kolosal/models/a_test.cc", "<gtest/gtest.h>"),
        ("kolosal/kernels/sum-inl.h", "<hwy/highway.h>"),
        ("kolosal/base/a.h", "<vector>"),
        ("cli/a.cc", '"kolosal/automl/automl.h"'),
    ],
)
def test_an_include_that_obeys_the_layers_passes(tmp_path: Path, path: str, include: str) -> None:
    assert violations(tmp_path, {path: f"#include {include}\n"}) == []


def test_a_folder_that_is_no_layer_is_refused(tmp_path: Path) -> None:
    found = violations(tmp_path, {"kolosal/stuff/a.cc": "", "kolosal/base/utils/a.cc": ""})
    assert [f.split(":")[0] for f in found] == ["kolosal/base/utils/a.cc", "kolosal/stuff/a.cc"]


def test_two_headers_may_not_define_one_type(tmp_path: Path) -> None:
    twice = {
        "kolosal/base/a.h": "struct Rows;\nstruct Rows {\n",
        "kolosal/table/b.h": "\nclass Rows {\n",
        "kolosal/table/c.cc": "struct Rows {\n",
    }
    found = violations(tmp_path, twice)
    assert found == ["kolosal/table/b.h:2: defines Rows, as kolosal/base/a.h does; the linker would mix them up"]


def test_no_layer_may_reach_itself_through_others() -> None:
    for layer, allowed in check_layers.MAY_INCLUDE.items():
        assert layer not in allowed
        for other in allowed:
            assert check_layers.MAY_INCLUDE.get(other, set()) <= allowed, f"{layer} may include {other} but not all that it needs"
