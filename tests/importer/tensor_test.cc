// Every element type in raw and typed form, the forms that are wrong, and values in files.
#include <catch2/catch.hpp>

#include "exporter/exporter.h"
#include "importer/onnx_data_wire.pb.h"
#include "importer/packing.h"
#include "tests/importer/models.h"

namespace sardonyx {
namespace {

using Catch::Contains;

wire::TensorProto Proto(DataType type, std::vector<int64_t> dims) {
  wire::TensorProto proto;
  proto.set_data_type(static_cast<int>(type));
  for (int64_t dim : dims) proto.add_dims(dim);
  return proto;
}

StatusOr<Tensor> Parse(const wire::TensorProto& proto, const ImportOptions& options = {}) {
  return ParseTensorProto(proto.SerializeAsString(), options);
}

std::string Error(const wire::TensorProto& proto, const ImportOptions& options = {}) {
  return std::string(Parse(proto, options).status().message());
}

// A tensor of that type with every bit pattern below 2^bits, or some of them, and its raw form.
template <typename Bits>
void CheckRawAndInt32(DataType type, const std::vector<Bits>& bits) {
  const auto count = static_cast<int64_t>(bits.size());
  wire::TensorProto raw = Proto(type, {count});
  raw.set_raw_data(bits.data(), bits.size() * sizeof(Bits));
  wire::TensorProto typed = Proto(type, {count});
  for (Bits b : bits) typed.add_int32_data(static_cast<int32_t>(b));
  for (const wire::TensorProto& proto : {raw, typed}) {
    const auto tensor = Parse(proto);
    INFO(Name(type) << " " << tensor.status());
    REQUIRE(tensor.ok());
    CHECK(tensor->type() == type);
    CHECK(tensor->shape() == Shape({count}));
    CHECK(std::memcmp(tensor->raw(), bits.data(), bits.size() * sizeof(Bits)) == 0);
  }
}

template <typename T>
void CheckRaw(const std::vector<T>& values) {
  wire::TensorProto raw = Proto(kTypeOf<T>, {static_cast<int64_t>(values.size())});
  raw.set_raw_data(values.data(), values.size() * sizeof(T));
  const auto tensor = Parse(raw);
  INFO(Name(kTypeOf<T>) << " " << tensor.status());
  REQUIRE(tensor.ok());
  CHECK(std::equal(values.begin(), values.end(), tensor->data<T>()));
}

TEST_CASE("Elements of eight bits and more in raw_data and int32_data", "[importer]") {
  CheckRawAndInt32<uint8_t>(DataType::kUInt8, {0, 1, 127, 128, 255});
  CheckRawAndInt32<int8_t>(DataType::kInt8, {0, 1, 127, -128, -1});
  CheckRawAndInt32<uint16_t>(DataType::kUInt16, {0, 1, 0x8000, 0xffff});
  CheckRawAndInt32<int16_t>(DataType::kInt16, {0, 1, -32768, -1});
  CheckRawAndInt32<int32_t>(DataType::kInt32, {0, 1, INT32_MIN, INT32_MAX});
  CheckRawAndInt32<uint16_t>(DataType::kFloat16, {0x3c00, 0xbc00, 0x7c00, 0xfe01});
  CheckRawAndInt32<uint16_t>(DataType::kBFloat16, {0x3f80, 0xbf80, 0x7f80, 0xffc1});
  for (DataType type : {DataType::kFloat8E4M3FN, DataType::kFloat8E4M3FNUZ, DataType::kFloat8E5M2,
                        DataType::kFloat8E5M2FNUZ, DataType::kFloat8E8M0}) {
    CheckRawAndInt32<uint8_t>(type, {0, 0x38, 0x7f, 0x80, 0xff});
  }
  CheckRawAndInt32<uint8_t>(DataType::kBool, {0, 1, 1, 0});
}

TEST_CASE("Wide elements in raw form and in their own fields", "[importer]") {
  CheckRaw<float>({0.5f, -1.0f, 3e38f});
  CheckRaw<double>({0.5, -1.0, 1e300});
  CheckRaw<int64_t>({INT64_MIN, -1, INT64_MAX});
  CheckRaw<uint64_t>({0, UINT64_MAX});
  CheckRaw<uint32_t>({0, UINT32_MAX});
  CheckRaw<std::complex<float>>({{1, 2}, {3, 4}});
  CheckRaw<std::complex<double>>({{1, 2}, {3, 4}});

  wire::TensorProto proto = Proto(DataType::kFloat, {2});
  proto.add_float_data(1.5f);
  proto.add_float_data(-2.0f);
  CHECK(Parse(proto)->data<float>()[1] == -2.0f);
  proto = Proto(DataType::kComplex64, {1});
  proto.add_float_data(1);
  proto.add_float_data(2);
  CHECK(Parse(proto)->data<std::complex<float>>()[0] == std::complex<float>(1, 2));
  proto = Proto(DataType::kDouble, {});
  proto.add_double_data(0.1);
  CHECK(Parse(proto)->data<double>()[0] == 0.1);
  proto = Proto(DataType::kComplex128, {1});
  proto.add_double_data(1);
  proto.add_double_data(-2);
  CHECK(Parse(proto)->data<std::complex<double>>()[0] == std::complex<double>(1, -2));
  proto = Proto(DataType::kInt64, {1});
  proto.add_int64_data(INT64_MIN);
  CHECK(Parse(proto)->data<int64_t>()[0] == INT64_MIN);
  proto = Proto(DataType::kUInt64, {1});
  proto.add_uint64_data(UINT64_MAX);
  CHECK(Parse(proto)->data<uint64_t>()[0] == UINT64_MAX);
  proto = Proto(DataType::kUInt32, {1});
  proto.add_uint64_data(UINT32_MAX);
  CHECK(Parse(proto)->data<uint32_t>()[0] == UINT32_MAX);
  proto = Proto(DataType::kString, {2});
  proto.add_string_data("one");
  proto.add_string_data(std::string("t\0o", 3));
  CHECK(Parse(proto)->data<std::string>()[1] == std::string("t\0o", 3));
}

TEST_CASE("Contents too large to be parsed are read in place", "[importer]") {
  std::vector<float> values(5000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) * 0.5f;
  wire::TensorProto typed = Proto(DataType::kFloat, {50, 100});
  for (float v : values) typed.add_float_data(v);
  wire::TensorProto raw = Proto(DataType::kFloat, {50, 100});
  raw.set_raw_data(values.data(), values.size() * sizeof(float));
  for (const wire::TensorProto& proto : {typed, raw}) {
    const auto tensor = Parse(proto);
    REQUIRE(tensor.ok());
    CHECK(std::equal(values.begin(), values.end(), tensor->data<float>()));
    CHECK(reinterpret_cast<uintptr_t>(tensor->raw()) % kAlignment == 0);
  }
  // In two pieces, as a parser that concatenates messages would accept it.
  wire::TensorProto front = Proto(DataType::kFloat, {50, 100});
  wire::TensorProto back;
  for (int i = 0; i < 5000; ++i) (i < 2500 ? front : back).add_float_data(values[i]);
  const auto pieces = ParseTensorProto(front.SerializeAsString() + back.SerializeAsString());
  REQUIRE(pieces.ok());
  CHECK(std::equal(values.begin(), values.end(), pieces->data<float>()));
  // The field that stands for contents left out has no meaning in a file.
  wire::TensorProto forged = Proto(DataType::kFloat, {50, 100});
  forged.set_payload(0);
  CHECK_THAT(Error(forged), Contains("it has no elements"));
  raw.set_raw_data(values.data(), values.size() * sizeof(float) - 1);
  CHECK_THAT(Error(raw), Contains("19999 bytes") && Contains("20000"));
  raw.add_float_data(1);
  CHECK_THAT(Error(raw), Contains("both raw_data and float_data"));
}

TEST_CASE("Packed elements of 4, 2 and 6 bits", "[importer]") {
  for (DataType type : {DataType::kInt4, DataType::kUInt4, DataType::kFloat4E2M1, DataType::kInt2,
                        DataType::kUInt2, DataType::kFloat6E2M3, DataType::kFloat6E3M2}) {
    const int bits = PackedBits(type);
    for (int64_t count = 0; count < 20; ++count) {
      // Elements by the definition: bit j of element i is bit (i * bits + j) of the bytes.
      std::vector<uint8_t> elements(static_cast<size_t>(count));
      std::vector<uint8_t> packed(static_cast<size_t>((count * bits + 7) / 8), 0);
      for (int64_t i = 0; i < count; ++i) {
        const auto value = static_cast<unsigned>(i * 7 + 5) & ((1u << bits) - 1);
        for (int j = 0; j < bits; ++j) {
          const int64_t bit = i * bits + j;
          packed[bit / 8] |= static_cast<uint8_t>(((value >> j) & 1) << (bit % 8));
        }
        const bool negative = IsInteger(type) && IsSigned(type) && (value >> (bits - 1)) != 0;
        elements[i] = static_cast<uint8_t>(negative ? value - (1u << bits) : value);
      }
      wire::TensorProto raw = Proto(type, {count});
      raw.set_raw_data(packed.data(), packed.size());
      wire::TensorProto typed = Proto(type, {count});
      for (uint8_t byte : bits == 6 ? elements : packed) typed.add_int32_data(byte);
      for (const wire::TensorProto& proto : {raw, typed}) {
        const auto tensor = Parse(proto);
        INFO(Name(type) << " " << count << " " << tensor.status());
        REQUIRE(tensor.ok());
        CHECK(std::equal(elements.begin(), elements.end(), tensor->data<uint8_t>()));
        const auto written = SerializeTensor(*tensor, "t");
        REQUIRE(written.ok());
        wire::TensorProto again;
        REQUIRE(again.ParseFromString(*written));
        CHECK(again.raw_data() == std::string(packed.begin(), packed.end()));
      }
    }
  }
}

TEST_CASE("A byte that is neither 0 nor 1 is a true bool", "[importer]") {
  wire::TensorProto proto = Proto(DataType::kBool, {3});
  proto.set_raw_data(std::string("\x02\x00\xff", 3));
  const auto tensor = Parse(proto);
  REQUIRE(tensor.ok());
  const auto* bytes = static_cast<const uint8_t*>(tensor->raw());
  CHECK((bytes[0] == 1 && bytes[1] == 0 && bytes[2] == 1));
}

TEST_CASE("Tensors that are wrong", "[importer][robust]") {
  wire::TensorProto proto = Proto(DataType::kFloat, {2, 3});
  CHECK_THAT(Error(proto), Contains("no elements") && Contains("[2,3] needs 6"));
  proto.set_raw_data(std::string(23, 'x'));
  CHECK_THAT(Error(proto), Contains("23 bytes") && Contains("needs 24"));
  proto.set_raw_data(std::string(24, 'x'));
  CHECK(Parse(proto).ok());
  proto.add_int32_data(1);
  CHECK_THAT(Error(proto), Contains("both raw_data and int32_data"));
  proto = Proto(DataType::kFloat, {1});
  proto.add_int64_data(1);
  CHECK_THAT(Error(proto), Contains("in int64_data") && Contains("belong in float_data"));
  proto = Proto(DataType::kString, {1});
  proto.set_raw_data("a");
  CHECK_THAT(Error(proto), Contains("belong in string_data"));
  proto = Proto(DataType::kFloat, {2});
  proto.add_float_data(1);
  CHECK_THAT(Error(proto), Contains("1 entries") && Contains("needs 2"));
  proto = Proto(DataType::kFloat6E2M3, {1});
  proto.add_int32_data(64);
  CHECK_THAT(Error(proto), Contains("above 6 bits"));
  proto = Proto(DataType::kFloat, {-1});
  CHECK_THAT(Error(proto), Contains("negative dimension"));
  proto = Proto(DataType::kFloat, {1 << 20, 1 << 20, 1 << 20, 1 << 20});
  CHECK_THAT(Error(proto), Contains("too large"));
  proto = Proto(DataType::kFloat, {1 << 20, 1 << 20});
  CHECK_THAT(Error(proto), Contains("tensor_bytes"));
  proto = Proto(DataType::kFloat, std::vector<int64_t>(65, 1));
  CHECK_THAT(Error(proto), Contains("rank 65"));
  proto = Proto(DataType::kFloat, {1});
  proto.set_data_type(29);
  CHECK_THAT(Error(proto), Contains("element type 29"));
  proto.set_data_type(0);
  CHECK_THAT(Error(proto), Contains("element type 0"));
  proto = Proto(DataType::kFloat, {0});
  CHECK(Parse(proto)->size() == 0);
  proto = Proto(DataType::kFloat, {1});
  proto.add_float_data(1);
  proto.mutable_segment()->set_begin(0);
  CHECK_THAT(Error(proto), Contains("segments"));
  ImportOptions options;
  options.limits.load_bytes = 3;
  proto = Proto(DataType::kFloat, {1});
  proto.add_float_data(1);
  CHECK_THAT(Error(proto, options), Contains("load_bytes"));
}

TEST_CASE("Sequences, optionals and maps from files", "[importer]") {
  wire::SequenceProto sequence;
  sequence.set_elem_type(wire::SequenceProto::TENSOR);
  *sequence.add_tensor_values() = FloatTensor("", {2}, {1, 2});
  *sequence.add_tensor_values() = FloatTensor("", {}, {3});
  const Type tensor_type = Type::Tensor(DataType::kFloat);
  auto value = ParseValueProto(sequence.SerializeAsString(), Type::Sequence(tensor_type));
  REQUIRE(value.ok());
  REQUIRE(value->sequence().size() == 2);
  CHECK(value->sequence()[1].tensor().data<float>()[0] == 3);

  wire::OptionalProto optional;
  optional.set_elem_type(wire::OptionalProto::SEQUENCE);
  *optional.mutable_sequence_value() = sequence;
  const Type optional_type = Type::Optional(Type::Sequence(tensor_type));
  value = ParseValueProto(optional.SerializeAsString(), optional_type);
  REQUIRE(value.ok());
  CHECK(value->sequence().size() == 2);
  value = ParseValueProto("", optional_type);
  REQUIRE(value.ok());
  CHECK(value->is_none());

  wire::MapProto map;
  map.set_key_type(wire::TensorProto::INT64);
  map.add_keys(7);
  map.add_keys(8);
  *map.mutable_values() = sequence;
  value = ParseValueProto(map.SerializeAsString(), Type::Map(DataType::kInt64, tensor_type));
  REQUIRE(value.ok());
  CHECK(value->map().keys.data<int64_t>()[1] == 8);
  map.add_keys(9);
  value = ParseValueProto(map.SerializeAsString(), Type::Map(DataType::kInt64, tensor_type));
  CHECK_THAT(std::string(value.status().message()), Contains("3 keys and 2 values"));
}

TEST_CASE("A tensor survives being written", "[importer]") {
  const Tensor tensor = Tensor::Of<std::string>({2}, {"a", "bc"});
  const auto bytes = SerializeTensor(tensor, "t");
  REQUIRE(bytes.ok());
  const auto again = ParseTensorProto(*bytes);
  REQUIRE(again.ok());
  CHECK(again->data<std::string>()[1] == "bc");
  CHECK_FALSE(SerializeTensor(Tensor()).ok());
}

}  // namespace
}  // namespace sardonyx
