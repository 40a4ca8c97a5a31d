// Writing .npy files.
#include <algorithm>
#include <complex>

#include "absl/strings/str_cat.h"
#include "tools/cli/npy.h"
#include "tools/cli/output.h"

namespace sardonyx {
namespace {

std::string MakeHeader(const std::string& descr, const Shape& shape) {
  std::string dims;
  for (const int64_t dim : shape) absl::StrAppend(&dims, dim, ", ");
  if (shape.rank() > 1) dims.resize(dims.size() - 2);
  std::string text =
      absl::StrCat("{'descr': '", descr, "', 'fortran_order': False, 'shape': (",
                   shape.rank() == 1 ? dims.substr(0, dims.size() - 1) : dims, "), }");
  constexpr size_t kPrefix = 10;  // magic, version and length; the whole is a multiple of 64
  text.append(63 - (kPrefix + text.size()) % 64, ' ');
  text += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(text.size() & 0xFF);
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

/// Code points of UTF-8 text; bytes that are none stand for themselves.
std::u32string DecodeUtf8(const std::string& text) {
  std::u32string result;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t extra = lead < 0xC0 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    char32_t code = extra == 0 ? lead : lead & (0x3F >> extra);
    bool valid = i + extra < text.size() && (lead < 0x80 || extra > 0);
    for (size_t k = 1; valid && k <= extra; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      valid = (next & 0xC0) == 0x80;
      code = code << 6 | (next & 0x3F);
    }
    result += valid ? code : char32_t{lead};
    i += valid ? extra + 1 : 1;
  }
  return result;
}

std::string SerializeStrings(const Tensor& tensor) {
  std::vector<std::u32string> texts;
  size_t width = 1;
  for (const std::string& text : tensor.span<std::string>()) {
    texts.push_back(DecodeUtf8(text));
    width = std::max(width, texts.back().size());
  }
  std::string bytes = MakeHeader(absl::StrCat("<U", width), tensor.shape());
  for (std::u32string& text : texts) {
    text.resize(width, U'\0');
    bytes.append(reinterpret_cast<const char*>(text.data()), width * 4);
  }
  return bytes;
}

/// The tensor's elements converted to T.
template <typename T>
StatusOr<Tensor> Widened(const Tensor& tensor) {
  SX_ASSIGN_OR_RETURN(const std::vector<double> values, ToDoubles(tensor));
  SX_ASSIGN_OR_RETURN(Tensor result, Tensor::Create(kTypeOf<T>, tensor.shape()));
  std::transform(values.begin(), values.end(), result.data<T>(),
                 [](double v) { return static_cast<T>(v); });
  return result;
}

}  // namespace

StatusOr<std::string> SerializeNpy(const Tensor& tensor) {
  using enum DataType;
  Tensor numbers = tensor;
  char kind = 'f';
  switch (tensor.type()) {
    case kString:
      return SerializeStrings(tensor);
    case kBool:
      kind = 'b';
      break;
    case kFloat16:
    case kFloat:
    case kDouble:
      break;
    case kComplex64:
    case kComplex128:
      kind = 'c';
      break;
    case kUInt4:
    case kUInt2: {
      SX_ASSIGN_OR_RETURN(numbers, Widened<uint8_t>(tensor));
      kind = 'u';
      break;
    }
    case kInt4:
    case kInt2: {
      SX_ASSIGN_OR_RETURN(numbers, Widened<int8_t>(tensor));
      kind = 'i';
      break;
    }
    default:
      if (IsInteger(tensor.type())) {
        kind = IsSigned(tensor.type()) ? 'i' : 'u';
      } else {
        SX_ASSIGN_OR_RETURN(numbers, Widened<float>(tensor));
      }
  }
  const size_t size = ElementSize(numbers.type());
  std::string bytes =
      MakeHeader(absl::StrCat(size == 1 ? "|" : "<", std::string(1, kind), size), tensor.shape());
  bytes.append(static_cast<const char*>(numbers.raw()), static_cast<size_t>(numbers.bytes()));
  return bytes;
}

Status WriteNpy(const std::string& path, const Tensor& tensor) {
  SX_ASSIGN_OR_RETURN(const std::string bytes, SerializeNpy(tensor));
  return WriteFile(path, bytes);
}

}  // namespace sardonyx
