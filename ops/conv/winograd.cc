#include "ops/conv/winograd.h"

#include <algorithm>
#include <vector>

#include "ops/common/caches.h"
#include "ops/common/ceil.h"
#include "ops/common/slots.h"
#include "ops/conv/tile_transform.h"
#include "ops/matmul/row_kernel.h"
#include "runtime/base/memory.h"

namespace sardonyx {
namespace {

constexpr int kMaxSide = 8;  // of a tile, n

}  // namespace

std::shared_ptr<const WinogradWeights> WinogradWeights::Make(const PanelLayout& layout, int m,
                                                             const PrepareContext& context) {
  const RunEnvironment& environment = context.environment();
  const int64_t bytes = layout.floats() * static_cast<int64_t>(sizeof(float));
  auto reserved = ReserveBytes(bytes, context.transformed());
  if (!reserved.ok()) return nullptr;
  auto memory = AllocateBytes(bytes, environment.budget);
  if (!memory.ok()) return nullptr;
  auto weights = std::make_shared<WinogradWeights>();
  weights->reserved_ = *std::move(reserved);
  weights->memory_ = *std::move(memory);
  const float* w = context.constant(1)->data<float>();
  const int64_t width = RowKernelsOfThisCpu().width;
  const double cost = 0.2 * static_cast<double>(layout.groups * layout.depth * width);
  const Status done = environment.pool->ParallelFor(
      CeilDiv(layout.out, width), cost, *environment.control, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) weights->TransformPanel(layout, m, w, i * width);
      });
  return done.ok() ? weights : nullptr;
}

/// The output channels of a panel, from `channel`.
void WinogradWeights::TransformPanel(const PanelLayout& layout, int m, const float* w,
                                     int64_t channel) const {
  const int64_t panel = RowKernelsOfThisCpu().width;
  const int64_t columns = std::min(panel, layout.out - channel);
  const int64_t width = std::min(panel, layout.padded_out - channel);
  float* to = reinterpret_cast<float*>(memory_.get());
  std::vector<float> planes(static_cast<size_t>(9 * width));
  for (int64_t slice = 0; slice < layout.slices; ++slice) {
    const int64_t begin = layout.slice_begin(slice), end = layout.slice_begin(slice + 1);
    for (int64_t c = begin; c < end; ++c) {
      for (int64_t i = 0; i < columns; ++i) {
        const float* kernel = w + ((channel + i) * layout.in + c) * 9;
        for (int64_t q = 0; q < 9; ++q) planes[static_cast<size_t>(q * width + i)] = kernel[q];
      }
      TileTransformsOfThisCpu(m).weights(
          planes.data(), width, to + layout.PanelOffset(0, slice, channel) + (c - begin) * width,
          layout.depth * layout.padded_out);
    }
  }
}

WinogradPlan::WinogradPlan(const ConvShape& conv, int m, int threads)
    : conv_(conv),
      m_(m),
      n_(m + 2),
      layout_(n_ * n_, conv.out_channels, conv.in_channels, 1),
      tile_lines_(CeilDiv(conv.window[0].output, m)),
      tile_columns_(CeilDiv(conv.window[1].output, m)),
      tiles_(conv.batch * tile_lines_ * tile_columns_) {
  const RowKernels& kernels = RowKernelsOfThisCpu();
  const int64_t frequencies = n_ * n_, rows = kernels.rows;
  const int64_t l2 = SystemCaches().l2 / static_cast<int64_t>(sizeof(float));
  input_row_ = OddLines(layout_.in);
  // Weights in L2, tiles and products beside them; otherwise the tiles stay and weights pass by.
  const bool weights_stay = layout_.floats() < l2 * 5 / 8;
  const int64_t most = weights_stay ? l2 / 8 : l2 / 2;
  block_tiles_ = std::max<int64_t>(most / frequencies / input_row_ / rows, 1) * rows;
  block_tiles_ = std::min(block_tiles_, tiles_);
  columns_ =
      std::max<int64_t>(l2 / 8 / frequencies / block_tiles_ / kernels.width, 1) * kernels.width;
  columns_ = std::min(columns_, layout_.padded_out);
  if (!weights_stay) column_items_ = CeilDiv(layout_.out, columns_);
  // Evenly sized blocks, enough for all threads.
  int64_t blocks = CeilDiv(tiles_, block_tiles_);
  if (threads > 1 && blocks * column_items_ < threads * kItemsPerThread && weights_stay) {
    blocks = std::min(CeilDiv(tiles_, rows), threads * kItemsPerThread);
  }
  block_tiles_ = CeilDiv(tiles_, blocks);
  if (!weights_stay) weight_passes_ = CeilDiv(blocks, std::max(threads, 1));
  product_row_ = OddLines(columns_);
  input_frequency_ = OddLines(block_tiles_ * input_row_);
  product_frequency_ = OddLines(block_tiles_ * product_row_);
  slots_ = std::clamp<int64_t>(blocks * column_items_, 1, std::max(threads, 1));
  slot_floats_ = frequencies * (input_frequency_ + product_frequency_) + RoundUp(layout_.in, 16);
}

/// The inputs of a tile in each frequency.
void WinogradPlan::TransformInput(const ConvOperands& operands, int64_t tile, const float* zeros,
                                  float* to) const {
  const WindowAxis &y = conv_.window[0], &x = conv_.window[1];
  const int64_t line = tile / tile_columns_ % tile_lines_ * m_ - y.pad_begin;
  const int64_t column = tile % tile_columns_ * m_ - x.pad_begin;
  const float* image =
      operands.x + tile / tile_columns_ / tile_lines_ * y.input * x.input * layout_.in;
  const float* pixels[kMaxSide * kMaxSide];
  for (int i = 0; i < n_; ++i) {
    const bool inside = line + i >= 0 && line + i < y.input;
    for (int j = 0; j < n_; ++j) {
      pixels[i * n_ + j] = inside && column + j >= 0 && column + j < x.input
                               ? image + ((line + i) * x.input + column + j) * layout_.in
                               : zeros;
    }
  }
  TileTransformsOfThisCpu(m_).input(pixels, layout_.in, to, input_frequency_);
}

void WinogradPlan::MultiplyColumns(const ConvOperands& operands, const float* inputs, int64_t tiles,
                                   int64_t column, int64_t columns, float* products) const {
  const RowKernels& kernels = RowKernelsOfThisCpu();
  const int64_t whole = RoundUp(columns, kernels.lanes);  // weights are zero beyond the last column
  for (int64_t i = 0; i < n_ * n_ * layout_.slices; ++i) {
    const int64_t f = i / layout_.slices, slice = i % layout_.slices;
    const int64_t begin = layout_.slice_begin(slice), end = layout_.slice_begin(slice + 1);
    const RowPiece rows{.a = inputs + f * input_frequency_ + begin, .depth = end - begin};
    RowBlock block{.rows = tiles,
                   .columns = whole,
                   .a = absl::MakeConstSpan(&rows, 1),
                   .a_stride = input_row_,
                   .b = operands.weights + layout_.PanelOffset(f, slice, column),
                   .b_panel_stride = layout_.PanelStride(slice),
                   .c = products + f * product_frequency_,
                   .c_stride = product_row_,
                   .accumulate = slice > 0};
    if (i + 1 < n_ * n_ * layout_.slices) {
      const int64_t next_slice = (i + 1) % layout_.slices;
      block.next =
          operands.weights + layout_.PanelOffset((i + 1) / layout_.slices, next_slice, column);
      block.next_floats = layout_.PanelStride(next_slice) / kernels.width * whole;
    }
    kernels.multiply(block);
  }
}

void WinogradPlan::TransformOutput(const ConvOperands& operands, int64_t tile, int64_t column,
                                   int64_t columns, const float* products) const {
  const WindowAxis &y = conv_.window[0], &x = conv_.window[1];
  const int64_t line = tile / tile_columns_ % tile_lines_ * m_, pixel = tile % tile_columns_ * m_;
  const int64_t image = tile / tile_columns_ / tile_lines_;
  const int64_t place = (image * y.output + line) * x.output + pixel;
  OutputTile to{.lines = std::min<int64_t>(m_, y.output - line),
                .pixels = std::min<int64_t>(m_, x.output - pixel),
                .width = x.output,
                .y = operands.y + place * operands.y_row + column,
                .y_pixel = operands.y_row,
                .activation = operands.activation};
  if (operands.bias != nullptr) to.bias = operands.bias + column;
  if (operands.residual != nullptr) {
    to.residual = operands.residual + place * conv_.out_channels + column;
    to.residual_pixel = conv_.out_channels;
  }
  TileTransformsOfThisCpu(m_).output(products, product_frequency_, columns, to);
}

Status WinogradPlan::Run(const ConvOperands& operands, float* scratch,
                         const KernelContext& context) const {
  const RunControl& control = *context.environment().control;
  const int64_t width = RowKernelsOfThisCpu().width, panels = CeilDiv(layout_.out, width);
  const int64_t blocks = CeilDiv(tiles_, block_tiles_);
  absl::InlinedVector<int64_t, 64> held(static_cast<size_t>(slots_), -1);  // block of each slot
  const auto run = [&](int64_t slot, int64_t item) {
    float* inputs = scratch + slot * slot_floats_;
    float* products = inputs + n_ * n_ * input_frequency_;
    float* zeros = products + n_ * n_ * product_frequency_;
    const int64_t block = item / column_items_, part = item % column_items_;
    const int64_t first = tiles_ * block / blocks, end = tiles_ * (block + 1) / blocks;
    if (held[slot] != block) {
      if (held[slot] < 0) std::fill_n(zeros, layout_.in, 0.0f);
      held[slot] = block;
      for (int64_t tile = first; tile < end; ++tile) {
        TransformInput(operands, tile, zeros, inputs + (tile - first) * input_row_);
      }
    }
    const int64_t last = std::min(panels * (part + 1) / column_items_ * width, layout_.out);
    for (int64_t c = panels * part / column_items_ * width; c < last; c += columns_) {
      if (control.Stopped()) return;
      const int64_t columns = std::min(columns_, last - c);
      MultiplyColumns(operands, inputs, end - first, c, columns, products);
      for (int64_t tile = first; tile < end; ++tile) {
        TransformOutput(operands, tile, c, columns, products + (tile - first) * product_row_);
      }
    }
  };
  return ParallelSlots(*context.environment().pool, control, slots_, blocks * column_items_, 1,
                       run);
}

}  // namespace sardonyx
