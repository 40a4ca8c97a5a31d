// Windows (A. Nuttall, "Some windows with very good sidelobe behavior", 1981) and the matrix that
// takes spectra to the mel scale.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <type_traits>

#include "ops/common/int_inputs.h"
#include "ops/common/real_reader.h"
#include "ops/signal/defs.h"

namespace sardonyx {
namespace {

struct WindowAttrs : Attrs {
  DataType type = DataType::kFloat;
  bool periodic = true;
  double terms[3] = {};  // of cos(0), cos(x), cos(2x)
};

StatusOr<std::shared_ptr<Attrs>> ParseWindow(ParseContext& context) {
  auto attrs = std::make_shared<WindowAttrs>();
  attrs->type = context.DataTypeValue("output_datatype", DataType::kFloat);
  attrs->periodic = context.Flag("periodic", true);
  const auto set = [&](double a, double b, double c) {
    attrs->terms[0] = a;
    attrs->terms[1] = b;
    attrs->terms[2] = c;
  };
  if (context.node().op_type == "HannWindow") {
    set(0.5, -0.5, 0);
  } else if (context.node().op_type == "HammingWindow") {
    set(25.0 / 46, -21.0 / 46, 0);
  } else {
    set(0.42, -0.5, 0.08);
  }
  return attrs;
}

Status InferWindow(InferContext& context) {
  Dim size;
  if (context.value(0) != nullptr) {
    SX_ASSIGN_OR_RETURN(const int64_t count, SingleInt(*context.value(0), "size"));
    if (count < 0) return InvalidArgument("size is ", count);
    size = count;
  }
  const DataType type = context.attrs<WindowAttrs>().type;
  SX_RETURN_IF_ERROR(CheckPlausible(type, {size}));
  context.set_output(0, type, SymbolicShape{size});
  return absl::OkStatus();
}

Status RunWindow(KernelContext& context) {
  const auto& attrs = context.attrs<WindowAttrs>();
  Tensor& output = context.output(0);
  const int64_t period = attrs.periodic ? output.size() : output.size() - 1;
  return Dispatch(output.type(), Numbers{}, [&]<typename T>() {
    return context.ParallelFor(output.size(), 40, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        // A symmetric window of one element is its peak.
        const double x = period == 0 ? std::numbers::pi
                                     : 2 * std::numbers::pi * static_cast<double>(i) /
                                           static_cast<double>(period);
        const double value =
            attrs.terms[0] + attrs.terms[1] * std::cos(x) + attrs.terms[2] * std::cos(2 * x);
        // Float, as in the specification's expansion, lets a peak of 1 truncate to 1.
        using Rounded = std::conditional_t<std::is_integral_v<T>, float, double>;
        output.data<T>()[i] = static_cast<T>(static_cast<Rounded>(std::max(value, 0.0)));
      }
    });
  });
}

OpDef Window(absl::string_view name) {
  return {.domain = "",
          .name = name,
          .versions = {17},
          .min_inputs = 1,
          .max_inputs = 1,
          .parse = ParseWindow,
          .infer = InferWindow,
          .kernels = {SimpleKernel<RunWindow>("window.cosines")}};
}

// ---- MelWeightMatrix ----------------------------------------------------------------------

struct MelAttrs : Attrs {
  DataType type = DataType::kFloat;
};

StatusOr<std::shared_ptr<Attrs>> ParseMel(ParseContext& context) {
  auto attrs = std::make_shared<MelAttrs>();
  attrs->type = context.DataTypeValue("output_datatype", DataType::kFloat);
  return attrs;
}

StatusOr<int64_t> NotNegative(const Tensor& tensor, absl::string_view what) {
  SX_ASSIGN_OR_RETURN(const int64_t value, SingleInt(tensor, what));
  if (value < 0) return InvalidArgument(what, " is ", value);
  return value;
}

Status InferMel(InferContext& context) {
  SymbolicShape result(2);
  if (context.value(1) != nullptr) {
    SX_ASSIGN_OR_RETURN(const int64_t length, NotNegative(*context.value(1), "dft_length"));
    result[0] = length / 2 + 1;
  }
  if (context.value(0) != nullptr) {
    SX_ASSIGN_OR_RETURN(result[1], NotNegative(*context.value(0), "num_mel_bins"));
  }
  const DataType type = context.attrs<MelAttrs>().type;
  SX_RETURN_IF_ERROR(CheckPlausible(type, result));
  context.set_output(0, type, std::move(result));
  return absl::OkStatus();
}

StatusOr<double> Frequency(const Tensor& tensor, absl::string_view what) {
  SX_ASSIGN_OR_RETURN(const RealReader reader, RealReader::Of(tensor, what));
  if (tensor.size() != 1 || !(reader[0] >= 0) || !std::isfinite(reader[0])) {
    return InvalidArgument(what, " must be one frequency of 0 or above");
  }
  return reader[0];
}

Status RunMel(KernelContext& context) {
  Tensor& output = context.output(0);
  const int64_t bands = output.dim(1), bins = output.dim(0);
  SX_ASSIGN_OR_RETURN(const int64_t length, NotNegative(context.input(1), "dft_length"));
  SX_ASSIGN_OR_RETURN(const int64_t rate, SingleInt(context.input(2), "sample_rate"));
  SX_ASSIGN_OR_RETURN(const double low, Frequency(context.input(3), "lower_edge_hertz"));
  SX_ASSIGN_OR_RETURN(const double high, Frequency(context.input(4), "upper_edge_hertz"));
  if (rate < 1) return InvalidArgument("sample_rate is ", rate);
  if (low > high) return InvalidArgument("lower_edge_hertz is ", low, ", above ", high);
  const auto to_mel = [](double hertz) { return 2595 * std::log10(1 + hertz / 700); };
  const double from = to_mel(low);
  const double step = (to_mel(high) - from) / static_cast<double>(bands + 2);
  // The spectrum's bin at edge i of the bands, which overlap by half.
  const auto edge = [&](int64_t i) {
    const double hertz = 700 * (std::pow(10, (static_cast<double>(i) * step + from) / 2595) - 1);
    const double bin =
        std::floor(static_cast<double>(length + 1) * hertz / static_cast<double>(rate));
    return static_cast<int64_t>(std::min(bin, 1e15));
  };
  return Dispatch(output.type(), Numbers{}, [&]<typename T>() {
    return context.ParallelFor(
        bands, 100.0 + 2.0 * static_cast<double>(bins), [&](int64_t begin, int64_t end) {
          for (int64_t band = begin; band < end; ++band) {
            const int64_t left = edge(band), center = edge(band + 1), right = edge(band + 2);
            for (int64_t bin = 0; bin < bins; ++bin) {
              double weight = 0;
              if (bin >= left && bin < center) {
                weight = static_cast<double>(bin - left) / static_cast<double>(center - left);
              } else if (bin == center) {
                weight = 1;
              } else if (bin > center && bin < right) {
                weight = static_cast<double>(right - bin) / static_cast<double>(right - center);
              }
              output.data<T>()[bin * bands + band] = static_cast<T>(weight);
            }
          }
        });
  });
}

}  // namespace

std::vector<OpDef> WindowOps() {
  return {Window("HannWindow"),
          Window("HammingWindow"),
          Window("BlackmanWindow"),
          {.domain = "",
           .name = "MelWeightMatrix",
           .versions = {17},
           .min_inputs = 5,
           .max_inputs = 5,
           .parse = ParseMel,
           .infer = InferMel,
           .kernels = {SimpleKernel<RunMel>("mel.triangles")}}};
}

}  // namespace sardonyx
