#include "kolosal/tune/storage_address.h"

#include <algorithm>
#include <array>
#include <vector>

#include "kolosal/tune/storages/storage_file.h"

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

// An address of PostgreSQL that libpq reads as it is meant: none of its signs stands where it would end another part.
bool has_right_signs(std::string_view url) {
  const size_t start = url.find("://"), at = url.rfind('@');
  return at == std::string_view::npos || (url.find('@') == at && at < url.find_first_of("/?", start + 3));
}

// Whether behind each colon of the hosts stands a number, so that none is the beginning of "user:password@host".
bool has_right_ports(std::string_view url) {
  size_t from = url.find("://") + 3;
  const std::string_view server = url.substr(from, std::min(url.find_first_of("/?", from), url.size()) - from);
  std::string_view hosts = server.substr(server.find('@') == std::string_view::npos ? 0 : server.find('@') + 1);
  while (!hosts.empty()) {
    const size_t end = std::min(hosts.find(','), hosts.size());
    const std::string_view host = hosts.substr(0, end);
    const size_t bracket = host.starts_with('[') ? std::min(host.find(']'), host.size()) : 0;
    const size_t colon = host.find(':', bracket);
    if (colon != std::string_view::npos && host.find_first_not_of("0123456789", colon + 1) != std::string_view::npos) return false;
    hosts.remove_prefix(std::min(end + 1, hosts.size()));
  }
  return true;
}

bool is_postgres_address(std::string_view url) {
  return is_postgres(url) && url.substr(scheme_of(url).size()).starts_with("://") && has_right_signs(url) && has_right_ports(url);
}

bool is_file_address(std::string_view url) {
  const std::string_view scheme = scheme_of(url);
  const bool is_known = std::find(kFileSchemes.begin(), kFileSchemes.end(), scheme) != kFileSchemes.end();
  const std::string_view rest = url.substr(scheme.size());
  if (!is_known || !rest.starts_with(":///") || rest.size() <= 4 || rest[4] == ':' || rest.find('?') != std::string_view::npos)
    return false;
  const std::string_view path = rest.substr(std::min(rest.find_first_not_of('/', 1), rest.size()));
  const std::string_view first = path.substr(0, path.find('/'));
  return first.find('@', std::min(first.find(':'), first.size())) == std::string_view::npos;  // else "user:password@host"
}

// Whether the value of an option stays unsaid: its key holds "pass" or signs written as %XX.
bool is_secret(std::string_view key) {
  std::string lower(key);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower.find("pass") != std::string::npos || lower.find('%') != std::string::npos;
}

// Where the passwords of an address of PostgreSQL stand, in order: that of "user:password@host", with its colon, and those of options.
std::vector<std::string_view> passwords_of(std::string_view url) {
  std::vector<std::string_view> found;
  if (!is_postgres_address(url)) return found;
  const size_t start = url.find("://") + 3, at = url.find('@');
  if (at != std::string_view::npos)
    if (const size_t colon = url.substr(0, at).find(':', start); colon != std::string_view::npos)
      found.push_back(url.substr(colon, at - colon));
  for (size_t key = url.find('?'); key < url.size();) {
    const size_t end = std::min(url.find('&', ++key), url.size()), equals = std::min(url.find('=', key), end);
    if (is_secret(url.substr(key, equals - key)) && equals < end) found.push_back(url.substr(equals + 1, end - equals - 1));
    key = end;
  }
  return found;
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  if (what.empty()) return;
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) text.replace(at, what.size(), by);
}

std::string file_of(std::string_view url) {
  const std::string start = std::string(scheme_of(url)) + ":///";
  if (!is_file_address(url))
    throw Error(ErrorCode::BadValue, "storage '" + without_password(url) + "': it must be '" + start + "' and a path",
                "For studies that end with the process name no storage (in Python also InMemoryStorage()).");
  return std::string(url.substr(start.size()));
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

void check_storage_address(std::string_view url) {
  const StorageAddress address = storage_address(url);
  for (const auto& [name, value] : address.parameters)
    if (name == "path") check_storage_file(address.storage, value.as_text());
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
  if (!has_right_signs(url))
    throw Error(ErrorCode::BadValue, "storage '" + without_password(url) + "': its user, password or options hold a sign with a meaning",
                "Write @ as %40, : as %3A, / as %2F, ? as %3F, % as %25 there.");
  if (!has_right_ports(url))
    throw Error(ErrorCode::BadValue, "storage '" + without_password(url) + "': what stands behind the colon of its host is no port number",
                std::string(kSpellings));
  return "postgresql" + std::string(url.substr(start));
}

std::string without_password(std::string_view url) {
  if (is_file_address(url) || url.find_first_of(":@=?& \t\n") == std::string_view::npos) return std::string(url);
  const std::string_view scheme = scheme_of(url);
  if (!is_postgres_address(url)) {
    const bool is_scheme = url.substr(scheme.size()).starts_with("://") || is_postgres(url) ||
                           std::find(kFileSchemes.begin(), kFileSchemes.end(), scheme) != kFileSchemes.end();
    return is_scheme && scheme.find_first_of("@=?& \t\n/") == std::string_view::npos ? std::string(scheme) + ":..." : "...";
  }
  std::string text(url);
  const auto passwords = passwords_of(url);
  for (auto password = passwords.rbegin(); password != passwords.rend(); ++password)
    text.replace(static_cast<size_t>(password->data() - url.data()), password->size(), password->starts_with(':') ? "" : "...");
  return text;
}

std::string without_password_in(std::string message, std::string_view url) {
  replace_all(message, url, without_password(url));
  for (std::string_view password : passwords_of(url))
    replace_all(message, password.starts_with(':') ? password.substr(1) : password, "...");
  return message;
}

}  // namespace kolosal
