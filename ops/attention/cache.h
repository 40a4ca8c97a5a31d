// What kernels of Attention read: keys and values, of the past too, masks and lengths.
#pragma once

#include <algorithm>
#include <limits>

#include "ops/attention/attention.h"

namespace sardonyx {

/// attn_mask (undefined: none), broadcast to [batch, heads, rows, keys].
struct MaskView {
  const void* data = nullptr;
  int64_t steps[4] = {};
  int64_t columns =
      std::numeric_limits<int64_t>::max();  // keys beyond are masked; a scalar has all

  explicit MaskView(const Tensor& tensor);
  /// Of the first key's element.
  int64_t At(int64_t batch, int64_t head, int64_t row) const {
    return batch * steps[0] + head * steps[1] + row * steps[2];
  }
};

/// nonpad_kv_seqlen, by batch; empty where it is not given. Errors: more than there are keys.
StatusOr<Ints> ReadNonpadLengths(const KernelContext& context);

/// Keys or values of the past, followed by those of this call.
template <typename T>
struct Cache {
  const Tensor& past;  // undefined: none
  const Tensor& now;
  HeadsView past_view, now_view;

  Cache(const Tensor& past, const Tensor& now, const HeadsView& now_view)
      : past(past),
        now(now),
        past_view(past.defined() ? past.shape() : Shape{0, 0, 0, 0}, 0),
        now_view(now_view) {}

  int64_t length() const { return past_view.length + now_view.length; }
  const T* Row(int64_t batch, int64_t head, int64_t row) const {
    if (row < past_view.length) return past.data<T>() + past_view.At(batch, head, row);
    return now.data<T>() + now_view.At(batch, head, row - past_view.length);
  }
  Status CopyTo(KernelContext& context, int i) const {
    if (!context.has_output(i) || context.output(i).size() == 0) return absl::OkStatus();
    T* out = context.output(i).data<T>();
    const int64_t size = now_view.size, heads = now_view.heads;
    return context.ParallelFor(
        now_view.batch * heads * length(), 0.3 * size, [&](int64_t begin, int64_t end) {
          for (int64_t row = begin; row < end; ++row) {
            const int64_t head = row / length();
            std::copy_n(Row(head / heads, head % heads, row % length()), size, out + row * size);
          }
        });
  }
};

}  // namespace sardonyx
