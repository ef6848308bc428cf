// The hashed text form.
//
// Each n-gram adds +1 or -1 (a bit of its hash) to the column that its hash names, so that collisions cancel on average. A
// missing or empty text has zeros.
//
// Shapes   a column of n_rows texts or categories gives n_features (+ 4) float32 columns of n_rows.
// Cost     O(bytes + n_rows n_features).
// Source   Weinberger et al., "Feature hashing for large scale multitask learning", ICML 2009; FNV-1a for the hash.
// Checked  text_hash_test.cc.
#include "kolosal/preprocess/forms/hashed_text.h"

#include <algorithm>
#include <cmath>

#include "kolosal/preprocess/forms/terms.h"
#include "kolosal/preprocess/forms/words.h"

namespace kolosal {
namespace {

constexpr uint64_t kFnvStart = 0xCBF29CE484222325;
constexpr int32_t kMostFeatures = 1 << 20;
constexpr int32_t kMostWords = 8;

uint64_t add_to_hash(uint64_t hash, std::string_view bytes) {
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3;
  return hash;
}

/// Spreads the bits of a hash (the finaliser of MurmurHash3).
uint64_t mixed(uint64_t hash) {
  hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCD;
  hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53;
  return hash ^ (hash >> 33);
}

/// Adds every run of 1 .. max_words words to the counts.
void count_ngrams(const std::vector<std::string>& words, int32_t max_words, std::span<float> counts) {
  for (size_t first = 0; first < words.size(); ++first) {
    uint64_t hash = kFnvStart;
    for (size_t i = first; i < std::min(words.size(), first + static_cast<size_t>(max_words)); ++i) {
      hash = add_to_hash(i == first ? hash : add_to_hash(hash, " "), words[i]);
      const uint64_t bits = mixed(hash);
      counts[(bits >> 1) % counts.size()] += (bits & 1) != 0 ? 1.0F : -1.0F;
    }
  }
}

/// Adds n-grams of characters to the counts. Their hashes begin elsewhere, so that they fall apart from words spelt alike.
void count_characters(const std::vector<std::string_view>& terms, std::span<float> counts) {
  for (const std::string_view term : terms) {
    const uint64_t bits = mixed(add_to_hash(add_to_hash(kFnvStart, "\n"), term));
    counts[(bits >> 1) % counts.size()] += (bits & 1) != 0 ? 1.0F : -1.0F;
  }
}

void normalize_counts(std::span<float> counts) {
  double sum = 0;
  for (const float count : counts) sum += static_cast<double>(count) * static_cast<double>(count);
  if (sum == 0) return;
  const double length = std::sqrt(sum);
  for (float& count : counts) count = static_cast<float>(static_cast<double>(count) / length);
}

class HashedText : public PerColumnForm<HashedTextColumn> {
 public:
  using PerColumnForm::PerColumnForm;
  std::string_view form() const override { return "hashed_text"; }

 protected:
  size_t bytes_of(size_t i) const override { return sizeof(float) * specs()[i].outputs.size(); }
  std::vector<Column> apply(size_t i, const Column& column) const override {
    if (!is_level(column.kind())) wrong_column_kind(column, "a text");
    const HashedTextColumn& spec = specs()[i];
    std::vector<std::vector<float>> values(spec.outputs.size(), std::vector<float>(column.size()));
    std::vector<float> counts(static_cast<size_t>(spec.n_features));
    const bool by_character = spec.max_characters > 0;
    const TermCutter cutter({.analyzer = TermUnit::CharWb, .min_n = spec.min_characters, .max_n = spec.max_characters});
    TermCutter::Scratch scratch;
    for (size_t row = 0; row < column.size(); ++row) {
      if (column.is_missing(row)) continue;
      const std::string_view text = row_text(column, row);
      const WordList cut = cut_words(text);
      std::ranges::fill(counts, 0.0F);
      count_ngrams(cut.words, spec.max_words, counts);
      if (by_character) count_characters(cutter.cut(text, scratch), counts);
      if (spec.normalize) normalize_counts(counts);
      for (size_t k = 0; k < counts.size(); ++k) values[k][row] = counts[k];
      if (!spec.statistics) continue;
      const double n_characters = std::max<double>(1, static_cast<double>(cut.n_characters));
      values[counts.size()][row] = static_cast<float>(std::log1p(static_cast<double>(cut.n_characters)));
      values[counts.size() + 1][row] = static_cast<float>(std::log1p(static_cast<double>(cut.words.size())));
      values[counts.size() + 2][row] = static_cast<float>(static_cast<double>(cut.n_digits) / n_characters);
      values[counts.size() + 3][row] = static_cast<float>(static_cast<double>(cut.n_upper) / n_characters);
    }
    std::vector<Column> made;
    for (size_t k = 0; k < values.size(); ++k) made.push_back(Column::numeric(spec.outputs[k], std::move(values[k])));
    return made;
  }
};

class HashedTextForm : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    auto specs = specs_from_value<HashedTextColumn>(value, "hashed_text");
    for (const HashedTextColumn& spec : specs) {
      const bool characters_fit =
          (spec.min_characters == 0 && spec.max_characters == 0) ||
          (1 <= spec.min_characters && spec.min_characters <= spec.max_characters && spec.max_characters <= kLongestTerm);
      require_fitted(
          spec.n_features >= 1 && spec.n_features <= kMostFeatures && spec.max_words >= 0 && spec.max_words <= kMostWords && characters_fit,
          "hashed_text", "the sizes of column '" + spec.name + "' are out of range");
      require_fitted(spec.outputs.size() == static_cast<size_t>(spec.n_features) + (spec.statistics ? kTextStatistics.size() : 0),
                     "hashed_text", "column '" + spec.name + "' has columns made without a name");
      require_fitted(std::ranges::none_of(spec.outputs, &std::string::empty), "hashed_text", "a column made has no name");
    }
    return make_hashed_text(std::move(specs));
  }
};

}  // namespace

void describe(Fields<HashedTextColumn>& fields) {
  fields.add("name", &HashedTextColumn::name, "The column.");
  fields.add("n_features", &HashedTextColumn::n_features, "Columns that hashes fall into.");
  fields.add("max_words", &HashedTextColumn::max_words, "Words in the longest n-gram; 0 for none.");
  fields.add("min_characters", &HashedTextColumn::min_characters,
             "Characters in the shortest n-gram of a word and its blanks; 0 for none.");
  fields.add("max_characters", &HashedTextColumn::max_characters, "Characters in the longest such n-gram; 0 for none.");
  fields.add("normalize", &HashedTextColumn::normalize, "Whether the counts of a row get Euclidean length 1.");
  fields.add("statistics", &HashedTextColumn::statistics, "Whether columns on length and characters follow.");
  fields.add("outputs", &HashedTextColumn::outputs, "Names of the columns made.");
}

std::unique_ptr<FittedTransformer> make_hashed_text(std::vector<HashedTextColumn> columns) {
  return std::make_unique<HashedText>(std::move(columns));
}

void register_hashed_text(Catalog<TransformerForm>& catalog) {
  catalog.add<HashedTextForm>("hashed_text", "Texts become counts of hashed words and pairs of words.");
}

}  // namespace kolosal
