// kolosal_fit ROWS: fits learners to the rows of a file, as it is told line by line. benchmarks/learners.py speaks to it.
//
// The file holds int64 n_train, n_test, n_features, n_classes (0: regression), then the features of the training rows column after
// column (float32), their targets (float64), and the features of the test rows. A line asks for one fit:
//
//   {"learner": "random_forest", "parameters": {"n_trees": 100}, "n_threads": 2, "seed": 0, "predictions": "out.f64"}
//
// and is answered by the seconds of wall and processor time that the fit took; predictions (float64, of the last class) go to the file
// named first.
#include <chrono>
#include <cstdio>
#include <ctime>
#include <exception>
#include <fstream>
#include <iostream>
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

void write_predictions(const Model& model, const FeatureMatrix& x, const std::string& path) {
  std::vector<double> out(x.n_rows() * model.n_outputs()), last(x.n_rows());
  model.predict(x, out);
  for (size_t i = 0; i < last.size(); ++i) last[i] = out[(i + 1) * model.n_outputs() - 1];
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(last.data()), static_cast<std::streamsize>(last.size() * sizeof(double)));
}

void fit_as_told(const Rows& rows, const Value& order) {
  const auto learner = learners().make(order.at("learner").as_text(), order.at("parameters"));
  FitContext context;
  context.threads = std::make_shared<const Threads>(static_cast<int>(order.at("n_threads").as_integer()));
  context.seed = static_cast<uint64_t>(order.at("seed").as_integer());
  const std::clock_t cpu = std::clock();
  const auto started = std::chrono::steady_clock::now();
  const auto model = learner->fit({rows.train, rows.target}, nullptr, context);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - started;
  const double cpu_seconds = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
  write_predictions(*model, rows.test, order.at("predictions").as_text());
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
