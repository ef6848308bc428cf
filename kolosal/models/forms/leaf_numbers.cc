#include "kolosal/models/forms/leaf_numbers.h"

namespace kolosal {
namespace {

constexpr size_t kBlockRows = 256;

}  // namespace

void find_leaf_numbers(const Forest& forest, const FeatureMatrix& x, const Threads& threads, std::span<int32_t> out) {
  if (x.n_features() != forest.n_features)
    throw Error(ErrorCode::FeatureMismatch,
                "the model was trained on " + std::to_string(forest.n_features) + " features but got " + std::to_string(x.n_features()));
  const size_t n_trees = forest.roots.size();
  threads.parallel_for(x.n_rows(), kBlockRows, [&](size_t begin, size_t end) {
    for (size_t tree = 0; tree < n_trees; ++tree)
      for (size_t row = begin; row < end; ++row) {
        const int32_t root = forest.roots[tree];
        out[row * n_trees + tree] = leaf_of(forest, root, x, row) - root;
      }
  });
}

}  // namespace kolosal
