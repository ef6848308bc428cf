// kolosal_reference FOLDER: writes the reference pages, one for each catalog and one for the options of reading, folds
// and tuning.
// Called by tools/generate.py; everything on the pages comes from the catalogs and their parameter tables.
#include "kolosal/base/reference.h"

#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <string_view>

#include "kolosal/automl/tune_learner.h"
#include "kolosal/base/error.h"
#include "kolosal/metrics/metric.h"
#include "kolosal/models/learner.h"
#include "kolosal/preprocess/transformer.h"
#include "kolosal/table/folds.h"
#include "kolosal/table/io/table_io.h"
#include "kolosal/tune/importance.h"
#include "kolosal/tune/pruner.h"
#include "kolosal/tune/sampler.h"
#include "kolosal/tune/storage.h"
#include "kolosal/tune/terminator.h"

namespace kolosal {
namespace {

constexpr std::string_view kOrigin = "<!-- Written by `make docs` from the sources; edit those. -->\n\n";

template <class T>
std::string catalog_page(std::string_view title, const Catalog<T>& catalog) {
  std::string page = std::string(kOrigin) + "# " + std::string(title) + "\n";
  for (const CatalogEntry<T>& entry : catalog.entries()) {
    page += "\n## `" + entry.name + "`\n\n" + entry.doc + "\n";
    if (!entry.aliases.empty()) {
      page += "\nAlso called:";
      for (const std::string& alias : entry.aliases) page += " `" + alias + "`";
      page += "\n";
    }
    page += entry.parameters.fields.empty() ? std::string("\nIt has no parameters.\n") : "\n" + reference_markdown(entry.parameters);
  }
  return page;
}

void write_page(const std::string& folder, std::string_view name, const std::string& page) {
  const std::string path = folder + "/" + std::string(name);
  std::ofstream file(path, std::ios::binary);
  file << page;
  if (!file.flush()) throw Error(ErrorCode::Io, "cannot write " + path);
}

void write_pages(const std::string& folder) {
  write_page(folder, "learners.md", catalog_page("Learners", learners()));
  write_page(folder, "transformers.md", catalog_page("Transformers", transformers()));
  write_page(folder, "metrics.md", catalog_page("Metrics", metrics()));
  write_page(folder, "importances.md", catalog_page("Importances", importances()));
  write_page(folder, "improvement_estimates.md", catalog_page("Estimates of the improvement", improvement_estimates()));
  write_page(folder, "error_estimates.md", catalog_page("Estimates of the error", error_estimates()));
  write_page(folder, "pruners.md", catalog_page("Pruners", pruners()));
  write_page(folder, "samplers.md", catalog_page("Samplers", samplers()));
  write_page(folder, "storages.md", catalog_page("Storages", storages()));
  write_page(folder, "options.md",
             std::string(kOrigin) + "# Options\n\n## Reading tables\n\n" + reference_markdown(parameter_table<ReadOptions>()) +
                 "\n## Folds\n\n" + reference_markdown(parameter_table<FoldOptions>()) + "\n## Tuning a learner\n\n" +
                 reference_markdown(parameter_table<TuneOptions>()));
}

}  // namespace
}  // namespace kolosal

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: kolosal_reference FOLDER\n", stderr);
    return 2;
  }
  try {
    kolosal::write_pages(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kolosal_reference: %s\n", error.what());
    return 1;
  }
}
