// The hashed level form. The hash is of the level's text (level_text), the same on any machine.
//
// Shapes   a column of n_rows gives n_outputs float32 columns of n_rows, zeros where missing.
// Cost     O(n_rows n_outputs) memory, one hash a level and one write a row.
// Source   Weinberger et al., "Feature hashing for large scale multitask learning", ICML 2009; FNV-1a and the finaliser of MurmurHash3.
// Checked  encoders_test.cc.
#include "kolosal/preprocess/forms/hashed_level.h"

#include <algorithm>

namespace kolosal {
namespace {

constexpr size_t kMostOutputs = size_t{1} << 16;

class HashedLevel : public PerColumnForm<HashedLevelColumn> {
 public:
  using PerColumnForm::PerColumnForm;
  std::string_view form() const override { return "hashed_level"; }

 protected:
  size_t bytes_of(size_t i) const override { return sizeof(float) * specs()[i].outputs.size(); }
  std::vector<Column> apply(size_t i, const Column& column) const override {
    const HashedLevelColumn& spec = specs()[i];
    const WrittenLevels written(column);
    std::vector<std::pair<size_t, float>> places;
    for (const std::string_view text : written.texts()) {
      places.push_back(hashed_place(text, spec.outputs.size()));
      if (!spec.is_signed) places.back().second = 1;
      if (text.empty()) places.back().second = 0;
    }
    std::vector<std::vector<float>> values(spec.outputs.size(), std::vector<float>(column.size()));
    const auto codes = written.codes();
    for (size_t row = 0; row < codes.size(); ++row) {
      if (codes[row] < 0) continue;
      const auto& [output, sign] = places[static_cast<size_t>(codes[row])];
      values[output][row] = sign;
    }
    std::vector<Column> made;
    for (size_t k = 0; k < values.size(); ++k) made.push_back(Column::numeric(spec.outputs[k], std::move(values[k])));
    return made;
  }
};

class HashedLevelForm : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    auto specs = specs_from_value<HashedLevelColumn>(value, "hashed_level");
    for (const HashedLevelColumn& spec : specs) {
      require_fitted(!spec.outputs.empty() && spec.outputs.size() <= kMostOutputs, "hashed_level",
                     "column '" + spec.name + "' makes a number of columns that is out of range");
      require_fitted(std::ranges::none_of(spec.outputs, &std::string::empty), "hashed_level", "a column made has no name");
    }
    return make_hashed_level(std::move(specs));
  }
};

}  // namespace

std::pair<size_t, float> hashed_place(std::string_view level, size_t n_outputs) noexcept {
  uint64_t hash = 0xCBF29CE484222325;
  for (const char byte : level) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3;
  hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCD;
  hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53;
  hash ^= hash >> 33;
  return {(hash >> 1) % n_outputs, (hash & 1) != 0 ? 1.0F : -1.0F};
}

void describe(Fields<HashedLevelColumn>& fields) {
  fields.add("name", &HashedLevelColumn::name, "The column.");
  fields.add("is_signed", &HashedLevelColumn::is_signed, "Whether half of the levels give -1 instead of 1.");
  fields.add("outputs", &HashedLevelColumn::outputs, "Names of the columns made.");
}

std::unique_ptr<FittedTransformer> make_hashed_level(std::vector<HashedLevelColumn> columns) {
  return std::make_unique<HashedLevel>(std::move(columns));
}

void register_hashed_level(Catalog<TransformerForm>& catalog) {
  catalog.add<HashedLevelForm>("hashed_level", "Each level sets one of a fixed number of columns, by its hash.");
}

}  // namespace kolosal
