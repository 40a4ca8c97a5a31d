#include "tools/cli/npy.h"

#include <zlib.h>

#include <catch2/catch.hpp>

#include "tests/importer/models.h"
#include "tools/cli/compare_values.h"

namespace sardonyx {
namespace {

using Catch::Contains;

std::string WithHeader(const std::string& dictionary, const std::string& data, int version = 1) {
  std::string bytes("\x93NUMPY", 6);
  bytes += static_cast<char>(version);
  bytes += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) {
    bytes += static_cast<char>(dictionary.size() >> (8 * i));
  }
  return bytes + dictionary + data;
}

std::string Error(const std::string& bytes) {
  return std::string(ParseNpy(bytes).status().message());
}

TEST_CASE("Tensors survive a .npy file", "[cli]") {
  const auto survives = [](const Tensor& tensor) {
    const auto bytes = SerializeNpy(tensor);
    REQUIRE(bytes.ok());
    CHECK((bytes->find('\n') + 1) % 64 == 0);
    const auto back = ParseNpy(*bytes);
    REQUIRE(back.ok());
    CHECK(CompareValues(*back, tensor, {.rtol = 0, .atol = 0}).reason == "");
  };
  survives(Tensor::Of<float>({2, 3}, {1, -2, 3, 4.5f, 5, 6}));
  survives(Tensor::Of<double>({2}, {1e300, -0.1}));
  survives(Tensor::Of<Half>({2}, {Half(1.0f), Half(-2.5f)}));
  survives(Tensor::Of<int64_t>({}, {-5}));
  survives(Tensor::Of<uint16_t>({1, 1, 1}, {65535}));
  survives(Tensor::Of<bool>({3}, {true, false, true}));
  survives(Tensor::Of<std::complex<float>>({1}, {{1, 2}}));
  survives(Tensor::Of<std::string>({2}, {"caf\xC3\xA9", ""}));
  survives(Tensor::Of<float>({0, 4}, {}));
}

TEST_CASE("What NumPy has no type for is widened", "[cli]") {
  const auto bytes = SerializeNpy(Tensor::Of<BFloat16>({1}, {BFloat16(1.5f)}));
  REQUIRE(bytes.ok());
  const auto back = ParseNpy(*bytes);
  REQUIRE(back.ok());
  CHECK(back->type() == DataType::kFloat);
  CHECK(back->data<float>()[0] == 1.5f);
}

TEST_CASE("Column-major and big-endian arrays are turned round", "[cli]") {
  const std::string columns("\x01\x04\x02\x05\x03\x06", 6);
  const auto turned =
      ParseNpy(WithHeader("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3)}", columns));
  REQUIRE(turned.ok());
  for (int i = 0; i < 6; ++i) CHECK(turned->data<uint8_t>()[i] == i + 1);
  const auto big = ParseNpy(WithHeader("{'shape': (1,), 'fortran_order': False, 'descr': '>i4', }",
                                       std::string("\x00\x00\x01\x02", 4), 2));
  REQUIRE(big.ok());
  CHECK(big->data<int32_t>()[0] == 258);
}

TEST_CASE("Bytes without a NumPy type are taken as the type that is wanted", "[cli]") {
  const std::string bytes = WithHeader("{'descr': '<V2', 'fortran_order': False, 'shape': (1,)}",
                                       std::string("\x80\x3F", 2));
  CHECK_FALSE(ParseNpy(bytes).ok());
  const auto tensor = ParseNpy(bytes, DataType::kBFloat16);
  REQUIRE(tensor.ok());
  CHECK(static_cast<float>(tensor->data<BFloat16>()[0]) == 1.0f);
}

TEST_CASE("Bad .npy files are errors", "[cli]") {
  CHECK(Error("") == "not a .npy file");
  CHECK(Error("not numpy at all") == "not a .npy file");
  const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}";
  CHECK(Error(WithHeader(good, "1234567")) ==
        ".npy file of shape [2] and type '<f4' has only 7 bytes of elements");
  CHECK_THAT(Error(WithHeader(good, "").substr(0, 30)), Contains(".npy header of"));
  CHECK_THAT(Error(WithHeader(good, "", 9)), Contains("version 9"));
  CHECK_THAT(Error(WithHeader("{'descr': '<f4', 'fortran_order': False, 'shape': "
                              "(4611686018427387904, 4611686018427387904)}",
                              "")),
             Contains("has only 0 bytes"));
  CHECK_THAT(Error(WithHeader("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "")),
             Contains("no number"));
  CHECK_THAT(Error(WithHeader("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "")),
             Contains("'|O'"));
  CHECK_THAT(Error(WithHeader("{'descr': '<f4'}", "")), Contains("missing"));
  CHECK_THAT(Error(WithHeader("{'descr': '<f4", "")), Contains("does not end"));
  CHECK_THAT(Error(WithHeader("", "")), Contains("expected '{'"));
}

void Append(std::string& bytes, uint64_t value, int width) {
  for (int i = 0; i < width; ++i, value >>= 8) bytes += static_cast<char>(value);
}

std::string Deflate(const std::string& bytes) {
  z_stream stream = {};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string result(bytes.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

/// A zip archive of one entry; `claimed` is the size it says the entry has.
std::string Zip(const std::string& name, const std::string& content, bool deflated,
                uint64_t claimed) {
  const std::string data = deflated ? Deflate(content) : content;
  const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size());
  std::string zip;
  Append(zip, 0x04034B50, 4);
  Append(zip, 20, 2);
  Append(zip, 0, 2);
  Append(zip, deflated ? 8 : 0, 2);
  Append(zip, 0, 4);
  Append(zip, crc, 4);
  Append(zip, data.size(), 4);
  Append(zip, claimed, 4);
  Append(zip, name.size(), 2);
  Append(zip, 0, 2);
  zip += name + data;
  const size_t directory = zip.size();
  Append(zip, 0x02014B50, 4);
  Append(zip, 20, 2);
  Append(zip, 20, 2);
  Append(zip, 0, 2);
  Append(zip, deflated ? 8 : 0, 2);
  Append(zip, 0, 4);
  Append(zip, crc, 4);
  Append(zip, data.size(), 4);
  Append(zip, claimed, 4);
  Append(zip, name.size(), 2);
  Append(zip, 0, 12);
  Append(zip, 0, 4);
  zip += name;
  const size_t end = zip.size();
  Append(zip, 0x06054B50, 4);
  Append(zip, 0, 4);
  Append(zip, 1, 2);
  Append(zip, 1, 2);
  Append(zip, end - directory, 4);
  Append(zip, directory, 4);
  Append(zip, 0, 2);
  return zip;
}

TEST_CASE("Arrays are read from stored and deflated archives", "[cli]") {
  const TemporaryFolder folder;
  const auto npy = SerializeNpy(Tensor::Of<float>({3}, {1, 2, 3}));
  REQUIRE(npy.ok());
  for (const bool deflated : {false, true}) {
    const std::string path = folder.Write("x.npz", Zip("key.npy", *npy, deflated, npy->size()));
    const auto tensor = ReadNpz(path, "key");
    REQUIRE(tensor.ok());
    CHECK(tensor->ToString() == "float[3]");
    CHECK(tensor->data<float>()[2] == 3);
    CHECK_THAT(std::string(ReadNpz(path, "kye").status().message()),
               Contains("there is no 'kye', but key; did you mean 'key'?"));
  }
}

TEST_CASE("Damaged archives are errors", "[cli]") {
  const TemporaryFolder folder;
  const auto npy = SerializeNpy(Tensor::Of<float>({3}, {1, 2, 3}));
  REQUIRE(npy.ok());
  const std::string good = Zip("key.npy", *npy, true, npy->size());
  // Cut short anywhere, no entry comes out and nothing is read beyond the end.
  for (size_t length = 0; length < good.size(); ++length) {
    CHECK_FALSE(ReadNpz(folder.Write("x.npz", good.substr(0, length)), "key").ok());
  }
  CHECK_FALSE(
      ReadNpz(folder.Write("x.npz", Zip("key.npy", *npy, true, npy->size() - 1)), "key").ok());
  CHECK_THAT(
      std::string(ReadNpz(folder.Write("x.npz", Zip("key.npy", *npy, true, 0xFFFFFFF0)), "key")
                      .status()
                      .message()),
      Contains("larger than it can be"));
  std::string flipped = Zip("key.npy", *npy, false, npy->size());
  flipped[60] ^= 1;
  CHECK_THAT(std::string(ReadNpz(folder.Write("x.npz", flipped), "key").status().message()),
             Contains("checksum"));
}

}  // namespace
}  // namespace sardonyx
