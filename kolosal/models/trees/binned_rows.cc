#include "kolosal/models/trees/binned_rows.h"

#include <algorithm>
#include <array>

namespace kolosal {
namespace {

constexpr size_t kGathered = 1024;

// The numbers of a column at the rows listed.
Digest digest_of(std::span<const float> column, std::span<const uint32_t> rows) {
  Digest digest;
  const bool all = rows.size() == column.size();  // rows ascend
  std::array<float, kGathered> gathered;
  for (size_t begin = 0; begin < rows.size(); begin += kGathered) {  // in the same pieces, wherever they lie
    const size_t n = std::min(kGathered, rows.size() - begin);
    for (size_t i = 0; !all && i < n; ++i) gathered[i] = column[rows[begin + i]];
    digest.add(all ? column.subspan(begin, n) : std::span<const float>(gathered).first(n));
  }
  return digest;
}

void add_numbers(const TrainingRows& rows, Digest& digest, const FitContext& context) {
  const FeatureMatrix& x = rows.x;
  std::vector<Digest> columns(x.n_features());
  context.threads->parallel_each(columns.size(), [&](size_t f) {
    if (!context.should_stop()) columns[f] = digest_of(x.column(f), rows.rows);
  });
  context.check();
  digest.add(rows.rows.size());
  for (size_t f = 0; f < columns.size(); ++f) {
    digest.add(static_cast<uint64_t>(x.features()[f].n_categories));
    digest.add(columns[f].value());
  }
}

size_t bytes_of(const TrainingRows& rows, bool with_columns) {
  return BinnedMatrix::bytes_for(rows.rows.size(), rows.x.n_features(), with_columns);
}

template <class Make>
std::shared_ptr<const BinnedRows> find_or_make(const Digest& key, size_t bytes, const FitContext& context, const Make& make) {
  if (context.cache == nullptr) return make();
  return context.cache->find_or_make<BinnedRows>(key, bytes, make);
}

}  // namespace

std::shared_ptr<const BinnedRows> bin_rows(const TrainingRows& rows, int max_bins, bool with_columns, const FitContext& context) {
  const size_t bytes = bytes_of(rows, with_columns);
  Digest key;
  if (context.cache != nullptr) {
    key.add("binned rows");
    key.add(static_cast<uint64_t>(max_bins));
    key.add(static_cast<uint64_t>(with_columns));
    key.add(std::span<const double>(rows.weights));
    add_numbers(rows, key, context);
    if (std::ranges::any_of(rows.x.features(), [&](const Feature& feature) { return feature.n_categories > max_bins; })) {
      key.add(static_cast<uint64_t>(rows.target.task));
      key.add(static_cast<uint64_t>(rows.target.n_outputs()));
      key.add(std::span<const double>(rows.target.values));
    }
  }
  return find_or_make(key, bytes, context, [&] {
    MemoryLease lease(context.memory, bytes, "the bins of the rows");
    auto bins =
        std::make_shared<const std::vector<FeatureBins>>(make_bins(rows.x, rows.rows, rows.weights, &rows.target, max_bins, context));
    return std::make_shared<const BinnedRows>(
        BinnedRows{bins, BinnedMatrix(rows.x, rows.rows, *bins, context, with_columns), key, std::move(lease)});
  });
}

std::shared_ptr<const BinnedRows> bin_rows_like(const BinnedRows& learnt, const TrainingRows& rows, const FitContext& context) {
  const size_t bytes = bytes_of(rows, false);
  Digest key;
  if (context.cache != nullptr) {
    key.add("rows binned like others");
    key.add(learnt.digest.value());
    add_numbers(rows, key, context);
  }
  return find_or_make(key, bytes, context, [&] {
    MemoryLease lease(context.memory, bytes, "the bins of validation rows");
    return std::make_shared<const BinnedRows>(
        BinnedRows{learnt.bins, BinnedMatrix(rows.x, rows.rows, *learnt.bins, context), key, std::move(lease)});
  });
}

}  // namespace kolosal
