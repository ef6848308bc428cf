// Hash encoding: a level sets one of n_components columns, which its hash names, to 1 or -1. Nothing is learnt: any level has a place,
// different ones may share it. Missing values set none.
//
// Cost     O(n_rows n_components).
// Checked  encoders_test.cc, by hand.

#include "kolosal/preprocess/chunk_fit.h"
#include "kolosal/preprocess/forms/hashed_level.h"

namespace kolosal {
namespace {

struct HashEncodeParams {
  std::vector<std::string> columns;
  int n_components = 8;
  bool is_signed = true;
};

void describe(Fields<HashEncodeParams>& f) {
  using P = HashEncodeParams;
  f.add("columns", &P::columns, "Columns to encode; empty means all categorical ones.");
  f.add("n_components", &P::n_components, "Columns made of each.").min(1).max(1 << 16).search_log(4, 256).alias("n_features");
  f.add("is_signed", &P::is_signed, "Whether half of the levels give -1 instead of 1, so that levels that fall together cancel on average.")
      .alias("alternate_sign");
}

class HashEncode : public Transformer {
 public:
  explicit HashEncode(HashEncodeParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    context.check();
    FreeNames names(input.table);
    std::vector<HashedLevelColumn> fitted;
    for (const Column* column : level_columns(input, params_.columns, "hash_encode")) {
      HashedLevelColumn spec{.name = column->name(), .is_signed = params_.is_signed};
      for (int k = 0; k < params_.n_components; ++k) spec.outputs.push_back(names.claim(column->name() + "__hash" + std::to_string(k)));
      fitted.push_back(std::move(spec));
    }
    return make_hashed_level(std::move(fitted));
  }

  std::unique_ptr<ChunkFit> start_chunks() const override { return fit_first_chunk("hash_encode", *this); }

 private:
  HashEncodeParams params_;
};

}  // namespace

void register_hash_encode(Catalog<Transformer>& catalog) {
  catalog.add<HashEncode, HashEncodeParams>("hash_encode", "A level sets one of a fixed number of columns, by its hash.",
                                            {"hashing_encoder"});
}

}  // namespace kolosal
