#include "exporter/exporter.h"

#include <filesystem>
#include <fstream>
#include <memory>

#include "exporter/graph_writer.h"
#include "runtime/base/replacement.h"

namespace sardonyx {
namespace {

// Before IR version 4 initializers were inputs; 8 brought functions.
constexpr int64_t kOldestIrVersion = 4;
constexpr int64_t kFunctionsIrVersion = 8;
constexpr int64_t kMostInlineBytes = int64_t{1900} << 20;
constexpr int64_t kExternalBytes = 4096;  // where a model has to be split

void WriteHeader(const Model& model, wire::ModelProto* proto) {
  proto->set_producer_name(model.producer_name);
  proto->set_producer_version(model.producer_version);
  proto->set_domain(model.domain);
  proto->set_model_version(model.model_version);
  proto->set_doc_string(model.doc_string);
  for (const auto& [key, value] : model.metadata) {
    wire::StringStringEntryProto* entry = proto->add_metadata_props();
    entry->set_key(key);
    entry->set_value(value);
  }
}

Status WriteModel(const Model& model, ExternalWriter* external, wire::ModelProto* proto) {
  WriteHeader(model, proto);
  SX_RETURN_IF_ERROR(GraphWriter(proto, external).Write(model.graph, model.opsets));
  proto->set_ir_version(std::max(
      model.ir_version, proto->functions_size() > 0 ? kFunctionsIrVersion : kOldestIrVersion));
  return absl::OkStatus();
}

int64_t ConstantBytes(const Graph& graph) {
  int64_t bytes = 0;
  for (const ValueInfo& value : graph.values) {
    if (value.constant) bytes += FileBytes(*value.constant);
  }
  for (const Node& node : graph.nodes) {
    for (const Graph* subgraph : node.Subgraphs()) bytes += ConstantBytes(*subgraph);
  }
  return bytes;
}

}  // namespace

StatusOr<std::string> ExportBytes(const Model& model) {
  wire::ModelProto proto;
  SX_RETURN_IF_ERROR(WriteModel(model, nullptr, &proto));
  std::string bytes;
  if (!proto.SerializeToString(&bytes)) {
    return LimitExceeded("the model has more than the 2 GiB of a protobuf message");
  }
  return bytes;
}

Status ExportFile(const Model& model, const std::string& path, const ExportOptions& options) {
  const bool split = options.external_bytes >= 0 || ConstantBytes(model.graph) > kMostInlineBytes;
  Replacement model_file(path), data_file(absl::StrCat(path, ".data"));
  std::unique_ptr<ExternalWriter> external;
  if (split) {
    external = std::make_unique<ExternalWriter>(
        data_file.temporary(), std::filesystem::path(path).filename().string() + ".data",
        options.external_bytes >= 0 ? options.external_bytes : kExternalBytes);
  }
  wire::ModelProto proto;
  SX_RETURN_IF_ERROR(WriteModel(model, external.get(), &proto));
  std::ofstream file(model_file.temporary(), std::ios::binary | std::ios::trunc);
  const bool written = proto.SerializeToOstream(&file);
  file.close();
  if (!written || !file || (external && !external->Close())) {
    return InvalidArgument("cannot write '", path, "'");
  }
  if (external && !external->empty()) SX_RETURN_IF_ERROR(data_file.Keep());
  return model_file.Keep();
}

}  // namespace sardonyx
