// RunDirectory: every fitted fold on disk as soon as it is done, so that a killed run goes on where it stopped.
//
// Each fold is one artifact, written atomically: whatever moment the process dies, a file is whole or not there. `run.json`
// holds the fingerprint of table and options that all of them belong to.
// Checked  automl_test.cc; tests/scenarios kill a training at random moments.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kolosal/automl/run_record.h"
#include "kolosal/models/model.h"

namespace kolosal {

/// A fold as it was kept.
struct KeptFold {
  std::shared_ptr<const Model> model;
  std::vector<double> valid_predictions;
  double score = 0;
  double fit_seconds = 0;
  double predict_seconds = 0;
  LearningCurve curve;
};

class RunDirectory {
 public:
  /// Keeps nothing and finds nothing.
  RunDirectory() = default;
  /// Opens `path` for a run with this fingerprint. With `resume`, folds of an earlier run with the same fingerprint are found, and
  /// Error(BadValue) is thrown where table or options differ; without, folds of an earlier run are removed. Throws Error(Io),
  /// and Error(BadValue) where `path` holds files that are not a run's.
  RunDirectory(std::string path, const std::string& fingerprint, bool resume);

  /// Safe from several threads, for different folds.
  void keep(const std::string& candidate, size_t fold, const KeptFold& kept) const;
  /// The fold, where an earlier run finished it. A damaged file counts as not there.
  std::optional<KeptFold> find(const std::string& candidate, size_t fold) const;
  /// Removes the directory with all that the run put there.
  void remove() const;

 private:
  std::string fold_path(const std::string& candidate, size_t fold) const;

  std::string path_;
};

}  // namespace kolosal
