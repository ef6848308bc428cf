// Trials that run, for Python. Arguments are taken as objects, so that what is wrong with one is said by its name.

#include "tune_trial.h"

#include <cmath>

#include "kolosal/tune/storages/optuna_text.h"

namespace kolosal::python {
namespace {

constexpr double kPastIntegers = 9223372036854775808.0;  // 2^63

std::string described(const nb::handle& object) {
  return nb::cast<std::string>(nb::repr(object)) + " (" + nb::cast<std::string>(object.type().attr("__name__")) + ")";
}

[[noreturn]] void refuse(const std::string& where, const nb::handle& object, const std::string& wanted) {
  throw Error(ErrorCode::BadValue, where + " is " + described(object) + "; it must be " + wanted);
}

std::optional<int64_t> whole_of(const nb::handle& object) {
  const nb::object whole = nb::steal(PyNumber_Index(object.ptr()));
  int64_t number = 0;
  if (whole.is_valid() && nb::try_cast(whole, number)) return number;
  PyErr_Clear();
  return std::nullopt;
}

/// A number: any object that can be made one, but no text.
double real_from(const nb::handle& object, const std::string& where) {
  if (PyFloat_Check(object.ptr()) != 0) return PyFloat_AS_DOUBLE(object.ptr());
  const bool is_text = PyUnicode_Check(object.ptr()) != 0 || PyBytes_Check(object.ptr()) != 0;
  const nb::object number = is_text ? nb::object() : nb::steal(PyNumber_Float(object.ptr()));
  if (number.is_valid()) return PyFloat_AS_DOUBLE(number.ptr());
  PyErr_Clear();
  refuse(where, object, "a number");
}

/// A whole number of 64 bits, also where it is a float.
int64_t integer_from(const nb::handle& object, const std::string& where) {
  constexpr const char* kWanted = "a whole number of 64 bits";
  if (PyIndex_Check(object.ptr()) != 0) {
    const std::optional<int64_t> whole = whole_of(object);
    if (!whole) refuse(where, object, kWanted);
    return *whole;
  }
  const bool is_text = PyUnicode_Check(object.ptr()) != 0 || PyBytes_Check(object.ptr()) != 0;
  const nb::object number = is_text ? nb::object() : nb::steal(PyNumber_Float(object.ptr()));
  const double real = number.is_valid() ? PyFloat_AS_DOUBLE(number.ptr()) : std::nan("");
  PyErr_Clear();
  if (real != std::floor(real) || !(std::abs(real) < kPastIntegers)) refuse(where, object, kWanted);
  return static_cast<int64_t>(real);
}

std::string text_from(const nb::handle& object, const std::string& where) {
  if (PyUnicode_Check(object.ptr()) == 0) refuse(where, object, "a text");
  return nb::cast<std::string>(object);
}

bool flag_from(const nb::handle& object, const std::string& where) {
  const int is_true = PyObject_IsTrue(object.ptr());
  if (is_true >= 0) return is_true > 0;
  PyErr_Clear();
  refuse(where, object, "True or False");
}

std::string parameter_name(const nb::handle& name) { return text_from(name, "the name of a parameter"); }
std::string of_parameter(const std::string& name, const char* what) { return "parameter '" + name + "': " + what; }

/// Raises the error as one of a trial that has ended.
[[noreturn]] void raise_finished(const Error& error) {
  const nb::object made =
      nb::module_::import_("kolosal.tune.exceptions")
          .attr("UpdateFinishedTrialError")(error.message(), std::string(error_code_name(error.code())), error.remedy());
  PyErr_SetObject(made.type().ptr(), made.ptr());
  throw nb::python_error();
}

/// A trial that runs: what an objective is given.
class Trial {
  // First, since what it gives is deduced from the body.
  auto changing(const auto& call, bool is_long = false) {
    try {
      return waiting(*study_, call, is_long);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::BadValue || !waiting(*study_, [&] { return study_->trial(number_).is_finished(); })) throw;
      raise_finished(error);
    }
  }

 public:
  Trial(std::shared_ptr<Study> study, int64_t number) : study_(std::move(study)), number_(number) {}

  int64_t number() const { return number_; }

  double suggest_float(const nb::handle& given_name, const nb::handle& given_low, const nb::handle& given_high,
                       const nb::handle& given_step, const nb::handle& given_log) {
    const std::string name = parameter_name(given_name);
    const double low = real_from(given_low, of_parameter(name, "low"));
    const double high = real_from(given_high, of_parameter(name, "high"));
    const double step = given_step.is_none() ? 0 : real_from(given_step, of_parameter(name, "step"));
    const bool log = flag_from(given_log, of_parameter(name, "log"));
    if (!given_step.is_none() && !(step > 0)) throw Error(ErrorCode::BadValue, of_parameter(name, "the step must be above 0"));
    return suggested(name, Distribution::real(name, low, high, step, log));
  }

  int64_t suggest_int(const nb::handle& given_name, const nb::handle& given_low, const nb::handle& given_high, const nb::handle& given_step,
                      const nb::handle& given_log) {
    const std::string name = parameter_name(given_name);
    const int64_t low = integer_from(given_low, of_parameter(name, "low"));
    const int64_t high = integer_from(given_high, of_parameter(name, "high"));
    const int64_t step = integer_from(given_step, of_parameter(name, "step"));
    const bool log = flag_from(given_log, of_parameter(name, "log"));
    return static_cast<int64_t>(suggested(name, Distribution::integer(name, low, high, step, log)));
  }

  nb::object suggest_categorical(const nb::handle& given_name, const nb::handle& given_choices, const nb::handle& given_ordered) {
    const std::string name = parameter_name(given_name);
    const bool is_text = PyUnicode_Check(given_choices.ptr()) != 0 || PyBytes_Check(given_choices.ptr()) != 0;
    const nb::object choices = is_text ? nb::object() : nb::steal(PySequence_Tuple(given_choices.ptr()));
    PyErr_Clear();
    if (!choices.is_valid()) refuse(of_parameter(name, "choices"), given_choices, "a list or a tuple");
    std::vector<Value> values;
    for (const nb::handle choice : choices) values.push_back(value_of(choice, name));
    const bool ordered = flag_from(given_ordered, of_parameter(name, "ordered"));
    const double index = suggested(name, Distribution::categorical(name, std::move(values), ordered));
    return choices[static_cast<size_t>(index)];
  }

  nb::dict suggest(const SearchSpace& space) {
    std::vector<std::string> findings;
    const Value::Object taken = changing([&] { return study_->suggest(number_, space, &findings); }, true);
    warn(findings);
    return dict_of(taken);
  }

  void report(const nb::handle& given_value, const nb::handle& given_step) {
    const double value = real_from(given_value, at() + "the reported value");
    const int64_t step = integer_from(given_step, at() + "the step of a report");
    changing([&] { study_->report(number_, value, step); });
  }
  bool should_prune() {
    return waiting(*study_, [&] { return study_->should_prune(number_); });
  }
  void set_constraint(const nb::handle& given_name, const nb::handle& given_value) {
    const std::string name = text_from(given_name, at() + "the name of a constraint");
    const double value = real_from(given_value, at() + "constraint '" + name + "'");
    changing([&] { study_->set_constraint(number_, name, value); });
  }
  void set_user_attr(const std::string& name, const std::string& json) {
    Value noted = value_from_python_json(json);
    waiting(*study_, [&] { study_->set_user_attribute(number_, name, std::move(noted)); });
  }

  void report_scores(const std::vector<double>& scores) {
    changing([&] { report_cross_validation_scores(*study_, number_, scores); });
  }

  nb::dict params() const {
    nb::dict made;
    for (const auto& [name, had] : read_trial(*study_, number_).second)
      made[nb::str(name.c_str(), name.size())] = object_of(had.distribution->outside(had.value));
    return made;
  }

 private:
  std::string at() const { return "trial " + std::to_string(number_) + ": "; }

  double suggested(std::string_view name, const Distribution& distribution) {
    std::vector<std::string> findings;
    const double taken = changing([&] { return study_->suggest_inside(number_, name, distribution, &findings); }, true);
    warn(findings);
    return taken;
  }

  void warn(const std::vector<std::string>& findings) const {
    for (const std::string& finding : findings)
      if (PyErr_WarnEx(PyExc_UserWarning, (at() + finding).c_str(), 1) != 0) throw nb::python_error();
  }

  std::shared_ptr<Study> study_;
  int64_t number_;
};

}  // namespace

Value value_of(const nb::handle& object, std::string_view name) {
  if (object.is_none()) return {};
  if (PyBool_Check(object.ptr()) != 0) return object.ptr() == Py_True;
  if (PyFloat_Check(object.ptr()) != 0) return PyFloat_AS_DOUBLE(object.ptr());
  if (PyUnicode_Check(object.ptr()) != 0) return nb::cast<std::string>(object);
  if (PyIndex_Check(object.ptr()) != 0) {
    if (const std::optional<int64_t> whole = whole_of(object)) return *whole;
  } else if (PyList_Check(object.ptr()) != 0 || PyTuple_Check(object.ptr()) != 0) {
    Value::List list;
    for (const nb::handle member : object) list.push_back(value_of(member, name));
    return list;
  } else if (PyDict_Check(object.ptr()) != 0) {
    Value::Object members;
    for (const auto& [key, member] : nb::borrow<nb::dict>(object))
      members.emplace_back(text_from(key, of_parameter(std::string(name), "a key of a value")), value_of(member, name));
    return members;
  } else if (nb::hasattr(object, "dtype") && nb::hasattr(object, "ndim") && nb::cast<int>(object.attr("ndim")) == 0) {
    if (const nb::object plain = object.attr("item")(); !plain.type().is(object.type())) return value_of(plain, name);
  }
  throw Error(ErrorCode::BadValue,
              "parameter '" + std::string(name) + "': " + nb::cast<std::string>(nb::repr(object)) +
                  " is not allowed; values are texts, numbers of 64 bits, booleans, None, and lists of such",
              "Use a text, and look up by it what you mean.");
}

nb::object object_of(const Value& value) {
  if (value.is_null()) return nb::none();
  if (value.is_bool()) return nb::bool_(value.as_bool());
  if (value.is_integer()) return nb::int_(value.as_integer());
  if (value.is_real()) return nb::float_(value.as_real());
  if (value.is_object()) return dict_of(value.as_object());
  if (value.is_list()) {
    nb::list made;
    for (const Value& member : value.as_list()) made.append(object_of(member));
    return made;
  }
  return nb::str(value.as_text().c_str(), value.as_text().size());
}

nb::dict dict_of(const Value::Object& values) {
  nb::dict made;
  for (const auto& [name, value] : values) made[nb::str(name.c_str(), name.size())] = object_of(value);
  return made;
}

std::pair<TrialRecord, std::vector<std::pair<std::string, TrialParameter>>> read_trial(const Study& study, int64_t number) {
  return waiting(study, [&] {
    std::pair<TrialRecord, std::vector<std::pair<std::string, TrialParameter>>> read = {study.trial(number), {}};
    for (const TrialParameter& had : read.first.parameters) read.second.emplace_back(study.parameter_name(had.parameter), had);
    return read;
  });
}

void bind_trial(nb::module_& module) {
  nb::class_<Trial>(module, "Trial", "A trial that runs: what an objective is given.")
      .def(nb::init<std::shared_ptr<Study>, int64_t>(), nb::arg("study"), nb::arg("number"))
      .def_prop_ro("number", &Trial::number, "Number of the trial in its study, from 0.")
      .def_prop_ro("params", &Trial::params, nb::sig("def params(self) -> dict[str, typing.Any]"), "The values so far, by name.")
      .def("suggest_float", &Trial::suggest_float, nb::arg("name").none(), nb::arg("low").none(), nb::arg("high").none(), nb::kw_only(),
           nb::arg("step") = nb::none(), nb::arg("log").none() = false,
           nb::sig("def suggest_float(self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False) -> float"),
           "A number from low to high, both allowed; in steps from low, or on a logarithmic scale.")
      .def("suggest_int", &Trial::suggest_int, nb::arg("name").none(), nb::arg("low").none(), nb::arg("high").none(), nb::kw_only(),
           nb::arg("step").none() = 1, nb::arg("log").none() = false,
           nb::sig("def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int"),
           "An integer from low to high, both allowed; in steps from low, or on a logarithmic scale.")
      .def("suggest_categorical", &Trial::suggest_categorical, nb::arg("name").none(), nb::arg("choices").none(), nb::kw_only(),
           nb::arg("ordered").none() = false,
           nb::sig("def suggest_categorical(self, name: str, choices: collections.abc.Sequence[typing.Any], *, ordered: bool = False) -> "
                   "typing.Any"),
           "One of the choices: texts, numbers, booleans, None, and lists or tuples of such, which ``params`` has as lists.\n\n"
           "Where they are ``ordered``, neighbours are alike, and samplers take their places for numbers.")
      .def("suggest", &Trial::suggest, nb::arg("space"), "The values of all parameters of a declared space that are there, by name.")
      .def("report", &Trial::report, nb::arg("value").none(), nb::arg("step").none(),
           nb::sig("def report(self, value: float, step: int) -> None"),
           "Notes an intermediate value; a second report of a step is passed over.")
      .def("should_prune", &Trial::should_prune, "Whether the study's pruner would stop the trial after its last report.")
      .def("set_constraint", &Trial::set_constraint, nb::arg("key").none(), nb::arg("value").none(),
           nb::sig("def set_constraint(self, key: str, value: float) -> None"),
           "Notes a constraint, which holds where the value is at most 0.")
      .def("set_user_attr_json", &Trial::set_user_attr, nb::arg("name"), nb::arg("json"), "Notes anything else about the trial, as JSON.");
  module.def("report_cross_validation_scores", &Trial::report_scores, nb::arg("trial"), nb::arg("scores"),
             "Notes scores of cross-validation of a running trial, one a fold.");
}

}  // namespace kolosal::python
