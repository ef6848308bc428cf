#include "kolosal/preprocess/forms/hashed_text.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "kolosal/base/random.h"
#include "kolosal/preprocess/columns.h"

namespace kolosal {

void describe(Fields<HashedTextForm>& f) {
  f.add("columns", &HashedTextForm::columns, "Columns of text.");
  f.add("n_buckets", &HashedTextForm::n_buckets, "Buckets of a column.");
  f.add("max_words", &HashedTextForm::max_words, "Longest run of words that is counted.");
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')) word += c;
    else if (c >= 'A' && c <= 'Z') word += static_cast<char>(c - 'A' + 'a');
    else if (!word.empty()) words.push_back(std::exchange(word, {}));
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

namespace {

class HashedText : public FittedTransformer {
 public:
  explicit HashedText(HashedTextForm form) : form_(std::move(form)) {}
  std::string_view form() const override { return "hashed_text"; }

  Table transform(const Table& table) const override {
    std::vector<Column> columns;
    for (const Column& column : table.columns()) {
      if (std::ranges::find(form_.columns, column.name()) == form_.columns.end()) columns.push_back(column);
      else add_features(column, columns);
    }
    for (const std::string& name : form_.columns) (void)needed_column(table, name);
    return Table(std::move(columns));
  }
  Value to_value() const override { return kolosal::to_value(form_); }

 private:
  void add_features(const Column& column, std::vector<Column>& columns) const {
    if (column.kind() != ColumnKind::Text)
      throw Error(ErrorCode::FeatureMismatch, "the feature '" + column.name() + "' is " + std::string(enum_name(column.kind())) + " where text is needed");
    static constexpr const char* kLooks[] = {"length", "words", "digits", "capitals"};
    const auto n_buckets = static_cast<size_t>(form_.n_buckets);
    std::vector<std::vector<float>> looks(std::size(kLooks), std::vector<float>(column.size()));
    std::vector<std::vector<float>> buckets(n_buckets, std::vector<float>(column.size()));
    std::vector<float> counts(n_buckets);
    for (size_t row = 0; row < column.size(); ++row) {
      if (column.is_missing(row)) {
        for (auto& look : looks) look[row] = std::numeric_limits<float>::quiet_NaN();
        continue;
      }
      const std::string_view text = column.text(row);
      const std::vector<std::string> words = words_of(text);
      looks[0][row] = static_cast<float>(text.size());
      looks[1][row] = static_cast<float>(words.size());
      looks[2][row] = static_cast<float>(std::ranges::count_if(text, [](char c) { return c >= '0' && c <= '9'; }));
      looks[3][row] = static_cast<float>(std::ranges::count_if(text, [](char c) { return c >= 'A' && c <= 'Z'; }));
      count(words, counts);
      for (size_t b = 0; b < n_buckets; ++b) buckets[b][row] = counts[b];
    }
    std::vector<uint8_t> there(column.size());
    for (size_t row = 0; row < there.size(); ++row) there[row] = !column.is_missing(row);
    for (size_t i = 0; i < looks.size(); ++i)
      columns.push_back(Column::numeric(column.name() + "__" + kLooks[i], std::move(looks[i]), Validity::from_bytes(there)));
    for (size_t b = 0; b < n_buckets; ++b) columns.push_back(Column::numeric(column.name() + "__hash" + std::to_string(b), std::move(buckets[b])));
  }

  void count(const std::vector<std::string>& words, std::vector<float>& counts) const {
    std::ranges::fill(counts, 0.0F);
    for (size_t first = 0; first < words.size(); ++first) {
      std::string run;
      for (size_t length = 1; length <= static_cast<size_t>(form_.max_words) && first + length <= words.size(); ++length) {
        run += (length > 1 ? " " : "") + words[first + length - 1];
        const uint64_t hash = derive_seed(0, run);
        counts[(hash >> 1) % counts.size()] += (hash & 1) != 0 ? 1.0F : -1.0F;
      }
    }
    float norm = 0;
    for (const float value : counts) norm += value * value;
    if (norm > 0)
      for (float& value : counts) value /= std::sqrt(norm);
  }

  HashedTextForm form_;
};

class HashedTextReader : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    auto form = kolosal::from_value<HashedTextForm>(value);
    if (form.n_buckets < 1 || form.n_buckets > 1 << 20 || form.max_words < 1 || form.max_words > 16)
      throw Error(ErrorCode::CorruptArtifact, "a fitted 'hashed_text' transformation has impossible sizes");
    return make_hashed_text(std::move(form));
  }
};

}  // namespace

std::unique_ptr<FittedTransformer> make_hashed_text(HashedTextForm form) { return std::make_unique<HashedText>(std::move(form)); }

void register_hashed_text_form(Catalog<TransformerForm>& catalog) {
  catalog.add<HashedTextReader>("hashed_text", "Texts become counts of hashed words.");
}

}  // namespace kolosal
