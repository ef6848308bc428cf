#include "kolosal/tune/storage_address.h"

#include <algorithm>
#include <array>

namespace kolosal {
namespace {

constexpr std::array<std::string_view, 2> kFileSchemes = {"sqlite", "journal"};
constexpr std::string_view kSpellings =
    "Write sqlite:///PATH, journal:///PATH or postgresql://USER:PASSWORD@HOST:PORT/DATABASE; a path from the root has a fourth slash.";

std::string_view scheme_of(std::string_view url) { return url.substr(0, std::min(url.find(':'), url.size())); }

bool is_postgres(std::string_view url) {
  const std::string_view scheme = scheme_of(url);
  return scheme == "postgresql" || scheme == "postgres" || scheme.starts_with("postgresql+");
}

// Where the password of "scheme://user:password@host" stands; empty where there is none.
std::string_view password_of(std::string_view url) {
  const size_t start = url.find("://");
  const size_t end = url.rfind('@');
  if (start == std::string_view::npos || end == std::string_view::npos || end < start + 3) return {};
  const std::string_view user = url.substr(start + 3, end - start - 3);
  const size_t colon = user.find(':');
  return colon == std::string_view::npos ? std::string_view{} : user.substr(colon + 1);
}

// The value of "password=" among the options of the address.
std::string_view password_option_of(std::string_view url) {
  constexpr std::string_view kName = "password=";
  const size_t options = url.find('?');
  if (options == std::string_view::npos) return {};
  const size_t at = url.find(kName, options);
  if (at == std::string_view::npos) return {};
  const size_t begin = at + kName.size();
  return url.substr(begin, std::min(url.find('&', begin), url.size()) - begin);
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  if (what.empty()) return;
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) text.replace(at, what.size(), by);
}

std::string file_of(std::string_view url) {
  const std::string_view scheme = scheme_of(url);
  const std::string start = std::string(scheme) + ":///";
  const std::string_view path = url.starts_with(start) ? url.substr(start.size()) : std::string_view{};
  if (path.empty() || path.starts_with(':') || path.find('?') != std::string_view::npos)
    throw Error(ErrorCode::BadValue, "storage '" + without_password(url) + "': it must be '" + start + "' and a path",
                "For studies that end with the process name no storage (in Python also InMemoryStorage()).");
  return std::string(path);
}

}  // namespace

StorageAddress storage_address(std::string_view url) {
  if (is_postgres(url)) return {"postgres", {{"url", checked_postgres_url(url)}}};
  for (const std::string_view scheme : kFileSchemes)
    if (scheme_of(url) == scheme && url.size() > scheme.size()) return {std::string(scheme), {{"path", file_of(url)}}};
  throw Error(ErrorCode::BadValue,
              "storage '" + without_password(url) + "' is not known; it is 'sqlite:///PATH', 'journal:///PATH' or 'postgresql://...'",
              std::string(kSpellings));
}

std::shared_ptr<Storage> open_storage(std::string_view url, const Value::Object& parameters) {
  StorageAddress address = storage_address(url);
  address.parameters.insert(address.parameters.end(), parameters.begin(), parameters.end());
  return storages().make(address.storage, address.parameters);
}

std::string checked_postgres_url(std::string_view url) {
  const size_t start = url.find("://");
  if (!is_postgres(url) || start == std::string_view::npos || scheme_of(url).size() != start)
    throw Error(ErrorCode::BadValue, "storage '" + without_password(url) + "': it must begin with 'postgresql://'",
                std::string(kSpellings));
  const size_t at = url.rfind('@');
  if (at != std::string_view::npos && (url.find('@') != at || at > url.find_first_of("/?", start + 3)))
    throw Error(ErrorCode::BadValue, "storage '" + without_password(url) + "': its user, password or options hold a sign with a meaning",
                "Write @ as %40, : as %3A, / as %2F, ? as %3F, % as %25 there.");
  return "postgresql" + std::string(url.substr(start));
}

std::string without_password(std::string_view url) {
  std::string text(url);
  if (const std::string_view password = password_of(url); !password.empty())
    text.erase(static_cast<size_t>(password.data() - url.data()) - 1, password.size() + 1);
  if (const std::string_view option = password_option_of(text); !option.empty())
    text.replace(static_cast<size_t>(option.data() - text.data()), option.size(), "...");
  return text;
}

std::string without_password_in(std::string message, std::string_view url) {
  replace_all(message, url, without_password(url));
  replace_all(message, password_of(url), "...");
  replace_all(message, password_option_of(url), "...");
  return message;
}

}  // namespace kolosal
