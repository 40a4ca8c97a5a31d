// GridSample and AffineGrid (Jaderberg et al., "Spatial Transformer Networks", 2015).
#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

#include "ops/common/accumulate.h"
#include "ops/common/element_size.h"
#include "ops/common/int_inputs.h"
#include "ops/common/real_reader.h"
#include "ops/image/defs.h"

namespace sardonyx {
namespace {

constexpr int kMostAxes = 3;  // spatial
constexpr int kMostTaps = 4;  // per axis

enum class SampleMode { kNearest, kLinear, kCubic };
enum class PaddingMode { kZeros, kBorder, kReflection };

struct SampleAttrs : Attrs {
  SampleMode mode = SampleMode::kLinear;
  PaddingMode padding = PaddingMode::kZeros;
  bool align_corners = false;
};

StatusOr<std::shared_ptr<Attrs>> ParseSample(ParseContext& context) {
  auto attrs = std::make_shared<SampleAttrs>();
  const bool old = context.version() < 20;
  const std::string mode = context.String("mode", old ? "bilinear" : "linear");
  if (mode == "nearest") {
    attrs->mode = SampleMode::kNearest;
  } else if (mode == (old ? "bicubic" : "cubic")) {
    attrs->mode = SampleMode::kCubic;
  } else if (mode != (old ? "bilinear" : "linear")) {
    context.Fail(absl::StrCat("mode is '", mode, "'"));
  }
  const std::string padding = context.String("padding_mode", "zeros");
  if (padding == "border") {
    attrs->padding = PaddingMode::kBorder;
  } else if (padding == "reflection") {
    attrs->padding = PaddingMode::kReflection;
  } else if (padding != "zeros") {
    context.Fail(absl::StrCat("padding_mode is '", padding, "'"));
  }
  attrs->align_corners = context.Flag("align_corners", false);
  return attrs;
}

Status InferSample(InferContext& context) {
  const SymbolicShape* data = context.shape(0);
  const SymbolicShape* grid = context.shape(1);
  context.set_output(0, context.element(0), std::nullopt);
  if (data == nullptr || grid == nullptr) return absl::OkStatus();
  const int rank = static_cast<int>(data->size());
  const Dim& length = grid->empty() ? Dim(0) : grid->back();
  if (rank < 3 || grid->size() != data->size() || (length.known() && length.value != rank - 2)) {
    return InvalidArgument("X has shape ", ToString(*data), " and grid ", ToString(*grid),
                           "; the grid must hold one coordinate per spatial axis");
  }
  if (rank - 2 > kMostAxes) {
    return Unimplemented("X has ", rank - 2, " spatial axes; at most ", kMostAxes,
                         " are supported");
  }
  const Dim &batch = (*data)[0], &grids = (*grid)[0];
  if (batch.known() && grids.known() && batch.value != grids.value) {
    return InvalidArgument("X has a batch of ", batch.value, ", but grid one of ", grids.value);
  }
  SymbolicShape result = {batch.known() ? batch : grids, (*data)[1]};
  result.insert(result.end(), grid->begin() + 1, grid->end() - 1);
  SX_RETURN_IF_ERROR(CheckPlausible(context.element(0), result));
  context.set_output(0, context.element(0), std::move(result));
  return absl::OkStatus();
}

/// What one axis gives to a sample: places (-1: outside, a zero) and their weights.
struct AxisSample {
  int count = 0;
  std::array<int64_t, kMostTaps> place;
  std::array<double, kMostTaps> weight;
};

class AxisSampler {
 public:
  AxisSampler(const SampleAttrs& attrs, int64_t size) : attrs_(attrs), size_(size) {}

  /// Of a coordinate in [-1, 1].
  AxisSample At(double coordinate) const {
    const double n = static_cast<double>(size_);
    double x =
        attrs_.align_corners ? (coordinate + 1) / 2 * (n - 1) : ((coordinate + 1) * n - 1) / 2;
    // What is far outside needs not be told apart, and must fit an int64.
    constexpr double kFar = 1e15;
    x = std::isnan(x) ? -kFar : std::clamp(x, -kFar, kFar);
    AxisSample sample;
    if (attrs_.mode == SampleMode::kNearest) {
      sample.count = 1;
      sample.place[0] = Inside(static_cast<int64_t>(std::nearbyint(x)));
      sample.weight[0] = 1;
      return sample;
    }
    const double low = attrs_.align_corners ? 0 : -0.5;
    if (attrs_.padding == PaddingMode::kBorder && (x < low || x > n - 1 - low)) {
      x = std::clamp<double>(x, 0, n - 1);
    }
    const double floor = std::floor(x), ratio = x - floor;
    const bool cubic = attrs_.mode == SampleMode::kCubic;
    const int64_t first = static_cast<int64_t>(floor) - (cubic ? 1 : 0);
    sample.count = cubic ? 4 : 2;
    for (int t = 0; t < sample.count; ++t) {
      sample.place[t] = Inside(first + t);
      sample.weight[t] = cubic ? Cubic(std::abs(ratio + 1 - t)) : t == 0 ? 1 - ratio : ratio;
    }
    return sample;
  }

 private:
  int64_t Inside(int64_t i) const {
    if (i >= 0 && i < size_) return i;
    switch (attrs_.padding) {
      case PaddingMode::kZeros:
        return -1;
      case PaddingMode::kBorder:
        return std::clamp<int64_t>(i, 0, size_ - 1);
      case PaddingMode::kReflection:
        break;
    }
    // Reflected about the outermost elements, or about their outer edges.
    if (attrs_.align_corners && size_ == 1) return 0;
    const int64_t period = attrs_.align_corners ? 2 * (size_ - 1) : 2 * size_;
    int64_t turn = i % period;
    if (turn < 0) turn += period;
    if (turn < size_) return turn;
    return attrs_.align_corners ? period - turn : period - 1 - turn;
  }

  /// Keys' kernel with a = -0.75.
  static double Cubic(double x) {
    constexpr double a = -0.75;
    return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  }

  const SampleAttrs& attrs_;
  int64_t size_;
};

/// Elements of one channel and their weights, zeros left out.
struct Samples {
  int count = 0;
  std::array<int64_t, kMostTaps * kMostTaps * kMostTaps> offset;
  std::array<double, kMostTaps * kMostTaps * kMostTaps> weight;

  /// Multiplies out the axes, the first being the outermost.
  Samples(const AxisSample* axes, const Ints& strides) {
    const int rank = static_cast<int>(strides.size());
    std::array<int, kMostAxes> tap{};
    for (;;) {
      int64_t place = 0;
      double product = 1;
      for (int i = 0; i < rank; ++i) {
        if (axes[i].place[tap[i]] < 0) product = 0;
        place += axes[i].place[tap[i]] * strides[i];
        product *= axes[i].weight[tap[i]];
      }
      if (product != 0) {
        offset[count] = place;
        weight[count++] = product;
      }
      int i = rank - 1;
      while (i >= 0 && ++tap[i] == axes[i].count) tap[i--] = 0;
      if (i < 0) return;
    }
  }
};

/// Weighted sums of these are built in double, or in the type that the floats are computed in.
template <typename T>
using SumType = std::conditional_t<std::is_integral_v<T>, double, ComputeType<T>>;

/// A sum as T; integers truncate and saturate, a bool is true unless the sum is 0.
template <typename T>
T Truncated(SumType<T> sum) {
  if constexpr (std::is_same_v<T, bool> || !std::is_integral_v<T>) {
    return static_cast<T>(sum);
  } else {
    return FromDouble<T>(sum);
  }
}

/// One sample of each channel: weighted sums.
template <typename T>
void SampleChannels(const Samples& samples, const T* from, int64_t plane, T* to, int64_t points,
                    int64_t channels) {
  using C = SumType<T>;
  for (int64_t c = 0; c < channels; ++c, from += plane, to += points) {
    C sum = C();
    for (int s = 0; s < samples.count; ++s) {
      sum += static_cast<ScaleType<C>>(samples.weight[s]) * static_cast<C>(from[samples.offset[s]]);
    }
    *to = Truncated<T>(sum);
  }
}

/// The same where one element is taken as it is, or none at all, which is a zero or "".
template <typename T>
void TakeChannels(const Samples& samples, const T* from, int64_t plane, T* to, int64_t points,
                  int64_t channels) {
  for (int64_t c = 0; c < channels; ++c, from += plane, to += points) {
    *to = samples.count == 0 ? T() : from[samples.offset[0]];
  }
}

Status RunSample(KernelContext& context) {
  const auto& attrs = context.attrs<SampleAttrs>();
  const Tensor& data = context.input(0);
  Tensor& output = context.output(0);
  if (output.size() == 0) return absl::OkStatus();
  SX_ASSIGN_OR_RETURN(const RealReader grid, RealReader::Of(context.input(1), "grid"));
  const int rank = data.rank() - 2;
  const int64_t channels = data.dim(1), plane = data.shape().Elements(2, data.rank());
  if (plane == 0) return InvalidArgument("X ", data.ToString(), " has nothing to sample");
  const int64_t points = output.shape().Elements(2, output.rank());
  Ints strides;
  std::vector<AxisSampler> samplers;
  for (int i = 0; i < rank; ++i) {
    strides.push_back(data.shape().Elements(i + 3, data.rank()));
    samplers.emplace_back(attrs, data.dim(i + 2));
  }
  const auto sample = [&]<typename T>(auto channels_at_once) {
    const double cost = 30.0 * rank + 5.0 * static_cast<double>(channels);
    return context.ParallelFor(data.dim(0) * points, cost, [&](int64_t begin, int64_t end) {
      std::array<AxisSample, kMostAxes> axes;
      for (int64_t i = begin; i < end; ++i) {
        // The grid gives the innermost axis first.
        for (int a = 0; a < rank; ++a) {
          axes[a] = samplers[a].At(grid[i * rank + rank - 1 - a]);
        }
        const int64_t batch = i / points, point = i % points;
        channels_at_once(Samples(axes.data(), strides), data.data<T>() + batch * channels * plane,
                         plane, output.data<T>() + batch * channels * points + point, points,
                         channels);
      }
    });
  };
  if (attrs.mode == SampleMode::kNearest) {
    return DispatchSize(
        data.type(), [&]<typename T>() { return sample.template operator()<T>(TakeChannels<T>); });
  }
  return Dispatch(data.type(), Numbers{} + Complexes{} + TypeList<bool>{},
                  [&]<typename T>() { return sample.template operator()<T>(SampleChannels<T>); });
}

// ---- AffineGrid ---------------------------------------------------------------------------

struct AffineAttrs : Attrs {
  bool align_corners = false;
};

StatusOr<std::shared_ptr<Attrs>> ParseAffine(ParseContext& context) {
  auto attrs = std::make_shared<AffineAttrs>();
  attrs->align_corners = context.Flag("align_corners", false);
  return attrs;
}

Status InferAffine(InferContext& context) {
  const SymbolicShape* theta = context.shape(0);
  SX_ASSIGN_OR_RETURN(const std::optional<Ints> size, KnownInts(context, 1, "size"));
  std::optional<SymbolicShape> result;
  if (size) {
    if (size->size() != 4 && size->size() != 5) {
      return InvalidArgument("size has ", size->size(), " elements; 4 or 5 are needed");
    }
    const int64_t rank = static_cast<int64_t>(size->size()) - 2;
    result = SymbolicShape{(*size)[0]};
    result->insert(result->end(), size->begin() + 2, size->end());
    result->push_back(rank);
    for (int64_t n : *size) {
      if (n < 0) return InvalidArgument("size asks for ", n);
    }
    const SymbolicShape wanted = {(*size)[0], rank, rank + 1};
    for (size_t i = 0; theta != nullptr && i < 3; ++i) {
      if (theta->size() != 3 || ((*theta)[i].known() && (*theta)[i].value != wanted[i].value)) {
        return InvalidArgument("theta has shape ", ToString(*theta), ", but ", ToString(wanted),
                               " is needed");
      }
    }
    SX_RETURN_IF_ERROR(CheckPlausible(context.element(0), *result));
  }
  context.set_output(0, context.element(0), std::move(result));
  return absl::OkStatus();
}

Status RunAffine(KernelContext& context) {
  const bool corners = context.attrs<AffineAttrs>().align_corners;
  Tensor& output = context.output(0);
  const int rank = output.rank() - 2;
  if (output.size() == 0) return absl::OkStatus();
  const int64_t points = output.shape().Elements(1, 1 + rank);
  SX_ASSIGN_OR_RETURN(const RealReader theta, RealReader::Of(context.input(0), "theta"));
  return Dispatch(output.type(), Floats{}, [&]<typename T>() {
    return context.ParallelFor(output.dim(0) * points, 20, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        std::array<double, kMostAxes> place;  // innermost axis first
        int64_t rest = i % points;
        for (int a = 0; a < rank; ++a) {
          const int64_t n = output.dim(rank - a), at = rest % n;
          rest /= n;
          const double x = static_cast<double>(at), size = static_cast<double>(n);
          place[a] = corners ? (n > 1 ? 2 * x / (size - 1) - 1 : -1) : (2 * x + 1) / size - 1;
        }
        const int64_t matrix = i / points * rank * (rank + 1);
        for (int r = 0; r < rank; ++r) {
          double sum = theta[matrix + r * (rank + 1) + rank];
          for (int a = 0; a < rank; ++a) sum += theta[matrix + r * (rank + 1) + a] * place[a];
          output.data<T>()[i * rank + r] = static_cast<T>(sum);
        }
      }
    });
  });
}

}  // namespace

std::vector<OpDef> GridOps() {
  return {
      {.domain = "",
       .name = "GridSample",
       .versions = {16, 20, 22},
       .min_inputs = 2,
       .max_inputs = 2,
       .parse = ParseSample,
       .infer = InferSample,
       .kernels = {SimpleKernel<RunSample>("gridsample.taps")}},
      {.domain = "",
       .name = "AffineGrid",
       .versions = {20},
       .min_inputs = 2,
       .max_inputs = 2,
       .parse = ParseAffine,
       .infer = InferAffine,
       .kernels = {SimpleKernel<RunAffine>("affinegrid.points")}},
  };
}

}  // namespace sardonyx
