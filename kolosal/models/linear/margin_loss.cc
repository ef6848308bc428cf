#include "kolosal/models/linear/margin_loss.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace kolosal {

double LogisticLoss::terms(size_t begin, size_t n, const double* weights, const double* margins, double* residuals,
                           double* curvatures) const {
  std::vector<double> unwanted(curvatures == nullptr ? n : 0);
  return logistic_terms({margins, n}, {target_.values.data() + begin, n}, {weights, n}, {residuals, n},
                        {curvatures == nullptr ? unwanted.data() : curvatures, n});
}

double MultinomialLoss::terms(size_t begin, size_t n, const double* weights, const double* margins, double* residuals,
                              double* curvatures) const {
  const size_t k = n_sums();
  std::vector<double> largest(margins, margins + n), total(n);
  for (size_t c = 1; c < k; ++c)
    for (size_t i = 0; i < n; ++i) largest[i] = std::max(largest[i], margins[c * n + i]);
  for (size_t c = 0; c < k; ++c) {
    double* p = residuals + c * n;
    for (size_t i = 0; i < n; ++i) p[i] = margins[c * n + i] - largest[i];
    exponentials({p, n}, {p, n});
    for (size_t i = 0; i < n; ++i) total[i] += p[i];
  }
  double loss = 0;
  for (size_t i = 0; i < n; ++i) {
    const auto truth = static_cast<size_t>(target_.values[begin + i]);
    loss += weights[i] * (std::log(total[i]) + largest[i] - margins[truth * n + i]);
    total[i] = 1 / total[i];
  }
  for (size_t c = 0; c < k; ++c)
    for (size_t i = 0; i < n; ++i) residuals[c * n + i] *= total[i];  // probabilities
  if (curvatures != nullptr)
    for (size_t c = 0; c < k; ++c)
      for (size_t other = 0; other <= c; ++other, curvatures += n) {
        const double *p = residuals + c * n, *q = residuals + other * n;
        for (size_t i = 0; i < n; ++i) curvatures[i] = weights[i] * p[i] * (c == other ? 1 - p[i] : -q[i]);
      }
  for (size_t c = 0; c < k; ++c)
    for (size_t i = 0; i < n; ++i) {
      const double is_true = target_.values[begin + i] == static_cast<double>(c) ? 1 : 0;
      residuals[c * n + i] = weights[i] * (residuals[c * n + i] - is_true);
    }
  return loss;
}

}  // namespace kolosal
