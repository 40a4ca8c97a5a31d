#include "importer/tensor_reader.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/numbers.h"
#include "importer/packing.h"
#include "runtime/base/alignment.h"

namespace sardonyx {
namespace {

using wire::TensorProto;

// Fields of TensorProto that hold elements, by the names that messages use.
constexpr absl::string_view kRaw = "raw_data";
constexpr absl::string_view kFloats = "float_data";
constexpr absl::string_view kInt32s = "int32_data";
constexpr absl::string_view kInt64s = "int64_data";
constexpr absl::string_view kDoubles = "double_data";
constexpr absl::string_view kUInt64s = "uint64_data";
constexpr absl::string_view kStrings = "string_data";

absl::string_view TypedField(DataType type) {
  switch (type) {
    case DataType::kFloat:
    case DataType::kComplex64:
      return kFloats;
    case DataType::kDouble:
    case DataType::kComplex128:
      return kDoubles;
    case DataType::kInt64:
      return kInt64s;
    case DataType::kUInt32:
    case DataType::kUInt64:
      return kUInt64s;
    case DataType::kString:
      return kStrings;
    default:
      return kInt32s;
  }
}

absl::string_view FieldName(const Payload& payload) {
  return payload.field == kRawData ? kRaw : payload.field == kFloatData ? kFloats : kDoubles;
}

template <typename To, typename From>
void Convert(const From& from, Tensor* tensor) {
  std::copy(from.begin(), from.end(), tensor->data<To>());
}

// Any byte but 0 is true: another bit pattern than 0 or 1 must not become a bool.
void NormalizeBools(Tensor* tensor) {
  auto* bytes = static_cast<uint8_t*>(tensor->raw());
  for (int64_t i = 0; i < tensor->size(); ++i) bytes[i] = bytes[i] != 0;
}

}  // namespace

struct TensorReader::Data {
  absl::string_view field;             // kRaw for external data too; "" where there are none
  const ByteSource* source = nullptr;  // of raw bytes that have not been read
  int64_t offset = 0;
  const std::string* bytes = nullptr;  // raw bytes that were parsed
};

StatusOr<DataType> CheckedDataType(int number) {
  if (number < 1 || number >= kDataTypeCount) {
    return InvalidArgument("its element type ", number, " is none of 1 to ", kDataTypeCount - 1);
  }
  return static_cast<DataType>(number);
}

StatusOr<Shape> TensorReader::CheckedShape(
    DataType type, const google::protobuf::RepeatedField<int64_t>& dims) const {
  const Limits& limits = options_.limits;
  if (dims.size() > limits.rank) {
    return LimitExceeded("its rank ", dims.size(), " is above the limit rank, ", limits.rank);
  }
  Shape shape(absl::MakeConstSpan(dims.data(), static_cast<size_t>(dims.size())));
  SX_ASSIGN_OR_RETURN(const int64_t bytes, CheckedBytes(type, shape));
  if (bytes > limits.tensor_bytes) {
    return LimitExceeded("its shape ", shape.ToString(), " of ", Name(type), " needs ", bytes,
                         " bytes, the limit tensor_bytes is ", limits.tensor_bytes);
  }
  return shape;
}

StatusOr<Tensor> TensorReader::Allocate(DataType type, Shape shape) {
  SX_ASSIGN_OR_RETURN(const int64_t bytes, CheckedBytes(type, shape));
  if (bytes > options_.limits.load_bytes - loaded_) {
    return LimitExceeded("all tensors together need more than the limit load_bytes, ",
                         options_.limits.load_bytes);
  }
  loaded_ += bytes;
  return Tensor::CreateUninitialized(type, std::move(shape), options_.budget);
}

StatusOr<TensorReader::Data> TensorReader::FindExternal(const TensorProto& proto,
                                                        int64_t raw_bytes) {
  std::string location;
  int64_t offset = 0;
  int64_t length = -1;
  for (const wire::StringStringEntryProto& entry : proto.external_data()) {
    int64_t* number = entry.key() == "offset"   ? &offset
                      : entry.key() == "length" ? &length
                                                : nullptr;
    if (entry.key() == "location") location = entry.value();
    if (number != nullptr && (!absl::SimpleAtoi(entry.value(), number) || *number < 0)) {
      return InvalidArgument("the ", entry.key(), " of its external data is '", entry.value(),
                             "', not a number of bytes");
    }
  }
  if (length >= 0 && length != raw_bytes) {
    return InvalidArgument("its external data have ", length, " bytes, its shape needs ",
                           raw_bytes);
  }
  SX_ASSIGN_OR_RETURN(const ByteSource* file, external_.Get(location));
  if (offset > file->size() || raw_bytes > file->size() - offset) {
    return InvalidArgument("its external data are bytes ", offset, " to ", offset, " + ", raw_bytes,
                           " of '", location, "', which has ", file->size());
  }
  return Data{.field = kRaw, .source = file, .offset = offset};
}

// Checks that the contents are there once, in the right field and of the right size.
StatusOr<TensorReader::Data> TensorReader::Find(const TensorProto& proto, DataType type,
                                                int64_t raw_bytes) {
  std::vector<absl::string_view> fields;
  if (!proto.raw_data().empty()) fields.push_back(kRaw);
  if (proto.float_data_size() > 0) fields.push_back(kFloats);
  if (proto.int32_data_size() > 0) fields.push_back(kInt32s);
  if (proto.int64_data_size() > 0) fields.push_back(kInt64s);
  if (proto.double_data_size() > 0) fields.push_back(kDoubles);
  if (proto.uint64_data_size() > 0) fields.push_back(kUInt64s);
  if (proto.string_data_size() > 0) fields.push_back(kStrings);
  const Payload* payload = nullptr;
  if (proto.has_payload() && proto.payload() < payloads_.size()) {
    payload = &payloads_[proto.payload()];
    fields.push_back(FieldName(*payload));
  }
  const bool external = proto.data_location() == TensorProto::EXTERNAL;
  if (external) fields.push_back("external_data");
  if (fields.size() > 1) {
    return InvalidArgument("it has elements in both ", fields[0], " and ", fields[1]);
  }
  if (external) {
    if (type == DataType::kString) return InvalidArgument("strings cannot be external data");
    return FindExternal(proto, raw_bytes);
  }
  if (fields.empty()) return Data{};
  const absl::string_view field = fields[0];
  if (field != TypedField(type) && (field != kRaw || type == DataType::kString)) {
    return InvalidArgument("its elements are in ", field, ", those of type ", Name(type),
                           " belong in ", TypedField(type));
  }
  if (payload == nullptr) {
    return Data{.field = field, .bytes = field == kRaw ? &proto.raw_data() : nullptr};
  }
  if (payload->length != raw_bytes) {
    return InvalidArgument("its ", field, " has ", payload->length, " bytes, its shape needs ",
                           raw_bytes);
  }
  return Data{.field = kRaw, .source = &source_, .offset = payload->offset};
}

StatusOr<Tensor> TensorReader::ReadRaw(const Data& data, DataType type, Shape shape,
                                       int64_t raw_bytes) {
  const bool packed = PackedBits(type) < 8;
  if (data.source != nullptr && !packed && type != DataType::kBool && raw_bytes > 0 &&
      data.source->Shares(data.offset, ElementAlignment(type))) {
    SX_ASSIGN_OR_RETURN(std::shared_ptr<void> mapping, data.source->Map());
    void* start = static_cast<std::byte*>(mapping.get()) + data.offset;
    return Tensor::Borrow(type, std::move(shape), start, std::move(mapping));
  }
  SX_ASSIGN_OR_RETURN(Tensor tensor, Allocate(type, std::move(shape)));
  std::string narrow(packed ? static_cast<size_t>(raw_bytes) : 0, '\0');
  char* to = packed ? narrow.data() : static_cast<char*>(tensor.raw());
  if (data.source != nullptr) {
    SX_RETURN_IF_ERROR(data.source->Read(data.offset, raw_bytes, to));
  } else if (raw_bytes > 0) {
    std::memcpy(to, data.bytes->data(), static_cast<size_t>(raw_bytes));
  }
  if (packed) {
    Unpack(type, reinterpret_cast<const uint8_t*>(to), tensor.size(),
           static_cast<uint8_t*>(tensor.raw()));
  }
  if (type == DataType::kBool) NormalizeBools(&tensor);
  return tensor;
}

StatusOr<Tensor> TensorReader::ReadTyped(const TensorProto& proto, DataType type, Shape shape) {
  const int64_t elements = shape.Elements();
  const absl::string_view field = TypedField(type);
  const bool complex = type == DataType::kComplex64 || type == DataType::kComplex128;
  const int bits = PackedBits(type);
  const bool packed = bits == 4 || bits == 2;  // several elements to one entry; 6 bits: one
  const int64_t needed = complex ? 2 * elements : packed ? PackedBytes(elements, bits) : elements;
  const int64_t found = field == kFloats    ? proto.float_data_size()
                        : field == kDoubles ? proto.double_data_size()
                        : field == kInt32s  ? proto.int32_data_size()
                        : field == kInt64s  ? proto.int64_data_size()
                        : field == kUInt64s ? proto.uint64_data_size()
                                            : proto.string_data_size();
  if (found != needed) {
    return InvalidArgument("its ", field, " has ", found, " entries, its shape ", shape.ToString(),
                           " of ", Name(type), " needs ", needed);
  }
  SX_ASSIGN_OR_RETURN(Tensor tensor, Allocate(type, std::move(shape)));
  if (field == kFloats) {
    Convert<float>(proto.float_data(), &tensor);
  } else if (field == kDoubles) {
    Convert<double>(proto.double_data(), &tensor);
  } else if (field == kInt64s) {
    Convert<int64_t>(proto.int64_data(), &tensor);
  } else if (field == kStrings) {
    Convert<std::string>(proto.string_data(), &tensor);
  } else if (type == DataType::kUInt64) {
    Convert<uint64_t>(proto.uint64_data(), &tensor);
  } else if (type == DataType::kUInt32) {
    Convert<uint32_t>(proto.uint64_data(), &tensor);
  } else if (packed) {
    const std::vector<uint8_t> bytes(proto.int32_data().begin(), proto.int32_data().end());
    Unpack(type, bytes.data(), elements, static_cast<uint8_t*>(tensor.raw()));
  } else if (type == DataType::kBool) {
    std::transform(proto.int32_data().begin(), proto.int32_data().end(), tensor.data<bool>(),
                   [](int32_t v) { return v != 0; });
  } else {  // the low bits of each entry are the element's bits
    const int size = static_cast<int>(ElementSize(type));
    const int32_t mask = bits == 6 ? 0x3f : -1;
    for (int64_t i = 0; i < elements; ++i) {
      const int32_t entry = proto.int32_data(static_cast<int>(i));
      if ((entry & mask) != entry) {
        return InvalidArgument("entry ", i, " of its int32_data, ", entry, ", is above 6 bits");
      }
      std::memcpy(static_cast<char*>(tensor.raw()) + i * size, &entry, size);
    }
  }
  return tensor;
}

StatusOr<Tensor> TensorReader::Read(const TensorProto& proto) {
  SX_ASSIGN_OR_RETURN(const DataType type, CheckedDataType(proto.data_type()));
  if (proto.has_segment()) return Unimplemented("tensors in segments are not supported");
  SX_ASSIGN_OR_RETURN(Shape shape, CheckedShape(type, proto.dims()));
  const int64_t raw_bytes = PackedBytes(shape.Elements(), PackedBits(type));
  SX_ASSIGN_OR_RETURN(const Data data, Find(proto, type, raw_bytes));
  if (data.field.empty()) {
    if (shape.Elements() == 0) return Allocate(type, std::move(shape));
    return InvalidArgument("it has no elements, its shape ", shape.ToString(), " needs ",
                           shape.Elements());
  }
  if (data.field != kRaw) return ReadTyped(proto, type, std::move(shape));
  if (data.bytes != nullptr && static_cast<int64_t>(data.bytes->size()) != raw_bytes) {
    return InvalidArgument("its raw_data has ", data.bytes->size(), " bytes, its shape ",
                           shape.ToString(), " of ", Name(type), " needs ", raw_bytes);
  }
  return ReadRaw(data, type, std::move(shape), raw_bytes);
}

StatusOr<Tensor> TensorReader::ReadInitializer(const TensorProto& proto) {
  const auto given = options_.initializers.find(proto.name());
  if (given == options_.initializers.end()) return Read(proto);
  const Tensor& tensor = given->second;
  SX_ASSIGN_OR_RETURN(const DataType type, CheckedDataType(proto.data_type()));
  SX_ASSIGN_OR_RETURN(const Shape shape, CheckedShape(type, proto.dims()));
  if (tensor.type() == type && tensor.shape() == shape) return tensor;
  return InvalidArgument("the tensor given for it is ", tensor.ToString(), ", the model's is ",
                         Name(type), shape.ToString());
}

StatusOr<Tensor> TensorReader::ReadSparse(const wire::SparseTensorProto& proto) {
  SX_ASSIGN_OR_RETURN(const Tensor values, Read(proto.values()));
  SX_ASSIGN_OR_RETURN(const Tensor indices, Read(proto.indices()));
  SX_ASSIGN_OR_RETURN(const Shape shape, CheckedShape(values.type(), proto.dims()));
  const int64_t count = values.size();
  if (values.rank() != 1) {
    return InvalidArgument("the values of a sparse tensor have shape ", values.shape().ToString(),
                           ", expected [number of values]");
  }
  const bool linear = indices.shape() == Shape({count});
  if (indices.type() != DataType::kInt64 ||
      (!linear && indices.shape() != Shape({count, shape.rank()}))) {
    return InvalidArgument("the indices of a sparse tensor are ", indices.ToString(),
                           ", expected int64[", count, "] or int64[", count, ",", shape.rank(),
                           "]");
  }
  // A few bytes of file may stand for any number of zeros, so they count before they exist.
  SX_ASSIGN_OR_RETURN(Tensor dense, Allocate(values.type(), shape));
  if (dense.type() != DataType::kString) {
    std::memset(dense.raw(), 0, static_cast<size_t>(dense.bytes()));
  }
  const Ints strides = shape.Strides();
  const auto* index = indices.data<int64_t>();
  const size_t size = ElementSize(values.type());
  int64_t last = -1;
  for (int64_t i = 0; i < count; ++i) {
    int64_t at = linear ? index[i] : 0;
    bool inside = at >= 0 && at < dense.size();
    for (int axis = 0; !linear && axis < shape.rank(); ++axis) {
      const int64_t k = index[i * shape.rank() + axis];
      inside = inside && k >= 0 && k < shape[axis];
      if (inside) at += k * strides[axis];
    }
    if (!inside) {
      return InvalidArgument("index #", i, " of a sparse tensor is outside its shape ",
                             shape.ToString());
    }
    if (at <= last) {
      return InvalidArgument("index #", i, " of a sparse tensor is not behind the one before");
    }
    last = at;
    if (values.type() == DataType::kString) {
      dense.data<std::string>()[at] = values.data<std::string>()[i];
    } else {
      std::memcpy(static_cast<char*>(dense.raw()) + at * size,
                  static_cast<const char*>(values.raw()) + i * size, size);
    }
  }
  return dense;
}

}  // namespace sardonyx
