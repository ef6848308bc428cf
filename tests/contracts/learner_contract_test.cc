// What every learner of the catalog promises, for every task it supports: the same bytes from the same seed on any number of
// threads, saved and loaded models that predict the same, weights that mean what they say, an answer or an Error for the
// smallest inputs, bounds that hold, memory within the budget, and an end when the context asks for one.

#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <limits>
#include <map>
#include <new>
#include <numeric>
#include <optional>
#include <set>
#include <thread>

#include "kolosal/base/random.h"
#include "kolosal/models/learner.h"
#include "tests/contracts/parameter_bounds.h"

namespace {

// Bytes that operator new gave and has not had back, and the most of them since peak_bytes was set.
std::atomic<size_t> live_bytes, peak_bytes;

void* counted(void* memory) noexcept {
  if (memory == nullptr) return nullptr;
  const size_t live = live_bytes += malloc_usable_size(memory);
  size_t peak = peak_bytes;
  while (live > peak && !peak_bytes.compare_exchange_weak(peak, live)) {
  }
  return memory;
}

void* counted_or_thrown(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return counted(memory);
}

void give_back(void* memory) noexcept {
  if (memory == nullptr) return;
  live_bytes -= malloc_usable_size(memory);
  std::free(memory);
}

}  // namespace

void* operator new(size_t size) { return counted_or_thrown(std::malloc(size > 0 ? size : 1)); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return counted(std::malloc(size > 0 ? size : 1)); }
void* operator new(size_t size, std::align_val_t alignment) {
  const auto unit = static_cast<size_t>(alignment);
  return counted_or_thrown(std::aligned_alloc(unit, (size + unit - 1) / unit * unit));
}
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, size_t) noexcept { give_back(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { give_back(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { give_back(memory); }

namespace kolosal {
namespace {

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();
constexpr Task kTasks[] = {Task::Binary, Task::Multiclass, Task::Regression, Task::MultiRegression, Task::Ranking};

struct Rows {
  FeatureMatrix x;
  Target target;
};

// Two numbers, and what else the learner takes: a number with missing values, a category.
Rows make_rows(Task task, FeatureNeeds needs, size_t n, uint64_t seed = 1) {
  std::vector<Feature> features = {{"a", 0}, {"b", 0}};
  if (needs.accepts_missing) features.push_back({"holes", 0});
  if (needs.accepts_categories) features.push_back({"category", 4});
  Rows rows{FeatureMatrix(features, n), {task, n, task == Task::MultiRegression ? 2U : 1U, {}, {}, {}}};
  if (task == Task::Binary) rows.target.class_names = {"no", "yes"};
  if (task == Task::Multiclass) rows.target.class_names = {"x", "y", "z"};
  RandomStream random(seed, "contract");
  for (size_t i = 0; i < n; ++i) {
    std::vector<double> z;
    for (size_t j = 0; j < features.size(); ++j) {
      z.push_back(features[j].n_categories > 0 ? static_cast<double>(random.below(4)) : random.normal());
      rows.x.column(j)[i] = static_cast<float>(z[j]);
    }
    if (needs.accepts_missing && random.uniform() < 0.2) rows.x.column(2)[i] = kMissing;
    const double signal = 2 * z[0] - z[1] + (features.size() > 2 ? z.back() : 0) + 0.5 * random.normal();
    switch (task) {
      case Task::Binary: rows.target.values.push_back(signal > 0.5); break;
      case Task::Multiclass: rows.target.values.push_back(signal > 1.5 ? 2 : signal > -0.5); break;
      case Task::Regression: rows.target.values.push_back(signal); break;
      case Task::MultiRegression: rows.target.values.insert(rows.target.values.end(), {signal, z[0] + z[1]}); break;
      case Task::Ranking:
        rows.target.values.push_back(signal > 2 ? 2 : signal > 0);
        rows.target.group.push_back(static_cast<uint32_t>(i / 8));
        break;
    }
  }
  return rows;
}

FitContext context_of(int n_threads, uint64_t seed = 7) {
  FitContext context;
  context.threads = std::make_shared<const Threads>(n_threads);
  context.seed = seed;
  return context;
}

std::vector<double> predict(const Model& model, const FeatureMatrix& x) {
  std::vector<double> out(x.n_rows() * model.n_outputs());
  model.predict(x, out);
  return out;
}

// Learners that refuse a target that is zero or negative.
const std::set<std::string> kOfPositiveNumbers = {"gamma", "poisson", "tweedie"};
// Learners that refuse a feature that is negative.
const std::set<std::string> kOfCounts = {"multinomial_naive_bayes"};
// Learners of small tables: cost grows with the cube of the rows.
const std::set<std::string> kOfFewRows = {"gaussian_process"};

// Learners whose rows, or their order, are drawn by their numbers, or whose probabilities come of folds of them: a row of weight 2 is not
// two.
const std::set<std::string> kDrawn = {"mlp", "quantile_forest", "sgd", "svc"};
// Parameters of others with which no rows are drawn, none are counted whatever their weights, and leaves are large enough that no two
// splits are equally good but for rounding.
const std::map<std::string, Value::Object> kUndrawn = {
    {"gradient_boosting", {{"row_fraction", Value(1.0)}, {"feature_fraction", Value(1.0)}, {"min_rows_in_leaf", Value(1)}}},
    {"k_nearest", {{"k", Value(1)}}},
    {"decision_tree", {{"max_depth", Value(3)}}},
    {"extra_trees", {{"max_depth", Value(3)}}},
    {"random_forest", {{"bootstrap", Value(false)}, {"max_depth", Value(3)}}}};
// Learners of trees, whose leaves are of single precision.
const std::set<std::string> kOfTrees = {"decision_tree", "extra_trees", "gradient_boosting", "quantile_forest", "random_forest"};
// Values of a parameter that make another algorithm of a learner that has it.
const std::vector<std::pair<std::string, std::string>> kVariants = {{"split_method", "histogram"}, {"precision", "bfloat16"}};

// A learner and one of its tasks, and parameters that are not the defaults. Learners of many trees or passes get few of them.
struct Case {
  std::string name;
  Task task;
  std::optional<std::pair<std::string, std::string>> variant = {};

  std::unique_ptr<Learner> learner(const Value::Object& others = {}) const {
    const CatalogEntry<Learner>& entry = learners().at(name);
    Value parameters(others);
    if (variant) parameters.set(variant->first, Value(variant->second));
    if (entry.parameters.find("n_trees") != nullptr) parameters.set("n_trees", Value(12));
    if (entry.parameters.find("n_epochs") != nullptr) parameters.set("n_epochs", Value(6));
    return entry.make(parameters);
  }
  Rows rows(size_t n = 160, uint64_t seed = 1) const {
    Rows made = make_rows(task, learner()->needs(), kOfFewRows.contains(name) ? std::min<size_t>(n, 200) : n, seed);
    if (kOfPositiveNumbers.contains(name))
      for (double& value : made.target.values) value = std::exp(0.5 * value);
    if (kOfCounts.contains(name))
      for (size_t j = 0; j < made.x.n_features(); ++j)
        for (float& value : made.x.column(j)) value = std::abs(value);
    return made;
  }
  std::unique_ptr<Model> fit(const TrainingSet& train, const FitContext& context = context_of(1)) const {
    return learner()->fit(train, nullptr, context);
  }
};

class LearnerContract : public testing::TestWithParam<Case> {};

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const std::string& name : learners().names())
    for (const Task task : kTasks)
      if (learners().make(name)->unavailable().empty() && learners().make(name)->supports(task)) {
        cases.push_back({name, task});
        for (const auto& variant : kVariants)
          if (learners().at(name).parameters.find(variant.first) != nullptr) cases.push_back({name, task, variant});
      }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(All, LearnerContract, testing::ValuesIn(all_cases()), [](const auto& instance) {
  const Case& c = instance.param;
  return c.name + "_" + (c.variant ? c.variant->second + "_" : "") + std::string(enum_name(c.task));
});

// Predictions that are numbers, and probabilities that sum to 1.
void expect_sound(const Model& model, const Rows& rows) {
  ASSERT_EQ(model.n_outputs(), rows.target.n_outputs());
  ASSERT_EQ(model.n_features(), rows.x.n_features());
  const std::vector<double> out = predict(model, rows.x);
  for (const double value : out) ASSERT_TRUE(std::isfinite(value));
  if (!is_classification(rows.target.task)) return;
  for (size_t begin = 0; begin < out.size(); begin += model.n_outputs()) {
    double total = 0;
    for (size_t k = 0; k < model.n_outputs(); ++k) {
      ASSERT_GE(out[begin + k], 0);
      total += out[begin + k];
    }
    ASSERT_NEAR(total, 1, 1e-9);
  }
}

// What a learner may say of rows, time or memory that it cannot do with.
void expect_answer(const Error& error) {
  const std::set<ErrorCode> answers = {ErrorCode::BadValue,    ErrorCode::EmptyInput,  ErrorCode::FeatureMismatch,
                                       ErrorCode::Unsupported, ErrorCode::OutOfMemory, ErrorCode::Timeout};
  EXPECT_TRUE(answers.contains(error.code())) << error_code_name(error.code()) << ": " << error.what();
}

// A fit gives a sound model or an answer why not, never anything else.
void expect_model_or_error(const Case& c, const Rows& rows, std::span<const double> weights = {}) {
  try {
    expect_sound(*c.fit({rows.x, rows.target, weights}), rows);
  } catch (const Error& error) {
    expect_answer(error);
  }
}

// Sums over rows may be taken in another order where rows are left out, and a minimiser then stops elsewhere by a little.
void expect_close(const std::vector<double>& a, const std::vector<double>& b, double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], tolerance * (1 + std::abs(a[i]))) << "at " << i;
}

TEST_P(LearnerContract, GivesTheSameBytesFromTheSameSeedOnAnyNumberOfThreads) {
  const Rows rows = GetParam().rows(5000);
  const TrainingSet train{rows.x, rows.target};
  const Value once = model_to_value(*GetParam().fit(train));
  EXPECT_EQ(once, model_to_value(*GetParam().fit(train)));
  EXPECT_EQ(once, model_to_value(*GetParam().fit(train, context_of(8))));
}

TEST_P(LearnerContract, GivesTheSameBytesWithHeldOutRowsOnAnyNumberOfThreads) {
  const Rows rows = GetParam().rows(400), held_out = GetParam().rows(160, 2);
  const TrainingSet train{rows.x, rows.target}, validation{held_out.x, held_out.target};
  EXPECT_EQ(model_to_value(*GetParam().learner()->fit(train, &validation, context_of(1))),
            model_to_value(*GetParam().learner()->fit(train, &validation, context_of(8))));
}

TEST_P(LearnerContract, RefusesHeldOutRowsUnlikeThoseLearntFrom) {
  if (!GetParam().learner()->uses_validation()) return;
  const Rows rows = GetParam().rows(), held_out = GetParam().rows(40, 2);
  const auto refuses = [&](const FeatureMatrix& x, const Target& target, std::span<const double> weights = {}) {
    const TrainingSet validation{x, target, weights};
    EXPECT_THROW((void)GetParam().learner()->fit({rows.x, rows.target}, &validation, context_of(1)), Error);
  };
  refuses(FeatureMatrix({{"a", 0}}, 40), held_out.target);
  refuses(held_out.x, GetParam().rows(39, 2).target);
  refuses(held_out.x, held_out.target, std::vector<double>(39, 1.0));
  refuses(held_out.x, held_out.target, std::vector<double>(40, -1.0));
  Target unknown = held_out.target;
  unknown.values[3] = std::numeric_limits<double>::quiet_NaN();
  refuses(held_out.x, unknown);
  unknown = held_out.target;
  unknown.task = is_classification(unknown.task) ? Task::Regression : Task::Binary;
  refuses(held_out.x, unknown);
}

TEST_P(LearnerContract, TakesHeldOutRowsOfNoWeightForNone) {
  const Rows rows = GetParam().rows(), held_out = GetParam().rows(40, 2);
  const std::vector<double> weights(40, 0.0);
  const TrainingSet train{rows.x, rows.target}, none{held_out.x, held_out.target, weights};
  const FeatureMatrix empty = held_out.x.take({});
  const Target nothing = held_out.target.take({});
  const TrainingSet of_no_rows{empty, nothing};
  const auto fit = [&](const TrainingSet* validation) {
    return model_to_value(*GetParam().learner()->fit(train, validation, context_of(1)));
  };
  const Value alone = fit(nullptr);
  EXPECT_EQ(alone, fit(&none));
  EXPECT_EQ(alone, fit(&of_no_rows));
}

TEST_P(LearnerContract, GivesTheSameBytesWhereFitsShareTheirWork) {
  const Rows rows = GetParam().rows(400), held_out = GetParam().rows(160, 2);
  const TrainingSet train{rows.x, rows.target}, validation{held_out.x, held_out.target};
  FitContext sharing = context_of(1);
  sharing.share_work();
  for (const TrainingSet* held : {static_cast<const TrainingSet*>(nullptr), &validation}) {
    const Value alone = model_to_value(*GetParam().learner()->fit(train, held, context_of(1)));
    for (int i = 0; i < 2; ++i) EXPECT_EQ(alone, model_to_value(*GetParam().learner()->fit(train, held, sharing)));
  }
}

TEST_P(LearnerContract, PredictsTheSameAfterSavingAndLoading) {
  const Rows rows = GetParam().rows(), others = GetParam().rows(64, 2);
  const auto model = GetParam().fit({rows.x, rows.target});
  const auto loaded = model_from_value(model_to_value(*model));
  EXPECT_EQ(predict(*model, others.x), predict(*loaded, others.x));
  EXPECT_EQ(model_to_value(*model), model_to_value(*loaded));
}

TEST_P(LearnerContract, PredictsARowTheSameAloneAndAmongOthers) {
  const Rows rows = GetParam().rows(), others = GetParam().rows(70, 2);
  const auto model = GetParam().fit({rows.x, rows.target});
  const std::vector<double> batch = predict(*model, others.x);
  std::vector<double> alone;
  for (uint32_t row = 0; row < 70; ++row) {
    const std::vector<double> out = predict(*model, others.x.take(std::vector<uint32_t>{row}));
    alone.insert(alone.end(), out.begin(), out.end());
  }
  EXPECT_EQ(batch, alone);
}

TEST_P(LearnerContract, GivesProbabilitiesThatSumToOneAndFiniteNumbers) {
  const Rows rows = GetParam().rows();
  const auto model = GetParam().fit({rows.x, rows.target});
  expect_sound(*model, rows);
  const std::vector<double> importance = model->feature_importance();
  if (importance.empty()) return;
  ASSERT_EQ(importance.size(), rows.x.n_features());
  const double total = std::accumulate(importance.begin(), importance.end(), 0.0);
  EXPECT_TRUE(total == 0 || std::abs(total - 1) < 1e-9);
}

TEST_P(LearnerContract, RefusesAnotherNumberOfFeatures) {
  const Rows rows = GetParam().rows();
  const auto model = GetParam().fit({rows.x, rows.target});
  const FeatureMatrix narrow({{"a", 0}}, 3);
  std::vector<double> out(3 * model->n_outputs());
  try {
    model->predict(narrow, out);
    FAIL() << "predicted from one feature";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::FeatureMismatch);
  }
}

TEST_P(LearnerContract, TakesWeightsOfOneForNone) {
  const Rows rows = GetParam().rows();
  const std::vector<double> ones(rows.target.n_rows, 1.0);
  EXPECT_EQ(model_to_value(*GetParam().fit({rows.x, rows.target})), model_to_value(*GetParam().fit({rows.x, rows.target, ones})));
}

TEST_P(LearnerContract, TakesRowsOfWeightZeroForAbsent) {
  Rows rows = GetParam().rows();
  std::vector<double> weights(rows.target.n_rows, 1.0);
  std::vector<uint32_t> kept;
  for (uint32_t row = 0; row < rows.target.n_rows; ++row)
    if (row % 5 == 2) {
      weights[row] = 0;
      rows.x.column(0)[row] = 1e6F;
      if (!is_classification(rows.target.task)) rows.target.values[row * rows.target.n_targets] *= 3;
    } else {
      kept.push_back(row);
    }
  const FeatureMatrix x = rows.x.take(kept);
  const Target target = rows.target.take(kept);
  const Rows others = GetParam().rows(64, 2);
  expect_close(predict(*GetParam().fit({rows.x, rows.target, weights}), others.x), predict(*GetParam().fit({x, target}), others.x), 1e-6);
}

TEST_P(LearnerContract, TakesARowOfWeightTwoForTwoRows) {
  const Case& c = GetParam();
  if (kDrawn.contains(c.name) || c.task == Task::Ranking) return;  // of rankings weights are those of rows, and the loss is of pairs
  Value::Object parameters = kUndrawn.contains(c.name) ? kUndrawn.at(c.name) : Value::Object();
  if (learners().at(c.name).parameters.find("tolerance") != nullptr) parameters.emplace_back("tolerance", Value(1e-12));
  const Rows rows = c.rows(), others = c.rows(64, 2);
  std::vector<double> weights(rows.target.n_rows, 1.0);
  std::vector<uint32_t> twice(rows.target.n_rows);
  std::iota(twice.begin(), twice.end(), 0U);
  for (uint32_t row = 0; row < rows.target.n_rows; row += 3) {
    weights[row] = 2;
    twice.push_back(row);
  }
  const FeatureMatrix x = rows.x.take(twice);
  const Target target = rows.target.take(twice);
  const auto learner = c.learner(parameters);
  expect_close(predict(*learner->fit({rows.x, rows.target, weights}, nullptr, context_of(1)), others.x),
               predict(*learner->fit({x, target}, nullptr, context_of(1)), others.x),
               kOfTrees.contains(c.name) || kOfFewRows.contains(c.name) ? 1e-6 : 1e-8);
}

TEST_P(LearnerContract, AnswersOrRefusesHugeAndTinyTargets) {
  const Case& c = GetParam();
  if (c.task != Task::Regression && c.task != Task::MultiRegression) return;
  for (const double scale : {1e-300, 1e-46, 1e18, 1e39, 1e150, 1e300}) {
    Rows rows = c.rows(60);
    for (double& value : rows.target.values) value *= scale;
    expect_model_or_error(c, rows);
  }
}

TEST_P(LearnerContract, TellsItsIterationsAndEndsAfterTheOneItIsToldTo) {
  const Case& c = GetParam();
  const Rows rows = c.rows();
  int n_told = 0;
  FitContext context = context_of(2);
  context.on_iteration = [&](const FitProgress& progress) {
    EXPECT_EQ(progress.iteration, ++n_told);
    return true;
  };
  (void)c.fit({rows.x, rows.target}, context);
  EXPECT_EQ(n_told > 0, c.learner()->tells_progress());
  n_told = 0;
  context.on_iteration = [&](const FitProgress&) { return ++n_told < 1; };
  expect_sound(*c.fit({rows.x, rows.target}, context), rows);
  EXPECT_EQ(n_told, c.learner()->tells_progress() ? 1 : 0);
}

TEST_P(LearnerContract, AnswersOrRefusesTheSmallestInputs) {
  const Case& c = GetParam();
  for (const size_t n : {1U, 2U, 3U}) expect_model_or_error(c, c.rows(n));
  Rows constant = c.rows(30);
  for (size_t j = 0; j < constant.x.n_features(); ++j) std::ranges::fill(constant.x.column(j), 1.0F);
  expect_model_or_error(c, constant);
  Rows same_target = c.rows(30);
  std::ranges::fill(same_target.target.values, 0.0);
  expect_model_or_error(c, same_target);
  const Rows rows = c.rows(30);
  for (const double weight : {1e-300, 1e-100, 1e100, 1e300}) expect_model_or_error(c, rows, std::vector<double>(30, weight));
  std::vector<double> one_row(30, 0.0);
  one_row[7] = 1;
  expect_model_or_error(c, rows, one_row);
}

TEST_P(LearnerContract, AnswersOrRefusesOneClassAndAClassWithoutRows) {
  const Case& c = GetParam();
  if (!is_classification(c.task)) return;
  Rows one_class = c.rows(30);
  one_class.target.class_names = {"only"};
  std::ranges::fill(one_class.target.values, 0.0);
  expect_model_or_error(c, one_class);
  Rows unseen = c.rows(30);
  unseen.target.class_names.emplace_back("never");
  expect_model_or_error(c, unseen);
}

TEST_P(LearnerContract, AnswersOrRefusesMissingInfiniteAndHugeFeatures) {
  const Case& c = GetParam();
  const bool accepts_missing = c.learner()->needs().accepts_missing;
  for (const float value : {kMissing, std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::max(), std::numeric_limits<float>::denorm_min()}) {
    Rows rows = c.rows(40);
    std::ranges::fill(rows.x.column(1), value);
    if (std::isnan(value) && accepts_missing) expect_sound(*c.fit({rows.x, rows.target}), rows);
    else expect_model_or_error(c, rows);
    Rows one_cell = c.rows(40);
    one_cell.x.column(1)[3] = value;
    expect_model_or_error(c, one_cell);
  }
}

// Rows of so many classes.
Rows rows_of_classes(const Case& c, size_t n_classes, size_t n) {
  Rows rows = make_rows(Task::Regression, c.learner()->needs(), n);
  rows.target = {Task::Multiclass, n, 1, {}, {}, {}};
  if (kOfCounts.contains(c.name))
    for (size_t j = 0; j < rows.x.n_features(); ++j)
      for (float& value : rows.x.column(j)) value = std::abs(value);
  for (size_t i = 0; i < n; ++i) rows.target.values.push_back(static_cast<double>(i % n_classes));
  for (size_t k = 0; k < n_classes; ++k) rows.target.class_names.push_back(std::to_string(k));
  return rows;
}

#ifndef __SANITIZE_ADDRESS__  // whose time and memory are not those of a user; the optimised build looks at them
// A fit of a table that is large in one direction gives a model or an answer, within the time and the memory that it has.
constexpr size_t kBudgetBytes = size_t{1} << 28;
void expect_model_or_error_in_bounds(const Case& c, const Rows& rows) {
  FitContext context = context_of(2);
  context.deadline = Deadline::after(3);
  context.memory = std::make_shared<MemoryBudget>(kBudgetBytes);
  const size_t before = live_bytes;
  peak_bytes = before;
  const Stopwatch watch;
  try {
    const auto model = c.fit({rows.x, rows.target}, context);
    ASSERT_EQ(model->n_outputs(), rows.target.n_outputs());
    const Rows few{rows.x.take(std::vector<uint32_t>{0, 1}), rows.target.take(std::vector<uint32_t>{0, 1})};
    for (const double value : predict(*model, few.x)) ASSERT_TRUE(std::isfinite(value));
  } catch (const Error& error) {
    expect_answer(error);
  }
  EXPECT_LT(watch.seconds(), 10);
  EXPECT_LE(peak_bytes - before, kBudgetBytes);
  EXPECT_EQ(context.memory->used(), 0U);
}

TEST_P(LearnerContract, AnswersOrRefusesTenThousandClasses) {
  const Case& c = GetParam();
  if (c.task != Task::Multiclass) return;
  expect_model_or_error_in_bounds(c, rows_of_classes(c, 10'000, 10'100));
}

TEST_P(LearnerContract, AnswersOrRefusesAHundredThousandFeatures) {
  const Case& c = GetParam();
  const Rows small = c.rows(40);
  std::vector<Feature> features;
  for (size_t j = 0; j < 100'000; ++j) features.push_back({"x" + std::to_string(j), 0});
  Rows rows{FeatureMatrix(features, 40), small.target};
  RandomStream random(3, "wide");
  for (size_t j = 0; j < features.size(); ++j)
    for (size_t i = 0; i < 40; ++i)
      rows.x.column(j)[i] = j < 2 ? small.x.at(static_cast<uint32_t>(i), j) : static_cast<float>(random.uniform());
  expect_model_or_error_in_bounds(c, rows);
}

#endif

// The same rows without columns.
FeatureMatrix without_columns(const FeatureMatrix& x) {
  SparseRows rows{x.n_features(), {0}, {}, {}};
  for (size_t i = 0; i < x.n_rows(); ++i) {
    for (uint32_t j = 0; j < x.n_features(); ++j) {
      if (x.at(i, j) == 0) continue;
      rows.features.push_back(j);
      rows.values.push_back(x.at(i, j));
    }
    rows.starts.push_back(rows.features.size());
  }
  return {std::make_shared<const std::vector<Feature>>(x.features()), std::move(rows)};
}

TEST_P(LearnerContract, LearnsSparseRowsAsDenseOnesOrRefusesThem) {
  const Case& c = GetParam();
  const Rows rows = c.rows(), others = c.rows(64, 2);
  const FeatureMatrix sparse = without_columns(rows.x);
  if (!c.learner()->needs().accepts_sparse) {
    try {
      c.fit({sparse, rows.target});
      FAIL() << "learnt from sparse rows";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::Unsupported);
    }
    return;
  }
  const auto model = c.fit({sparse, rows.target});
  const std::vector<double> expected = predict(*c.fit({rows.x, rows.target}), others.x);
  expect_close(predict(*model, others.x), expected, 1e-6);
  expect_close(predict(*model, without_columns(others.x)), expected, 1e-6);
}

TEST_P(LearnerContract, RefusesRowsThatCannotBeLearntFrom) {
  const Case& c = GetParam();
  const Rows rows = c.rows(20), none = c.rows(0);
  const auto code_of = [&](const Rows& r, std::vector<double> weights) {
    try {
      c.fit({r.x, r.target, weights});
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::Internal;
  };
  EXPECT_EQ(code_of(none, {}), ErrorCode::EmptyInput);
  EXPECT_EQ(code_of(rows, std::vector<double>(20, 0.0)), ErrorCode::BadValue);
  for (const double wrong : {-1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    std::vector<double> weights(20, 1.0);
    weights[3] = wrong;
    EXPECT_EQ(code_of(rows, weights), ErrorCode::BadValue) << wrong;
  }
  EXPECT_EQ(code_of(rows, std::vector<double>(19, 1.0)), ErrorCode::BadValue);
  Rows bad = rows;
  bad.target.values[0] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(code_of(bad, {}), ErrorCode::BadValue);
  if (is_classification(c.task))
    for (const double wrong : {-1.0, 0.5, 17.0}) {
      bad.target.values[0] = wrong;
      EXPECT_EQ(code_of(bad, {}), ErrorCode::BadValue) << wrong;
    }
}

TEST_P(LearnerContract, EndsSoonWhenCancelledOrOutOfTime) {
  const Rows rows = GetParam().rows(4000);
  const auto expect_end = [&](const FitContext& context, ErrorCode code) {
    const Stopwatch watch;
    try {
      expect_sound(*GetParam().fit({rows.x, rows.target}, context), rows);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
    }
    EXPECT_LT(watch.seconds(), 0.25);  // 100 ms are promised; the rest is room for a busy machine
  };
  FitContext cancelled = context_of(1);
  cancelled.cancel.cancel();
  expect_end(cancelled, ErrorCode::Cancelled);
  FitContext late = context_of(1);
  late.deadline = Deadline::after(0);
  expect_end(late, ErrorCode::Timeout);
}

// Cancels a fit after some milliseconds, and expects a model, Cancelled or an answer soon after. Processor time is measured: other work on
// the machine does not count.
void expect_end_amid(const Case& c, const Rows& rows, int milliseconds) {
  const auto seconds = [] { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; };
  const FitContext context = context_of(1);
  std::atomic<double> cancelled_at = 0;
  std::jthread cancel([&](const std::stop_token& ended) {
    for (const double begin = seconds(); seconds() < begin + milliseconds * 1e-3 && !ended.stop_requested();)
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    cancelled_at = seconds();
    context.cancel.cancel();
  });
  try {
    const auto model = c.fit({rows.x, rows.target}, context);
    ASSERT_EQ(model->n_outputs(), rows.target.n_outputs());
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Cancelled) expect_answer(error);
  }
  const double ended_at = seconds();
  cancel.request_stop();
  cancel.join();
  EXPECT_LT(ended_at - cancelled_at, 0.25) << "after " << milliseconds << " ms";  // 100 ms are promised; the rest is room
}

TEST_P(LearnerContract, EndsSoonWhenCancelledAmidAFit) {
#ifdef NDEBUG
  constexpr size_t kSlowness = 1;
#else
  constexpr size_t kSlowness = 10;  // of code that is checked by sanitizers
#endif
  const Case& c = GetParam();
  const Rows rows = c.rows(20'000 / kSlowness);
  for (const int milliseconds : {1, 10, 100}) expect_end_amid(c, rows, milliseconds);
  if (c.task == Task::Multiclass && !kOfFewRows.contains(c.name))
    expect_end_amid(c, rows_of_classes(c, 2000 / kSlowness, 6000 / kSlowness), 100);
}

TEST(Learners, RefuseTheNeighbourOfEachBoundAndNameTheField) { EXPECT_GT(expect_neighbours_of_bounds_refused(learners()), 30U); }

TEST(Learners, TakeTheBoundsThemselves) { expect_bounds_allowed(learners()); }

}  // namespace
}  // namespace kolosal
