// Denormal numbers, the floats nearest to zero, with which many CPUs compute far more slowly.
#pragma once

#include <cstdint>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace sardonyx {

/// The modes of this thread's float instructions: on x86 the register MXCSR, elsewhere nothing.
inline uint32_t FloatModes() {
#if defined(__SSE2__)
  return _mm_getcsr();
#else
  return 0;
#endif
}
inline void SetFloatModes(uint32_t modes) {
#if defined(__SSE2__)
  _mm_setcsr(modes);
#else
  static_cast<void>(modes);
#endif
}

/// While it lives, and `on`, results of this thread's float instructions that would be denormal are
/// zero (flush-to-zero, Intel SDM volume 1, 10.2.3.3). Denormal operands keep their values.
class FlushDenormals {
 public:
  explicit FlushDenormals(bool on) : on_(on) {
    if (!on_) return;  // the register is slow to read and to write
    constexpr uint32_t kFlushToZero = 0x8000;
    before_ = FloatModes();
    SetFloatModes(before_ | kFlushToZero);
  }
  ~FlushDenormals() {
    if (on_) SetFloatModes(before_);
  }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  const bool on_;
  uint32_t before_ = 0;
};

}  // namespace sardonyx
