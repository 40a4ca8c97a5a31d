#include "ops/shape/ops.h"

#include <iterator>
#include <limits>

#include "ops/shape/defs.h"

namespace sardonyx {

Dim Product(absl::Span<const Dim> dims) {
  int64_t known = 1;
  bool too_large = false;
  int unknown = 0;
  Dim symbol;
  for (const Dim& dim : dims) {
    if (!dim.known()) {
      ++unknown;
      symbol = dim;
    } else if (dim.value == 0) {
      return 0;
    } else if (const auto product = CheckedMul(known, dim.value)) {
      known = *product;
    } else {
      too_large = true;
    }
  }
  if (unknown == 1 && known == 1 && !too_large) return symbol;
  if (unknown > 0) return Dim();
  return too_large ? std::numeric_limits<int64_t>::max() : known;
}

std::vector<OpDef> ShapeOps() {
  std::vector<OpDef> all;
  for (auto part : {ViewOps, ShapeOfOps, TransposeOps, ExpandOps, ConcatOps, SliceOps, PadOps,
                    BlockOps, ConstantOps, MaskOps}) {
    std::vector<OpDef> ops = part();
    all.insert(all.end(), std::make_move_iterator(ops.begin()), std::make_move_iterator(ops.end()));
  }
  return all;
}

}  // namespace sardonyx
