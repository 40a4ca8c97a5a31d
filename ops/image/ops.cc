#include "ops/image/ops.h"

#include <iterator>

#include "ops/image/defs.h"

namespace sardonyx {

std::vector<OpDef> ImageOps() {
  std::vector<OpDef> all = {CropAndResizeOp()};
  for (auto part : {ResizeOps, GridOps, RoiOps, BoxOps, DeformConvOps}) {
    std::vector<OpDef> ops = part();
    all.insert(all.end(), std::make_move_iterator(ops.begin()), std::make_move_iterator(ops.end()));
  }
  return all;
}

}  // namespace sardonyx
