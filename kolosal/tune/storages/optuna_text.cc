#include "kolosal/tune/storages/optuna_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>

#include "kolosal/base/json.h"

namespace kolosal {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr std::array<std::pair<TrialState, std::string_view>, 5> kStates = {{{TrialState::Running, "RUNNING"},
                                                                             {TrialState::Complete, "COMPLETE"},
                                                                             {TrialState::Pruned, "PRUNED"},
                                                                             {TrialState::Failed, "FAIL"},
                                                                             {TrialState::Waiting, "WAITING"}}};

double member(const Value& attributes, const char* key, double otherwise) {
  const Value* found = attributes.find(key);
  return found == nullptr || found->is_null() ? otherwise : found->as_real();
}

Distribution from_attributes(std::string_view parameter, const std::string& name, const Value& a) {
  const bool log =
      (a.find("log") != nullptr && a.at("log").as_bool()) || name == "LogUniformDistribution" || name == "IntLogUniformDistribution";
  if (name == "CategoricalDistribution" || name == "categorical") return Distribution::categorical(parameter, a.at("choices").as_list());
  if (name == "IntDistribution" || name == "IntUniformDistribution" || name == "IntLogUniformDistribution" || name == "int")
    return Distribution::integer(parameter, a.at("low").as_integer(), a.at("high").as_integer(),
                                 log ? 1 : static_cast<int64_t>(member(a, "step", 1)), log);
  if (name == "FloatDistribution" || name == "UniformDistribution" || name == "LogUniformDistribution" ||
      name == "DiscreteUniformDistribution" || name == "float")
    return Distribution::real(parameter, a.at("low").as_real(), a.at("high").as_real(), member(a, "step", member(a, "q", 0)), log);
  throw Error(ErrorCode::BadFile, "parameter '" + std::string(parameter) + "': a distribution '" + name + "' is not known");
}

constexpr std::array<std::pair<std::string_view, double>, 3> kBare = {
    {{"NaN", std::numeric_limits<double>::quiet_NaN()}, {"-Infinity", -kInf}, {"Infinity", kInf}}};

// The beginning of texts that stand for bare numbers on the way: one that the text does not hold.
std::string unused_mark(std::string_view text) {
  std::string mark = "bare:";
  while (text.find(mark) != std::string_view::npos) mark += ':';
  return mark;
}

// Bare NaN and infinities put between quotes, behind the mark.
std::string quoted(std::string_view text, const std::string& mark) {
  std::string made;
  bool inside = false;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (inside && c == '\\' && i + 1 < text.size()) {
      made += text.substr(i, 2);
      i += 2;
      continue;
    }
    if (c == '"') inside = !inside;
    size_t length = 0;
    if (!inside)
      for (const auto& [bare, number] : kBare)
        if (text.substr(i).starts_with(bare)) length = bare.size();
    if (length > 0) ((made += '"') += mark).append(text.substr(i, length)) += '"';
    else made += c;
    i += std::max<size_t>(length, 1);
  }
  return made;
}

// Calls change(single) for every value inside `value`, or itself, that is no list and no object.
void for_each_single(Value& value, const auto& change) {
  if (value.is_list())
    for (Value& member : value.as_list()) for_each_single(member, change);
  else if (value.is_object())
    for (auto& [key, member] : value.as_object()) for_each_single(member, change);
  else change(value);
}

// Texts behind the mark as the numbers they stand for.
void take_numbers(Value& value, const std::string& mark) {
  for_each_single(value, [&](Value& one) {
    if (one.is_text() && one.as_text().starts_with(mark)) one = Value(number_from(Value(one.as_text().substr(mark.size()))));
  });
}

bool is_finite(const Value& value) {
  if (value.is_real()) return std::isfinite(value.as_real());
  if (value.is_list()) return std::ranges::all_of(value.as_list(), is_finite);
  if (value.is_object()) return std::ranges::all_of(value.as_object(), [](const auto& member) { return is_finite(member.second); });
  return true;
}

// Numbers that are not finite as texts behind the mark.
void put_texts(Value& value, const std::string& mark) {
  for_each_single(value, [&](Value& one) {
    if (!is_finite(one)) one = Value(mark + number_text(one.as_real()));
  });
}

}  // namespace

std::string distribution_text(const Distribution& d) {
  Value::Object attributes;
  std::string name;
  if (d.kind == ParameterKind::Categorical) {
    name = "CategoricalDistribution";
    attributes = {{"choices", *d.choices}};
  } else if (d.kind == ParameterKind::Int) {
    name = "IntDistribution";
    const auto whole = [](double x) { return Value(static_cast<int64_t>(x)); };
    attributes = {{"log", d.log}, {"step", whole(d.step)}, {"low", whole(d.low)}, {"high", whole(d.high)}};
  } else {
    name = "FloatDistribution";
    attributes = {{"step", d.step > 0 ? Value(d.step) : Value()}, {"low", d.low}, {"high", d.high}, {"log", d.log}};
  }
  Value::Object described = {{"name", name}, {"attributes", std::move(attributes)}};
  if (d.ordered) described.emplace_back("ordered", true);  // beside the attributes Optuna passes over what it does not know
  return python_json(described);
}

Distribution distribution_from_text(std::string_view parameter, std::string_view text) {
  try {
    const Value described = value_from_python_json(text);
    if (const Value* name = described.find("name")) {
      Distribution read = from_attributes(parameter, name->as_text(), described.at("attributes"));
      const Value* ordered = described.find("ordered");
      read.ordered = read.kind == ParameterKind::Categorical && ordered != nullptr && ordered->as_bool();
      return read;
    }
    return from_attributes(parameter, described.at("type").as_text(), described);
  } catch (const Error& error) {
    throw Error(ErrorCode::BadFile, "parameter '" + std::string(parameter) + "': its distribution cannot be read: " + error.message());
  }
}

Value value_from_python_json(std::string_view text) {
  const bool has_bare = text.find("NaN") != std::string_view::npos || text.find("Infinity") != std::string_view::npos;
  if (!has_bare) return parse_json(text);
  const std::string mark = unused_mark(text);
  Value value = parse_json(quoted(text, mark));
  take_numbers(value, mark);
  return value;
}

std::string python_json(const Value& value, int indent) {
  std::string text = to_json(value, indent);
  if (is_finite(value)) return text;
  const std::string mark = unused_mark(text);
  Value marked = value;
  put_texts(marked, mark);
  text = to_json(marked, indent);
  for (const auto& [bare, number] : kBare) {
    const std::string held = "\"" + mark + std::string(bare) + "\"";
    for (size_t at = text.find(held); at != std::string::npos; at = text.find(held, at)) text.replace(at, held.size(), bare);
  }
  return text;
}

double number_from(const Value& value) {
  if (value.is_null()) return std::nan("");
  if (!value.is_text()) return value.as_real();
  const std::string& text = value.as_text();
  for (const auto& [bare, number] : kBare)
    if (text == bare) return number;
  throw Error(ErrorCode::BadFile, "'" + text + "' is not a number");
}

std::string number_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  return to_json(Value(number));
}

int64_t step_from_text(std::string_view text) {
  int64_t step = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, step);
  if (read.ec != std::errc() || read.ptr != end)
    throw Error(ErrorCode::BadFile, "the step '" + std::string(text) + "' of a report is no integer");
  return step;
}

std::string_view state_text(TrialState state) {
  for (const auto& [known, text] : kStates)
    if (known == state) return text;
  return {};
}

TrialState state_from_text(std::string_view text) {
  for (const auto& [known, name] : kStates)
    if (name == text) return known;
  throw Error(ErrorCode::BadFile, "a trial's state '" + std::string(text) + "' is not known");
}

std::string time_text(double seconds, bool iso) {
  using namespace std::chrono;
  const auto micros = microseconds(std::llround(seconds * 1e6));
  const auto day = floor<days>(micros);
  const year_month_day date{sys_days(day)};
  const auto of_day = hh_mm_ss(micros - day);
  std::array<char, 80> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u%c%02d:%02d:%02d.%06d%s", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), iso ? 'T' : ' ',
                static_cast<int>(of_day.hours().count()), static_cast<int>(of_day.minutes().count()),
                static_cast<int>(of_day.seconds().count()), static_cast<int>(of_day.subseconds().count()), iso ? "+00:00" : "");
  return text.data();
}

double time_from_text(std::string_view text) {
  using namespace std::chrono;
  const std::string held(text);
  int y = 0, hour = 0, minute = 0;
  unsigned month = 0, day = 0;
  double second = 0;
  int used = 0;
  if (std::sscanf(held.c_str(), "%d-%u-%u%*c%d:%d:%lf%n", &y, &month, &day, &hour, &minute, &second, &used) < 6)
    throw Error(ErrorCode::BadFile, "'" + held + "' is not a time");
  double offset = 0;
  int offset_hours = 0, offset_minutes = 0;
  if (std::sscanf(held.c_str() + used, "%d:%d", &offset_hours, &offset_minutes) == 2)
    offset = offset_hours * 3600.0 + (held[static_cast<size_t>(used)] == '-' ? -60.0 : 60.0) * offset_minutes;
  const sys_days date{year{y} / std::chrono::month{month} / std::chrono::day{day}};
  return static_cast<double>(date.time_since_epoch().count()) * 86400.0 + hour * 3600.0 + minute * 60.0 + second - offset;
}

}  // namespace kolosal
