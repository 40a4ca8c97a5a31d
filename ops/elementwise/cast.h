// Cast, CastLike and BitCast.
#pragma once

#include "runtime/op.h"

namespace sardonyx {

std::vector<OpDef> CastOps();

/// How numbers become narrow floats.
struct CastOptions {
  enum class Rounding { kUp, kDown, kNearest };
  bool saturate = true;           // to float8 types: not to infinity or NaN
  Rounding e8m0 = Rounding::kUp;  // to float8e8m0
};

/// Converts elements [begin, end) of `from` into those of `to`. Numbers of every type and bool.
using CastRange = void (*)(const Tensor& from, Tensor& to, int64_t begin, int64_t end,
                           const CastOptions& options);
/// The conversion between two types that are numbers or bool; null for strings and complex.
CastRange FindCast(DataType from, DataType to);

/// A number as text: integers in decimal, floats as the shortest text that reads back the same,
/// as NumPy spells it ("0.5", "1e-07", "inf"); bool as "True" or "False".
Status CastToStrings(KernelContext& context, const Tensor& from, Tensor& to);
/// Text as a number: decimal and scientific notation, "INF", "NaN" in any case. Errors: text that
/// is no number, and for integer types out of range.
Status CastFromStrings(KernelContext& context, const Tensor& from, Tensor& to,
                       const CastOptions& options);

}  // namespace sardonyx
