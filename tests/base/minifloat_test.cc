#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "runtime/base/data_type.h"

namespace sardonyx {
namespace {

/// Every bit pattern survives the way to float and back.
template <typename T, typename Bits>
void CheckRoundTrip(int width) {
  for (uint32_t bits = 0; bits < (1u << width); ++bits) {
    const T value = T::FromBits(static_cast<Bits>(bits));
    const float wide = static_cast<float>(value);
    if (value.IsNan()) {
      CHECK(std::isnan(wide));
    } else if (T::FromFloat(wide, false).bits != bits) {
      FAIL("pattern " << bits << " came back as " << +T::FromFloat(wide, false).bits);
    }
  }
}

TEST_CASE("narrow floats survive the way to float and back", "[base]") {
  CheckRoundTrip<Half, uint16_t>(16);
  CheckRoundTrip<BFloat16, uint16_t>(16);
  CheckRoundTrip<Float8E4M3FN, uint8_t>(8);
  CheckRoundTrip<Float8E4M3FNUZ, uint8_t>(8);
  CheckRoundTrip<Float8E5M2, uint8_t>(8);
  CheckRoundTrip<Float8E5M2FNUZ, uint8_t>(8);
  CheckRoundTrip<Float6E2M3, uint8_t>(6);
  CheckRoundTrip<Float6E3M2, uint8_t>(6);
  CheckRoundTrip<Float4E2M1, uint8_t>(4);
}

TEST_CASE("narrow floats round to nearest even and overflow by their own rules", "[base]") {
  CHECK(static_cast<float>(Half(65504.0f)) == 65504.0f);
  CHECK(std::isinf(static_cast<float>(Half(65520.0f))));
  CHECK(static_cast<float>(Half(65519.0f)) == 65504.0f);
  CHECK(static_cast<float>(Half(2049.0f)) == 2048.0f);
  CHECK(static_cast<float>(Half(2051.0f)) == 2052.0f);
  CHECK(static_cast<float>(Half(std::ldexp(1.0f, -25))) == 0.0f);
  CHECK(static_cast<float>(Half(std::ldexp(1.5f, -25))) == std::ldexp(1.0f, -24));
  CHECK(static_cast<float>(Float8E4M3FN::FromFloat(1000.0f, true)) == 448.0f);
  CHECK(Float8E4M3FN::FromFloat(1000.0f, false).IsNan());
  CHECK(std::isinf(static_cast<float>(Float8E5M2::FromFloat(1e6f, false))));
  CHECK(static_cast<float>(Float8E4M3FNUZ::FromFloat(-0.0f, false)) == 0.0f);
  CHECK(static_cast<float>(Float4E2M1(5.0f)) == 4.0f);
  CHECK(static_cast<float>(Float4E2M1(100.0f)) == 6.0f);
  CHECK(static_cast<float>(Float8E8M0(3.0f)) == 4.0f);
  // 1 + 2^-11 + 2^-40 is above the halfway point only in double.
  CHECK(static_cast<float>(Half(1.0 + std::ldexp(1.0, -11) + std::ldexp(1.0, -40))) ==
        1.0f + std::ldexp(1.0f, -10));
}

TEST_CASE("narrow integers wrap", "[base]") {
  CHECK(static_cast<int>(Int4(9)) == -7);
  CHECK(static_cast<int>(UInt4(17)) == 1);
  CHECK(static_cast<int>(Int2(2)) == -2);
  CHECK(static_cast<int>(UInt2(5)) == 1);
}

}  // namespace
}  // namespace sardonyx
