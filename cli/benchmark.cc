// kolosal benchmark: how fast reading, preparing, fitting and predicting are on this machine, on a made table.

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "cli/command.h"
#include "cli/field_flags.h"
#include "kolosal/base/json.h"
#include "kolosal/base/random.h"
#include "kolosal/base/version.h"
#include "kolosal/models/learner.h"
#include "kolosal/table/io/table_io.h"
#include "kolosal/validation/cross_validate.h"

namespace kolosal::cli {
namespace {

struct BenchmarkFlags {
  int64_t n_rows = 100'000;
  int n_features = 20;
  std::unique_ptr<FieldFlags> threads;
  int64_t seed = 0;
  std::vector<std::string> learners;
};

struct Measurement {
  std::string what;
  double seconds;
  double rows_per_second;
};

// Gaussian numbers, one category in four columns, 1 % missing; the class follows a sum with two interactions.
Table made_table(const BenchmarkFlags& flags) {
  const auto n = static_cast<size_t>(flags.n_rows);
  const auto p = static_cast<size_t>(flags.n_features);
  std::vector<std::vector<double>> numbers(p, std::vector<double>(n));
  std::vector<double> signal(n);
  for (size_t row = 0; row < n; ++row) {
    RandomStream random(static_cast<uint64_t>(flags.seed), "benchmark", row);
    for (size_t j = 0; j < p; ++j) numbers[j][row] = random.normal();
    for (size_t j = 0; j + 1 < std::min<size_t>(p, 10); j += 2) signal[row] += numbers[j][row] + numbers[j][row] * numbers[j + 1][row];
    signal[row] += random.normal();
    for (size_t j = 0; j < p; ++j)
      if (random.uniform() < 0.01) numbers[j][row] = std::numeric_limits<double>::quiet_NaN();
  }
  static const auto kLevels = std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"low", "middle", "high", "top"});
  std::vector<Column> columns;
  for (size_t j = 0; j < p; ++j) {
    const std::string name = "x" + std::to_string(j);
    std::vector<uint8_t> there(n);
    for (size_t row = 0; row < n; ++row) there[row] = !std::isnan(numbers[j][row]);
    if (j % 4 == 3) {
      std::vector<int32_t> codes(n);
      for (size_t row = 0; row < n; ++row)
        codes[row] = there[row] != 0 ? static_cast<int32_t>(std::clamp(std::floor(numbers[j][row]) + 2, 0.0, 3.0)) : -1;
      columns.push_back(Column::categorical(name, std::move(codes), kLevels));
    } else {
      columns.push_back(Column::numeric(name, std::move(numbers[j]), Validity::from_bytes(there)));
    }
  }
  std::vector<uint8_t> classes(n);
  for (size_t row = 0; row < n; ++row) classes[row] = signal[row] > 0;
  columns.push_back(Column::boolean("class", std::move(classes)));
  return Table(std::move(columns));
}

class Benchmark {
 public:
  Benchmark(const Session& session, const BenchmarkFlags& flags)
      : session_(session), flags_(flags), context_(make_context(session, flags.threads->read<ThreadOptions>())) {}

  std::vector<Measurement> run() {
    const Table table = made_table(flags_);
    measure_csv(table);
    measure_learners(table);
    return std::move(measured_);
  }

 private:
  void add(std::string what, double seconds, double n_rows) {
    write_note(session_, what + ": " + short_number(seconds) + " s");
    measured_.push_back({std::move(what), seconds, n_rows / seconds});
  }

  void measure_csv(const Table& table) {
    const auto rows = static_cast<double>(table.n_rows());
    const std::string path = (std::filesystem::temp_directory_path() / ("kolosal-benchmark-" + std::to_string(getpid()) + ".csv")).string();
    const Stopwatch writing;
    write_table(table, path);
    add("write csv", writing.seconds(), rows);
    const Stopwatch reading;
    (void)read_table(path, {}, context_);
    add("read csv", reading.seconds(), rows);
    std::filesystem::remove(path);
  }

  void measure_learners(const Table& table) {
    SchemaOptions options;
    options.target = {"class"};
    const Schema schema = infer_schema(table, options);
    const Target target = make_target(conform(table, schema, Conform::Training), schema, Task::Binary);
    const SupervisedRows rows{conform(table, schema, Conform::Features), target, {}};
    for (const std::string& name : flags_.learners) {
      const auto learner = learners().make(name);
      if (!learner->supports(Task::Binary)) throw Error(ErrorCode::Unsupported, "learner '" + name + "' cannot do a binary task");
      context_.check();
      const Stopwatch preparing;
      const auto prepared = prepare_all(rows, schema, learner->needs(), static_cast<uint64_t>(flags_.seed), context_);
      add(name + ": prepare", preparing.seconds(), static_cast<double>(table.n_rows()));
      const Stopwatch fitting;
      const auto model = learner->fit({prepared->train_x, prepared->train_target, {}}, nullptr, context_);
      add(name + ": fit", fitting.seconds(), static_cast<double>(table.n_rows()));
      const Stopwatch predicting;
      (void)predict_all(*model, prepared->train_x);
      add(name + ": predict", predicting.seconds(), static_cast<double>(table.n_rows()));
      measure_single_rows(name, *model, prepared->train_x);
    }
  }

  void measure_single_rows(const std::string& name, const Model& model, const FeatureMatrix& x) {
    std::vector<double> seconds;
    std::vector<double> out(model.n_outputs());
    for (uint32_t row = 0; row < std::min<size_t>(x.n_rows(), 1000); ++row) {
      const FeatureMatrix one = x.take(std::span(&row, 1));
      const Stopwatch watch;
      model.predict(one, out);
      seconds.push_back(watch.seconds());
    }
    std::ranges::sort(seconds);
    add(name + ": predict one row, median", seconds[seconds.size() / 2], 1);
    add(name + ": predict one row, 99 %", seconds[seconds.size() * 99 / 100], 1);
  }

  const Session& session_;
  const BenchmarkFlags& flags_;
  FitContext context_;
  std::vector<Measurement> measured_;
};

int run_benchmark(const Session& session, BenchmarkFlags& flags) {
  if (flags.learners.empty()) flags.learners = {"gradient_boosting", "logistic", "random_forest"};
  const std::vector<Measurement> measured = Benchmark(session, flags).run();
  if (session.json) {
    Value::List list;
    for (const Measurement& m : measured)
      list.push_back(
          Value(Value::Object{{"what", Value(m.what)}, {"seconds", Value(m.seconds)}, {"rows_per_second", Value(m.rows_per_second)}}));
    write_output(to_json(Value(Value::Object{{"kolosal_version", Value(version())},
                                             {"rows", Value(flags.n_rows)},
                                             {"features", Value(flags.n_features)},
                                             {"measurements", Value(std::move(list))}})));
    return kSuccess;
  }
  std::vector<std::vector<std::string>> rows = {{"what", "seconds", "rows per second"}};
  for (const Measurement& m : measured) rows.push_back({m.what, short_number(m.seconds), short_number(m.rows_per_second)});
  write_output(aligned(rows));
  return kSuccess;
}

}  // namespace

void add_benchmark(CLI::App& program, Session& session, int& exit_code) {
  CLI::App* command = program.add_subcommand("benchmark", "Measure reading, preparing, fitting and predicting on this machine");
  auto flags = std::make_shared<BenchmarkFlags>();
  command->add_option("--rows", flags->n_rows, "Rows of the made table")->check(CLI::Range(100, 100'000'000))->capture_default_str();
  command->add_option("--features", flags->n_features, "Features of the made table")->check(CLI::Range(1, 10'000))->capture_default_str();
  command->add_option("--learner", flags->learners, "Learners to measure; gradient_boosting, logistic and random_forest where not given")
      ->delimiter(',');
  flags->threads = thread_flags(*command);
  command->add_option("--seed", flags->seed, "Seed of the made table")->check(CLI::NonNegativeNumber)->capture_default_str();
  command->footer("Example: kolosal benchmark --rows 100000 --learner gradient_boosting");
  command->callback([&session, &exit_code, flags] { exit_code = run_benchmark(session, *flags); });
}

}  // namespace kolosal::cli
