// conv.widened: Conv on 16-bit floats by a float32 kernel between conversions.
#include <algorithm>
#include <optional>

#include "ops/common/widen.h"
#include "ops/conv/conv.h"
#include "ops/conv/kernels.h"
#include "ops/conv/native.h"

namespace sardonyx {
namespace {

constexpr int64_t kMaxElements = int64_t{1} << 40;

using Narrow = TypeList<Half, BFloat16>;

int64_t FloatBytes(const Shape& shape) {
  return (shape.Elements() * static_cast<int64_t>(sizeof(float)) + 63) / 64 * 64;
}

/// Calls for_range(work), where work(begin, end) widens that range of `from`'s elements.
template <typename ForRange>
Status WidenAll(const Tensor& from, float* to, const ForRange& for_range) {
  return Dispatch(from.type(), Narrow{}, [&]<typename T>() -> Status {
    const T* data = from.data<T>();
    return for_range([=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) to[i] = Widen(data[i]);
    });
  });
}

class ConvWidened : public Kernel {
 public:
  /// Prepares the first of the float kernels that takes the node. Errors: none does.
  Status Prepare(const PrepareContext& context, const ConvShape& conv) {
    std::vector<Type> types;
    std::vector<const Tensor*> constants;
    wide_constants_.resize(static_cast<size_t>(context.input_count()));
    for (int i = 0; i < context.input_count(); ++i) {
      const bool given = context.has_input(i);
      types.push_back(given ? Type::Tensor(DataType::kFloat, context.input(i).shape) : Type());
      constants.push_back(nullptr);
      shapes_.push_back(given ? context.shape(i) : std::nullopt);
      const Tensor* constant = given ? context.constant(i) : nullptr;
      if (constant == nullptr) continue;
      auto& wide = wide_constants_[static_cast<size_t>(i)];
      SX_ASSIGN_OR_RETURN(wide, Tensor::CreateUninitialized(DataType::kFloat, constant->shape()));
      SX_RETURN_IF_ERROR(WidenAll(*constant, wide->data<float>(), [&](const auto& work) {
        work(0, constant->size());
        return absl::OkStatus();
      }));
      constants.back() = &*wide;
    }
    output_ = conv.output();
    const PrepareContext inner(context.node(), types, constants,
                               {Type::Tensor(DataType::kFloat, output_)}, context.environment(),
                               context.accuracy(), &cache_);
    for (const KernelDef& def : {ConvDepthwise(), ConvDirect1x1(), ConvIm2col()}) {
      if (def.refuses != nullptr && !def.refuses(inner).empty()) continue;
      auto kernel = def.prepare(inner);
      if (!kernel.ok()) continue;
      kernel_ = *std::move(kernel);
      return absl::OkStatus();
    }
    return Unimplemented("no float kernel takes it");
  }

  int64_t scratch_bytes() const override {
    int64_t bytes = FloatBytes(output_) + kernel_->scratch_bytes();
    for (size_t i = 0; i < shapes_.size(); ++i) {
      if (shapes_[i] && !wide_constants_[i]) bytes += FloatBytes(*shapes_[i]);
    }
    return bytes;
  }

  Status Run(KernelContext& context) const override {
    std::byte* memory = context.scratch().data();
    const auto take = [&](const Shape& shape) {
      Tensor tensor = Tensor::Borrow(DataType::kFloat, shape, memory, nullptr);
      memory += FloatBytes(shape);
      return tensor;
    };
    std::vector<Value> wide(shapes_.size());
    std::vector<const Value*> inputs(shapes_.size(), nullptr);
    for (size_t i = 0; i < shapes_.size(); ++i) {
      if (!shapes_[i]) continue;
      if (wide_constants_[i]) {
        wide[i] = *wide_constants_[i];
      } else {
        Tensor tensor = take(*shapes_[i]);
        SX_RETURN_IF_ERROR(WidenAll(
            context.input(static_cast<int>(i)), tensor.data<float>(),
            [&](const auto& work) { return context.ParallelFor(tensor.size(), 0.5, work); }));
        wide[i] = std::move(tensor);
      }
      inputs[i] = &wide[i];
    }
    Value y(take(output_));
    Value* outputs[] = {&y};
    KernelContext inner(context.node(), context.environment(), nullptr, inputs, outputs,
                        {memory, static_cast<size_t>(kernel_->scratch_bytes())});
    SX_RETURN_IF_ERROR(kernel_->Run(inner));
    const float* from = y.tensor().data<float>();
    return Dispatch(context.output(0).type(), Narrow{}, [&]<typename T>() {
      T* to = context.output(0).data<T>();
      return context.ParallelFor(output_.Elements(), 5, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) to[i] = T(from[i]);
      });
    });
  }

 private:
  std::vector<std::optional<Shape>> shapes_;           // of the inputs, where they are given
  std::vector<std::optional<Tensor>> wide_constants_;  // inputs that never change, as float
  Shape output_;
  PackCache cache_;
  std::unique_ptr<Kernel> kernel_;
};

StatusOr<ConvShape> Resolve(const PrepareContext& context) {
  if (context.element(0) != DataType::kFloat16 && context.element(0) != DataType::kBFloat16) {
    return Unimplemented("works on float16 and bfloat16, not ", Name(context.element(0)));
  }
  if (const std::string reason = RefusesLayout(context, ConvLayout::kChannelsFirst);
      !reason.empty()) {
    return Unimplemented(reason);
  }
  for (int i = 0; i < context.input_count(); ++i) {
    if (context.has_input(i) && !context.shape(i)) {
      return Unimplemented("needs shapes that are known before the run");
    }
  }
  SX_ASSIGN_OR_RETURN(ConvShape conv, ResolveConv(context.attrs<ConvAttrs>(), *context.shape(0),
                                                  *context.shape(1)));
  if (conv.output().Elements() > kMaxElements) return Unimplemented("the output is too large");
  return conv;
}

std::string Refuses(const PrepareContext& context) {
  const auto conv = Resolve(context);
  return conv.ok() ? "" : std::string(conv.status().message());
}

StatusOr<std::unique_ptr<Kernel>> Prepare(const PrepareContext& context) {
  SX_ASSIGN_OR_RETURN(const ConvShape conv, Resolve(context));
  auto kernel = std::make_unique<ConvWidened>();
  SX_RETURN_IF_ERROR(kernel->Prepare(context, conv));
  return kernel;
}

}  // namespace

KernelDef ConvWidenedKernel() {
  return {
      .name = "conv.widened", .backend = Backend::kNative, .refuses = Refuses, .prepare = Prepare};
}

}  // namespace sardonyx
