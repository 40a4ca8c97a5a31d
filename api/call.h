// One run of a model, put together in an application's order and words.
#pragma once

#include <memory>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "api/load.h"
#include "api/run_control.h"

namespace sardonyx {

/// What an application says of a run, besides inputs and outputs.
struct CallOptions {
  double seconds = 0;  // time limit; 0: none
  uint64_t seed = 0;
  Observer observer = {};
  StopSwitch* stop = nullptr;  // null: nobody stops it
  Profile* profile = nullptr;  // null: that of the model's recording, if it has one
};

/// Holds the model and the values until it is gone, whatever the application releases meanwhile.
/// May be moved.
class Call {
 public:
  /// For `outputs` outputs, each of which is then set once.
  Call(std::shared_ptr<LoadedModel> model, size_t outputs);

  /// The input of that name, where `name` is null the one at that position. Errors: there is none.
  Status SetInput(const char* name, size_t position, const Value& value);
  /// Asks for the output of that name, or at that position where `name` is null, as outputs()[i];
  /// a tensor in `place` is written into. Errors: there is none, or it was asked for before.
  Status SetOutput(const char* name, size_t position, size_t i, const Value& place);

  Status Run(const CallOptions& options);

  /// What a run has made, in the order of SetOutput's `i`.
  absl::Span<Value> outputs() { return absl::MakeSpan(outputs_); }

 private:
  std::shared_ptr<LoadedModel> model_;
  absl::InlinedVector<Value, 4> inputs_;  // by the model's order
  std::vector<Value> outputs_;            // by the application's
  std::vector<int> positions_;            // of outputs_, by the model's order; -1: not asked for
};

}  // namespace sardonyx
