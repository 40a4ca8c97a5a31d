// Ceilings on what a model file may ask for.
#pragma once

#include <cstdint>

namespace sardonyx {

/// What the importer accepts before it says that a file is too large. Generous: real models stay
/// far below. Messages name the member that was reached.
struct Limits {
  int64_t file_bytes = int64_t{64} << 30;    // of a model or tensor file
  int64_t tensor_bytes = int64_t{64} << 30;  // of one tensor in memory
  int64_t load_bytes = int64_t{128} << 30;   // of all tensors that are copied into memory
  int64_t nodes = 250'000;                   // in the file, and after functions were expanded
  int64_t values = 4'000'000;                // names in all graphs
  int rank = 64;                             // dimensions of a tensor
  int nesting = 64;                          // of subgraphs, of calls of functions, and of types
  int inputs_per_node = 100'000;             // and outputs
};

}  // namespace sardonyx
