// SearchSpace: the parameters of a study declared beforehand, with what depends on what.
//
//   {"parameters": {"model": {"type": "categorical", "choices": ["knn", "trees"]},
//                   "k":     {"type": "int", "low": 1, "high": 50, "log": true, "when": {"parameter": "model", "equals": "knn"}},
//                   "seed":  {"type": "constant", "value": 0}},
//    "forbidden": [{"model": "knn", "k": 1}]}
//
// A parameter with "when" is there only where its condition holds: one object, or a list of which all must hold; each names an
// earlier parameter and has one of "equals", "in", "greater", "less". A condition on a parameter that is not there does not hold.
// Checked  search_space_test.cc.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kolosal/tune/distribution.h"

namespace kolosal {

/// What a condition asks of another parameter's value.
enum class Comparison { In, Greater, Less };

/// A condition on an earlier parameter.
struct Condition {
  size_t parameter = 0;  ///< its place in the space
  Comparison comparison = Comparison::In;
  std::vector<double> values;  ///< inside forms for In, one bound for the others
};

/// A parameter of a declared space.
struct DeclaredParameter {
  std::string name;
  Distribution distribution;
  std::vector<Condition> when;  ///< all must hold
};

/// See the top of the file.
class SearchSpace {
 public:
  /// The space that the value describes. Throws Error(BadValue) that names the parameter.
  static SearchSpace from_value(const Value& value);
  Value to_value() const;

  /// Adds a parameter that is there where all conditions hold. Throws Error(BadValue) where the name is taken or a condition cannot be.
  void add(DeclaredParameter parameter);
  /// Forbids that parameters have these values (inside forms by place in the space) together.
  void forbid(std::vector<std::pair<size_t, double>> combination);

  /// The parameters, each after those it depends on.
  const std::vector<DeclaredParameter>& parameters() const noexcept { return parameters_; }
  /// The place of a parameter. Throws Error(BadValue) that suggests the nearest name.
  size_t place_of(std::string_view name) const;
  /// Whether a parameter is there, given the values before it (none: not there).
  bool is_active(size_t parameter, const std::vector<std::optional<double>>& values) const;
  /// Whether any combination is forbidden.
  bool has_forbidden() const noexcept { return !forbidden_.empty(); }
  /// Whether the values hold a forbidden combination.
  bool is_forbidden(const std::vector<std::optional<double>>& values) const;

 private:
  Condition condition_from(const std::string& name, const Value& value) const;
  Value condition_to(const Condition& condition) const;

  std::vector<DeclaredParameter> parameters_;
  std::vector<std::vector<std::pair<size_t, double>>> forbidden_;
};

}  // namespace kolosal
