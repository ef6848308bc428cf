// Stemming of English words.
#pragma once

#include <string>

namespace kolosal {

/// Porter's stem of the word that begins at byte `begin` and ends the text: "relational" becomes "relat". A word of fewer than three
/// letters, or with anything but a..z in it, stays.
void stem_english(std::string& text, size_t begin);

}  // namespace kolosal
