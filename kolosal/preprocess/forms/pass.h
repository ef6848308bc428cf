// The pass form: what is left of a step that only removes training rows. Tables go through unchanged.
#pragma once

#include "kolosal/preprocess/forms/form.h"

namespace kolosal {

/// The fitted form "pass": asks for the columns that the step looked at, in kinds like those of fitting, and changes nothing.
std::unique_ptr<FittedTransformer> make_pass(const std::vector<const Column*>& columns);

}  // namespace kolosal
