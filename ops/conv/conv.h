// Conv as every one of its kernels sees it.
//
// Inputs: 0 X [N, C, D...], 1 W [M, C/group, k...], 2 B [M] (may be left out) and, where
// ConvAttrs::residual says so, 3 a tensor of the output's shape. Output: 0 Y [N, M, ...] =
// activation(cross-correlation(X, W) + B + residual). Where ConvAttrs::channels_last says so, X is
// [N, D..., C], and Y and the residual are [N, ..., M].
#pragma once

#include <memory>

#include "ops/common/activation.h"
#include "ops/common/window.h"
#include "runtime/op.h"

namespace sardonyx {

struct ConvAttrs : Attrs {
  WindowAttrs window;
  int64_t group = 1;           // at least 1
  Activation activation;       // of FusedConv or set by rewrites: applied last
  bool residual = false;       // likewise: input 3 is added before the activation
  bool channels_last = false;  // set by the layout pass: the channels of X and Y are the last axis
};
inline constexpr int kConvResidual = 3;

/// A Conv whose shapes are known and agree with each other.
struct ConvShape {
  int64_t batch = 1;
  int64_t group = 1;
  int64_t in_channels = 1;   // of all groups
  int64_t out_channels = 1;  // of all groups
  bool channels_last = false;
  Window window;  // one axis for each spatial dimension; may be empty

  int64_t group_in() const { return in_channels / group; }
  int64_t group_out() const { return out_channels / group; }
  int64_t input_plane() const;  // elements of one channel
  int64_t output_plane() const;
  int64_t kernel_plane() const;
  /// X, W and Y each have less than 2^62 elements, so that offsets never overflow.
  Shape output() const;  // of Y, channels first or last as they are
};

/// The spatial sizes among the dimensions of X, whose rank is at least 3.
template <typename T>
absl::Span<const T> SpatialDims(const ConvAttrs& attrs, absl::Span<const T> x) {
  return x.subspan(attrs.channels_last ? 1 : 2, x.size() - 2);
}

/// Errors: ranks below 2 or unequal, channels that do not divide, and those of ResolveWindow.
StatusOr<ConvShape> ResolveConv(const ConvAttrs& attrs, const Shape& x, const Shape& w);

/// What a float kernel reads and writes in one run. Null for no bias or residual.
struct ConvOperands {
  ConvOperands() = default;
  explicit ConvOperands(KernelContext& context);

  const float* x = nullptr;
  const float* weights = nullptr;  // W; a kernel that packs them puts its own here
  const float* bias = nullptr;
  const float* residual = nullptr;  // lies as y does
  float* y = nullptr;
  int64_t y_row = 0;  // floats from a row of y along its last axis to the next
  Activation activation;
};

enum class ConvLayout { kChannelsFirst, kChannelsLast };
/// For a kernel's refuses: why the node has another layout than this, or "".
std::string RefusesLayout(const PrepareContext& context, ConvLayout only);

/// For the refuses of a kernel that works on float and up to three spatial axes, whose sizes need
/// not be known before the run: why it does not take the node, or "".
std::string RefusesAllButFloat(const PrepareContext& context, ConvLayout only);

/// For a kernel's refuses: the problem, or why it cannot be known before the run, is not float, or
/// (where `only` is given) has another layout. Otherwise X and W (and B and the residual, where
/// given) are float.
StatusOr<ConvShape> StaticFloatConv(const PrepareContext& context,
                                    std::optional<ConvLayout> only = std::nullopt);

/// OpDef::multiply_adds; 0 where shapes are not known.
double ConvMultiplyAdds(const PrepareContext& context);

}  // namespace sardonyx
