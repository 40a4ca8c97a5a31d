#include "importer/importer.h"

#include "absl/strings/match.h"
#include "google/protobuf/arena.h"
#include "importer/graph_builder.h"
#include "importer/parse.h"
#include "importer/skeleton.h"
#include "importer/source.h"
#include "importer/tensor_reader.h"
#include "runtime/base/without_exceptions.h"
#include "runtime/graph/verify.h"

namespace sardonyx {
namespace {

// What a file that is no model seems to be, for the message.
std::string LooksLike(const ByteSource& source) {
  std::string start(static_cast<size_t>(std::min<int64_t>(source.size(), 64)), '\0');
  if (!source.Read(0, static_cast<int64_t>(start.size()), start.data()).ok()) return "";
  if (absl::StartsWith(start, "\x89PNG")) return " (it looks like a PNG picture)";
  if (absl::StartsWith(start, "\xff\xd8\xff")) return " (it looks like a JPEG picture)";
  if (absl::StartsWith(start, "PK\x03\x04")) return " (it looks like a zip archive)";
  if (absl::StartsWith(start, "\x93NUMPY")) return " (it looks like a NumPy array)";
  const bool text = PrintableName(start).size() <= start.size() + 8 &&
                    absl::StrContains(start, ' ') && !absl::StrContains(start, '\0');
  return text ? " (it looks like text)" : "";
}

Status ReadHeader(const wire::ModelProto& proto, Model* model) {
  if (!proto.has_ir_version()) return InvalidArgument("the model has no ir_version");
  if (proto.ir_version() > kNewestIrVersion) {
    return Unimplemented("IR version ", proto.ir_version(), " is newer than ", kNewestIrVersion,
                         ", the newest that is supported");
  }
  if (proto.ir_version() < kOldestIrVersion) {
    return Unimplemented("IR version ", proto.ir_version(), " is older than ", kOldestIrVersion,
                         ", the oldest that is supported");
  }
  if (!proto.has_graph()) return InvalidArgument("the model has no graph");
  if (proto.opset_import_size() == 0) {
    return InvalidArgument("the model imports no operator set");
  }
  SX_ASSIGN_OR_RETURN(model->opsets, ReadOpsets(proto.opset_import()));
  model->ir_version = proto.ir_version();
  model->producer_name = PrintableName(proto.producer_name());
  model->producer_version = PrintableName(proto.producer_version());
  model->domain = PrintableName(proto.domain());
  model->model_version = proto.model_version();
  // What programs read, line by line for instance, stays as it is.
  model->doc_string = proto.doc_string();
  for (const wire::StringStringEntryProto& entry : proto.metadata_props()) {
    model->metadata[entry.key()] = entry.value();
  }
  return absl::OkStatus();
}

StatusOr<std::shared_ptr<Model>> ImportSource(const ByteSource& source, const std::string& folder,
                                              const ImportOptions& options) {
  if (source.size() > options.limits.file_bytes) {
    return LimitExceeded("the model has ", source.size(), " bytes, the limit file_bytes is ",
                         options.limits.file_bytes);
  }
  // The arena has what was parsed even where memory ends in the midst of it.
  google::protobuf::Arena arena;
  auto& proto = *google::protobuf::Arena::CreateMessage<wire::ModelProto>(&arena);
  std::vector<Payload> payloads;
  if (Status parsed = ParseMessage(source, WireMessage::kModel, options.limits, &proto, &payloads);
      !parsed.ok()) {
    parsed =
        Prepend(parsed, absl::StrCat("this is not a valid ONNX model", LooksLike(source), ": "));
    // What is no model at all is told from one that breaks a rule.
    return absl::IsInvalidArgument(parsed) ? absl::DataLossError(parsed.message()) : parsed;
  }
  if (!proto.has_graph() && !proto.has_ir_version()) {
    return absl::DataLossError(absl::StrCat("this is not an ONNX model", LooksLike(source)));
  }
  auto model = std::make_shared<Model>();
  SX_RETURN_IF_ERROR(ReadHeader(proto, model.get()));
  Problems problems;
  FunctionLibrary functions;
  for (const wire::FunctionProto& function : proto.functions()) functions.Add(function, &problems);
  TensorReader tensors(source, std::move(payloads), folder, options);
  GraphBuilder builder(tensors, functions, options.limits, &problems);
  builder.Build(proto.graph(), model->opsets, model->ir_version, &model->graph);
  SX_RETURN_IF_ERROR(problems.ToStatus());
  SX_RETURN_IF_ERROR(Verify(model->graph));
  return model;
}

}  // namespace

StatusOr<std::shared_ptr<Model>> ImportFile(const std::string& path, const ImportOptions& options) {
  return WithoutExceptions([&]() -> StatusOr<std::shared_ptr<Model>> {
    SX_ASSIGN_OR_RETURN(const std::unique_ptr<FileSource> file,
                        FileSource::Open(path, options.limits.file_bytes));
    return ImportSource(*file, FolderOf(path), options);
  });
}

StatusOr<std::shared_ptr<Model>> ImportBytes(absl::string_view bytes,
                                             const std::string& model_folder,
                                             const ImportOptions& options) {
  return WithoutExceptions(
      [&] { return ImportSource(MemorySource(bytes), model_folder, options); });
}

StatusOr<std::shared_ptr<Model>> ImportShared(const SharedBytes& bytes,
                                              const std::string& model_folder,
                                              const ImportOptions& options) {
  return WithoutExceptions([&] {
    return ImportSource(MemorySource(bytes.bytes, bytes.owner, bytes.stays), model_folder, options);
  });
}

}  // namespace sardonyx
