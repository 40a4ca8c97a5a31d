// The inner loops of conv.direct, compiled for several instruction sets.
#pragma once

#include <cstdint>

#include "ops/common/activation.h"

namespace sardonyx {

/// Some lines of outputs of one image, of all its output channels.
struct DirectLines {
  static constexpr int kMaxOut = 8;

  int64_t in_channels = 1, out_channels = 1;  // at most kMaxOut
  int64_t kernel_height = 1, kernel_width = 1;
  int64_t dilation_x = 1;  // floats between taps of a line
  int64_t tap_line = 1;    // floats from one line of taps to the next

  // The input, with its padding; each line holds a vector beyond what the last output reads.
  const float* x = nullptr;  // what output 0 of the first line reads first
  int64_t x_plane = 0;       // floats from channel to channel
  int64_t x_line = 0;        // floats from what one line of outputs reads to what the next does

  const float* weights = nullptr;   // [in_channels][kernel_height][kernel_width][out_channels]
  const float* bias = nullptr;      // of each output channel; null: none
  const float* residual = nullptr;  // lies as y; null: none
  float* y = nullptr;               // lines side by side
  int64_t y_plane = 0;              // floats from channel to channel
  int64_t lines = 0, width = 0;
  Activation activation;
};

struct DirectKernels {
  int lanes = 0;  // floats in a vector
  void (*run)(const DirectLines& lines);
};

/// The best for this CPU.
const DirectKernels& DirectKernelsOfThisCpu();

}  // namespace sardonyx
