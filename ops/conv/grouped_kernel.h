// The inner loops of conv.grouped_last, compiled for several instruction sets.
#pragma once

#include <cstdint>

#include "ops/common/activation.h"

namespace sardonyx {

/// Part of an input line, copied so that its pixels lie side by side. Steps are in floats.
struct GroupedPixels {
  const float* from = nullptr;
  int64_t from_step = 0;
  int64_t pixels = 0;
  int64_t channels = 0;  // of each pixel
  float* to = nullptr;
  int64_t to_step = 0;
};

/// One vector of output channels of a line of output pixels. Steps are in floats.
struct GroupedLine {
  const float* x = nullptr;  // what the first tap of the first pixel reads, as copied
  int64_t taps_y = 0, taps_x = 0;
  int64_t depth = 0;                   // input channels of a group
  int64_t x_step_y = 0, x_step_x = 0;  // from tap to tap
  int64_t x_step_pixel = 0;            // from output to output
  const int32_t* firsts = nullptr;     // null: one group; else where each lane's group begins in x
  const float* w = nullptr;            // [taps_y][taps_x][depth][lanes]
  int64_t pixels = 0;
  int64_t channels = 0;             // at most lanes
  const float* bias = nullptr;      // null: none
  const float* residual = nullptr;  // null: none; lies as y does
  float* y = nullptr;
  int64_t y_step_pixel = 0;
  Activation activation;
};

struct GroupedKernels {
  int lanes = 0;  // floats in a vector
  /// Where `to_step` is greater than `channels`, a pixel's floats up to whole vectors are zero.
  void (*copy)(const GroupedPixels& pixels);
  void (*line)(const GroupedLine& line);
};

/// The best for this CPU.
const GroupedKernels& GroupedKernelsOfThisCpu();

}  // namespace sardonyx
