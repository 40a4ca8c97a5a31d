#include "importer/skeleton.h"

#include <algorithm>
#include <optional>

namespace sardonyx {
namespace {

constexpr int64_t kSmall = 1024;            // contents below this stay where they are
constexpr int64_t kMostFields = 2'000'000;  // strings and messages: names, nodes, dimensions
constexpr int kMostDimensions = 10'000;     // a rank above the limit is refused later, by name
constexpr int64_t kWindow = 64 << 10;
constexpr int kPayloadField = 536870911;
constexpr int kTrainingInfo = 20;  // of ModelProto; of no use here, and may be large
enum WireType { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// The message that a field holds, where tensors or many messages may be in it.
std::optional<WireMessage> Child(WireMessage message, uint64_t field) {
  using enum WireMessage;
  switch (message) {
    case kModel:
      if (field == 7) return kGraph;
      if (field == 25) return kFunction;
      break;
    case kGraph:
      if (field == 1) return kNode;
      if (field == 5) return kTensor;
      if (field == 15) return kSparseTensor;
      if (field == 11 || field == 12 || field == 13) return kValueInfo;
      break;
    case kNode:
      if (field == 5) return kAttribute;
      break;
    case kAttribute:
      if (field == 5 || field == 10) return kTensor;
      if (field == 6 || field == 11) return kGraph;
      if (field == 22 || field == 23) return kSparseTensor;
      if (field == 14 || field == 15) return kType;
      break;
    case kSparseTensor:
      if (field == 1 || field == 2) return kTensor;
      break;
    case kFunction:
      if (field == 7) return kNode;
      if (field == 11) return kAttribute;
      break;
    case kSequence:
    case kOptional:
      if (field == 3) return kTensor;
      if (field == 4) return kSparseTensor;
      if (field == 5) return kSequence;
      if (field == 6) return kMap;
      if (field == 7) return kOptional;
      break;
    case kMap:
      if (field == 5) return kSequence;
      break;
    case kValueInfo:
      if (field == 2) return kType;
      break;
    case kType:
      if (field == 1 || field == 8) return kTensorType;
      if (field == 4 || field == 5 || field == 9) return kContainerType;
      break;
    case kTensorType:
      if (field == 2) return kShape;
      break;
    case kContainerType:
      if (field == 1 || field == 2) return kType;  // 1 of a map is a number
      break;
    case kShape:
    case kTensor:
      break;
  }
  return std::nullopt;
}

void AppendVarint(std::string* out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

class Walker {
 public:
  Walker(const ByteSource& source, const Limits& limits) : source_(source), limits_(limits) {}

  Status Message(WireMessage message, int64_t end, int depth, std::string* out);
  std::vector<Payload> TakePayloads() { return std::move(payloads_); }

 private:
  struct Field {
    uint64_t number;
    WireType type;
    int64_t start;   // of its tag
    int64_t length;  // of its contents, which start at at_
  };
  StatusOr<Field> NextField(int64_t end);
  StatusOr<uint64_t> Varint(int64_t end);
  Status Tensor(int64_t end, bool extract, std::string* out);
  Status Copy(const Field& field, std::string* out);

  const ByteSource& source_;
  const Limits& limits_;
  std::vector<Payload> payloads_;
  int64_t at_ = 0;
  int64_t nodes_ = 0;
  int64_t fields_ = 0;
  std::string window_;  // bytes of the source from window_start_ on
  int64_t window_start_ = 0;
};

StatusOr<uint64_t> Walker::Varint(int64_t end) {
  uint64_t value = 0;
  const int64_t start = at_;
  for (int shift = 0; shift < 64; shift += 7) {
    if (at_ >= end) return InvalidArgument("it is cut short at byte ", at_);
    const int64_t in_window = at_ - window_start_;
    if (in_window < 0 || in_window >= static_cast<int64_t>(window_.size())) {
      const int64_t count = std::min(kWindow, source_.size() - at_);
      window_.resize(static_cast<size_t>(count));
      window_start_ = at_;
      SX_RETURN_IF_ERROR(source_.Read(at_, count, window_.data()));
    }
    const auto byte = static_cast<unsigned char>(window_[at_ - window_start_]);
    ++at_;
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return InvalidArgument("there is no valid number at byte ", start);
}

StatusOr<Walker::Field> Walker::NextField(int64_t end) {
  Field field{.start = at_};
  SX_ASSIGN_OR_RETURN(const uint64_t tag, Varint(end));
  field.number = tag >> 3;
  if (field.number == 0 || field.number > kPayloadField) {
    return InvalidArgument("there is no valid field at byte ", field.start);
  }
  switch (tag & 7) {
    case kVarint: {
      const int64_t start = at_;
      SX_RETURN_IF_ERROR(Varint(end).status());
      field.length = at_ - start;
      at_ = start;
      break;
    }
    case kFixed64:
      field.length = 8;
      break;
    case kFixed32:
      field.length = 4;
      break;
    case kBytes: {
      SX_ASSIGN_OR_RETURN(const uint64_t length, Varint(end));
      if (length > static_cast<uint64_t>(end - at_)) {
        return InvalidArgument("it is cut short: field ", field.number, " at byte ", field.start,
                               " has ", length, " bytes, of which ", end - at_, " are left");
      }
      field.length = static_cast<int64_t>(length);
      // An empty one takes two bytes of the file, but a hundred or two when it has been parsed.
      if (++fields_ > kMostFields) {
        return LimitExceeded("there are more strings and messages than ", kMostFields);
      }
      break;
    }
    default:
      return InvalidArgument("there is no valid field at byte ", field.start);
  }
  if (field.length > end - at_) return InvalidArgument("it is cut short at byte ", end);
  field.type = static_cast<WireType>(tag & 7);
  return field;
}

// Appends the field as it is and steps over it.
Status Walker::Copy(const Field& field, std::string* out) {
  const int64_t count = at_ + field.length - field.start;
  const int64_t in_window = field.start - window_start_;
  if (in_window >= 0 && in_window + count <= static_cast<int64_t>(window_.size())) {
    out->append(window_, static_cast<size_t>(in_window), static_cast<size_t>(count));
  } else {
    const size_t before = out->size();
    out->resize(before + static_cast<size_t>(count));
    SX_RETURN_IF_ERROR(source_.Read(field.start, count, out->data() + before));
  }
  at_ += field.length;
  return absl::OkStatus();
}

Status Walker::Message(WireMessage message, int64_t end, int depth, std::string* out) {
  // A subgraph is three messages down: node, attribute, graph.
  if (depth > 3 * limits_.nesting + 8) {
    return LimitExceeded("subgraphs, types or values are nested deeper than the limit nesting, ",
                         limits_.nesting);
  }
  if (message == WireMessage::kNode && ++nodes_ > limits_.nodes) {
    return LimitExceeded("there are more nodes than the limit nodes, ", limits_.nodes);
  }
  if (message == WireMessage::kTensor) return Tensor(end, /*extract=*/true, out);
  int rank = 0;
  while (at_ < end) {
    SX_ASSIGN_OR_RETURN(const Field field, NextField(end));
    if (message == WireMessage::kShape && ++rank > kMostDimensions) {
      return LimitExceeded("a shape has more than ", kMostDimensions, " dimensions");
    }
    if (message == WireMessage::kModel && field.number == kTrainingInfo) {
      at_ += field.length;
      continue;
    }
    const std::optional<WireMessage> child = Child(message, field.number);
    if (!child || field.type != kBytes) {
      SX_RETURN_IF_ERROR(Copy(field, out));
      continue;
    }
    std::string inner;
    SX_RETURN_IF_ERROR(Message(*child, at_ + field.length, depth + 1, &inner));
    AppendVarint(out, field.number << 3 | kBytes);
    AppendVarint(out, inner.size());
    out->append(inner);
  }
  return absl::OkStatus();
}

Status Walker::Tensor(int64_t end, bool extract, std::string* out) {
  const int64_t start = at_;
  const size_t before = out->size();
  std::optional<Payload> payload;
  int data_fields = 0;
  while (at_ < end) {
    SX_ASSIGN_OR_RETURN(const Field field, NextField(end));
    const bool fixed_width =
        field.number == kRawData || field.number == kFloatData || field.number == kDoubleData;
    data_fields += fixed_width;
    if (field.number == kPayloadField) {
      at_ += field.length;  // ours alone
    } else if (extract && fixed_width && field.type == kBytes && field.length >= kSmall) {
      payload = {.field = static_cast<int>(field.number), .offset = at_, .length = field.length};
      at_ += field.length;
    } else {
      SX_RETURN_IF_ERROR(Copy(field, out));
    }
  }
  if (!payload) return absl::OkStatus();
  if (data_fields > 1) {  // in pieces, or contradictory: the parser and what follows will tell
    out->resize(before);
    at_ = start;
    return Tensor(end, /*extract=*/false, out);
  }
  AppendVarint(out, uint64_t{kPayloadField} << 3 | kVarint);
  AppendVarint(out, payloads_.size());
  payloads_.push_back(*payload);
  return absl::OkStatus();
}

}  // namespace

StatusOr<Skeleton> ReadSkeleton(const ByteSource& source, WireMessage message,
                                const Limits& limits) {
  Walker walker(source, limits);
  Skeleton skeleton;
  SX_RETURN_IF_ERROR(walker.Message(message, source.size(), 0, &skeleton.bytes));
  skeleton.payloads = walker.TakePayloads();
  return skeleton;
}

}  // namespace sardonyx
