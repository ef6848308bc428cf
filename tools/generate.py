"""Writes everything in the project that is made from the sources: reference pages, and stubs of the Python package.

With --check nothing is written: each file that would change is named, and the exit code is 1 where there is one.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"


def build(target: str) -> None:
    """Brings a target of the release build up to date."""
    done = subprocess.run(["ninja", "-C", str(BUILD), target], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"generate: cannot build {target}:\n{done.stdout[-4000:]}")


def write_reference(folder: Path) -> None:
    """The pages of docs/reference, one for each catalog."""
    build("kolosal_reference")
    pages = folder / "docs" / "reference"
    pages.mkdir(parents=True)
    subprocess.run([str(BUILD / "tools" / "kolosal_reference"), str(pages)], check=True)


def write_stub(folder: Path) -> None:
    """The stubs of the compiled Python module and of what is made from it, where the package is there."""
    if not (ROOT / "python" / "kolosal").is_dir():
        return
    build("_kolosal")
    package = folder / "python" / "kolosal"
    package.mkdir(parents=True)
    command = [sys.executable, "-m", "nanobind.stubgen", "-q", "-i", str(BUILD / "python"), "-m", "kolosal._kolosal"]
    subprocess.run([*command, "-o", str(package / "_kolosal.pyi")], check=True)
    write_model_stub(package / "models" / "__init__.pyi")
    for job in (["check", "--fix", "--select", "I"], ["format"]):
        subprocess.run([sys.executable, "-m", "ruff", *job, "--quiet", "--config", str(ROOT / "pyproject.toml"), str(package)], check=True)


def write_model_stub(stub: Path) -> None:
    """The stub of the classes that kolosal.models makes from the catalog of learners."""
    program = "from kolosal.models._stub import stub_text; print(stub_text(), end='')"
    made = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(BUILD / "python")}
    )
    stub.parent.mkdir(parents=True)
    stub.write_text(made.stdout, encoding="utf-8")


def main() -> int:
    """Writes the files, or tells which are stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file is stale")
    arguments = parser.parse_args()
    stale = []
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch)
        write_reference(made)
        write_stub(made)
        files = {path.relative_to(made) for path in made.rglob("*") if path.is_file()}
        files |= {path.relative_to(ROOT) for path in (ROOT / "docs" / "reference").glob("*.md")}
        for file in sorted(files):
            new = (made / file).read_bytes() if (made / file).exists() else None
            old = (ROOT / file).read_bytes() if (ROOT / file).exists() else None
            if new == old:
                continue
            stale.append(file)
            if arguments.check:
                print(f"{file}: is stale; run make docs", file=sys.stderr)
            elif new is None:
                (ROOT / file).unlink()
            else:
                (ROOT / file).parent.mkdir(parents=True, exist_ok=True)
                (ROOT / file).write_bytes(new)
    if stale and not arguments.check:
        print(f"generate: wrote {', '.join(map(str, stale))}")
    elif not stale:
        print("generate: every generated file is current")
    else:
        print(f"generate: {len(stale)} files are stale")
    return 1 if stale and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
