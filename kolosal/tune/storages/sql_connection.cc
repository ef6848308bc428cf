#include "kolosal/tune/storages/sql_connection.h"

#include <algorithm>

namespace kolosal {

std::string translated(std::string_view sql, const SqlDialect& dialect) {
  std::string text;
  int n_values = 0;
  for (size_t at = 0; at < sql.size(); ++at) {
    if (sql[at] == '?' && dialect.numbered) {
      text += '$' + std::to_string(++n_values);
    } else if (sql[at] == '{') {
      const size_t end = std::min(sql.find('}', at), sql.size());
      const std::string_view word = sql.substr(at + 1, end - at - 1);
      const auto is_it = [&](const auto& entry) { return entry.first == word; };
      const auto found = std::ranges::find_if(dialect.words, is_it);
      if (found == dialect.words.end()) throw Error(ErrorCode::Internal, "the dialect has no word for {" + std::string(word) + "}");
      text += found->second;
      at = end;
    } else {
      text += sql[at];
    }
  }
  return text;
}

}  // namespace kolosal
