// ParzenMixture: a density over a subspace made of one kernel for each observation and a wide one for what is not known (the prior).
//
// A kernel is a product over the parameters: a normal distribution cut to the range, the mass of the cell where there are steps, a raised
// share of the observed choice for categories. In each dimension the standard deviation is the larger gap to a neighbour, at least
// range / min(100, n + 2) for n observations and at most the range.
//
// Shapes   n observations and d parameters give n + 1 kernels, the prior last.
// Cost     O(n d) to make, given the sorted columns; O(n d) for a density.
// Source   Bergstra et al. 2011; Watanabe, arXiv:2304.11127; the constants of Optuna 5.
// Checked  parzen_test.cc: log densities that Optuna 5 gave for the same observations, to 1e-9.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "kolosal/base/random.h"
#include "kolosal/tune/sampler.h"

namespace kolosal {

/// log of the standard normal mass between a and b, a < b; exact in the tails.
double log_normal_mass(double a, double b) noexcept;

/// What is kept of one parameter between proposals: its places in order, each with what its kernel's width last gave.
class SortedColumn {
 public:
  /// A place, its row, and the log(sigma) + log mass within the range that the kernel there had for its last sigma.
  struct Entry {
    double place = 0;
    uint32_t row = 0;
    double sigma = -1, log_norm = 0;
    bool operator<(const Entry& other) const noexcept { return place != other.place ? place < other.place : row < other.row; }
  };

  /// Takes in what has changed in the column since, and the range, without which no norm holds.
  void update(const ParameterColumn& column, double low, double high);
  /// In order; an entry whose place is no longer the row's is stale.
  std::vector<Entry>& entries() noexcept { return entries_; }
  /// The norm of an entry's kernel with this sigma.
  double log_norm(Entry& entry, double sigma) const {
    if (entry.sigma != sigma) {
      entry.sigma = sigma;
      entry.log_norm = fresh_norm(entry.place, sigma);
    }
    return entry.log_norm;
  }

 private:
  double fresh_norm(double place, double sigma) const;

  std::vector<Entry> entries_;
  double low_ = 0, high_ = 0;
  size_t consumed_ = 0;
};

/// Memory that mixtures use one after the other.
struct MixtureBuffers {
  std::vector<double> centers, scales;  ///< (smooth dimension, kernel); scale = 1 / (sqrt(2) sigma)
  std::vector<double> terms;            ///< (point, kernel)
};

/// See the top of the file.
class ParzenMixture {
 public:
  /// The mixture of the rows (in order of number) over the subspace; `weights` are theirs, `prior_weight` that of the prior. `columns`
  /// are by parameter index and up to date with the ranges of the subspace.
  ParzenMixture(const History& history, const Subspace& space, std::span<const uint32_t> rows, std::vector<double> weights,
                double prior_weight, std::vector<SortedColumn>& columns, MixtureBuffers& buffers);

  /// Points (inside form; n, d) drawn from the mixture.
  std::vector<double> sample(RandomStream& stream, size_t n) const;
  /// log density of each point (n, d).
  std::vector<double> log_density(std::span<const double> points) const;

 private:
  // One parameter with few different kernels: their masses are looked up by code.
  struct Discrete {
    size_t dimension;
    std::vector<uint32_t> codes;                     // by kernel
    std::vector<std::pair<double, double>> kernels;  // (mu, sigma) by code; for categories (choice, -)
  };

  void add_numeric(size_t dimension, const ParameterColumn& column, SortedColumn& sorted, std::span<const uint32_t> rows,
                   const std::vector<uint32_t>& kernel_of);
  struct Placed {
    SortedColumn::Entry* entry;
    uint32_t kernel;
  };
  static std::vector<Placed> in_order(const ParameterColumn& column, SortedColumn& sorted, std::span<const uint32_t> rows,
                                      const std::vector<uint32_t>& kernel_of);
  void add_smooth(size_t dimension, SortedColumn& sorted, const std::vector<Placed>& order, const std::vector<double>& sigmas);
  void add_choices(size_t dimension, const ParameterColumn& column, std::span<const uint32_t> rows);
  std::vector<double> masses(const Discrete& discrete, double point) const;
  double draw(RandomStream& stream, size_t dimension, size_t kernel) const;

  Subspace space_;
  size_t n_kernels_ = 1;
  double prior_weight_;
  std::vector<double> weights_;  // cumulated, by kernel
  std::vector<double> base_;     // by kernel: log weight less log norms of the smooth dimensions
  std::vector<size_t> smooth_;   // dimensions without steps
  MixtureBuffers& buffers_;
  std::vector<Discrete> discrete_;
  std::vector<uint32_t> place_of_;  // by dimension: its place in smooth_ or discrete_
};

}  // namespace kolosal
