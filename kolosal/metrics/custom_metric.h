// A metric made from a function.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "kolosal/metrics/metric.h"

namespace kolosal {

/// Judges by a function of the caller; supports every task.
class CustomMetric : public Metric {
 public:
  CustomMetric(std::string name, bool higher_is_better, std::function<double(const MetricInput&)> score)
      : name_(std::move(name)), higher_is_better_(higher_is_better), score_(std::move(score)) {}

  /// The name given.
  const std::string& name() const noexcept { return name_; }
  bool supports(Task) const override { return true; }
  bool higher_is_better() const override { return higher_is_better_; }
  double score(const MetricInput& input) const override { return score_(input); }

 private:
  std::string name_;
  bool higher_is_better_;
  std::function<double(const MetricInput&)> score_;
};

}  // namespace kolosal
