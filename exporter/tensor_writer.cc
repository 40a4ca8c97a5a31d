#include "exporter/tensor_writer.h"

#include <cstring>

#include "importer/packing.h"

namespace sardonyx {
namespace {

// A page, so that readers may map the file.
constexpr int64_t kExternalAlignment = 4096;
constexpr int64_t kMostBytes = (int64_t{1} << 31) - (1 << 20);

void WriteHeader(const Tensor& tensor, wire::TensorProto* proto) {
  proto->set_data_type(static_cast<int>(tensor.type()));
  for (int64_t dim : tensor.shape()) proto->add_dims(dim);
}

std::string Packed(const Tensor& tensor) {
  std::string bytes(static_cast<size_t>(FileBytes(tensor)), '\0');
  Pack(tensor.type(), static_cast<const uint8_t*>(tensor.raw()), tensor.size(),
       reinterpret_cast<uint8_t*>(bytes.data()));
  return bytes;
}

bool IsZero(const Tensor& tensor, int64_t i) {
  if (tensor.type() == DataType::kString) return tensor.data<std::string>()[i].empty();
  const size_t size = ElementSize(tensor.type());
  const char* element = static_cast<const char*>(tensor.raw()) + static_cast<size_t>(i) * size;
  return std::all_of(element, element + size, [](char byte) { return byte == 0; });
}

/// The elements at those positions, as a vector.
StatusOr<Tensor> Pick(const Tensor& tensor, const Ints& positions) {
  SX_ASSIGN_OR_RETURN(
      Tensor picked,
      Tensor::Create(tensor.type(), Shape({static_cast<int64_t>(positions.size())})));
  const size_t size = ElementSize(tensor.type());
  for (size_t i = 0; i < positions.size(); ++i) {
    const auto from = static_cast<size_t>(positions[i]);
    if (tensor.type() == DataType::kString) {
      picked.data<std::string>()[i] = tensor.data<std::string>()[from];
    } else {
      std::memcpy(static_cast<char*>(picked.raw()) + i * size,
                  static_cast<const char*>(tensor.raw()) + from * size, size);
    }
  }
  return picked;
}

}  // namespace

int64_t FileBytes(const Tensor& tensor) {
  if (tensor.type() != DataType::kString) {
    return PackedBytes(tensor.size(), PackedBits(tensor.type()));
  }
  int64_t bytes = 0;
  for (const std::string& s : tensor.span<std::string>()) bytes += static_cast<int64_t>(s.size());
  return bytes;
}

Status WriteTensor(const Tensor& tensor, wire::TensorProto* proto) {
  if (!tensor.defined()) return InvalidArgument("there is no tensor to write");
  if (FileBytes(tensor) > kMostBytes) {
    return LimitExceeded(tensor.ToString(), " has more than the 2 GiB of a protobuf message");
  }
  WriteHeader(tensor, proto);
  if (tensor.type() == DataType::kString) {
    for (const std::string& s : tensor.span<std::string>()) proto->add_string_data(s);
  } else if (PackedBits(tensor.type()) < 8) {
    proto->set_raw_data(Packed(tensor));
  } else {
    proto->set_raw_data(tensor.raw(), static_cast<size_t>(tensor.bytes()));
  }
  return absl::OkStatus();
}

Status WriteSparse(const Tensor& tensor, wire::SparseTensorProto* proto) {
  Ints positions;
  for (int64_t i = 0; i < tensor.size(); ++i) {
    if (!IsZero(tensor, i)) positions.push_back(i);
  }
  for (int64_t dim : tensor.shape()) proto->add_dims(dim);
  SX_ASSIGN_OR_RETURN(const Tensor values, Pick(tensor, positions));
  SX_RETURN_IF_ERROR(WriteTensor(values, proto->mutable_values()));
  return WriteTensor(Tensor::Of<int64_t>(values.shape(), positions), proto->mutable_indices());
}

bool ExternalWriter::Takes(const Tensor& tensor) const {
  return tensor.type() != DataType::kString && FileBytes(tensor) >= least_bytes_;
}

Status ExternalWriter::Write(const Tensor& tensor, wire::TensorProto* proto) {
  WriteHeader(tensor, proto);
  const int64_t padding = (kExternalAlignment - written_ % kExternalAlignment) % kExternalAlignment;
  file_ << std::string(static_cast<size_t>(padding), '\0');
  written_ += padding;
  const int64_t bytes = FileBytes(tensor);
  const auto entry = [&](const std::string& key, std::string value) {
    wire::StringStringEntryProto* added = proto->add_external_data();
    added->set_key(key);
    added->set_value(std::move(value));
  };
  entry("location", location_);
  entry("offset", absl::StrCat(written_));
  entry("length", absl::StrCat(bytes));
  proto->set_data_location(wire::TensorProto::EXTERNAL);
  if (PackedBits(tensor.type()) < 8) {
    file_ << Packed(tensor);
  } else {
    file_.write(static_cast<const char*>(tensor.raw()), static_cast<std::streamsize>(bytes));
  }
  written_ += bytes;
  return file_ ? absl::OkStatus() : InvalidArgument("cannot write '", location_, "'");
}

bool ExternalWriter::Close() {
  file_.close();
  return !file_.fail();
}

}  // namespace sardonyx
