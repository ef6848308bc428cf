// HTML pages that stand alone: a template with the style and the script that all pages share, and what one shows as JSON.
//
// The pages are in web/. A template has each of the marks {{STYLE}}, {{SCRIPT}} and {{CONTENT}} once; the last stands in a script element
// of type application/json.
// Checked  html_page_test.cc; the pages themselves in tests/scenarios, in a browser.
#pragma once

#include <string>
#include <string_view>

#include "kolosal/base/value.h"

namespace kolosal {

/// The page. No text in the content can end the element that it stands in. Throws Error(Internal) where the template lacks a mark.
std::string html_page(std::string_view page_template, const Value& content);

}  // namespace kolosal
