// The functions of libpq, PostgreSQL's client library, loaded when a database is first opened: who uses none needs none.
//
// Looked for, in order: the path that is given; the system's libpq.so.5; the one inside Python's psycopg2-binary or psycopg-binary, beside
// this package or where the program's environment has them.
// Limits   Version 14 or newer: statements are sent without waiting for the answer of the one before.
#pragma once

#include <libpq-fe.h>

#include <string>

namespace kolosal {

/// See the top of the file.
struct Libpq {
  decltype(&PQconnectdbParams) connect;
  decltype(&PQconninfoParse) parse;
  decltype(&PQconninfoFree) free_parsed;
  decltype(&PQfreemem) free_memory;
  decltype(&PQfinish) finish;
  decltype(&PQstatus) status;
  decltype(&PQsocket) socket;
  decltype(&PQerrorMessage) error_message;
  decltype(&PQsetNoticeReceiver) set_notice_receiver;
  decltype(&PQexec) exec;
  decltype(&PQenterPipelineMode) enter_pipeline;
  decltype(&PQpipelineSync) sync;
  decltype(&PQsendPrepare) send_prepare;
  decltype(&PQsendQueryPrepared) send_prepared;
  decltype(&PQsendQueryParams) send_params;
  decltype(&PQgetResult) get_result;
  decltype(&PQclear) clear;
  decltype(&PQresultStatus) result_status;
  decltype(&PQresultErrorField) error_field;
  decltype(&PQresultErrorMessage) result_message;
  decltype(&PQntuples) n_rows;
  decltype(&PQgetisnull) is_null;
  decltype(&PQgetvalue) value;
  decltype(&PQgetlength) length;
};

/// The functions, loaded once; `path` may be empty. Throws Error(Unsupported) that says what to install where there are none.
const Libpq& libpq(const std::string& path);

}  // namespace kolosal
