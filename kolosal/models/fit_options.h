// FitOptions: what every fit of a learner is told besides the learner's own parameters.
#pragma once

#include <cstdint>
#include <optional>

#include "kolosal/base/fields.h"
#include "kolosal/base/fit_context.h"

namespace kolosal {

struct FitOptions {
  int32_t n_threads = 0;
  int64_t seed = 0;
  std::optional<double> time_limit;
};
void describe(Fields<FitOptions>& fields);

/// The surroundings that the options ask for; its deadline runs from now on.
FitContext make_fit_context(const FitOptions& options);

}  // namespace kolosal
