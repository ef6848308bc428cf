// How sharp the probabilities of margins are, whose boundaries were learnt by a loss that has none.
//
// Probabilities are sigmoid(a m) of one margin, or softmax(a m) of one a class, with the a within [0.01, 100] under which the training
// classes are likeliest: the likelier class is always the one that the margins say.
//
// Cost     some passes over the margins.
// Checked  linear_losses_test.cc.
#pragma once

#include <span>

#include "kolosal/models/forms/linear.h"
#include "kolosal/models/linear/weighted_rows.h"

namespace kolosal {

/// Multiplies weights and biases by that a. `margins` are those of the rows, (n_rows, n_sums).
void sharpen(LinearForm& form, const WeightedRows& rows, std::span<const double> margins, const FitContext& context);

}  // namespace kolosal
