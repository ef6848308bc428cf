// The knn fill form. Missing is a row without a value or NaN. Infinities stay, and count as absent in distances and means.
//
// The distance of two rows is Euclidean over the columns that both have, scaled up to all columns. For each missing number the
// n_neighbors nearest training rows that have the column count; of rows equally far the first. A training row of weight w counts
// as w rows; at most 16 rows count for each of n_neighbors, however little they weigh. Rows of distance 0 alone count, alike, under
// 'distance' where there are any.
//
// Cost     O(n_queries n_rows n_columns), queries being the rows with a missing number; training rows pass through the cache in
//          tiles, each for a block of queries.
// Checked  knn_impute_test.cc, against scikit-learn's KNNImputer in tests/parity.
#include "kolosal/preprocess/forms/knn_fill.h"

#include <cmath>
#include <limits>
#include <optional>

namespace kolosal {
namespace {

constexpr size_t kQueryBlock = 64;
constexpr double kMostRowsEach = 16;  // of small weight, for one neighbour
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The nearest rows so far that have one column: in order of distance, rows of equal distance in order of arrival.
class NearestRows {
 public:
  explicit NearestRows(double n_wanted) : n_wanted_(n_wanted) {}

  struct Near {
    double distance, weight, value;
  };

  double limit() const noexcept { return weight_ >= n_wanted_ || is_full() ? found_.back().distance : kInfinity; }
  const std::vector<Near>& found() const noexcept { return found_; }

  /// Adds a row nearer than limit(), and lets go of rows that are not needed any more.
  void add(const Near& near) {
    const auto place = std::ranges::upper_bound(found_, near.distance, {}, &Near::distance);
    found_.insert(place, near);
    weight_ += near.weight;
    while (found_.size() > 1 && (weight_ - found_.back().weight >= n_wanted_ || is_over_full())) {
      weight_ -= found_.back().weight;
      found_.pop_back();
    }
  }

  /// The mean of the rows; nullopt where there is none. The farthest row counts as much as is wanted of it.
  std::optional<double> mean(NeighborWeighting weighting) const {
    double total = 0, mean = 0, left = n_wanted_;
    const bool exact = weighting == NeighborWeighting::Distance && !found_.empty() && found_.front().distance == 0;
    for (const Near& near : found_) {
      double weight = std::min(near.weight, left);
      left -= weight;
      if (weighting == NeighborWeighting::Distance) {
        if (exact && near.distance > 0) break;
        // Relative to the nearest, so that no inverse overflows.
        if (!exact) weight *= std::sqrt(found_.front().distance / near.distance);
      }
      if (!(weight > 0)) continue;
      total += weight;
      mean += (near.value - mean) * (weight / total);
    }
    if (total == 0) return std::nullopt;
    return mean;
  }

 private:
  bool is_full() const noexcept { return static_cast<double>(found_.size()) >= kMostRowsEach * n_wanted_; }
  bool is_over_full() const noexcept { return static_cast<double>(found_.size()) > kMostRowsEach * n_wanted_; }

  double n_wanted_, weight_ = 0;
  std::vector<Near> found_;
};

/// A row with missing numbers, and the nearest rows for each.
struct Query {
  size_t row = 0;
  std::vector<double> values;
  std::vector<uint32_t> present, absent, wanted;
  std::vector<NearestRows> nearest;  // one for each wanted column

  double limit() const {
    double limit = 0;
    for (const NearestRows& rows : nearest) limit = std::max(limit, rows.limit());
    return limit;
  }
};

/// The power of two that brings the largest magnitude to [1, 2).
double scale_of(const std::vector<double>& values) {
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return largest == 0 ? 1 : std::ldexp(1.0, std::clamp(-std::ilogb(largest), -1000, 1000));
}

std::vector<double> scaled(std::vector<double> values, double scale) {
  for (double& value : values) value *= scale;
  return values;
}

}  // namespace

/// One search over a table: its numbers, and the rows to fill.
class KnnFill::Search {
 public:
  Search(const KnnFill& fill, const Table& table) : fill_(fill) {
    std::vector<uint8_t> is_query(table.n_rows());
    for (const std::string& name : fill.rows_.columns) {
      const Column& column = needed_column(table, name);
      if (!is_number(column.kind())) wrong_column_kind(column, "a number");
      values_.push_back(column.numbers());
      for (size_t row = 0; row < is_query.size(); ++row) is_query[row] |= std::isnan(values_.back()[row]) ? 1 : 0;
    }
    for (size_t row = 0; row < is_query.size(); ++row)
      if (is_query[row] != 0) queries_.push_back(row);
  }

  void run(const Threads& threads, const FitContext* context) {
    const MaskedScan scan = masked_scan();
    threads.parallel_for(queries_.size(), kQueryBlock, [&](size_t begin, size_t end) {
      std::vector<Query> block;
      for (size_t i = begin; i < end; ++i) block.push_back(query(queries_[i]));
      for (size_t tile = 0; tile < fill_.tiles_.n_tiles(); ++tile) {
        if (context != nullptr && tile % 64 == 0) context->check();
        for (Query& row : block) look(scan, tile, row);
      }
      for (const Query& row : block) write(row);
    });
  }

  std::vector<double>& values(size_t column) { return values_[column]; }

 private:
  Query query(size_t row) const {
    const KnnFillRows& rows = fill_.rows_;
    Query made;
    made.row = row;
    for (size_t j = 0; j < values_.size(); ++j) {
      made.values.push_back(values_[j][row]);
      made.values[j] *= fill_.scale_;
      (std::isfinite(made.values[j]) ? made.present : made.absent).push_back(static_cast<uint32_t>(j));
      if (!std::isnan(made.values[j])) continue;
      made.wanted.push_back(static_cast<uint32_t>(j));
      made.nearest.emplace_back(static_cast<double>(rows.n_neighbors));
    }
    return made;
  }

  void look(MaskedScan scan, size_t tile, Query& query) const {
    const KnnFillRows& rows = fill_.rows_;
    const size_t n_rows = rows.values.size() / rows.columns.size();
    uint32_t places[MaskedTiles::kTile];
    double distances[MaskedTiles::kTile];
    const MaskedQuery row{query.values.data(), query.present, query.absent};
    const size_t n_found = scan(fill_.tiles_.tile(tile), rows.columns.size(), row, query.limit(), places, distances);
    for (size_t i = 0; i < n_found; ++i) {
      const size_t at = tile * MaskedTiles::kTile + places[i];
      for (size_t w = 0; w < query.wanted.size(); ++w) {
        const size_t cell = query.wanted[w] * n_rows + at;
        if (rows.there[cell] == 0 || !(distances[i] < query.nearest[w].limit())) continue;
        query.nearest[w].add({distances[i], rows.row_weights.empty() ? 1.0 : rows.row_weights[at], rows.values[cell]});
      }
    }
  }

  // Other queries of the block have been read by now; other blocks read other rows.
  void write(const Query& query) {
    for (size_t w = 0; w < query.wanted.size(); ++w) {
      const size_t column = query.wanted[w];
      values_[column][query.row] = query.nearest[w].mean(fill_.rows_.weighting).value_or(fill_.rows_.means[column]);
    }
  }

  const KnnFill& fill_;
  std::vector<std::vector<double>> values_;
  std::vector<size_t> queries_;
};

KnnFill::KnnFill(KnnFillRows rows)
    : rows_(std::move(rows)),
      scale_(scale_of(rows_.values)),
      tiles_(scaled(rows_.values, scale_), rows_.there, rows_.columns.empty() ? 0 : rows_.values.size() / rows_.columns.size(),
             rows_.columns.size()) {}

Table KnnFill::fill(const Table& table, const Threads& threads, const FitContext* context) const {
  Search search(*this, table);
  search.run(threads, context);
  Table filled = table;
  for (size_t j = 0; j < rows_.columns.size(); ++j) {
    const Column& column = table.column(rows_.columns[j]);
    filled = filled.with_column(number_column(column.name(), std::move(search.values(j)), column, {}));
  }
  return filled;
}

Table KnnFill::inverse_transform(const Table& table) const {
  for (const std::string& name : rows_.columns) (void)needed_column(table, name);
  return table;
}

void describe(Fields<KnnFillRows>& fields) {
  using R = KnnFillRows;
  fields.add("columns", &R::columns, "The columns filled, which also make up the distance.");
  fields.add("n_neighbors", &R::n_neighbors, "How many nearest rows count.").min(1);
  fields.add("weighting", &R::weighting, "How they count.");
  fields.add("values", &R::values, "The training rows, column by column.");
  fields.add("there", &R::there, "Which of the values are there.");
  fields.add("row_weights", &R::row_weights, "The weight of each training row; empty where all are one.");
  fields.add("means", &R::means, "What stands where no row is near.");
}

namespace {

class KnnFillForm : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    KnnFillRows rows;
    try {
      rows = kolosal::from_value<KnnFillRows>(value, "knn_fill");
    } catch (const Error& error) {
      require_fitted(false, "knn_fill", error.message());
    }
    const size_t n_columns = rows.columns.size();
    const auto finite = [](double number) { return std::isfinite(number); };
    require_fitted(std::ranges::none_of(rows.columns, &std::string::empty), "knn_fill", "a column has no name");
    require_fitted(rows.means.size() == n_columns && rows.there.size() == rows.values.size(), "knn_fill", "its parts differ in length");
    require_fitted(n_columns == 0 ? rows.values.empty() : rows.values.size() % n_columns == 0, "knn_fill", "a row is cut off");
    require_fitted(rows.row_weights.empty() || rows.row_weights.size() * n_columns == rows.values.size(), "knn_fill",
                   "a row has no weight");
    require_fitted(std::ranges::all_of(rows.values, finite) && std::ranges::all_of(rows.means, finite), "knn_fill",
                   "a number is not finite");
    require_fitted(std::ranges::all_of(rows.row_weights, [](double weight) { return weight > 0 && std::isfinite(weight); }), "knn_fill",
                   "a weight is not above 0");
    return std::make_unique<KnnFill>(std::move(rows));
  }
};

}  // namespace

void register_knn_fill(Catalog<TransformerForm>& catalog) {
  catalog.add<KnnFillForm>("knn_fill", "Missing numbers become the mean of those that the nearest training rows have.");
}

}  // namespace kolosal
