#include "kolosal/base/html_page.h"

#include <gtest/gtest.h>

#include "kolosal/base/error.h"

namespace kolosal {
namespace {

TEST(HtmlPage, NothingInTheContentCanEndItsElement) {
  const std::string page = html_page("<style>{{STYLE}}</style>[{{CONTENT}}]<script>{{SCRIPT}}", Value("</script>{{SCRIPT}}<!--"));
  EXPECT_EQ(page.find("</script>"), std::string::npos);
  EXPECT_NE(page.find(R"(["\u003c/script>{{SCRIPT}}\u003c!--"])"), std::string::npos);
  EXPECT_NE(page.find("function element("), std::string::npos);
  EXPECT_NE(page.find("--accent"), std::string::npos);
}

TEST(HtmlPage, ATemplateWithoutAMarkIsAnError) { EXPECT_THROW(html_page("{{STYLE}}{{CONTENT}}", Value()), Error); }

}  // namespace
}  // namespace kolosal
