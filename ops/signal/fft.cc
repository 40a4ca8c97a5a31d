#include "ops/signal/fft.h"

#include <bit>
#include <numbers>
#include <utility>

namespace sardonyx {
namespace {

constexpr int64_t kLargestRadix = 31;

/// n as a product of radices: 2 at most once, fours, then odd primes; what is left has larger ones.
int64_t Factor(int64_t n, std::vector<int64_t>& radices) {
  for (; n % 4 == 0; n /= 4) radices.push_back(4);
  for (; n % 2 == 0; n /= 2) radices.insert(radices.begin(), 2);
  for (int64_t odd = 3; odd <= kLargestRadix; odd += 2) {
    for (; n % odd == 0; n /= odd) radices.push_back(odd);
  }
  return n;
}

/// exp(-2 pi i part)
template <typename T>
std::complex<T> Turn(double part) {
  return std::complex<T>(std::polar(1.0, -2 * std::numbers::pi * part));
}

template <typename T>
StatusOr<Tensor> Table(const KernelContext& context, int64_t size) {
  return context.Temporary(kTypeOf<std::complex<T>>, {size});
}

/// body(begin, end) on ranges that cover [0, n): long ones are shared among threads, and left out
/// once the run is stopped.
template <typename Body>
void InParts(const KernelContext& context, int64_t n, Body&& body) {
  constexpr int64_t kShort = 1 << 14;
  if (n <= kShort) return body(0, n);
  context.ParallelFor(n, 5, body).IgnoreError();
}

/// Without the care for infinite products that the standard's operator takes.
template <typename T>
std::complex<T> Times(std::complex<T> a, std::complex<T> b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

/// -i z, or i z where sign is -1.
template <typename T>
std::complex<T> Rotate(std::complex<T> z, T sign) {
  return {sign * z.imag(), -sign * z.real()};
}

}  // namespace

template <typename T>
StatusOr<Fft<T>> Fft<T>::Make(const KernelContext& context, int64_t n) {
  if (n < 1 || n > int64_t{1} << 32) return LimitExceeded("a transform of length ", n);
  Fft fft;
  fft.n_ = n;
  fft.padded_ = n;
  if (Factor(n, fft.radices_) > 1) {
    fft.padded_ = static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(2 * n)));
    fft.radices_.clear();
    Factor(fft.padded_, fft.radices_);
  }
  SX_ASSIGN_OR_RETURN(fft.roots_, Table<T>(context, fft.padded_));
  Complex* roots = fft.roots_.template data<Complex>();
  InParts(context, fft.padded_, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      roots[k] = Turn<T>(static_cast<double>(k) / static_cast<double>(fft.padded_));
    }
  });
  SX_RETURN_IF_ERROR(context.Check());
  if (fft.chirped()) SX_RETURN_IF_ERROR(fft.MakeChirp(context));
  return fft;
}

template <typename T>
Status Fft<T>::MakeChirp(const KernelContext& context) {
  SX_ASSIGN_OR_RETURN(chirp_, Table<T>(context, n_));
  SX_ASSIGN_OR_RETURN(filter_, Table<T>(context, padded_));
  SX_ASSIGN_OR_RETURN(Tensor work, Table<T>(context, padded_));
  Complex* chirp = chirp_.data<Complex>();
  Complex* filter = filter_.data<Complex>();
  std::fill_n(filter, padded_, Complex());
  const T scale = T{1} / static_cast<T>(padded_);
  InParts(context, n_, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      // k^2 modulo 2n keeps the angle small, so that it stays exact.
      const auto square = static_cast<unsigned __int128>(k) * static_cast<unsigned __int128>(k);
      chirp[k] = Turn<T>(static_cast<double>(static_cast<int64_t>(square % (2 * n_))) /
                         static_cast<double>(2 * n_));
      filter[k] = std::conj(chirp[k]) * scale;
      if (k > 0) filter[padded_ - k] = filter[k];
    }
  });
  RunSmooth(context, filter, work.data<Complex>(), false);
  return context.Check();
}

/// x[0, radix) becomes its own transform.
template <typename T>
void Fft<T>::Butterfly(int64_t radix, Complex* x, T sign) const {
  if (radix == 2) {
    const Complex sum = x[0] + x[1];
    x[1] = x[0] - x[1];
    x[0] = sum;
    return;
  }
  if (radix == 4) {
    const Complex even = x[0] + x[2], rest = x[0] - x[2];
    const Complex odd = x[1] + x[3], turned = Rotate(x[1] - x[3], sign);
    x[0] = even + odd;
    x[1] = rest + turned;
    x[2] = even - odd;
    x[3] = rest - turned;
    return;
  }
  // What stands at k and radix - k is turned by opposite angles: it shares cosines and sines.
  const Complex first = x[0];
  const int64_t pairs = radix / 2, step = padded_ / radix;
  Complex sums[kLargestRadix / 2], differences[kLargestRadix / 2];
  for (int64_t k = 0; k < pairs; ++k) {
    sums[k] = x[k + 1] + x[radix - k - 1];
    differences[k] = x[k + 1] - x[radix - k - 1];
    x[0] += sums[k];
  }
  for (int64_t j = 1; j <= pairs; ++j) {
    Complex along = first, across = {};
    for (int64_t k = 0; k < pairs; ++k) {
      const Complex root = roots_.data<Complex>()[j * (k + 1) % radix * step];
      along += sums[k] * root.real();
      across -= differences[k] * root.imag();
    }
    x[j] = along + Rotate(across, sign);
    x[radix - j] = along - Rotate(across, sign);
  }
}

/// Splits each of `before` transforms into `radix` shorter ones, sorted as their results belong:
/// butterflies [begin, end) of them.
template <typename T>
void Fft<T>::Pass(const Split& split, const Complex* from, Complex* to, int64_t begin,
                  int64_t end) const {
  const auto [radix, before, sign] = split;
  const Complex* roots = roots_.data<Complex>();
  const int64_t length = padded_ / (radix * before);
  for (int64_t k = begin / length, i = begin % length; begin < end; ++begin) {
    Complex x[kLargestRadix];
    for (int64_t j = 0; j < radix; ++j) x[j] = from[(k * radix + j) * length + i];
    Butterfly(radix, x, sign);
    for (int64_t j = 0; j < radix; ++j) {
      const Complex root = roots[j * i * before];
      const Complex turn(root.real(), sign * root.imag());
      to[(j * before + k) * length + i] = i * j == 0 ? x[j] : Times(x[j], turn);
    }
    if (++i == length) i = 0, ++k;
  }
}

template <typename T>
void Fft<T>::RunSmooth(const KernelContext& context, Complex* data, Complex* work,
                       bool inverse) const {
  Complex *from = data, *to = work;
  Split split{.sign = inverse ? T{-1} : T{1}};
  for (const int64_t radix : radices_) {
    split.radix = radix;
    InParts(context, padded_ / radix,
            [&](int64_t begin, int64_t end) { Pass(split, from, to, begin, end); });
    split.before *= radix;
    std::swap(from, to);
  }
  if (from != data) std::copy_n(from, padded_, data);
}

template <typename T>
void Fft<T>::Run(const KernelContext& context, Complex* data, Complex* work, bool inverse) const {
  if (!chirped()) return RunSmooth(context, data, work, inverse);
  // The inverse is the conjugate of the transform of the conjugate.
  const auto flip = [inverse](Complex z) { return inverse ? std::conj(z) : z; };
  const Complex* chirp = chirp_.data<Complex>();
  const Complex* filter = filter_.data<Complex>();
  InParts(context, padded_, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      work[k] = k < n_ ? Times(flip(data[k]), chirp[k]) : Complex();
    }
  });
  RunSmooth(context, work, work + padded_, false);
  InParts(context, padded_, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) work[k] = Times(work[k], filter[k]);
  });
  RunSmooth(context, work, work + padded_, true);
  InParts(context, n_, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) data[k] = flip(Times(work[k], chirp[k]));
  });
}

template class Fft<float>;
template class Fft<double>;

}  // namespace sardonyx
