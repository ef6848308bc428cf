// Arrow's statuses as Errors, without Arrow's headers.
#pragma once

#include <string>
#include <utility>

#include "kolosal/base/error.h"

namespace kolosal {

/// The Error of a status that is not ok: out of memory, input or output, else BadFile. `where` begins the message.
template <class Status>
[[noreturn]] void throw_arrow(const Status& status, const std::string& where) {
  const ErrorCode code = status.IsOutOfMemory()                ? ErrorCode::OutOfMemory
                         : status.IsIOError() && where.empty() ? ErrorCode::Io
                                                               : ErrorCode::BadFile;
  throw Error(code, (where.empty() ? "" : where + ": ") + status.message(),
              code == ErrorCode::BadFile ? "Check that the file is whole and of this format." : "");
}

/// Throws where the status is not ok.
template <class Status>
void check_arrow(const Status& status, const std::string& where = {}) {
  if (!status.ok()) throw_arrow(status, where);
}

/// Throws where the status of writing is not ok: what the system refuses is Error(Io), not a fault of a file.
template <class Status>
void check_written(const Status& status, const std::string& format) {
  if (status.IsIOError()) throw Error(ErrorCode::Io, status.message(), "Check the folder, its permissions and the space left.");
  check_arrow(status, format);
}

/// The value of a result; throws where there is none.
template <class Result>
auto arrow_value(Result&& result, const std::string& where = {}) {
  if (!result.ok()) throw_arrow(result.status(), where);
  return std::forward<Result>(result).MoveValueUnsafe();
}

}  // namespace kolosal
