# kolosal_bench: every _bench.cc of kolosal/ in one Google Benchmark program, built by `make bench` only.
file(GLOB_RECURSE benches CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/kolosal/*_bench.cc)
find_package(benchmark QUIET)
if(benches AND benchmark_FOUND)
  kolosal_built_layers(layers)
  add_executable(kolosal_bench EXCLUDE_FROM_ALL ${benches})
  target_link_libraries(kolosal_bench PRIVATE ${layers} benchmark::benchmark_main)
endif()

# kolosal_fit: fits learners for benchmarks/learners.py.
add_executable(kolosal_fit EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/benchmarks/fit_learner.cc)
target_link_libraries(kolosal_fit PRIVATE kolosal_validation)
