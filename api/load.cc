#include "api/load.h"

#include <unistd.h>

#include <utility>

#include "runtime/session/tune.h"

namespace sardonyx {
namespace {

Metadata MetadataOf(const Model& model) {
  Metadata metadata{.producer_name = model.producer_name,
                    .producer_version = model.producer_version,
                    .domain = model.domain,
                    .description = model.doc_string,
                    .graph_name = model.graph.name,
                    .model_version = model.model_version,
                    .ir_version = model.ir_version,
                    .custom = model.metadata};
  if (const auto opset = model.opsets.find(""); opset != model.opsets.end()) {
    metadata.opset = opset->second;
  }
  return metadata;
}

/// Imports with `import` and compiles; the model goes into the session.
template <typename Import>
StatusOr<LoadedModel> Load(const LoadOptions& options, Import&& import) {
  const ImportOptions how{.limits = options.limits,
                          .budget = std::make_shared<MemoryBudget>(options.session.memory_limit),
                          .initializers = options.initializers,
                          .files = options.files};
  SX_ASSIGN_OR_RETURN(std::shared_ptr<Model> model, import(how));
  LoadedModel loaded{.metadata = MetadataOf(*model)};
  if (!options.profile.empty()) {
    loaded.recording = std::make_unique<TraceRecording>(options.profile);
  }
  if (options.tune_seconds > 0) {
    SX_ASSIGN_OR_RETURN(loaded.session,
                        CreateTuned(model, options.session, {.seconds = options.tune_seconds}));
  } else {
    SX_ASSIGN_OR_RETURN(loaded.session, Session::Create(std::move(model), options.session));
  }
  return loaded;
}

}  // namespace

std::shared_ptr<LoadedModel> Share(LoadedModel model) {
  return std::shared_ptr<LoadedModel>(new LoadedModel(std::move(model)),
                                      [owner = getpid()](LoadedModel* last) {
                                        if (getpid() == owner) delete last;
                                      });
}

StatusOr<LoadedModel> LoadFile(const std::string& path, const LoadOptions& options) {
  return Load(options, [&](const ImportOptions& how) { return ImportFile(path, how); });
}

StatusOr<LoadedModel> LoadBytes(absl::string_view bytes, const std::string& folder,
                                const LoadOptions& options) {
  return Load(options, [&](const ImportOptions& how) { return ImportBytes(bytes, folder, how); });
}

StatusOr<LoadedModel> LoadShared(const SharedBytes& bytes, const std::string& folder,
                                 const LoadOptions& options) {
  return Load(options, [&](const ImportOptions& how) { return ImportShared(bytes, folder, how); });
}

}  // namespace sardonyx
