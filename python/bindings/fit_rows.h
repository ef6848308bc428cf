// The rows that a fit is given from Python: a native table, with a target and weights where there are any.
#pragma once

#include <nanobind/ndarray.h>

#include <optional>

#include "bindings.h"
#include "kolosal/preprocess/transformer.h"

namespace kolosal::python {

/// Weights of rows.
using Weights = nb::ndarray<const double, nb::shape<-1>, nb::c_contig, nb::device::cpu>;

/// What a fit is given: a table, and a target and weights where there are any.
struct FitRows {
  FitRows(const Table& table, const Table* target_table, const std::optional<Weights>& weights) : input{table} {
    if (target_table != nullptr) target = target_of(*target_table);
    if (target) input.target = &*target;
    if (weights) input.weights = {weights->data(), weights->size()};
  }
  FitRows(const FitRows&) = delete;
  FitRows& operator=(const FitRows&) = delete;
  FitRows(FitRows&&) = delete;
  FitRows& operator=(FitRows&&) = delete;
  ~FitRows() = default;

  std::optional<Target> target;
  TransformerInput input;
};

}  // namespace kolosal::python
