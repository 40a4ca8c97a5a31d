// The tests' own operator new, which counts, and fails when it is told to. Not under a sanitizer,
// which brings its own.
#pragma once

#include <cstdint>

namespace sardonyx {

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define SARDONYX_COUNTS_ALLOCATIONS
#endif

/// Calls of operator new so far, and what of it has not been deleted.
int64_t Allocations();
int64_t LiveAllocations();

/// Lets the allocation after the next `n` fail, once; a negative n lets all succeed again. Whether
/// the one that the last call asked for has failed.
bool FailAllocationAfter(int64_t n);

}  // namespace sardonyx
