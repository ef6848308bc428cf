# Arrow C++ from the pyarrow wheel of the build's Python (headers and libraries are inside), as targets Arrow::arrow and
# Arrow::parquet. KOLOSAL_PYTHON_EXECUTABLE names the interpreter; the checkout's .venv by default.
if(NOT KOLOSAL_PYTHON_EXECUTABLE)
  if(Python_EXECUTABLE)
    set(KOLOSAL_PYTHON_EXECUTABLE ${Python_EXECUTABLE})
  else()
    set(KOLOSAL_PYTHON_EXECUTABLE ${PROJECT_SOURCE_DIR}/.venv/bin/python)
  endif()
endif()
execute_process(
  COMMAND ${KOLOSAL_PYTHON_EXECUTABLE} -c
    "import pyarrow; print(pyarrow.get_include()); print(pyarrow.get_library_dirs()[0]); print(pyarrow.cpp_build_info.so_version if hasattr(pyarrow.cpp_build_info, 'so_version') else '')"
  OUTPUT_VARIABLE pyarrow OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\n" ";" pyarrow "${pyarrow}")
list(GET pyarrow 0 PYARROW_INCLUDE)
list(GET pyarrow 1 PYARROW_LIBRARIES)
foreach(library arrow parquet)
  file(GLOB found ${PYARROW_LIBRARIES}/lib${library}.so.*)
  list(SORT found)
  list(GET found 0 found)
  add_library(Arrow::${library} SHARED IMPORTED)
  set_target_properties(Arrow::${library} PROPERTIES IMPORTED_LOCATION ${found})
  target_include_directories(Arrow::${library} SYSTEM INTERFACE ${PYARROW_INCLUDE})
endforeach()
