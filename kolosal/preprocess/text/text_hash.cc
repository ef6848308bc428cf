// Text hashing: words, pairs of words and, as an option, parts of words are counted in a fixed number of columns by their hash, beside
// length and kinds of characters.
//
// Nothing is learnt from the rows, so any text can be encoded. Words are lower-cased and cut in any script (forms/words.h).
//
// Cost     O(bytes + n_rows n_features).
// Checked  text_hash_test.cc.
#include "kolosal/preprocess/chunk_fit.h"
#include "kolosal/preprocess/forms/hashed_text.h"
#include "kolosal/preprocess/forms/terms.h"

namespace kolosal {
namespace {

struct TextHashParams {
  std::vector<std::string> columns;
  int n_features = 64;
  int max_words = 2;
  int min_characters = 0;
  int max_characters = 0;
  bool normalize = true;
  bool statistics = true;
};

void describe(Fields<TextHashParams>& f) {
  using P = TextHashParams;
  f.add("columns", &P::columns, "Columns to hash; empty means all texts.");
  f.add("n_features", &P::n_features, "Columns that the hashes fall into.").min(1).max(1 << 20).search_log(16, 1024);
  f.add("max_words", &P::max_words, "Words in the longest n-gram; 0 takes no words.").min(0).max(8);
  f.add("min_characters", &P::min_characters, "Characters in the shortest n-gram of a word and the blanks around it; 0 takes none.")
      .min(0)
      .max(kLongestTerm);
  f.add("max_characters", &P::max_characters, "Characters in the longest n-gram of a word and the blanks around it; 0 takes none.")
      .min(0)
      .max(kLongestTerm);
  f.add("normalize", &P::normalize, "Whether the counts of a row get Euclidean length 1.");
  f.add("statistics", &P::statistics, "Whether logarithms of characters and words and shares of digits and capitals are added.");
}

class TextHash : public Transformer {
 public:
  explicit TextHash(TextHashParams params) : params_(std::move(params)) {
    if (params_.min_characters > params_.max_characters || (params_.min_characters == 0 && params_.max_characters > 0))
      throw Error(ErrorCode::BadValue,
                  "text_hash: min_characters is " + std::to_string(params_.min_characters) + " and max_characters " +
                      std::to_string(params_.max_characters),
                  "Let both be 0, or min_characters from 1 up to max_characters.");
  }

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    context.check();
    FreeNames names(input.table);
    std::vector<HashedTextColumn> fitted;
    for (const Column* column : text_columns(input, params_.columns, "text_hash")) {
      HashedTextColumn spec{.name = column->name(),
                            .n_features = params_.n_features,
                            .max_words = params_.max_words,
                            .min_characters = params_.min_characters,
                            .max_characters = params_.max_characters,
                            .normalize = params_.normalize,
                            .statistics = params_.statistics};
      for (int k = 0; k < params_.n_features; ++k) spec.outputs.push_back(names.claim(column->name() + "__hash" + std::to_string(k)));
      if (params_.statistics)
        for (const std::string_view statistic : kTextStatistics)
          spec.outputs.push_back(names.claim(column->name() + "__" + std::string(statistic)));
      fitted.push_back(std::move(spec));
    }
    return make_hashed_text(std::move(fitted));
  }

  std::unique_ptr<ChunkFit> start_chunks() const override { return fit_first_chunk("text_hash", *this); }

 private:
  TextHashParams params_;
};

}  // namespace

void register_text_hash(Catalog<Transformer>& catalog) {
  catalog.add<TextHash, TextHashParams>("text_hash", "Texts become counts of hashed words and pairs of words.",
                                        {"hash_text", "hashing_vectorizer"});
}

}  // namespace kolosal
