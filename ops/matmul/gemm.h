// The float32 matrix product of this project: C = epilogue(A B), A of m x k, B of k x n.
//
// Results are the same bit for bit whatever the number of threads: work is divided among them by
// rows and columns of C alone, and each element is summed in an order that only k decides.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "ops/matmul/epilogue.h"
#include "runtime/op.h"

namespace sardonyx {

struct GemmBlock;

/// A or B of many products, packed for the kernel once. Immutable.
class PackedMatrix {
 public:
  /// A of m x k whose element (i, p) is a[i row_stride + p column_stride]; likewise B of k x n.
  /// Null if there is no memory for it, or `environment` (null: this thread, memory that is not
  /// counted) stops it.
  static std::shared_ptr<const PackedMatrix> Left(const float* a, int64_t row_stride,
                                                  int64_t column_stride, int64_t m, int64_t k,
                                                  const RunEnvironment* environment = nullptr);
  static std::shared_ptr<const PackedMatrix> Right(const float* b, int64_t row_stride,
                                                   int64_t column_stride, int64_t k, int64_t n,
                                                   const RunEnvironment* environment = nullptr);
  const float* data() const { return reinterpret_cast<const float*>(memory_.get()); }

  /// Inner dimension of the blocks in which the matrix lies.
  int64_t depth_block() const { return block_; }
  /// For GemmBlock: the panels from that line (the first of a panel), in the block that begins at
  /// `p`, a multiple of depth_block().
  const float* Panels(int64_t line, int64_t p) const {
    return data() + p * padded_ + line * std::min(block_, k_ - p);
  }

 private:
  static std::shared_ptr<PackedMatrix> Pack(const float* from, int64_t line_stride,
                                            int64_t step_stride, int64_t lines, int64_t k,
                                            int64_t panel, int64_t round,
                                            const RunEnvironment* environment);

  std::shared_ptr<std::byte> memory_;
  int64_t k_ = 0, block_ = 1, padded_ = 0;
};

/// Makes columns of B when they are needed: an image's patches, say.
class ColumnSource {
 public:
  virtual ~ColumnSource() = default;
  /// Fills a panel with rows [row, row + rows) of columns [column, column + columns) of the product
  /// `index`: element (p, j) at panel[p width + j], zero for j from columns to width.
  virtual void Pack(int64_t index, int64_t row, int64_t rows, int64_t column, int64_t columns,
                    int64_t width, float* panel) const = 0;
};

/// Products of one shape.
struct GemmProblem {
  enum class Layout { kStrided, kPacked, kMade };  // kMade, by a ColumnSource, is for B alone
  struct Operand {
    Layout layout = Layout::kStrided;
    int64_t row_stride = 0, column_stride = 1;  // of a strided one
  };

  int64_t m = 0, n = 0, k = 0;
  int64_t count = 1;  // products to compute
  Operand a, b;
  int64_t c_stride = 0;  // elements from row to row of C; where n is 1, those of a residual too

  /// False for sizes that no tensors in memory have: what a plan computes from them overflows.
  bool sensible() const;
};

/// One product's memory.
struct GemmOperands {
  const float* a = nullptr;  // packed: PackedMatrix::data()
  const float* b = nullptr;  // null for a ColumnSource
  float* c = nullptr;
  Epilogue epilogue;
};

/// How to compute the products of a problem with up to so many threads. Immutable.
class GemmPlan {
 public:
  GemmPlan(const GemmProblem& problem, int threads);

  /// What Run needs of scratch memory, aligned to 64 bytes.
  int64_t scratch_bytes() const { return scratch_floats_ * static_cast<int64_t>(sizeof(float)); }

  /// Computes products 0 to count - 1, those that operands(index) names; it may be called from any
  /// thread and several times for one index. Errors: those of `control`.
  Status Run(absl::FunctionRef<GemmOperands(int64_t index)> operands, const ColumnSource* source,
             absl::Span<std::byte> scratch, ThreadPool& pool, const RunControl& control) const;

 private:
  struct Call;
  struct Part;

  void ChooseBlocks();
  void ChooseItems(int threads);
  Status PackLeft(const Call& call, int64_t first, int64_t count) const;
  Status PackRight(const Call& call, int64_t first, int64_t count) const;
  Status Multiply(const Call& call, int64_t first, int64_t count) const;
  void PackColumns(const Call& call, int64_t index, const float* b, int64_t p, int64_t depth,
                   int64_t j, int64_t columns, float* panels) const;
  void MultiplyItem(const Call& call, int64_t first, int64_t item, float* panel) const;
  void MultiplyDepth(const Call& call, const Part& part, int64_t k_index) const;
  void FetchAfter(const Part& part, int64_t p, int64_t j, GemmBlock* block) const;
  void MultiplyRows(const Call& call, int64_t index, int64_t begin, int64_t end) const;
  GemmOperands Operands(const Call& call, int64_t index) const;

  GemmProblem problem_;
  bool transposed_ = false;  // C' = B' A' is computed instead
  bool dot_ = false;         // by products of contiguous lines
  bool direct_b_ = false;    // B is read where it lies
  bool share_b_ = false;     // B is packed once before all items, not once for each
  int64_t k_block_ = 1, k_blocks_ = 1;
  int64_t row_block_ = 1;     // rows of A that stay in cache
  int64_t column_block_ = 1;  // columns of B packed at a time where they are not shared
  int64_t row_panels_ = 0, column_panels_ = 0;
  int64_t row_items_ = 1, column_items_ = 1;
  int64_t padded_m_ = 0, padded_n_ = 0;
  int64_t group_ = 1;  // products whose operands are packed at a time
  int64_t slots_ = 1;  // threads that multiply, each with a panel of its own
  int64_t a_floats_ = 0, b_floats_ = 0, panel_floats_ = 0, scratch_floats_ = 0;
};

}  // namespace sardonyx
