#include "importer/parse.h"

#include <limits>

#include "google/protobuf/io/coded_stream.h"

namespace sardonyx {

Status ParseMessage(const ByteSource& source, WireMessage kind, const Limits& limits,
                    google::protobuf::MessageLite* message, std::vector<Payload>* payloads) {
  if (source.size() == 0) return InvalidArgument("it is empty");
  SX_ASSIGN_OR_RETURN(Skeleton skeleton, ReadSkeleton(source, kind, limits));
  if (skeleton.bytes.size() > std::numeric_limits<int>::max()) {
    return LimitExceeded("it has ", skeleton.bytes.size(),
                         " bytes besides its large tensors, the most is 2 GiB");
  }
  google::protobuf::io::CodedInputStream stream(
      reinterpret_cast<const uint8_t*>(skeleton.bytes.data()),
      static_cast<int>(skeleton.bytes.size()));
  // The walk has bounded what nests by its own rules; types may nest below that.
  stream.SetRecursionLimit(3 * limits.nesting + 8 + 2 * limits.nesting + 8);
  if (!message->ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    return InvalidArgument("a field does not have the form that the format gives it");
  }
  *payloads = std::move(skeleton.payloads);
  return absl::OkStatus();
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace sardonyx
