// The parameter table of ThreadOptions, and of options that hold the same fields.
#pragma once

#include "kolosal/base/fields.h"
#include "kolosal/base/threads.h"

namespace kolosal {

/// Declares n_threads, pin_threads and numa_node of options that have them.
template <class Options>
void add_thread_fields(Fields<Options>& fields) {
  fields.add("n_threads", &Options::n_threads, "Threads to use; 0 means all that the process may use. The result does not depend on it.")
      .min(0)
      .max(1024)
      .alias("n_jobs");
  fields.add("pin_threads", &Options::pin_threads, "Whether each thread is tied to one core while it works.");
  fields.add("numa_node", &Options::numa_node, "The NUMA node whose cores and memory are used; any where not given.").min(0);
}

inline void describe(Fields<ThreadOptions>& fields) { add_thread_fields(fields); }

/// The threads that options with those fields ask for.
template <class Options>
ThreadOptions thread_options(const Options& options) {
  return {options.n_threads, options.pin_threads, options.numa_node};
}

}  // namespace kolosal
