#include "tools/cli/runner.h"

#include "tools/cli/model_file.h"

namespace sardonyx {
namespace {

/// A session of this runtime.
class SessionRunner : public Runner {
 public:
  SessionRunner(std::unique_ptr<Session> session, size_t own_outputs)
      : session_(std::move(session)), own_outputs_(own_outputs) {}

  const std::vector<Port>& inputs() const override { return session_->inputs(); }
  const std::vector<Port>& outputs() const override { return session_->outputs(); }
  size_t own_outputs() const override { return own_outputs_; }
  std::map<std::string, int64_t> symbols() const override { return session_->options().symbols; }

  StatusOr<std::vector<Value>> Run(const std::map<std::string, Value>& inputs,
                                   const RunOptions& options) override {
    return session_->Run(inputs, options);
  }

  StatusOr<std::vector<double>> Measure(const std::map<std::string, Value>& inputs,
                                        const MeasureOptions& options) override {
    return MeasureRuns(*session_, inputs, options);
  }

  StatusOr<PlanReport> Describe(const std::map<std::string, Shape>& shapes) override {
    return session_->Describe(shapes);
  }

 private:
  std::unique_ptr<Session> session_;
  size_t own_outputs_;
};

}  // namespace

std::vector<std::string> RunnerNames() {
  std::vector<std::string> names;
  for (const BackendChoice choice : {BackendChoice::kAuto, BackendChoice::kReference,
                                     BackendChoice::kNative, BackendChoice::kOneDnn}) {
    names.emplace_back(Name(choice));
  }
  names.insert(names.end(), {"onnxruntime", "openvino"});
  return names;
}

StatusOr<std::unique_ptr<Runner>> MakeRunner(const std::string& backend,
                                             std::shared_ptr<Model> model, const std::string& path,
                                             const RunnerOptions& options) {
  if (backend == "onnxruntime") return MakeOnnxruntimeRunner(*model, path, options);
  if (backend == "openvino") return MakeOpenvinoRunner(*model, path, options);
  SessionFlags flags = options.session;
  flags.backend = backend;
  SX_ASSIGN_OR_RETURN(SessionOptions session_options, ToSessionOptions(flags));
  session_options.extra_outputs = options.fetch;
  session_options.fetch_all = options.fetch_all;
  const size_t own_outputs = model->graph.outputs.size();
  SX_ASSIGN_OR_RETURN(std::unique_ptr<Session> session,
                      Session::Create(std::move(model), session_options));
  return std::make_unique<SessionRunner>(std::move(session), own_outputs);
}

}  // namespace sardonyx
