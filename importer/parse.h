// Parsing one message of the wire schema, its large tensors left in the source.
#pragma once

#include <string>
#include <vector>

#include "google/protobuf/message_lite.h"
#include "importer/skeleton.h"

namespace sardonyx {

/// Errors: the source is empty, is not that message, or exceeds a limit.
Status ParseMessage(const ByteSource& source, WireMessage kind, const Limits& limits,
                    google::protobuf::MessageLite* message, std::vector<Payload>* payloads);

/// The folder that a file lies in, "." where its path names none.
std::string FolderOf(const std::string& path);

}  // namespace sardonyx
