#include <dlfcn.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <vector>

#include "kolosal/base/error.h"
#include "kolosal/tune/storages/postgres_library-inl.h"

namespace kolosal {
namespace {

namespace fs = std::filesystem;

// The folders where Python packages may lie beside this code, and beside the program.
std::vector<fs::path> package_folders() {
  std::vector<fs::path> folders;
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&libpq), &info) != 0 && info.dli_fname != nullptr)
    folders.push_back(fs::path(info.dli_fname).parent_path() / "..");
  std::error_code failed;
  const fs::path program = fs::read_symlink("/proc/self/exe", failed);
  for (const auto& entry : fs::directory_iterator(program.parent_path() / ".." / "lib", failed))
    if (entry.path().filename().string().starts_with("python3")) folders.push_back(entry.path() / "site-packages");
  return folders;
}

std::vector<std::string> candidates(const std::string& path) {
  if (!path.empty()) return {path};
  std::vector<std::string> paths = {"libpq.so.5"};
  for (const fs::path& folder : package_folders())
    for (const char* package : {"psycopg2_binary.libs", "psycopg_binary.libs"}) {
      std::error_code failed;
      for (const auto& entry : fs::directory_iterator(folder / package, failed))
        if (entry.path().filename().string().starts_with("libpq-")) paths.push_back(entry.path().string());
    }
  return paths;
}

void* loaded(const std::string& path) {
  std::string why;
  for (const std::string& each : candidates(path)) {
    if (void* handle = dlopen(each.c_str(), RTLD_NOW | RTLD_LOCAL); handle != nullptr) return handle;
    if (const char* said = dlerror(); said != nullptr && why.empty()) why = said;
  }
  throw Error(ErrorCode::Unsupported, "PostgreSQL's client library is not there" + (why.empty() ? "" : ": " + why),
              "Install it (apt-get install libpq5, or pip install psycopg2-binary), or give its path as `library`.");
}

template <class F>
void find(void* handle, const char* symbol, F& function) {
  void* found = dlsym(handle, symbol);
  if (found == nullptr)
    throw Error(ErrorCode::Unsupported, std::string("PostgreSQL's client library has no function ") + symbol,
                "Install version 14 of it or a newer one.");
  function = reinterpret_cast<F>(found);
}

Libpq functions_of(void* handle) {
  Libpq api{};
  find(handle, "PQconnectdbParams", api.connect);
  find(handle, "PQconninfoParse", api.parse);
  find(handle, "PQconninfoFree", api.free_parsed);
  find(handle, "PQfreemem", api.free_memory);
  find(handle, "PQfinish", api.finish);
  find(handle, "PQstatus", api.status);
  find(handle, "PQsocket", api.socket);
  find(handle, "PQerrorMessage", api.error_message);
  find(handle, "PQsetNoticeReceiver", api.set_notice_receiver);
  find(handle, "PQexec", api.exec);
  find(handle, "PQenterPipelineMode", api.enter_pipeline);
  find(handle, "PQpipelineSync", api.sync);
  find(handle, "PQsendPrepare", api.send_prepare);
  find(handle, "PQsendQueryPrepared", api.send_prepared);
  find(handle, "PQsendQueryParams", api.send_params);
  find(handle, "PQgetResult", api.get_result);
  find(handle, "PQclear", api.clear);
  find(handle, "PQresultStatus", api.result_status);
  find(handle, "PQresultErrorField", api.error_field);
  find(handle, "PQresultErrorMessage", api.result_message);
  find(handle, "PQntuples", api.n_rows);
  find(handle, "PQgetisnull", api.is_null);
  find(handle, "PQgetvalue", api.value);
  find(handle, "PQgetlength", api.length);
  return api;
}

}  // namespace

const Libpq& libpq(const std::string& path) {
  static std::mutex mutex;
  static std::map<std::string, Libpq> known;
  const std::lock_guard lock(mutex);
  const auto found = known.find(path);
  return found != known.end() ? found->second : known.emplace(path, functions_of(loaded(path))).first->second;
}

}  // namespace kolosal
