// Normalisation: the numbers of each row are divided by their l1, l2 or largest magnitude. Nothing is learnt but which columns.
//
// Cost     O(n_rows n_columns) in transform.
// Checked  scalers_test.cc, against scikit-learn's Normalizer.
#include "kolosal/preprocess/chunk_fit.h"
#include "kolosal/preprocess/forms/row_norm.h"

namespace kolosal {
namespace {

struct NormalizeParams {
  std::vector<std::string> columns;
  RowNorm norm = RowNorm::L2;
};

void describe(Fields<NormalizeParams>& f) {
  f.add("columns", &NormalizeParams::columns, "Columns that make up a row; empty means all numbers and integers.");
  f.add("norm", &NormalizeParams::norm, "The norm that each row gets 1 in.");
}

class Normalize : public Transformer {
 public:
  explicit Normalize(NormalizeParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    context.check();
    RowNormColumns fitted{.norm = params_.norm};
    for (const Column* column : number_columns(input, params_.columns, "normalize")) fitted.columns.push_back(column->name());
    return make_row_norm(std::move(fitted));
  }

  std::unique_ptr<ChunkFit> start_chunks() const override { return fit_first_chunk("normalize", *this); }

 private:
  NormalizeParams params_;
};

}  // namespace

void register_normalize(Catalog<Transformer>& catalog) {
  catalog.add<Normalize, NormalizeParams>("normalize", "The numbers of each row are divided by their norm.", {"normalizer"});
}

}  // namespace kolosal
