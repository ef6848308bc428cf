"""The documentation check finds every public symbol that says nothing, and no other."""

import ast
import importlib.util
from pathlib import Path

TOOL = Path(__file__).resolve().parents[2] / "tools" / "check_docs.py"
spec = importlib.util.spec_from_file_location("check_docs", TOOL)
assert spec and spec.loader
check_docs = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check_docs)


def undocumented(header: str) -> list[str]:
    return [name for _, name in check_docs.HeaderScan(header).undocumented()]


def test_a_hidden_class_and_a_function_defined_outside_its_class_need_no_comment() -> None:
    header = """#pragma once
namespace kolosal {
namespace detail {
class Inner {
 public:
  int size() const;
};
}  // namespace detail

template <class T>
void Widget<T>::put(T part) {
  parts_.push_back(part);
}
}  // namespace kolosal"""
    assert undocumented(header) == []


def test_each_public_symbol_without_a_comment_is_found() -> None:
    header = """// Parts of a thing.
#pragma once
namespace kolosal {

class Widget {
 public:
  Widget() = default;
  int size() const;

  template <class T>
  void put(T part,
           int count);

 private:
  int hidden() const;
};

enum class Colour { Red };

double area(const Widget& w);

}  // namespace kolosal
"""
    assert undocumented(header) == ["Widget", "Widget::size", "Widget::put", "Colour", "area"]


def test_comments_above_behind_and_over_a_run_count() -> None:
    header = """// Widget: a thing with parts.
namespace kolosal {

class Widget : public Thing {
 public:
  /// Shape.
  int width() const { return 1; }
  int height() const { return "}"[0]; }
  int depth() const;  // a plain comment is none, but the run is covered

  int mass() const;  ///< kilograms
  void draw() override;
  bool operator==(const Widget&) const = default;
};

/// Area in square metres.
double area(const Widget& w);

double area(int width, int height);

namespace detail {
int secret();
}
}  // namespace kolosal
"""
    assert undocumented(header) == []


def test_a_blank_line_ends_what_a_comment_covers() -> None:
    assert undocumented("/// First.\nint first();\n\nint second();\n") == ["second"]


def test_a_public_python_function_needs_a_docstring() -> None:
    tree = ast.parse('class A:\n    """Doc."""\n    def f(self): pass\n    def _g(self): pass\n')
    assert list(check_docs.undocumented_in(tree, "")) == [(3, "A.f")]


def test_a_link_to_a_missing_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("[here](README.md) [there](docs/gone.md) [web](https://example.org)\n")
    assert list(check_docs.broken_links(tmp_path)) == ["README.md:1: the link to docs/gone.md, which is not there"]
