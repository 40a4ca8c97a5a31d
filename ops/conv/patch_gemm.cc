#include "ops/conv/patch_gemm.h"

#include <algorithm>

#include "ops/common/caches.h"
#include "ops/common/ceil.h"
#include "ops/common/slots.h"
#include "ops/conv/estimate.h"
#include "ops/matmul/row_kernel.h"

namespace sardonyx {
namespace {

/// The same convolution of an input whose lines contain their padding.
ConvShape WithPaddedLines(ConvShape conv) {
  WindowAxis& x = conv.window.back();
  x.input += x.pad_begin + x.pad_end;
  x.pad_begin = x.pad_end = 0;
  return conv;
}

/// Whether to copy all lines once with their padding: where that is little beside the
/// multiplications, as patches are then read where they lie.
bool PaysToPadLines(const ConvShape& conv, int64_t tile_rows) {
  if (conv.window.empty()) return false;
  const WindowAxis& x = conv.window.back();
  if (x.pad_begin + x.pad_end == 0 || x.output < tile_rows / 2) return false;
  const double line = static_cast<double>((x.input + x.pad_begin + x.pad_end) * conv.in_channels);
  const double lines = static_cast<double>(conv.batch * (conv.input_plane() / x.input));
  const double multiply_adds = static_cast<double>(conv.batch * conv.output_plane()) *
                               static_cast<double>(conv.out_channels) *
                               static_cast<double>(conv.group_in() * conv.kernel_plane());
  constexpr double kMostFloats = 1 << 24, kMultiplyAddsPerFloat = 50;
  return lines * line < std::min(multiply_adds / kMultiplyAddsPerFloat, kMostFloats);
}

}  // namespace

PatchGemm::PatchGemm(const ConvShape& conv, int threads, bool made_rows)
    : conv_(conv), layout_(conv), patches_(conv), rows_(conv.batch * conv.output_plane()) {
  const RowKernels& kernels = RowKernelsOfThisCpu();
  if (PaysToPadLines(conv, kernels.rows)) {
    const ConvShape padded = WithPaddedLines(conv);
    patches_ = PatchRows(padded);
    padded_floats_ = conv.batch * padded.input_plane() * conv.in_channels;
  }
  const int64_t slice = CeilDiv(layout_.depth, layout_.slices);
  const int64_t half_l2 = SystemCaches().l2 / 2 / static_cast<int64_t>(sizeof(float));
  row_step_ = kernels.rows;
  if (patches_.never_copied() && !made_rows) {
    // Few channels: more rows, whose pixels stay in L1 as well and which cost less to begin.
    constexpr int64_t kFloats = 4096;
    const int64_t read = patches_.row_step() * patches_.z.kernel * patches_.y.kernel;
    row_step_ = std::max<int64_t>(5 * kernels.rows, kFloats / std::max<int64_t>(read, 1));
  }
  by_lines_ = !patches_.plain && patches_.x.output >= kernels.rows / 2;
  row_stride_ = OddLines(slice);
  if (!patches_.plain || made_rows)
    buffer_floats_ = RoundUp(row_step_ * row_stride_ + kernels.lanes, 16);
  const int64_t panels = CeilDiv(layout_.padded_out, kernels.width);
  const int64_t blocks = CeilDiv(panels * slice * kernels.width, half_l2 * 5 / 4);
  column_block_ = CeilDiv(panels, blocks) * kernels.width;
  const int64_t columns = std::min(layout_.padded_out, column_block_);
  in_l2_ = layout_.depth * columns <= half_l2;
  row_block_ = std::max(half_l2 / 2 / columns, row_step_);
  ChooseItems(threads);
}

/// Cuts the output for the threads so that least is moved: each item copies its rows and, unless
/// they stay in L2 from one item to the next, reads its weights.
void PatchGemm::ChooseItems(int threads) {
  constexpr double kNsPerWeight = 0.15, kNsPerCopied = 0.05;
  const RowKernels& kernels = RowKernelsOfThisCpu();
  const double copies = static_cast<double>(rows_) * static_cast<double>(layout_.depth);
  const double weights = static_cast<double>(layout_.depth * layout_.padded_out);
  const double work = copies * static_cast<double>(layout_.padded_out * layout_.groups);
  const int64_t wanted =
      threads <= 1 || work < kSmallConv ? 1 : CeilDiv(threads * kItemsPerThread, layout_.groups);
  const int64_t panels = CeilDiv(layout_.padded_out, kernels.width);
  double least = 0;
  for (int64_t columns = 1; columns <= std::min(panels, wanted); ++columns) {
    const int64_t rows =
        std::clamp<int64_t>(CeilDiv(rows_, kernels.rows), 1, CeilDiv(wanted, columns));
    const double reads = static_cast<double>(in_l2_ ? std::min<int64_t>(rows, threads) : rows);
    double cost =
        kNsPerWeight * reads * weights + kNsPerCopied * static_cast<double>(columns) * copies;
    if (rows * columns < wanted)
      cost *= static_cast<double>(wanted) / static_cast<double>(rows * columns);
    if (columns > 1 && cost >= least) continue;
    least = cost;
    row_items_ = rows;
    column_items_ = columns;
  }
  slots_ =
      std::clamp<int64_t>(layout_.groups * row_items_ * column_items_, 1, std::max(threads, 1));
}

PatchGemm::Block PatchGemm::ItemAt(int64_t index) const {
  const int64_t width = RowKernelsOfThisCpu().width;
  const int64_t panels = CeilDiv(layout_.out, width);
  const int64_t row = index % row_items_, column = index / row_items_ % column_items_;
  return {.group = index / row_items_ / column_items_,
          .row = rows_ * row / row_items_,
          .row_end = rows_ * (row + 1) / row_items_,
          .column = panels * column / column_items_ * width,
          .column_end = std::min(panels * (column + 1) / column_items_ * width, layout_.out)};
}

/// Copies all lines, zeros before and behind each.
Status PatchGemm::PadLines(const float* x, float* to, const KernelContext& context) const {
  const WindowAxis& axis = conv_.window.back();
  const int64_t channels = conv_.in_channels, floats = axis.input * channels;
  const int64_t before = axis.pad_begin * channels, padded = patches_.x.input * channels;
  return context.ParallelFor(padded_floats_ / padded, 0.1 * static_cast<double>(padded),
                             [&](int64_t begin, int64_t end) {
                               for (int64_t line = begin; line < end; ++line) {
                                 float* at = to + line * padded;
                                 std::fill_n(at, before, 0.0f);
                                 std::copy_n(x + line * floats, floats, at + before);
                                 std::fill(at + before + floats, at + padded, 0.0f);
                               }
                             });
}

Status PatchGemm::Run(const PatchOperands& given, float* scratch,
                      const KernelContext& context) const {
  const RunEnvironment& environment = context.environment();
  PatchOperands operands = given;
  if (padded_floats_ > 0) {
    float* padded = scratch + slots_ * buffer_floats_;
    SX_RETURN_IF_ERROR(PadLines(given.x, padded, context));
    operands.x = padded;
  }
  const int64_t items = layout_.groups * row_items_ * column_items_;
  const int64_t grain = std::max<int64_t>(1, items / (slots_ * 8 * kItemsPerThread));
  return ParallelSlots(*environment.pool, *environment.control, slots_, items, grain,
                       [&](int64_t slot, int64_t item) {
                         MultiplyItem(operands, ItemAt(item), scratch + slot * buffer_floats_,
                                      *environment.control);
                       });
}

void PatchGemm::MultiplyItem(const PatchOperands& operands, const Block& item, float* buffer,
                             const RunControl& control) const {
  Block block = item;
  for (block.column = item.column; block.column < item.column_end;
       block.column = block.column_end) {
    block.column_end = std::min(block.column + column_block_, item.column_end);
    for (block.row = item.row; block.row < item.row_end; block.row = block.row_end) {
      block.row_end = in_l2_ ? StepEnd(block.row, item.row, item.row_end)
                             : std::min(block.row + row_block_, item.row_end);
      const bool fetch = !in_l2_ || block.row == item.row;
      for (int64_t slice = 0; slice < layout_.slices; ++slice) {
        if (control.Stopped()) return;
        MultiplySlice(operands, block, slice, fetch, buffer);
      }
    }
  }
}

/// Where the step that begins at `row` ends: steps of nearly equal height divide [begin, end) or,
/// by lines, the line.
int64_t PatchGemm::StepEnd(int64_t row, int64_t begin, int64_t end) const {
  const int64_t first = by_lines_ ? row - row % patches_.x.output : begin;
  const int64_t rows = by_lines_ ? patches_.x.output : end - begin;
  const int64_t steps = CeilDiv(rows, row_step_);
  int64_t step = (row - first) * steps / rows;
  while (first + rows * (step + 1) / steps <= row) ++step;
  return std::min(first + rows * (step + 1) / steps, end);
}

void PatchGemm::MultiplySlice(const PatchOperands& operands, const Block& block, int64_t slice,
                              bool fetch, float* buffer) const {
  const RowKernels& kernels = RowKernelsOfThisCpu();
  const int64_t begin = layout_.slice_begin(slice), end = layout_.slice_begin(slice + 1);
  const int64_t m = conv_.out_channels, first_column = block.group * layout_.out + block.column;
  const float* x = operands.x + block.group * layout_.in;
  RowBlock product{.columns = block.column_end - block.column,
                   .b = operands.weights + layout_.PanelOffset(block.group, slice, block.column),
                   .b_panel_stride = layout_.PanelStride(slice),
                   .c_stride = operands.y_row,
                   .accumulate = slice > 0};
  const Epilogue epilogue{.column_bias = operands.bias,
                          .residual = operands.residual,
                          .residual_stride = m,
                          .activation = operands.activation};
  const bool last = slice + 1 == layout_.slices;
  const float* next = nullptr;  // the next slice's weights, of which each row brings its share
  int64_t next_floats = 0;
  // Of a single step, each panel brings the next: all that follows would push out what it needs.
  const bool single = StepEnd(block.row, block.row, block.row_end) == block.row_end;
  if (fetch && !last && !single) {
    next = operands.weights + layout_.PanelOffset(block.group, slice + 1, block.column);
    next_floats = layout_.PanelStride(slice + 1) / kernels.width * product.columns;
  }
  const int64_t rows = block.row_end - block.row;
  RowPiece pieces[PatchRows::kMaxPieces];
  for (int64_t row = block.row, row_end; row < block.row_end; row = row_end) {
    row_end = StepEnd(row, block.row, block.row_end);
    product.rows = row_end - row;
    product.cold = fetch && row == block.row && (slice == 0 || single);
    int count = operands.make_rows != nullptr
                    ? -1
                    : patches_.Pieces(x, row, product.rows, begin, end, pieces);
    product.a_stride = patches_.row_step();
    if (count < 0) {
      if (operands.make_rows != nullptr) {
        operands.make_rows->Make(row, product.rows, begin, end, buffer, row_stride_);
      } else {
        patches_.Copy(x, row, product.rows, begin, end, buffer, row_stride_);
      }
      pieces[0] = {.a = buffer, .depth = end - begin};
      count = 1;
      product.a_stride = row_stride_;
    }
    product.a = absl::MakeConstSpan(pieces, static_cast<size_t>(count));
    product.c = operands.y + row * operands.y_row + first_column;
    const Epilogue here = epilogue.At(row, first_column);
    if (last) product.epilogue = &here;
    product.next = next + next_floats * (row - block.row) / rows;
    product.next_floats = next_floats * product.rows / rows;
    kernels.multiply(product);
  }
}

StatusOr<PatchGemm> PatchGemm::Make(const ConvShape& conv, int threads, bool made_rows) {
  const double weights = static_cast<double>(conv.out_channels) *
                         static_cast<double>(conv.group_in() * conv.kernel_plane());
  if (weights > 0x1p50 || static_cast<double>(conv.batch * conv.output_plane()) > 0x1p50) {
    return LimitExceeded("a convolution of this size is too large");
  }
  return PatchGemm(conv, threads, made_rows);
}

}  // namespace sardonyx
