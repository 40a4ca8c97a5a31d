// oneDNN, versions 2.6 and 3, behind the few things our kernels ask of it.
//
// oneDNN brings OpenMP's threads. Ours are to do the work, so every primitive is made and run for
// one thread, the calling one, and kernels cut their work into slices for the thread pool.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "ops/common/activation.h"
#include "ops/common/window.h"
#include "runtime/op.h"

namespace sardonyx::onednn {

using Dims = std::vector<int64_t>;

/// How the elements of a float tensor lie in memory: row-major, in blocks of channels, ... A value.
class Layout {
 public:
  struct State;

  Layout() = default;
  explicit Layout(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  static StatusOr<Layout> RowMajor(const Dims& dims);
  /// The elements [offsets, offsets + dims) of a tensor of this layout, in the tensor's memory.
  /// Errors: the layout's blocks cannot be cut so.
  StatusOr<Layout> Part(const Dims& dims, const Dims& offsets) const;

  int64_t bytes() const;
  const State& state() const { return *state_; }
  friend bool operator==(const Layout& a, const Layout& b);

 private:
  std::shared_ptr<const State> state_;
};

enum class Argument { kSource, kWeights, kBias, kDestination, kMean, kVariance, kScale, kShift };

/// Something that oneDNN computes. Thread-safe; runs on the calling thread alone.
class Primitive {
 public:
  struct State;
  struct Binding {
    Argument argument;
    const void* data;  // written where the argument is the destination
  };

  Primitive() = default;
  explicit Primitive(std::shared_ptr<const State> state) : state_(std::move(state)) {}

  /// The layouts in which it wants source, weights and destination.
  const Layout& source() const;
  const Layout& weights() const;
  const Layout& destination() const;
  int64_t scratch_bytes() const;
  Status Run(std::initializer_list<Binding> bindings, std::byte* scratch) const;

 private:
  std::shared_ptr<const State> state_;
};

/// Whether oneDNN's code for this activation keeps NaN; that for bounds (Relu, Clip and
/// HardSigmoid) makes a bound of it, in versions 2.6 and 3 alike.
bool KeepsNaN(const Activation& activation);

/// Y = activation(convolution(X, W) [+ B] [+ what Y holds]). Spatial axes: 1 to 3.
struct Convolution {
  int64_t batch = 1;
  int64_t group = 1;
  int64_t in_channels = 1;   // of all groups
  int64_t out_channels = 1;  // of all groups
  Window window;
  bool channels_last = false;  // source and destination then lie so, else as oneDNN likes best
  bool bias = false;
  bool accumulate = false;
  Activation activation;  // one that KeepsNaN
};
/// Errors: Unimplemented where oneDNN has nothing but its plain reference code.
StatusOr<Primitive> Make(const Convolution& convolution);

struct Pooling {
  enum class Kind { kMax, kAverageWithPadding, kAverageWithoutPadding };
  Kind kind = Kind::kMax;
  int64_t channels = 1;  // of one image
  Window window;
};
/// From row-major to row-major. Errors as above.
StatusOr<Primitive> Make(const Pooling& pooling);

/// Y = (X - mean) / sqrt(variance + epsilon) * scale + shift, row-major, channels axis 1 of `dims`.
struct BatchNormalization {
  Dims dims;
  float epsilon = 0;
};
StatusOr<Primitive> Make(const BatchNormalization& normalization);

/// Copies from one layout to another of the same dimensions.
StatusOr<Primitive> MakeReorder(const Layout& from, const Layout& to);

/// Keeps the first error of several threads.
class FirstError {
 public:
  void Add(const Status& status) {
    if (status.ok()) return;
    std::lock_guard lock(mutex_);
    if (first_.ok()) first_ = status;
  }
  Status status() const { return first_; }  // once the threads are done

 private:
  std::mutex mutex_;
  Status first_;
};

/// C = alpha * op(A) * op(B) + beta * C with op(A) [m, k], op(B) [k, n], C [m, n], all row-major
/// with lda, ldb, ldc elements from one row (of the matrix as stored) to the next. C is not read
/// where beta is 0.
struct Gemm {
  bool transpose_a = false;
  bool transpose_b = false;
  int64_t m = 0, n = 0, k = 0;
  float alpha = 1;
  const float* a = nullptr;
  int64_t lda = 0;
  const float* b = nullptr;
  int64_t ldb = 0;
  float beta = 0;
  float* c = nullptr;
  int64_t ldc = 0;
};
/// On the calling thread alone: for many products, each a task of one's own ParallelFor.
Status Run(const Gemm& gemm);
/// Cut into slices of rows or columns over the run's threads.
Status Run(const KernelContext& context, const Gemm& gemm);

}  // namespace sardonyx::onednn
