// The tables of Optuna's databases.
#pragma once

#include <array>
#include <string>

#include "kolosal/tune/storages/sql_connection.h"

namespace kolosal {

/// Makes the tables where there are none; throws Error(Unsupported) where those that are there are of another version, Error(BadFile)
/// where the database is something else. To be called within a transaction. `address` is what Optuna calls the database.
void make_or_check_schema(SqlConnection& connection, const std::string& address);

/// Whether the tables are there; throws as make_or_check_schema where they are others. Only reads.
bool has_schema(SqlConnection& connection, const std::string& address);
/// Says that a database that is to be read alone has no such tables: throws Error(BadFile).
[[noreturn]] void refuse_empty(const std::string& database);

/// What removes a study, in order; each takes its id.
inline constexpr std::array<const char*, 11> kDeleteStudy = {
    "DELETE FROM trial_params WHERE trial_id IN (SELECT trial_id FROM trials WHERE study_id = ?)",
    "DELETE FROM trial_values WHERE trial_id IN (SELECT trial_id FROM trials WHERE study_id = ?)",
    "DELETE FROM trial_intermediate_values WHERE trial_id IN (SELECT trial_id FROM trials WHERE study_id = ?)",
    "DELETE FROM trial_user_attributes WHERE trial_id IN (SELECT trial_id FROM trials WHERE study_id = ?)",
    "DELETE FROM trial_system_attributes WHERE trial_id IN (SELECT trial_id FROM trials WHERE study_id = ?)",
    "DELETE FROM trial_heartbeats WHERE trial_id IN (SELECT trial_id FROM trials WHERE study_id = ?)",
    "DELETE FROM trials WHERE study_id = ?",
    "DELETE FROM study_directions WHERE study_id = ?",
    "DELETE FROM study_user_attributes WHERE study_id = ?",
    "DELETE FROM study_system_attributes WHERE study_id = ?",
    "DELETE FROM studies WHERE study_id = ?"};

}  // namespace kolosal
