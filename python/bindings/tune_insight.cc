// What a study says of itself, for Python: importances of parameters, whether it may end, its report.

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>

#include <optional>

#include "bindings.h"
#include "kolosal/base/json.h"
#include "kolosal/tune/importance.h"
#include "kolosal/tune/pareto.h"
#include "kolosal/tune/report.h"
#include "kolosal/tune/terminator.h"

namespace kolosal::python {
namespace {

using Unlocked = nb::call_guard<nb::gil_scoped_release>;

void bind_terminator(nb::module_& module) {
  module.def(
      "estimated_improvement",
      [](const Study& study, const std::string& name, const std::string& parameters) {
        return improvement_estimates().make(name, parse_json(parameters))->evaluate(study.trials(), study.directions().at(0));
      },
      nb::arg("study"), nb::arg("name"), nb::arg("parameters"), Unlocked(),
      "How much the study may still improve, by the named estimate; its parameters are JSON.");
  module.def(
      "estimated_error",
      [](const Study& study, const std::string& name, const std::string& parameters) {
        return error_estimates().make(name, parse_json(parameters))->evaluate(study.trials(), study.directions().at(0));
      },
      nb::arg("study"), nb::arg("name"), nb::arg("parameters"), Unlocked(),
      "How uncertain the best value is, by the named estimate; its parameters are JSON.");
  module.def(
      "should_terminate",
      [](const Study& study, const std::string& improvement, const std::string& improvement_parameters, const std::string& error,
         const std::string& error_parameters, int64_t min_n_trials) {
        return should_terminate(study, *improvement_estimates().make(improvement, parse_json(improvement_parameters)),
                                *error_estimates().make(error, parse_json(error_parameters)), min_n_trials);
      },
      nb::arg("study"), nb::arg("improvement"), nb::arg("improvement_parameters"), nb::arg("error"), nb::arg("error_parameters"),
      nb::arg("min_n_trials"), Unlocked(), "Whether the study may end, by the named estimates; their parameters are JSON.");
}

}  // namespace

void bind_tune_insight(nb::module_& module) {
  module.def(
      "param_importances",
      [](const Study& study, const std::string& name, const std::string& parameters, std::optional<std::vector<std::string>> wanted,
         std::optional<std::vector<std::pair<int64_t, double>>> target, bool normalize) {
        return param_importances(study, *importances().make(name, parse_json(parameters)), {std::move(wanted), std::move(target)},
                                 normalize);
      },
      nb::arg("study"), nb::arg("name"), nb::arg("parameters"), nb::arg("wanted").none(), nb::arg("target").none(), nb::arg("normalize"),
      Unlocked(), "Importances of the parameters, the greatest first, measured as named; the measure's parameters are JSON.");
  module.def(
      "hypervolume",
      [](const std::vector<std::vector<double>>& losses, const std::vector<double>& reference) { return hypervolume(losses, reference); },
      nb::arg("losses"), nb::arg("reference"), Unlocked(), "The volume that the rows dominate below the reference.");
  module.def("write_study_report", &write_study_report, nb::arg("study"), nb::arg("path"), Unlocked(), "Writes the report of a study.");
  module.def("study_report_html", &study_report_html, nb::arg("study"), Unlocked(), "The report of a study.");
  bind_terminator(module);
}

}  // namespace kolosal::python
