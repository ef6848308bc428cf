// A fit in two parts: rows held out tell how many rounds are best, and all rows are then fitted with so many.
//
// Checked  boosting_rows_test.cc.
#pragma once

#include <functional>
#include <memory>

#include "kolosal/models/learner.h"
#include "kolosal/models/trees/held_out_rows.h"

namespace kolosal {

/// Fits at most so many rounds; with validation rows the model is that of the round that was best on them.
using FitRounds =
    std::function<std::unique_ptr<Model>(const TrainingSet& train, const TrainingSet* validation, int most_rounds, const FitContext&)>;

/// The model of all rows. Where there is no time for it, that of the first part is the result. The context's listener is told how far both
/// are together.
std::unique_ptr<Model> fit_in_two_parts(const TrainingSet& train, const HeldOutRows& parts, int most_rounds, const FitRounds& fit_rounds,
                                        const FitContext& context);

}  // namespace kolosal
