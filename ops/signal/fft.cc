#include "ops/signal/fft.h"

#include <bit>
#include <numbers>
#include <utility>

namespace sardonyx {
namespace {

using Complex = Fft::Complex;

Complex Turn(double part) { return std::polar(1.0, -2 * std::numbers::pi * part); }

StatusOr<Tensor> Table(const KernelContext& context, int64_t size) {
  return context.Temporary(DataType::kComplex128, {size});
}

/// body(begin, end) on ranges that cover [0, n): long ones are shared among threads, and left out
/// once the run is stopped.
template <typename Body>
void InParts(const KernelContext& context, int64_t n, Body&& body) {
  constexpr int64_t kShort = 1 << 14;
  if (n <= kShort) return body(0, n);
  context.ParallelFor(n, 5, body).IgnoreError();
}

}  // namespace

StatusOr<Fft> Fft::Make(const KernelContext& context, int64_t n) {
  if (n < 1 || n > int64_t{1} << 32) return LimitExceeded("a transform of length ", n);
  Fft fft;
  fft.n_ = n;
  fft.chirped_ = !std::has_single_bit(static_cast<uint64_t>(n));
  fft.padded_ =
      fft.chirped_ ? static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(2 * n))) : n;
  SX_ASSIGN_OR_RETURN(fft.roots_, Table(context, std::max<int64_t>(fft.padded_ / 2, 1)));
  Complex* roots = fft.roots_.data<Complex>();
  InParts(context, fft.roots_.size(), [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      roots[k] = Turn(static_cast<double>(k) / static_cast<double>(fft.padded_));
    }
  });
  SX_RETURN_IF_ERROR(context.Check());
  if (!fft.chirped_) return fft;
  SX_ASSIGN_OR_RETURN(fft.chirp_, Table(context, n));
  SX_ASSIGN_OR_RETURN(fft.filter_, Table(context, fft.padded_));
  Complex* chirp = fft.chirp_.data<Complex>();
  Complex* filter = fft.filter_.data<Complex>();
  std::fill_n(filter, fft.padded_, Complex());
  const double scale = 1.0 / static_cast<double>(fft.padded_);
  InParts(context, n, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      // k^2 modulo 2n keeps the angle small, so that it stays exact.
      const auto square = static_cast<unsigned __int128>(k) * static_cast<unsigned __int128>(k);
      chirp[k] = Turn(static_cast<double>(static_cast<int64_t>(square % (2 * n))) /
                      static_cast<double>(2 * n));
      filter[k] = std::conj(chirp[k]) * scale;
      if (k > 0) filter[fft.padded_ - k] = filter[k];
    }
  });
  fft.PowerOfTwo(context, filter, false);
  SX_RETURN_IF_ERROR(context.Check());
  return fft;
}

/// Swaps elements of [begin, end) with those at the reversed index, where that is greater.
void Fft::ReverseBits(Complex* data, int64_t begin, int64_t end) const {
  int64_t reversed = 0;
  for (int64_t bit = 1, mirror = padded_ >> 1; bit < padded_; bit <<= 1, mirror >>= 1) {
    if ((begin & bit) != 0) reversed |= mirror;
  }
  for (int64_t i = begin; i < end; ++i) {
    if (i < reversed) std::swap(data[i], data[reversed]);
    int64_t bit = padded_ >> 1;
    for (; (reversed & bit) != 0; bit >>= 1) reversed ^= bit;
    reversed ^= bit;
  }
}

/// Butterflies [begin, end) of the stage that joins transforms of `half` elements.
void Fft::Butterflies(Complex* data, int64_t half, bool inverse, int64_t begin, int64_t end) const {
  const Complex* roots = roots_.data<Complex>();
  const int64_t step = padded_ / (2 * half);
  int64_t k = begin % half;
  for (Complex* low = data + begin / half * 2 * half; begin < end; low += 2 * half) {
    const int64_t last = std::min(half, k + end - begin);
    begin += last - k;
    for (; k < last; ++k) {
      const double re = roots[k * step].real();
      const double im = inverse ? -roots[k * step].imag() : roots[k * step].imag();
      const Complex a = low[k], b = low[k + half];
      const Complex turned(b.real() * re - b.imag() * im, b.real() * im + b.imag() * re);
      low[k] = a + turned;
      low[k + half] = a - turned;
    }
    k = 0;
  }
}

void Fft::PowerOfTwo(const KernelContext& context, Complex* data, bool inverse) const {
  InParts(context, padded_, [&](int64_t begin, int64_t end) { ReverseBits(data, begin, end); });
  for (int64_t half = 1; half < padded_; half *= 2) {
    InParts(context, padded_ / 2,
            [&](int64_t begin, int64_t end) { Butterflies(data, half, inverse, begin, end); });
  }
}

void Fft::Run(const KernelContext& context, Complex* data, Complex* work, bool inverse) const {
  if (!chirped_) return PowerOfTwo(context, data, inverse);
  // The inverse is the conjugate of the transform of the conjugate.
  const auto flip = [inverse](Complex z) { return inverse ? std::conj(z) : z; };
  const auto times = [](Complex a, Complex b) {
    return Complex(a.real() * b.real() - a.imag() * b.imag(),
                   a.real() * b.imag() + a.imag() * b.real());
  };
  const Complex* chirp = chirp_.data<Complex>();
  const Complex* filter = filter_.data<Complex>();
  InParts(context, padded_, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      work[k] = k < n_ ? times(flip(data[k]), chirp[k]) : Complex();
    }
  });
  PowerOfTwo(context, work, false);
  InParts(context, padded_, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) work[k] = times(work[k], filter[k]);
  });
  PowerOfTwo(context, work, true);
  InParts(context, n_, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) data[k] = flip(times(work[k], chirp[k]));
  });
}

}  // namespace sardonyx
