#include "runtime/base/shape.h"

#include <algorithm>

#include "absl/strings/str_join.h"

namespace sardonyx {

std::string Shape::ToString() const { return absl::StrCat("[", absl::StrJoin(dims_, ","), "]"); }

StatusOr<int> NormalizeAxis(int64_t axis, int rank) {
  if (axis < -rank || axis >= rank) {
    return InvalidArgument("axis ", axis, " is outside [", -rank, ",", rank - 1, "] of rank ",
                           rank);
  }
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

StatusOr<Shape> BroadcastShapes(const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  Shape result;
  for (int i = 0; i < rank; ++i) {
    const int ia = i - (rank - a.rank());
    const int ib = i - (rank - b.rank());
    const int64_t da = ia < 0 ? 1 : a[ia];
    const int64_t db = ib < 0 ? 1 : b[ib];
    if (da != db && da != 1 && db != 1) {
      return InvalidArgument("shapes ", a.ToString(), " and ", b.ToString(),
                             " cannot be broadcast together: ", da, " against ", db);
    }
    result.push_back(da == 1 ? db : da);
  }
  return result;
}

}  // namespace sardonyx
