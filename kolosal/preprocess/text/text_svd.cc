// Truncated SVD of tf-idf: each text becomes its coordinates along the directions in which the texts differ most (latent semantics).
//
// The rows of tf-idf are not centred. Row weights count as repetitions. The components are saved as float32; a text becomes the
// products of its row of tf-idf with them. `explained` of the form is the variance of each coordinate over that of all terms.
//
// Cost     that of tf-idf and of the decomposition (text/sparse_svd.cc).
// Source   Deerwester et al., "Indexing by latent semantic analysis", JASIS 41(6), 1990.
// Checked  text_svd_test.cc; scikit-learn's TruncatedSVD in tests/parity.
#include <cmath>

#include "kolosal/preprocess/text/sparse_svd.h"
#include "kolosal/preprocess/text/vocabulary.h"

namespace kolosal {
namespace {

struct TextSvdParams : TfidfTermParams {
  TextSvdParams() { max_features = 20000; }
  int n_components = 32;
  int n_iterations = 7;
};

void describe(Fields<TextSvdParams>& f) {
  describe_weighing(f);
  f.add("n_components", &TextSvdParams::n_components, "Columns to make; fewer where the texts have fewer directions.")
      .min(1)
      .max(1000)
      .search_log(8, 128);
  f.add("n_iterations", &TextSvdParams::n_iterations, "Multiplications that turn random directions towards the leading ones.")
      .min(1)
      .max(100);
}

/// The tf-idf of the rows that are there, each times the root of its weight, and each row's weight.
struct WeighedRows {
  TermMatrix rows;
  std::vector<double> weights;
};

WeighedRows weighed_rows(const Column& column, const TermCountsColumn& spec, std::span<const double> weights, const FitContext& context) {
  WeighedRows made;
  made.rows.n_columns = spec.terms.size();
  const TermWeigher weigher(spec);
  std::vector<uint32_t> there;
  for (size_t row = 0; row < column.size(); ++row)
    if (!column.is_missing(row) && (weights.empty() || weights[row] > 0)) there.push_back(static_cast<uint32_t>(row));
  constexpr size_t kBlockRows = 1024;
  std::vector<TermMatrix> blocks((there.size() + kBlockRows - 1) / kBlockRows);
  context.threads->parallel_for(there.size(), kBlockRows, [&](size_t begin, size_t end) {
    context.check();
    TermWeigher::Scratch scratch;
    TermMatrix& block = blocks[begin / kBlockRows];
    for (size_t i = begin; i < end; ++i) {
      const double scale = weights.empty() ? 1.0 : std::sqrt(weights[there[i]]);
      for (const auto& [term, value] : weigher.weigh(row_text(column, there[i]), scratch)) {
        block.columns.push_back(term);
        block.values.push_back(value * scale);
      }
      block.begins.push_back(block.columns.size());
    }
  });
  for (TermMatrix& block : blocks) {
    const size_t before = made.rows.columns.size();
    for (size_t i = 1; i < block.begins.size(); ++i) made.rows.begins.push_back(before + block.begins[i]);
    made.rows.columns.insert(made.rows.columns.end(), block.columns.begin(), block.columns.end());
    made.rows.values.insert(made.rows.values.end(), block.values.begin(), block.values.end());
    block = {};
  }
  for (const uint32_t row : there) made.weights.push_back(weights.empty() ? 1.0 : weights[row]);
  return made;
}

/// The share that each singular vector has of the variance of all columns.
std::vector<double> explained_shares(const WeighedRows& texts, const SingularVectors& found) {
  const TermMatrix& rows = texts.rows;
  std::vector<double> means(rows.n_columns);
  double total = 0, squares = 0;
  for (size_t row = 0; row < rows.n_rows(); ++row) {
    total += texts.weights[row];
    for (size_t e = rows.begins[row]; e < rows.begins[row + 1]; ++e) {
      means[rows.columns[e]] += rows.values[e] * std::sqrt(texts.weights[row]);
      squares += rows.values[e] * rows.values[e];
    }
  }
  double variance = squares / total;
  for (double& mean : means) {
    mean /= total;
    variance -= mean * mean;
  }
  std::vector<double> shares;
  for (size_t k = 0; k < found.vectors.size(); ++k) {
    double mean = 0;
    for (size_t j = 0; j < means.size(); ++j) mean += means[j] * found.vectors[k][j];
    const double of_component = found.values[k] * found.values[k] / total - mean * mean;
    shares.push_back(variance > 1e-12 * squares / total ? std::max(0.0, of_component / variance) : 0.0);
  }
  return shares;
}

class TextSvd : public Transformer {
 public:
  explicit TextSvd(TextSvdParams params) : params_(std::move(params)) { check_term_params(params_, "text_svd"); }

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    FreeNames names(input.table);
    std::vector<TermCountsColumn> fitted;
    for (const Column* column : text_columns(input, params_.columns, "text_svd")) {
      TermCountsColumn spec = weigh_terms(*column, params_, learn_vocabulary(*column, input.weights, params_, context));
      const WeighedRows texts = weighed_rows(*column, spec, input.weights, context);
      const SingularVectors found =
          truncated_svd(texts.rows, static_cast<size_t>(params_.n_components), static_cast<size_t>(params_.n_iterations), context);
      const size_t n_outputs = found.vectors.size();
      if (n_outputs == 0) spec.terms.clear(), spec.term_weights.clear();
      spec.components.resize(spec.terms.size() * n_outputs);
      for (size_t j = 0; j < spec.terms.size(); ++j)
        for (size_t k = 0; k < n_outputs; ++k) spec.components[j * n_outputs + k] = static_cast<float>(found.vectors[k][j]);
      spec.explained = explained_shares(texts, found);
      for (size_t k = 0; k < n_outputs; ++k) spec.outputs.push_back(names.claim(column->name() + "__svd" + std::to_string(k)));
      fitted.push_back(std::move(spec));
    }
    return make_term_counts(std::move(fitted));
  }

 private:
  TextSvdParams params_;
};

}  // namespace

void register_text_svd(Catalog<Transformer>& catalog) {
  catalog.add<TextSvd, TextSvdParams>("text_svd", "Texts become a few columns: the truncated SVD of their tf-idf.",
                                      {"latent_semantic_analysis", "lsa"});
}

}  // namespace kolosal
