// Storing the sums of a matrix product, for kernels compiled once per instruction set: included
// from within Highway's foreach_target, hence the toggled guard.
#if defined(SARDONYX_STORE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SARDONYX_STORE_INL_H
#undef SARDONYX_STORE_INL_H
#else
#define SARDONYX_STORE_INL_H
#endif

#include "hwy/highway.h"
#include "ops/common/activation-inl.h"
#include "ops/matmul/epilogue.h"

HWY_BEFORE_NAMESPACE();
namespace sardonyx::HWY_NAMESPACE {

/// The epilogue on up to one vector of sums at column j of row i; load(p) loads as many floats.
template <class D, class Load, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE V Finish(D d, const Epilogue& epilogue, int64_t i, int64_t j, V x, const Load& load) {
  namespace hn = hwy::HWY_NAMESPACE;
  if (epilogue.alpha != 1.0f) x = hn::Mul(x, hn::Set(d, epilogue.alpha));
  float added = epilogue.offset;
  if (epilogue.row_bias != nullptr) added += epilogue.row_bias[i];
  V more = hn::Set(d, added);
  if (epilogue.column_bias != nullptr) more = hn::Add(more, load(epilogue.column_bias + j));
  if (epilogue.residual != nullptr) {
    more = hn::Add(more, load(epilogue.residual + i * epilogue.residual_stride + j));
  }
  x = hn::MulAdd(hn::Set(d, epilogue.beta), more, x);
  return Activate(d, epilogue.activation, x);
}

/// c = epilogue(sums), or c += sums, or both; null: no epilogue.
template <class D>
void Store(D d, const float* sums, int64_t sums_stride, int64_t rows, int64_t columns, float* c,
           int64_t c_stride, bool accumulate, const Epilogue* epilogue) {
  namespace hn = hwy::HWY_NAMESPACE;
  using V = hn::Vec<D>;
  constexpr int64_t kLanes = hn::MaxLanes(D());
  const int64_t whole = columns - columns % kLanes;
  const auto mask = hn::FirstN(d, static_cast<size_t>(columns - whole));
  const auto load = [d](const float* p) HWY_ATTR { return hn::LoadU(d, p); };
  const auto load_rest = [d, mask](const float* p) HWY_ATTR { return hn::MaskedLoad(mask, d, p); };
  for (int64_t i = 0; i < rows; ++i) {
    const float* from = sums + i * sums_stride;
    float* to = c + i * c_stride;
    for (int64_t j = 0; j < whole; j += kLanes) {
      V x = hn::LoadU(d, from + j);
      if (accumulate) x = hn::Add(x, hn::LoadU(d, to + j));
      if (epilogue != nullptr) x = Finish(d, *epilogue, i, j, x, load);
      hn::StoreU(x, d, to + j);
    }
    if (whole < columns) {
      V x = hn::MaskedLoad(mask, d, from + whole);
      if (accumulate) x = hn::Add(x, hn::MaskedLoad(mask, d, to + whole));
      if (epilogue != nullptr) x = Finish(d, *epilogue, i, whole, x, load_rest);
      hn::BlendedStore(x, mask, d, to + whole);
    }
  }
}

}  // namespace sardonyx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggled guard
