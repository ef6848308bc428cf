// Studies, trials and search spaces for Python.

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string_view.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "kolosal/base/clock.h"
#include "kolosal/base/json.h"
#include "kolosal/tune/storage_address.h"
#include "kolosal/tune/storages/optuna_text.h"
#include "kolosal/tune/storages/wait_check.h"
#include "tune_trial.h"

namespace kolosal::python {
namespace {

using Unlocked = nb::call_guard<nb::gil_scoped_release>;

std::shared_ptr<const Sampler> sampler_of(const std::string& name, const std::string& parameters) {
  return samplers().make(name, value_from_python_json(parameters));
}

/// None where the name is empty.
std::shared_ptr<const Pruner> pruner_of(const std::string& name, const std::string& parameters) {
  return name.empty() ? nullptr : pruners().make(name, parse_json(parameters));
}

std::shared_ptr<Study> make_study(const std::string& name, const std::vector<std::string>& directions, const std::string& sampler,
                                  const std::string& parameters, const std::string& pruner, const std::string& pruner_parameters,
                                  std::shared_ptr<Storage> storage, const std::string& opening) {
  StudyOptions options;
  options.name = name;
  options.directions.clear();
  for (const std::string& direction : directions) options.directions.push_back(enum_from_name<Direction>(direction));
  options.sampler = sampler_of(sampler, parameters);
  options.pruner = pruner_of(pruner, pruner_parameters);
  options.storage = std::move(storage);
  options.opening = enum_from_name<StudyOpening>(opening);
  const nb::gil_scoped_release released;
  return std::make_shared<Study>(std::move(options));
}

/// All of a trial: what FrozenTrial is made of.
nb::dict snapshot(const Study& study, int64_t number) {
  const auto [trial, named] = read_trial(study, number);
  nb::dict params, distributions;
  for (const auto& [name, had] : named) {
    const nb::str key(name.c_str(), name.size());
    params[key] = object_of(had.distribution->outside(had.value));
    distributions[key] = python_json(had.distribution->to_value());
  }
  nb::dict made;
  made["number"] = trial.number;
  made["state"] = std::string(enum_name(trial.state));
  made["values"] = trial.values;
  made["params"] = params;
  made["distributions"] = distributions;
  made["intermediate"] = pairs_of(trial.intermediate);
  made["constraints"] = pairs_of(trial.constraints);
  made["user_attrs"] = python_json(trial.user_attributes);
  made["system_attrs"] = pairs_of(trial.system_attributes);
  made["fixed"] = dict_of(trial.fixed);
  made["failure"] = trial.failure;
  made["started"] = trial.started;
  made["ended"] = trial.ended;
  return made;
}

/// A trial that nobody is given would run for ever: signals are looked at while the number is still here.
int64_t ask(Study& study) {
  const int64_t number = waiting(
      study, [&] { return study.ask(); }, true);
  if (PyErr_CheckSignals() == 0) return number;
  nb::python_error raised;
  try {
    waiting(study, [&] { study.tell_failed(number, "interrupted before it began"); });
  } catch (const Error&) {  // the storage is gone: what was raised says more
  }
  raised.restore();
  throw nb::python_error();
}

void enqueue(Study& study, const nb::dict& params, const std::string& user_attributes) {
  Value::Object fixed;
  for (const auto& [name, value] : params) {
    const auto key = nb::cast<std::string>(name);
    fixed.emplace_back(key, value_of(value, key));
  }
  Value noted = value_from_python_json(user_attributes);
  waiting(study, [&] { study.enqueue(std::move(fixed), std::move(noted)); });
}

void add_trial(Study& study, const std::string& state, const nb::dict& params, const nb::dict& distributions, std::vector<double> values,
               std::vector<std::pair<int64_t, double>> intermediate, std::vector<std::pair<std::string, double>> constraints,
               const std::string& user_attributes, Attributes system_attributes, std::pair<double, double> times) {
  std::vector<std::pair<std::string, Distribution>> parameters;
  std::vector<Value> taken;
  for (const auto& [name, value] : params) {
    const auto key = nb::cast<std::string>(name);
    if (!distributions.contains(name)) throw Error(ErrorCode::BadValue, "parameter '" + key + "' has a value and no distribution");
    parameters.emplace_back(key, Distribution::from_value(key, value_from_python_json(nb::cast<std::string>(distributions[name]))));
    taken.push_back(value_of(value, key));
  }
  Value noted = value_from_python_json(user_attributes);
  waiting(study, [&] {
    study.add_finished(enum_from_name<TrialState>(state), parameters, taken, std::move(values), std::move(intermediate),
                       std::move(constraints), std::move(noted), std::move(system_attributes), times);
  });
}

void bind_study(nb::module_& module) {
  nb::class_<Study>(module, "Study", "Trials of an objective and the sampler that proposes them.")
      .def_prop_ro("name", &Study::name, "Name of the study.")
      .def_prop_ro(
          "n_trials", [](const Study& study) { return waiting(study, [&] { return study.n_trials(); }); },
          "How many trials there are, of every state.")
      .def_prop_ro(
          "is_exhausted", [](const Study& study) { return waiting(study, [&] { return study.is_exhausted(); }); },
          "Whether the sampler has nothing left to try.")
      .def(
          "set_sampler",
          [](Study& study, const std::string& sampler, const std::string& parameters) {
            auto made = sampler_of(sampler, parameters);
            waiting(study, [&] { study.set_sampler(std::move(made)); });
          },
          nb::arg("sampler"), nb::arg("parameters"), "Lets another sampler propose trials from now on.")
      .def(
          "set_pruner",
          [](Study& study, const std::string& pruner, const std::string& parameters) {
            auto made = pruner_of(pruner, parameters);
            waiting(study, [&] { study.set_pruner(std::move(made)); });
          },
          nb::arg("pruner"), nb::arg("parameters"), "Lets another pruner (empty: none) be asked from now on.")
      .def("ask", &ask, "Starts a trial and gives its number; it fails where Ctrl-C was pressed meanwhile.")
      .def(
          "tell",
          [](Study& study, int64_t number, std::vector<double> values) {
            return std::string(enum_name(waiting(study, [&] { return study.tell(number, std::move(values)); })));
          },
          nb::arg("number"), nb::arg("values"), "Ends a trial with its values; gives the state it is in then.")
      .def("tell_pruned", &Study::tell_pruned, nb::arg("number"), Unlocked(), "Ends a trial that stopped early.")
      .def("tell_failed", &Study::tell_failed, nb::arg("number"), nb::arg("reason"), Unlocked(), "Ends a trial that has no value.")
      .def("refresh", &Study::refresh, Unlocked(), "Takes in what others have written to the storage.")
      .def("fail_stale", &Study::fail_stale, Unlocked(), "Fails trials whose workers have gone; gives their numbers.")
      .def("retry", &Study::retry, nb::arg("number"), nb::arg("max_retries"), nb::arg("with_reports"), Unlocked(),
           "Lets a failed trial be run again; gives whether it was tried fewer than so many times.")
      .def_prop_ro(
          "directions",
          [](const Study& study) {
            std::vector<std::string> names;
            for (const Direction direction : study.directions()) names.emplace_back(enum_name(direction));
            return names;
          },
          "Names of the directions of the objectives.")
      .def_prop_ro(
          "study_attrs", [](const Study& study) { return python_json(waiting(study, [&] { return study.study_attributes(); })); },
          "What was noted about the study, as JSON.")
      .def(
          "set_study_attr",
          [](Study& study, const std::string& name, const std::string& json) {
            study.set_study_attribute(name, value_from_python_json(json));
          },
          nb::arg("name"), nb::arg("json"), Unlocked(), "Notes something about the study.")
      .def_prop_ro(
          "study_system_attrs",
          [](const Study& study) { return pairs_of(waiting(study, [&] { return study.study_system_attributes(); })); },
          "What the tuner noted about the study: names with JSON.")
      .def("set_study_system_attr", &Study::set_study_system_attribute, nb::arg("name"), nb::arg("json"), Unlocked(),
           "Notes something about the study for the tuner.")
      .def_prop_ro(
          "unreadable", [](const Study& study) { return pairs_of(waiting(study, [&] { return study.unreadable_parameters(); })); },
          "Parameters that are left out of their trials, each with the reason.")
      .def(
          "to_json", [](const Study& study) { return waiting(study, [&] { return python_json(study.to_value()); }); },
          "The study and its trials as JSON.")
      .def(
          "add_json", [](Study& study, const std::string& json) { study.add_from_value(value_from_python_json(json)); }, nb::arg("json"),
          Unlocked(), "Adds the trials and attributes of a study that is JSON.")
      .def("enqueue", &enqueue, nb::arg("params"), nb::arg("user_attrs"), "Adds a waiting trial with some values given.")
      .def("add_trial", &add_trial, nb::arg("state"), nb::arg("params"), nb::arg("distributions"), nb::arg("values"),
           nb::arg("intermediate"), nb::arg("constraints"), nb::arg("user_attrs"), nb::arg("system_attrs"), nb::arg("times"),
           "Adds a finished trial; distributions and system attributes are JSON by name; it started and ended at the times, or now (NaN).")
      .def("snapshot", &snapshot, nb::arg("number"), "All that is known of a trial.")
      .def(
          "best", [](const Study& study) { return waiting(study, [&] { return study.best().number; }); }, "Number of the best trial.")
      .def(
          "best_or_none",
          [](const Study& study) -> std::optional<int64_t> {
            const auto best = waiting(study, [&] { return study.best_or_none(); });
            return best ? std::optional(best->number) : std::nullopt;
          },
          "Number of the best trial; None where there is none, or are several objectives.")
      .def(
          "pareto_front", [](const Study& study) { return waiting(study, [&] { return study.pareto_front(); }); },
          "Numbers of the trials that no other is better than in all objectives.");
  module.def(
      "check_pruner", [](const std::string& name, const std::string& parameters) { (void)pruner_of(name, parameters); }, nb::arg("name"),
      nb::arg("parameters"), "Raises where the pruner cannot have these parameters, which are JSON.");
  module.def("make_study", &make_study, nb::arg("name"), nb::arg("directions"), nb::arg("sampler"), nb::arg("parameters"),
             nb::arg("pruner"), nb::arg("pruner_parameters"), nb::arg("storage").none(), nb::arg("opening"),
             "A study with the named sampler and pruner (empty: none); their parameters are JSON.");
}

/// What the handler of a signal raised while the main thread waited. Never destroyed: the interpreter may be gone by then.
struct Interrupt {
  std::thread::id main;
  std::atomic<Clock::time_point> at = Clock::time_point() - std::chrono::hours(1);
  std::optional<nb::python_error> raised;  // the main thread's, which has the interpreter's lock
};
Interrupt& interrupt() {
  static auto* const made = new Interrupt;
  return *made;
}

/// Set where a run is left in a hurry, as by Ctrl-C: half a second later the threads that are bound to it wait for a storage no more. Those
/// of other runs do.
class Hurry {
 public:
  void set() { *since_ = Clock::now(); }
  void bind() { of_thread().push_back(since_); }
  static void unbind() { of_thread().pop_back(); }
  /// Whether the calling thread is to wait no more.
  static bool is_over() {
    const auto is_late = [now = Clock::now()](const auto& since) { return now - since->load() > std::chrono::milliseconds(500); };
    return std::ranges::any_of(of_thread(), is_late);
  }

 private:
  using Moment = std::atomic<Clock::time_point>;
  static std::vector<std::shared_ptr<Moment>>& of_thread() {
    thread_local std::vector<std::shared_ptr<Moment>> bound;
    return bound;
  }
  std::shared_ptr<Moment> since_ = std::make_shared<Moment>(Clock::time_point::max());
};

/// Lets Ctrl-C end waits for storages. Python tells the main thread alone of it, which is taken to be the one that imports the module. For
/// half a second that thread then gives up further waits, of what is done on the way out, and for two seconds others do.
void obey_interrupts() {
  interrupt().main = std::this_thread::get_id();
  set_wait_check([] {
    if (Hurry::is_over()) return true;
    Interrupt& known = interrupt();
    const bool is_main = std::this_thread::get_id() == known.main;
    if (Clock::now() - known.at.load() < std::chrono::milliseconds(is_main ? 500 : 2000)) return true;
    if (!is_main || Py_IsInitialized() == 0) return false;
    const nb::gil_scoped_acquire acquired;
    if (PyErr_CheckSignals() == 0) return false;
    known.raised.emplace();
    known.at = Clock::now();
    return true;
  });
}

void bind_storage(nb::module_& module) {
  nb::class_<Hurry>(module, "Hurry", "Set where a run is left at once: threads bound to it wait half a second more.")
      .def(nb::init<>())
      .def("set", &Hurry::set, "Begins the half second.")
      .def("bind", &Hurry::bind, "Binds the calling thread.")
      .def(
          "unbind", [](const Hurry&) { Hurry::unbind(); }, "Lets the calling thread go from what it was last bound to.");
  nb::class_<Storage>(module, "Storage", "Where studies are kept.")
      .def_prop_ro("heartbeat_seconds", &Storage::heartbeat_seconds, "Seconds between two beats of a running trial; 0: none.")
      .def(
          "studies",
          [](Storage& storage) {
            std::vector<std::pair<std::string, int64_t>> all;
            for (const StoredStudy& study : storage.studies()) all.emplace_back(study.name, study.n_trials);
            return all;
          },
          Unlocked(), "Names of the studies and how many trials each has.")
      .def(
          "delete_study",
          [](Storage& storage, const std::string& name) {
            const auto id = storage.find_study(name);
            if (!id) throw Error(ErrorCode::UnknownName, "the storage has no study '" + name + "'");
            storage.delete_study(*id);
          },
          nb::arg("name"), Unlocked(), "Removes a study.");
  module.def(
      "make_storage",
      [](const std::string& name, const std::string& parameters) {
        return std::shared_ptr<Storage>(storages().make(name, parse_json(parameters)));
      },
      nb::arg("name"), nb::arg("parameters"), Unlocked(), "The named storage; its parameters are JSON.");
  module.def(
      "storage_address",
      [](const std::string& url) {
        StorageAddress address = storage_address(url);
        return std::pair(std::move(address.storage), to_json(Value(std::move(address.parameters))));
      },
      nb::arg("url"), "The name of the storage that an address stands for, and its parameters as JSON.");
}

}  // namespace

bool raise_interrupt() {
  Interrupt& known = interrupt();
  if (std::this_thread::get_id() != known.main || !known.raised) return false;
  nb::python_error raised = *std::exchange(known.raised, std::nullopt);
  if (raised.matches(PyExc_KeyboardInterrupt)) return false;
  raised.restore();
  return true;
}

void bind_tune(nb::module_& module) {
  nb::class_<SearchSpace>(module, "SearchSpace", "Parameters declared beforehand, with what depends on what.")
      .def(
          "__init__",
          [](SearchSpace* at, const std::string& json) { new (at) SearchSpace(SearchSpace::from_value(value_from_python_json(json))); },
          nb::arg("json"))
      .def(
          "to_json", [](const SearchSpace& space) { return python_json(space.to_value()); }, "The space as JSON.");
  module.def(
      "settled_distribution",
      [](const std::string& name, const std::string& json) {
        return python_json(Distribution::from_value(name, value_from_python_json(json)).to_value());
      },
      nb::arg("name"), nb::arg("json"), "A distribution as it is held: bounds as reals or integers, the last that steps reach.");
  module.def(
      "settled_value",
      [](const std::string& name, const std::string& json, const nb::handle& value) {
        const Distribution distribution = Distribution::from_value(name, value_from_python_json(json));
        return object_of(distribution.outside(distribution.inside(name, value_of(value, name))));
      },
      nb::arg("name"), nb::arg("json"), nb::arg("value").none(), "A value as the distribution holds it; an error where it allows it not.");
  module.def(
      "distribution_to_optuna",
      [](const std::string& name, const std::string& json) {
        return distribution_text(Distribution::from_value(name, value_from_python_json(json)));
      },
      nb::arg("name"), nb::arg("json"), "The text that Optuna's storages have for a distribution.");
  module.def(
      "distribution_from_optuna",
      [](const std::string& name, const std::string& text) { return python_json(distribution_from_text(name, text).to_value()); },
      nb::arg("name"), nb::arg("text"), "The distribution that Optuna's storages have as this text.");
  obey_interrupts();
  bind_trial(module);
  bind_storage(module);
  bind_study(module);
}

}  // namespace kolosal::python
