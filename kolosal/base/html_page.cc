#include "kolosal/base/html_page.h"

#include "kolosal/base/error.h"
#include "kolosal/base/json.h"

namespace kolosal {

/// Made from web/page.css and web/page.js by the build.
extern const std::string_view kPageStyle;
extern const std::string_view kPageScript;

namespace {

// JSON that cannot end the script element it stands in.
std::string json_for_page(const Value& value) {
  std::string escaped;
  for (const char c : to_json(value)) {
    if (c == '<') escaped += "\\u003c";
    else escaped += c;
  }
  return escaped;
}

}  // namespace

std::string html_page(std::string_view page_template, const Value& content) {
  std::string page;
  std::string_view rest = page_template;
  const auto put = [&](std::string_view mark, std::string_view text) {
    const size_t at = rest.find(mark);
    if (at == std::string_view::npos) throw Error(ErrorCode::Internal, "the page has no " + std::string(mark));
    page += rest.substr(0, at);
    page += text;
    rest = rest.substr(at + mark.size());
  };
  put("{{STYLE}}", kPageStyle);
  put("{{CONTENT}}", json_for_page(content));
  put("{{SCRIPT}}", kPageScript);
  return page.append(rest);
}

}  // namespace kolosal
