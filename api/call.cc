#include "api/call.h"

#include <chrono>
#include <optional>
#include <utility>

#include "runtime/session/profile.h"

namespace sardonyx {
namespace {

constexpr double kLongestSeconds = 1e9;  // three decades; what is longer has no end

RunControl::Clock::time_point Deadline(double seconds) {
  if (!(seconds > 0 && seconds < kLongestSeconds)) return RunControl::Clock::time_point::max();
  return RunControl::Clock::now() + std::chrono::duration_cast<RunControl::Clock::duration>(
                                        std::chrono::duration<double>(seconds));
}

Status CheckPosition(size_t position, size_t count, absl::string_view what) {
  if (position < count) return absl::OkStatus();
  return InvalidArgument("the model has ", count, " ", what, "s, there is none at ", position);
}

}  // namespace

Call::Call(std::shared_ptr<LoadedModel> model, size_t outputs)
    : model_(std::move(model)),
      inputs_(model_->session->inputs().size()),
      outputs_(outputs),
      positions_(model_->session->outputs().size(), -1) {}

Status Call::SetInput(const char* name, size_t position, const Value& value) {
  if (name != nullptr) {
    SX_ASSIGN_OR_RETURN(position, model_->session->FindInput(name));
  }
  SX_RETURN_IF_ERROR(CheckPosition(position, inputs_.size(), "input"));
  inputs_[position] = value;
  return absl::OkStatus();
}

Status Call::SetOutput(const char* name, size_t position, size_t i, const Value& place) {
  if (name != nullptr) {
    SX_ASSIGN_OR_RETURN(position, model_->session->FindOutput(name));
  }
  SX_RETURN_IF_ERROR(CheckPosition(position, positions_.size(), "output"));
  if (positions_[position] >= 0) {
    return InvalidArgument("output '", model_->session->outputs()[position].name,
                           "' is asked for twice");
  }
  positions_[position] = static_cast<int>(i);
  outputs_[i] = place;
  return absl::OkStatus();
}

Status Call::Run(const CallOptions& options) {
  absl::InlinedVector<Value*, 4> places;
  for (const int i : positions_) places.push_back(i < 0 ? nullptr : &outputs_[i]);
  RunControl control(Deadline(options.seconds));
  std::optional<StopSwitch::Watch> watch;
  if (options.stop != nullptr) watch.emplace(*options.stop, control);
  Profile* profile = options.profile;
  if (profile == nullptr && model_->recording != nullptr) profile = model_->recording->profile();
  if (profile != nullptr) control.set_work_log(profile->workers());
  return model_->session->Run(inputs_, places,
                              {.control = &control,
                               .seed = options.seed,
                               .observer = options.observer,
                               .profile = profile});
}

}  // namespace sardonyx
