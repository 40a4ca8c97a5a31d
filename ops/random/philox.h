// The counter-based random number generator Philox4x32-10 (Salmon, Moraes, Dror and Shaw,
// "Parallel random numbers: as easy as 1, 2, 3", SC 2011): number i depends on the key and i alone,
// so that results are the same for any number of threads.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

namespace sardonyx {

class Philox {
 public:
  explicit Philox(uint64_t key) : key_(key) {}

  /// Four random words for position `counter`.
  std::array<uint32_t, 4> At(uint64_t counter) const {
    std::array<uint32_t, 4> c = {static_cast<uint32_t>(counter),
                                 static_cast<uint32_t>(counter >> 32), 0, 0};
    auto k0 = static_cast<uint32_t>(key_), k1 = static_cast<uint32_t>(key_ >> 32);
    for (int round = 0; round < 10; ++round) {
      const uint64_t p0 = uint64_t{0xD2511F53u} * c[0];
      const uint64_t p1 = uint64_t{0xCD9E8D57u} * c[2];
      c = {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(p1),
           static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k1, static_cast<uint32_t>(p0)};
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    return c;
  }

  /// Uniform in [0, 1), 53 bits.
  double Uniform(uint64_t counter) const {
    const auto words = At(counter);
    return Unit(words[0], words[1]);
  }

  /// Standard normal (Box and Muller, 1958).
  double Normal(uint64_t counter) const {
    const auto words = At(counter);
    const double u = 1.0 - Unit(words[0], words[1]);  // in (0, 1], so that its logarithm is finite
    const double angle = 6.283185307179586476925 * Unit(words[2], words[3]);
    return std::sqrt(-2.0 * std::log(u)) * std::cos(angle);
  }

 private:
  static double Unit(uint32_t high, uint32_t low) {
    return static_cast<double>((uint64_t{high} << 21) ^ (low >> 11)) * 0x1p-53;
  }

  uint64_t key_;
};

}  // namespace sardonyx
