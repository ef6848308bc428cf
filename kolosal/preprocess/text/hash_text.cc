// Hash text: a text becomes counts of its words and word pairs in buckets, and its length, words, digits and capitals.
//
// Nothing is learnt from the rows but which columns are text.
// Checked  hash_text_test.cc.

#include "kolosal/preprocess/columns.h"
#include "kolosal/preprocess/forms/hashed_text.h"

namespace kolosal {
namespace {

struct HashTextParams {
  std::vector<std::string> columns;
  int32_t n_buckets = 32;
  int32_t max_words = 2;
};

void describe(Fields<HashTextParams>& f) {
  f.add("columns", &HashTextParams::columns, "Columns to hash; all texts where empty.");
  f.add("n_buckets", &HashTextParams::n_buckets, "Buckets of a column.").min(1).max(1 << 20);
  f.add("max_words", &HashTextParams::max_words, "Longest run of words that is counted.").min(1).max(16);
}

class HashText : public Transformer {
 public:
  explicit HashText(HashTextParams params) : params_(std::move(params)) {}
  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext&) const override {
    const auto is_text = [](ColumnKind kind) { return kind == ColumnKind::Text; };
    return make_hashed_text({chosen_columns(input.table, params_.columns, is_text, "hash_text"), params_.n_buckets, params_.max_words});
  }

 private:
  HashTextParams params_;
};

}  // namespace

void register_hash_text(Catalog<Transformer>& catalog) {
  catalog.add<HashText, HashTextParams>("hash_text", "Texts become counts of hashed words and what they look like.");
}

}  // namespace kolosal
