// The addresses of storages, as Optuna spells them: "sqlite:///studies.db", "journal:///studies.log",
// "postgresql://user:password@host:port/database" (also "postgresql+psycopg2://", "postgres://").
//
// A password never shows in a message: what tells of an address leaves it out.
// Checked  storage_address_test.cc.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "kolosal/tune/storage.h"

namespace kolosal {

/// What an address stands for: the name of an entry of storages(), and the parameters that say where.
struct StorageAddress {
  std::string storage;
  Value::Object parameters;
};

/// Reads an address. Throws Error(BadValue) that says how they are spelled.
StorageAddress storage_address(std::string_view url);
/// Opens the storage of an address, with these parameters beside those of the address.
std::shared_ptr<Storage> open_storage(std::string_view url, const Value::Object& parameters = {});

/// The address as libpq reads it. Throws Error(BadValue) where it is no address of PostgreSQL, a sign in it would be mistaken for the end
/// of the password, or a port is no number.
std::string checked_postgres_url(std::string_view url);
/// Throws Error(BadValue) where the address is none, or is of a file that is there and is no regular one.
void check_storage_address(std::string_view url);
/// The address without its passwords: that of the user, and the value of each option whose key holds "pass". Of what is no address that is
/// known only the scheme.
std::string without_password(std::string_view url);
/// A message in which the address or its password may stand, with neither.
std::string without_password_in(std::string message, std::string_view url);

}  // namespace kolosal
