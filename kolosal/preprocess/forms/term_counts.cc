// The term counts form. A missing text, and one without a term of the vocabulary, has zeros.
//
// A row of counts is binary or sublinear, times the weights of its terms, divided by its norm, and last its product with the
// components. Rows are worked on in blocks, each by one thread, which write into columns that are there from the start.
//
// Shapes   a column of n_rows texts or categories gives n_outputs columns of n_rows.
// Cost     O(bytes max_n + n_rows n_outputs) time; 4 bytes (or 8) an output and row.
// Checked  terms_test.cc, term_counts_test.cc; scikit-learn's TfidfVectorizer in tests/parity.
#include "kolosal/preprocess/forms/term_counts.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace kolosal {
namespace {

constexpr size_t kBlockRows = 256;

/// Columns of one spec: n_outputs of n_rows numbers.
template <class T>
std::vector<Column> made_columns(const TermCountsColumn& spec, const TermWeigher& weigher, const Column& column, const Threads& threads) {
  const size_t n_outputs = spec.outputs.size();
  std::vector<std::vector<T>> values(n_outputs);
  const size_t grain = 1 + kWorthThreads / (column.size() + 1);
  threads.parallel_for(n_outputs, grain, [&](size_t begin, size_t end) {
    for (size_t k = begin; k < end; ++k) values[k].resize(column.size());
  });
  threads.parallel_for(column.size(), kBlockRows, [&](size_t begin, size_t end) {
    TermWeigher::Scratch scratch;
    std::vector<double> sums(n_outputs);
    for (size_t row = begin; row < end; ++row) {
      if (column.is_missing(row)) continue;
      const std::vector<TermWeigher::Entry>& entries = weigher.weigh(row_text(column, row), scratch);
      if (spec.components.empty()) {
        for (const auto& [term, value] : entries) values[term][row] = static_cast<T>(value);
        continue;
      }
      std::ranges::fill(sums, 0.0);
      for (const auto& [term, value] : entries)
        for (size_t k = 0; k < n_outputs; ++k) sums[k] += value * static_cast<double>(spec.components[term * n_outputs + k]);
      for (size_t k = 0; k < n_outputs; ++k) values[k][row] = static_cast<T>(sums[k]);
    }
  });
  std::vector<Column> made;
  for (size_t k = 0; k < n_outputs; ++k) made.push_back(Column::numeric(spec.outputs[k], std::move(values[k])));
  return made;
}

class TermCounts : public FittedTransformer {
 public:
  explicit TermCounts(std::vector<TermCountsColumn> specs) : specs_(std::move(specs)) {
    for (size_t i = 0; i < specs_.size(); ++i) {
      by_name_.emplace(specs_[i].name, i);
      weighers_.emplace_back(specs_[i]);
    }
  }
  std::string_view form() const override { return "term_counts"; }

  Table transform(const Table& table, const Threads& threads) const override {
    (void)texts_of(table);
    std::vector<Column> columns;
    for (const Column& column : table.columns()) {
      const auto found = by_name_.find(column.name());
      if (found == by_name_.end()) {
        columns.push_back(column);
        continue;
      }
      const TermCountsColumn& spec = specs_[found->second];
      const TermWeigher& weigher = weighers_[found->second];
      std::ranges::move(
          spec.float64 ? made_columns<double>(spec, weigher, column, threads) : made_columns<float>(spec, weigher, column, threads),
          std::back_inserter(columns));
    }
    return Table(std::move(columns));
  }

  SparseTerms sparse(const Table& table, const Threads& threads) const {
    const std::vector<const Column*> texts = texts_of(table);
    SparseTerms made;
    std::vector<int32_t> first_column;
    for (const TermCountsColumn& spec : specs_) {
      if (!spec.components.empty()) throw_not_sparse(form());
      first_column.push_back(static_cast<int32_t>(made.n_columns));
      made.n_columns += spec.outputs.size();
    }
    const size_t n_rows = table.n_rows();
    made.starts.resize(n_rows + 1);
    std::vector<std::vector<TermWeigher::Entry>> of_block((n_rows + kBlockRows - 1) / kBlockRows);
    threads.parallel_for(n_rows, kBlockRows, [&](size_t begin, size_t end) {
      TermWeigher::Scratch scratch;
      std::vector<TermWeigher::Entry>& entries = of_block[begin / kBlockRows];
      for (size_t row = begin; row < end; ++row) {
        const size_t before = entries.size();
        for (size_t i = 0; i < specs_.size(); ++i) {
          if (texts[i]->is_missing(row)) continue;
          for (const auto& [term, value] : weighers_[i].weigh(row_text(*texts[i], row), scratch))
            entries.emplace_back(static_cast<uint32_t>(first_column[i]) + term, value);
        }
        made.starts[row + 1] = static_cast<int64_t>(entries.size() - before);
      }
    });
    for (size_t row = 0; row < n_rows; ++row) made.starts[row + 1] += made.starts[row];
    made.columns.reserve(static_cast<size_t>(made.starts.back()));
    made.values.reserve(static_cast<size_t>(made.starts.back()));
    for (const auto& entries : of_block)
      for (const auto& [column, value] : entries) {
        made.columns.push_back(static_cast<int32_t>(column));
        made.values.push_back(value);
      }
    return made;
  }

  [[noreturn]] static void throw_not_sparse(std::string_view form) {
    throw Error(ErrorCode::Unsupported, "the fitted form '" + std::string(form) + "' does not make sparse counts of terms",
                "Use transform.");
  }

  size_t bytes_a_row() const override {
    size_t bytes = 0;
    for (const TermCountsColumn& spec : specs_) bytes += spec.outputs.size() * (spec.float64 ? sizeof(double) : sizeof(float));
    return bytes;
  }

  Value to_value() const override {
    Value::List columns;
    for (const TermCountsColumn& spec : specs_) columns.push_back(kolosal::to_value(spec));
    return Value(Value::Object{{"columns", Value(std::move(columns))}});
  }

 private:
  /// The column of each spec. Throws Error(FeatureMismatch).
  std::vector<const Column*> texts_of(const Table& table) const {
    std::vector<const Column*> texts;
    for (const TermCountsColumn& spec : specs_) {
      texts.push_back(&needed_column(table, spec.name));
      if (!is_level(texts.back()->kind())) wrong_column_kind(*texts.back(), "a text");
    }
    return texts;
  }

  std::vector<TermCountsColumn> specs_;
  std::vector<TermWeigher> weighers_;
  std::unordered_map<std::string, size_t> by_name_;
};

void check_spec(const TermCountsColumn& spec) {
  const auto require = [&](bool holds, const std::string& what) {
    require_fitted(holds, "term_counts", "column '" + spec.name + "': " + what);
  };
  const auto finite = [](auto value) { return std::isfinite(value); };
  require(valid_rules(spec.rules), "the lengths of terms are out of range");
  require(std::ranges::is_sorted(spec.terms, std::ranges::less_equal{}), "the terms are not in order, each once");
  require(spec.term_weights.empty() || spec.term_weights.size() == spec.terms.size(), "the weights are not one a term");
  require(std::ranges::all_of(spec.term_weights, finite) && std::ranges::all_of(spec.components, finite), "a number is not finite");
  require(spec.components.empty() ? spec.outputs.size() == spec.terms.size()
                                  : spec.components.size() == spec.terms.size() * spec.outputs.size(),
          "the outputs do not fit the terms");
  require(spec.explained.empty() || spec.explained.size() == spec.outputs.size(), "the shares of variance are not one an output");
  require(std::ranges::none_of(spec.outputs, &std::string::empty), "a column made has no name");
}

class TermCountsForm : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    auto specs = specs_from_value<TermCountsColumn>(value, "term_counts");
    for (const TermCountsColumn& spec : specs) check_spec(spec);
    return make_term_counts(std::move(specs));
  }
};

}  // namespace

TermWeigher::TermWeigher(const TermCountsColumn& spec) : spec_(spec), cutter_(spec.rules) {
  places_.reserve(spec.terms.size());
  for (const std::string& term : spec.terms) places_.emplace(term, static_cast<uint32_t>(places_.size()));
}

const std::vector<TermWeigher::Entry>& TermWeigher::weigh(std::string_view text, Scratch& scratch) const {
  scratch.found.clear();
  scratch.entries.clear();
  for (const std::string_view term : cutter_.cut(text, scratch.cutter))
    if (const auto place = places_.find(term); place != places_.end()) scratch.found.push_back(place->second);
  std::ranges::sort(scratch.found);
  double norm = 0;
  for (size_t i = 0; i < scratch.found.size();) {
    const uint32_t term = scratch.found[i];
    const size_t first = i;
    while (i < scratch.found.size() && scratch.found[i] == term) ++i;
    double value = spec_.binary ? 1 : static_cast<double>(i - first);
    if (spec_.sublinear) value = 1 + std::log(value);
    if (!spec_.term_weights.empty()) value *= spec_.term_weights[term];
    scratch.entries.emplace_back(term, value);
    norm += spec_.norm == TermNorm::L2 ? value * value : std::abs(value);
  }
  if (spec_.norm == TermNorm::L2) norm = std::sqrt(norm);
  if (spec_.norm != TermNorm::None && norm > 0)
    for (Entry& entry : scratch.entries) entry.second /= norm;
  return scratch.entries;
}

void describe(Fields<TermCountsColumn>& fields) {
  using Spec = TermCountsColumn;
  fields.add("name", &Spec::name, "The column.");
  fields.add("rules", &Spec::rules, "How its texts are cut into terms.");
  fields.add("terms", &Spec::terms, "The vocabulary, in order.");
  fields.add("binary", &Spec::binary, "Whether a term counts once a row.");
  fields.add("sublinear", &Spec::sublinear, "Whether a count c becomes 1 + ln c.");
  fields.add("term_weights", &Spec::term_weights, "What the counts of each term are multiplied by; empty means 1.");
  fields.add("norm", &Spec::norm, "What the numbers of a row are divided by.");
  fields.add("float64", &Spec::float64, "Whether the columns made are float64.");
  fields.add("components", &Spec::components, "Terms by outputs: what is added up for each output; empty where each term is an output.");
  fields.add("explained", &Spec::explained, "Share of the variance of the terms that each output has, with components.");
  fields.add("outputs", &Spec::outputs, "Names of the columns made.");
}

std::unique_ptr<FittedTransformer> make_term_counts(std::vector<TermCountsColumn> columns) {
  return std::make_unique<TermCounts>(std::move(columns));
}

SparseTerms sparse_terms(const FittedTransformer& fitted, const Table& table, const Threads& threads) {
  const auto* form = dynamic_cast<const TermCounts*>(&fitted);
  if (form == nullptr) TermCounts::throw_not_sparse(fitted.form());
  return form->sparse(table, threads);
}

void register_term_counts(Catalog<TransformerForm>& catalog) {
  catalog.add<TermCountsForm>("term_counts", "Texts become weighed counts of the terms of a vocabulary, or sums of them.");
}

}  // namespace kolosal
