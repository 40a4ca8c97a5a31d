// What every interface for applications loads a model with.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/trace_recording.h"
#include "importer/importer.h"
#include "runtime/session/session.h"

namespace sardonyx {

/// How a model is loaded.
struct LoadOptions {
  SessionOptions session;
  Limits limits;            // of the file: session.memory_limit is that of memory
  double tune_seconds = 0;  // to measure kernels; 0: estimates choose
  std::string profile;      // how the name of a TraceRecording of all runs begins; "": none
  std::map<std::string, Tensor> initializers;  // as ImportOptions has them, and the next
  std::map<std::string, SharedBytes> files;
};

/// Sets an option by its name, as docs/embedding.md lists them. Errors: no such option, or a value
/// that it does not take.
Status SetOption(absl::string_view name, const std::string& value, LoadOptions& options);

/// What a model says of itself.
struct Metadata {
  std::string producer_name, producer_version, domain, description, graph_name, graph_description;
  int64_t model_version = 0, ir_version = 0, opset = 0;
  std::map<std::string, std::string> custom;
};

/// A session that is ready to run, and its model's metadata.
struct LoadedModel {
  std::unique_ptr<Session> session;
  Metadata metadata;
  std::unique_ptr<TraceRecording> recording;  // of all runs; null: nobody wants it
};

/// The model to be shared by all who run it. In a child of fork, where its threads do not exist,
/// the last to let go of it leaves it in memory.
std::shared_ptr<LoadedModel> Share(LoadedModel model);

/// Loads a file; its external data lie beside it, unless LoadOptions::files has them.
StatusOr<LoadedModel> LoadFile(const std::string& path, const LoadOptions& options);
/// Loads a model from memory, which is not needed afterwards. Its external data lie in `folder`;
/// "" forbids them.
StatusOr<LoadedModel> LoadBytes(absl::string_view bytes, const std::string& folder,
                                const LoadOptions& options);
/// The same from memory that weights may stay in (ImportShared).
StatusOr<LoadedModel> LoadShared(const SharedBytes& bytes, const std::string& folder,
                                 const LoadOptions& options);

}  // namespace sardonyx
