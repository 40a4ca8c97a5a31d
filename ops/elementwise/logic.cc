// And, Or, Xor on bool, their bitwise kin on integers, and BitShift.
#include <type_traits>

#include "ops/elementwise/binary.h"

namespace sardonyx {
namespace {

struct And {
  static constexpr double kCost = 0.5;
  template <typename T>
  static T Apply(T a, T b, const BinaryAttrs&) {
    return static_cast<T>(a & b);
  }
};

struct Or {
  static constexpr double kCost = 0.5;
  template <typename T>
  static T Apply(T a, T b, const BinaryAttrs&) {
    return static_cast<T>(a | b);
  }
};

struct Xor {
  static constexpr double kCost = 0.5;
  template <typename T>
  static T Apply(T a, T b, const BinaryAttrs&) {
    return static_cast<T>(a ^ b);
  }
};

/// flag: to the left. Shifts by a negative count or by the type's width and more leave nothing but
/// the sign.
struct Shift {
  static constexpr double kCost = 0.5;
  template <typename T>
  static T Apply(T a, T b, const BinaryAttrs& attrs) {
    constexpr int kBits = 8 * sizeof(T);
    const bool out_of_range = b < 0 || static_cast<uint64_t>(b) >= kBits;
    if (attrs.flag) {
      using U = std::make_unsigned_t<T>;
      return out_of_range ? T{0} : static_cast<T>(uint64_t{static_cast<U>(a)} << b);
    }
    if (out_of_range) return a < 0 ? static_cast<T>(-1) : T{0};
    return static_cast<T>(a >> b);
  }
};

StatusOr<std::shared_ptr<Attrs>> ParseShift(ParseContext& context) {
  auto attrs = std::make_shared<BinaryAttrs>();
  context.Require("direction");
  const std::string direction = context.String("direction", "LEFT");
  if (direction != "LEFT" && direction != "RIGHT") {
    context.Fail(
        absl::StrCat("attribute 'direction' is '", direction, "', neither 'LEFT' nor 'RIGHT'"));
  }
  attrs->flag = direction == "LEFT";
  return attrs;
}

}  // namespace

std::vector<OpDef> LogicOps() {
  OpDef shift = BinaryOp<Shift, Integers>("BitShift", {11, 28});
  shift.parse = ParseShift;
  return {
      BinaryOp<And, TypeList<bool>>("And", {1, 7}),
      BinaryOp<Or, TypeList<bool>>("Or", {1, 7}),
      BinaryOp<Xor, TypeList<bool>>("Xor", {1, 7}),
      BinaryOp<And, Integers>("BitwiseAnd", {18}),
      BinaryOp<Or, Integers>("BitwiseOr", {18}),
      BinaryOp<Xor, Integers>("BitwiseXor", {18}),
      shift,
  };
}

}  // namespace sardonyx
