// Copying of image rows into panels, vectorised: the inner loop of im2col.
#pragma once

#include <cstdint>

namespace sardonyx {

/// The same piece of a row in several channels. Line c, at to + c to_step, becomes `before` zeros,
/// then `count` elements from + c from_step + t stride for t = 0, 1, ..., then `after` zeros.
struct RowPieces {
  const float* from = nullptr;  // not read where count is 0
  int64_t from_step = 0;
  int64_t stride = 1;
  int64_t before = 0, count = 0, after = 0;
  int64_t lines = 0;
  float* to = nullptr;
  int64_t to_step = 0;
};

/// Reads nothing beyond the last element copied.
void CopyRowPieces(const RowPieces& pieces);

}  // namespace sardonyx
