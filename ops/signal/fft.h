// The discrete Fourier transform of any length in O(n log n).
//
// Lengths of small factors are transformed by the mixed-radix self-sorting scheme of Stockham
// (Temperton, "Self-sorting mixed-radix fast Fourier transforms", 1983), others by Bluestein's
// chirp transform ("A linear filtering approach to the computation of discrete Fourier transform",
// 1970), which turns them into convolutions whose lengths are powers of two.
#pragma once

#include <complex>
#include <vector>

#include "runtime/op.h"

namespace sardonyx {

/// Tables for one length, in arithmetic of T, float or double. Immutable; several threads may Run
/// it, each with its own work space.
template <typename T>
class Fft {
 public:
  using Complex = std::complex<T>;

  /// n is 1 or more. Errors: no memory for the tables.
  static StatusOr<Fft> Make(const KernelContext& context, int64_t n);

  /// Transforms data[0, n) in place: sum over k of data[k] exp(-2 pi i j k / n), with +2 pi where
  /// `inverse` (not divided by n). `work` has work_size() elements.
  /// Long transforms are shared among threads; once the run is stopped the result is worthless.
  void Run(const KernelContext& context, Complex* data, Complex* work, bool inverse) const;
  int64_t work_size() const { return chirped() ? 2 * padded_ : n_; }

 private:
  struct Split {
    int64_t radix = 1, before = 1;
    T sign = 1;  // of the angles; -1 for the inverse
  };

  bool chirped() const { return padded_ != n_; }
  Status MakeChirp(const KernelContext& context);
  void RunSmooth(const KernelContext& context, Complex* data, Complex* work, bool inverse) const;
  void Pass(const Split& split, const Complex* from, Complex* to, int64_t begin, int64_t end) const;
  void Butterfly(int64_t radix, Complex* x, T sign) const;

  int64_t n_ = 1;
  int64_t padded_ = 1;            // what is transformed by passes: n, or a power of two
  std::vector<int64_t> radices_;  // of the passes
  Tensor roots_;                  // exp(-2 pi i k / padded) for k < padded
  Tensor chirp_;                  // exp(-pi i k^2 / n) for k < n
  Tensor filter_;                 // transform of the conjugate chirp, divided by padded
};

}  // namespace sardonyx
