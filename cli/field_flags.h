// FieldFlags: the command-line flags of a parameter table, one a field, with its sentence as help.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "kolosal/base/fields.h"
#include "kolosal/base/thread_options.h"

namespace kolosal::cli {

/// How one field's flag differs from the usual: another spelling, or a way of its own to read its text.
struct FlagRule {
  std::string flags;                                         ///< "--threads,--n-threads"; empty: --field-name
  std::function<Value(const std::string& text)> parse = {};  ///< empty: by the field's type
};

class FieldFlags {
 public:
  /// Adds a flag for every field but those of `left_out`. `table` must outlive the object.
  FieldFlags(CLI::App& command, const ParameterTable& table, const std::map<std::string, FlagRule>& rules = {},
             const std::vector<std::string>& left_out = {});

  /// The fields that flags set, as an object. Throws a UsageError that names the flag and what it allows.
  Value values() const;
  /// The options whose table the flags are of.
  template <class Options>
  Options read() const {
    return usage([this] { return from_value<Options>(values()); });
  }

 private:
  struct Flag {
    const FieldSpec* field;
    FlagRule rule;
    std::string spelling;
    std::vector<std::string> texts;
    bool on = false;
    CLI::Option* option = nullptr;
  };
  static Value value_of(const Flag& flag);

  std::vector<std::unique_ptr<Flag>> flags_;
};

/// How flags of TrainOptions are spelt that say what the table is, and what may be spent on it.
const std::map<std::string, FlagRule>& training_table_rules();

/// The flags of ThreadOptions.
std::unique_ptr<FieldFlags> thread_flags(CLI::App& command);

}  // namespace kolosal::cli
