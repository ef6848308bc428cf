// Tf-idf: counts of the terms of a vocabulary, weighed by how few rows have the term, and divided by their length.
//
// Cost     that of the vocabulary (text/vocabulary.cc) and of the form (forms/term_counts.cc).
// Checked  term_counts_test.cc; scikit-learn's TfidfVectorizer in tests/parity.
#include "kolosal/preprocess/text/vocabulary.h"

namespace kolosal {
namespace {

struct TfidfParams : TfidfTermParams {
  bool float64 = false;
};

void describe(Fields<TfidfParams>& f) {
  describe_weighing(f);
  f.add("float64", &TfidfParams::float64, "Whether the columns made are float64; else float32, which takes half the memory.");
}

class Tfidf : public Transformer {
 public:
  explicit Tfidf(TfidfParams params) : params_(std::move(params)) { check_term_params(params_, "tfidf"); }

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    FreeNames names(input.table);
    std::vector<TermCountsColumn> fitted;
    for (const Column* column : text_columns(input, params_.columns, "tfidf")) {
      fitted.push_back(weigh_terms(*column, params_, learn_vocabulary(*column, input.weights, params_, context)));
      fitted.back().float64 = params_.float64;
      for (const std::string& term : fitted.back().terms) fitted.back().outputs.push_back(names.claim(column->name() + "__" + term));
    }
    return make_term_counts(std::move(fitted));
  }

 private:
  TfidfParams params_;
};

}  // namespace

void register_tfidf(Catalog<Transformer>& catalog) {
  catalog.add<Tfidf, TfidfParams>("tfidf", "Texts become the tf-idf of the words, or other terms, of a vocabulary.",
                                  {"tfidf_vectorizer", "tf_idf"});
}

}  // namespace kolosal
