// The parameters that complete trials share.
#pragma once

#include <span>

#include "kolosal/tune/history.h"

namespace kolosal {

/// Parameters that every complete one of the trials has with one and the same range, in order of index. Those with one value only are
/// among them.
Subspace shared_space(std::span<const TrialRecord> trials);

}  // namespace kolosal
