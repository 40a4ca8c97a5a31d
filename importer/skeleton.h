// A serialized message without its weights.
//
// Protocol buffers copy every byte that they parse. Weights should be read once, straight to where
// they stay; so the file is first walked as the wire format has it
// (protobuf.dev/programming-guides/ encoding), and the tensors' contents are left out of what is
// handed on to be parsed.
#pragma once

#include <string>
#include <vector>

#include "importer/source.h"
#include "runtime/base/limits.h"

namespace sardonyx {

/// The contents of one tensor's field, still in the source.
struct Payload {
  int field;  // kRawData, or a packed field of fixed-width elements, whose bytes are the same
  int64_t offset;
  int64_t length;
};
inline constexpr int kFloatData = 4;  // fields of TensorProto
inline constexpr int kRawData = 9;
inline constexpr int kDoubleData = 10;

/// A message that parses as the original does, except that a tensor whose only data are large has
/// none, and its field `payload` is the index of them in `payloads`.
struct Skeleton {
  std::string bytes;
  std::vector<Payload> payloads;
};

/// What may be read: the messages in which tensors are.
enum class WireMessage {
  kModel,
  kGraph,
  kNode,
  kAttribute,
  kTensor,
  kSparseTensor,
  kFunction,
  kSequence,
  kMap,
  kOptional,
  kValueInfo,
  kType,
  kTensorType,
  kContainerType,  // of a sequence, a map or an optional
  kShape,
};

/// Walks the whole source as one message. Errors: it is not that message, or cut short (saying at
/// which byte), or exceeds the limits of nesting and nodes, or has millions of fields.
StatusOr<Skeleton> ReadSkeleton(const ByteSource& source, WireMessage message,
                                const Limits& limits);

}  // namespace sardonyx
