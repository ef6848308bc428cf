// What of a trial is stored under which name, and studies as JSON.
//
// Attributes that Optuna has keep its names: fixed_params, constraints:<name> (also the list of earlier versions), completed_rung_<k>,
// failed_trial, retry_history. What it has not begins with "kolosal:".
#pragma once

#include "kolosal/tune/storage.h"

namespace kolosal {

/// Names of attributes.
inline constexpr std::string_view kFixedAttribute = "fixed_params";
inline constexpr std::string_view kRetriedAttribute = "failed_trial";
inline constexpr std::string_view kRetriesAttribute = "retry_history";
inline constexpr std::string_view kGenerationAttribute = "kolosal:generation";
inline constexpr std::string_view kFailureAttribute = "kolosal:failure";
inline constexpr std::string_view kAddedAttribute = "kolosal:added";   // a trial that no sampler proposed
inline constexpr std::string_view kWarmStartAttribute = "warm_start";  // a user attribute: begun with values of an earlier study
inline constexpr std::string_view kNoteAttribute = "auto:sampler";     // the name that Optuna's AutoSampler gives it
std::string constraint_key(std::string_view constraint);

/// Values with which a trial reached rungs, from rung `first`.
Attributes rung_attributes(const TrialRecord& trial, size_t first);

/// All of a trial but its number and its parameters, which a history has by index.
StoredTrial without_parameters(const TrialRecord& trial);
/// The other way round: fills the record, whose number and parameters stay. Gives whether a sampler proposed it. An attribute that has a
/// name of the tuner and is something else is kept as any other.
bool fill_without_parameters(TrialRecord& record, const StoredTrial& stored);

/// Why a trial that is stored as complete is not: a complete one has a value for each objective, and none is NaN. Empty where nothing is
/// wrong.
std::string what_is_incomplete(const StoredTrial& trial, size_t n_objectives);

/// Attributes as an object and back.
Value object_from(const Attributes& attributes);
Attributes attributes_from(const Value& object);

/// A study and its trials as JSON has them: numbers that are not finite are texts, choices their outside form. Throws Error(BadFile) where
/// the value is none, or a trial in it is complete and has not a value for each objective.
Value study_to_value(const StoredStudy& study, const std::vector<StoredTrial>& trials);
std::pair<StoredStudy, std::vector<StoredTrial>> study_from_value(const Value& value);

}  // namespace kolosal
