#include "ops/elementwise/cast.h"

#include <cstring>

#include "ops/common/element_check.h"
#include "ops/elementwise/gradients.h"

namespace sardonyx {
namespace {

struct CastAttrs : Attrs {
  DataType to = DataType::kUndefined;  // CastLike: that of input 1
  CastOptions options;
};

void ParseOptions(ParseContext& context, CastOptions* options) {
  if (context.version() >= 19 || context.node().op_type == "CastLike") {
    options->saturate = context.Flag("saturate", true);
  }
  if (context.version() < 24) return;
  const std::string mode = context.String("round_mode", "up");
  if (mode == "up") {
    options->e8m0 = CastOptions::Rounding::kUp;
  } else if (mode == "down") {
    options->e8m0 = CastOptions::Rounding::kDown;
  } else if (mode == "nearest") {
    options->e8m0 = CastOptions::Rounding::kNearest;
  } else {
    context.Fail(
        absl::StrCat("attribute 'round_mode' is '", mode, "', none of 'up', 'down' and 'nearest'"));
  }
}

StatusOr<std::shared_ptr<Attrs>> ParseCast(ParseContext& context) {
  auto attrs = std::make_shared<CastAttrs>();
  context.Require("to");
  if (context.version() < 6) {
    // Opset 1 names the type: "FLOAT", in capitals.
    std::string name = context.String("to", "");
    for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    const auto type = ParseDataType(name);
    if (!type) context.Fail(absl::StrCat("attribute 'to' is '", name, "', no element type"));
    attrs->to = type.value_or(DataType::kUndefined);
  } else {
    attrs->to = context.DataTypeValue("to", DataType::kUndefined);
    if (context.Has("to") && attrs->to == DataType::kUndefined) {
      context.Fail("attribute 'to' is no element type");
    }
  }
  if (context.version() >= 19) ParseOptions(context, &attrs->options);
  return attrs;
}

StatusOr<std::shared_ptr<Attrs>> ParseCastLike(ParseContext& context) {
  auto attrs = std::make_shared<CastAttrs>();
  if (context.version() >= 19) ParseOptions(context, &attrs->options);
  return attrs;
}

bool IsComplex(DataType type) {
  return type == DataType::kComplex64 || type == DataType::kComplex128;
}

Status InferCast(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckIsTensor(context, 0));
  const DataType from = context.element(0);
  DataType to = context.attrs<CastAttrs>().to;
  if (to == DataType::kUndefined) {
    SX_RETURN_IF_ERROR(CheckIsTensor(context, 1));
    to = context.element(1);
  }
  if (from != to && (IsComplex(from) || IsComplex(to))) {
    return InvalidArgument("cannot cast ", Name(from), " to ", Name(to));
  }
  context.set_output(0, to, context.input(0).shape);
  // Sizes keep their values in the types that shapes are computed in.
  if ((from == DataType::kInt64 || from == DataType::kInt32) && to == DataType::kInt64) {
    if (auto ints = context.ints(0)) context.set_ints(0, *std::move(ints));
  }
  return absl::OkStatus();
}

Status RunCast(KernelContext& context) {
  const Tensor& from = context.input(0);
  Tensor& to = context.output(0);
  const CastOptions& options = context.attrs<CastAttrs>().options;
  const CastRange cast = FindCast(from.type(), to.type());
  if (cast == nullptr && from.type() == to.type()) {  // strings and complex numbers
    to.CopyFrom(from);
    return absl::OkStatus();
  }
  if (to.type() == DataType::kString) return CastToStrings(context, from, to);
  if (from.type() == DataType::kString) return CastFromStrings(context, from, to, options);
  if (cast == nullptr) {
    return InvalidArgument("cannot cast ", Name(from.type()), " to ", Name(to.type()));
  }
  return context.ParallelFor(
      from.size(), 2, [&](int64_t begin, int64_t end) { cast(from, to, begin, end, options); });
}

StatusOr<std::shared_ptr<Attrs>> ParseBitCast(ParseContext& context) {
  auto attrs = std::make_shared<CastAttrs>();
  context.Require("to");
  attrs->to = context.DataTypeValue("to", DataType::kUndefined);
  if (attrs->to == DataType::kUndefined || attrs->to == DataType::kString) {
    context.Fail("attribute 'to' is no element type that has bits to share");
  }
  return attrs;
}

Status InferBitCast(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckIsTensor(context, 0));
  const DataType from = context.element(0), to = context.attrs<CastAttrs>().to;
  if (from != DataType::kUndefined && PackedBits(from) != PackedBits(to)) {
    return InvalidArgument("element types ", Name(from), " and ", Name(to),
                           " differ in their number of bits");
  }
  context.set_output(0, to, context.input(0).shape);
  return absl::OkStatus();
}

/// Packed integers are held sign-extended, so that their byte in memory depends on signedness.
template <int kBits>
int8_t AsSigned(uint8_t bits) {
  return static_cast<int8_t>(static_cast<int8_t>(bits << (8 - kBits)) >> (8 - kBits));
}

Status RunBitCast(KernelContext& context) {
  const Tensor& from = context.input(0);
  Tensor& to = context.output(0);
  const int bits = PackedBits(from.type());
  if (to.type() == DataType::kBool && from.type() != DataType::kBool) {
    // A bool in memory is 0 or 1 and nothing else.
    const auto* in = from.data<uint8_t>();
    for (int64_t i = 0; i < from.size(); ++i) to.data<bool>()[i] = in[i] != 0;
    return absl::OkStatus();
  }
  if (bits >= 8) {
    if (from.size() > 0 && from.raw() != to.raw()) {
      std::memcpy(to.raw(), from.raw(), static_cast<size_t>(from.bytes()));
    }
    return absl::OkStatus();
  }
  const auto* in = from.data<uint8_t>();
  const auto mask = static_cast<uint8_t>((1 << bits) - 1);
  const bool is_signed = to.type() == DataType::kInt4 || to.type() == DataType::kInt2;
  for (int64_t i = 0; i < from.size(); ++i) {
    const auto low = static_cast<uint8_t>(in[i] & mask);
    const auto extended = static_cast<uint8_t>(bits == 4 ? AsSigned<4>(low) : AsSigned<2>(low));
    to.data<uint8_t>()[i] = is_signed ? extended : low;
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<OpDef> CastOps() {
  return {
      {.name = "Cast",
       .versions = {1, 6, 9, 13, 19, 21, 23, 24, 25, 28},
       .min_inputs = 1,
       .max_inputs = 1,
       .parse = ParseCast,
       .infer = InferCast,
       .kernels = {SimpleKernel<RunCast>("cast.loop")},
       .in_place = {0},
       .gradient = CastGradient},
      {.name = "CastLike",
       .versions = {15, 19, 21, 23, 24, 25},
       .min_inputs = 2,
       .max_inputs = 2,
       .parse = ParseCastLike,
       .infer = InferCast,
       .kernels = {SimpleKernel<RunCast>("cast.loop")},
       .in_place = {0},
       .gradient = CastGradient},
      {.name = "BitCast",
       .versions = {26},
       .min_inputs = 1,
       .max_inputs = 1,
       .parse = ParseBitCast,
       .infer = InferBitCast,
       .kernels = {SimpleKernel<RunBitCast>("bitcast.copy")},
       .in_place = {0}},
  };
}

}  // namespace sardonyx
