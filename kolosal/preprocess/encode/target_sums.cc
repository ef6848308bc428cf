// Sums of the target by level.
//
// Cost     O(n_rows n_outputs) a pass; a fold has n_levels (n_outputs + 1) sums, twice that where squares are asked for.
// Checked  target_encode_test.cc; scikit-learn in tests/parity/test_encoders.py.
#include "kolosal/preprocess/encode/target_sums.h"

#include <algorithm>

namespace kolosal {
namespace {

constexpr size_t kRowsABlock = size_t{1} << 16;

/// LevelSums::add for rows [begin, end) of a single goal each.
void add_single_goals(std::vector<LevelSums>& sums, std::span<const int32_t> codes, std::span<const uint8_t> folds, const double* goals,
                      std::span<const double> weights, size_t begin, size_t end) {
  std::vector<double*> weight_of, sum_of;
  for (LevelSums& fold : sums) {
    weight_of.push_back(fold.weights());
    sum_of.push_back(fold.sums());
  }
  const size_t missing = sums.front().n_levels();
  for (size_t row = begin; row < end; ++row) {
    const size_t fold = folds[row];
    if (fold == weight_of.size()) continue;
    const size_t level = codes[row] < 0 ? missing : static_cast<size_t>(codes[row]);
    const double weight = weights.empty() ? 1.0 : weights[row];
    weight_of[fold][level] += weight;
    sum_of[fold][level] += weight * goals[row];
  }
}

}  // namespace

Goals::Goals(const Target& target)
    : target_(&target),
      n_outputs_(target.task == Task::Binary       ? 1
                 : target.task == Task::Multiclass ? target.n_classes()
                                                   : target.n_targets) {}

LevelSums::LevelSums(size_t n_levels, size_t n_outputs, bool with_squares)
    : n_outputs_(n_outputs),
      weights_(n_levels + 1),
      sums_((n_levels + 1) * n_outputs),
      squares_(with_squares ? (n_levels + 1) * n_outputs : 0) {}

void LevelSums::add_square(size_t level, const Goals& goals, size_t row, double weight, const LevelSums& whole) {
  for (size_t k = 0; k < n_outputs_; ++k) {
    const double gap = goals.at(row, k) - whole.sum(level, k) / whole.weight(level);
    squares_[level * n_outputs_ + k] += weight * gap * gap;
  }
}

void LevelSums::set_squares_of_indicators() {
  for (size_t i = 0; i < squares_.size(); ++i) {
    const double weight = weights_[i / n_outputs_];
    squares_[i] = weight > 0 ? sums_[i] * (1 - sums_[i] / weight) : 0;
  }
}

void LevelSums::merge_level(size_t level, const LevelSums& other, size_t from) {
  const double mine = weights_[level], more = other.weights_[from];
  const size_t to_sums = level * n_outputs_, from_sums = from * n_outputs_;
  for (size_t k = 0; k < n_outputs_; ++k) {
    if (!squares_.empty()) {
      squares_[to_sums + k] += other.squares_[from_sums + k];
      if (mine > 0 && more > 0) {
        const double gap = other.sums_[from_sums + k] / more - sums_[to_sums + k] / mine;
        squares_[to_sums + k] += gap * gap * (mine * more / (mine + more));
      }
    }
    sums_[to_sums + k] += other.sums_[from_sums + k];
  }
  weights_[level] += more;
}

void LevelSums::merge(const LevelSums& other) {
  for (size_t level = 0; level < weights_.size(); ++level) merge_level(level, other, level);
}

void LevelSums::merge(const LevelSums& other, std::span<const uint32_t> levels) {
  for (size_t i = 0; i < levels.size(); ++i) merge_level(levels[i], other, i);
  merge_level(n_levels(), other, other.n_levels());
}

void LevelSums::grow(size_t n_levels) {
  const auto make_room = [this, n_levels](std::vector<double>& values, size_t width) {
    const auto missing = values.end() - static_cast<std::ptrdiff_t>(width);
    values.insert(missing, (n_levels - this->n_levels()) * width, 0.0);
  };
  if (n_levels <= this->n_levels()) return;
  if (!squares_.empty()) make_room(squares_, n_outputs_);
  make_room(sums_, n_outputs_);
  make_room(weights_, 1);
}

LevelSums LevelSums::take(std::span<const size_t> levels) const {
  LevelSums taken(levels.size(), n_outputs_, !squares_.empty());
  for (size_t i = 0; i < levels.size(); ++i) taken.merge_level(i, *this, levels[i]);
  taken.merge_level(levels.size(), *this, n_levels());
  return taken;
}

void LevelSums::add(const LevelSums& other) {
  for (size_t i = 0; i < weights_.size(); ++i) weights_[i] += other.weights_[i];
  for (size_t i = 0; i < sums_.size(); ++i) sums_[i] += other.sums_[i];
  for (size_t i = 0; i < squares_.size(); ++i) squares_[i] += other.squares_[i];
}

std::vector<double> LevelSums::priors(double of_no_rows) const {
  std::vector<double> priors(n_outputs_);
  double total = 0;
  for (const double weight : weights_) total += weight;
  for (size_t i = 0; i < sums_.size(); ++i) priors[i % n_outputs_] += sums_[i];
  for (double& prior : priors) prior = total > 0 ? prior / total : of_no_rows;
  return priors;
}

/// The variance of each output over all rows.
std::vector<double> LevelSums::variances(const std::vector<double>& priors) const {
  std::vector<double> variances(n_outputs_);
  double total = 0;
  for (size_t level = 0; level < weights_.size(); ++level) {
    const double weight = weights_[level];
    if (weight <= 0) continue;
    total += weight;
    for (size_t k = 0; k < n_outputs_; ++k) {
      const double gap = sum(level, k) / weight - priors[k];
      variances[k] += squares_[level * n_outputs_ + k] + weight * gap * gap;
    }
  }
  for (double& variance : variances) variance = total > 0 ? variance / total : 0;
  return variances;
}

std::vector<double> LevelSums::encodings(const Smoothing& smoothing, double of_no_rows) const {
  const std::vector<double> prior = priors(of_no_rows);
  const std::vector<double> variance = smoothing.rows ? std::vector<double>() : variances(prior);
  std::vector<double> values;
  values.reserve((weights_.size() + 1) * n_outputs_);
  const auto encoding = [&](size_t level, size_t k) {
    const double weight = weights_[level], total = sum(level, k);
    if (weight <= 0 || weight < smoothing.min_samples) return prior[k];
    if (smoothing.rows) return (total + *smoothing.rows * prior[k]) / (weight + *smoothing.rows);
    // The share of the level's own mean: the variance between means against that of this mean.
    const double within = squares_[level * n_outputs_ + k] / weight, between = variance[k] * weight;
    return between + within > 0 ? (between * (total / weight) + within * prior[k]) / (between + within) : prior[k];
  };
  for (size_t level = 0; level < n_levels(); ++level)
    for (size_t k = 0; k < n_outputs_; ++k) values.push_back(encoding(level, k));
  values.insert(values.end(), prior.begin(), prior.end());
  for (size_t k = 0; k < n_outputs_; ++k) values.push_back(encoding(n_levels(), k));
  return values;
}

std::vector<LevelSums> sums_by_fold(std::span<const int32_t> codes, std::span<const uint8_t> folds, size_t n_folds, const Goals& goals,
                                    std::span<const double> weights, size_t n_levels, bool with_squares, const FitContext& context) {
  const std::vector<LevelSums> none(n_folds, LevelSums(n_levels, goals.n_outputs(), with_squares));
  // Each block has sums of its own: fewer blocks where there are many of them.
  const size_t n_sums = n_folds * (n_levels + 1) * (goals.n_outputs() + 1);
  const size_t grain = std::max(kRowsABlock, n_sums), n_blocks = (codes.size() + grain - 1) / grain;
  std::vector<LevelSums> all = none;
  const auto in_blocks = [&](bool is_first, const auto& see) {
    std::vector<std::vector<LevelSums>> blocks(n_blocks, none);
    context.threads->parallel_for(codes.size(), grain, [&](size_t begin, size_t end) {
      context.check();
      std::vector<LevelSums>& sums = blocks[begin / grain];
      if (is_first && goals.single() != nullptr) return add_single_goals(sums, codes, folds, goals.single(), weights, begin, end);
      for (size_t row = begin; row < end; ++row) {
        const size_t fold = folds[row];
        if (fold == n_folds) continue;
        const size_t level = codes[row] < 0 ? n_levels : static_cast<size_t>(codes[row]);
        see(sums[fold], fold, level, row, weights.empty() ? 1.0 : weights[row]);
      }
    });
    for (const std::vector<LevelSums>& block : blocks)
      for (size_t fold = 0; fold < n_folds; ++fold) all[fold].add(block[fold]);
  };
  in_blocks(true, [&](LevelSums& sums, size_t, size_t level, size_t row, double weight) { sums.add(level, goals, row, weight); });
  if (!with_squares) return all;
  if (goals.are_indicators()) {
    for (LevelSums& sums : all) sums.set_squares_of_indicators();
    return all;
  }
  const std::vector<LevelSums> whole = all;
  in_blocks(false, [&](LevelSums& sums, size_t fold, size_t level, size_t row, double weight) {
    sums.add_square(level, goals, row, weight, whole[fold]);
  });
  return all;
}

namespace {

std::vector<std::string> output_names(const std::string& column, const Target& target, size_t n_outputs, FreeNames& names) {
  std::vector<std::string> outputs;
  for (size_t k = 0; k < n_outputs; ++k) {
    std::string name = column + "__target";
    if (target.task == Task::Multiclass) name += "_" + target.class_names[k];
    else if (n_outputs > 1) name += std::to_string(k);
    outputs.push_back(names.claim(std::move(name)));
  }
  return outputs;
}

}  // namespace

TargetColumns target_columns(const TransformerInput& input, const std::vector<std::string>& names, UnknownLevel unknown, bool keep,
                             std::string_view transformer) {
  TargetColumns chosen{level_columns(input, names, transformer), {}};
  if (chosen.columns.empty()) return chosen;
  if (input.target == nullptr || input.target->n_rows != input.table.n_rows())
    throw Error(ErrorCode::BadValue, std::string(transformer) + " needs a target value for each row",
                "Fit it with a target, or use frequency_encode.");
  FreeNames free(input.table);
  for (const Column* column : chosen.columns) {
    LookupColumn spec{.name = column->name(), .unknown = unknown, .keep = keep};
    spec.outputs = output_names(spec.name, *input.target, Goals(*input.target).n_outputs(), free);
    chosen.specs.push_back(std::move(spec));
  }
  return chosen;
}

Table with_encoded(const Table& table, std::vector<std::vector<Column>> encoded, bool keep) {
  std::vector<Column> columns;
  for (size_t j = 0; j < table.n_columns(); ++j) {
    if (encoded[j].empty() || keep) columns.push_back(table.column(j));
    for (Column& made : encoded[j]) columns.push_back(std::move(made));
  }
  return Table(std::move(columns));
}

Array<uint32_t> slots_of_rows(const Column& column, const ColumnLevels& found, std::span<const double> weights, const Threads& threads) {
  if (std::ranges::find(weights, 0.0) != weights.end()) return LevelCodes(found.levels).find_slots(column, &threads);
  const auto missing = static_cast<uint32_t>(found.levels.size() + 1);
  Array<uint32_t> slots = Array<uint32_t>::unset(found.codes.size());
  const std::span<uint32_t> to = slots.write();
  threads.parallel_for(to.size(), kRowsABlock, [&](size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) to[row] = found.codes[row] < 0 ? missing : static_cast<uint32_t>(found.codes[row]);
  });
  return slots;
}

std::vector<Column> encode_by_fold(std::span<const uint32_t> slots, std::span<const uint8_t> folds,
                                   const std::vector<std::vector<double>>& tables, const LookupColumn& spec, const Threads& threads) {
  const size_t width = spec.outputs.size(), n_slots = tables.front().size() / width;
  std::vector<Column> made;
  for (size_t k = 0; k < width; ++k) {
    std::vector<double> numbers;  // fold by fold, slot by slot
    for (const std::vector<double>& table : tables)
      for (size_t slot = 0; slot < n_slots; ++slot) numbers.push_back(table[slot * width + k]);
    const auto write = [&](std::span<double> to) {
      threads.parallel_for(to.size(), kRowsABlock, [&](size_t begin, size_t end) {
        const double* from = numbers.data();
        for (size_t row = begin; row < end; ++row) to[row] = from[folds[row] * n_slots + slots[row]];
      });
    };
    made.push_back(Column::written(spec.outputs[k], slots.size(), write));
  }
  return made;
}

}  // namespace kolosal
