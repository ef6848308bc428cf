#include "kolosal/tune/storages/sql_connection.h"

#include <gtest/gtest.h>

#include <array>

namespace kolosal {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kWords = {{{"lock", " FOR UPDATE"}, {"key", "SERIAL"}}};

TEST(SqlDialect, NumbersValuesAndReplacesWords) {
  const SqlDialect numbered = {.numbered = true, .words = kWords};
  EXPECT_EQ(translated("SELECT a FROM b WHERE c = ? AND d = ?{lock}", numbered), "SELECT a FROM b WHERE c = $1 AND d = $2 FOR UPDATE");
  EXPECT_EQ(translated("CREATE TABLE a (b {key} NOT NULL)", {.numbered = false, .words = kWords}), "CREATE TABLE a (b SERIAL NOT NULL)");
  EXPECT_EQ(translated("SELECT ?", {.numbered = false, .words = kWords}), "SELECT ?");
}

TEST(SqlDialect, RefusesAWordItHasNot) { EXPECT_THROW(translated("{no such}", {.numbered = false, .words = kWords}), Error); }

}  // namespace
}  // namespace kolosal
