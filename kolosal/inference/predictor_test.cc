// Predictor: sums by hand, rows and threads that do not matter, importances by source, and the way through a file.
#include "kolosal/inference/predictor.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <functional>
#include <optional>

#include "kolosal/base/json.h"
#include "kolosal/inference/artifact.h"

namespace kolosal {
namespace {

// Output k of a row is  bias[k] + sum_j weights[k][j] x_j.
class SumModel : public Model {
 public:
  SumModel(std::vector<std::vector<double>> weights, std::vector<double> bias, std::vector<double> importance = {})
      : weights_(std::move(weights)), bias_(std::move(bias)), importance_(std::move(importance)) {}
  std::string_view form() const override { return "sum"; }
  size_t n_features() const override { return weights_[0].size(); }
  size_t n_outputs() const override { return bias_.size(); }
  void predict(const FeatureMatrix& x, std::span<double> out) const override {
    check_input(x, out);
    n_rows_seen += x.n_rows();
    for (size_t i = 0; i < x.n_rows(); ++i)
      for (size_t k = 0; k < bias_.size(); ++k) {
        double sum = bias_[k];
        for (size_t j = 0; j < weights_[k].size(); ++j) sum += weights_[k][j] * static_cast<double>(x.at(i, j));
        out[i * bias_.size() + k] = sum;
      }
  }
  std::vector<double> feature_importance() const override { return importance_; }
  Value to_value() const override { return {}; }

  mutable std::atomic<size_t> n_rows_seen = 0;

 private:
  std::vector<std::vector<double>> weights_;
  std::vector<double> bias_, importance_;
};

std::shared_ptr<const SumModel> sum_of(std::vector<double> weights, double bias) {
  return std::make_shared<const SumModel>(std::vector<std::vector<double>>{std::move(weights)}, std::vector<double>{bias});
}

// A model of class probabilities that do not depend on the row, and do not have to sum to 1.
std::shared_ptr<const Model> always(std::vector<double> probabilities) {
  return std::make_shared<const SumModel>(std::vector<std::vector<double>>(probabilities.size(), {0.0, 0.0}), probabilities);
}

std::shared_ptr<const FittedPipeline> columns_as_they_are(const std::vector<std::string>& names) {
  std::vector<Feature> features;
  for (const std::string& name : names) features.push_back({name, 0});
  return std::make_shared<const FittedPipeline>(std::vector<std::unique_ptr<FittedTransformer>>(), features);
}

Schema schema_of(const std::vector<std::string>& features, const std::vector<std::string>& targets) {
  Schema schema;
  for (const std::string& name : features) schema.columns.push_back({.name = name});
  for (const std::string& name : targets) schema.columns.push_back({.name = name, .role = ColumnRole::Target});
  return schema;
}

Table table_of(size_t n_rows) {
  std::vector<double> a(n_rows), b(n_rows);
  for (size_t i = 0; i < n_rows; ++i) a[i] = static_cast<double>(i % 97) / 7, b[i] = static_cast<double>(i * i % 1009);
  return Table({Column::numeric("a", a), Column::numeric("b", b)});
}

template <class Call>
std::optional<ErrorCode> error_of(Call call) {
  try {
    call();
    return std::nullopt;
  } catch (const Error& error) {
    return error.code();
  }
}

// Weight 0.25: the mean of two models over (a, b). Weight 0.75: one model over (b, a).
Predictor small_predictor() {
  const auto forwards = columns_as_they_are({"a", "b"}), backwards = columns_as_they_are({"b", "a"});
  return Predictor(schema_of({"a", "b"}, {"y"}), Task::Regression, {},
                   {{"first", 0.25, {{forwards, sum_of({1, 0}, 1)}, {forwards, sum_of({0, 4}, 3)}}},
                    {"second", 0.75, {{backwards, sum_of({8, 0}, 0)}}}});
}

TEST(Predictor, PredictsTheWeightedSumOfTheMeansOfItsMembers) {
  const Predictor predictor = small_predictor();
  const Table table({Column::numeric("a", std::vector<double>{1, 2}), Column::numeric("b", std::vector<double>{10, 20})});
  const Predictions predictions = predictor.predict(table, Threads(2));
  EXPECT_EQ(predictions.n_rows, 2u);
  EXPECT_EQ(predictions.n_outputs, 1u);
  EXPECT_DOUBLE_EQ(predictions.values[0], 0.25 * ((1 + 1) + (40 + 3)) / 2 + 0.75 * 80);
  EXPECT_DOUBLE_EQ(predictions.values[1], 0.25 * ((2 + 1) + (80 + 3)) / 2 + 0.75 * 160);
  EXPECT_EQ(predictor.predict_member(0, table, Threads(1)).values, (std::vector<double>{22.5, 43}));
  EXPECT_EQ(predictor.predict_member(1, table, Threads(1)).values, (std::vector<double>{80, 160}));
  EXPECT_EQ(error_of([&] { predictor.predict_member(2, table, Threads(1)); }), ErrorCode::BadValue);
}

TEST(Predictor, ProbabilitiesOfARowSumToOne) {
  const auto pipeline = columns_as_they_are({"a", "b"});
  const Predictor predictor(schema_of({"a", "b"}, {"y"}), Task::Multiclass, {"x", "", "z"},
                            {{"m", 0.5, {{pipeline, always({0.2, 0.2, 0.2})}}}, {"n", 0.5, {{pipeline, always({0.8, 0.0, 0.0})}}}});
  const Predictions predictions = predictor.predict(table_of(3), Threads(1));
  for (size_t row = 0; row < 3; ++row) {
    EXPECT_NEAR(predictions.values[3 * row], 5.0 / 7, 1e-15);
    EXPECT_NEAR(predictions.values[3 * row + 2], 1.0 / 7, 1e-15);
  }
  EXPECT_EQ(predictions.class_names, predictor.class_names());
  EXPECT_EQ(predictions.to_table(predictor.target_names()).column("prediction").display(0), "x");
}

TEST(Predictor, TheNumberOfThreadsAndTheOtherRowsDoNotMatter) {
  const Predictor predictor = small_predictor();
  const Table table = table_of(10000);
  const std::vector<double> one = predictor.predict(table, Threads(1)).values;
  for (const int n_threads : {2, 3, 8}) EXPECT_EQ(predictor.predict(table, Threads(n_threads)).values, one);
  const Threads threads(1);
  for (size_t row = 0; row < table.n_rows(); row += 611) EXPECT_EQ(predictor.predict(table.slice(row, 1), threads).values[0], one[row]);
}

TEST(Predictor, FindsItsColumnsByNameAndSaysWhatIsMissing) {
  const Predictor predictor = small_predictor();
  const Table table = table_of(5);
  const std::vector<double> expected = predictor.predict(table, Threads(1)).values;
  const Table other({Column::numeric("extra", std::vector<double>(5)), table.column("b"), table.column("a")});
  EXPECT_EQ(predictor.predict(other, Threads(1)).values, expected);
  EXPECT_EQ(error_of([&] { predictor.predict(Table({table.column("a")}), Threads(1)); }), ErrorCode::FeatureMismatch);
  EXPECT_EQ(error_of([&] { predictor.predict(table.slice(0, 0), Threads(1)); }), ErrorCode::EmptyInput);
}

TEST(Predictor, PredictsRowsWithoutFeatures) {
  const auto model = std::make_shared<const SumModel>(std::vector<std::vector<double>>{{}}, std::vector<double>{4});
  const Predictor predictor(schema_of({}, {"y"}), Task::Regression, {}, {{"m", 1, {{columns_as_they_are({}), model}}}});
  EXPECT_EQ(predictor.predict(table_of(3), Threads(1)).values, (std::vector<double>{4, 4, 4}));
}

TEST(Predictor, DoesNotRunAMemberOfWeightZero) {
  const auto pipeline = columns_as_they_are({"a", "b"});
  const auto idle = sum_of({NAN, NAN}, 0), busy = sum_of({1, 1}, 0);
  const Predictor predictor(schema_of({"a", "b"}, {"y"}), Task::Regression, {},
                            {{"idle", 0, {{pipeline, idle}}}, {"busy", 1, {{pipeline, busy}}}});
  EXPECT_EQ(predictor.predict(table_of(10), Threads(1)).values[0], 0.0);
  EXPECT_EQ(idle->n_rows_seen, 0u);
  EXPECT_EQ(busy->n_rows_seen, 10u);
}

TEST(Predictor, SeveralTargetsAreSeveralOutputs) {
  const auto pipeline = columns_as_they_are({"a", "b"});
  const auto model = std::make_shared<const SumModel>(std::vector<std::vector<double>>{{1, 0}, {0, 1}}, std::vector<double>{0, 0});
  const Predictor predictor(schema_of({"a", "b"}, {"u", "v"}), Task::MultiRegression, {}, {{"m", 1, {{pipeline, model}}}});
  EXPECT_EQ(predictor.n_outputs(), 2u);
  const Table out = predictor.predict(table_of(4), Threads(1)).to_table(predictor.target_names());
  EXPECT_EQ(out.names(), (std::vector<std::string>{"prediction_u", "prediction_v"}));
  EXPECT_EQ(out.column("prediction_v").float64()[3], 9.0);
}

TEST(Predictor, ImportancesGoToTheColumnsThatFeaturesComeFrom) {
  const auto model = [](std::vector<double> importance) {
    return std::make_shared<const SumModel>(std::vector<std::vector<double>>{std::vector<double>(importance.size())},
                                            std::vector<double>{0}, importance);
  };
  const auto pipeline = columns_as_they_are({"city", "city__Oslo", "city__a__year", "city__a", "cityscape"});
  const auto other = columns_as_they_are({"unused"});
  const Predictor predictor(
      schema_of({"city", "city__a", "cityscape", "unused"}, {"y"}), Task::Regression, {},
      {{"m", 0.5, {{pipeline, model({0.1, 0.2, 0.3, 0.1, 0.3})}, {pipeline, model({1, 0, 0, 0, 0})}}},
       {"k", 0.5, {{other, std::make_shared<const SumModel>(std::vector<std::vector<double>>{{0}}, std::vector<double>{0})}}}});
  const auto importance = predictor.feature_importance();
  ASSERT_EQ(importance.size(), 4u);
  EXPECT_EQ(importance[0].first, "city");
  EXPECT_NEAR(importance[0].second, 0.65, 1e-12);
  EXPECT_NEAR(importance[1].second, 0.2, 1e-12);
  EXPECT_NEAR(importance[2].second, 0.15, 1e-12);
  EXPECT_EQ(importance[3], (std::pair<std::string, double>("unused", 0)));

  const Predictor silent = small_predictor();
  for (const auto& [name, share] : silent.feature_importance()) EXPECT_EQ(share, 0) << name;
}

TEST(Predictor, RefusesPartsThatDoNotFitEachOther) {
  const auto pipeline = columns_as_they_are({"a", "b"});
  const Schema schema = schema_of({"a", "b"}, {"y"});
  const auto refused = [&](Task task, std::vector<std::string> classes, std::vector<PredictorMember> members) {
    return error_of([&] { Predictor(schema, task, std::move(classes), std::move(members)); }) == ErrorCode::BadValue;
  };
  const auto good = sum_of({1, 1}, 0);
  EXPECT_FALSE(refused(Task::Regression, {}, {{"m", 1, {{pipeline, good}}}}));
  EXPECT_TRUE(refused(Task::Regression, {}, {}));
  EXPECT_TRUE(refused(Task::Regression, {}, {{"m", 1, {}}}));
  EXPECT_TRUE(refused(Task::Regression, {}, {{"m", 0.9, {{pipeline, good}}}}));
  EXPECT_TRUE(refused(Task::Regression, {}, {{"m", NAN, {{pipeline, good}}}}));
  EXPECT_TRUE(refused(Task::Regression, {}, {{"m", 2, {{pipeline, good}}}, {"n", -1, {{pipeline, good}}}}));
  EXPECT_TRUE(refused(Task::Regression, {}, {{"m", 1, {{pipeline, nullptr}}}}));
  EXPECT_TRUE(refused(Task::Regression, {}, {{"m", 1, {{nullptr, good}}}}));
  EXPECT_TRUE(refused(Task::Regression, {}, {{"m", 1, {{pipeline, sum_of({1}, 0)}}}}));
  EXPECT_TRUE(refused(Task::Regression, {}, {{"m", 1, {{pipeline, always({0.5, 0.5})}}}}));
  EXPECT_TRUE(refused(Task::Regression, {"a", "b"}, {{"m", 1, {{pipeline, good}}}}));
  EXPECT_FALSE(refused(Task::Binary, {"a", "b"}, {{"m", 1, {{pipeline, always({0.5, 0.5})}}}}));
  EXPECT_TRUE(refused(Task::Binary, {"a", "a"}, {{"m", 1, {{pipeline, always({0.5, 0.5})}}}}));
  EXPECT_TRUE(refused(Task::Binary, {"a", "b", "c"}, {{"m", 1, {{pipeline, always({0.5, 0.3, 0.2})}}}}));
  EXPECT_TRUE(refused(Task::Multiclass, {"a", "b", "c"}, {{"m", 1, {{pipeline, always({0.5, 0.5})}}}}));
  EXPECT_TRUE(refused(Task::Multiclass, {}, {{"m", 1, {{pipeline, good}}}}));
}

// ---- The way through a file, with models of a form of the catalog

std::shared_ptr<const Model> linear(std::vector<double> weights, double bias) {
  return model_from_value(Value(Value::Object{{"form", "linear"},
                                              {"model", Value(Value::Object{{"n_features", weights.size()},
                                                                            {"weights", Value(NumberArray::from(weights))},
                                                                            {"bias", Value(NumberArray::from(std::vector<double>{bias}))},
                                                                            {"link", "sigmoid"}})}}));
}

Predictor saved_predictor() {
  const auto shared = columns_as_they_are({"a", "b"}), own = columns_as_they_are({"b"});
  return Predictor(schema_of({"a", "b"}, {"y"}), Task::Binary, {"no", "yes"},
                   {{"first", 0.3, {{shared, linear({0.5, -0.01}, 0.25)}, {shared, linear({-1, 0.002}, 0)}}},
                    {"second", 0.7, {{own, linear({0.001}, -0.5)}}}});
}

TEST(Predictor, PredictsTheSameAfterItsWayThroughAFile) {
  const Predictor predictor = saved_predictor();
  const std::string path = testing::TempDir() + "kolosal-predictor-test-" + std::to_string(::getpid());
  write_artifact(path, Value(Value::Object{}), predictor.to_value());
  const Predictor back = Predictor::from_value(read_artifact(path));
  std::filesystem::remove(path);
  EXPECT_EQ(back.predict(table_of(5000), Threads(2)).values, predictor.predict(table_of(5000), Threads(2)).values);
  EXPECT_EQ(back.to_value(), predictor.to_value());
  EXPECT_EQ(back.feature_importance(), predictor.feature_importance());
  EXPECT_EQ(back.class_names(), predictor.class_names());
}

TEST(Predictor, KeepsAPipelineThatModelsShareOnce) {
  const Value value = saved_predictor().to_value();
  EXPECT_EQ(value.at("pipelines").as_list().size(), 2u);
  const Predictor back = Predictor::from_value(value);
  EXPECT_EQ(back.members()[0].members[0].pipeline, back.members()[0].members[1].pipeline);
}

TEST(Predictor, ANewerOneIsToldApartFromABrokenOne) {
  Value newer = saved_predictor().to_value();
  newer.set("version", 2);
  EXPECT_EQ(error_of([&] { Predictor::from_value(newer); }), ErrorCode::UnsupportedVersion);
  Value unknown = saved_predictor().to_value();
  Value& fitted = unknown.as_object().back().second.as_list()[0].as_object().back().second.as_list()[0];
  fitted.as_object().back().second.set("form", "crystal_ball");
  EXPECT_EQ(error_of([&] { Predictor::from_value(unknown); }), ErrorCode::UnsupportedVersion);
  EXPECT_EQ(error_of([&] { Predictor::from_value(Value(3)); }), ErrorCode::CorruptArtifact);
}

// Calls `visit` with every node below `value`, and puts each back as it was afterwards.
void change_each(Value& value, const std::function<void(Value& node)>& visit) {
  if (value.is_list())
    for (Value& element : value.as_list()) change_each(element, visit);
  if (value.is_object())
    for (auto& [key, member] : value.as_object()) change_each(member, visit);
  const Value before = value;
  visit(value);
  value = before;
}

TEST(Predictor, APartOfItThatIsSomethingElseIsAnErrorOrAnotherPredictorThatWorks) {
  Value value = saved_predictor().to_value();
  const Table table = table_of(3);
  size_t n_refused = 0;
  change_each(value, [&](Value& node) {
    for (const Value& other : {Value(), Value(-1), Value(7), Value(0.5), Value("x"), Value(Value::List{}), Value(Value::Object{}),
                               Value(NumberArray::from(std::vector<int32_t>{9, -9}))}) {
      node = other;
      try {
        const Predictor changed = Predictor::from_value(value);
        const auto code = error_of([&] { changed.predict(table, Threads(1)); });
        EXPECT_TRUE(!code || code == ErrorCode::FeatureMismatch || code == ErrorCode::UnknownColumn) << to_json(value);
      } catch (const Error& error) {
        ++n_refused;
        EXPECT_TRUE(error.code() == ErrorCode::CorruptArtifact || error.code() == ErrorCode::UnsupportedVersion) << to_json(value);
      }
    }
  });
  EXPECT_GT(n_refused, 50u);
}

}  // namespace
}  // namespace kolosal
