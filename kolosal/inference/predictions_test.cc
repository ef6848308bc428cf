// Predictions: the tables that users get of them.
#include <gtest/gtest.h>

#include "kolosal/inference/predictor.h"

namespace kolosal {
namespace {

Predictions of_classes(std::vector<std::string> class_names, std::vector<double> values) {
  const size_t n_classes = class_names.size();
  const Task task = n_classes == 2 ? Task::Binary : Task::Multiclass;
  return {task, values.size() / n_classes, n_classes, std::move(values), std::move(class_names)};
}

TEST(Predictions, OfClassesHaveTheNameAndEachProbability) {
  const Table table = of_classes({"no", "", "yes"}, {0.2, 0.3, 0.5, 0.1, 0.8, 0.1}).to_table({"target"});
  EXPECT_EQ(table.names(), (std::vector<std::string>{"prediction", "probability_no", "probability_", "probability_yes"}));
  EXPECT_EQ(table.column("prediction").kind(), ColumnKind::Categorical);
  EXPECT_EQ(table.column("prediction").display(0), "yes");
  EXPECT_EQ(table.column("prediction").display(1), "");
  EXPECT_EQ(table.column("probability_").float64()[1], 0.8);
  EXPECT_EQ(table.column("probability_no").float64()[0], 0.2);
}

TEST(Predictions, OfWholeNumbersAreIntegersAgain) {
  const Table table = of_classes({"-3", "0", "12"}, {0.1, 0.2, 0.7, 0.9, 0.1, 0.0}).to_table({"target"});
  ASSERT_EQ(table.column("prediction").kind(), ColumnKind::Integer);
  EXPECT_EQ(table.column("prediction").int64()[0], 12);
  EXPECT_EQ(table.column("prediction").int64()[1], -3);
}

TEST(Predictions, OfTextThatOnlyLooksLikeNumbersStayText) {
  for (const std::string name : {"007", "+1", "-0", "1.5", "1e3", " 1", "99999999999999999999", ""})
    EXPECT_EQ(of_classes({"1", name}, {0.3, 0.7}).to_table({"t"}).column("prediction").display(0), name);
}

TEST(Predictions, OfTrueAndFalseAreBooleansInEitherOrder) {
  const Table table = of_classes({"false", "true"}, {0.2, 0.8, 0.6, 0.4}).to_table({"target"});
  ASSERT_EQ(table.column("prediction").kind(), ColumnKind::Boolean);
  EXPECT_EQ(table.column("prediction").boolean()[0], 1);
  EXPECT_EQ(table.column("prediction").boolean()[1], 0);
  EXPECT_EQ(of_classes({"true", "false"}, {0.2, 0.8}).to_table({"t"}).column("prediction").boolean()[0], 0);
}

TEST(Predictions, OfEqualProbabilitiesAreTheFirstClass) {
  EXPECT_EQ(of_classes({"a", "b"}, {0.5, 0.5}).predicted_class(0), 0u);
  EXPECT_EQ(of_classes({"a", "b", "c"}, {1, 0, 0, 0.2, 0.4, 0.4}).predicted_class(1), 1u);
}

TEST(Predictions, OfNumbersAreOneColumnOrOneForEachTarget) {
  const Table one = Predictions{Task::Regression, 2, 1, {1.5, 2.5}, {}}.to_table({"price"});
  EXPECT_EQ(one.names(), (std::vector<std::string>{"prediction"}));
  EXPECT_EQ(one.column("prediction").float64()[1], 2.5);

  const Predictions several{Task::MultiRegression, 2, 2, {1, 2, 3, 4}, {}};
  const Table two = several.to_table({"x", "y"});
  EXPECT_EQ(two.names(), (std::vector<std::string>{"prediction_x", "prediction_y"}));
  EXPECT_EQ(two.column("prediction_y").float64()[0], 2);
  EXPECT_EQ(two.column("prediction_x").float64()[1], 3);
  EXPECT_THROW(several.to_table({"x"}), Error);
}

}  // namespace
}  // namespace kolosal
