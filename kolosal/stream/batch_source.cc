#include "kolosal/stream/batch_source.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "kolosal/table/table_parts.h"

namespace kolosal {

BatchSource::BatchSource(const Table& table) : like_(table.slice(0, 0)), n_rows_total_(table.n_rows()) {
  if (table.n_rows() > 0) chunks_.push_back(table);
}

bool BatchSource::read_more() {
  while (reader_ != nullptr) {
    std::optional<Table> chunk = reader_->next();
    if (!chunk) {
      reader_ = nullptr;
    } else if (chunk->n_rows() > 0) {
      chunks_.push_back(std::move(*chunk));
      return true;
    } else {
      like_ = std::move(*chunk);
    }
  }
  return false;
}

double BatchSource::bytes_per_row() {
  if (chunks_.empty() && !read_more()) return 0;
  return static_cast<double>(n_bytes(chunks_.front())) / static_cast<double>(chunks_.front().n_rows());
}

std::optional<Table> BatchSource::next(size_t rows) {
  std::vector<Table> parts;
  while (rows > 0 && (!chunks_.empty() || read_more())) {
    const Table& chunk = chunks_.front();
    const size_t n = std::min(rows, chunk.n_rows() - given_);
    parts.push_back(n == chunk.n_rows() ? chunk : chunk.slice(given_, n));
    given_ += n;
    rows -= n;
    if (given_ == chunk.n_rows()) {
      chunks_.pop_front();
      given_ = 0;
    }
  }
  const bool is_first = !std::exchange(any_given_, true);
  if (parts.empty()) return is_first ? std::move(like_) : std::nullopt;
  return concatenate(parts);
}

}  // namespace kolosal
