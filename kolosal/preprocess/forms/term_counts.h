// The term counts form: a text becomes a column for each term of a vocabulary, or a few columns that are sums over the terms.
#pragma once

#include <unordered_map>

#include "kolosal/preprocess/forms/form.h"
#include "kolosal/preprocess/forms/terms.h"

namespace kolosal {

/// What the numbers of a row are divided by.
enum class TermNorm { None, L1, L2 };

constexpr auto enum_names(TermNorm) {
  return std::to_array<std::pair<TermNorm, std::string_view>>({{TermNorm::None, "none"}, {TermNorm::L1, "l1"}, {TermNorm::L2, "l2"}});
}

/// One column's vocabulary and what becomes of the counts.
struct TermCountsColumn {
  std::string name;
  TermRules rules;
  std::vector<std::string> terms;    ///< in order of their bytes, each once
  bool binary = false;               ///< a term counts once a row
  bool sublinear = false;            ///< the count c becomes 1 + ln c
  std::vector<double> term_weights;  ///< what the counts of each term are multiplied by; empty means 1
  TermNorm norm = TermNorm::None;    ///< after that
  bool float64 = false;              ///< columns of float64; else float32
  std::vector<float> components;     ///< (n_terms, n_outputs) row-major: what is added up for each output; empty: each term is an output
  std::vector<double> explained;     ///< of each output with components, its share of the variance of the terms
  std::vector<std::string> outputs;  ///< names of the columns made
};
void describe(Fields<TermCountsColumn>& fields);

/// Finds the terms of texts and weighs them as a spec says. Immutable; each thread brings its own Scratch.
class TermWeigher {
 public:
  /// A term's place in the vocabulary and its number.
  using Entry = std::pair<uint32_t, double>;
  /// Memory to work in, and the entries made last.
  struct Scratch {
    TermCutter::Scratch cutter;
    std::vector<uint32_t> found;
    std::vector<Entry> entries;
  };

  /// `spec` stays where it is as long as the weigher.
  explicit TermWeigher(const TermCountsColumn& spec);
  /// The terms of the text that the vocabulary has, in its order.
  const std::vector<Entry>& weigh(std::string_view text, Scratch& scratch) const;

 private:
  const TermCountsColumn& spec_;
  TermCutter cutter_;
  std::unordered_map<std::string_view, uint32_t> places_;
};

/// The fitted form "term_counts".
std::unique_ptr<FittedTransformer> make_term_counts(std::vector<TermCountsColumn> columns);

/// The terms of each row in compressed sparse rows: row i has columns [starts[i], starts[i + 1]) and their numbers.
struct SparseTerms {
  std::vector<int64_t> starts;
  std::vector<int32_t> columns;
  std::vector<double> values;
  size_t n_columns = 0;
};
/// What a "term_counts" form without components makes of its columns, spec by spec, without the zeros. Throws Error(Unsupported) for
/// another form.
SparseTerms sparse_terms(const FittedTransformer& fitted, const Table& table, const Threads& threads);

}  // namespace kolosal
