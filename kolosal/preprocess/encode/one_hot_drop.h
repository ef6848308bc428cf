// Which column one-hot encoding leaves out: a parameter of one_hot and of the DataPreprocessor.
#pragma once

#include <array>
#include <string_view>
#include <utility>

namespace kolosal {

/// The column left out: none, the first level's, or that where there are two columns.
enum class OneHotDrop { None, First, IfBinary };
constexpr auto enum_names(OneHotDrop) {
  return std::to_array<std::pair<OneHotDrop, std::string_view>>(
      {{OneHotDrop::None, "none"}, {OneHotDrop::First, "first"}, {OneHotDrop::IfBinary, "if_binary"}});
}

}  // namespace kolosal
