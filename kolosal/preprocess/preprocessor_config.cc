#include "kolosal/preprocess/preprocessor_config.h"

#include <cmath>

#include "kolosal/preprocess/fitting.h"
#include "kolosal/preprocess/forms/form.h"

namespace kolosal {
namespace {

constexpr int64_t kFewLevels = 10;  // more columns than this for one category are a burden to most learners
constexpr double kSkewed = 1;       // "highly skewed" by the common rule of thumb

Value or_null(const std::optional<double>& number) { return number ? Value(*number) : Value(); }

/// A strategy's name is its action and its method.
PipelineStep outlier_step(const PreprocessorConfig& config) {
  if (config.outlier_strategy == OutlierStrategy::IsolationForest) {
    Value::Object members{{"action", "remove"}};
    if (config.contamination) members.emplace_back("contamination", *config.contamination);
    return {"isolation_forest_outliers", Value(std::move(members))};
  }
  const std::string_view name = enum_name(config.outlier_strategy);
  const std::string_view action = name.starts_with("clip") ? "clip" : name.starts_with("remove") ? "remove" : "to_missing";
  const std::string_view method = name.ends_with("iqr") ? "iqr" : name.ends_with("zscore") ? "z_score" : "percentile";
  return {"clip_outliers", Value(Value::Object{{"method", method},
                                               {"action", action},
                                               {"factor", config.iqr_factor},
                                               {"threshold", config.zscore_threshold},
                                               {"low_quantile", config.lower_percentile / 100},
                                               {"high_quantile", config.upper_percentile / 100},
                                               {"lower", or_null(config.clip_lower)},
                                               {"upper", or_null(config.clip_upper)}})};
}

/// Missing numbers by the strategy; missing categories by their most frequent level, or the constant.
void add_imputing(std::vector<PipelineStep>& steps, const PreprocessorConfig& config, const Schema& schema) {
  if (config.missing_strategy == MissingStrategy::None) return;
  if (config.missing_strategy == MissingStrategy::Drop) {
    steps.push_back({"drop_missing", {}});
    return;
  }
  if (config.missing_strategy == MissingStrategy::Knn)
    steps.push_back({"knn_impute", Value(Value::Object{{"n_neighbors", config.n_neighbors}})});
  else if (config.missing_strategy == MissingStrategy::Iterative)
    steps.push_back({"iterative_impute", Value(Value::Object{{"max_iter", config.max_iter}, {"tol", config.tol}})});
  else
    steps.push_back({"impute", Value(Value::Object{{"strategy", enum_name(config.missing_strategy)},
                                                   {"fill_value", config.fill_value},
                                                   {"fill_text", config.fill_text}})});
  if (config.missing_strategy == MissingStrategy::Mode || config.missing_strategy == MissingStrategy::Constant) return;
  const bool numbers_only = config.missing_strategy == MissingStrategy::Knn || config.missing_strategy == MissingStrategy::Iterative;
  Value::List levels, dates;
  for (const ColumnSchema& column : schema.columns) {
    if (is_level(column.kind)) levels.emplace_back(column.name);
    if (is_moment(column.kind) && numbers_only) dates.emplace_back(column.name);
  }
  if (!dates.empty()) steps.push_back({"impute", Value(Value::Object{{"strategy", "mean"}, {"columns", Value(std::move(dates))}})});
  if (!levels.empty()) steps.push_back({"impute", Value(Value::Object{{"strategy", "mode"}, {"columns", Value(std::move(levels))}})});
}

void add_scaling(std::vector<PipelineStep>& steps, const PreprocessorConfig& config) {
  switch (config.scaling) {
    case Scaling::None: return;
    case Scaling::Standard: steps.push_back({"standard_scale", {}}); return;
    case Scaling::MinMax:
      steps.push_back({"min_max_scale", Value(Value::Object{{"low", config.scale_low}, {"high", config.scale_high}})});
      return;
    case Scaling::Robust:
      steps.push_back({"robust_scale", Value(Value::Object{{"with_centering", config.robust_centering},
                                                           {"low_quantile", config.robust_lower_percentile / 100},
                                                           {"high_quantile", config.robust_upper_percentile / 100}})});
      return;
    case Scaling::MaxAbs: steps.push_back({"max_abs_scale", {}}); return;
    case Scaling::Normalizer: steps.push_back({"normalize", Value(Value::Object{{"norm", enum_name(config.norm)}})}); return;
  }
}

/// The step that encodes `columns`, or where none is named all categories, in one way.
PipelineStep encoding_step(const PreprocessorConfig& config, CategoricalEncoding encoding, Value::List columns = {}) {
  Value::Object members;
  if (!columns.empty()) members.emplace_back("columns", Value(std::move(columns)));
  const bool is_one_hot = encoding == CategoricalEncoding::OneHot;
  if (config.unknown && encoding != CategoricalEncoding::Hash) {  // to leave a level out is to set no column, or to be missing
    UnknownLevel unknown = *config.unknown;
    if (unknown == UnknownLevel::Ignore || unknown == UnknownLevel::Missing)
      unknown = is_one_hot ? UnknownLevel::Ignore : UnknownLevel::Missing;
    members.emplace_back("unknown", enum_name(unknown));
  }
  const auto step = [&](const char* name) { return PipelineStep{name, Value(std::move(members))}; };
  switch (encoding) {
    case CategoricalEncoding::Label: members.emplace_back("order", enum_name(config.label_order)); return step("ordinal");
    case CategoricalEncoding::OneHot:
      members.emplace_back("drop", enum_name(config.one_hot_drop));
      members.emplace_back("min_frequency", config.min_frequency);
      if (config.max_levels) members.emplace_back("max_levels", *config.max_levels);
      return step("one_hot");
    case CategoricalEncoding::Target:
      members.emplace_back("smoothing", or_null(config.smoothing));
      members.emplace_back("min_samples", config.min_samples);
      return step("target_encode");
    case CategoricalEncoding::Binary: return step("binary_encode");
    case CategoricalEncoding::Hash: members.emplace_back("n_components", config.n_components); return step("hash_encode");
    default: return step("frequency_encode");
  }
}

void add_encoding(std::vector<PipelineStep>& steps, const PreprocessorConfig& config, const Schema& schema, bool has_target) {
  if (config.categorical_encoding == CategoricalEncoding::None) return;
  if (config.categorical_encoding != CategoricalEncoding::Auto) {
    steps.push_back(encoding_step(config, config.categorical_encoding));
    return;
  }
  Value::List few, many;
  for (const ColumnSchema& column : schema.columns)
    if (column.kind == ColumnKind::Categorical) (column.n_unique <= kFewLevels ? few : many).emplace_back(column.name);
  if (!few.empty()) steps.push_back(encoding_step(config, CategoricalEncoding::OneHot, std::move(few)));
  const auto of_many = has_target ? CategoricalEncoding::Target : CategoricalEncoding::Frequency;
  if (!many.empty()) steps.push_back(encoding_step(config, of_many, std::move(many)));
}

void add_shaping(std::vector<PipelineStep>& steps, const PreprocessorConfig& config, const std::vector<std::string>& skewed) {
  const Value unscaled(Value::Object{{"power", or_null(config.power)}, {"standardize", false}});
  const auto ranks = [&](std::string_view output) {
    return PipelineStep{"quantile_transform", Value(Value::Object{{"n_quantiles", config.n_quantiles}, {"output", output}})};
  };
  switch (config.numeric_strategy) {
    case NumericStrategy::Passthrough: return;
    case NumericStrategy::Log: steps.push_back({"log1p", {}}); return;
    case NumericStrategy::Sqrt: steps.push_back({"sqrt", {}}); return;
    case NumericStrategy::BoxCox: steps.push_back({"box_cox", unscaled}); return;
    case NumericStrategy::YeoJohnson: steps.push_back({"yeo_johnson", unscaled}); return;
    case NumericStrategy::QuantileUniform: steps.push_back(ranks("uniform")); return;
    case NumericStrategy::QuantileNormal: steps.push_back(ranks("normal")); return;
    case NumericStrategy::Auto: break;
  }
  if (!skewed.empty())
    steps.push_back(
        {"yeo_johnson", Value(Value::Object{{"columns", Value(Value::List(skewed.begin(), skewed.end()))}, {"standardize", false}})});
}

}  // namespace

void describe(Fields<PreprocessorConfig>& f) {
  using P = PreprocessorConfig;
  f.add("numeric_strategy", &P::numeric_strategy, "What the shape of numbers is changed by before they are scaled.");
  f.add("power", &P::power, "The power under numeric_strategy 'box_cox' and 'yeo_johnson'; not set: the likeliest of each column.")
      .min(-30)
      .max(30)
      .alias("lambda");
  f.add("n_quantiles", &P::n_quantiles, "Quantiles kept of each column under the quantile strategies.").min(2).max(100'000);
  f.add("scaling", &P::scaling, "How numbers are scaled.").alias("scaling_strategy");
  f.add("scale_low", &P::scale_low, "What the smallest value becomes under scaling 'minmax'.");
  f.add("scale_high", &P::scale_high, "What the largest value becomes under scaling 'minmax'; more than scale_low.");
  f.add("robust_centering", &P::robust_centering, "Whether the median is subtracted under scaling 'robust'.");
  f.add("robust_lower_percentile", &P::robust_lower_percentile, "The lower end of the range that scaling 'robust' divides by.")
      .min(0)
      .max(100);
  f.add("robust_upper_percentile", &P::robust_upper_percentile, "The upper end of that range; more than the lower.").min(0).max(100);
  f.add("norm", &P::norm, "The norm of rows under scaling 'normalizer'.");
  f.add("missing_strategy", &P::missing_strategy,
        "What missing values become; under 'mean', 'median', 'knn' and 'iterative' categories get their most frequent level and dates "
        "their mean or median; under 'drop' training rows with missing values are removed.");
  f.add("fill_value", &P::fill_value, "The number for missing numbers under missing_strategy 'constant'.");
  f.add("fill_text", &P::fill_text, "The level for missing categories under missing_strategy 'constant'.");
  f.add("n_neighbors", &P::n_neighbors, "Rows that a missing number is the mean of under missing_strategy 'knn'.").min(1);
  f.add("max_iter", &P::max_iter, "Most rounds under missing_strategy 'iterative'.").min(1);
  f.add("tol", &P::tol, "Change below which rounds end under missing_strategy 'iterative'.").min(0);
  f.add("categorical_encoding", &P::categorical_encoding, "How categories become numbers.").alias("categorical_strategy");
  f.add("unknown", &P::unknown,
        "What a level not seen in fitting gives, as far as the encoding knows it: an error, nothing (a missing value, or no column), the "
        "column of rare levels, or the encoding's default; not set: what the encoding does by itself.");
  f.add("label_order", &P::label_order, "Order of the levels under categorical_encoding 'label'.");
  f.add("one_hot_drop", &P::one_hot_drop, "Which column is left out under categorical_encoding 'one_hot'.");
  f.add("min_frequency", &P::min_frequency,
        "Levels of fewer rows, or below 1 of a smaller share of them, share a column under categorical_encoding 'one_hot'.")
      .min(0);
  f.add("max_levels", &P::max_levels, "Most columns made of one under categorical_encoding 'one_hot'; not set: no limit.").min(1);
  f.add("smoothing", &P::smoothing, "Rows of prior under categorical_encoding 'target'; null lets the variances say (empirical Bayes).")
      .min(0);
  f.add("min_samples", &P::min_samples, "Levels of fewer rows get the mean of all under categorical_encoding 'target'.").min(0);
  f.add("n_components", &P::n_components, "Columns made of one under categorical_encoding 'hash'.").min(1).max(1 << 16);
  f.add("outlier_strategy", &P::outlier_strategy,
        "Which numbers are far out, and whether they are brought to a bound, become missing, or their training rows are removed.");
  f.add("iqr_factor", &P::iqr_factor, "Interquartile ranges allowed beyond the quartiles under the iqr strategies.").min(0);
  f.add("zscore_threshold", &P::zscore_threshold, "Standard deviations allowed from the mean under the zscore strategies.").above(0);
  f.add("lower_percentile", &P::lower_percentile, "The lower bound under the percentile strategies.").min(0).max(100);
  f.add("upper_percentile", &P::upper_percentile, "The upper bound under the percentile strategies.").min(0).max(100);
  f.add("clip_lower", &P::clip_lower,
        "A lower bound for every column in place of the learnt one, under the strategies that clip, make missing or remove.");
  f.add("clip_upper", &P::clip_upper, "An upper bound for every column in place of the learnt one; at least clip_lower.");
  f.add("contamination", &P::contamination,
        "Share of training rows removed under outlier_strategy 'isolation_forest'; not set: those that score below -0.5.")
      .above(0)
      .max(0.5);
  f.add("auto_detect_types", &P::auto_detect_types, "Whether kinds are inferred and texts that repeat are taken for categories.");
  f.add("max_cardinality", &P::max_cardinality, "Most levels of a category; texts with more stay texts.").min(1);
  f.add("seed", &P::seed, "Seed of the folds in which target encoding is fitted, and of the isolation forest.")
      .min(0)
      .alias("random_state");
}

Schema feature_schema(const SchemaSurvey& survey, const Table& like, const PreprocessorConfig& config) {
  SchemaOptions options;
  options.max_categories = config.max_cardinality;
  for (const Column& column : like.columns())
    if (!config.auto_detect_types) options.kinds[column.name()] = column.kind();
    else if (column.kind() == ColumnKind::Categorical) options.kinds[column.name()] = ColumnKind::Text;  // until the levels are counted
  Schema schema = survey.infer(options);
  if (config.auto_detect_types) {
    // Text that repeats is a category here: there is no other use for it.
    for (const ColumnSchema& column : schema.columns)
      if (is_level(column.kind))
        options.kinds[column.name] = column.n_unique <= config.max_cardinality ? ColumnKind::Categorical : ColumnKind::Text;
    schema = {};  // its levels, which the next has too
    schema = survey.infer(options);
  }
  for (ColumnSchema& column : schema.columns) column.role = ColumnRole::Feature;
  return schema;
}

bool asks_for_skewness(const PreprocessorConfig& config) { return config.numeric_strategy == NumericStrategy::Auto; }
bool is_skewed(double skewness) { return std::abs(skewness) > kSkewed; }

std::vector<PipelineStep> plan_encoding(const PreprocessorConfig& config, const ColumnSchema& column) {
  CategoricalEncoding encoding = config.categorical_encoding;
  if (encoding == CategoricalEncoding::None) return {};
  if (encoding == CategoricalEncoding::Auto)
    encoding = column.n_unique <= kFewLevels ? CategoricalEncoding::OneHot : CategoricalEncoding::Frequency;
  return {encoding_step(config, encoding, {column.name})};
}

std::string strategy_of(const PreprocessorConfig& config, const PipelineStep& step) {
  const std::string_view name = step.transformer;
  const auto called = [](const char* field, auto strategy) { return std::string(field) + " '" + std::string(enum_name(strategy)) + "'"; };
  if (name.ends_with("outliers")) return called("outlier_strategy", config.outlier_strategy);
  if (name.ends_with("impute") || name == "drop_missing") return called("missing_strategy", config.missing_strategy);
  if (name.ends_with("scale") || name == "normalize") return called("scaling", config.scaling);
  if (name.ends_with("encode") || name == "ordinal" || name == "one_hot")
    return called("categorical_encoding", config.categorical_encoding);
  return called("numeric_strategy", config.numeric_strategy);
}

std::vector<PipelineStep> plan_steps(const PreprocessorConfig& config, const Schema& schema,
                                     const std::optional<std::vector<std::string>>& skewed, bool has_target) {
  std::vector<PipelineStep> steps;
  if (config.outlier_strategy != OutlierStrategy::None) steps.push_back(outlier_step(config));
  add_imputing(steps, config, schema);
  if (asks_for_skewness(config) && !skewed) return steps;
  add_shaping(steps, config, skewed.value_or(std::vector<std::string>()));
  add_scaling(steps, config);
  add_encoding(steps, config, schema, has_target);
  return steps;
}

}  // namespace kolosal
