// What the transformers with a vocabulary share: their parameters, and the terms that a column of texts gets.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kolosal/preprocess/fitting.h"
#include "kolosal/preprocess/forms/term_counts.h"

namespace kolosal {

/// Parameters that say what terms there are.
struct TermParams {
  std::vector<std::string> columns;
  TermUnit analyzer = TermUnit::Word;
  int min_n = 1;
  int max_n = 1;
  bool lowercase = true;
  int min_word_length = 2;
  bool stem = false;
  bool english_stop_words = false;
  std::vector<std::string> stop_words;
  double min_df = 1;
  double max_df = 1;
  std::optional<int> max_features = 1000;
  bool binary = false;
};

/// Parameters that say how counts are weighed.
struct TfidfTermParams : TermParams {
  bool sublinear_tf = false;
  bool use_idf = true;
  bool smooth_idf = true;
  TermNorm norm = TermNorm::L2;
};

/// Declares the parameters of TermParams that P inherits.
template <class P>
void describe_terms(Fields<P>& f) {
  const auto own = []<class M>(M TermParams::*member) { return static_cast<M P::*>(member); };
  f.add("columns", own(&P::columns), "Columns to take; empty means all texts.");
  f.add("analyzer", own(&P::analyzer),
        "What n-grams are made of: words, characters, or the characters of a word and the blanks around it.");
  f.add("min_n", own(&P::min_n), "Words or characters in the shortest n-gram.").min(1).max(kLongestTerm);
  f.add("max_n", own(&P::max_n), "Words or characters in the longest n-gram; at least min_n.").min(1).max(kLongestTerm);
  f.add("lowercase", own(&P::lowercase), "Whether texts are lower-cased.");
  f.add("min_word_length", own(&P::min_word_length), "Characters in the shortest word; Chinese and Japanese words always count.").min(1);
  f.add("stem", own(&P::stem), "Whether English words are cut back to their stem (Porter).");
  f.add("english_stop_words", own(&P::english_stop_words), "Whether the commonest English words are left out.");
  f.add("stop_words", own(&P::stop_words), "Words to leave out, lower-cased where texts are.");
  f.add("min_df", own(&P::min_df), "Rows that a term must be in; below 1 as a share of the rows.").min(0).search_log(1, 20);
  f.add("max_df", own(&P::max_df), "Rows that a term may be in at most; up to 1 as a share of the rows.").above(0);
  f.add("max_features", own(&P::max_features), "Terms to keep at most, the most frequent ones; null means all.")
      .min(1)
      .search_log(100, 10000);
  f.add("binary", own(&P::binary), "Whether a term counts once a row.");
}

/// Declares the parameters of TfidfTermParams that P inherits, those of TermParams included.
template <class P>
void describe_weighing(Fields<P>& f) {
  const auto own = []<class M>(M TfidfTermParams::*member) { return static_cast<M P::*>(member); };
  describe_terms(f);
  f.add("sublinear_tf", own(&P::sublinear_tf), "Whether a count c becomes 1 + ln c.");
  f.add("use_idf", own(&P::use_idf), "Whether terms weigh less the more rows have them.");
  f.add("smooth_idf", own(&P::smooth_idf), "Whether that goes as if there were one more row, with every term.");
  f.add("norm", own(&P::norm), "What the numbers of a row are divided by: nothing, their sum, or their Euclidean length.");
}

/// Throws Error(BadValue) where parameters do not go together.
void check_term_params(const TermParams& params, std::string_view transformer);

/// A column's terms. Rows that are missing or have weight 0 are not there.
struct Vocabulary {
  std::vector<std::string> terms;   ///< in order
  std::vector<double> n_rows_with;  ///< weight of the rows that have each term
  double n_rows = 0;                ///< weight of all rows that are there
};
/// The terms of the rows, in blocks on the threads of the context.
Vocabulary learn_vocabulary(const Column& column, std::span<const double> weights, const TermParams& params, const FitContext& context);

/// The spec of a column without names of outputs: its vocabulary, and the counts as they are.
TermCountsColumn count_terms(const Column& column, const TermParams& params, const Vocabulary& vocabulary);
/// The same with the counts weighed.
TermCountsColumn weigh_terms(const Column& column, const TfidfTermParams& params, const Vocabulary& vocabulary);

/// Common English words: articles, pronouns, prepositions, conjunctions, auxiliaries.
std::span<const std::string_view> english_stop_words();

}  // namespace kolosal
