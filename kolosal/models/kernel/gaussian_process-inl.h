// The evidence of Gaussian processes: how likely rows are under length scales, amplitude and noise, and its derivatives by their
// logarithms.
//
// theta holds the logarithms of the length scales (one, or one a feature), of the amplitude, and of the noise of numbers.
#pragma once

#include <Eigen/Core>
#include <span>

#include "kolosal/base/fit_context.h"
#include "kolosal/models/forms/gaussian_process.h"

namespace kolosal {

/// Rows whose likeness is learnt.
struct EvidenceRows {
  /// Values (n_rows, n_features) row-major, n_features > 0.
  EvidenceRows(std::span<const float> values, size_t n_features, Covariance kind, bool is_ard);

  Eigen::MatrixXd x;  ///< (n_features, n_rows)
  Covariance covariance;
  bool ard;

  /// Length scales.
  Eigen::Index n_scales() const noexcept { return ard ? x.rows() : 1; }
};

/// The logarithm of the likelihood of numbers and its derivatives; shares of rows in the mean.
struct NumberEvidence {
  double value;
  Eigen::VectorXd slopes;
  Eigen::VectorXd shares;
};
/// Of numbers y (n_rows,); the noise of each row is that of theta times its noise_share. Throws Error(Timeout) or Error(Cancelled).
NumberEvidence evidence_of_numbers(const EvidenceRows& rows, const Eigen::VectorXd& y, const Eigen::VectorXd& noise_shares,
                                   const Eigen::VectorXd& theta, const FitContext& context);

/// Laplace's approximation of the same of classes; what rows take from variances.
struct ClassEvidence {
  double value;
  Eigen::VectorXd slopes;
  Eigen::VectorXd shares;
  Eigen::MatrixXd reduction;
};
/// Of classes y (n_rows,), 0 or 1; weights multiply the logarithms of the likelihoods of rows. Throws as evidence_of_numbers.
ClassEvidence evidence_of_classes(const EvidenceRows& rows, const Eigen::VectorXd& y, const Eigen::VectorXd& weights,
                                  const Eigen::VectorXd& theta, const FitContext& context);

}  // namespace kolosal
