// Progress on standard error. Of a training run: one live line on a terminal, plain lines elsewhere; of passes over a file: a live line.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/command.h"
#include "kolosal/automl/callbacks.h"
#include "kolosal/stream/preprocess_file.h"

namespace kolosal::cli {

/// One line on a terminal that is drawn anew as things go on, and is gone at the end; nothing elsewhere.
class LiveLine {
 public:
  explicit LiveLine(const Session& session) : live_(session.terminal && !session.quiet) {}
  ~LiveLine() { clear(); }
  LiveLine(const LiveLine&) = delete;
  LiveLine& operator=(const LiveLine&) = delete;

  /// Whether it is time to draw: there is a terminal, and the last time is long enough ago.
  bool is_due() const;
  /// Draws what fits of the text.
  void draw(const std::string& text);
  /// Takes the line away.
  void clear();

 private:
  bool live_;
  bool drawn_ = false;
  Clock::time_point last_drawn_{};
};

class TrainProgress : public TrainCallback {
 public:
  /// `time_limit` in seconds, where there is one, makes the bar.
  TrainProgress(const Session& session, std::optional<double> time_limit);
  void on_train_begin(const RunRecord& record) override;
  void on_candidate_begin(const CandidateRecord& candidate) override;
  void on_fold_begin(const CandidateRecord& candidate, int fold) override;
  bool on_iteration(const CandidateRecord& candidate, int fold, const FitProgress& progress) override;
  bool on_candidate_end(const CandidateRecord& candidate) override;
  void on_train_end(const RunRecord& record) override;

 private:
  void draw(const std::string& doing);
  double elapsed() const;

  const Session& session_;
  std::optional<double> time_limit_;
  LiveLine line_;
  bool higher_is_better_ = false;
  std::string metric_;
  size_t n_candidates_ = 0, n_done_ = 0;
  std::optional<double> best_;
};

/// A line on a terminal that says where the passes over a file are; nothing elsewhere.
class PassProgress {
 public:
  explicit PassProgress(const Session& session) : line_(session) {}

  /// Draws the line anew, unless it was just drawn.
  void show(const FileProgress& progress);

 private:
  LiveLine line_;
};

}  // namespace kolosal::cli
