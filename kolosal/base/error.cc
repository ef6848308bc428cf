#include "kolosal/base/error.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace kolosal {
namespace {

std::string joined(const std::string& message, const std::string& remedy) { return remedy.empty() ? message : message + "\n  " + remedy; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Levenshtein distance, letters compared without case.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t substituted = diagonal + (lower(a[i]) == lower(b[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string_view error_code_name(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::BadValue: return "bad_value";
    case ErrorCode::UnknownColumn: return "unknown_column";
    case ErrorCode::UnknownParameter: return "unknown_parameter";
    case ErrorCode::UnknownName: return "unknown_name";
    case ErrorCode::EmptyInput: return "empty_input";
    case ErrorCode::FeatureMismatch: return "feature_mismatch";
    case ErrorCode::NotFitted: return "not_fitted";
    case ErrorCode::BadFile: return "bad_file";
    case ErrorCode::CorruptArtifact: return "corrupt_artifact";
    case ErrorCode::UnsupportedVersion: return "unsupported_version";
    case ErrorCode::Unsupported: return "unsupported";
    case ErrorCode::Io: return "io";
    case ErrorCode::OutOfMemory: return "out_of_memory";
    case ErrorCode::Timeout: return "timeout";
    case ErrorCode::Cancelled: return "cancelled";
    case ErrorCode::Internal: return "internal";
  }
  return "internal";
}

Error::Error(ErrorCode code, std::string message, std::string remedy)
    : std::runtime_error(joined(message, remedy)), code_(code), message_(std::move(message)), remedy_(std::move(remedy)) {}

std::string_view nearest_name(std::string_view word, std::span<const std::string> candidates) {
  std::string_view best;
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  const std::string_view near = nearest_name(word, candidates);
  return near.empty() ? std::string() : "; did you mean '" + std::string(near) + "'?";
}

}  // namespace kolosal
