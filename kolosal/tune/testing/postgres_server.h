// A PostgreSQL server for the tests of one program: started when first asked for, gone when the program ends.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <string>

namespace kolosal {

/// See the top of the file; made by tests/postgres_server.sh.
class PostgresServer {
 public:
  /// The server of this program.
  static PostgresServer& get() {
    static PostgresServer server;
    return server;
  }
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;
  ~PostgresServer() {
    if (::getpid() == owner_) call("stop " + folder_);
  }

  /// The address of a new database.
  std::string new_database() {
    const std::string name = "db" + std::to_string(n_databases_++);
    call("database " + folder_ + " " + name);
    return address(name);
  }
  /// The address of a database.
  std::string address(const std::string& database, const std::string& password = "s3cret%2Fword") const {
    return "postgresql://kolosal:" + password + "@127.0.0.1:" + port_ + "/" + database;
  }
  /// Ends the server at once and starts it again.
  void restart() { call("restart " + folder_); }

 private:
  PostgresServer() : owner_(::getpid()) {
    std::istringstream said(call("start " + std::to_string(owner_)));
    said >> folder_ >> port_;
  }
  static std::string call(const std::string& what) {
    std::string command = KOLOSAL_SOURCE_DIR;
    command.append("/tests/postgres_server.sh ").append(what);
    std::FILE* pipe = ::popen(command.c_str(), "r");
    std::string said;
    std::array<char, 256> part{};
    while (pipe != nullptr && std::fgets(part.data(), part.size(), pipe) != nullptr) said += part.data();
    if (pipe == nullptr || ::pclose(pipe) != 0) throw std::runtime_error("failed: " + command);
    return said;
  }

  pid_t owner_;
  std::string folder_, port_;
  int n_databases_ = 0;
};

}  // namespace kolosal
