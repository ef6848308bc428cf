// Rows and cells of CSV text, as RFC 4180 has them, leniently: a cell that begins with a quote ends at the next quote that is
// not doubled, and may hold delimiters and line ends; quotes elsewhere are ordinary characters; a line ends at LF or CR LF; a
// line of blanks alone is no row.
//
// Cost     one pass over the bytes; a cell is a view of the input unless it holds doubled quotes.
// Checked  csv_test.cc.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace kolosal {

/// Takes the rows off a text one after another.
class CsvRows {
 public:
  /// `text` begins at a row and must stay.
  CsvRows(std::string_view text, char delimiter) : at_(text.data()), end_(text.data() + text.size()), delimiter_(delimiter) {}

  /// Where the next row begins.
  const char* position() const noexcept { return at_; }
  bool at_end() const noexcept { return at_ == end_; }
  /// Set once the text ended inside quotes: where the quote is; else nullptr.
  const char* open_quote() const noexcept { return open_quote_; }

  /// Skips lines of blanks; false where there is no further row.
  bool find_row() noexcept {
    for (;;) {
      const char* at = at_;
      while (at != end_ && (*at == ' ' || *at == '\r') && *at != delimiter_) ++at;
      if (at == end_) {
        at_ = end_;
        return false;
      }
      if (*at != '\n') return true;
      at_ = at + 1;
    }
  }

  /// Calls on_cell(index, cell) for each cell of the row at position() and moves behind it; the number of cells. The cell's
  /// text holds until on_cell returns.
  template <class OnCell>
  size_t take_row(OnCell&& on_cell) {
    size_t n_cells = 0;
    for (;;) {
      const bool last = at_ != end_ && *at_ == '"' ? take_quoted(n_cells, on_cell) : take_plain(n_cells, on_cell);
      ++n_cells;
      if (last) return n_cells;
    }
  }

  /// Moves behind the row at position().
  void skip_row() {
    take_row([](size_t, std::string_view) {});
  }

 private:
  // Each takes one cell and what ends it; true where that was the end of the row.
  template <class OnCell>
  bool take_plain(size_t index, OnCell& on_cell) {
    const char* start = at_;
    at_ = cell_end(at_);
    std::string_view cell(start, static_cast<size_t>(at_ - start));
    const bool last = end_cell();
    if (last && cell.ends_with('\r')) cell.remove_suffix(1);
    on_cell(index, cell);
    return last;
  }

  template <class OnCell>
  bool take_quoted(size_t index, OnCell& on_cell) {
    const char* quote = at_++;
    const char* start = at_;
    bool joined = false;  // the cell is in joined_ up to `start`
    for (;;) {
      const char* close = static_cast<const char*>(std::memchr(at_, '"', static_cast<size_t>(end_ - at_)));
      if (close == nullptr) {
        open_quote_ = quote;
        close = end_;
      }
      const std::string_view piece(start, static_cast<size_t>(close - start));
      at_ = close == end_ ? end_ : close + 1;
      const bool doubled = at_ != end_ && *at_ == '"';
      const bool ends =
          !doubled && (at_ == end_ || *at_ == delimiter_ || *at_ == '\n' || (*at_ == '\r' && (at_ + 1 == end_ || at_[1] == '\n')));
      if (ends && !joined) return finish(index, piece, on_cell);
      if (!joined) joined_.clear();
      joined = true;
      joined_ += piece;
      if (ends) return finish(index, joined_, on_cell);
      if (doubled) {
        joined_ += '"';
        start = ++at_;
        continue;
      }
      // Text after the closing quote belongs to the cell as it stands.
      start = at_;
      at_ = cell_end(at_);
      joined_.append(start, at_);
      if ((at_ == end_ || *at_ == '\n') && joined_.ends_with('\r')) joined_.pop_back();
      return finish(index, joined_, on_cell);
    }
  }

  template <class OnCell>
  bool finish(size_t index, std::string_view cell, OnCell& on_cell) {
    if (at_ != end_ && *at_ == '\r' && delimiter_ != '\r') ++at_;
    const bool last = end_cell();
    on_cell(index, cell);
    return last;
  }

  // The first delimiter or line end from `at` on, eight bytes at a time.
  const char* cell_end(const char* at) const noexcept {
    if constexpr (std::endian::native == std::endian::little) {
      constexpr uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
      const uint64_t delimiters = kOnes * static_cast<unsigned char>(delimiter_), line_ends = kOnes * static_cast<unsigned char>('\n');
      for (uint64_t eight = 0; end_ - at >= 8; at += 8) {
        std::memcpy(&eight, at, 8);
        const uint64_t a = eight ^ delimiters, b = eight ^ line_ends;  // a byte of 0 where it is one
        const uint64_t found = (((a - kOnes) & ~a) | ((b - kOnes) & ~b)) & kHighs;
        if (found != 0) return at + std::countr_zero(found) / 8;
      }
    }
    while (at != end_ && *at != delimiter_ && *at != '\n') ++at;
    return at;
  }

  // Moves behind what ends a cell; true at the end of the row.
  bool end_cell() noexcept {
    if (at_ == end_) return true;
    return *at_++ == '\n';
  }

  const char* at_;
  const char* end_;
  char delimiter_;
  const char* open_quote_ = nullptr;
  std::string joined_;
};

}  // namespace kolosal
