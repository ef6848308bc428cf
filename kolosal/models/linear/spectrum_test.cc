#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "kolosal/base/random.h"
#include "kolosal/models/linear/spectrum-inl.h"

namespace kolosal {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

MatrixXd random_matrix(Eigen::Index rows, Eigen::Index columns, uint64_t seed = 1) {
  RandomStream random(seed, "spectrum");
  MatrixXd made(rows, columns);
  for (Eigen::Index i = 0; i < made.size(); ++i) made.data()[i] = random.normal();
  return made;
}

void expect_spectrum(const MatrixXd& a) {
  const Eigen::Index n = a.rows();
  const Spectrum found = spectrum_of(a, MatrixXd::Identity(n, n), {});
  const MatrixXd& z = found.projected;
  const double size = std::max(a.norm(), 1e-300);
  EXPECT_LT((z * z.transpose() - MatrixXd::Identity(n, n)).cwiseAbs().maxCoeff(), 1e-12);
  EXPECT_LT((z.transpose() * found.values.asDiagonal() * z - a).norm(), 1e-13 * size);
  EXPECT_TRUE(std::is_sorted(found.values.begin(), found.values.end()));
}

TEST(Spectrum, MakesTheMatrixAgain) {
  for (const Eigen::Index n : {1, 2, 3, 10, 77}) {
    const MatrixXd x = random_matrix(n + 5, n);
    expect_spectrum(x.transpose() * x);
    expect_spectrum(x.topRows(n) + x.topRows(n).transpose());
    const MatrixXd few = random_matrix((n + 2) / 3, n);
    expect_spectrum(few.transpose() * few);  // most values are zero
  }
  expect_spectrum(MatrixXd::Zero(5, 5));
  expect_spectrum(MatrixXd::Identity(6, 6));
  expect_spectrum(MatrixXd(VectorXd::LinSpaced(8, -3, 4).asDiagonal()));
  MatrixXd graded = random_matrix(6, 6);
  graded = (graded * graded.transpose()).eval();
  const VectorXd scales = (VectorXd(6) << 1e-70, 1e-40, 1e-3, 1, 1e3, 1e70).finished();
  expect_spectrum(scales.asDiagonal() * graded * scales.asDiagonal());
}

TEST(Spectrum, ProjectsColumnsWithoutMakingVectors) {
  const MatrixXd x = random_matrix(60, 40), columns = random_matrix(40, 3, 2);
  const MatrixXd a = x.transpose() * x;
  const Spectrum whole = spectrum_of(a, MatrixXd::Identity(40, 40), {}), part = spectrum_of(a, columns, {});
  EXPECT_LT((whole.values - part.values).cwiseAbs().maxCoeff(), 1e-10);
  EXPECT_LT((whole.projected * columns - part.projected).cwiseAbs().maxCoeff(), 1e-10);
}

TEST(Spectrum, EndsSoonWhenCancelled) {
  const MatrixXd x = random_matrix(1500, 1500), a = x + x.transpose(), columns = MatrixXd::Identity(1500, 1500);
  FitContext context;
  std::jthread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    context.cancel.cancel();
  });
  const Stopwatch watch;
  EXPECT_THROW(spectrum_of(a, columns, context), Error);
  EXPECT_LT(watch.seconds(), 0.3);  // 100 ms are promised; the rest is room for a busy machine
}

}  // namespace
}  // namespace kolosal
