#include <filesystem>
#include <map>
#include <mutex>
#include <type_traits>

#include "kolosal/base/shared_library.h"
#include "kolosal/tune/storages/postgres_library-inl.h"

namespace kolosal {
namespace {

namespace fs = std::filesystem;

LibraryPlaces places_of(const std::string& path) {
  LibraryPlaces places{
      "PostgreSQL's client library",
      {path.empty() ? "libpq.so.5" : path},
      "Install it (apt-get install libpq5, or pip install psycopg2-binary; version 14 or newer), or give its path as `library`."};
  if (!path.empty()) return places;
  for (const std::string& folder : package_folders())
    for (const char* package : {"psycopg2_binary.libs", "psycopg_binary.libs"}) {
      std::error_code failed;
      for (const auto& entry : fs::directory_iterator(fs::path(folder) / package, failed))
        if (entry.path().filename().string().starts_with("libpq-")) places.paths.push_back(entry.path().string());
    }
  return places;
}

template <class F>
void find(const SharedLibrary& library, const char* symbol, F& function) {
  function = library.function<std::remove_pointer_t<F>>(symbol);
}

Libpq functions_of(const SharedLibrary& library) {
  Libpq api{};
  find(library, "PQconnectdbParams", api.connect);
  find(library, "PQconninfoParse", api.parse);
  find(library, "PQconninfoFree", api.free_parsed);
  find(library, "PQfreemem", api.free_memory);
  find(library, "PQfinish", api.finish);
  find(library, "PQstatus", api.status);
  find(library, "PQsocket", api.socket);
  find(library, "PQerrorMessage", api.error_message);
  find(library, "PQsetNoticeReceiver", api.set_notice_receiver);
  find(library, "PQexec", api.exec);
  find(library, "PQenterPipelineMode", api.enter_pipeline);
  find(library, "PQpipelineSync", api.sync);
  find(library, "PQsendPrepare", api.send_prepare);
  find(library, "PQsendQueryPrepared", api.send_prepared);
  find(library, "PQsendQueryParams", api.send_params);
  find(library, "PQgetResult", api.get_result);
  find(library, "PQclear", api.clear);
  find(library, "PQresultStatus", api.result_status);
  find(library, "PQresultErrorField", api.error_field);
  find(library, "PQresultErrorMessage", api.result_message);
  find(library, "PQntuples", api.n_rows);
  find(library, "PQgetisnull", api.is_null);
  find(library, "PQgetvalue", api.value);
  find(library, "PQgetlength", api.length);
  return api;
}

}  // namespace

const Libpq& libpq(const std::string& path) {
  static std::mutex mutex;
  static std::map<std::string, Libpq> known;
  const std::lock_guard lock(mutex);
  const auto found = known.find(path);
  return found != known.end() ? found->second : known.emplace(path, functions_of(SharedLibrary(places_of(path)))).first->second;
}

}  // namespace kolosal
