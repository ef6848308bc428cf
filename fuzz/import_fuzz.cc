// Any bytes are read as a model of another library or refused with an Error; what was read predicts.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "kolosal/base/error.h"
#include "kolosal/models/import/imported_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  try {
    const kolosal::ImportedModel made = kolosal::import_model({reinterpret_cast<const char*>(bytes), size});
    if (made.features.size() != made.model->n_features() || made.levels.size() != made.features.size()) std::abort();
    const kolosal::FeatureMatrix x(made.features, 1);
    std::vector<double> out(made.model->n_outputs());
    made.model->predict(x, out);
  } catch (const kolosal::Error&) {
  }
  return 0;
}
