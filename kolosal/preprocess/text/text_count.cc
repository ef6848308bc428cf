// Counts of terms: each term of the vocabulary becomes a column that counts it.
//
// Cost     that of the vocabulary (text/vocabulary.cc) and of the form (forms/term_counts.cc).
// Checked  term_counts_test.cc; scikit-learn's CountVectorizer in tests/parity.
#include "kolosal/preprocess/text/vocabulary.h"

namespace kolosal {
namespace {

struct TextCountParams : TermParams {};

void describe(Fields<TextCountParams>& f) { describe_terms(f); }

class TextCount : public Transformer {
 public:
  explicit TextCount(TextCountParams params) : params_(std::move(params)) { check_term_params(params_, "text_count"); }

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    FreeNames names(input.table);
    std::vector<TermCountsColumn> fitted;
    for (const Column* column : text_columns(input, params_.columns, "text_count")) {
      fitted.push_back(count_terms(*column, params_, learn_vocabulary(*column, input.weights, params_, context)));
      for (const std::string& term : fitted.back().terms) fitted.back().outputs.push_back(names.claim(column->name() + "__" + term));
    }
    return make_term_counts(std::move(fitted));
  }

 private:
  TextCountParams params_;
};

}  // namespace

void register_text_count(Catalog<Transformer>& catalog) {
  catalog.add<TextCount, TextCountParams>("text_count", "Texts become counts of the words, or other terms, of a vocabulary.",
                                          {"count_vectorizer"});
}

}  // namespace kolosal
