// Any bytes are read as a CSV table or refused with an Error, and a whole read and a read in small chunks agree on the rows.
#include <cstdint>
#include <cstdlib>

#include "fuzz/memory_file.h"
#include "kolosal/base/error.h"
#include "kolosal/table/io/table_io.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const kolosal::MemoryFile file(bytes, size);
  kolosal::ReadOptions options;
  options.format = "csv";
  kolosal::Table whole;
  try {
    whole = kolosal::read_table(file.path(), options);
  } catch (const kolosal::Error&) {
    return 0;
  }
  options.chunk_rows = 3;
  size_t n_rows = 0;
  const auto reader = kolosal::open_table(file.path(), options, &whole);
  while (const auto chunk = reader->next()) {
    if (chunk->n_columns() != whole.n_columns()) std::abort();
    n_rows += chunk->n_rows();
  }
  if (n_rows != whole.n_rows()) std::abort();
  return 0;
}
