// Convolution as a matrix product: weights [M/group, C/group * kernel] times patches.
#include <optional>
#include <utility>
#include <vector>

#include "ops/common/scratch.h"
#include "ops/conv/conv.h"
#include "ops/conv/im2col.h"
#include "ops/conv/native.h"
#include "ops/matmul/gemm.h"

namespace sardonyx {
namespace {

using Layout = GemmProblem::Layout;
using PackedGroups = std::vector<std::shared_ptr<const PackedMatrix>>;

/// The weights of each group, packed; null if there is no memory, or `environment` stops it.
std::shared_ptr<const PackedGroups> PackGroups(const Tensor& w, int64_t groups,
                                               const RunEnvironment& environment) {
  auto packed = std::make_shared<PackedGroups>();
  const int64_t m = w.dim(0) / groups, k = w.shape().Elements(1, w.rank());
  for (int64_t g = 0; g < groups; ++g) {
    packed->push_back(PackedMatrix::Left(w.data<float>() + g * m * k, k, 1, m, k, &environment));
    if (packed->back() == nullptr) return nullptr;
  }
  return packed;
}

bool IsPlain1x1(const ConvShape& conv) {
  for (const WindowAxis& axis : conv.window) {
    if (axis.kernel != 1 || axis.stride != 1 || axis.pad_begin != 0 || axis.pad_end != 0) {
      return false;
    }
  }
  return true;
}

/// A problem for each image's group. Where the kernel reads each pixel once (`direct`) the image
/// is the matrix of patches itself.
GemmProblem ProblemOf(const ConvShape& conv, bool direct, bool packed) {
  GemmProblem problem{.m = conv.group_out(),
                      .n = conv.output_plane(),
                      .k = conv.group_in() * conv.kernel_plane(),
                      .count = conv.batch * conv.group,
                      .c_stride = conv.output_plane()};
  problem.a.layout = packed ? Layout::kPacked : Layout::kStrided;
  problem.a.row_stride = problem.k;
  problem.b.layout = direct ? Layout::kStrided : Layout::kMade;
  problem.b.row_stride = conv.input_plane();
  return problem;
}

struct GemmConv : Kernel {
  int64_t scratch_bytes() const override { return plan ? plan->scratch_bytes() : 0; }
  bool reads(int input) const override { return input != 1 || packed == nullptr; }

  Status Run(KernelContext& context) const override {
    const auto& attrs = context.attrs<ConvAttrs>();
    const Tensor &x = context.input(0), &w = context.input(1);
    SX_ASSIGN_OR_RETURN(const ConvShape conv, ResolveConv(attrs, x.shape(), w.shape()));
    if (context.output(0).size() == 0) return absl::OkStatus();
    const GemmProblem problem = ProblemOf(conv, direct, packed != nullptr);
    std::optional<GemmPlan> made;
    if (!plan) made.emplace(problem, context.environment().pool->threads());
    const GemmPlan& use = plan ? *plan : *made;
    Tensor temporary;
    SX_ASSIGN_OR_RETURN(const absl::Span<std::byte> scratch,
                        ScratchOf(context, use.scratch_bytes(), &temporary));

    const ConvOperands all(context);
    const Patches patches(conv, all.x);
    const auto operands = [&](int64_t index) {
      const int64_t group = index % conv.group, place = index * problem.m * problem.n;
      GemmOperands one{.c = all.y + place};
      one.a = packed != nullptr ? (*packed)[group]->data()
                                : all.weights + group * problem.m * problem.k;
      if (direct) one.b = all.x + index * problem.k * problem.n;
      one.epilogue.activation = all.activation;
      if (all.bias != nullptr) one.epilogue.row_bias = all.bias + group * problem.m;
      if (all.residual != nullptr) {
        one.epilogue.residual = all.residual + place;
        one.epilogue.residual_stride = problem.n;
      }
      return one;
    };
    return use.Run(operands, direct ? nullptr : &patches, scratch, *context.environment().pool,
                   *context.environment().control);
  }

  bool direct = false;
  std::optional<GemmPlan> plan;  // where the shapes are known before the run
  std::shared_ptr<const PackedGroups> packed;
};

StatusOr<std::unique_ptr<Kernel>> Prepare(const PrepareContext& context, bool direct) {
  auto kernel = std::make_unique<GemmConv>();
  kernel->direct = direct;
  const auto& attrs = context.attrs<ConvAttrs>();
  const auto x = context.shape(0), w = context.shape(1);
  std::optional<ConvShape> conv;
  if (x && w) {
    SX_ASSIGN_OR_RETURN(conv, ResolveConv(attrs, *x, *w));
  }
  const Tensor* weights = context.constant(1);
  if (weights != nullptr && weights->rank() >= 3 && weights->dim(0) % attrs.group == 0) {
    kernel->packed = context.Shared<PackedGroups>(
        "conv.gemm", [&] { return PackGroups(*weights, attrs.group, context.environment()); });
    if (kernel->packed == nullptr) return context.NotPacked("W");
  }
  if (conv) {
    const GemmProblem problem = ProblemOf(*conv, direct, kernel->packed != nullptr);
    if (!problem.sensible()) return LimitExceeded("a convolution of this size is too large");
    kernel->plan.emplace(problem, context.threads());
  }
  return kernel;
}

std::string Refuses1x1(const PrepareContext& context) {
  const StatusOr<ConvShape> conv = StaticFloatConv(context, ConvLayout::kChannelsFirst);
  if (!conv.ok()) return std::string(conv.status().message());
  return IsPlain1x1(*conv) ? "" : "takes kernels of size 1 with stride 1 and no padding only";
}

}  // namespace

KernelDef ConvDirect1x1() {
  return {.name = "conv.direct1x1",
          .backend = Backend::kNative,
          .refuses = Refuses1x1,
          .prepare = [](const PrepareContext& context) { return Prepare(context, true); }};
}

KernelDef ConvIm2col() {
  return {.name = "conv.im2col",
          .backend = Backend::kNative,
          .refuses =
              [](const PrepareContext& context) {
                return RefusesAllButFloat(context, ConvLayout::kChannelsFirst);
              },
          .prepare = [](const PrepareContext& context) { return Prepare(context, false); }};
}

}  // namespace sardonyx
