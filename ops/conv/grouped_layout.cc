#include "ops/conv/grouped_layout.h"

#include <algorithm>

#include "ops/common/ceil.h"
#include "ops/conv/grouped_kernel.h"

namespace sardonyx {

GroupedLayout::GroupedLayout(const ConvShape& conv)
    : lanes(GroupedKernelsOfThisCpu().lanes),
      in(conv.group_in()),
      out(conv.group_out()),
      taps(conv.kernel_plane()),
      groups(std::clamp<int64_t>(lanes / std::max(in, out), 1, conv.group)),
      bundles(CeilDiv(conv.group, groups)),
      vectors(CeilDiv(groups * out, lanes)),
      out_channels(conv.out_channels) {}

StatusOr<Tensor> GroupedLayout::Pack(const float* w) const {
  SX_ASSIGN_OR_RETURN(Tensor packed,
                      Tensor::Create(DataType::kFloat, {bundles, vectors, taps, in, lanes}));
  float* to = packed.data<float>();
  for (int64_t channel = 0; channel < out_channels; ++channel) {
    const int64_t bundle = channel / bundle_out(), lane = channel % bundle_out();
    float* vector = to + (bundle * vectors + lane / lanes) * weight_floats() + lane % lanes;
    for (int64_t i = 0; i < in; ++i) {
      const float* from = w + (channel * in + i) * taps;
      for (int64_t tap = 0; tap < taps; ++tap) vector[(tap * in + i) * lanes] = from[tap];
    }
  }
  return packed;
}

std::vector<int32_t> GroupedLayout::Firsts() const {
  std::vector<int32_t> firsts(static_cast<size_t>(lanes));
  for (int64_t lane = 0; lane < std::min(lanes, bundle_out()); ++lane) {
    firsts[static_cast<size_t>(lane)] = static_cast<int32_t>(lane / out * in);
  }
  return firsts;
}

}  // namespace sardonyx
