#include "kolosal/models/trees/two_part_fit.h"

namespace kolosal {
namespace {

// Tells the listener of a fit in parts how far all of them are together, and keeps whether it ended one.
class ProgressInParts {
 public:
  explicit ProgressInParts(const FitContext& context) : context_(context) {}

  // The context of the next part, after which there are still `n_to_come` rounds.
  FitContext next_part(int n_to_come) {
    FitContext part = context_;
    if (context_.on_iteration)
      part.on_iteration = [this, n_to_come, n_before = n_told_](FitProgress progress) {
        n_told_ = progress.iteration += n_before;
        progress.n_iterations += n_before + n_to_come;
        ended_ = !context_.on_iteration(progress);
        return !ended_;
      };
    return part;
  }
  bool ended() const { return ended_ || context_.should_stop(); }

 private:
  const FitContext& context_;
  int n_told_ = 0;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<Model> fit_in_two_parts(const TrainingSet& train, const HeldOutRows& parts, int most_rounds, const FitRounds& fit_rounds,
                                        const FitContext& context) {
  const TrainingSet learnt{train.x, train.target, parts.learnt}, held_out{train.x, train.target, parts.held_out};
  ProgressInParts progress(context);
  const FitContext first = progress.next_part(most_rounds);
  std::unique_ptr<Model> searched = fit_rounds(learnt, &held_out, most_rounds, first);
  if (progress.ended()) return searched;
  const auto n_rounds = static_cast<int>(searched->n_iterations());
  const FitContext second = progress.next_part(0);
  try {
    auto model = fit_rounds(train, nullptr, n_rounds, second);
    if (!progress.ended() || model->n_iterations() >= searched->n_iterations()) return model;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Timeout && error.code() != ErrorCode::Cancelled) throw;
  }
  return searched;
}

}  // namespace kolosal
