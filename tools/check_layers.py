"""Checks that every #include obeys the layers of docs/architecture.md.

A folder of kolosal/ may include its own headers and those of the layers listed for it below, third-party headers only where
listed, and a public header of kolosal/ nothing third-party at all. Two headers may not define types of one name: the linker
would take the functions of one for the other's. Prints `file:line: what was found; the rule` for each
violation and exits 1.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

BASE = {"base"}
KERNELS = BASE | {"kernels"}
TABLE = KERNELS | {"table"}
INFERENCE = TABLE | {"preprocess", "models"}
VALIDATION = INFERENCE | {"metrics"}
EXPLAIN = VALIDATION | {"validation", "inference"}
AUTOML = EXPLAIN | {"explain", "tune", "table/io"}
STREAM = INFERENCE | {"inference", "table/io"}
SERVE = AUTOML | {"automl", "stream"}
EVERYTHING = SERVE | {"serve"}

# What each layer may include besides itself.
MAY_INCLUDE: dict[str, set[str]] = {
    "base": set(),
    "kernels": BASE,
    "table": KERNELS,
    "table/io": TABLE,
    "metrics": TABLE,
    "preprocess": TABLE,
    "models": TABLE,
    "tune": KERNELS,
    "validation": VALIDATION,
    "inference": INFERENCE,
    "explain": EXPLAIN,
    "automl": AUTOML,
    "stream": STREAM,
    "serve": SERVE,
    "cli": EVERYTHING,
    "python": EVERYTHING,
    "tests": EVERYTHING,
    "fuzz": EVERYTHING,
    "benchmarks": EVERYTHING,
    "tools": EVERYTHING,
}

# Third-party headers, by the first folder or file of their path, and the layers whose sources may include them.
NUMERIC = {"kernels", "table", "metrics", "preprocess", "models", "validation", "tune", "explain", "automl"}
THIRD_PARTY: dict[str, set[str]] = {
    "arrow": {"table/io"},
    "parquet": {"table/io"},
    "tbb": {"base"},
    "oneapi": {"base"},
    "hwloc.h": {"base"},
    "mimalloc.h": {"base", "cli", "python"},
    "yaml-cpp": {"base"},
    "toml++": {"base"},
    "spdlog": {"base"},
    "fmt": {"base", "cli"},
    "hwy": {"kernels"},
    "Eigen": NUMERIC,
    "boost/json": {"base"},
    "boost/math": NUMERIC,
    "boost/random": {"tune"},
    "sqlite3.h": {"tune"},
    "libpq-fe.h": {"tune"},
    "boost": {"base", "serve"},
    "CLI": {"cli"},
    "nanobind": {"python"},
    "benchmark": {"benchmarks"},
    "gtest": set(),
    "gmock": set(),
    "rapidcheck": set(),
    "rapidcheck.h": set(),
}
ONLY_IN_TESTS = {"gtest", "gmock", "rapidcheck", "rapidcheck.h"}
# A learner must not reach what predicts.
LEARNER_HEADERS = re.compile(r"kolosal/models/(learner|(linear|bayes|kernel|neighbors|neural|trees|adapters)/.*)\.h")
FORBIDDEN_FOLDERS = {"utils", "util", "helpers", "common", "misc"}
TYPE = re.compile(r"^(?:struct|class|enum class) (\w+)[^;]*\{")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def layer_of(path: str) -> str | None:
    """The layer that a file or an include path belongs to; None where it is of no layer."""
    parts = path.split("/")
    if parts[0] != "kolosal":
        return parts[0] if len(parts) > 1 and parts[0] in MAY_INCLUDE else None
    if len(parts) < 3:
        return None
    nested = "/".join(parts[1:3])
    return nested if nested in MAY_INCLUDE else parts[1]


def is_test(path: str) -> bool:
    """Whether a file is only compiled into tests or benchmarks."""
    return path.startswith("tests/") or re.search(r"_(test|bench)\.cc$|(^|/)testing/", path) is not None


def third_party_key(include: str) -> str | None:
    """The entry of THIRD_PARTY that an include path falls under."""
    parts = include.split("/")
    for key in ("/".join(parts[:2]).removesuffix(".hpp"), parts[0]):
        if key in THIRD_PARTY:
            return key
    return None


def check_include(path: str, include: str) -> str | None:
    """What is wrong with `path` including `include`, or None."""
    layer = layer_of(path)
    if layer is None:
        return None
    if include.startswith(("kolosal/", "cli/")):
        target = layer_of(include)
        if target is None or target == layer:
            return None
        if target not in MAY_INCLUDE.get(layer, set()):
            allowed = ", ".join(sorted(MAY_INCLUDE.get(layer, set()))) or "nothing else"
            return f"{layer} may not include {target}; it may include: {allowed}"
        if layer in ("inference", "stream") and LEARNER_HEADERS.fullmatch(include) and not is_test(path):
            return f"{layer} reads models, never learners"
        return None
    key = third_party_key(include)
    if key is None:
        return None
    if is_test(path) and key in ONLY_IN_TESTS | {"benchmark"}:
        return None
    if key in ONLY_IN_TESTS:
        return f"<{key}> belongs into tests"
    if path.startswith("kolosal/") and path.endswith(".h") and not path.endswith("-inl.h"):
        return f"<{key}> in a header reaches everyone who includes it; include it in a .cc"
    if layer not in THIRD_PARTY[key]:
        allowed = ", ".join(sorted(THIRD_PARTY[key]))
        return f"<{key}> may be included in {allowed} only"
    return None


def violations(root: Path) -> Iterator[str]:
    """Every violation under `root`, as `file:line: what; the rule`."""
    folders = [root / name for name in ("kolosal", "cli", "python", "tests", "fuzz", "benchmarks", "tools")]
    files = [p for folder in folders for p in folder.rglob("*") if p.suffix in {".h", ".cc"}]
    defined: dict[str, str] = {}
    for file in sorted(files):
        path = file.relative_to(root).as_posix()
        for bad in FORBIDDEN_FOLDERS.intersection(path.split("/")[:-1]):
            yield f"{path}:1: a folder called {bad}/ says nothing; put the file where its subject is"
        if path.startswith("kolosal/") and layer_of(path) not in MAY_INCLUDE:
            yield f"{path}:1: no layer has this folder; add it to tools/check_layers.py with what it may include"
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            match = INCLUDE.match(line)
            if match and (problem := check_include(path, match[2])):
                yield f"{path}:{number}: includes {match[2]}; {problem}"
            match = TYPE.match(line) if path.endswith(".h") else None
            if match and (other := defined.setdefault(match[1], path)) != path:
                yield f"{path}:{number}: defines {match[1]}, as {other} does; the linker would mix them up"


def main() -> int:
    """Checks the checkout that this file lies in, or the folder named on the command line."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    found = list(violations(root))
    for violation in found:
        print(violation, file=sys.stderr)
    print(f"check_layers: {len(found)} violations" if found else "check_layers: every include obeys the layers")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
