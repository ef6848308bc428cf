// Trials of earlier studies, as points that a Gaussian process of this study has seen: what they tell of where good trials are.
//
// Results  are normal scores of the ranks within their study, more is better: of another objective only the order is worth anything. To
//          the process a study is one more choice, so how alike studies are is learnt as the length of any other coordinate is.
// Source   Salinas et al., "A quantile-based approach for hyperparameter transfer learning", ICML 2020 (ranks); Swersky et al.,
//          "Multi-task Bayesian optimization", NIPS 2013.
// Checked  gaussian_process_test.cc.
#pragma once

#include <Eigen/Dense>
#include <string>
#include <vector>

#include "kolosal/tune/samplers/gp_space-inl.h"

namespace kolosal {

/// Normal scores of losses: the least has the highest, equal ones have the same; NaN counts as the worst.
Eigen::VectorXd normal_scores(const std::vector<double>& losses);

/// Studies as a sampler is given them: a list of lists of {"parameters": {...}, "loss": number}. Throws Error(BadValue) that begins with
/// `name` where it is none.
class EarlierStudies {
 public:
  EarlierStudies(const Value& studies, const std::string& name);

  bool is_empty() const noexcept { return studies_.empty(); }
  /// Points in a space, the last coordinate the study, from 1; and their scores.
  struct Points {
    std::vector<Eigen::VectorXd> x;
    std::vector<double> scores;
  };
  /// Those of at most `n` trials that have an allowed value for every parameter: of each study as many, the best and others evenly by rank.
  Points in(const GpSpace& space, const History& history, size_t n) const;

 private:
  struct Trial {
    Value parameters;
    double score;
  };
  std::vector<std::vector<Trial>> studies_;  // best first
};

}  // namespace kolosal
