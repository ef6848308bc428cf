# Every folder of kolosal/ is a layer: a static library of its .cc files, and one test program of its _test.cc files.

add_custom_target(kolosal_tests)

# kolosal_layer(NAME DIRS dir... [DEPS target...] [PRIVATE target...]): sources are listed afresh at every build.
function(kolosal_layer name)
  cmake_parse_arguments(ARG "" "" "DIRS;DEPS;PRIVATE" ${ARGN})
  set(sources)
  set(tests)
  foreach(dir ${ARG_DIRS})
    file(GLOB found CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/*.cc)
    list(APPEND sources ${found})
  endforeach()
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_(test|bench)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  if(NOT sources)
    add_library(kolosal_${name} INTERFACE)
    target_link_libraries(kolosal_${name} INTERFACE ${ARG_DEPS})
    return()
  endif()
  add_library(kolosal_${name} STATIC ${sources})
  target_include_directories(kolosal_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(kolosal_${name} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_PRIVATE})
  precompile(kolosal_${name} library)
  if(KOLOSAL_TESTS AND tests)
    kolosal_test(${name}_test SOURCES ${tests} DEPS kolosal_${name} ${ARG_PRIVATE})
  endif()
endfunction()

# kolosal_test(NAME SOURCES file... DEPS target...): a GoogleTest program that ctest runs.
function(kolosal_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gtest_main rapidcheck)
  precompile(${name} test)
  target_compile_definitions(${name} PRIVATE KOLOSAL_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  add_dependencies(kolosal_tests ${name})
endfunction()

# kolosal_catalog(LAYER TYPE Learner FUNCTION learners NOUN learner HEADER file DIRS dir...): writes the manifest that calls
# every `void register_...(Catalog<TYPE>& ...)` defined in the folders, in order of file name, and adds it to the layer.
function(kolosal_catalog layer)
  cmake_parse_arguments(ARG "" "TYPE;FUNCTION;NOUN;HEADER" "DIRS" ${ARGN})
  set(declarations "")
  set(calls "")
  foreach(dir ${ARG_DIRS})
    file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/*.cc)
    foreach(file ${files})
      file(STRINGS ${file} lines REGEX "^void register_[a-z0-9_]+\\(Catalog<${ARG_TYPE}>&")
      foreach(line ${lines})
        string(REGEX MATCH "register_[a-z0-9_]+" function ${line})
        string(APPEND declarations "void ${function}(Catalog<${ARG_TYPE}>& catalog);\n")
        string(APPEND calls "    ${function}(made);\n")
      endforeach()
    endforeach()
  endforeach()
  if(NOT TARGET kolosal_${layer})
    return()
  endif()
  set(manifest ${PROJECT_BINARY_DIR}/generated/${ARG_FUNCTION}_manifest.cc)
  file(CONFIGURE OUTPUT ${manifest} @ONLY CONTENT "// Written by the build: every ${ARG_NOUN} of the folders.
#include \"${ARG_HEADER}\"

namespace kolosal {
${declarations}
template class Catalog<${ARG_TYPE}>;

const Catalog<${ARG_TYPE}>& ${ARG_FUNCTION}() {
  static const Catalog<${ARG_TYPE}> catalog = [] {
    Catalog<${ARG_TYPE}> made(\"${ARG_NOUN}\");
${calls}    return made;
  }();
  return catalog;
}

}  // namespace kolosal
")
  target_sources(kolosal_${layer} PRIVATE ${manifest})
endfunction()

# kolosal_built_layers(OUT): the layers that have sources, for programs that reach into all of them.
function(kolosal_built_layers out)
  get_property(targets DIRECTORY ${PROJECT_SOURCE_DIR}/kolosal PROPERTY BUILDSYSTEM_TARGETS)
  set(layers)
  foreach(target ${targets})
    get_target_property(type ${target} TYPE)
    if(type STREQUAL STATIC_LIBRARY)
      list(APPEND layers ${target})
    endif()
  endforeach()
  set(${out} ${layers} PARENT_SCOPE)
endfunction()
