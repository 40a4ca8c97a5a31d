// float32 reductions with several independent states per result, in loops of fixed length that the
// compiler turns into vector instructions. Sums are kept in double.
#include <cmath>

#include "ops/reduce/reduce.h"

namespace sardonyx {
namespace {

constexpr int64_t kLanes = 16;

struct FastSum {
  using State = double;
  static State Start() { return 0; }
  static State Step(State sum, float x) { return sum + double{x}; }
  static State Merge(State a, State b) { return a + b; }
  static float Finish(State sum, int64_t) { return static_cast<float>(sum); }
};
struct FastMean : FastSum {
  static float Finish(State sum, int64_t count) {
    return static_cast<float>(sum / static_cast<double>(count));
  }
};
struct FastSumSquare : FastSum {
  static State Step(State sum, float x) { return sum + double{x} * double{x}; }
};
struct FastL1 : FastSum {
  static State Step(State sum, float x) { return sum + double{std::abs(x)}; }
};
struct FastL2 : FastSumSquare {
  static float Finish(State sum, int64_t) { return static_cast<float>(std::sqrt(sum)); }
};
template <bool kMax>
struct FastExtreme {
  using State = float;
  static State Start() {
    const float infinity = std::numeric_limits<float>::infinity();
    return kMax ? -infinity : infinity;
  }
  static State Step(State best, float x) {  // NaN wins
    const float better = kMax ? (best > x ? best : x) : (best < x ? best : x);
    return best != best ? best : better;
  }
  static State Merge(State a, State b) { return Step(a, b); }
  static float Finish(State best, int64_t) { return best; }
};

template <typename R>
float ReduceRows(const ReducePlan& plan, const float* base) {
  using State = typename R::State;
  State lanes[kLanes];
  for (State& lane : lanes) lane = R::Start();
  State rest = R::Start();
  for (int64_t s = 0; s < plan.steps; ++s) {
    const float* row = base + OffsetOf(plan.reduced, s);
    int64_t j = 0;
    for (; j + kLanes <= plan.inner.size; j += kLanes) {
      for (int64_t lane = 0; lane < kLanes; ++lane) {
        lanes[lane] = R::Step(lanes[lane], row[j + lane]);
      }
    }
    for (; j < plan.inner.size; ++j) rest = R::Step(rest, row[j]);
  }
  for (const State& lane : lanes) rest = R::Merge(rest, lane);
  return R::Finish(rest, plan.count);
}

/// `width` neighbouring results, at most kLanes.
template <typename R>
void ReduceColumns(const ReducePlan& plan, const float* base, int64_t width, float* y) {
  using State = typename R::State;
  State states[kLanes];
  for (State& state : states) state = R::Start();
  for (int64_t s = 0; s < plan.steps; ++s) {
    const float* row = base + OffsetOf(plan.reduced, s);
    if (width == kLanes) {
      for (int64_t j = 0; j < kLanes; ++j) states[j] = R::Step(states[j], row[j]);
    } else {
      for (int64_t j = 0; j < width; ++j) states[j] = R::Step(states[j], row[j]);
    }
  }
  for (int64_t j = 0; j < width; ++j) y[j] = R::Finish(states[j], plan.count);
}

template <typename R>
Status RunFast(KernelContext& context) {
  SX_ASSIGN_OR_RETURN(const ReducePlan plan, PlanReduction(context));
  const float* x = context.input(0).data<float>();
  Tensor& output = context.output(0);
  float* y = output.data<float>();
  if (output.size() == 0) return absl::OkStatus();
  if (plan.inner_reduced) {
    return context.ParallelFor(output.size(), 0.3 * plan.count, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) y[i] = ReduceRows<R>(plan, x + OffsetOf(plan.kept, i));
    });
  }
  const int64_t blocks = (plan.inner.size + kLanes - 1) / kLanes;
  const double cost = 0.5 * kLanes * plan.steps;
  return context.ParallelFor(plan.rows * blocks, cost, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = i % blocks * kLanes;
      ReduceColumns<R>(plan, x + OffsetOf(plan.kept, i / blocks) + first,
                       std::min(kLanes, plan.inner.size - first),
                       y + i / blocks * plan.inner.size + first);
    }
  });
}

std::string RefusesAllButFloat(const PrepareContext& context) {
  if (context.element(0) == DataType::kFloat) return "";
  return absl::StrCat("takes float only, not ", Name(context.element(0)));
}

template <typename R>
KernelDef Fast(absl::string_view name) {
  return SimpleKernel<RunFast<R>>(name, Backend::kNative, RefusesAllButFloat);
}

}  // namespace

KernelDef ReduceNative(absl::string_view op) {
  if (op == "ReduceSum") return Fast<FastSum>("reduce_sum.lanes");
  if (op == "ReduceMean") return Fast<FastMean>("reduce_mean.lanes");
  if (op == "ReduceSumSquare") return Fast<FastSumSquare>("reduce_sum_square.lanes");
  if (op == "ReduceL1") return Fast<FastL1>("reduce_l1.lanes");
  if (op == "ReduceL2") return Fast<FastL2>("reduce_l2.lanes");
  if (op == "ReduceMax") return Fast<FastExtreme<true>>("reduce_max.lanes");
  if (op == "ReduceMin") return Fast<FastExtreme<false>>("reduce_min.lanes");
  return {};
}

}  // namespace sardonyx
