// TableFormat: one file format, as the catalog of formats keeps it. A format is one file of this folder that registers itself.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kolosal/base/catalog.h"
#include "kolosal/table/io/input.h"
#include "kolosal/table/io/table_io.h"

namespace kolosal {

/// Reads and writes tables in one format. Stateless.
class TableFormat {
 public:
  virtual ~TableFormat() = default;
  /// Name endings, with the dot, lower case.
  virtual std::vector<std::string_view> endings() const = 0;
  /// Whether a file that starts with these bytes (up to kSniffBytes) is surely of this format.
  virtual bool recognises(std::string_view first_bytes) const = 0;
  /// The whole table. Errors as read_table tells.
  virtual Table read(const InputBytes& input, const ReadOptions& options, const FitContext& context) const = 0;
  /// The table in chunks. Errors as open_table tells.
  virtual std::unique_ptr<TableReader> open(std::unique_ptr<InputStream> input, const ReadOptions& options,
                                            const OpenHints& hints) const = 0;
  /// As survey_formats tells.
  virtual std::vector<CellFormat> survey(std::unique_ptr<InputStream>, const ReadOptions&, const FitContext&) const { return {}; }
  /// A writer to a new file, or to standard output for "-".
  virtual std::unique_ptr<TableWriter> create(const std::string& path) const = 0;
};

/// First bytes that `recognises` is shown.
constexpr size_t kSniffBytes = 16;

extern template class Catalog<TableFormat>;

/// All formats.
const Catalog<TableFormat>& table_formats();

}  // namespace kolosal
