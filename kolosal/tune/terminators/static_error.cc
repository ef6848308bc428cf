// A constant error: the study may end where it can improve by less.
#include "kolosal/tune/terminator.h"

namespace kolosal {
namespace {

struct StaticErrorParams {
  double constant = 0;
};
void describe(Fields<StaticErrorParams>& f) { f.add("constant", &StaticErrorParams::constant, "The error, in units of the objective."); }

class StaticError final : public ErrorEstimate {
 public:
  explicit StaticError(StaticErrorParams params) : params_(params) {}
  double evaluate(std::span<const TrialRecord>, Direction) const override { return params_.constant; }

 private:
  StaticErrorParams params_;
};

}  // namespace

void register_static_error(Catalog<ErrorEstimate>& catalog) { catalog.add<StaticError, StaticErrorParams>("static", "A constant."); }

}  // namespace kolosal
