// What runners of other runtimes have in common.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tools/cli/runner.h"

namespace sardonyx {

/// A runner that only knows how to compute outputs: what is to be seen of a model's inner values
/// becomes an output of it.
class ForeignRunner : public Runner {
 public:
  const std::vector<Port>& inputs() const override { return inputs_; }
  const std::vector<Port>& outputs() const override { return outputs_; }
  size_t own_outputs() const override { return own_outputs_; }
  std::map<std::string, int64_t> symbols() const override { return symbols_; }

  StatusOr<std::vector<Value>> Run(const std::map<std::string, Value>& inputs,
                                   const RunOptions& options) override;
  StatusOr<std::vector<double>> Measure(const std::map<std::string, Value>& inputs,
                                        const MeasureOptions& options) override;
  StatusOr<PlanReport> Describe(const std::map<std::string, Shape>&) override { return plan_; }

 protected:
  using Inputs = std::vector<std::pair<std::string, Tensor>>;

  /// Runs once. Copies of the outputs where `read`, otherwise nothing. Errors: the runtime's.
  virtual StatusOr<std::vector<Value>> Compute(const Inputs& inputs, bool read) = 0;

  /// Makes those values of the model outputs that are asked for, and its nodes the layers of the
  /// plan, with `name` as their kernel. Whether the model has been changed by that.
  bool AddOutputs(const std::string& name, const RunnerOptions& options, Model& model);

  std::vector<Port> inputs_, outputs_;
  std::map<std::string, int64_t> symbols_;  // sizes that were given

 private:
  /// Errors: an input that is no tensor.
  StatusOr<Inputs> TensorsOf(const std::map<std::string, Value>& inputs) const;

  std::string name_;
  size_t own_outputs_ = 0;
  PlanReport plan_;
};

/// The flags that matter to other runtimes: threads, sizes of symbols. Errors: UsageErrors.
StatusOr<SessionOptions> ForeignOptions(const RunnerOptions& options);

}  // namespace sardonyx
