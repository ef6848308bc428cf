#include "kolosal/preprocess/preprocessor_passes.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "kolosal/base/random.h"
#include "kolosal/preprocess/chunk_fit.h"
#include "kolosal/preprocess/forms/form.h"
#include "kolosal/preprocess/run_steps.h"

namespace kolosal {
namespace {

constexpr size_t kMostDistinct = size_t{1} << 14, kFewestDistinct = 256;  // counted exactly in a column of numbers
constexpr size_t kDistinctBytes = 64;                                     // of one of them, at most
constexpr size_t kStringBytes = 48;                                       // of a level, beside its bytes

std::unique_ptr<ChunkFit> start(const Transformer& transformer, const PreprocessorConfig& config, const PipelineStep& step) {
  if (auto fit = transformer.start_chunks()) return fit;
  throw Error(
      ErrorCode::Unsupported,
      strategy_of(config, step) + " cannot be fitted in passes over parts of the rows: " + step.transformer + " needs all rows at once",
      "Choose another strategy (mean or median for missing values, one that clips outliers, frequency for categories), or preprocess "
      "the whole table in memory.");
}

[[noreturn]] void throw_no_row() {
  throw Error(ErrorCode::EmptyInput, "the table has no rows or columns (empty input)", "Give at least one row and one column.");
}

}  // namespace

struct PreprocessorPasses::Step {
  Step(PipelineStep step, const PreprocessorConfig& config, size_t index)
      : plan(std::move(step)),
        transformer(transformers().make(plan.transformer, plan.parameters)),
        fit(start(*transformer, config, plan)),
        seed(derive_seed(static_cast<uint64_t>(config.seed), "preprocess", index)),
        removes_rows(fit->removes_rows()) {}

  FitContext seeded(FitContext context) const {
    context.seed = seed;
    return context;
  }

  PipelineStep plan;
  std::unique_ptr<Transformer> transformer;
  std::unique_ptr<ChunkFit> fit;
  uint64_t seed;
  enum class State { Waiting, Fitting, Folding, Fitted } state = State::Waiting;  // Folding: fitted, and its training rows are gone through
  std::shared_ptr<const FittedTransformer> fitted;
  std::unique_ptr<OutOfFoldRows> training;  // null where training rows become what others do
  bool removes_rows = false;
  bool counted = false;   // it has removed rows of a whole pass
  int64_t n_removed = 0;  // in the pass under way
};

struct PreprocessorPasses::Skewness {
  std::vector<std::string> names;
  std::vector<ChunkSkewness> columns;
};

/// A chunk on its way through the steps.
struct PreprocessorPasses::Walk {
  Walk(const Table& chunk, const Schema& schema, const Target* of_chunk)
      : table(conform(chunk, schema, Conform::OpenFeatures)), target(of_chunk) {}

  Table table;
  const Target* target;
  Target kept_target;                               // where rows were left out
  std::optional<std::vector<uint32_t>> rows;        // of the chunk, that are left; nullopt: all
  std::vector<const FittedTransformer*> postponed;  // steps to run on the table, together

  void run(const FitContext& context) {
    if (!postponed.empty() && table.n_rows() > 0) table = run_steps(std::exchange(postponed, {}), table, *context.threads);
  }
  void keep(const std::vector<uint32_t>& kept) {
    table = table.take(kept);
    std::vector<uint32_t> left;
    for (const uint32_t row : kept) left.push_back(rows ? (*rows)[row] : row);
    rows = std::move(left);
    if (target == nullptr) return;
    kept_target = target->take(kept);
    target = &kept_target;
  }
};

PreprocessorPasses::PreprocessorPasses(PreprocessorConfig config, bool has_target) : config_(std::move(config)), has_target_(has_target) {
  const auto steps = plan_steps(config_, {}, std::vector<std::string>(), false);  // all that do not hang on the columns
  for (size_t i = 0; i < steps.size(); ++i) (void)Step(steps[i], config_, i);
}

PreprocessorPasses::~PreprocessorPasses() = default;

void PreprocessorPasses::plan() {
  const auto steps = plan_steps(config_, *schema_, skewed_, has_target_);
  for (size_t i = steps_.size(); i < steps.size(); ++i) steps_.push_back(std::make_unique<Step>(steps[i], config_, i));
}

/// The numbers of all columns together are told apart in an eighth of what may be used.
void PreprocessorPasses::start_survey(size_t n_columns, const FitContext& context) {
  memory_ = context.memory;
  const size_t most_levels = config_.auto_detect_types ? static_cast<size_t>(config_.max_cardinality) : ~size_t{0} >> 1;
  const size_t affordable = (memory_ == nullptr ? ~size_t{0} : memory_->limit()) / 8 / kDistinctBytes / std::max<size_t>(n_columns, 1);
  survey_ = std::make_unique<SchemaSurvey>(std::vector<std::string>(), most_levels,
                                           std::bit_floor(std::clamp(affordable, kFewestDistinct, kMostDistinct)));
}

void PreprocessorPasses::add(const Table& chunk, const FitContext& context, const Target* target) {
  context.check();
  if (chunk.n_rows() == 0) return;
  if (!like_) like_ = chunk.slice(0, 0);
  check_chunk(*like_, chunk, "preprocessing");
  n_rows_ += static_cast<int64_t>(chunk.n_rows());
  if (is_first_pass()) {
    if (survey_ == nullptr) start_survey(chunk.n_columns(), context);
    survey_->add(chunk, memory_);
    if (!row_) row_ = chunk.take(std::vector<uint32_t>{0});
    return;
  }
  Walk walk(chunk, *schema_, target);
  if (skewness_) add_skewness(walk.table, context);
  if (n_chosen_ == 0) n_passes_ = std::max(pass_, pass_ - 1 + passes_left(walk.table));
  walk_steps(walk, context);
  if (walk.table.n_rows() > 0) row_ = chunk.take(std::vector<uint32_t>{walk.rows ? walk.rows->front() : 0});
}

void PreprocessorPasses::add_skewness(const Table& conformed, const FitContext& context) {
  if (skewness_->names.empty())
    for (const Column& column : conformed.columns())
      if (is_number(column.kind()) && column.kind() != ColumnKind::Boolean) skewness_->names.push_back(column.name());
  skewness_->columns.resize(skewness_->names.size());
  context.threads->parallel_each(skewness_->names.size(),
                                 [&](size_t i) { skewness_->columns[i].add(conformed.column(skewness_->names[i]), {}, context); });
}

bool PreprocessorPasses::Changes::reach(const std::vector<const Column*>& read) const {
  return rows || std::ranges::any_of(read, [this](const Column* column) { return columns.contains(column->name()); });
}

void PreprocessorPasses::Changes::add(const ChunkFit& fit, const std::vector<const Column*>& read) {
  for (const Column* column : read) columns.insert(column->name());
  rows |= fit.removes_rows();
}

/// Whether a step is fitted in this pass: that is, whether none before it still changes what it reads.
void PreprocessorPasses::choose_step(Step& step, const Table& table) {
  if (step.state == Step::State::Fitted || step.state == Step::State::Folding) return;
  const std::vector<const Column*> columns = step.fit->columns({table});
  // Without columns it may yet get some, from what a step before makes of others.
  const bool waits = changes_.reach(columns) || (columns.empty() && !changes_.columns.empty());
  if (!waits) step.state = Step::State::Fitting;
  const bool is_known_at_once = step.state == Step::State::Fitting && !step.fit->needs_all_rows();
  if (!is_known_at_once) changes_.add(*step.fit, columns);
}

void PreprocessorPasses::walk_steps(Walk& walk, const FitContext& context) {
  for (size_t i = 0; i < steps_.size(); ++i) {
    Step& step = *steps_[i];
    const bool is_chosen = i < n_chosen_;
    const bool learns = step.state == Step::State::Fitting || step.state == Step::State::Folding;
    if (!is_chosen || learns || step.removes_rows) walk.run(context);
    if (walk.table.n_rows() == 0) return;
    if (!is_chosen) {
      choose_step(step, walk.table);
      n_chosen_ = i + 1;
    }
    const FitContext seeded = step.seeded(context);
    if (step.state == Step::State::Fitting) {
      step.fit->add({walk.table, walk.target}, seeded);
      if (!step.fit->needs_all_rows()) {
        step.fitted = step.fit->finish();
        step.state = Step::State::Fitted;
      }
    }
    if (step.state == Step::State::Folding) step.training->add({walk.table, walk.target}, seeded);
    if (step.state == Step::State::Waiting || step.state == Step::State::Fitting) continue;
    if (step.removes_rows) {
      const size_t n_rows = walk.table.n_rows();
      if (const auto kept = step.fit->training_rows({walk.table, walk.target}, seeded); kept && kept->size() < n_rows) {
        step.n_removed += static_cast<int64_t>(n_rows - kept->size());
        walk.keep(*kept);
      }
      step.counted = true;
    }
    walk.postponed.push_back(step.fitted.get());
  }
  // What comes out of the last steps is looked at by none.
}

/// How many passes from the one under way on, going by the columns as they are before any further step: an estimate, for progress.
int PreprocessorPasses::passes_left(const Table& table) const {
  if (table.n_rows() == 0) return 1;
  std::vector<uint8_t> fitted;
  for (const auto& step : steps_) fitted.push_back(step->state == Step::State::Fitted || step->state == Step::State::Folding);
  int n_passes = 0;
  bool counts_rows = false;
  while (std::ranges::count(fitted, 0) > 0) {
    ++n_passes;
    counts_rows = false;
    Changes changes;
    for (size_t i = 0; i < steps_.size(); ++i) {
      if (fitted[i] != 0) continue;
      const auto columns = steps_[i]->fit->columns({table});
      const bool waits = changes.reach(columns);
      if (!waits) fitted[i] = 1;
      if (!waits && !steps_[i]->fit->needs_all_rows()) continue;
      changes.add(*steps_[i]->fit, columns);
      counts_rows |= !waits && steps_[i]->removes_rows;
    }
  }
  return std::max(n_passes + static_cast<int>(counts_rows), 1);
}

void PreprocessorPasses::end_pass() {
  if (n_rows_ == 0 || like_->n_columns() == 0) throw_no_row();
  if (is_first_pass()) {
    schema_ = std::make_shared<const Schema>(feature_schema(*survey_, *like_, config_));
    survey_.reset();
    hold_levels();
    if (asks_for_skewness(config_)) skewness_ = std::make_unique<Skewness>();
    plan();
  } else {
    end_steps();
  }
  n_rows_ = 0;
  n_chosen_ = 0;
  changes_ = {};
  const auto is_over = [](const auto& step) { return step->state == Step::State::Fitted && (step->counted || !step->removes_rows); };
  done_ = !skewness_ && std::ranges::all_of(steps_, is_over);
  if (done_) {
    n_passes_ = pass_;
    return;
  }
  ++pass_;
  n_passes_ = std::max(n_passes_, pass_);
  for (const auto& step : steps_) step->n_removed = 0;
}

/// Takes memory for the levels of the schema.
void PreprocessorPasses::hold_levels() {
  for (const ColumnSchema& column : schema_->columns) {
    size_t bytes = schema_lease_.bytes();
    for (const std::string& level : column.categories) bytes += kStringBytes + level.size();
    schema_lease_.grow(memory_, bytes, "the levels of column '" + column.name + "'");
  }
}

void PreprocessorPasses::end_steps() {
  int64_t n_rows = n_rows_;
  for (const auto& step : steps_) {
    if (n_rows == step->n_removed && n_rows > 0)
      throw Error(ErrorCode::EmptyInput, step->plan.transformer + " removes all " + std::to_string(n_rows) + " training rows",
                  "Let it look at fewer columns, or fill missing values and clip outliers instead.");
    n_rows -= step->n_removed;
    if (step->state == Step::State::Folding) step->state = Step::State::Fitted;
    if (step->state != Step::State::Fitting) continue;
    step->fitted = step->fit->finish();
    step->training = step->fit->start_training_rows();
    step->state = step->training ? Step::State::Folding : Step::State::Fitted;
    if (!step->removes_rows) step->fit.reset();
  }
  if (!skewness_) return;
  std::vector<std::string> names;
  for (size_t i = 0; i < skewness_->names.size(); ++i)
    if (is_skewed(skewness_->columns[i].found())) names.push_back(skewness_->names[i]);
  skewed_ = std::move(names);
  skewness_.reset();
  plan();
}

FittedPreprocessor PreprocessorPasses::finish() const {
  if (!done_) throw Error(ErrorCode::NotFitted, "preprocessing is not fitted yet: another pass over the rows is needed");
  FittedPreprocessor::Steps steps;
  for (const auto& step : steps_) steps.push_back(step->fitted);
  std::vector<int64_t> n_removed;
  for (const auto& step : steps_) n_removed.push_back(step->n_removed);
  if (std::ranges::count(n_removed, 0) == std::ssize(n_removed)) n_removed.clear();
  return {config_, schema_, std::move(steps), *row_, std::move(n_removed)};
}

Table PreprocessorPasses::transform_training(const Table& chunk, const FitContext& context, const Target* target,
                                             std::optional<std::vector<uint32_t>>& kept_rows) {
  Walk walk(chunk, *schema_, target);
  for (const auto& step : steps_) {
    const FitContext seeded = step->seeded(context);
    if (step->removes_rows || step->training) walk.run(context);
    if (walk.table.n_rows() == 0) break;
    if (step->removes_rows)
      if (const auto kept = step->fit->training_rows({walk.table, walk.target}, seeded)) walk.keep(*kept);
    if (step->training) walk.table = step->training->transform({walk.table, walk.target}, seeded);
    else walk.postponed.push_back(step->fitted.get());
  }
  walk.run(context);
  kept_rows = std::move(walk.rows);
  return numbers_for_indicators(walk.table, *schema_);
}

}  // namespace kolosal
