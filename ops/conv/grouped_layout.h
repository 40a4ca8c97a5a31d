// How conv.grouped_last puts groups into vectors, and its weights.
#pragma once

#include <vector>

#include "ops/conv/conv.h"

namespace sardonyx {

/// Output channels are cut into bundles: as many small groups as fit into one vector if their input
/// channels do too, otherwise one group of one or more vectors. Weights lie as
/// [bundle][vector][kernel position][input channel of the group][lane], zero in lanes left over.
struct GroupedLayout {
  explicit GroupedLayout(const ConvShape& conv);

  bool one_group() const { return groups == 1; }
  int64_t bundle_out() const { return groups * out; }
  int64_t bundle_in() const { return groups * in; }
  /// Of a vector.
  int64_t weight_floats() const { return taps * in * lanes; }

  /// Errors: no memory.
  StatusOr<Tensor> Pack(const float* w) const;
  /// For each lane the first of its group's input channels in the bundle.
  std::vector<int32_t> Firsts() const;

  int64_t lanes;
  int64_t in, out, taps;  // channels of one group
  int64_t groups;         // of a bundle; the last one may have fewer
  int64_t bundles;
  int64_t vectors;       // of a bundle
  int64_t out_channels;  // of all
};

}  // namespace sardonyx
