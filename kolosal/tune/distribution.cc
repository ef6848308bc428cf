#include "kolosal/tune/distribution.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kolosal/base/json.h"

namespace kolosal {
namespace {

constexpr double kLargestInteger = 9007199254740992.0;  // 2^53: float64 holds every integer up to here
constexpr double kStepTolerance = 1e-8;                 // as Optuna's, in steps

std::string number_text(double x) { return to_json(x == std::floor(x) && std::abs(x) < 1e15 ? Value(static_cast<int64_t>(x)) : Value(x)); }

[[noreturn]] void refuse(std::string_view name, const std::string& what, std::string remedy = {}) {
  throw Error(ErrorCode::BadValue, "parameter '" + std::string(name) + "': " + what, std::move(remedy));
}

void check_range(std::string_view name, double low, double high, double step, bool log) {
  if (!std::isfinite(low) || !std::isfinite(high)) refuse(name, "the bounds must be finite numbers");
  if (low > high) refuse(name, "low (" + number_text(low) + ") is above high (" + number_text(high) + ")");
  if (!(step >= 0) || !std::isfinite(step)) refuse(name, "the step is " + number_text(step) + "; it must be above 0");
  if (!std::isfinite((high + step / 2) - (low - step / 2)))
    refuse(name, "the range from " + number_text(low) + " to " + number_text(high) + " is wider than float64 can tell",
           "Take a narrower range, or a logarithmic one.");
  if (step > 0 && !((high - low) / step <= kLargestInteger))
    refuse(name, "the range has more than 2^53 steps of " + number_text(step), "Take a larger step, or leave it out.");
  if (log && !(low > 0)) refuse(name, "low is " + number_text(low) + "; a logarithmic range must begin above 0");
}

// How far a sum of low and some steps may lie from what it stands for: rounding moves it by a few units in the last place.
double rounding(double low, double high) { return 4 * std::numeric_limits<double>::epsilon() * std::max(std::abs(low), std::abs(high)); }

bool same_choice(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return a.as_real() == b.as_real() || (std::isnan(a.as_real()) && std::isnan(b.as_real()));
  return a == b;
}

}  // namespace

Distribution Distribution::real(std::string_view name, double low, double high, double step, bool log) {
  check_range(name, low, high, step, log);
  if (log && step > 0) refuse(name, "a logarithmic range of reals has no step", "Leave out step or log.");
  Distribution made;
  made.low = low;
  if (step > 0) {
    const double k = std::round((high - low) / step), reached = low + k * step;
    const bool reaches = std::abs(reached - high) <= std::max(kStepTolerance * step, rounding(low, high));
    made.high = reaches ? high : reached < high ? reached : low + (k - 1) * step;
  } else {
    made.high = high;
  }
  made.step = step;
  made.log = log;
  return made;
}

Distribution Distribution::integer(std::string_view name, int64_t low, int64_t high, int64_t step, bool log) {
  const auto a = static_cast<double>(low), b = static_cast<double>(high);
  check_range(name, a, b, 0, log);
  if (step < 1) refuse(name, "the step is " + std::to_string(step) + "; it must be at least 1");
  if (log && step != 1) refuse(name, "a logarithmic range of integers has the step 1", "Leave out step or log.");
  if (std::max(std::abs(a), std::abs(b)) > kLargestInteger) refuse(name, "the bounds must lie within plus and minus 2^53");
  Distribution made;
  made.kind = ParameterKind::Int;
  made.low = a;
  made.high = a + std::floor((b - a) / static_cast<double>(step)) * static_cast<double>(step);
  made.step = static_cast<double>(step);
  made.log = log;
  return made;
}

Distribution Distribution::categorical(std::string_view name, std::vector<Value> choices, bool ordered) {
  if (choices.empty()) refuse(name, "there are no choices");
  for (size_t i = 0; i < choices.size(); ++i) {
    const Value& choice = choices[i];
    if (choice.is_numbers())
      refuse(name,
             "choice " + std::to_string(i) + " is a value of kind " + std::string(choice.kind_name()) + "; a choice is what JSON has");
    for (size_t j = 0; j < i; ++j)
      if (same_choice(choices[j], choice)) refuse(name, "the choice " + to_json(choice) + " is there twice");
  }
  Distribution made;
  made.kind = ParameterKind::Categorical;
  made.low = 0;
  made.high = static_cast<double>(choices.size() - 1);
  made.step = 1;
  made.ordered = ordered;
  made.choices = std::make_shared<const std::vector<Value>>(std::move(choices));
  return made;
}

Distribution Distribution::from_value(std::string_view name, const Value& value) {
  if (!value.is_object()) refuse(name, "its description is a value of kind " + std::string(value.kind_name()) + "; it must be an object");
  const Value* type = value.find("type");
  const std::string kind = type == nullptr || !type->is_text() ? "" : type->as_text();
  std::vector<std::string> known = {"type", "low", "high", "step", "log"};
  if (kind == "categorical") known = {"type", "choices", "ordered"};
  else if (kind == "constant") known = {"type", "value"};
  else if (kind != "float" && kind != "int") refuse(name, "its type must be 'float', 'int', 'categorical' or 'constant'");
  for (const auto& [key, member] : value.as_object())
    if (key != "when" && std::find(known.begin(), known.end(), key) == known.end())
      refuse(name, "'" + key + "' is not known for the type '" + kind + "'" + did_you_mean(key, known));
  const auto need = [&](const char* key) -> const Value& {
    const Value* member = value.find(key);
    if (member == nullptr) refuse(name, "'" + std::string(key) + "' is missing");
    return *member;
  };
  if (kind == "categorical") {
    const Value* ordered = value.find("ordered");
    return categorical(name, need("choices").as_list(), ordered != nullptr && ordered->as_bool());
  }
  if (kind == "constant") return categorical(name, {need("value")});
  const Value* log = value.find("log");
  const Value* step = value.find("step");
  const bool is_log = log != nullptr && log->as_bool(), has_step = step != nullptr && !step->is_null();
  for (const char* key : {"low", "high"})
    if (!need(key).is_number()) refuse(name, "'" + std::string(key) + "' must be a number");
  if (kind == "int") return integer(name, need("low").as_integer(), need("high").as_integer(), has_step ? step->as_integer() : 1, is_log);
  if (has_step && !(step->as_real() > 0)) refuse(name, "the step must be above 0");
  return real(name, need("low").as_real(), need("high").as_real(), has_step ? step->as_real() : 0, is_log);
}

Value Distribution::to_value() const {
  if (kind == ParameterKind::Categorical) {
    Value::Object described = {{"type", "categorical"}, {"choices", *choices}};
    if (ordered) described.emplace_back("ordered", true);
    return described;
  }
  const auto number = [&](double x) { return kind == ParameterKind::Int ? Value(static_cast<int64_t>(x)) : Value(x); };
  return Value::Object{{"type", kind == ParameterKind::Int ? "int" : "float"},
                       {"low", number(low)},
                       {"high", number(high)},
                       {"step", step > 0 ? number(step) : Value()},
                       {"log", log}};
}

bool Distribution::is_single() const noexcept { return low == high; }

double Distribution::n_values() const noexcept {
  if (is_single()) return 1;
  return step > 0 ? std::round((high - low) / step) + 1 : std::numeric_limits<double>::infinity();
}

bool Distribution::contains(double inside) const noexcept {
  if (!(inside >= low && inside <= high)) return false;
  if (step == 0) return true;
  if (kind != ParameterKind::Float)
    return inside == std::floor(inside) && (static_cast<int64_t>(inside) - static_cast<int64_t>(low)) % static_cast<int64_t>(step) == 0;
  const double nearest = low + std::round((inside - low) / step) * step;
  return std::abs(inside - nearest) <= std::max(kStepTolerance * step, rounding(low, high));
}

Value Distribution::outside(double inside) const {
  if (kind == ParameterKind::Categorical) return (*choices)[static_cast<size_t>(inside)];
  if (kind == ParameterKind::Int) return static_cast<int64_t>(inside);
  return inside;
}

std::optional<double> Distribution::find(const Value& value) const {
  if (kind == ParameterKind::Categorical) {
    for (size_t i = 0; i < choices->size(); ++i)
      if (same_choice((*choices)[i], value)) return static_cast<double>(i);
    return std::nullopt;
  }
  if (!value.is_number() || !contains(value.as_real())) return std::nullopt;
  return value.as_real();
}

std::optional<double> Distribution::find_beyond(const Value& value) const {
  if (kind == ParameterKind::Categorical || !value.is_number()) return std::nullopt;
  const double number = kind == ParameterKind::Int ? std::trunc(value.as_real()) : value.as_real();
  const bool is_held = kind == ParameterKind::Int ? std::abs(number) <= kLargestInteger : std::isfinite(number);
  return is_held && (!log || number > 0) ? std::optional(number) : std::nullopt;
}

double Distribution::inside(std::string_view name, const Value& value) const {
  const std::optional<double> found = find(value);
  if (!found) refuse(name, "the value " + to_json(value) + " is not allowed; it takes " + allowed());
  return *found;
}

double Distribution::at_share(double u) const noexcept {
  if (is_single()) return low;
  if (step > 0 && !log) return std::min(high, low + std::min(std::floor(u * n_values()), n_values() - 1) * step);
  const double a = scaled_low(), b = scaled_high();
  return at_place(a + u * (b - a));
}

double Distribution::scaled_low() const noexcept {
  const double edge = low - step / 2;
  return log ? std::log(edge) : edge;
}

double Distribution::scaled_high() const noexcept {
  const double edge = high + step / 2;
  return log ? std::log(edge) : edge;
}

double Distribution::at_place(double place) const noexcept {
  double x = log ? std::exp(place) : place;
  if (step > 0) x = low + std::round((x - low) / step) * step;
  return std::clamp(x, low, high);
}

double Distribution::place(double inside) const noexcept { return log ? std::log(inside) : inside; }

std::string Distribution::allowed() const {
  if (kind == ParameterKind::Categorical) {
    std::string listed;
    for (const Value& choice : *choices) listed += (listed.empty() ? "" : ", ") + to_json(choice);
    return "one of " + listed;
  }
  std::string text = (kind == ParameterKind::Int ? "an integer from " : "a number from ") + number_text(low) + " to " + number_text(high);
  if (kind == ParameterKind::Int ? step > 1 : step > 0) text += " in steps of " + number_text(step);
  return text;
}

bool Distribution::allows_same(const Distribution& other) const {
  if (kind != other.kind || low != other.low || high != other.high || step != other.step || log != other.log) return false;
  const auto is_same = [](const Value& a, const Value& b) {
    return a == b || (a.is_real() && b.is_real() && std::isnan(a.as_real()) && std::isnan(b.as_real()));
  };
  return choices == other.choices || (choices && other.choices && std::ranges::equal(*choices, *other.choices, is_same));
}

}  // namespace kolosal
