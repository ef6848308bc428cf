// Predictions as users get them: a table with a column of predictions and one for the probability of each class.
//
// Cost     O(n_rows n_outputs).
// Checked  predictions_test.cc.
#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "kolosal/inference/predictor.h"

namespace kolosal {
namespace {

// The number that `text` is written as in the usual way, if it is one: not "007", "+1" or "-0".
std::optional<int64_t> whole_number(const std::string& text) {
  int64_t number = 0;
  const auto [stop, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status != std::errc() || stop != text.data() + text.size() || std::to_string(number) != text) return std::nullopt;
  return number;
}

// One class a row, as integers or booleans where all class names are such, else as categories.
Column class_column(std::string name, const std::vector<std::string>& class_names, std::vector<int32_t> classes) {
  const auto is_flag = [](const std::string& text) { return text == "true" || text == "false"; };
  if (std::ranges::all_of(class_names, is_flag)) {
    std::vector<uint8_t> flags;
    for (const int32_t number : classes) flags.push_back(class_names[static_cast<size_t>(number)] == "true" ? 1 : 0);
    return Column::boolean(std::move(name), std::move(flags));
  }
  if (std::ranges::all_of(class_names, [](const std::string& text) { return whole_number(text).has_value(); })) {
    std::vector<int64_t> numbers;
    for (const int32_t number : classes) numbers.push_back(*whole_number(class_names[static_cast<size_t>(number)]));
    return Column::integer(std::move(name), std::move(numbers));
  }
  return Column::categorical(std::move(name), std::move(classes), std::make_shared<const std::vector<std::string>>(class_names));
}

}  // namespace

size_t Predictions::predicted_class(size_t row) const {
  const auto begin = values.begin() + static_cast<std::ptrdiff_t>(row * n_outputs);
  return static_cast<size_t>(std::max_element(begin, begin + static_cast<std::ptrdiff_t>(n_outputs)) - begin);
}

Table Predictions::to_table(const std::vector<std::string>& target_names) const {
  if (task == Task::MultiRegression && target_names.size() != n_outputs)
    throw Error(ErrorCode::BadValue,
                std::to_string(target_names.size()) + " names were given for predictions of " + std::to_string(n_outputs) + " targets");
  std::vector<Column> columns;
  if (is_classification(task)) {
    std::vector<int32_t> classes(n_rows);
    for (size_t row = 0; row < n_rows; ++row) classes[row] = static_cast<int32_t>(predicted_class(row));
    columns.push_back(class_column("prediction", class_names, std::move(classes)));
  }
  for (size_t k = 0; k < n_outputs; ++k) {
    std::vector<double> output(n_rows);
    for (size_t row = 0; row < n_rows; ++row) output[row] = values[row * n_outputs + k];
    std::string name = "prediction";
    if (is_classification(task)) name = "probability_" + class_names[k];
    if (task == Task::MultiRegression) name = "prediction_" + target_names[k];
    columns.push_back(Column::numeric(std::move(name), std::move(output)));
  }
  return Table(std::move(columns));
}

}  // namespace kolosal
