#include "cli/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace kolosal::cli {
namespace {

constexpr auto kRedraw = std::chrono::milliseconds(100);

size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

std::string seconds_text(double seconds) {
  char text[16];
  std::snprintf(text, sizeof text, "%.0fs", seconds);
  return text;
}

}  // namespace

bool LiveLine::is_due() const { return live_ && Clock::now() - last_drawn_ >= kRedraw; }

void LiveLine::draw(const std::string& text) {
  last_drawn_ = Clock::now();
  std::fprintf(stderr, "\r\033[K%s", text.substr(0, terminal_width() - 1).c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void LiveLine::clear() {
  if (std::exchange(drawn_, false)) std::fputs("\r\033[K", stderr);
}

TrainProgress::TrainProgress(const Session& session, std::optional<double> time_limit)
    : session_(session), time_limit_(time_limit), line_(session) {}

double TrainProgress::elapsed() const { return std::chrono::duration<double>(Clock::now() - session_.started).count(); }

void TrainProgress::draw(const std::string& doing) {
  if (!line_.is_due()) return;
  std::string line;
  if (time_limit_) {
    constexpr size_t kWidth = 24;
    const auto filled = static_cast<size_t>(std::clamp(elapsed() / *time_limit_, 0.0, 1.0) * kWidth);
    line = "[" + std::string(filled, '#') + std::string(kWidth - filled, '.') + "] " + seconds_text(elapsed()) + "/" +
           seconds_text(*time_limit_);
  } else {
    line = seconds_text(elapsed());
  }
  line += "  " + std::to_string(n_done_) + "/" + std::to_string(n_candidates_) + " models";
  if (best_) line += "  best " + metric_ + " " + short_number(*best_);
  line_.draw(line + "  " + doing);
}

void TrainProgress::on_train_begin(const RunRecord& record) {
  higher_is_better_ = record.higher_is_better;
  metric_ = record.metric;
  n_candidates_ = record.candidates.size();
  for (const std::string& finding : record.findings) write_note(session_, "note: " + finding);
  write_note(session_, std::string(enum_name(record.task)) + " task (" + record.task_reason + "): " + std::to_string(record.n_rows) +
                           " rows, " + std::to_string(record.n_features) + " features, " +
                           (record.n_folds == 1 ? "one holdout" : std::to_string(record.n_folds) + " folds") + ", metric " + record.metric);
}

void TrainProgress::on_candidate_begin(const CandidateRecord& candidate) { draw(candidate.name); }

void TrainProgress::on_fold_begin(const CandidateRecord& candidate, int fold) {
  draw(candidate.name + " fold " + std::to_string(fold + 1));
}

bool TrainProgress::on_iteration(const CandidateRecord& candidate, int fold, const FitProgress& progress) {
  draw(candidate.name + " fold " + std::to_string(fold + 1) + " iteration " + std::to_string(progress.iteration));
  return true;
}

bool TrainProgress::on_candidate_end(const CandidateRecord& candidate) {
  ++n_done_;
  if (candidate.score && !std::isnan(*candidate.score))
    best_ = !best_ ? *candidate.score : higher_is_better_ ? std::max(*best_, *candidate.score) : std::min(*best_, *candidate.score);
  line_.clear();
  std::string line = "  " + seconds_text(elapsed()) + "  " + candidate.name + ": ";
  line += candidate.score ? metric_ + " " + short_number(*candidate.score) : std::string(enum_name(candidate.status));
  if (!candidate.reason.empty()) line += " (" + candidate.reason + ")";
  write_note(session_, line);
  return true;
}

void TrainProgress::on_train_end(const RunRecord&) { line_.clear(); }

void PassProgress::show(const FileProgress& progress) {
  if (!line_.is_due()) return;
  const double rate = progress.seconds > 0 ? static_cast<double>(progress.n_rows) / progress.seconds : 0;
  line_.draw("pass " + std::to_string(progress.pass) + " of " + std::to_string(progress.n_passes) + "  " + std::to_string(progress.n_rows) +
             " rows  " + std::to_string(static_cast<int64_t>(rate)) + " rows/s  " + seconds_text(progress.seconds));
}

}  // namespace kolosal::cli
