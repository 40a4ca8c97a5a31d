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

}  // namespace

StatusOr<Fft> Fft::Make(const KernelContext& context, int64_t n) {
  if (n < 1 || n > int64_t{1} << 32) return LimitExceeded("a transform of length ", n);
  Fft fft;
  fft.n_ = n;
  fft.chirped_ = !std::has_single_bit(static_cast<uint64_t>(n));
  fft.padded_ =
      fft.chirped_ ? static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(2 * n))) : n;
  SX_ASSIGN_OR_RETURN(fft.roots_, Table(context, std::max<int64_t>(fft.padded_ / 2, 1)));
  for (int64_t k = 0; k < fft.roots_.size(); ++k) {
    fft.roots_.data<Complex>()[k] = Turn(static_cast<double>(k) / static_cast<double>(fft.padded_));
  }
  if (!fft.chirped_) return fft;
  SX_ASSIGN_OR_RETURN(fft.chirp_, Table(context, n));
  SX_ASSIGN_OR_RETURN(fft.filter_, Table(context, fft.padded_));
  Complex* chirp = fft.chirp_.data<Complex>();
  Complex* filter = fft.filter_.data<Complex>();
  for (int64_t k = 0; k < n; ++k) {
    // k^2 modulo 2n keeps the angle small, so that it stays exact.
    const auto square = static_cast<unsigned __int128>(k) * static_cast<unsigned __int128>(k);
    chirp[k] = Turn(static_cast<double>(static_cast<int64_t>(square % (2 * n))) /
                    static_cast<double>(2 * n));
  }
  std::fill_n(filter, fft.padded_, Complex());
  const double scale = 1.0 / static_cast<double>(fft.padded_);
  for (int64_t k = 0; k < n; ++k) {
    filter[k] = std::conj(chirp[k]) * scale;
    if (k > 0) filter[fft.padded_ - k] = filter[k];
  }
  fft.PowerOfTwo(filter, false);
  return fft;
}

void Fft::PowerOfTwo(Complex* data, bool inverse) const {
  for (int64_t i = 1, j = 0; i < padded_; ++i) {  // bit-reversed order
    int64_t bit = padded_ >> 1;
    for (; (j & bit) != 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(data[i], data[j]);
  }
  const Complex* roots = roots_.data<Complex>();
  for (int64_t half = 1; half < padded_; half *= 2) {
    const int64_t step = padded_ / (2 * half);
    for (int64_t block = 0; block < padded_; block += 2 * half) {
      for (int64_t k = 0; k < half; ++k) {
        const double re = roots[k * step].real();
        const double im = inverse ? -roots[k * step].imag() : roots[k * step].imag();
        const Complex a = data[block + k], b = data[block + k + half];
        const Complex turned(b.real() * re - b.imag() * im, b.real() * im + b.imag() * re);
        data[block + k] = a + turned;
        data[block + k + half] = a - turned;
      }
    }
  }
}

void Fft::Run(Complex* data, Complex* work, bool inverse) const {
  if (!chirped_) return PowerOfTwo(data, inverse);
  // The inverse is the conjugate of the transform of the conjugate.
  const auto flip = [inverse](Complex z) { return inverse ? std::conj(z) : z; };
  const auto times = [](Complex a, Complex b) {
    return Complex(a.real() * b.real() - a.imag() * b.imag(),
                   a.real() * b.imag() + a.imag() * b.real());
  };
  const Complex* chirp = chirp_.data<Complex>();
  const Complex* filter = filter_.data<Complex>();
  for (int64_t k = 0; k < n_; ++k) work[k] = times(flip(data[k]), chirp[k]);
  std::fill(work + n_, work + padded_, Complex());
  PowerOfTwo(work, false);
  for (int64_t k = 0; k < padded_; ++k) work[k] = times(work[k], filter[k]);
  PowerOfTwo(work, true);
  for (int64_t k = 0; k < n_; ++k) data[k] = flip(times(work[k], chirp[k]));
}

}  // namespace sardonyx
