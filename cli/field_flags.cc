#include "cli/field_flags.h"

#include <algorithm>

#include "kolosal/automl/options.h"
#include "kolosal/base/reference.h"

namespace kolosal::cli {

FieldFlags::FieldFlags(CLI::App& command, const ParameterTable& table, const std::map<std::string, FlagRule>& rules,
                       const std::vector<std::string>& left_out) {
  for (const FieldSpec& field : table.fields) {
    if (std::ranges::find(left_out, field.name) != left_out.end()) continue;
    auto flag = std::make_unique<Flag>();
    flag->field = &field;
    if (const auto rule = rules.find(field.name); rule != rules.end()) flag->rule = rule->second;
    flag->spelling = flag->rule.flags.empty() ? flag_name(field.name) : flag->rule.flags;
    const std::string help = field.doc + " [" + allowed_text(field) + "]";
    if (field.type == FieldType::Bool) {
      flag->option = command.add_flag(flag->spelling + ",!--no-" + flag_name(field.name).substr(2), flag->on, field.doc);
    } else {
      flag->option = command.add_option(flag->spelling, flag->texts, help);
      flag->option->type_name(field.type == FieldType::Choice ? "NAME" : std::string(field_type_name(field.type)));
      flag->option->expected(1)->allow_extra_args(false);
      flag->option->multi_option_policy(field.type == FieldType::List ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::TakeLast);
    }
    flags_.push_back(std::move(flag));
  }
}

Value FieldFlags::value_of(const Flag& flag) {
  const FieldSpec& field = *flag.field;
  const std::string where = flag.spelling.substr(0, flag.spelling.find(','));
  if (field.type == FieldType::Bool) return Value(flag.on);
  if (field.type == FieldType::List) {
    Value::List list;
    for (const std::string& text : flag.texts) {
      const Value parsed = parse_field_text(field, text, where);
      list.insert(list.end(), parsed.as_list().begin(), parsed.as_list().end());
    }
    return Value(std::move(list));
  }
  const std::string& text = flag.texts.back();
  return flag.rule.parse ? flag.rule.parse(text) : parse_field_text(field, text, where);
}

Value FieldFlags::values() const {
  Value values{Value::Object()};
  for (const auto& flag : flags_)
    if (flag->option->count() != 0) values.set(flag->field->name, usage([&flag] { return value_of(*flag); }));
  return values;
}

const std::map<std::string, FlagRule>& training_table_rules() {
  static const std::map<std::string, FlagRule> rules = {
      {"target", {"-t,--target", {}}},
      {"time_limit", {"--time-limit", [](const std::string& text) { return Value(parse_duration(text)); }}},
      {"memory_limit", {"--memory-limit", [](const std::string& text) { return Value(parse_bytes(text)); }}},
      {"n_threads", {"--threads,--n-threads", {}}},
      {"n_folds", {"--folds,--n-folds", {}}},
      {"kinds", {"--kind", {}}},
      {"time", {"--time-column", {}}},
      {"weight", {"--weight", {}}},
      {"group", {"--group", {}}},
      {"fold", {"--fold-column", {}}},
  };
  return rules;
}

std::unique_ptr<FieldFlags> thread_flags(CLI::App& command) {
  return std::make_unique<FieldFlags>(*command.add_option_group("Threads"), parameter_table<ThreadOptions>(),
                                      std::map<std::string, FlagRule>{{"n_threads", {"--threads,--n-threads", {}}}});
}

}  // namespace kolosal::cli
