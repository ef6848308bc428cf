#include "kolosal/tune/storages/postgres_connection.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kolosal/tune/storage.h"
#include "kolosal/tune/testing/postgres_server.h"

namespace kolosal {
namespace {

int64_t count(PostgresConnection& connection, const char* sql) {
  return connection.read([&] {
    const auto row = connection.query(sql);
    row->step();
    return row->integer(0);
  });
}

// Ends all sessions of the database but the caller's.
void end_others(PostgresConnection& connection) {
  count(connection,
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
}

class Connection : public testing::Test {
 protected:
  Connection() {
    connection_.write([&] {
      connection_.run_script("CREATE TABLE a (k INTEGER PRIMARY KEY, r DOUBLE PRECISION, t TEXT);\nCREATE TABLE b (k INTEGER);\n");
      return 0;
    });
  }
  void add(PostgresConnection& connection, int64_t key) {
    connection.query("INSERT INTO a (k, r, t) VALUES (?, ?, ?)")->with(key).with(0.1).with("x").run();
  }

  std::string url_ = PostgresServer::get().new_database();
  PostgresConnection connection_{url_, "", false};
  PostgresConnection other_{url_, "", true};
};

TEST_F(Connection, GivesBackWhatItTook) {
  const double tiny = std::numeric_limits<double>::denorm_min(), third = 1.0 / 3;
  const std::string text = "\"'\\ {}?$1 \xc3\xa6\n";
  connection_.write([&] {
    connection_.query("INSERT INTO a (k, r, t) VALUES (?, ?, ?)")->with(int64_t{-7}).with(tiny).with(text).run();
    connection_.query("INSERT INTO a (k, r, t) VALUES (?, ?, ?)")->with(int64_t{8}).with(third).with("").run();
    connection_.query("INSERT INTO a (k, r, t) VALUES (?, ?, ?)")->with(int64_t{9}).with(std::nan("")).with("n").run();
    return 0;
  });
  other_.read([&] {
    const auto row = other_.query("SELECT k, r, t FROM a ORDER BY k");
    EXPECT_TRUE(row->step());
    EXPECT_EQ(row->integer(0), -7);
    EXPECT_EQ(row->real(1), tiny);
    EXPECT_EQ(row->text(2), text);
    EXPECT_TRUE(row->step());
    EXPECT_EQ(row->real(1), third);
    EXPECT_EQ(row->text(2), "");
    EXPECT_TRUE(row->step());
    EXPECT_TRUE(row->is_null(1));
    EXPECT_FALSE(row->step());
    return 0;
  });
}

TEST_F(Connection, WritesAllOfATransactionOrNothing) {
  EXPECT_THROW(connection_.write([&] {
    add(connection_, 1);
    connection_.query("INSERT INTO b (k) VALUES (?)")->with("no number").run();
    add(connection_, 2);
    return 0;
  }),
               Error);
  EXPECT_THROW(connection_.write([&]() -> int {
    add(connection_, 3);
    throw Error(ErrorCode::BadValue, "on purpose");
  }),
               Error);
  EXPECT_EQ(count(connection_, "SELECT count(*) FROM a"), 0);
  connection_.write([&] {  // more than is sent at a time
    for (int64_t key = 0; key < 1000; ++key) add(connection_, key);
    return 0;
  });
  EXPECT_EQ(count(other_, "SELECT count(*) FROM a"), 1000);
}

TEST_F(Connection, IsInterruptedByAConflict) {
  connection_.write([&] {
    add(connection_, 1);
    return 0;
  });
  try {
    connection_.write([&] {
      add(connection_, 1);
      return 0;
    });
    FAIL() << "the key was there twice";
  } catch (const SqlInterrupted& interrupted) {
    EXPECT_FALSE(interrupted.is_lost());
  }
  EXPECT_EQ(count(connection_, "SELECT count(*) FROM a"), 1);
}

TEST_F(Connection, IsMadeAnewAfterItWasLost) {
  for (const bool at_the_end : {false, true}) {
    try {
      connection_.write([&] {
        add(connection_, 5);
        if (at_the_end) connection_.query("SELECT 1")->step();
        end_others(other_);
        if (!at_the_end) connection_.query("SELECT count(*) FROM a")->step();
        return 0;
      });
      FAIL() << "the session went on";
    } catch (const SqlInterrupted& interrupted) {
      EXPECT_TRUE(interrupted.is_lost());
    }
    EXPECT_EQ(count(connection_, "SELECT count(*) FROM a"), 0);
  }
  connection_.write([&] {
    add(connection_, 5);
    return 0;
  });
  EXPECT_EQ(count(other_, "SELECT count(*) FROM a"), 1);
}

TEST(PostgresStorage, GoesOnAfterTheServerStartedAnew) {
  const auto storage = storages().make("postgres", Value::Object{{"url", PostgresServer::get().new_database()}, {"durable", true}});
  const int64_t study = storage->create_study("s", {Direction::Minimize});
  for (int64_t round = 0; round < 3; ++round) {
    EXPECT_EQ(storage->start_trial(study, 1), round);
    PostgresServer::get().restart();
  }
  EXPECT_EQ(storage->study(study).n_trials, 3);
}

// What is said where a database cannot be opened.
std::string refusal(const std::string& url, const std::string& library = "") {
  try {
    storages().make("postgres", Value::Object{{"url", url}, {"library", library}});
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing";
}

TEST(PostgresStorage, SaysWhatIsWrongWithoutThePassword) {
  PostgresServer& server = PostgresServer::get();
  const std::string right = server.address("postgres"), wrong = server.address("postgres", "wr0ng");
  EXPECT_NE(refusal(wrong).find("password authentication failed"), std::string::npos) << refusal(wrong);
  EXPECT_NE(refusal(server.address("nowhere")).find("\"nowhere\" does not exist"), std::string::npos);
  EXPECT_NE(refusal(right, "/no/libpq.so").find("client library"), std::string::npos);
  EXPECT_NE(refusal("postgresql://kolosal:wr0ng@127.0.0.1:1/d").find("cannot be opened"), std::string::npos);
  for (const std::string& said :
       {refusal(wrong), refusal(server.address("nowhere")), refusal("postgresql://kolosal:wr0ng@127.0.0.1:1/d"),
        refusal("postgresql://kolosal:wr0ng%@127.0.0.1:1/d"), refusal("postgresql://kolosal:wr0ng@127.0.0.1:port/d")}) {
    EXPECT_NE(said, "nothing");
    EXPECT_EQ(said.find("wr0ng"), std::string::npos) << said;
    EXPECT_EQ(said.find("s3cret"), std::string::npos) << said;
  }
}

}  // namespace
}  // namespace kolosal
