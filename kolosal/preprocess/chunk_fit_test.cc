#include "kolosal/preprocess/chunk_fit.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kolosal/base/json.h"
#include "kolosal/preprocess/preprocess_test_rows.h"

namespace kolosal {
namespace {

using namespace preprocess_test;

/// Rows of every kind: numbers, float32, integers, a category, a text, dates; with missing values.
Table any_rows(size_t n) {
  const auto there = *rc::gen::container<std::vector<uint8_t>>(n, rc::gen::element<uint8_t>(1, 1, 1, 0));
  const auto draw = [&](int low, int high) { return *rc::gen::container<std::vector<int>>(n, rc::gen::inRange(low, high)); };
  const double scale = *rc::gen::element(1.0, 1e-9, 1e9), shift = *rc::gen::element(0.0, 1e6);
  std::vector<double> numbers;
  std::vector<float> floats;
  for (const int value : draw(-1000, 1000)) numbers.push_back(value * scale + shift);
  for (const int value : draw(0, 50)) floats.push_back(0.5F * static_cast<float>(value));
  const auto whole = draw(-5, 5), codes = draw(-1, 4), days = draw(-400, 20'000);
  std::vector<std::string> texts;
  for (const int value : draw(0, 9)) texts.push_back("word " + std::to_string(value));
  return Table({Column::numeric("x", std::move(numbers), Validity::from_bytes(there)), Column::numeric("f", std::move(floats)),
                Column::integer("n", {whole.begin(), whole.end()}, Validity::from_bytes(there)),
                category("c", {codes.begin(), codes.end()}, {"rome", "oslo", "bern", "lima"}),
                Column::text("t", texts, Validity::from_bytes(there)), Column::date("d", {days.begin(), days.end()})});
}

/// The fit by chunks that end at random rows.
std::unique_ptr<FittedTransformer> fitted_in_chunks(const Transformer& transformer, const Table& table, const Target& target,
                                                    std::span<const double> weights) {
  const auto fit = transformer.start_chunks();
  fit->add({table.slice(0, 0)}, with_threads(1));
  for (size_t begin = 0; begin < table.n_rows();) {
    const size_t n = std::min<size_t>(static_cast<size_t>(*rc::gen::inRange(1, 20)), table.n_rows() - begin);
    std::vector<uint32_t> rows(n);
    std::iota(rows.begin(), rows.end(), static_cast<uint32_t>(begin));
    const Target of_chunk = target.take(rows);
    fit->add({table.slice(begin, n), &of_chunk, weights.empty() ? weights : weights.subspan(begin, n)}, with_threads(2));
    begin += n;
  }
  return fit->finish();
}

/// `slack` is the rounding of what is reckoned from numbers of another size, as a deviation is from numbers far from 0.
void expect_same(const Value& whole, const Value& chunked, const std::string& what, double slack = 0) {
  const auto close = [&](double a, double b) {
    if (std::isnan(a) && std::isnan(b)) return;
    if (!(std::abs(a - b) <= 1e-12 * std::max(std::abs(a), std::abs(b)) + slack))
      RC_FAIL(what + ": " + std::to_string(a) + " of all rows, " + std::to_string(b) + " by chunks");
  };
  if (whole.is_number() && chunked.is_number()) return close(whole.as_real(), chunked.as_real());
  if (whole.is_object()) {
    RC_ASSERT(whole.as_object().size() == chunked.as_object().size());
    for (const char* size : {"center", "lower", "upper", "scale"})
      if (const Value* number = whole.find(size)) slack = std::max(slack, 1e-13 * std::abs(number->as_real()));
    for (const auto& [name, member] : whole.as_object()) expect_same(member, chunked.at(name), what + "." + name, slack);
    return;
  }
  if (whole.is_list()) {
    RC_ASSERT(whole.as_list().size() == chunked.as_list().size());
    for (size_t i = 0; i < whole.as_list().size(); ++i) expect_same(whole.as_list()[i], chunked.as_list()[i], what);
    return;
  }
  if (whole.is_numbers() && whole.as_numbers().type == NumberType::Float64) {
    const auto a = whole.as_numbers().as<double>(), b = chunked.as_numbers().as<double>();
    RC_ASSERT(a.size() == b.size());
    for (size_t i = 0; i < a.size(); ++i) close(a[i], b[i]);
    return;
  }
  if (to_json(whole) != to_json(chunked)) RC_FAIL(what + ": " + to_json(whole) + " of all rows, " + to_json(chunked) + " by chunks");
}

struct Case {
  const char* transformer;
  Value parameters;
};

std::vector<Case> cases() {
  const auto only = [](const char* column, Value::Object more = {}) {
    more.emplace_back("columns", list({column}));
    return object(std::move(more));
  };
  return {{"standard_scale", {}},
          {"min_max_scale", {}},
          {"max_abs_scale", {}},
          {"robust_scale", {}},
          {"normalize", {}},
          {"impute", object({{"strategy", "mean"}, {"add_indicator", true}})},
          {"impute", object({{"strategy", "median"}})},
          {"impute", object({{"strategy", "mode"}, {"add_indicator", true}})},
          {"impute", object({{"strategy", "constant"}, {"fill_value", 7}, {"constants", object({{"n", 3}})}})},
          {"drop_missing", {}},
          {"missing_indicator", {}},
          {"missing_indicator", object({{"features", "all"}})},
          {"ordinal", {}},
          {"ordinal", only("n", {{"order", "frequency"}})},
          {"ordinal", only("x")},
          {"one_hot", object({{"min_frequency", 3}})},
          {"binary_encode", {}},
          {"hash_encode", object({{"n_components", 4}})},
          {"frequency_encode", object({{"keep", true}})},
          {"frequency_encode", object({{"normalize", false}})},
          {"date_parts", object({{"cyclic", true}})},
          {"text_hash", object({{"n_features", 8}})},
          {"log1p", object({{"standardize", true}})},
          {"sqrt", {}},
          {"yeo_johnson", only("f", {{"power", 0.5}})},
          {"box_cox", object({{"power", 0.5}, {"standardize", false}})},
          {"quantile_transform", object({{"n_quantiles", 20}})},
          {"clip_outliers", {}},
          {"clip_outliers", object({{"method", "z_score"}, {"action", "to_missing"}})},
          {"clip_outliers", object({{"method", "percentile"}})},
          {"clip_outliers", object({{"action", "remove"}})},
          {"equal_width_bin", {}},
          {"equal_width_bin", only("n", {{"n_bins", 3}, {"encode", "one_hot"}})},
          {"equal_frequency_bin", {}},
          {"equal_frequency_bin", only("n", {{"n_bins", 3}, {"encode", "one_hot"}})},
          {"variance_threshold", {}},
          {"drop_constant", {}},
          {"drop_constant", object({{"ignore_missing", true}})},
          {"drop_constant", object({{"max_share", 0.3}})},
          {"target_encode", {}},
          {"target_encode", only("n", {{"min_samples", 2}})},
          {"select", only("x")}};
}

// Weights below 1 are left to the sketch's own test: there a median that is whole but for rounding decides what a column becomes.
RC_GTEST_PROP(ChunkFit, OfAnyChunksIsTheFitOfAllRows, ()) {
  const auto n = static_cast<size_t>(*rc::gen::inRange(1, 80));
  const Table table = any_rows(n);
  std::vector<double> weights;
  if (*rc::gen::arbitrary<bool>())
    for (const int weight : *rc::gen::container<std::vector<int>>(n, rc::gen::inRange(0, 8)))
      weights.push_back(weight == 0 ? 0 : 0.25 * (weight + 3));
  std::vector<double> values;
  for (const int value : *rc::gen::container<std::vector<int>>(n, rc::gen::inRange(-50, 50))) values.push_back(0.1 * value);
  const Target target = regression(std::move(values));
  for (const Case& each : cases()) {
    const auto transformer = transformers().make(each.transformer, each.parameters);
    const auto whole = transformer->fit({table, &target, weights}, with_threads(1));
    const auto chunked = fitted_in_chunks(*transformer, table, target, weights);
    expect_same(transformer_to_value(*whole), transformer_to_value(*chunked), each.transformer);
  }
}

TEST(ChunkFit, OfEveryTransformerThatHasOneIsAmongTheCases) {
  for (const std::string& name : transformers().names()) {
    const bool is_case = std::ranges::any_of(cases(), [&](const Case& each) { return each.transformer == name; });
    EXPECT_TRUE(is_case || transformers().make(name)->start_chunks() == nullptr) << name;
  }
}

/// Rows whose likeliest power is well known, few enough for a sketch to keep them all.
Table log_normal(size_t n) {
  std::vector<double> x(n);
  for (size_t i = 0; i < n; ++i) x[i] = std::exp(std::sin(static_cast<double>(i * i % 997)) + 0.5 * std::cos(static_cast<double>(i % 89)));
  return Table({Column::numeric("x", std::move(x))});
}

TEST(ChunkFit, FindsTheLikeliestPowerOfAllRows) {
  const Table table = log_normal(5000);
  for (const char* name : {"yeo_johnson", "box_cox"}) {
    const auto transformer = transformers().make(name, object({}));
    const auto fit = transformer->start_chunks();
    for (size_t begin = 0; begin < table.n_rows(); begin += 700)
      fit->add({table.slice(begin, std::min<size_t>(700, table.n_rows() - begin))}, with_threads(1));
    const Value whole = transformer->fit({table}, with_threads(1))->to_value().at("columns").as_list()[0];
    const Value chunked = fit->finish()->to_value().at("columns").as_list()[0];
    for (const char* member : {"lambda", "center", "scale"})
      EXPECT_NEAR(whole.at(member).as_real(), chunked.at(member).as_real(), 1e-5) << name << " " << member;
  }
}

TEST(ChunkFit, DropsTheColumnsThatTheFitOfAllRowsDrops) {
  const std::vector<uint8_t> there{1, 1, 1, 0, 1, 1, 1, 1};
  const Table table({Column::numeric("one", std::vector<double>{0.0, -0.0, 0, 0, 0, 0, 0, 0}),
                     Column::numeric("late", std::vector<double>{3, 3, 3, 3, 3, 3, 3, 4}),
                     Column::numeric("wide", std::vector<double>{1, 9, 2, 8, 3, 7, 4, 6}), integers("gap", {2, 2, 2, 2, 2, 2, 2, 2}, there),
                     Column::text("blank", std::vector<std::string>{"a", "a", "a ", "a", "a", "a", "a", "a"})});
  const std::vector<std::pair<const char*, Value>> each{{"drop_constant", {}},
                                                        {"drop_constant", object({{"max_share", 0.8}})},
                                                        {"drop_constant", object({{"ignore_missing", true}})},
                                                        {"variance_threshold", {}},
                                                        {"variance_threshold", object({{"threshold", 0.3}})}};
  const std::vector<std::vector<std::string>> kept{
      {"late", "wide", "gap", "blank"}, {"wide"}, {"late", "wide", "blank"}, {"late", "wide", "blank"}, {"wide", "blank"}};
  for (size_t i = 0; i < each.size(); ++i) {
    const auto transformer = transformers().make(each[i].first, each[i].second);
    const auto fit = transformer->start_chunks();
    for (size_t begin = 0; begin < 8; begin += 2) fit->add({table.slice(begin, 2)}, with_threads(1));
    const auto chunked = fit->finish();
    EXPECT_EQ(chunked->transform(table).names(), kept[i]) << each[i].first;
    EXPECT_EQ(transformer_to_value(*chunked), transformer_to_value(*transformer->fit({table}, with_threads(1)))) << each[i].first;
  }
}

TEST(ChunkFit, IsRefusedByWhatNeedsAllRowsAtOnce) {
  for (const char* name : {"knn_impute", "iterative_impute", "leave_one_out_encode", "isolation_forest_outliers"})
    EXPECT_EQ(transformers().make(name)->start_chunks(), nullptr) << name;
}

TEST(ChunkFit, OfManyLevelsStopsAtTheMemoryBudget) {
  const auto transformer = transformers().make("ordinal", object({{"columns", list({"n"})}}));
  std::vector<int64_t> values(100'000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int64_t>(i);
  const Table table({Column::integer("n", std::move(values))});
  FitContext context = with_threads(1);
  context.memory = std::make_shared<MemoryBudget>(1 << 20);
  const auto fit = transformer->start_chunks();
  try {
    fit->add({table}, context);
    FAIL() << "the budget was not kept";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::OutOfMemory);
    EXPECT_NE(error.message().find("'n'"), std::string::npos) << error.message();
  }
}

TEST(ChunkFit, TellsWhichColumnOfALaterChunkDiffers) {
  const auto transformer = transformers().make("standard_scale");
  const auto fit = transformer->start_chunks();
  EXPECT_THROW((void)fit->finish(), Error);
  fit->add({Table({Column::numeric("x", std::vector<double>{1, 2})})}, with_threads(1));
  try {
    fit->add({Table({integers("x", {1, 2})})}, with_threads(1));
    FAIL() << "another kind was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::FeatureMismatch);
    EXPECT_NE(error.message().find("a later chunk has integer values in 'x' where the first has numeric"), std::string::npos)
        << error.message();
  }
}

}  // namespace
}  // namespace kolosal
