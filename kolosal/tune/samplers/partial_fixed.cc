// The partial-fixed sampler: some parameters have given values, and another sampler proposes the others.
#include "kolosal/tune/sampler.h"

namespace kolosal {
namespace {

struct PartialFixedSamplerParams {
  std::string sampler = "tpe";
  Value parameters = Value::Object{};
  Value fixed_params = Value::Object{};
};
void describe(Fields<PartialFixedSamplerParams>& f) {
  f.add("sampler", &PartialFixedSamplerParams::sampler, "Name of the sampler that proposes the other parameters.");
  f.add("parameters", &PartialFixedSamplerParams::parameters, "Parameters of that sampler.");
  f.add("fixed_params", &PartialFixedSamplerParams::fixed_params,
        "Values by name of the parameters that are fixed; a name that no trial has does nothing.");
}

class PartialFixedProposal final : public Proposal {
 public:
  PartialFixedProposal(const History& history, const Value& fixed_params, std::unique_ptr<Proposal> inner)
      : history_(history), fixed_(fixed_params), inner_(std::move(inner)) {
    for (const auto& plan : inner_->planned())
      if (fixed(plan.first) == nullptr) planned_.push_back(plan);
  }

  double value(uint32_t parameter, const Distribution& distribution) override { return inner_->value(parameter, distribution); }
  const Value* fixed(uint32_t parameter) const override {
    const Value* value = fixed_.find(history_.parameters()[parameter].name);
    return value != nullptr ? value : inner_->fixed(parameter);
  }
  std::span<const std::pair<uint32_t, double>> planned() const override { return planned_; }
  int generation() const override { return inner_->generation(); }
  std::string note() const override { return inner_->note(); }

 private:
  const History& history_;
  const Value& fixed_;
  std::unique_ptr<Proposal> inner_;
  std::vector<std::pair<uint32_t, double>> planned_;
};

class PartialFixedSampler final : public Sampler {
 public:
  explicit PartialFixedSampler(PartialFixedSamplerParams params)
      : fixed_(std::move(params.fixed_params)), inner_(samplers().make(params.sampler, params.parameters)) {
    if (!fixed_.is_object()) throw Error(ErrorCode::BadValue, "partial_fixed.fixed_params: it must be an object of values by name");
  }

  std::unique_ptr<Proposal> propose(const History& history, const TrialRecord& trial, int attempt, SamplerCache* cache) const override {
    return std::make_unique<PartialFixedProposal>(history, fixed_, inner_->propose(history, trial, attempt, cache));
  }
  std::unique_ptr<SamplerCache> make_cache() const override { return inner_->make_cache(); }
  bool is_exhausted(const History& history) const override { return inner_->is_exhausted(history); }
  std::vector<std::string> named_parameters() const override {
    std::vector<std::string> names = inner_->named_parameters();
    for (const auto& [name, value] : fixed_.as_object()) names.push_back(name);
    return names;
  }

 private:
  Value fixed_;
  std::unique_ptr<Sampler> inner_;
};

}  // namespace

void register_partial_fixed(Catalog<Sampler>& catalog) {
  catalog.add<PartialFixedSampler, PartialFixedSamplerParams>("partial_fixed", "Some parameters fixed, the others by another sampler.");
}

}  // namespace kolosal
