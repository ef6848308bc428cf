// The catalog that the guide's test sees as learners(): what the build would make with the guide's file in its folder.
#include "kolosal/models/learner.h"

namespace kolosal {

void register_stump(Catalog<Learner>& catalog);

const Catalog<Learner>& learners() {
  static const Catalog<Learner> catalog = [] {
    Catalog<Learner> made("learner");
    register_stump(made);
    return made;
  }();
  return catalog;
}

}  // namespace kolosal
