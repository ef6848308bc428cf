// kolosal_fit ROWS: fits learners to the rows of a file, as it is told line by line. benchmarks/learners.py speaks to it.
//
// The file holds int64 n_train, n_test, n_features, n_classes (0: regression), then the features of the training rows column after
// column (float32), their targets (float64), and the features of the test rows. A line asks for one fit:
//
//   {"learner": "random_forest", "parameters": {"n_trees": 100}, "n_threads": 2, "seed": 0, "folds": 1, "predictions": "out.f64"}
//
// "folds": 5 cross-validates, every fifth row being held out, its loss measured each round and its predictions scored; these are written.
// A line is answered by the seconds of wall and processor time that the fit took; predictions (float64, of the last class) go to the file
// named first.
#include <chrono>
#include <cstdio>
#include <ctime>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kolosal/base/json.h"
#include "kolosal/metrics/metric.h"
#include "kolosal/models/learner.h"
#include "kolosal/validation/cross_validate.h"

namespace kolosal {
namespace {

struct Rows {
  FeatureMatrix train, test;
  Target target;
};

template <class T>
void read(std::istream& file, T* to, size_t n) {
  file.read(reinterpret_cast<char*>(to), static_cast<std::streamsize>(n * sizeof(T)));
  if (!file) throw Error(ErrorCode::BadFile, "the file of rows is cut short");
}

Rows read_rows(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  int64_t sizes[4];
  read(file, sizes, 4);
  const auto n_train = static_cast<size_t>(sizes[0]), n_test = static_cast<size_t>(sizes[1]);
  std::vector<Feature> features(static_cast<size_t>(sizes[2]));
  for (size_t j = 0; j < features.size(); ++j) features[j].name = "f" + std::to_string(j);
  Rows rows{FeatureMatrix(features, n_train), FeatureMatrix(features, n_test), {}};
  for (size_t j = 0; j < features.size(); ++j) read(file, rows.train.column(j).data(), n_train);
  rows.target.n_rows = n_train;
  rows.target.task = sizes[3] == 0 ? Task::Regression : sizes[3] == 2 ? Task::Binary : Task::Multiclass;
  for (int64_t k = 0; k < sizes[3]; ++k) rows.target.class_names.push_back(std::to_string(k));
  rows.target.values.resize(n_train);
  read(file, rows.target.values.data(), n_train);
  for (size_t j = 0; j < features.size(); ++j) read(file, rows.test.column(j).data(), n_test);
  return rows;
}

// The prediction of the last class, or the number.
std::vector<double> predict_last(const Model& model, const FeatureMatrix& x) {
  std::vector<double> out(x.n_rows() * model.n_outputs()), last(x.n_rows());
  model.predict(x, out);
  for (size_t i = 0; i < last.size(); ++i) last[i] = out[(i + 1) * model.n_outputs() - 1];
  return last;
}

// The rows as a table.
SupervisedRows table_of(const Rows& rows, Schema& schema) {
  std::vector<Column> columns;
  for (size_t j = 0; j < rows.train.n_features(); ++j) {
    const auto values = rows.train.column(j);
    columns.push_back(Column::numeric(rows.train.features()[j].name, std::vector<float>(values.begin(), values.end())));
    schema.columns.push_back({rows.train.features()[j].name,
                              ColumnKind::Numeric,
                              ColumnRole::Feature,
                              "",
                              0,
                              static_cast<int64_t>(rows.train.n_rows()),
                              {},
                              {}});
  }
  return {Table(std::move(columns)), rows.target, {}};
}

// Cross-validates a learner, every n_folds-th row being held out, and gives the predictions of the rows held out.
std::vector<double> fit_folds(const Learner& learner, const SupervisedRows& rows, const Schema& schema, size_t n_folds,
                              const FitContext& context) {
  std::vector<Fold> folds(n_folds);
  for (uint32_t row = 0; row < rows.target.n_rows; ++row)
    for (size_t k = 0; k < n_folds; ++k) (row % n_folds == k ? folds[k].valid : folds[k].train).push_back(row);
  const PreparedFolds prepared(rows, schema, folds);
  const auto metric = metrics().make(rows.target.task == Task::Binary ? "roc_auc" : "rmse");
  const CrossValidation found = cross_validate(learner, prepared, *metric, context);
  std::vector<double> last(rows.target.n_rows);
  for (size_t k = 0; k < n_folds; ++k)
    for (size_t i = 0; i < folds[k].valid.size(); ++i)
      last[folds[k].valid[i]] = found.fits[k].valid_predictions[(i + 1) * rows.target.n_outputs() - 1];
  return last;
}

void fit_as_told(const Rows& rows, const Value& order) {
  const auto learner = learners().make(order.at("learner").as_text(), order.at("parameters"));
  const auto n_folds = static_cast<size_t>(order.at("folds").as_integer());
  FitContext context;
  context.threads = std::make_shared<const Threads>(static_cast<int>(order.at("n_threads").as_integer()));
  context.seed = static_cast<uint64_t>(order.at("seed").as_integer());
  Schema schema;
  const SupervisedRows table = n_folds == 1 ? SupervisedRows() : table_of(rows, schema);
  const std::clock_t cpu = std::clock();
  const auto started = std::chrono::steady_clock::now();
  std::unique_ptr<Model> model;
  std::vector<double> predictions;
  if (n_folds == 1) model = learner->fit({rows.train, rows.target}, nullptr, context);
  else predictions = fit_folds(*learner, table, schema, n_folds, context);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - started;
  const double cpu_seconds = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
  if (model != nullptr) predictions = predict_last(*model, rows.test);
  std::ofstream(order.at("predictions").as_text(), std::ios::binary)
      .write(reinterpret_cast<const char*>(predictions.data()), static_cast<std::streamsize>(predictions.size() * sizeof(double)));
  std::printf("%.6f %.6f\n", wall.count(), cpu_seconds);
}

}  // namespace
}  // namespace kolosal

int main(int argc, char** argv) {
  try {
    if (argc != 2) throw kolosal::Error(kolosal::ErrorCode::BadValue, "usage: kolosal_fit ROWS");
    const kolosal::Rows rows = kolosal::read_rows(argv[1]);
    for (std::string line; std::getline(std::cin, line);) {
      kolosal::fit_as_told(rows, kolosal::parse_json(line));
      std::fflush(stdout);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
