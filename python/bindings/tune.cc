// Studies, trials and search spaces for Python.

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string_view.h>

#include <optional>

#include "bindings.h"
#include "kolosal/base/json.h"
#include "kolosal/tune/storage_address.h"
#include "kolosal/tune/study.h"
#include "kolosal/tune/terminator.h"

namespace kolosal::python {
namespace {

using Unlocked = nb::call_guard<nb::gil_scoped_release>;

Value value_of(const nb::handle& object, std::string_view name) {
  if (object.is_none()) return {};
  if (PyBool_Check(object.ptr()) != 0) return object.ptr() == Py_True;
  if (PyFloat_Check(object.ptr()) != 0) return PyFloat_AS_DOUBLE(object.ptr());
  if (PyUnicode_Check(object.ptr()) != 0) return nb::cast<std::string>(object);
  if (PyIndex_Check(object.ptr()) != 0) {
    const nb::object whole = nb::steal(PyNumber_Index(object.ptr()));
    int64_t number = 0;
    if (whole.is_valid() && nb::try_cast(whole, number)) return number;
    PyErr_Clear();
  }
  throw Error(ErrorCode::BadValue,
              "parameter '" + std::string(name) + "': " + nb::cast<std::string>(nb::repr(object)) +
                  " is not allowed; values are texts, numbers of 64 bits, booleans and None",
              "Use a text, and look up by it what you mean.");
}

nb::object object_of(const Value& value) {
  if (value.is_null()) return nb::none();
  if (value.is_bool()) return nb::bool_(value.as_bool());
  if (value.is_integer()) return nb::int_(value.as_integer());
  if (value.is_real()) return nb::float_(value.as_real());
  return nb::str(value.as_text().c_str(), value.as_text().size());
}

nb::dict dict_of(const Value::Object& values) {
  nb::dict made;
  for (const auto& [name, value] : values) made[nb::str(name.c_str(), name.size())] = object_of(value);
  return made;
}

std::vector<Value> choices_of(std::string_view name, const nb::sequence& choices) {
  std::vector<Value> values;
  for (const nb::handle choice : choices) values.push_back(value_of(choice, name));
  return values;
}

nb::list pairs_of(const auto& pairs) {
  nb::list made;
  for (const auto& [first, second] : pairs) made.append(nb::make_tuple(first, second));
  return made;
}

/// Calls without the interpreter's lock where the study has a storage, which may wait for the disk or for other processes.
auto waiting(const Study& study, const auto& call) {
  if (!study.has_storage()) return call();
  const nb::gil_scoped_release released;
  return call();
}

/// A copy of a trial, and its parameters with their names.
std::pair<TrialRecord, std::vector<std::pair<std::string, TrialParameter>>> read_trial(const Study& study, int64_t number) {
  return waiting(study, [&] {
    std::pair<TrialRecord, std::vector<std::pair<std::string, TrialParameter>>> read = {study.trial(number), {}};
    for (const TrialParameter& had : read.first.parameters) read.second.emplace_back(study.parameter_name(had.parameter), had);
    return read;
  });
}

/// A trial that runs: what an objective is given.
class Trial {
 public:
  Trial(std::shared_ptr<Study> study, int64_t number) : study_(std::move(study)), number_(number) {}

  int64_t number() const { return number_; }

  double suggest_float(std::string_view name, double low, double high, std::optional<double> step, bool log) {
    if (step && !(*step > 0)) throw Error(ErrorCode::BadValue, "parameter '" + std::string(name) + "': the step must be above 0");
    return suggested(name, Distribution::real(name, low, high, step.value_or(0), log));
  }

  int64_t suggest_int(std::string_view name, int64_t low, int64_t high, int64_t step, bool log) {
    return static_cast<int64_t>(suggested(name, Distribution::integer(name, low, high, step, log)));
  }

  nb::object suggest_categorical(std::string_view name, const nb::sequence& choices) {
    const double index = suggested(name, Distribution::categorical(name, choices_of(name, choices)));
    return choices[static_cast<size_t>(index)];
  }

  nb::dict suggest(const SearchSpace& space) {
    return dict_of(waiting(*study_, [&] { return study_->suggest(number_, space); }));
  }
  void report(double value, int64_t step) {
    waiting(*study_, [&] { study_->report(number_, value, step); });
  }
  bool should_prune() {
    return waiting(*study_, [&] { return study_->should_prune(number_); });
  }
  void set_constraint(std::string_view name, double value) {
    waiting(*study_, [&] { study_->set_constraint(number_, name, value); });
  }
  void set_user_attr(std::string_view name, const nb::object& value) {
    const nb::object json = nb::module_::import_("json").attr("dumps")(value);
    Value noted = parse_json(nb::cast<std::string>(json));
    waiting(*study_, [&] { study_->set_user_attribute(number_, name, std::move(noted)); });
  }

  void report_scores(const std::vector<double>& scores) {
    waiting(*study_, [&] { report_cross_validation_scores(*study_, number_, scores); });
  }

  nb::dict params() const {
    nb::dict made;
    for (const auto& [name, had] : read_trial(*study_, number_).second)
      made[nb::str(name.c_str(), name.size())] = object_of(had.distribution->outside(had.value));
    return made;
  }

 private:
  double suggested(std::string_view name, const Distribution& distribution) {
    return waiting(*study_, [&] { return study_->suggest_inside(number_, name, distribution); });
  }

  std::shared_ptr<Study> study_;
  int64_t number_;
};

std::shared_ptr<Study> make_study(const std::string& name, const std::vector<std::string>& directions, const std::string& sampler,
                                  const std::string& parameters, const std::string& pruner, const std::string& pruner_parameters,
                                  std::shared_ptr<Storage> storage, const std::string& opening) {
  StudyOptions options;
  options.name = name;
  options.directions.clear();
  for (const std::string& direction : directions) options.directions.push_back(enum_from_name<Direction>(direction));
  options.sampler = samplers().make(sampler, parse_json(parameters));
  if (!pruner.empty()) options.pruner = pruners().make(pruner, parse_json(pruner_parameters));
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
    distributions[key] = to_json(had.distribution->to_value());
  }
  nb::dict made;
  made["number"] = trial.number;
  made["state"] = std::string(enum_name(trial.state));
  made["values"] = trial.values;
  made["params"] = params;
  made["distributions"] = distributions;
  made["intermediate"] = pairs_of(trial.intermediate);
  made["constraints"] = pairs_of(trial.constraints);
  made["user_attrs"] = to_json(trial.user_attributes);
  made["system_attrs"] = pairs_of(trial.system_attributes);
  made["failure"] = trial.failure;
  made["started"] = trial.started;
  made["ended"] = trial.ended;
  return made;
}

void enqueue(Study& study, const nb::dict& params, const std::string& user_attributes) {
  Value::Object fixed;
  for (const auto& [name, value] : params) {
    const auto key = nb::cast<std::string>(name);
    fixed.emplace_back(key, value_of(value, key));
  }
  Value noted = parse_json(user_attributes);
  waiting(study, [&] { study.enqueue(std::move(fixed), std::move(noted)); });
}

void add_trial(Study& study, const std::string& state, const nb::dict& params, const nb::dict& distributions, std::vector<double> values,
               std::vector<std::pair<int64_t, double>> intermediate, std::vector<std::pair<std::string, double>> constraints,
               const std::string& user_attributes, Attributes system_attributes) {
  std::vector<std::pair<std::string, Distribution>> parameters;
  std::vector<Value> taken;
  for (const auto& [name, value] : params) {
    const auto key = nb::cast<std::string>(name);
    if (!distributions.contains(name)) throw Error(ErrorCode::BadValue, "parameter '" + key + "' has a value and no distribution");
    parameters.emplace_back(key, Distribution::from_value(key, parse_json(nb::cast<std::string>(distributions[name]))));
    taken.push_back(value_of(value, key));
  }
  Value noted = parse_json(user_attributes);
  waiting(study, [&] {
    study.add_finished(enum_from_name<TrialState>(state), parameters, taken, std::move(values), std::move(intermediate),
                       std::move(constraints), std::move(noted), std::move(system_attributes));
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
          "ask", [](const std::shared_ptr<Study>& study) { return Trial(study, waiting(*study, [&] { return study->ask(); })); },
          "Starts a trial.")
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
          "study_attrs", [](const Study& study) { return to_json(waiting(study, [&] { return study.study_attributes(); })); },
          "What was noted about the study, as JSON.")
      .def(
          "set_study_attr",
          [](Study& study, const std::string& name, const std::string& json) { study.set_study_attribute(name, parse_json(json)); },
          nb::arg("name"), nb::arg("json"), Unlocked(), "Notes something about the study.")
      .def(
          "to_json", [](const Study& study) { return waiting(study, [&] { return to_json(study.to_value()); }); },
          "The study and its trials as JSON.")
      .def(
          "add_json", [](Study& study, const std::string& json) { study.add_from_value(parse_json(json)); }, nb::arg("json"), Unlocked(),
          "Adds the trials and attributes of a study that is JSON.")
      .def("enqueue", &enqueue, nb::arg("params"), nb::arg("user_attrs"), "Adds a waiting trial with some values given.")
      .def("add_trial", &add_trial, nb::arg("state"), nb::arg("params"), nb::arg("distributions"), nb::arg("values"),
           nb::arg("intermediate"), nb::arg("constraints"), nb::arg("user_attrs"), nb::arg("system_attrs"),
           "Adds a finished trial; distributions and system attributes are JSON by name.")
      .def("snapshot", &snapshot, nb::arg("number"), "All that is known of a trial.")
      .def(
          "best", [](const Study& study) { return waiting(study, [&] { return study.best().number; }); }, "Number of the best trial.")
      .def(
          "pareto_front", [](const Study& study) { return waiting(study, [&] { return study.pareto_front(); }); },
          "Numbers of the trials that no other is better than in all objectives.");
  module.def("make_study", &make_study, nb::arg("name"), nb::arg("directions"), nb::arg("sampler"), nb::arg("parameters"),
             nb::arg("pruner"), nb::arg("pruner_parameters"), nb::arg("storage").none(), nb::arg("opening"),
             "A study with the named sampler and pruner (empty: none); their parameters are JSON.");
}

void bind_storage(nb::module_& module) {
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

void bind_tune(nb::module_& module) {
  nb::class_<SearchSpace>(module, "SearchSpace", "Parameters declared beforehand, with what depends on what.")
      .def(
          "__init__", [](SearchSpace* at, const std::string& json) { new (at) SearchSpace(SearchSpace::from_value(parse_json(json))); },
          nb::arg("json"))
      .def(
          "to_json", [](const SearchSpace& space) { return to_json(space.to_value()); }, "The space as JSON.");
  nb::class_<Trial>(module, "Trial", "A trial that runs: what an objective is given.")
      .def_prop_ro("number", &Trial::number, "Number of the trial in its study, from 0.")
      .def_prop_ro("params", &Trial::params, "The values so far, by name.")
      .def("suggest_float", &Trial::suggest_float, nb::arg("name"), nb::arg("low"), nb::arg("high"), nb::kw_only(),
           nb::arg("step") = nb::none(), nb::arg("log") = false,
           "A number from low to high, both allowed; in steps from low, or on a logarithmic scale.")
      .def("suggest_int", &Trial::suggest_int, nb::arg("name"), nb::arg("low"), nb::arg("high"), nb::kw_only(), nb::arg("step") = 1,
           nb::arg("log") = false, "An integer from low to high, both allowed; in steps from low, or on a logarithmic scale.")
      .def("suggest_categorical", &Trial::suggest_categorical, nb::arg("name"), nb::arg("choices"),
           "One of the choices: texts, numbers, booleans and None.")
      .def("suggest", &Trial::suggest, nb::arg("space"), "The values of all parameters of a declared space that are there, by name.")
      .def("report", &Trial::report, nb::arg("value"), nb::arg("step"),
           "Notes an intermediate value; a second report of a step is passed over.")
      .def("should_prune", &Trial::should_prune, "Whether the study's pruner would stop the trial after its last report.")
      .def("set_constraint", &Trial::set_constraint, nb::arg("name"), nb::arg("value"),
           "Notes a constraint, which holds where the value is at most 0.")
      .def("set_user_attr", &Trial::set_user_attr, nb::arg("name"), nb::arg("value").none(),
           "Notes anything else about the trial that JSON can hold.");
  module.def("report_cross_validation_scores", &Trial::report_scores, nb::arg("trial"), nb::arg("scores"),
             "Notes scores of cross-validation of a running trial, one a fold.");
  bind_storage(module);
  bind_study(module);
}

}  // namespace kolosal::python
