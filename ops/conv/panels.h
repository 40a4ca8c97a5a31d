// Weights of a convolution as the right operand of RowKernels' products.
#pragma once

#include <memory>

#include "ops/conv/conv.h"

namespace sardonyx {

/// [group][slice of depth][panel of output channels][depth][width]: the elements that one output
/// channel reads (kernel position by kernel position, for each the group's input channels) are cut
/// into slices that suit L1. Output channels are padded with zeros to whole vectors.
struct PanelLayout {
  explicit PanelLayout(const ConvShape& conv);
  PanelLayout(int64_t groups, int64_t out, int64_t in, int64_t taps);

  int64_t groups, out, in, taps;  // out and in: channels of one group
  int64_t depth;                  // in * taps
  int64_t slices;
  int64_t padded_out;

  int64_t floats() const { return groups * depth * padded_out; }
  int64_t slice_begin(int64_t slice) const { return depth * slice / slices; }
  /// Where the panel that begins with that output channel lies, in that group and slice.
  int64_t PanelOffset(int64_t group, int64_t slice, int64_t channel) const {
    const int64_t begin = slice_begin(slice), length = slice_begin(slice + 1) - begin;
    return (group * depth + begin) * padded_out + channel * length;
  }
  /// From a panel to the next in the slice.
  int64_t PanelStride(int64_t slice) const;

  int64_t panels() const;  // of all groups
  /// Packs all of them; w is [M, C/group, k...]. Errors: those of the environment's control.
  Status Pack(const float* w, const RunEnvironment& environment, float* to) const;

 private:
  /// Packs one, all its slices.
  void PackPanel(const float* w, int64_t panel, float* to) const;
};

/// Constant weights, packed. Immutable.
class PanelWeights {
 public:
  /// Null if there is no memory, or `environment` stops it.
  static std::shared_ptr<const PanelWeights> Make(const PanelLayout& layout, const float* w,
                                                  const RunEnvironment& environment);
  const float* data() const { return reinterpret_cast<const float*>(memory_.get()); }

 private:
  std::shared_ptr<std::byte> memory_;
};

}  // namespace sardonyx
