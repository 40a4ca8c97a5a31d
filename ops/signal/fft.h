// The discrete Fourier transform of any length in O(n log n): radix 2 for powers of two, and
// otherwise Bluestein's chirp transform ("A linear filtering approach to the computation of
// discrete Fourier transform", 1970), which turns it into convolutions of such lengths.
#pragma once

#include <complex>

#include "runtime/op.h"

namespace sardonyx {

/// Tables for one length. Immutable; several threads may Run it, each with its own work space.
class Fft {
 public:
  using Complex = std::complex<double>;

  /// n is 1 or more. Errors: no memory for the tables.
  static StatusOr<Fft> Make(const KernelContext& context, int64_t n);

  /// Transforms data[0, n) in place: sum over k of data[k] exp(-2 pi i j k / n), with +2 pi where
  /// `inverse` (not divided by n). `work` has work_size() elements. Unfinished where the run was
  /// stopped meanwhile, which context.Check() tells.
  void Run(const KernelContext& context, Complex* data, Complex* work, bool inverse) const;
  int64_t work_size() const { return chirped_ ? padded_ : 0; }

 private:
  void PowerOfTwo(const KernelContext& context, Complex* data, bool inverse) const;
  void ReverseBits(Complex* data, int64_t begin, int64_t end) const;
  void Butterflies(Complex* data, int64_t half, bool inverse, int64_t begin, int64_t end) const;

  int64_t n_ = 1;
  int64_t padded_ = 1;    // the power of two that is transformed
  bool chirped_ = false;  // n is no power of two
  Tensor roots_;          // exp(-2 pi i k / padded) for k < padded / 2
  Tensor chirp_;          // exp(-pi i k^2 / n) for k < n
  Tensor filter_;         // transform of the conjugate chirp, divided by padded
};

}  // namespace sardonyx
