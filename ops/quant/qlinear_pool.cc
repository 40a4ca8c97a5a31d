// QLinearAveragePool and QLinearGlobalAveragePool.
#include "ops/common/contrib.h"
#include "ops/common/require_input.h"
#include "ops/pool/visit.h"
#include "ops/quant/qlinear.h"

namespace sardonyx {
namespace {

template <bool global>
StatusOr<std::shared_ptr<Attrs>> Parse(ParseContext& context) {
  RequireInput(context, 3, "y_scale");
  auto attrs = ReadPool(context, false, true, global);
  attrs->channels_last = context.Flag("channels_last", false);
  if (!global) attrs->count_include_pad = context.Flag("count_include_pad", false);
  return attrs;
}

Status Infer(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckBytes(context, {0}, {1, 3}, {2, 4}));
  return InferPoolShape(context);
}

Status Run(KernelContext& context) {
  const auto& attrs = context.attrs<PoolAttrs>();
  const Tensor& x = context.input(0);
  Tensor& y = context.output(0);
  SX_ASSIGN_OR_RETURN(const PoolShape pool, ResolvePool(attrs, x.shape()));
  SX_ASSIGN_OR_RETURN(const Linear of_x, LinearOf(context, 1, 2, x.type()));
  SX_ASSIGN_OR_RETURN(const Linear of_y, LinearOf(context, 3, 4, y.type()));
  return ForEachOutput(context, pool, [&](int64_t plane, int64_t at, const Position& out) {
    const uint8_t* from = x.data<uint8_t>() + pool.Start(plane, pool.input_plane());
    double sum = 0;
    int64_t inside = 0;
    VisitWindow(pool.window, out, [&](int64_t offset) {
      sum += of_x.Real(from[offset * pool.step()]);
      ++inside;
    });
    // Unlike AveragePool, also where ceil_mode lets the window reach beyond the padding.
    const int64_t count = attrs.count_include_pad ? pool.kernel_plane() : inside;
    y.data<uint8_t>()[at] =
        of_y.Byte(count == 0 ? 0.0f : static_cast<float>(sum / static_cast<double>(count)));
  });
}

OpDef Pool(StatusOr<std::shared_ptr<Attrs>> (*parse)(ParseContext&)) {
  return {.min_inputs = 2,
          .max_inputs = 5,
          .parse = parse,
          .infer = Infer,
          .kernels = {SimpleKernel<Run>("quantized.loop")}};
}

}  // namespace

std::vector<OpDef> QLinearPoolOps() {
  return {AsContrib(Pool(Parse<false>), "QLinearAveragePool"),
          AsContrib(Pool(Parse<true>), "QLinearGlobalAveragePool")};
}

}  // namespace sardonyx
