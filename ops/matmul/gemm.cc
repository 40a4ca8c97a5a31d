#include "ops/matmul/gemm.h"

#include <algorithm>
#include <utility>

#include "ops/common/caches.h"
#include "ops/common/ceil.h"
#include "ops/common/slots.h"
#include "ops/matmul/gemm_kernel.h"
#include "runtime/base/memory.h"

namespace sardonyx {
namespace {

using Layout = GemmProblem::Layout;

constexpr int64_t kDotRows = 8;            // most rows for which lines are multiplied unpacked
constexpr int64_t kDirectDepth = 16;       // rows of B read side by side where it lies
constexpr double kSmall = 200'000;         // multiplications that are not worth a second thread
constexpr int64_t kPackedLimit = 8 << 20;  // floats of operands of small products packed at a time
constexpr double kNsPerPacked = 0.5;       // to pack one float

/// Length of the blocks into which k is cut. A panel of B of that depth is somewhat larger than L1:
/// it is read front to back, which prefetching hides, and fewer blocks mean fewer passes over C.
int64_t DepthBlock(int64_t k) {
  const GemmKernels& kernels = GemmKernelsOfThisCpu();
  const int64_t bytes = kernels.column_panel * static_cast<int64_t>(sizeof(float));
  const int64_t most = std::clamp<int64_t>(SystemCaches().l1 * 3 / 2 / bytes, 64, 384);
  const int64_t even = CeilDiv(k, CeilDiv(std::max<int64_t>(k, 1), most));
  return std::max<int64_t>(1, std::min(RoundUp(even, 8), k));
}

/// Packs lines [begin, end) (rows of A or columns of B, begin at a panel) of all depths.
/// Block after block of depth, in each panel after panel.
void PackLines(const float* from, int64_t line_stride, int64_t step_stride, int64_t begin,
               int64_t end, int64_t k, int64_t block, int64_t panel, int64_t round, int64_t padded,
               float* to) {
  const GemmKernels& kernels = GemmKernelsOfThisCpu();
  for (int64_t p = 0; p < k; p += block) {
    const int64_t depth = std::min(block, k - p);
    for (int64_t line = begin; line < end; line += panel) {
      const int64_t width = std::min(panel, end - line);
      kernels.pack_panel(from + line * line_stride + p * step_stride, line_stride, step_stride,
                         width, RoundUp(width, round), depth, to + p * padded + line * depth);
    }
  }
}

std::shared_ptr<std::byte> AllocateFloats(int64_t lines, int64_t k,
                                          const std::shared_ptr<MemoryBudget>& budget) {
  const auto floats = CheckedMul(lines, k);
  if (!floats || *floats > (int64_t{1} << 60)) return nullptr;
  auto memory = AllocateBytes(*floats * static_cast<int64_t>(sizeof(float)), budget);
  return memory.ok() ? *std::move(memory) : nullptr;
}

}  // namespace

std::shared_ptr<PackedMatrix> PackedMatrix::Pack(const float* from, int64_t line_stride,
                                                 int64_t step_stride, int64_t lines, int64_t k,
                                                 int64_t panel, int64_t round,
                                                 const RunEnvironment* environment) {
  auto packed = std::make_shared<PackedMatrix>();
  packed->k_ = k;
  packed->block_ = DepthBlock(k);
  packed->padded_ = RoundUp(lines, round);
  packed->memory_ =
      AllocateFloats(packed->padded_, k, environment == nullptr ? nullptr : environment->budget);
  if (packed->memory_ == nullptr) return nullptr;
  const auto pack = [&](int64_t first, int64_t last) {
    PackLines(from, line_stride, step_stride, first * panel, std::min(last * panel, lines), k,
              packed->block_, panel, round, packed->padded_,
              reinterpret_cast<float*>(packed->memory_.get()));
  };
  const int64_t panels = CeilDiv(lines, panel);
  if (environment == nullptr) {
    pack(0, panels);
    return packed;
  }
  const double cost = static_cast<double>(panel * k);
  const Status done = environment->pool->ParallelFor(panels, cost, *environment->control, pack);
  return done.ok() ? packed : nullptr;
}

std::shared_ptr<const PackedMatrix> PackedMatrix::Left(const float* a, int64_t row_stride,
                                                       int64_t column_stride, int64_t m, int64_t k,
                                                       const RunEnvironment* environment) {
  const int64_t panel = GemmKernelsOfThisCpu().row_panel;
  return Pack(a, row_stride, column_stride, m, k, panel, panel, environment);
}

std::shared_ptr<const PackedMatrix> PackedMatrix::Right(const float* b, int64_t row_stride,
                                                        int64_t column_stride, int64_t k, int64_t n,
                                                        const RunEnvironment* environment) {
  const GemmKernels& kernels = GemmKernelsOfThisCpu();
  return Pack(b, column_stride, row_stride, n, k, kernels.column_panel, kernels.lanes, environment);
}

bool GemmProblem::sensible() const {
  double product = 1;
  for (int64_t size : {m, n, k, count}) product *= static_cast<double>(std::max<int64_t>(size, 1));
  return product < 0x1p58;
}

/// What one Run was given.
struct GemmPlan::Call {
  absl::FunctionRef<GemmOperands(int64_t)> operands;
  const ColumnSource* source;
  ThreadPool& pool;
  const RunControl& control;
  float* a;       // packed A of a group
  float* b;       // packed B of a group
  float* panels;  // panel_floats_ for each slot
};

GemmPlan::GemmPlan(const GemmProblem& problem, int threads) : problem_(problem) {
  if (problem_.n == 1 && problem_.m > 1 && problem_.c_stride == 1 &&
      problem_.a.layout == Layout::kStrided && problem_.b.layout == Layout::kStrided) {
    // One column of C is as well one row, which vectors suit.
    transposed_ = true;
    std::swap(problem_.m, problem_.n);
    std::swap(problem_.a, problem_.b);
    std::swap(problem_.a.row_stride, problem_.a.column_stride);
    std::swap(problem_.b.row_stride, problem_.b.column_stride);
  }
  ChooseBlocks();
  ChooseItems(std::max(threads, 1));
}

void GemmPlan::ChooseBlocks() {
  const GemmKernels& kernels = GemmKernelsOfThisCpu();
  const GemmProblem& p = problem_;
  const bool strided = p.a.layout == Layout::kStrided && p.b.layout == Layout::kStrided;
  dot_ = strided && p.m <= kDotRows && p.a.column_stride == 1 && p.b.row_stride == 1 && p.k > 1;
  direct_b_ =
      !dot_ && p.b.layout == Layout::kStrided && p.b.column_stride == 1 && p.m <= kernels.row_panel;
  k_block_ = DepthBlock(p.k);
  // Long rows of B are read front to back, few at a time: down its columns each step would meet
  // another page of memory.
  const bool along_rows = direct_b_ && strided && p.n > 2 * kernels.column_panel;
  if (along_rows) k_block_ = std::min(k_block_, kDirectDepth);
  k_blocks_ = std::max<int64_t>(1, CeilDiv(p.k, k_block_));
  row_panels_ = CeilDiv(p.m, kernels.row_panel);
  column_panels_ = CeilDiv(p.n, kernels.column_panel);
  padded_m_ = row_panels_ * kernels.row_panel;
  padded_n_ = RoundUp(p.n, kernels.lanes);
  const int64_t half_l2 = SystemCaches().l2 / 2 / static_cast<int64_t>(sizeof(float));
  row_block_ = std::max<int64_t>(half_l2 / k_block_ / kernels.row_panel, 4) * kernels.row_panel;
  column_block_ = along_rows ? RoundUp(p.n, kernels.column_panel) : kernels.column_panel;
  if (p.m > row_block_) {  // a panel of B would meet several blocks of A: pack more of them at once
    column_block_ *= std::max<int64_t>(half_l2 / k_block_ / kernels.column_panel, 1);
  }
}

void GemmPlan::ChooseItems(int threads) {
  const GemmProblem& p = problem_;
  const double work = static_cast<double>(p.m) * static_cast<double>(p.n) *
                      static_cast<double>(std::max<int64_t>(p.k, 1)) * static_cast<double>(p.count);
  if (work < kSmall) threads = 1;
  const int64_t wanted =
      threads == 1 ? 1 : CeilDiv(threads * kItemsPerThread, std::max<int64_t>(p.count, 1));
  if (column_panels_ >= 2 * wanted || dot_ || direct_b_) {
    column_items_ = std::clamp<int64_t>(wanted, 1, std::max<int64_t>(column_panels_, 1));
  } else {
    row_items_ = std::clamp<int64_t>(row_panels_ / 4, 1, wanted);
    column_items_ =
        std::clamp<int64_t>(CeilDiv(wanted, row_items_), 1, std::max<int64_t>(column_panels_, 1));
  }
  const bool pack_b = p.b.layout != Layout::kPacked && !dot_ && !direct_b_;
  share_b_ = pack_b && row_items_ > 1;

  a_floats_ = p.a.layout == Layout::kPacked || dot_ ? 0 : RoundUp(padded_m_ * p.k, 16);
  b_floats_ = share_b_ ? RoundUp(padded_n_ * p.k, 16) : 0;
  const int64_t packed = a_floats_ + b_floats_;
  group_ = packed == 0 ? p.count : std::min(std::max<int64_t>(kPackedLimit / packed, 1), p.count);
  slots_ = std::clamp<int64_t>(group_ * row_items_ * column_items_, 1, threads);
  if (pack_b && !share_b_) panel_floats_ = RoundUp(k_block_ * column_block_, 16);
  if (direct_b_) panel_floats_ = RoundUp(k_block_ * GemmKernelsOfThisCpu().column_panel, 16);
  scratch_floats_ = group_ * packed + slots_ * panel_floats_;
}

GemmOperands GemmPlan::Operands(const Call& call, int64_t index) const {
  GemmOperands operands = call.operands(index);
  if (transposed_) {
    std::swap(operands.a, operands.b);
    std::swap(operands.epilogue.row_bias, operands.epilogue.column_bias);
  }
  return operands;
}

Status GemmPlan::Run(absl::FunctionRef<GemmOperands(int64_t)> operands, const ColumnSource* source,
                     absl::Span<std::byte> scratch, ThreadPool& pool,
                     const RunControl& control) const {
  if (problem_.m == 0 || problem_.n == 0 || problem_.count == 0) return control.Check();
  if (static_cast<int64_t>(scratch.size()) < scratch_bytes()) {
    return absl::InternalError("the matrix product was given too little scratch memory");
  }
  float* a = reinterpret_cast<float*>(scratch.data());
  float* b = a + group_ * a_floats_;
  const Call call{operands, source, pool, control, a, b, b + group_ * b_floats_};
  for (int64_t first = 0; first < problem_.count; first += group_) {
    const int64_t count = std::min(group_, problem_.count - first);
    if (a_floats_ > 0) SX_RETURN_IF_ERROR(PackLeft(call, first, count));
    if (b_floats_ > 0) SX_RETURN_IF_ERROR(PackRight(call, first, count));
    SX_RETURN_IF_ERROR(Multiply(call, first, count));
  }
  return absl::OkStatus();
}

Status GemmPlan::PackLeft(const Call& call, int64_t first, int64_t count) const {
  const int64_t panel = GemmKernelsOfThisCpu().row_panel;
  const double cost = kNsPerPacked * static_cast<double>(panel * problem_.k);
  return call.pool.ParallelFor(
      count * row_panels_, cost, call.control, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const int64_t local = i / row_panels_, row = i % row_panels_ * panel;
          const GemmProblem::Operand& a = problem_.a;
          PackLines(Operands(call, first + local).a, a.row_stride, a.column_stride, row,
                    std::min(row + panel, problem_.m), problem_.k, k_block_, panel, panel,
                    padded_m_, call.a + local * a_floats_);
        }
      });
}

Status GemmPlan::PackRight(const Call& call, int64_t first, int64_t count) const {
  const GemmKernels& kernels = GemmKernelsOfThisCpu();
  const int64_t panels = column_panels_ * k_blocks_;
  const double cost = kNsPerPacked * static_cast<double>(kernels.column_panel * k_block_);
  return call.pool.ParallelFor(count * panels, cost, call.control, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t index = first + i / panels;
      const int64_t p = i % panels / column_panels_ * k_block_;
      const int64_t j = i % column_panels_ * kernels.column_panel;
      const int64_t depth = std::min(k_block_, problem_.k - p);
      const int64_t width = std::min<int64_t>(kernels.column_panel, problem_.n - j);
      PackColumns(call, index, Operands(call, index).b, p, depth, j, width,
                  call.b + i / panels * b_floats_ + p * padded_n_ + j * depth);
    }
  });
}

Status GemmPlan::Multiply(const Call& call, int64_t first, int64_t count) const {
  const int64_t items = count * row_items_ * column_items_;
  const int64_t grain = std::max<int64_t>(1, items / (slots_ * 8 * kItemsPerThread));
  return ParallelSlots(call.pool, call.control, slots_, items, grain,
                       [&](int64_t slot, int64_t item) {
                         MultiplyItem(call, first, item, call.panels + slot * panel_floats_);
                       });
}

/// One row of C or a few, by products of lines.
void GemmPlan::MultiplyRows(const Call& call, int64_t index, int64_t begin, int64_t end) const {
  const GemmKernels& kernels = GemmKernelsOfThisCpu();
  constexpr int64_t kChunk = 64;
  float sums[kDotRows * kChunk];
  const GemmOperands operands = Operands(call, index);
  for (int64_t j = begin; j < end; j += kChunk) {
    if (call.control.Stopped()) return;
    const int64_t columns = std::min(kChunk, end - j);
    kernels.dot(operands.a, problem_.a.row_stride, problem_.m,
                operands.b + j * problem_.b.column_stride, problem_.b.column_stride, columns,
                problem_.k, sums, kChunk);
    const Epilogue epilogue = operands.epilogue.At(0, j);
    kernels.store(sums, kChunk, problem_.m, columns, operands.c + j, problem_.c_stride, false,
                  &epilogue);
  }
}

/// Packs rows [p, p + depth) of columns [j, j + columns) of B.
void GemmPlan::PackColumns(const Call& call, int64_t index, const float* b, int64_t p,
                           int64_t depth, int64_t j, int64_t columns, float* panels) const {
  const GemmKernels& kernels = GemmKernelsOfThisCpu();
  const GemmProblem::Operand& layout = problem_.b;
  for (int64_t begin = 0; begin < columns; begin += kernels.column_panel) {
    const int64_t width = std::min<int64_t>(kernels.column_panel, columns - begin);
    const int64_t padded = RoundUp(width, kernels.lanes);
    float* panel = panels + begin * depth;
    if (layout.layout == Layout::kMade) {
      call.source->Pack(index, p, depth, j + begin, width, padded, panel);
    } else {
      kernels.pack_panel(b + p * layout.row_stride + (j + begin) * layout.column_stride,
                         layout.column_stride, layout.row_stride, width, padded, depth, panel);
    }
  }
}

/// Part of one product: rows and columns of C, in panels.
struct GemmPlan::Part {
  int64_t index;  // of the product
  GemmOperands operands;
  const float *a, *b;  // packed; b null: not packed
  float* panel;        // where B is packed as it is needed
  int64_t i_begin, i_end, j_begin, j_end;
};

void GemmPlan::MultiplyItem(const Call& call, int64_t first, int64_t item, float* panel) const {
  const GemmKernels& kernels = GemmKernelsOfThisCpu();
  const int64_t local = item / (row_items_ * column_items_);
  const int64_t row_item = item / column_items_ % row_items_, column_item = item % column_items_;
  const int64_t i_begin = row_panels_ * row_item / row_items_ * kernels.row_panel;
  const int64_t i_end =
      std::min(row_panels_ * (row_item + 1) / row_items_ * kernels.row_panel, problem_.m);
  const int64_t j_panel = column_panels_ * column_item / column_items_;
  const int64_t panels = column_panels_ * (column_item + 1) / column_items_ - j_panel;
  const auto column = [&](int64_t of) {
    return std::min((j_panel + of) * kernels.column_panel, problem_.n);
  };
  if (dot_) return MultiplyRows(call, first + local, column(0), column(panels));

  const GemmOperands operands = Operands(call, first + local);
  Part part{.index = first + local,
            .operands = operands,
            .a = a_floats_ > 0 ? call.a + local * a_floats_ : operands.a,
            .b = share_b_                               ? call.b + local * b_floats_
                 : problem_.b.layout == Layout::kPacked ? operands.b
                                                        : nullptr,
            .panel = panel,
            .i_begin = i_begin,
            .i_end = i_end};
  // Where depth comes in blocks, so many columns at a time that their sums wait for the next block
  // in L2.
  const int64_t waiting = SystemCaches().l2 / 2 / static_cast<int64_t>(sizeof(float)) /
                          std::max<int64_t>(i_end - i_begin, 1) / kernels.column_panel;
  const int64_t groups =
      k_blocks_ == 1
          ? 1
          : CeilDiv(panels, std::max<int64_t>(waiting, column_block_ / kernels.column_panel));
  for (int64_t group = 0; group < groups; ++group) {
    part.j_begin = column(panels * group / groups);
    part.j_end = column(panels * (group + 1) / groups);
    for (int64_t k_index = 0; k_index < k_blocks_; ++k_index) MultiplyDepth(call, part, k_index);
  }
}

/// Adds a block of depth to the sums of that part.
void GemmPlan::MultiplyDepth(const Call& call, const Part& part, int64_t k_index) const {
  const GemmKernels& kernels = GemmKernelsOfThisCpu();
  const int64_t p = k_index * k_block_, depth = std::min(k_block_, problem_.k - p);
  for (int64_t j = part.j_begin, columns = 0; j < part.j_end; j += columns) {
    if (call.control.Stopped()) return;
    columns = std::min(column_block_, part.j_end - j);
    GemmBlock block{.depth = depth, .b = part.panel, .c_stride = problem_.c_stride};
    block.b_panel_stride = depth * kernels.column_panel;
    if (part.b != nullptr) {
      block.b = part.b + p * padded_n_ + j * depth;
      FetchAfter(part, p, j + columns, &block);
    } else if (direct_b_ && columns >= kernels.lanes) {
      columns -= columns % kernels.lanes;  // a rest, of less than a vector, is packed
      const int64_t row_stride = problem_.b.row_stride;
      block.b = part.operands.b + p * row_stride + j;
      block.b_panel_stride = kernels.column_panel;
      block.b_row_stride = row_stride;
    } else {
      PackColumns(call, part.index, part.operands.b, p, depth, j, columns, part.panel);
    }
    block.columns = columns;
    block.accumulate = k_index > 0;
    for (int64_t i = part.i_begin; i < part.i_end; i += row_block_) {
      if (call.control.Stopped()) return;
      const Epilogue epilogue = part.operands.epilogue.At(i, j);
      block.rows = std::min(row_block_, part.i_end - i);
      block.a = part.a + p * padded_m_ + i * depth;
      block.c = part.operands.c + i * problem_.c_stride + j;
      block.epilogue = k_index + 1 == k_blocks_ ? &epilogue : nullptr;
      kernels.multiply(block);
    }
  }
}

/// What of packed B the block at depth `p` that ends before column `j` should fetch: the panel
/// there, or the first of the next block of depth, or of the next columns.
void GemmPlan::FetchAfter(const Part& part, int64_t p, int64_t j, GemmBlock* block) const {
  if (j == part.j_end) {
    p += k_block_;
    j = part.j_begin;
    if (p >= problem_.k) {
      p = 0;
      j = part.j_end;
    }
  }
  if (j >= problem_.n) return;
  const int64_t depth = std::min(k_block_, problem_.k - p);
  block->next = part.b + p * padded_n_ + j * depth;
  block->next_floats =
      depth * std::min<int64_t>(GemmKernelsOfThisCpu().column_panel, padded_n_ - j);
}

}  // namespace sardonyx
