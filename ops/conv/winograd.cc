#include "ops/conv/winograd.h"

#include <algorithm>

#include "ops/common/caches.h"
#include "ops/common/slots.h"
#include "ops/conv/winograd_kernel.h"
#include "ops/matmul/gemm_kernel.h"

namespace sardonyx {
namespace {

constexpr int kMaxSide = 6;           // of a tile, n
constexpr int64_t kItemsPerSlot = 4;  // evens out threads of unequal speed

int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t RoundUp(int64_t a, int64_t b) { return CeilDiv(a, b) * b; }

/// Row i of the matrix G.
const double* Generator(int m, int i) {
  static constexpr double kTwo[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
  constexpr double a = 0.70710678118654752, b = 1.41421356237309505;
  static constexpr double kFour[6][3] = {{1, 0, 0},
                                         {-2.0 / 3, -2.0 / 3 * a, -1.0 / 3},
                                         {-2.0 / 3, 2.0 / 3 * a, -1.0 / 3},
                                         {1.0 / 6, b / 6, 1.0 / 3},
                                         {1.0 / 6, -b / 6, 1.0 / 3},
                                         {0, 0, 1}};
  return m == 2 ? kTwo[i] : kFour[i];
}

}  // namespace

std::shared_ptr<const WinogradWeights> WinogradWeights::Make(const float* w, int64_t out,
                                                             int64_t in, int m) {
  const int n = m + 2;
  const int64_t size = out * in;
  auto weights = std::make_shared<WinogradWeights>();
  const auto memory = AllocateBytes(10 * size * static_cast<int64_t>(sizeof(float)), nullptr);
  if (!memory.ok()) return nullptr;
  float* transformed = reinterpret_cast<float*>(memory->get());
  float* planes = transformed + size;  // one for each of a kernel's nine positions
  for (int64_t i = 0; i < size; ++i) {
    for (int q = 0; q < 9; ++q) planes[q * size + i] = w[i * 9 + q];
  }
  for (int f = 0; f < n * n; ++f) {
    // G w G' at this frequency alone, a sum over the nine weights.
    float factors[9];
    for (int q = 0; q < 9; ++q) {
      factors[q] = static_cast<float>(Generator(m, f / n)[q / 3] * Generator(m, f % n)[q % 3]);
    }
    WinogradKernelsOfThisCpu(m).combine(planes, size, factors, transformed);
    weights->packed_.push_back(PackedMatrix::Left(transformed, in, 1, out, in));
    if (weights->packed_.back() == nullptr) return nullptr;
  }
  weights->bytes_ = n * n * out * in * static_cast<int64_t>(sizeof(float));
  return weights;
}

struct WinogradPlan::Group {
  const WinogradOperands& operands;
  int64_t first = 0, rows = 0;  // rows of tiles, counted over all images
  float* inputs = nullptr;      // [frequency][channel][stride_]
  float* products = nullptr;    // [frequency][out channel][stride_]
};

WinogradPlan::WinogradPlan(const ConvShape& conv, int m, int threads)
    : conv_(conv),
      m_(m),
      n_(m + 2),
      tile_rows_(CeilDiv(conv.window[0].output, m)),
      tile_columns_(CeilDiv(conv.window[1].output, m)) {
  const int64_t lanes = WinogradKernelsOfThisCpu(m).lanes;
  const int64_t row_panel = GemmKernelsOfThisCpu().row_panel;
  const int64_t rows = conv.batch * tile_rows_;
  const int64_t in = conv.in_channels, out = conv.out_channels;
  slots_ = std::max(threads, 1);

  // Tiles and products of a group fit in the caches of all threads, or take as much room as the
  // weights, which each group reads anew.
  const int64_t cache = SystemCaches().l2 * slots_ / static_cast<int64_t>(sizeof(float));
  const int64_t room = std::max(cache / (n_ * n_ * (in + out)), in * out / (in + out));
  const int64_t groups = CeilDiv(rows, std::clamp<int64_t>(room / tile_columns_, 1, rows));
  group_rows_ = CeilDiv(rows, groups);
  const int64_t tiles = group_rows_ * tile_columns_;
  stride_ = RoundUp(tiles, lanes);
  if (stride_ % 512 == 0) stride_ += lanes;  // lines a page apart would share few sets of the cache

  split_stride_ = RoundUp(tile_columns_ + 1, lanes) + lanes;
  line_floats_ = RoundUp(tile_columns_ + 1, lanes) * m_ + 4 * lanes;
  // For the input n split rows, for the output m lines.
  buffer_floats_ = RoundUp(std::max(n_ * m_ * split_stride_, m_ * line_floats_), 16);
  const int64_t work = std::max<int64_t>(in * tiles, 1);
  const int64_t most = std::max<int64_t>(RoundUp(2'000'000 / work, row_panel), 4 * row_panel);
  row_items_ = CeilDiv(out, std::min(most, out));
  input_floats_ = RoundUp(n_ * n_ * in * stride_, 16);
  product_floats_ = RoundUp(n_ * n_ * out * stride_ + lanes, 16);
  scratch_floats_ = input_floats_ + product_floats_ + slots_ * buffer_floats_;
}

/// Row y of a channel, zeros beyond its ends, split by the position in a tile.
void WinogradPlan::LoadRow(const float* plane, int64_t y, float* split) const {
  const WindowAxis &rows = conv_.window[0], &columns = conv_.window[1];
  if (y < 0 || y >= rows.input) {
    std::fill_n(split, m_ * split_stride_, 0.0f);
    return;
  }
  WinogradKernelsOfThisCpu(m_).split(plane + y * columns.input, columns.input, columns.pad_begin,
                                     tile_columns_ + 1, split, split_stride_);
}

/// Rows [begin, end) of the group's tiles in one channel.
void WinogradPlan::TransformInput(const Group& group, int64_t channel, int64_t begin, int64_t end,
                                  float* ring) const {
  const WinogradKernels& kernels = WinogradKernelsOfThisCpu(m_);
  std::fill_n(ring, n_ * m_ * split_stride_, 0.0f);  // the last n rows, split
  const int64_t frequency = conv_.in_channels * stride_;
  float* to = group.inputs + channel * stride_;
  for (int64_t row = begin; row < end; ++row) {
    const int64_t image = (group.first + row) / tile_rows_, tile = (group.first + row) % tile_rows_;
    const float* plane =
        group.operands.x + (image * conv_.in_channels + channel) * conv_.input_plane();
    const int64_t y = tile * m_;  // rows are numbered from the first padded one
    const int64_t from = row == begin || tile == 0 ? 0 : 2;  // two are there from the tile before
    const float* rows[kMaxSide];
    for (int64_t i = 0; i < n_; ++i) {
      float* split = ring + (y + i) % n_ * m_ * split_stride_;
      if (i >= from) LoadRow(plane, y + i - conv_.window[0].pad_begin, split);
      rows[i] = split;
    }
    kernels.input(rows, split_stride_, tile_columns_, to + row * tile_columns_, frequency);
  }
  // Products are computed on whole vectors: let what lies beyond the tiles be harmless.
  if (end == group.rows) {
    const int64_t tiles = group.rows * tile_columns_;
    for (int64_t f = 0; f < n_ * n_; ++f) {
      std::fill(to + f * frequency + tiles, to + f * frequency + stride_, 0.0f);
    }
  }
}

/// Some rows of the product in one frequency.
void WinogradPlan::Multiply(const Group& group, const WinogradWeights& weights,
                            int64_t item) const {
  const GemmKernels& kernels = GemmKernelsOfThisCpu();
  const int64_t f = item / row_items_, part = item % row_items_;
  const int64_t panels = CeilDiv(conv_.out_channels, kernels.row_panel);
  const int64_t begin = panels * part / row_items_ * kernels.row_panel;
  const int64_t end =
      std::min(panels * (part + 1) / row_items_ * kernels.row_panel, conv_.out_channels);
  const PackedMatrix& left = weights.frequency(static_cast<int>(f));
  const float* right = group.inputs + f * conv_.in_channels * stride_;
  for (int64_t p = 0; p < conv_.in_channels; p += left.depth_block()) {
    GemmBlock block{.rows = end - begin, .columns = group.rows * tile_columns_};
    block.depth = std::min(left.depth_block(), conv_.in_channels - p);
    block.a = left.Panels(begin, p);
    block.b = right + p * stride_;
    block.b_panel_stride = kernels.column_panel;
    block.b_row_stride = stride_;
    block.c = group.products + (f * conv_.out_channels + begin) * stride_;
    block.c_stride = stride_;
    block.accumulate = p > 0;
    kernels.multiply(block);
  }
}

/// Rows [begin, end) of the group's tiles in one output channel.
void WinogradPlan::TransformOutput(const Group& group, int64_t channel, int64_t begin, int64_t end,
                                   float* buffer) const {
  const WinogradKernels& kernels = WinogradKernelsOfThisCpu(m_);
  const GemmKernels& gemm = GemmKernelsOfThisCpu();
  const int64_t height = conv_.window[0].output, width = conv_.window[1].output;
  const WinogradOperands& operands = group.operands;
  Epilogue epilogue{.activation = operands.activation};
  if (operands.bias != nullptr) epilogue.offset = operands.bias[channel];
  epilogue.residual_stride = width;
  const float* products = group.products + channel * stride_;
  for (int64_t row = begin; row < end; ++row) {
    const int64_t image = (group.first + row) / tile_rows_, tile = (group.first + row) % tile_rows_;
    kernels.output(products + row * tile_columns_, conv_.out_channels * stride_, tile_columns_,
                   buffer, line_floats_);
    const int64_t place =
        (image * conv_.out_channels + channel) * height * width + tile * m_ * width;
    if (operands.residual != nullptr) epilogue.residual = operands.residual + place;
    gemm.store(buffer, line_floats_, std::min<int64_t>(m_, height - tile * m_), width,
               operands.y + place, width, false, &epilogue);
  }
}

Status WinogradPlan::Run(const WinogradWeights& weights, const WinogradOperands& operands,
                         absl::Span<std::byte> scratch, ThreadPool& pool,
                         const RunControl& control) const {
  if (static_cast<int64_t>(scratch.size()) < scratch_bytes()) {
    return absl::InternalError("Winograd was given too little scratch memory");
  }
  float* inputs = reinterpret_cast<float*>(scratch.data());
  float* buffers = inputs + input_floats_ + product_floats_;
  const int64_t all = conv_.batch * tile_rows_;
  for (int64_t first = 0; first < all; first += group_rows_) {
    const Group group{.operands = operands,
                      .first = first,
                      .rows = std::min(group_rows_, all - first),
                      .inputs = inputs,
                      .products = inputs + input_floats_};
    // Few channels leave threads idle unless rows are divided too.
    const auto each_row = [&](int64_t channels, auto&& transform) {
      const int64_t wanted = CeilDiv(slots_ * kItemsPerSlot, channels);
      const int64_t parts = slots_ == 1 ? 1 : std::min(group.rows, wanted);
      return ParallelSlots(
          pool, control, slots_, channels * parts, 1, [&](int64_t slot, int64_t item) {
            const int64_t part = item % parts;
            transform(item / parts, group.rows * part / parts, group.rows * (part + 1) / parts,
                      buffers + slot * buffer_floats_);
          });
    };
    SX_RETURN_IF_ERROR(each_row(conv_.in_channels,
                                [&](int64_t channel, int64_t begin, int64_t end, float* buffer) {
                                  TransformInput(group, channel, begin, end, buffer);
                                }));
    SX_RETURN_IF_ERROR(
        ParallelSlots(pool, control, slots_, n_ * n_ * row_items_, 1,
                      [&](int64_t, int64_t item) { Multiply(group, weights, item); }));
    SX_RETURN_IF_ERROR(each_row(conv_.out_channels,
                                [&](int64_t channel, int64_t begin, int64_t end, float* buffer) {
                                  TransformOutput(group, channel, begin, end, buffer);
                                }));
  }
  return absl::OkStatus();
}

}  // namespace sardonyx
