#include "ops/attention/cache.h"

namespace sardonyx {

MaskView::MaskView(const Tensor& tensor) {
  if (!tensor.defined()) return;
  data = tensor.raw();
  const Shape& shape = tensor.shape();
  const Ints strides = shape.Strides();
  for (int i = 0; i < shape.rank(); ++i) {
    const int axis = 4 - shape.rank() + i;
    if (axis == 3 || shape[i] != 1) steps[axis] = strides[i];
  }
  if (shape.rank() > 0) columns = shape[shape.rank() - 1];
}

StatusOr<Ints> ReadNonpadLengths(const KernelContext& context) {
  if (!context.has_input(kNonpadLength)) return Ints();
  SX_ASSIGN_OR_RETURN(const Ints nonpad, ToInts(context.input(kNonpadLength)));
  const Tensor& key = context.input(kKey);
  const int64_t length = key.dim(key.rank() - 2);
  for (const int64_t valid : nonpad) {
    if (valid < 0 || valid > length) {
      return InvalidArgument("nonpad_kv_seqlen has ", valid, ", but there are ", length, " keys");
    }
  }
  return nonpad;
}

}  // namespace sardonyx
