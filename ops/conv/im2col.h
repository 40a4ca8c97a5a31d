// The patches of an image as the columns of a matrix, made panel by panel when they are needed.
#pragma once

#include "ops/conv/conv.h"
#include "ops/matmul/gemm.h"

namespace sardonyx {

/// Column j of the product `index` (an image's group) is what output pixel j reads: one element for
/// each channel of the group and each position of the kernel, zero where it reads padding.
class Patches : public ColumnSource {
 public:
  Patches(const ConvShape& conv, const float* x);
  void Pack(int64_t index, int64_t row, int64_t rows, int64_t column, int64_t columns,
            int64_t width, float* panel) const override;

 private:
  struct Run;  // pixels side by side in one row of the output
  void PackRun(const Run& run, const float* image, int64_t row, int64_t rows, int64_t width,
               float* panel) const;

  const float* x_;
  Window window_;  // three axes
  int64_t channels_, plane_, kernel_;
};

}  // namespace sardonyx
