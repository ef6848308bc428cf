#include "kolosal/inference/model_artifact.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "kolosal/inference/artifact.h"
#include "kolosal/models/forms/linear.h"

namespace kolosal {
namespace {

const LinearModel kModel({2, {0.5, -2}, {1}, Link::Identity});
const Value kAbout(Value::Object{{"names", Value(Value::List{Value("a"), Value("b")})}});

SavedModel read(const std::string& bytes) {
  const auto owner = std::make_shared<const std::string>(bytes);
  return load_model_bytes(std::as_bytes(std::span(owner->data(), owner->size())), owner);
}

TEST(ModelArtifact, GivesBackTheModelAndWhatWasSaidOfIt) {
  const SavedModel loaded = read(saved_model_bytes(kModel, kAbout));
  EXPECT_EQ(loaded.model->to_value(), kModel.to_value());
  EXPECT_EQ(loaded.about, kAbout);
}

TEST(ModelArtifact, IsTheSameInAFileWhoseSummaryTellsTheForm) {
  const std::string path = std::filesystem::temp_directory_path() / "kolosal_model_artifact_test.kolosal";
  save_model(kModel, kAbout, path);
  EXPECT_EQ(load_model(path).model->to_value(), kModel.to_value());
  EXPECT_EQ(read_artifact_summary(path).at("form").as_text(), "linear");
  std::filesystem::remove(path);
}

TEST(ModelArtifact, RefusesWhatIsDamagedOrAnotherKindOfArtifact) {
  const std::string whole = saved_model_bytes(kModel, kAbout);
  for (size_t n = 0; n < whole.size(); n += 7) EXPECT_THROW(read(whole.substr(0, n)), Error);
  EXPECT_THROW(read(artifact_bytes(Value(Value::Object{}), Value(Value::Object{{"predictor", Value(1)}}))), Error);
}

}  // namespace
}  // namespace kolosal
