// Resampling along axes: where each output element of an axis comes from, and with which weights.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/op.h"

namespace sardonyx {

enum class ResizeMode { kNearest, kLinear, kCubic };
enum class NearestMode { kRoundPreferFloor, kRoundPreferCeil, kFloor, kCeil, kFloorUpCeilDown };
enum class CoordinateMode {
  kHalfPixel,
  kHalfPixelSymmetric,
  kTfHalfPixel,  // opset 11's tf_half_pixel_for_nn
  kPytorchHalfPixel,
  kAlignCorners,
  kAsymmetric,
  kTfCropAndResize,
};

/// What Resize does, the same along every axis.
struct ResampleRule {
  ResizeMode mode = ResizeMode::kNearest;
  NearestMode nearest = NearestMode::kRoundPreferFloor;
  CoordinateMode coordinates = CoordinateMode::kHalfPixel;
  bool antialias = false;
  bool exclude_outside = false;
  double cubic_a = -0.75;
  double extrapolation = 0;
};

/// One axis as it is to be resized. `scale` need not be exactly to / from.
struct AxisResize {
  int axis = 0;
  int64_t from = 0, to = 0;
  double scale = 1;
  double roi_start = 0, roi_end = 1;  // only for kTfCropAndResize
};

/// The elements of the input axis that output element i is made of: those at
/// index[i * taps, (i + 1) * taps), all within the axis, times weight[...].
struct AxisTaps {
  int axis = 0;
  int64_t from = 0, to = 0, taps = 1;
  std::vector<int64_t> index;
  std::vector<double> weight;    // empty for nearest
  std::vector<uint8_t> outside;  // 1: the extrapolation value instead; empty: nowhere
};

/// Works out an axis. Errors: an empty axis that is to grow, or a table too large to hold.
StatusOr<AxisTaps> MakeTaps(const ResampleRule& rule, const AxisResize& resize);

/// Resizes along `axes`, which name each axis of `input` at most once, in rising order. `output`
/// has the input's type and the resulting shape. Linear and cubic weights need numbers or bool;
/// results of integer types are rounded to the nearest and held in range.
Status Resample(const KernelContext& context, const ResampleRule& rule,
                const std::vector<AxisTaps>& axes, const Tensor& input, Tensor& output);

}  // namespace sardonyx
