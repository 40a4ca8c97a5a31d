#include "ops/conv/panels.h"

#include <algorithm>
#include <vector>

#include "ops/common/caches.h"
#include "ops/common/ceil.h"
#include "ops/matmul/row_kernel.h"
#include "runtime/base/memory.h"

namespace sardonyx {
namespace {

/// The longest slice of which a tile's rows and a panel fit in L1 together.
int64_t MostDepth() {
  const RowKernels& kernels = RowKernelsOfThisCpu();
  const int64_t bytes = (kernels.rows + kernels.width) * static_cast<int64_t>(sizeof(float));
  return std::clamp<int64_t>(SystemCaches().l1 / bytes, 64, 512);
}

}  // namespace

PanelLayout::PanelLayout(int64_t groups, int64_t out, int64_t in, int64_t taps)
    : groups(groups),
      out(out),
      in(in),
      taps(taps),
      depth(in * taps),
      slices(std::max<int64_t>(1, CeilDiv(depth, MostDepth()))) {
  const int64_t lanes = RowKernelsOfThisCpu().lanes;
  padded_out = CeilDiv(out, lanes) * lanes;
}

PanelLayout::PanelLayout(const ConvShape& conv)
    : PanelLayout(conv.group, conv.group_out(), conv.group_in(), conv.kernel_plane()) {}

int64_t PanelLayout::PanelStride(int64_t slice) const {
  return (slice_begin(slice + 1) - slice_begin(slice)) * RowKernelsOfThisCpu().width;
}

int64_t PanelLayout::panels() const { return groups * CeilDiv(out, RowKernelsOfThisCpu().width); }

void PanelLayout::PackPanel(const float* w, int64_t panel, float* to) const {
  const int64_t most = RowKernelsOfThisCpu().width, of_group = CeilDiv(out, most);
  const int64_t group = panel / of_group, channel = panel % of_group * most;
  const int64_t columns = std::min(most, out - channel);
  const int64_t width = std::min(most, padded_out - channel);
  std::vector<float*> rows;  // where each element of depth goes
  for (int64_t slice = 0; slice < slices; ++slice) {
    float* row = to + PanelOffset(group, slice, channel);
    for (int64_t p = slice_begin(slice); p < slice_begin(slice + 1); ++p, row += width) {
      rows.push_back(row);
      std::fill(row + columns, row + width, 0.0f);
    }
  }
  // A few input channels at a time, so that the rows they go to stay in L1.
  constexpr int64_t kBlock = 16;
  const float* from = w + (group * out + channel) * depth;
  for (int64_t c = 0; c < in; c += kBlock) {
    const int64_t end = std::min(c + kBlock, in);
    for (int64_t m = 0; m < columns; ++m) {
      const float* element = from + m * depth + c * taps;
      for (int64_t i = c; i < end; ++i) {
        for (int64_t t = 0; t < taps; ++t) rows[t * in + i][m] = *element++;
      }
    }
  }
}

Status PanelLayout::Pack(const float* w, const RunEnvironment& environment, float* to) const {
  const double cost = static_cast<double>(depth * RowKernelsOfThisCpu().width);
  return environment.pool->ParallelFor(panels(), cost, *environment.control,
                                       [&](int64_t begin, int64_t end) {
                                         for (int64_t i = begin; i < end; ++i) PackPanel(w, i, to);
                                       });
}

std::shared_ptr<const PanelWeights> PanelWeights::Make(const PanelLayout& layout, const float* w,
                                                       const RunEnvironment& environment) {
  auto memory =
      AllocateBytes(layout.floats() * static_cast<int64_t>(sizeof(float)), environment.budget);
  if (!memory.ok()) return nullptr;
  auto weights = std::make_shared<PanelWeights>();
  weights->memory_ = *std::move(memory);
  float* to = reinterpret_cast<float*>(weights->memory_.get());
  return layout.Pack(w, environment, to).ok() ? weights : nullptr;
}

}  // namespace sardonyx
