// Selection: the columns named, in their order, and no others. What comes first in a pipeline, so that further columns do no harm.
//
// Checked  pipeline_test.cc.
#include "kolosal/preprocess/forms/select.h"

#include "kolosal/preprocess/chunk_fit.h"

namespace kolosal {
namespace {

struct SelectParams {
  std::vector<std::string> columns;
};

void describe(Fields<SelectParams>& f) { f.add("columns", &SelectParams::columns, "The columns to keep, in order; empty means all."); }

class SelectColumns : public Transformer {
 public:
  explicit SelectColumns(SelectParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    context.check();
    std::vector<SelectColumn> fitted;
    for (const Column* column : choose_columns(
             input, params_.columns, [](ColumnKind) { return true; }, "select"))
      fitted.push_back({column->name(), column->kind()});
    return make_select(std::move(fitted));
  }

  std::unique_ptr<ChunkFit> start_chunks() const override { return fit_first_chunk("select", *this); }

 private:
  SelectParams params_;
};

}  // namespace

void register_select(Catalog<Transformer>& catalog) {
  catalog.add<SelectColumns, SelectParams>("select", "The columns named, in their order, and no others.");
}

}  // namespace kolosal
