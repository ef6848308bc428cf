#include <cmath>

#include "kolosal/models/linear/cholesky-inl.h"
#include "kolosal/models/linear/piecewise-inl.h"

namespace kolosal {
namespace {

// A row beside the numbers that are moved: how far y is over and under the margin, and how far the dual value of the row is from the
// most and the least that it may be. All are above 0 and their products are brought to 0 together.
struct RowState {
  double y, most, least;  // the dual value lies within [-least, most]
  double margin;
  double over, under, to_most, to_least;

  // A row counts as so many, so that one of weight 2 moves as two rows do.
  double weight() const { return most + least; }
  bool counts() const { return weight() > 0; }
  double dual() const { return to_least - least; }
  double gap() const { return over * to_most + under * to_least; }
  double stiffness() const { return 1 / (over / to_most + under / to_least); }
};

// A step of one row.
struct RowStep {
  double dual, over, under;
};

// What a step aims at: products `mean` for a row of weight one, corrected by those of the step before it.
struct Aim {
  double mean = 0;
  bool is_corrected = false;
};

class InteriorPoint {
 public:
  InteriorPoint(const WeightedRows& rows, const std::function<PiecewiseRow(size_t)>& row_of, Penalty penalty, MinimiserOptions options,
                const FitContext& context)
      : rows_(rows),
        options_(options),
        context_(context),
        n_(rows.n_rows()),
        p_(rows.n_features()),
        scales_(column_scales(rows, options.fit_intercept, context)),
        at_(Eigen::VectorXd::Zero(static_cast<Eigen::Index>(p_ + 1))),
        l2_(at_),
        lease_(context.memory, (n_ + p_) * (sizeof(RowState) + 2 * sizeof(double)), "an interior-point method") {
    for (size_t i = 0; i < n_; ++i) {
      const PiecewiseRow row = row_of(i);
      const double weight = rows.weights(i / rows.block_rows() * rows.block_rows())[i % rows.block_rows()];
      states_.push_back({row.y, weight * row.over, weight * row.under});
    }
    for (size_t j = 0; j < p_; ++j) {
      l2_[static_cast<Eigen::Index>(j)] = penalty.l2 / rows.unit() * scales_.inverse[j] * scales_.inverse[j];
      const double l1 = penalty.l1 / rows.unit() * scales_.inverse[j];
      if (penalty.l1 > 0) states_.push_back({0, l1, l1});
    }
    predicted_.resize(states_.size());
    moved_.resize(states_.size());
  }

  LinearForm minimise() {
    int n_steps = 0;
    if (start())
      while (n_steps < options_.max_iterations && step(n_steps == 0)) ++n_steps;
    if (n_steps == 0) context_.check();  // nothing is learnt
    LinearForm form{static_cast<int64_t>(p_), std::vector<double>(p_), {at_[static_cast<Eigen::Index>(p_)]}, Link::Identity};
    for (size_t j = 0; j < p_; ++j) {
      form.weights[j] = at_[static_cast<Eigen::Index>(j)] * scales_.inverse[j];
      form.bias[0] -= form.weights[j] * scales_.centers[j];
    }
    return form;
  }

 private:
  // Starts from the mean target; false where no row is off it.
  bool start() {
    double sum = 0, weight = 0, off = 0;
    for (size_t i = 0; i < n_; ++i) {
      sum += states_[i].weight() * states_[i].y;
      weight += states_[i].weight();
    }
    if (options_.fit_intercept && weight > 0) at_[static_cast<Eigen::Index>(p_)] = sum / weight;
    for (size_t i = 0; i < n_; ++i) {
      states_[i].margin = at_[static_cast<Eigen::Index>(p_)];
      off += states_[i].weight() * std::abs(states_[i].y - states_[i].margin);
    }
    if (!(off > 0)) return false;
    first_loss_ = off;
    for (RowState& row : states_) {
      const double residual = row.y - row.margin;
      row.over = std::max(residual, 0.0) + off / weight;
      row.under = std::max(-residual, 0.0) + off / weight;
      row.to_most = row.to_least = row.weight() / 2;
    }
    return true;
  }

  // The step of a row whose margin moves by `moved`.
  RowStep step_of(size_t i, double moved, Aim aim) const {
    const RowState& row = states_[i];
    double over = aim.mean * row.weight() - row.over * row.to_most, under = aim.mean * row.weight() - row.under * row.to_least;
    if (aim.is_corrected) {
      const RowStep before = step_of(i, predicted_[i], {});
      over += before.over * before.dual;
      under -= before.under * before.dual;
    }
    const double dual = row.stiffness() * (row.y - row.margin - row.over + row.under - over / row.to_most + under / row.to_least - moved);
    return {dual, (over + row.over * dual) / row.to_most, (under - row.under * dual) / row.to_least};
  }

  // Sums of the rows times what they pull at their margin for the aim, and less the slope of the penalty; the Gram matrix where wanted.
  Eigen::VectorXd right_side(Aim aim, Eigen::MatrixXd* gram) const {
    const size_t q = p_ + 1;
    const std::vector<double> sums = rows_.sum_blocks(
        q + (gram != nullptr ? q * q : 0), 1, context_, [&](size_t begin, size_t n, double* sum, std::vector<double>& scratch) {
          const size_t n_padded = padded_rows(n);
          scratch.assign(2 * n_padded + q * n_padded, 0.0);
          double *pull = scratch.data(), *root = pull + n_padded, *packed = root + n_padded;
          for (size_t i = 0; i < n; ++i) {
            const RowState& row = states_[begin + i];
            if (!row.counts()) continue;
            pull[i] = row.dual() + step_of(begin + i, 0, aim).dual;
            root[i] = std::sqrt(row.stiffness());
            sum[p_] += pull[i];
          }
          rows_.add_transposed_products(begin, n, pull, sum);
          if (gram == nullptr) return;
          std::vector<float> room;
          pack_columns(rows_.block(begin, n, room), scales_.centers.data(), scales_.inverse.data(), root, packed);
          std::copy_n(root, n_padded, packed + p_ * n_padded);
          add_gram(packed, n_padded, q, sum + q, q);
        });
    const auto size = static_cast<Eigen::Index>(q);
    Eigen::VectorXd side = Eigen::Map<const Eigen::VectorXd>(sums.data(), size);
    for (size_t j = 0; j < p_; ++j) {
      double& part = side[static_cast<Eigen::Index>(j)];
      part = (part - scales_.centers[j] * side[size - 1]) * scales_.inverse[j];
      if (has_l1() && states_[n_ + j].counts()) part += states_[n_ + j].dual() + step_of(n_ + j, 0, aim).dual;
    }
    side -= l2_.cwiseProduct(at_);
    if (!options_.fit_intercept) side[size - 1] = 0;
    if (gram != nullptr) *gram = Eigen::Map<const Eigen::MatrixXd>(sums.data() + q, size, size).transpose();
    return side;
  }

  bool has_l1() const { return states_.size() > n_; }

  // How far each margin moves as the weights do.
  void move_margins(const Eigen::VectorXd& direction, std::vector<double>& moved) const {
    std::vector<double> weights(p_);
    double bias = direction[static_cast<Eigen::Index>(p_)];
    for (size_t j = 0; j < p_; ++j) {
      weights[j] = direction[static_cast<Eigen::Index>(j)] * scales_.inverse[j];
      bias -= weights[j] * scales_.centers[j];
      if (has_l1()) moved[n_ + j] = direction[static_cast<Eigen::Index>(j)];
    }
    context_.threads->parallel_for(n_, rows_.block_rows(), [&](size_t begin, size_t end) {
      std::fill(moved.begin() + static_cast<ptrdiff_t>(begin), moved.begin() + static_cast<ptrdiff_t>(end), bias);
      rows_.add_products(begin, end - begin, weights.data(), moved.data() + begin);
    });
  }

  // The longest step at which all numbers stay above 0, and the sum of products at that length.
  std::pair<double, double> longest_step(const std::vector<double>& moved, Aim aim) const {
    double length = 1, products = 0, linear = 0, quadratic = 0;
    for (size_t i = 0; i < states_.size(); ++i) {
      const RowState& row = states_[i];
      if (!row.counts()) continue;
      const RowStep by = step_of(i, moved[i], aim);
      for (const auto& [value, change] : {std::pair(row.over, by.over), std::pair(row.under, by.under), std::pair(row.to_most, -by.dual),
                                          std::pair(row.to_least, by.dual)})
        if (change < 0) length = std::min(length, -value / change);
      products += row.gap();
      linear += by.over * row.to_most - row.over * by.dual + by.under * row.to_least + row.under * by.dual;
      quadratic += by.dual * (by.under - by.over);
    }
    return {length, products + length * (linear + length * quadratic)};
  }

  // One predictor and corrector; false at the end.
  bool step(bool is_first) {
    Eigen::MatrixXd system;
    const Eigen::VectorXd predictor_side = right_side({}, &system);
    if (context_.should_stop()) return false;
    if (is_first && !system.allFinite()) refuse_not_finite(rows_.x());
    system.diagonal() += l2_;
    if (!options_.fit_intercept) system.row(static_cast<Eigen::Index>(p_)).setZero();
    for (size_t j = 0; j <= p_; ++j) {
      const auto at = static_cast<Eigen::Index>(j);
      if (j < p_ && has_l1() && states_[n_ + j].counts()) system(at, at) += states_[n_ + j].stiffness();
      system(at, at) = system(at, at) > 0 ? system(at, at) * (1 + 1e-8) : 1;  // the shortest step of those as good
    }
    if (!factorise_until_stopped(system, context_)) return false;

    double gap = 0, loss = 0, n_products = 0;
    for (const RowState& row : states_) {
      if (!row.counts()) continue;
      gap += row.gap();
      loss += row.most * std::max(row.y - row.margin, 0.0) + row.least * std::max(row.margin - row.y, 0.0);
      n_products += 2 * row.weight();
    }
    // Of rows that can be met exactly the loss comes to nothing, and what it was says what is little.
    if (gap <= options_.tolerance * std::max(loss, 1e-4 * first_loss_) || n_products == 0) return false;

    move_margins(solve_factorised(system, predictor_side), predicted_);
    const double share = std::max(longest_step(predicted_, {}).second, 0.0) / gap;
    const Aim aim{share * share * share * gap / n_products, true};
    const Eigen::VectorXd direction = solve_factorised(system, right_side(aim, nullptr));
    if (context_.should_stop() || !direction.allFinite()) return false;
    move_margins(direction, moved_);
    const double length = std::min(1.0, 0.995 * longest_step(moved_, aim).first);
    at_ += length * direction;
    context_.threads->parallel_for(states_.size(), rows_.block_rows(), [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) {
        if (!states_[i].counts()) continue;
        const RowStep by = step_of(i, moved_[i], aim);
        RowState& row = states_[i];
        row.margin += length * moved_[i];
        row.over += length * by.over;
        row.under += length * by.under;
        row.to_most -= length * by.dual;
        row.to_least += length * by.dual;
      }
    });
    return length > 1e-12;
  }

  const WeightedRows& rows_;
  MinimiserOptions options_;
  const FitContext& context_;
  size_t n_, p_;
  ColumnScales scales_;
  Eigen::VectorXd at_;  ///< weights of scaled features, then the bias
  Eigen::VectorXd l2_;
  MemoryLease lease_;
  double first_loss_ = 0;
  std::vector<RowState> states_;           ///< the rows, then one for each weight where there is an L1 penalty
  std::vector<double> predicted_, moved_;  ///< how far margins move in the predictor and in the step
};

}  // namespace

LinearForm minimise_piecewise(const WeightedRows& rows, const std::function<PiecewiseRow(size_t)>& row_of, Penalty penalty,
                              MinimiserOptions options, const FitContext& context) {
  return InteriorPoint(rows, row_of, penalty, options, context).minimise();
}

}  // namespace kolosal
