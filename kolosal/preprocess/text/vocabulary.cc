// The vocabulary of a column of texts.
//
// Blocks of rows count their own terms; the counts are added up in the order of the blocks, a wave of blocks at a time, so that
// neither sums nor order depend on the number of threads. Of terms that are equally frequent the first by its bytes is kept.
//
// Inverse document frequency: ln(n / n_t) + 1, or smoothed ln((1 + n) / (1 + n_t)) + 1, of n rows and the n_t with the term.
//
// Cost     O(bytes max_n) time; memory for the distinct terms of all rows.
// Source   Spärck Jones, "A statistical interpretation of term specificity", Journal of Documentation 28(1), 1972.
// Checked  term_counts_test.cc; scikit-learn's CountVectorizer and TfidfVectorizer in tests/parity.
#include "kolosal/preprocess/text/vocabulary.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace kolosal {
namespace {

constexpr size_t kBlockRows = 2048;
constexpr size_t kBlocksAWave = 16;

struct TermSums {
  double rows = 0;         ///< weight of rows that have the term
  double occurrences = 0;  ///< weight of all its occurrences
  size_t last_row = ~size_t{0};
};
using TermMap = std::unordered_map<std::string, TermSums, TextHasher, std::equal_to<>>;

void count_block(const Column& column, std::span<const uint32_t> rows, std::span<const double> weights, const TermCutter& cutter,
                 bool binary, const FitContext& context, TermMap& sums) {
  TermCutter::Scratch scratch;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i % 64 == 0) context.check();
    const double weight = weights.empty() ? 1.0 : weights[rows[i]];
    for (const std::string_view term : cutter.cut(row_text(column, rows[i]), scratch)) {
      auto found = sums.find(term);
      if (found == sums.end()) found = sums.try_emplace(std::string(term)).first;
      TermSums& of_term = found->second;
      const bool is_first = of_term.last_row != i;
      of_term.last_row = i;
      if (is_first) of_term.rows += weight;
      if (is_first || !binary) of_term.occurrences += weight;
    }
  }
}

void add_block(TermMap& all, TermMap& block) {
  if (all.empty()) {
    all = std::move(block);
    return;
  }
  while (!block.empty()) {
    auto node = block.extract(block.begin());
    const TermSums sums = node.mapped();
    const auto inserted = all.insert(std::move(node));
    if (inserted.inserted) continue;
    inserted.position->second.rows += sums.rows;
    inserted.position->second.occurrences += sums.occurrences;
  }
}

std::vector<std::string> stop_words_of(const TermParams& params) {
  std::vector<std::string> words = params.stop_words;
  if (params.english_stop_words)
    for (const std::string_view word : english_stop_words()) words.emplace_back(word);
  std::ranges::sort(words);
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

TermRules rules_of(const TermParams& params) {
  return {.analyzer = params.analyzer,
          .min_n = params.min_n,
          .max_n = params.max_n,
          .lowercase = params.lowercase,
          .min_word_length = params.min_word_length,
          .stem = params.stem,
          .stop_words = stop_words_of(params)};
}

}  // namespace

void check_term_params(const TermParams& params, std::string_view transformer) {
  if (params.min_n > params.max_n)
    throw Error(ErrorCode::BadValue,
                std::string(transformer) + ": min_n is " + std::to_string(params.min_n) + " and max_n " + std::to_string(params.max_n),
                "Let min_n be at most max_n.");
}

Vocabulary learn_vocabulary(const Column& column, std::span<const double> weights, const TermParams& params, const FitContext& context) {
  const TermCutter cutter(rules_of(params));
  std::vector<uint32_t> rows;
  Vocabulary found;
  for (size_t row = 0; row < column.size(); ++row) {
    const double weight = weights.empty() ? 1.0 : weights[row];
    if (weight == 0 || column.is_missing(row)) continue;
    rows.push_back(static_cast<uint32_t>(row));
    found.n_rows += weight;
  }
  TermMap sums;
  for (size_t wave = 0; wave < rows.size(); wave += kBlockRows * kBlocksAWave) {
    const auto of_wave = std::span(rows).subspan(wave, std::min(rows.size() - wave, kBlockRows * kBlocksAWave));
    std::vector<TermMap> blocks((of_wave.size() + kBlockRows - 1) / kBlockRows);
    context.threads->parallel_for(of_wave.size(), kBlockRows, [&](size_t begin, size_t end) {
      count_block(column, of_wave.subspan(begin, end - begin), weights, cutter, params.binary, context, blocks[begin / kBlockRows]);
    });
    for (TermMap& block : blocks) {
      context.check();
      add_block(sums, block);
    }
  }
  const double fewest = params.min_df < 1 ? params.min_df * found.n_rows : params.min_df;
  const double most = params.max_df <= 1 ? params.max_df * found.n_rows : params.max_df;
  std::vector<const TermMap::value_type*> kept;
  for (const auto& term : sums)
    if (term.second.rows >= fewest && term.second.rows <= most) kept.push_back(&term);
  const auto text_of = [](const TermMap::value_type* term) -> const std::string& { return term->first; };
  if (params.max_features && kept.size() > static_cast<size_t>(*params.max_features)) {
    const auto more = [](const TermMap::value_type* a, const TermMap::value_type* b) {
      if (a->second.occurrences != b->second.occurrences) return a->second.occurrences > b->second.occurrences;
      return a->first < b->first;
    };
    std::ranges::nth_element(kept, kept.begin() + *params.max_features, more);
    kept.resize(static_cast<size_t>(*params.max_features));
  }
  std::ranges::sort(kept, {}, text_of);
  for (const auto* term : kept) {
    found.terms.push_back(term->first);
    found.n_rows_with.push_back(term->second.rows);
  }
  return found;
}

TermCountsColumn count_terms(const Column& column, const TermParams& params, const Vocabulary& vocabulary) {
  TermCountsColumn spec;
  spec.name = column.name();
  spec.rules = rules_of(params);
  spec.terms = vocabulary.terms;
  spec.binary = params.binary;
  return spec;
}

TermCountsColumn weigh_terms(const Column& column, const TfidfTermParams& params, const Vocabulary& vocabulary) {
  TermCountsColumn spec = count_terms(column, params, vocabulary);
  spec.sublinear = params.sublinear_tf;
  spec.norm = params.norm;
  if (!params.use_idf) return spec;
  const double extra = params.smooth_idf ? 1 : 0;
  for (const double n_rows_with : vocabulary.n_rows_with)
    spec.term_weights.push_back(std::log((vocabulary.n_rows + extra) / (n_rows_with + extra)) + 1);
  return spec;
}

}  // namespace kolosal
