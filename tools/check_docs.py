"""Checks that every public symbol says what it is.

C++  In the headers of kolosal/: classes, structs, enums, functions and aliases at namespace scope, and public member functions,
     need a `///` comment above or `///<` behind. One comment may stand for the run of declarations up to the next blank line or
     comment (or for all overloads of its name), and a header's opening line `// Name: ...` documents the type Name. Exempt: what
     overrides, constructors, destructors, operators, deleted and defaulted members, `describe` and `enum_names`, namespace detail, and
     headers called *-inl.h, which are parts of sources.
Python  In python/kolosal and tools: modules, and classes, functions and methods whose name does not begin with `_`, need a
     docstring. Exempt: overloads, property setters, and nested functions.

Prints `file:line: symbol` for each that says nothing and exits 1.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

NAMESPACE = re.compile(r"^(inline\s+)?namespace\s+([\w:]*)\s*\{")
TYPE = re.compile(r"^(?:template\s*<.*>\s*)?(?:class|struct|enum class|enum|union|concept)\s+(?:alignas\([^)]*\)\s*)?(\w+)")
CALLABLE = re.compile(r"(~?\w+|operator\s*(?:\(\)|[^\s(]+))\s*\(")
OPENING = re.compile(r"^// (\w+)\b")
NOT_FUNCTIONS = {
    "if",
    "for",
    "while",
    "switch",
    "return",
    "static_assert",
    "requires",
    "sizeof",
    "decltype",
    "alignas",
    "noexcept",
}
GENERATED_NAMES = {"describe", "enum_names"}


def without_literals(line: str) -> str:
    """The line with the content of texts and characters, and a trailing comment, taken out."""
    line = re.sub(r'"(\\.|[^"\\])*"', '""', line)
    line = re.sub(r"(?<![0-9a-fA-F])'(\\.|[^'\\])'", "' '", line)
    return re.sub(r"//.*", "", line)


class HeaderScan:
    """Walks a header declaration by declaration, keeping which scope it is in and what the last comment covers."""

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines()
        self.opening = {m[1] for line in self.lines[:2] if (m := OPENING.match(line))}
        # Each open brace: "namespace", "hidden" (detail, anonymous, bodies), or a class with its name and current access.
        self.scopes: list[list[str]] = []
        self.covered = False
        self.names_covered: set[tuple[str, ...]] = set()

    def hidden(self) -> bool:
        """Whether declarations here are nobody's to use."""
        return any(s[0] == "hidden" or (s[0] == "class" and s[2] != "public") for s in self.scopes)

    def undocumented(self) -> Iterator[tuple[int, str]]:
        """Line number and name of each public symbol without a comment."""
        silent: list[tuple[int, tuple[str, ...]]] = []
        pending = ""
        start = 0
        trailing = False
        for number, line in enumerate(self.lines, start=1):
            stripped = line.strip()
            if not pending:
                if stripped.startswith("///"):
                    self.covered = True
                    continue
                if not stripped or stripped.startswith("//"):
                    self.covered = False
                    continue
                if stripped.startswith("#"):
                    continue
                if access := re.match(r"^(public|private|protected)\s*:$", stripped):
                    if self.scopes[-1][0] == "class":
                        self.scopes[-1][2] = access[1]
                    self.covered = False
                    continue
                start = number
                trailing = False
            trailing = trailing or "///<" in line
            pending = (pending + " " + without_literals(stripped)).strip()
            if self.incomplete(pending):
                continue
            if key := self.symbol_without_comment(pending, trailing):
                silent.append((start, key))
            self.step(pending)
            pending = ""
        for line_number, key in silent:
            if key not in self.names_covered:
                yield line_number, "::".join(key)

    @staticmethod
    def incomplete(code: str) -> bool:
        """Whether the declaration goes on in the next line."""
        if code.count("(") != code.count(")"):
            return True
        return not code.endswith((";", "{", "}", ":", ",")) or (code.endswith((",", ":")) and "}" not in code)

    def symbol_without_comment(self, code: str, trailing: bool) -> tuple[str, ...] | None:
        """The name declared by `code` where it is public and nothing documents it."""
        if self.hidden() or code.startswith(("}", "using namespace", "friend", "extern template")) or NAMESPACE.match(code):
            return None
        scope = [s[1] for s in self.scopes if s[0] == "class"]
        plain = re.sub(r"^template\s*<[^{;]*?>\s*(requires\s*\([^{;]*?\)\s*)?(?=\w)", "", code)
        documented = self.covered or trailing
        if kind := TYPE.match(plain):
            forward = plain.endswith(";") and "{" not in plain and not plain.startswith("concept")
            if forward or documented or kind[1] in self.opening:
                return None
            return (*scope, kind[1])
        name = self.function_name(plain, scope)
        if name is None:
            return None
        key = (*scope, name)
        if documented:
            self.names_covered.add(key)
            return None
        return key

    @staticmethod
    def function_name(code: str, scope: list[str]) -> str | None:
        """The name of the function that `code` declares, None where it declares something else or an exempt function."""
        head = code.split("{")[0]
        match = CALLABLE.search(head.split(" = ")[0])
        if not match or match[1] in NOT_FUNCTIONS or code.startswith(("using ", "typedef ")):
            return None
        name = match[1]
        if name.startswith(("~", "operator")) or name in GENERATED_NAMES or (scope and name == scope[-1]):
            return None
        if f"::{name}" in head:  # told where its class declares it
            return None
        if re.search(r"\b(override|final)\b", head) or re.search(r"=\s*(default|delete)\s*;$", code):
            return None
        return name

    def step(self, code: str) -> None:
        """Opens and closes the scopes of the braces in `code`."""
        for position, char in enumerate(code):
            if char == "}" and self.scopes and self.scopes.pop()[0] != "hidden":
                self.covered = False
            if char == "{":
                self.scopes.append(self.scope_of(code[:position].strip()))
                if self.scopes[-1][0] != "hidden":
                    self.covered = False

    def scope_of(self, head: str) -> list[str]:
        """What the brace after `head` opens."""
        if space := NAMESPACE.match(head + " {"):
            return ["hidden"] if space[2] in ("", "detail") or space[2].endswith("::detail") else ["namespace"]
        plain = re.sub(r"^template\s*<.*?>\s*(?=class|struct)", "", head)
        if (kind := TYPE.match(plain)) and not plain.startswith(("enum", "concept")) and not self.hidden():
            return ["class", kind[1], "private" if plain.startswith("class") else "public"]
        return ["hidden"]


def undocumented_cxx(root: Path) -> Iterator[str]:
    """Every undocumented public symbol of the library's headers."""
    for file in sorted((root / "kolosal").rglob("*.h")):
        if file.name.endswith("-inl.h"):
            continue
        for line, name in HeaderScan(file.read_text(encoding="utf-8")).undocumented():
            yield f"{file.relative_to(root)}:{line}: {name}"


def undocumented_in(node: ast.Module | ast.ClassDef, prefix: str) -> Iterator[tuple[int, str]]:
    """Line and name of each public class, function and method in `node` without a docstring."""
    for child in node.body:
        if not isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or child.name.startswith("_"):
            continue
        decorators = {ast.unparse(d).split(".")[-1] for d in child.decorator_list}
        if decorators & {"overload", "setter", "override"}:
            continue
        if ast.get_docstring(child) is None:
            yield child.lineno, prefix + child.name
        if isinstance(child, ast.ClassDef):
            yield from undocumented_in(child, f"{prefix}{child.name}.")


def undocumented_python(root: Path) -> Iterator[str]:
    """Every undocumented public symbol of the Python sources."""
    for folder in ("python/kolosal", "tools"):
        for file in sorted((root / folder).rglob("*.py")):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            where = file.relative_to(root)
            if ast.get_docstring(tree) is None and tree.body:
                yield f"{where}:1: the module"
            for line, name in undocumented_in(tree, ""):
                yield f"{where}:{line}: {name}"


def broken_links(root: Path) -> Iterator[str]:
    """Every relative link in the Markdown pages that leads to no file."""
    for page in [
        *sorted(root.glob("*.md")),
        *sorted((root / "docs").rglob("*.md")),
        *sorted((root / "tests").rglob("*.md")),
    ]:
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
            for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", line):
                if not re.match(r"[a-z]+:", link) and not (page.parent / link).exists():
                    yield f"{page.relative_to(root)}:{number}: the link to {link}, which is not there"


def main() -> int:
    """Checks the checkout that this file lies in, or the folder named on the command line."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    silent = [*undocumented_cxx(root), *undocumented_python(root)]
    broken = list(broken_links(root))
    for entry in silent:
        print(f"{entry} says nothing about itself", file=sys.stderr)
    for entry in broken:
        print(entry, file=sys.stderr)
    if silent or broken:
        print(f"check_docs: {len(silent)} undocumented symbols, {len(broken)} broken links")
        return 1
    print("check_docs: every public symbol is documented, every link leads somewhere")
    return 0


if __name__ == "__main__":
    sys.exit(main())
