// kolosal_fit ROWS: fits learners to the rows of a file, as it is told line by line. benchmarks/learners.py speaks to it.
//
// The file holds int64 n_train, n_test, n_features, n_classes (0: regression), then the features of the training rows column after
// column (float32), their targets (float64), and the features of the test rows. A line asks for one fit:
//
//   {"learner": "random_forest", "parameters": {"n_trees": 100}, "n_threads": 2, "seed": 0, "folds": 1, "predictions": "out.f64"}
//
// "folds": 5 fits five times, every fifth row being held out and its loss measured each round, and predicts the rows held out.
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
#include <vector>

#include "kolosal/base/json.h"
#include "kolosal/models/learner.h"

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

// Models of the rows outside each fold; where there is one fold, of all rows.
std::vector<std::unique_ptr<Model>> fit_folds(const Learner& learner, const Rows& rows, size_t n_folds, const FitContext& context) {
  std::vector<std::unique_ptr<Model>> models;
  for (size_t fold = 0; fold < n_folds; ++fold) {
    if (n_folds == 1) {
      models.push_back(learner.fit({rows.train, rows.target}, nullptr, context));
      continue;
    }
    std::vector<double> inside(rows.target.n_rows), outside(rows.target.n_rows);
    for (size_t i = 0; i < inside.size(); ++i) (i % n_folds == fold ? inside : outside)[i] = 1;
    const TrainingSet held_out{rows.train, rows.target, inside};
    models.push_back(learner.fit({rows.train, rows.target, outside}, &held_out, context));
  }
  return models;
}

void fit_as_told(const Rows& rows, const Value& order) {
  const auto learner = learners().make(order.at("learner").as_text(), order.at("parameters"));
  const auto n_folds = static_cast<size_t>(order.at("folds").as_integer());
  FitContext context;
  context.threads = std::make_shared<const Threads>(static_cast<int>(order.at("n_threads").as_integer()));
  context.seed = static_cast<uint64_t>(order.at("seed").as_integer());
  const std::clock_t cpu = std::clock();
  const auto started = std::chrono::steady_clock::now();
  const auto models = fit_folds(*learner, rows, n_folds, context);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - started;
  const double cpu_seconds = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
  std::vector<double> predictions = predict_last(*models[0], n_folds == 1 ? rows.test : rows.train);
  for (size_t fold = 1; fold < n_folds; ++fold) {
    const std::vector<double> of_fold = predict_last(*models[fold], rows.train);
    for (size_t i = fold; i < predictions.size(); i += n_folds) predictions[i] = of_fold[i];
  }
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
