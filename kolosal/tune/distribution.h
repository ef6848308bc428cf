// Distribution: the values that one parameter of a study may take.
//
// A value has two forms. Outside it is a Value: a real, an integer, or any choice (what JSON has, and NaN). Inside it is a
// float64: the number itself, or the index of the choice. Samplers see the inside alone.
// Checked  search_space_test.cc, and every sampler in sampler_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kolosal/base/value.h"

namespace kolosal {

/// What a parameter is.
enum class ParameterKind { Float, Int, Categorical };

/// The allowed values of a parameter. Made by the functions below, which check; a fresh one is the reals of [0, 1].
struct Distribution {
  ParameterKind kind = ParameterKind::Float;
  double low = 0, high = 1;  ///< both allowed; whole numbers for Int
  double step = 0;           ///< distance of allowed numbers, counted from low; 0 where every number is allowed
  bool log = false;          ///< whether equal ratios, not equal differences, are equally far
  bool ordered = false;      ///< whether choices stand in an order, so that neighbours are alike
  std::shared_ptr<const std::vector<Value>> choices;

  /// Reals from low to high; `high` is lowered to the last that steps reach. Throws Error(BadValue) that begins with the name, also where
  /// the width overflows or there are more than 2^53 steps.
  static Distribution real(std::string_view name, double low, double high, double step = 0, bool log = false);
  /// Integers from low to high. Errors as above.
  static Distribution integer(std::string_view name, int64_t low, int64_t high, int64_t step = 1, bool log = false);
  /// One of the choices: null, booleans, numbers, texts, and lists and objects of such, all different. Errors as above.
  static Distribution categorical(std::string_view name, std::vector<Value> choices, bool ordered = false);
  /// {"type": "float" | "int" | "categorical", "low", "high", "step", "log", "choices", "ordered"}, or {"type": "constant", "value"}.
  static Distribution from_value(std::string_view name, const Value& value);
  /// What from_value reads.
  Value to_value() const;

  /// Whether no two values are nearer to each other than any others are: samplers take other parameters as numbers.
  bool is_unordered() const noexcept { return kind == ParameterKind::Categorical && !ordered; }
  /// Whether there is one value only, and how many there are (infinity for reals without steps).
  bool is_single() const noexcept;
  double n_values() const noexcept;
  /// Whether the inside form is one of the allowed values; the steps of reals are held against it with a tolerance of 1e-8 steps, or of 4
  /// units in the last place of the larger bound where that is more.
  bool contains(double inside) const noexcept;
  /// The outside form of an inside one.
  Value outside(double inside) const;
  /// The inside form; none where the value is not allowed.
  std::optional<double> find(const Value& value) const;
  /// The inside form of a number that is not allowed and can be worked with nevertheless: finite, and above 0 on a logarithmic scale; the
  /// whole part of it for Int. None of other values.
  std::optional<double> find_beyond(const Value& value) const;
  /// The same as `find`. Throws Error(BadValue) that begins with the name where the value is not allowed.
  double inside(std::string_view name, const Value& value) const;
  /// The value at the share u in [0, 1) of the range, in the scale of the parameter; equal shares for steps and choices.
  double at_share(double u) const noexcept;
  /// The bounds in the scale of the parameter (its logarithm where `log`), half a step wider where there are steps.
  double scaled_low() const noexcept;
  double scaled_high() const noexcept;
  /// The allowed value nearest to a place in the scale of the parameter.
  double at_place(double place) const noexcept;
  /// The place of a value in the scale of the parameter.
  double place(double inside) const noexcept;
  /// "a number from 0 to 1 in steps of 0.1", "one of 'a', 'b'": for messages.
  std::string allowed() const;

  /// Whether the same values are allowed, on the same scale; whether they are ordered may differ.
  bool allows_same(const Distribution& other) const;
  bool operator==(const Distribution& other) const { return ordered == other.ordered && allows_same(other); }
};

}  // namespace kolosal
