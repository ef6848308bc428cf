// Cost     O(n_levels) a column.
// Checked  encoders_test.cc.
#include "kolosal/preprocess/encode/given_levels.h"

#include <unordered_map>

namespace kolosal {

GivenLevels take_given_levels(const Value& given, const Column& column, bool unknown_is_error, std::string_view transformer,
                              ColumnLevels& found) {
  const Value* wanted = given.is_object() ? given.find(column.name()) : nullptr;
  if (wanted == nullptr) return {};
  const auto refuse = [&](const std::string& why, const std::string& remedy) {
    throw Error(ErrorCode::BadValue, std::string(transformer) + ".levels of column '" + column.name() + "' " + why, remedy);
  };
  if (!wanted->is_list()) refuse("are no list", "Give a list of texts.");
  GivenLevels made{.has_missing = false};
  std::vector<std::string> levels;
  std::unordered_map<std::string_view, size_t> places;
  for (const Value& level : wanted->as_list()) {
    if (level.is_null()) made.has_missing = true;
    else if (level.is_text()) levels.push_back(level.as_text());
    else refuse("hold " + std::string(level.kind_name()), "Give texts, and null for missing values.");
  }
  for (size_t i = 0; i < levels.size(); ++i)
    if (!places.emplace(levels[i], i).second) refuse("hold '" + levels[i] + "' twice", "Give each level once.");
  std::vector<double> weights(levels.size());
  for (size_t i = 0; i < found.levels.size(); ++i) {
    if (const auto place = places.find(found.levels[i]); place != places.end()) weights[place->second] = found.weights[i];
    else if (unknown_is_error)
      refuse("do not have '" + found.levels[i] + "', which is in the column", "Add it, or choose what an unknown level gives.");
  }
  if (found.missing_weight > 0 && !*made.has_missing) found.missing_weight = 0;
  found.levels = std::move(levels);
  found.weights = std::move(weights);
  found.codes = {};
  found.owned = nullptr;
  return made;
}

}  // namespace kolosal
