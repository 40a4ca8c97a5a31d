#include "runtime/session/observer.h"

#include <algorithm>
#include <cstring>

namespace sardonyx {

StatusOr<Tensor> InModelLayout(const LayerOutput& output) {
  const Tensor& last = output.value.tensor();
  if (!output.channels_last || last.rank() < 3) return last;
  Ints dims(last.shape().begin(), last.shape().end());
  std::rotate(dims.begin() + 1, dims.end() - 1, dims.end());
  SX_ASSIGN_OR_RETURN(Tensor first, Tensor::CreateUninitialized(last.type(), Shape(dims)));
  if (last.size() == 0) return first;
  const auto element = static_cast<int64_t>(ElementSize(last.type()));
  const int64_t channels = dims[1], pixels = last.size() / (dims[0] * channels);
  const auto* from = static_cast<const std::byte*>(last.raw());
  auto* to = static_cast<std::byte*>(first.raw());
  for (int64_t n = 0; n < dims[0]; ++n) {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t pixel = 0; pixel < pixels; ++pixel, to += element) {
        std::memcpy(to, from + ((n * pixels + pixel) * channels + c) * element,
                    static_cast<size_t>(element));
      }
    }
  }
  return first;
}

}  // namespace sardonyx
