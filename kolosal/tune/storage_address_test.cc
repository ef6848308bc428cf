#include "kolosal/tune/storage_address.h"

#include <gtest/gtest.h>

#include "kolosal/base/json.h"

namespace kolosal {
namespace {

std::string read(std::string_view url) {
  const StorageAddress address = storage_address(url);
  return address.storage + " " + to_json(Value(address.parameters));
}

// What is said of an address that is refused.
std::string refusal(std::string_view url) {
  try {
    read(url);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing";
}

TEST(StorageAddress, IsSpelledAsOptunaDoes) {
  EXPECT_EQ(read("sqlite:///a/b.db"), R"(sqlite {"path":"a/b.db"})");
  EXPECT_EQ(read("sqlite:////a/b.db"), R"(sqlite {"path":"/a/b.db"})");
  EXPECT_EQ(read("sqlite:////data/12:30@home.db"), R"(sqlite {"path":"/data/12:30@home.db"})");
  EXPECT_EQ(read("journal:///b.log"), R"(journal {"path":"b.log"})");
  for (const std::string scheme : {"postgresql", "postgresql+psycopg2", "postgresql+psycopg", "postgres"})
    EXPECT_EQ(read(scheme + "://u:p@h:5/d?sslmode=require"), R"(postgres {"url":"postgresql://u:p@h:5/d?sslmode=require"})");
  EXPECT_EQ(read("postgresql:///d?host=/tmp"), R"(postgres {"url":"postgresql:///d?host=/tmp"})");
}

TEST(StorageAddress, RefusesWhatIsNone) {
  for (const std::string_view url : {"studies.db", "sqlite", "sqlite:///", "sqlite://a.db", "sqlite:///:memory:", "sqlite:///a.db?mode=ro",
                                     "journal://", "mysql://h/d", "postgresql:/h/d", "postgresqlx://h/d", ""})
    EXPECT_NE(refusal(url), "nothing") << url;
}

TEST(StorageAddress, NeverTellsAPassword) {
  EXPECT_EQ(without_password("postgresql://me:secret@h:5/d"), "postgresql://me@h:5/d");
  EXPECT_EQ(without_password("postgresql://me@h/d?password=secret&sslmode=require"), "postgresql://me@h/d?password=...&sslmode=require");
  EXPECT_EQ(without_password("postgresql://h/d"), "postgresql://h/d");
  EXPECT_EQ(without_password("postgresql://me:secret@h:5,[::1]:6/d"), "postgresql://me@h:5,[::1]:6/d");
  EXPECT_EQ(without_password("postgresql://h/d?sslpassword=secret&x=1&PassWd=secret&p%61ssword=secret"),
            "postgresql://h/d?sslpassword=...&x=1&PassWd=...&p%61ssword=...");
  EXPECT_EQ(without_password("sqlite:///a.db"), "sqlite:///a.db");
  EXPECT_EQ(without_password("sqlite:////tmp/a b?.db"), "sqlite:...");
  EXPECT_EQ(without_password("studies.db"), "studies.db");
  for (const std::string_view url : {"mysql://me:secret@h/d",
                                     "postgresql://me:sec@ret@h/d",
                                     "postgresql://me:sec/ret@h/d",
                                     "postgresql://me:sec?ret@h/d",
                                     "mysql://h/d?password=secret",
                                     "sqlite:///me:secret@h?x",
                                     "sqlite:///me:secret@h/x.db",
                                     "journal:////me:secret@h/x.log",
                                     "postgresql:/me:secret@h/d",
                                     "postgresql:me:secret@h/d",
                                     "me:secret@h/d",
                                     "me:secret://h/d",
                                     "host=h password=secret",
                                     "h/d?passwd=secret",
                                     "postgresql:/h/d?PASSWORD=secret",
                                     "postgresql://h:5/d?password=sec@ret",
                                     "postgresql://me:secret",
                                     "postgresql://me:secret/d",
                                     "postgresql://h,me:secret/d",
                                     "postgresql://me@h:secret/d",
                                     "postgresql//me:secret@h"}) {
    const std::string said = refusal(url);
    EXPECT_NE(said, "nothing") << url;
    EXPECT_EQ(said.find("sec"), std::string::npos) << said;
    EXPECT_EQ(said.find("ret"), std::string::npos) << said;
  }
  EXPECT_EQ(without_password_in("bad token \"100%sure\" in postgresql://me:100%sure@h", "postgresql://me:100%sure@h"),
            "bad token \"...\" in postgresql://me@h");
  EXPECT_EQ(without_password_in("no secret, no hidden", "postgresql://h?password=secret&sslpassword=hidden"), "no ..., no ...");
}

}  // namespace
}  // namespace kolosal
