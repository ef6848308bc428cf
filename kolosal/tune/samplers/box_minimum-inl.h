// The least of a smooth function within a box, from a starting point: limited-memory BFGS with steps projected onto the box.
//
// Source   Byrd et al., SIAM J. Sci. Comput. 16(5), 1995; Bertsekas, SIAM J. Control Optim. 20(2), 1982 (projection, free variables).
// Checked  gaussian_process_test.cc.
#pragma once

#include <Eigen/Dense>
#include <functional>

namespace kolosal {

/// Where the least was found, and how much it is there.
struct BoxMinimum {
  Eigen::VectorXd x;
  double value = 0;
};

/// Goes down from `start` until no component of the projected gradient is above `tolerance`, or for `max_iterations`. `function` gives the
/// value and sets the gradient.
BoxMinimum box_minimum(const std::function<double(const Eigen::VectorXd& x, Eigen::VectorXd& gradient)>& function, Eigen::VectorXd start,
                       const Eigen::VectorXd& low, const Eigen::VectorXd& high, double tolerance, int max_iterations);

}  // namespace kolosal
