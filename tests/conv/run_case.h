// Running one Conv kernel on a case, with weights known beforehand as in a model.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "runtime/base/memory.h"
#include "tests/conv/cases.h"

namespace sardonyx {

/// A kernel prepared for a case, and the case's tensors.
class ConvRun {
 public:
  ConvRun(const ConvCase& conv_case, int threads, bool constant_weights = true)
      : constant_weights_(constant_weights), pool_(threads) {
    std::mt19937 generator(7);
    node_.outputs = {100};
    node_.attrs = std::make_shared<ConvAttrs>(conv_case.attrs());
    Add(conv_case.x_shape(), generator);
    Add(conv_case.w_shape(), generator);
    if (conv_case.bias || conv_case.residual) {
      Add(conv_case.bias ? Shape{conv_case.out_channels} : Shape{}, generator);
    }
    auto resolved = ResolveConv(conv_case.attrs(), conv_case.x_shape(), conv_case.w_shape());
    if (!resolved.ok()) return;
    conv_ = *resolved;
    if (!conv_case.bias && conv_case.residual) {
      inputs_.back() = Value();
      node_.inputs.back() = kNoValue;
    }
    if (conv_case.residual) Add(conv_.output(), generator);
    auto y = Tensor::Create(DataType::kFloat, conv_.output());
    if (y.ok()) y_ = Value(*std::move(y));
  }

  /// Prepares `def`. Errors: it refuses.
  Status Prepare(const KernelDef& def, Accuracy accuracy = Accuracy::kFast) {
    std::vector<Type> types;
    std::vector<const Tensor*> constants;
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const bool tensor = inputs_[i].is_tensor();
      types.push_back(tensor ? Type::Tensor(DataType::kFloat, inputs_[i].tensor().shape())
                             : Type());
      constants.push_back(tensor && i == 1 && constant_weights_ ? &inputs_[i].tensor() : nullptr);
    }
    const PrepareContext context(node_, types, constants,
                                 {Type::Tensor(DataType::kFloat, conv_.output())}, environment_,
                                 accuracy, &cache_);
    if (def.refuses != nullptr) {
      if (const std::string reason = def.refuses(context); !reason.empty()) {
        return Unimplemented(reason);
      }
    }
    SX_ASSIGN_OR_RETURN(kernel_, def.prepare(context));
    SX_ASSIGN_OR_RETURN(scratch_, AllocateBytes(kernel_->scratch_bytes(), nullptr));
    return absl::OkStatus();
  }

  Status Run() {
    std::vector<const Value*> inputs;
    for (const Value& value : inputs_) inputs.push_back(value.is_none() ? nullptr : &value);
    std::vector<Value*> outputs{&y_};
    KernelContext context(node_, environment_, nullptr, inputs, outputs,
                          {scratch_.get(), static_cast<size_t>(kernel_->scratch_bytes())});
    return kernel_->Run(context);
  }

  const ConvShape& conv() const { return conv_; }
  Tensor& input(int i) { return inputs_[i].tensor(); }
  bool has_input(size_t i) const { return i < inputs_.size() && inputs_[i].is_tensor(); }
  Tensor& y() { return y_.tensor(); }
  const ConvAttrs& attrs() const { return static_cast<const ConvAttrs&>(*node_.attrs); }
  RunControl& control() { return control_; }

 private:
  void Add(const Shape& shape, std::mt19937& generator) {
    std::uniform_real_distribution<float> values(-1, 1);
    auto tensor = Tensor::Create(DataType::kFloat, shape);
    if (!tensor.ok()) return;
    for (float& x : tensor->span<float>()) x = values(generator);
    node_.inputs.push_back(static_cast<ValueId>(inputs_.size()));
    inputs_.push_back(*std::move(tensor));
  }

  Node node_{.name = "test", .op_type = "Conv", .version = 11, .index = 0};
  const bool constant_weights_;
  ConvShape conv_;
  std::vector<Value> inputs_;
  Value y_;
  PackCache cache_;
  std::unique_ptr<Kernel> kernel_;
  std::shared_ptr<std::byte> scratch_;
  ThreadPool pool_;
  RunControl control_;
  const RunEnvironment environment_{.pool = &pool_, .control = &control_};
};

}  // namespace sardonyx
