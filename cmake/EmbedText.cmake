# embed_text(TARGET FILE NAME): makes `extern const std::string_view NAME` in namespace kolosal, holding the file's text.
# Raw string literals are limited to 64 KiB by some compilers, so the text is written as several adjacent ones.
function(embed_text target file name)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} text)
  string(LENGTH "${text}" length)
  set(literals "")
  set(begin 0)
  while(begin LESS length)
    string(SUBSTRING "${text}" ${begin} 8000 part)
    string(APPEND literals "R\"KOLOSAL(${part})KOLOSAL\"\n")
    math(EXPR begin "${begin} + 8000")
  endwhile()
  set(source ${PROJECT_BINARY_DIR}/generated/${name}.cc)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT "// Written by the build from a file of web/.
#include <string_view>

namespace kolosal {
extern const std::string_view ${name};
const std::string_view ${name} =
${literals};
}  // namespace kolosal
")
  target_sources(${target} PRIVATE ${source})
endfunction()
