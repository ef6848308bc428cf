#include "kolosal/models/forms/tree_picture.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace kolosal {
namespace {

constexpr size_t kMostLevels = 6;                                                                  // named in one condition
constexpr int kDeepest = 1000;                                                                     // splits on one way that are drawn
constexpr double kCharacter = 6.6, kLine = 15, kPadding = 8, kGap = 14, kRise = 42, kMargin = 12;  // of SVG, in pixels

constexpr const char* kOfNode = "fill=\"#222222\"";
constexpr const char* kOfEdge = "fill=\"#666666\" stroke=\"#ffffff\" stroke-width=\"4\" paint-order=\"stroke\"";  // clear of its line

std::string text_of(double number) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::general, 4).ptr;
  return {text.data(), end};
}

// A text in which what has a meaning in XML is spelt out.
std::string escaped(std::string_view text) {
  std::string made;
  for (const char c : text) {
    if (c == '<') made += "&lt;";
    else if (c == '>') made += "&gt;";
    else if (c == '&') made += "&amp;";
    else if (c == '"') made += "&quot;";
    else if (static_cast<unsigned char>(c) < 0x20) made += ' ';
    else made += c;
  }
  return made;
}

// A text between double quotes of Graphviz.
std::string quoted(std::string_view text) {
  std::string made;
  for (const char c : text) {
    if (c == '"' || c == '\\') made += '\\';
    made += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return made;
}

size_t n_characters(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// A node as it is drawn.
struct Drawn {
  std::vector<std::string> lines;
  size_t left = 0, right = 0;  // numbers of the children; 0: none
  int depth = 0;
  double x = 0, width = 0;  // of SVG: the middle
};

// The nodes of a tree with their texts, each before its children.
class Picture {
 public:
  Picture(const Forest& forest, size_t tree, const TreeNames& names, int max_depth) : forest_(forest), names_(names) {
    output_ = static_cast<size_t>(forest.tree_output[tree]);
    add(forest.roots[tree], 0, max_depth);
  }

  std::string text() const {
    std::string out;
    add_text(0, "", out);
    return out;
  }

  std::string dot() const {
    std::string out =
        "digraph tree {\n  node [shape=box, style=rounded, fontname=\"Helvetica\", fontsize=11];\n  edge [fontname=\"Helvetica\", "
        "fontsize=10];\n";
    for (size_t i = 0; i < drawn_.size(); ++i) {
      std::string label;
      for (const std::string& line : drawn_[i].lines) label += (label.empty() ? "" : "\\n") + quoted(line);
      out += "  n" + std::to_string(i) + " [label=\"" + label + "\"];\n";
      if (drawn_[i].left == 0) continue;
      out += "  n" + std::to_string(i) + " -> n" + std::to_string(drawn_[i].left) + " [label=\"yes\"];\n";
      out += "  n" + std::to_string(i) + " -> n" + std::to_string(drawn_[i].right) + " [label=\"no\"];\n";
    }
    return out + "}\n";
  }

  std::string svg() {
    double next = kMargin;
    place(0, next);
    int depth = 0;
    size_t n_lines = 1;
    for (const Drawn& each : drawn_) {
      depth = std::max(depth, each.depth);
      n_lines = std::max(n_lines, each.lines.size());
    }
    const double height = static_cast<double>(n_lines) * kLine + 2 * kPadding, step = height + kRise;
    std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + text_of(std::ceil(next)) + "\" height=\"" +
                      text_of(std::ceil(depth * step + height + 2 * kMargin)) +
                      "\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\">\n" +
                      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
    const auto top = [&](const Drawn& each) { return kMargin + each.depth * step; };
    for (const Drawn& each : drawn_)
      if (each.left > 0)
        for (const size_t child : {each.left, each.right}) {
          const Drawn& below = drawn_[child];
          const double x1 = each.x, y1 = top(each) + height, x2 = below.x, y2 = top(below);
          out += "<line x1=\"" + at(x1) + "\" y1=\"" + at(y1) + "\" x2=\"" + at(x2) + "\" y2=\"" + at(y2) + "\" stroke=\"#888888\"/>\n";
          out += label((x1 + x2) / 2 + (x2 < x1 ? -12 : 12), (y1 + y2) / 2 + 4, child == each.left ? "yes" : "no", kOfEdge);
        }
    for (const Drawn& each : drawn_) {
      const bool is_leaf = each.left == 0;
      out += "<rect x=\"" + at(each.x - each.width / 2) + "\" y=\"" + at(top(each)) + "\" width=\"" + at(each.width) + "\" height=\"" +
             at(height) + "\" rx=\"6\" fill=\"" + (is_leaf ? "#e8f3ea" : "#eef2fb") + "\" stroke=\"" + (is_leaf ? "#4a8f5a" : "#4a69a8") +
             "\"/>\n";
      double y = top(each) + (height - static_cast<double>(each.lines.size()) * kLine) / 2 + kLine - 3;
      for (const std::string& line : each.lines) {
        out += label(each.x, y, line, kOfNode);
        y += kLine;
      }
    }
    return out + "</svg>\n";
  }

 private:
  size_t add(int32_t node, int depth, int max_depth) {
    const ForestNode& n = forest_.nodes[static_cast<size_t>(node)];
    const size_t number = drawn_.size();
    drawn_.emplace_back().depth = depth;
    if (!n.is_leaf() && depth >= max_depth) {
      drawn_[number].lines = {"..."};
      return number;
    }
    drawn_[number].lines = n.is_leaf() ? leaf_lines(n) : std::vector<std::string>{condition(n)};
    if (!forest_.node_cover.empty())
      drawn_[number].lines.push_back("weight " + text_of(static_cast<double>(forest_.node_cover[static_cast<size_t>(node)])));
    if (n.is_leaf()) return number;
    if (!forest_.node_gain.empty())
      drawn_[number].lines.push_back("gain " +
                                     text_of(static_cast<double>(forest_.node_gain[static_cast<size_t>(node)]) * forest_.gain_unit()));
    const size_t left = add(n.left, depth + 1, max_depth), right = add(n.left + 1, depth + 1, max_depth);
    drawn_[number].left = left;
    drawn_[number].right = right;
    return number;
  }

  std::string condition(const ForestNode& n) const {
    const std::string& name = names_.features[n.feature];
    const std::string missing = n.default_left ? " or missing" : "";
    if (n.category_set < 0) return name + " <= " + text_of(static_cast<double>(n.threshold)) + missing;
    const std::vector<std::string>* levels = n.feature < names_.levels.size() ? &names_.levels[n.feature] : nullptr;
    const auto set = static_cast<size_t>(n.category_set);
    const size_t n_codes =
        levels != nullptr && !levels->empty() ? levels->size() : 32 * (forest_.category_starts[set + 1] - forest_.category_starts[set]);
    std::string listed;
    size_t n_listed = 0;
    for (size_t code = 0; code < n_codes; ++code) {
      if (!goes_left(forest_, n, static_cast<float>(code))) continue;
      if (++n_listed > kMostLevels) continue;
      listed += (listed.empty() ? "" : ", ") + (levels != nullptr && !levels->empty() ? (*levels)[code] : std::to_string(code));
    }
    if (n_listed > kMostLevels) listed += ", " + std::to_string(n_listed - kMostLevels) + " more";
    return name + " in {" + listed + "}" + missing;
  }

  std::vector<std::string> leaf_lines(const ForestNode& n) const {
    const float* values = forest_.leaf_values.data() + static_cast<size_t>(n.left) * forest_.leaf_width;
    const auto name = [&](size_t k) { return output_ + k < names_.outputs.size() ? names_.outputs[output_ + k] + ": " : std::string(); };
    if (!forest_.linear_starts.empty()) return {name(0) + sum_text(static_cast<size_t>(n.left))};
    const auto worth = [&](size_t k) { return text_of(leaf_worth(values[k], k)); };
    if (forest_.leaf_width == 1) return {name(0) + worth(0)};
    if (forest_.link == ForestLink::Normalize) {  // the likeliest class
      const auto best = static_cast<size_t>(std::max_element(values, values + forest_.leaf_width) - values);
      return {name(best) + worth(best)};
    }
    std::vector<std::string> lines;
    for (size_t k = 0; k < forest_.leaf_width; ++k) lines.push_back(name(k) + worth(k));
    return lines;
  }

  // What a number of a leaf says of output `output_ + k`: of a mean a prediction, of a sum what is added to one.
  double leaf_worth(float value, size_t k) const {
    const double base = forest_.aggregation == ForestAggregation::Mean ? forest_.base_score[output_ + k] : 0;
    return base + static_cast<double>(value) * forest_.scale_of(output_ + k);
  }

  std::string sum_text(size_t leaf) const {
    const uint32_t begin = forest_.linear_starts[leaf], end = forest_.linear_starts[leaf + 1];
    if (begin == end) return text_of(leaf_worth(forest_.leaf_values[leaf], 0));
    const double scale = forest_.scale_of(output_);
    std::string text = text_of(forest_.linear_constants[leaf] * scale);
    for (uint32_t term = begin; term < end; ++term) {
      const double weight = forest_.linear_weights[term] * scale;
      text += (weight < 0 ? " - " : " + ") + text_of(std::abs(weight)) + " " + names_.features[forest_.linear_features[term]];
    }
    return text;
  }

  void add_text(size_t at, const std::string& indent, std::string& out) const {
    const Drawn& each = drawn_[at];
    for (size_t i = 0; i < each.lines.size(); ++i) out += (i == 0 ? "" : "  [") + each.lines[i] + (i == 0 ? "" : "]");
    out += '\n';
    if (each.left == 0) return;
    out += indent + "|-- yes: ";
    add_text(each.left, indent + "|   ", out);
    out += indent + "`-- no: ";
    add_text(each.right, indent + "    ", out);
  }

  // Puts the node's leaves side by side from `next` on, and itself above the middle of its children.
  void place(size_t at, double& next) {
    Drawn& each = drawn_[at];
    size_t widest = 4;
    for (const std::string& line : each.lines) widest = std::max(widest, n_characters(line));
    each.width = static_cast<double>(widest) * kCharacter + 2 * kPadding;
    const double begin = next;
    if (each.left > 0) {
      place(each.left, next);
      place(each.right, next);
    }
    if (each.left > 0 && next - begin >= each.width + kGap) {
      each.x = (drawn_[each.left].x + drawn_[each.right].x) / 2;
    } else {
      if (each.left > 0) shift(at, (each.width + kGap - (next - begin)) / 2);
      each.x = begin + each.width / 2;
      next = begin + each.width + kGap;
    }
  }

  // Moves all below a node to the right.
  void shift(size_t at, double by) {
    for (const size_t child : {drawn_[at].left, drawn_[at].right})
      if (child > 0) {
        drawn_[child].x += by;
        shift(child, by);
      }
  }

  static std::string at(double pixels) { return text_of(std::round(pixels)); }
  static std::string label(double x, double y, std::string_view text, const char* style) {
    return "<text x=\"" + at(x) + "\" y=\"" + at(y) + "\" text-anchor=\"middle\" " + style + ">" + escaped(text) + "</text>\n";
  }

  const Forest& forest_;
  const TreeNames& names_;
  size_t output_ = 0;
  std::vector<Drawn> drawn_;
};

}  // namespace

std::string draw_tree(const Forest& forest, size_t tree, const TreeNames& names, PictureFormat format, int max_depth) {
  if (tree >= forest.roots.size())
    throw Error(ErrorCode::BadValue, "there is no tree " + std::to_string(tree) + " in a forest of " + std::to_string(forest.roots.size()),
                "Number trees from 0.");
  if (names.features.size() != forest.n_features)
    throw Error(ErrorCode::BadValue,
                std::to_string(names.features.size()) + " names for " + std::to_string(forest.n_features) + " features");
  Picture picture(forest, tree, names, std::min(max_depth, kDeepest));
  switch (format) {
    case PictureFormat::Text: return picture.text();
    case PictureFormat::Dot: return picture.dot();
    case PictureFormat::Svg: break;
  }
  return picture.svg();
}

}  // namespace kolosal
