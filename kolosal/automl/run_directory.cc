#include "kolosal/automl/run_directory.h"

#include <filesystem>

#include "kolosal/base/file.h"
#include "kolosal/base/json.h"
#include "kolosal/inference/artifact.h"

namespace kolosal {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".fold";

[[noreturn]] void io_failure(const std::string& path, const std::error_code& error) {
  throw Error(ErrorCode::Io, "run directory '" + path + "': " + error.message());
}

// What a killed process was still writing; it was never renamed, so nothing reads it.
bool is_unfinished(const fs::path& path) { return path.filename().string().find(".tmp-") != std::string::npos; }

bool is_of_a_run(const fs::path& path) { return path.extension() == kEnding || path.filename() == "run.json" || is_unfinished(path); }

// Removes the run's files that `unwanted` holds for.
void remove_files(const std::string& path, bool (*unwanted)(const fs::path&)) {
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(path))
    if (unwanted(entry.path())) found.push_back(entry.path());
  for (const fs::path& file : found) fs::remove(file);
}

bool holds_something_else(const std::string& path) {
  for (const fs::directory_entry& entry : fs::directory_iterator(path))
    if (!is_of_a_run(entry.path())) return true;
  return false;
}

}  // namespace

RunDirectory::RunDirectory(std::string path, const std::string& fingerprint, bool resume) : path_(std::move(path)) {
  std::error_code error;
  const std::string run_file = path_ + "/run.json";
  const bool is_run = fs::exists(run_file, error);
  if (fs::exists(path_, error) && !is_run && (!fs::is_directory(path_, error) || holds_something_else(path_)))
    throw Error(ErrorCode::BadValue, "'" + path_ + "' holds files that are not a training run's", "Name another run directory.");
  fs::create_directories(path_, error);
  if (error) io_failure(path_, error);
  remove_files(path_, is_unfinished);
  if (is_run && resume) {
    const std::string known = parse_json(read_file(run_file)).at("fingerprint").as_text();
    if (known != fingerprint)
      throw Error(ErrorCode::BadValue, "the run in '" + path_ + "' cannot be resumed: its table or options were others",
                  "Use the same table and options, or train without resuming.");
    return;
  }
  remove_files(path_, is_of_a_run);
  write_file_atomically(run_file, [&](const auto& sink) { sink(to_json(Value(Value::Object{{"fingerprint", Value(fingerprint)}}))); });
}

std::string RunDirectory::fold_path(const std::string& candidate, size_t fold) const {
  return path_ + "/" + candidate + "-" + std::to_string(fold) + std::string(kEnding);
}

void RunDirectory::keep(const std::string& candidate, size_t fold, const KeptFold& kept) const {
  if (path_.empty()) return;
  const std::vector<double> measured = {kept.score, kept.fit_seconds, kept.predict_seconds};
  write_artifact(fold_path(candidate, fold), Value(Value::Object{{"candidate", Value(candidate)}, {"fold", Value(fold)}}),
                 Value(Value::Object{{"model", model_to_value(*kept.model)},
                                     {"valid_predictions", Value(NumberArray::from(kept.valid_predictions))},
                                     {"measured", Value(NumberArray::from(measured))},
                                     {"curve", to_value(kept.curve)}}));
}

std::optional<KeptFold> RunDirectory::find(const std::string& candidate, size_t fold) const {
  std::error_code error;
  if (path_.empty() || !fs::exists(fold_path(candidate, fold), error)) return std::nullopt;
  try {
    const Value content = read_artifact(fold_path(candidate, fold));
    KeptFold kept;
    kept.model = model_from_value(content.at("model"));
    const auto predictions = content.at("valid_predictions").as_numbers().as<double>();
    kept.valid_predictions.assign(predictions.begin(), predictions.end());
    const auto measured = content.at("measured").as_numbers().as<double>();
    kept.score = measured[0];
    kept.fit_seconds = measured[1];
    kept.predict_seconds = measured[2];
    kept.curve = from_value<LearningCurve>(content.at("curve"));
    return kept;
  } catch (const Error&) {
    return std::nullopt;
  }
}

void RunDirectory::remove() const {
  if (path_.empty()) return;
  std::error_code error;
  remove_files(path_, is_of_a_run);
  fs::remove(path_, error);  // stays where something else was put into it
}

}  // namespace kolosal
