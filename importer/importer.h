// From ONNX files to graphs and values.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "runtime/base/limits.h"
#include "runtime/base/memory.h"
#include "runtime/base/tensor.h"
#include "runtime/graph/graph.h"

namespace sardonyx {

/// The newest versions that are understood.
inline constexpr int kNewestIrVersion = 14;
inline constexpr int kOldestIrVersion = 3;

/// Bytes in memory, which `owner` keeps; null: the caller does, as long as anyone reads them.
struct SharedBytes {
  absl::string_view bytes;
  std::shared_ptr<void> owner = nullptr;
  bool stays = true;  // false: only until the import is done, so nothing may stay there
};

struct ImportOptions {
  Limits limits;
  std::shared_ptr<MemoryBudget> budget;  // counts weights that are copied; null: no budget
  /// Tensors that stand in for the main graph's initializers of these names, whose contents are
  /// then not looked for.
  std::map<std::string, Tensor> initializers;
  /// Files of external data that are in memory, by the location that the model gives them.
  std::map<std::string, SharedBytes> files;
};

/// Reads a model: its graph with functions expanded, subgraphs with their captures, initializers
/// as constants (weights in external files are mapped), attributes, types and metadata. Nodes are
/// in an order in which they can run and have `version` and `index` set; operators have not been
/// looked up. The graph has passed Verify (runtime/graph/verify.h).
/// Errors: one line for each problem, at most some dozens.
StatusOr<std::shared_ptr<Model>> ImportFile(const std::string& path,
                                            const ImportOptions& options = {});

/// The same from memory, which need not outlive the call. `model_folder` is where external data
/// is looked for; "" forbids it.
StatusOr<std::shared_ptr<Model>> ImportBytes(absl::string_view bytes,
                                             const std::string& model_folder = "",
                                             const ImportOptions& options = {});

/// The same, where weights may stay: those that lie there aligned as their elements need it are not
/// copied.
StatusOr<std::shared_ptr<Model>> ImportShared(const SharedBytes& bytes,
                                              const std::string& model_folder = "",
                                              const ImportOptions& options = {});

/// Reads a serialized TensorProto. Its external data, if any, lies beside the file.
StatusOr<Tensor> ReadTensorFile(const std::string& path, const ImportOptions& options = {});
StatusOr<Tensor> ParseTensorProto(absl::string_view bytes, const ImportOptions& options = {});

/// Reads a value of that kind of type: a TensorProto (also where the kind is not known), or a
/// SequenceProto, OptionalProto or MapProto, as the official test data have them.
StatusOr<Value> ReadValueFile(const std::string& path, const Type& type,
                              const ImportOptions& options = {});
StatusOr<Value> ParseValueProto(absl::string_view bytes, const Type& type,
                                const ImportOptions& options = {});

}  // namespace sardonyx
