// Training and prediction for Python. A run works on a thread of its own, so that Ctrl-C reaches Python while it goes on.

#include "kolosal/automl/automl.h"

#include <nanobind/ndarray.h>
#include <nanobind/stl/function.h>

#include <chrono>

#include "bindings.h"
#include "kolosal/automl/report.h"
#include "kolosal/base/json.h"
#include "kolosal/metrics/custom_metric.h"

namespace kolosal::python {
namespace {

// Hands the events of a run to Python callables, under the interpreter's lock. What they raise ends the run.
class PythonCallback : public TrainCallback {
 public:
  explicit PythonCallback(nb::object call) : call_(std::move(call)) {}
  ~PythonCallback() override {
    const nb::gil_scoped_acquire acquired;
    call_.reset();
  }

  void on_train_begin(const RunRecord& record) override { tell("train_begin", to_json(to_value(record)), -1, {}); }
  void on_candidate_begin(const CandidateRecord& candidate) override { tell("candidate_begin", candidate_text(candidate), -1, {}); }
  void on_fold_begin(const CandidateRecord& candidate, int fold) override { tell("fold_begin", candidate_text(candidate), fold, {}); }
  bool on_iteration(const CandidateRecord& candidate, int fold, const FitProgress& p) override {
    return tell("iteration", candidate_text(candidate), fold,
                {static_cast<double>(p.iteration), static_cast<double>(p.n_iterations), p.train_loss, p.validation_loss});
  }
  void on_fold_end(const CandidateRecord& candidate, int fold, double score) override {
    tell("fold_end", candidate_text(candidate), fold, {score});
  }
  bool on_candidate_end(const CandidateRecord& candidate) override { return tell("candidate_end", candidate_text(candidate), -1, {}); }
  void on_train_end(const RunRecord& record) override { tell("train_end", to_json(to_value(record)), -1, {}); }

 private:
  // An iteration only says whose it is: the whole record would be written thousands of times.
  static std::string candidate_text(const CandidateRecord& candidate) {
    CandidateRecord brief = candidate;
    brief.curve = {};
    return to_json(to_value(brief));
  }

  bool tell(const char* event, const std::string& record, int fold, const std::vector<double>& numbers) {
    const nb::gil_scoped_acquire acquired;
    try {
      return nb::cast<bool>(call_(event, record, fold, numbers));
    } catch (nb::python_error& error) {
      const std::string what = error.what();
      throw Error(ErrorCode::BadValue, "a callback raised: " + what);
    }
  }

  nb::object call_;
};

std::shared_ptr<const Metric> python_metric(const nb::object& score, bool higher_is_better) {
  auto call = std::shared_ptr<nb::object>(new nb::object(score), [](nb::object* held) {
    const nb::gil_scoped_acquire acquired;
    delete held;
  });
  return std::make_shared<CustomMetric>("custom", higher_is_better, [call](const MetricInput& input) {
    const nb::gil_scoped_acquire acquired;
    const size_t n = input.n_rows();
    const auto copied = [](std::span<const double> numbers, size_t rows) {
      auto* owned = new std::vector<double>(numbers.begin(), numbers.end());
      const nb::capsule owner(owned, [](void* held) noexcept { delete static_cast<std::vector<double>*>(held); });
      const size_t width = rows == 0 ? 0 : numbers.size() / rows;
      return nb::ndarray<nb::numpy, double, nb::ndim<2>>(owned->data(), {rows, width}, owner).cast();
    };
    return nb::cast<double>((*call)(copied(input.target, n), copied(input.prediction, n), copied(input.weights, n)));
  });
}

TrainResult fit(const Table& table, const std::string& options, const nb::object& callback, const nb::object& metric, bool higher_is_better,
                const std::string& run_directory, bool resume) {
  TrainRun run;
  run.run_directory = run_directory;
  run.resume = resume;
  if (!callback.is_none()) run.callbacks.push_back(std::make_shared<PythonCallback>(callback));
  if (!metric.is_none()) run.custom_metric = python_metric(metric, higher_is_better);
  const AutoML automl(from_value<TrainOptions>(parse_json(options)));
  const CancelToken cancel = run.cancel;
  const nb::gil_scoped_release released;
  std::future<TrainResult> result = automl.fit_async(table, std::move(run));
  while (result.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready) {
    const nb::gil_scoped_acquire acquired;
    // The signal's exception is dropped: the run ends with the best model so far, and says so.
    if (PyErr_CheckSignals() != 0) {
      PyErr_Clear();
      cancel.cancel();
    }
  }
  TrainResult fitted = result.get();
  fitted.record.stopped_early = fitted.record.stopped_early || cancel.cancelled();
  return fitted;
}

nb::object prediction_array(const TrainResult& result, const Table& table, int n_threads) {
  auto* values = new std::vector<double>();
  const nb::capsule owner(values, [](void* held) noexcept { delete static_cast<std::vector<double>*>(held); });
  size_t rows = 0, outputs = 0;
  {
    const nb::gil_scoped_release released;
    Predictions predictions = result.predictor->predict(table, Threads(n_threads));
    rows = predictions.n_rows;
    outputs = predictions.n_outputs;
    *values = std::move(predictions.values);
  }
  return nb::ndarray<nb::numpy, double, nb::ndim<2>>(values->data(), {rows, outputs}, owner).cast();
}

std::string evaluation(const TrainResult& result, const Table& table, const std::vector<std::string>& names) {
  const nb::gil_scoped_release released;
  Value value{Value::Object()};
  for (const MetricScore& score : evaluate(*result.predictor, table, names, FitContext())) value.set(score.metric, to_value(score));
  return to_json(value);
}

}  // namespace

void bind_automl(nb::module_& module) {
  nb::class_<TrainResult>(module, "TrainResult", "What a training run gave.")
      .def("predict", &prediction_array, nb::arg("table"), nb::arg("n_threads") = 0, "Predictions (n_rows, n_outputs) of a native table.")
      .def(
          "predict_table",
          [](const TrainResult& result, const Table& table, int n_threads) {
            const nb::gil_scoped_release released;
            return result.predictor->predict(table, Threads(n_threads)).to_table(result.predictor->target_names());
          },
          nb::arg("table"), nb::arg("n_threads") = 0, "Predictions as a native table, as the command line writes them.")
      .def("evaluate", &evaluation, nb::arg("table"), nb::arg("metrics"), "JSON of metrics with intervals.")
      .def(
          "record", [](const TrainResult& result) { return to_json(to_value(result.record)); }, "JSON of the run's record.")
      .def(
          "schema", [](const TrainResult& result) { return to_json(to_value(result.predictor->schema())); }, "JSON of the schema.")
      .def(
          "report_html", [](const TrainResult& result) { return report_html(result); }, "The report as one HTML page.")
      .def(
          "save",
          [](const TrainResult& result, const std::string& path) {
            const nb::gil_scoped_release released;
            result.save(path);
          },
          nb::arg("path"), "Writes one artifact.")
      .def_static(
          "load",
          [](const std::string& path) {
            const nb::gil_scoped_release released;
            return TrainResult::load(path);
          },
          nb::arg("path"), "Reads an artifact.");
  module.def("fit", &fit, nb::arg("table"), nb::arg("options"), nb::arg("callback").none(), nb::arg("metric").none(),
             nb::arg("higher_is_better"), nb::arg("run_directory"), nb::arg("resume"), "Trains on a native table; options are JSON.");
}

}  // namespace kolosal::python
