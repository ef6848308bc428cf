#include "kolosal/tune/samplers/crossover.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

namespace kolosal {

static const auto& enum_names(CrossoverKind) {
  static constexpr std::pair<CrossoverKind, std::string_view> names[] = {
      {CrossoverKind::Sbx, "sbx"},         {CrossoverKind::Vsbx, "vsbx"},
      {CrossoverKind::Uniform, "uniform"}, {CrossoverKind::BlxAlpha, "blx_alpha"},
      {CrossoverKind::Spx, "spx"},         {CrossoverKind::Undx, "undx"}};
  return names;
}

namespace {

constexpr int kDraws = 100;  // of what falls outside

// One of the two children of a and b by simulated binary crossover: near the lower one, or its mirror image near the upper.
double simulated_binary(double a, double b, double low, double high, double eta, double u, bool upper) {
  const double left = std::min(a, b), right = std::max(a, b), gap = right - left;
  if (gap < 1e-14 * (high - low)) return a;
  const double wall = upper ? high - right : left - low;
  const double alpha = 2 - std::pow(1 + 2 * wall / gap, -(eta + 1));
  const double beta = u <= 1 / alpha ? std::pow(u * alpha, 1 / (eta + 1)) : std::pow(1 / (2 - u * alpha), 1 / (eta + 1));
  return std::clamp(0.5 * (left + right + (upper ? beta : -beta) * gap), low, high);
}

// One of the two children of a and b by its variant.
double simulated_widely(double a, double b, double eta, double u, bool second) {
  if (u > 0.5) {
    std::swap(a, b);
    u = 1 - u;
    second = !second;
  }
  const double beta = std::pow(2 * std::max(u, 1e-300), -1 / (eta + 1));
  return second ? 0.5 * ((3 - beta) * a - (1 - beta) * b) : 0.5 * ((1 + beta) * a + (1 - beta) * b);
}

Eigen::VectorXd in_simplex(const Eigen::MatrixXd& parents, double epsilon, RandomStream& stream) {
  const Eigen::RowVectorXd centre = parents.colwise().mean();
  const Eigen::MatrixXd corners = (epsilon * (parents.rowwise() - centre)).rowwise() + centre;
  Eigen::RowVectorXd moved = Eigen::RowVectorXd::Zero(parents.cols());
  for (Eigen::Index k = 1; k < corners.rows(); ++k)
    moved = std::pow(stream.uniform(), 1 / static_cast<double>(k)) * (corners.row(k - 1) - corners.row(k) + moved);
  return (corners.bottomRows(1) + moved).transpose();
}

Eigen::VectorXd about_the_middle(const Eigen::MatrixXd& parents, double along, double across, RandomStream& stream) {
  const Eigen::VectorXd first = parents.row(0), second = parents.row(1), third = parents.row(2), line = first - second;
  const double length = line.norm();
  const Eigen::VectorXd unit = length > 0 ? Eigen::VectorXd(line / length) : Eigen::VectorXd::Zero(line.size());
  const auto off_the_line = [&](const Eigen::VectorXd& x) { return Eigen::VectorXd(x - unit.dot(x) * unit); };
  Eigen::VectorXd direction(line.size());
  const double shift = along * stream.normal();
  for (double& each : direction) each = across * stream.normal();
  return 0.5 * (first + second) + shift * line + off_the_line(third - first).norm() * off_the_line(direction);
}

}  // namespace

void describe(Fields<Crossover>& f) {
  f.add("kind", &Crossover::kind, "How numbers are crossed.");
  f.add("eta", &Crossover::eta, "How near to their parents children of sbx and vsbx are; null: 20.").min(0);
  f.add("alpha", &Crossover::alpha, "How far beyond their parents children of blx_alpha reach; null: 0.5.").min(0);
  f.add("epsilon", &Crossover::epsilon, "How far the simplex of spx is drawn out; null: the root of the dimensions and 2.").above(0);
  f.add("sigma_xi", &Crossover::sigma_xi, "Deviation of children of undx along the line of two parents; null: 0.5.").min(0);
  f.add("sigma_eta", &Crossover::sigma_eta, "Deviation of children of undx across it; null: 0.35 by the root of the dimensions.").min(0);
}

Crossover Crossover::from_value(const Value& value, const std::string& name) {
  Crossover made;
  update_from_value(made, value.is_object() ? value : Value(Value::Object{{"kind", value}}), name);
  const auto check = [&](const std::optional<double>& given, const char* of, bool has) {
    if (given && !has) throw Error(ErrorCode::BadValue, name + ": this kind of crossover has no '" + of + "'", "Leave it out.");
  };
  check(made.eta, "eta", made.kind == CrossoverKind::Sbx || made.kind == CrossoverKind::Vsbx);
  check(made.alpha, "alpha", made.kind == CrossoverKind::BlxAlpha);
  check(made.epsilon, "epsilon", made.kind == CrossoverKind::Spx);
  check(made.sigma_xi, "sigma_xi", made.kind == CrossoverKind::Undx);
  check(made.sigma_eta, "sigma_eta", made.kind == CrossoverKind::Undx);
  return made;
}

double Crossover::number(double a, double b, double low, double high, bool second, RandomStream& stream) const {
  if (kind == CrossoverKind::Uniform) return second ? b : a;
  if (kind == CrossoverKind::Sbx) return simulated_binary(a, b, low, high, eta.value_or(20), stream.uniform(), second == (a < b));
  const double reach = alpha.value_or(0.5) * std::abs(a - b);
  double x = a;
  for (int i = 0; i < kDraws; ++i) {
    if (kind == CrossoverKind::Vsbx) x = simulated_widely(a, b, eta.value_or(20), stream.uniform(), second);
    else x = std::min(a, b) - reach + stream.uniform() * (std::abs(a - b) + 2 * reach);
    if (x >= low && x <= high) return x;
  }
  return std::clamp(x, low, high);
}

std::vector<double> Crossover::point(const std::array<std::vector<double>, 3>& parents, RandomStream& stream) const {
  const auto n = static_cast<Eigen::Index>(parents[0].size());
  const auto d = static_cast<double>(n);
  Eigen::MatrixXd rows(3, n);
  for (Eigen::Index k = 0; k < 3; ++k) rows.row(k) = Eigen::Map<const Eigen::RowVectorXd>(parents[static_cast<size_t>(k)].data(), n);
  Eigen::VectorXd x;
  for (int i = 0; i < kDraws; ++i) {
    if (kind == CrossoverKind::Spx) x = in_simplex(rows, epsilon.value_or(std::sqrt(d + 2)), stream);
    else x = about_the_middle(rows, sigma_xi.value_or(0.5), sigma_eta.value_or(0.35 / std::sqrt(d)), stream);
    if ((x.array() >= 0).all() && (x.array() <= 1).all()) break;
  }
  x = x.cwiseMax(0).cwiseMin(1);
  return {x.begin(), x.end()};
}

}  // namespace kolosal
