"""Runs clang-tidy-14 on the C++ sources, several at a time, and remembers what passed.

By default only on sources that differ from the branch `main` (or its merge base, where this is another branch), or that include a
header that does, and for at most --seconds; with --all on every source. A source is skipped where it passed before with the same
text, headers and configuration: the results are kept in build/tidy by content hash. Exits 1 on any finding.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"
PASSED = ROOT / "build" / "tidy"
PROJECT_INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
# Options that the compiler of the build knows and clang does not, and its precompiled headers.
FOREIGN = re.compile(r" -mtls-dialect=\S+| -fpch-preprocess| -Winvalid-pch| -include \S+cmake_pch\.hxx")
EXTRA = ["--extra-arg=-Wno-unknown-warning-option", "--extra-arg=-Wno-unused-command-line-argument"]


def git(*arguments: str) -> list[str]:
    """The lines that a git command prints; none where it fails."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else []


def changed_files() -> set[str]:
    """Files that differ from main: committed on this branch, edited, or new. On main itself, from the commit before."""
    base = git("merge-base", "HEAD", "origin/main") or git("merge-base", "HEAD", "main")
    if base == git("rev-parse", "HEAD"):
        base = git("rev-parse", "HEAD~1")
    return {
        *(git("diff", "--name-only", base[0]) if base else git("ls-files")),
        *git("ls-files", "--others", "--exclude-standard"),
    }


@cache
def headers_of(path: str) -> frozenset[str]:
    """The project's headers that a file includes, directly or not."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    direct = set(PROJECT_INCLUDE.findall(file.read_text(encoding="utf-8")))
    return frozenset(direct.union(*(headers_of(header) for header in direct)))


def fingerprint(path: str) -> str:
    """A hash of everything in the checkout that can change the findings in `path`."""
    digest = hashlib.sha256((ROOT / ".clang-tidy").read_bytes())
    for name in [path, *sorted(headers_of(path))]:
        if (ROOT / name).is_file():
            digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()[:32]


def tidy(path: str, deadline: float) -> str | None:
    """What clang-tidy finds in `path`: empty where it finds nothing, None where the deadline passed before it was asked."""
    stamp = PASSED / fingerprint(path)
    if stamp.exists():
        return ""
    if time.monotonic() > deadline:
        return None
    command = ["clang-tidy-14", "--quiet", "-p", str(PASSED), *EXTRA, path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        stamp.touch()
        return ""
    return done.stdout or done.stderr


def main() -> int:
    """Checks the sources that the arguments choose."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--all", action="store_true", help="every source, not only those that differ from main")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="sources checked at a time")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="start no further source after this time")
    arguments = parser.parse_args()
    deadline = time.monotonic() + arguments.seconds
    PASSED.mkdir(parents=True, exist_ok=True)
    commands = FOREIGN.sub("", (BUILD / "compile_commands.json").read_text(encoding="utf-8"))
    (PASSED / "compile_commands.json").write_text(commands, encoding="utf-8")
    compiled = {os.path.relpath(entry["file"], ROOT) for entry in json.loads(commands)}
    sources = sorted(path for path in compiled if not path.startswith(("build/", ".")))
    if not arguments.all:
        changed = changed_files()
        sources = [path for path in sources if path in changed or not changed.isdisjoint(headers_of(path))]
        sources.sort(key=lambda path: path not in changed)
    failed = clean = 0
    with ThreadPoolExecutor(max(1, arguments.jobs)) as pool:
        for findings in pool.map(lambda path: tidy(path, deadline), sources):
            failed += bool(findings)
            clean += findings == ""
            if findings:
                print(findings, flush=True)
    left = len(sources) - failed - clean
    late = f", {left} not looked at within {arguments.seconds:.0f} s (make check-all looks at all)" if left else ""
    print(f"tidy: {failed} of {len(sources)} sources have findings{late}" if failed else f"tidy: {clean} sources are clean{late}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
