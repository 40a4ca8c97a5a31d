#include "tools/cli/npy.h"

#include <algorithm>
#include <bit>
#include <complex>
#include <cstring>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace sardonyx {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr absl::string_view kMagic("\x93NUMPY", 6);
constexpr size_t kMaxHeader = 1 << 20;
constexpr int kMaxRank = 64;

struct Header {
  std::string descr;
  bool fortran_order = false;
  Shape shape;
};

/// Reads the Python dictionary literal that a header is.
class HeaderParser {
 public:
  explicit HeaderParser(absl::string_view text) : text_(text) {}

  StatusOr<Header> Parse() {
    Header header;
    bool has_descr = false, has_order = false, has_shape = false;
    if (!Take('{')) return Bad("expected '{'");
    while (!Take('}')) {
      SX_ASSIGN_OR_RETURN(const std::string key, ParseString());
      if (!Take(':')) return Bad("expected ':'");
      if (key == "descr") {
        has_descr = true;
        SX_ASSIGN_OR_RETURN(header.descr, ParseString());
      } else if (key == "fortran_order") {
        has_order = true;
        if (TakeWord("True")) {
          header.fortran_order = true;
        } else if (!TakeWord("False")) {
          return Bad("fortran_order is neither True nor False");
        }
      } else if (key == "shape") {
        has_shape = true;
        SX_ASSIGN_OR_RETURN(header.shape, ParseShape());
      } else {
        return Bad(absl::StrCat("unknown key '", key, "'"));
      }
      if (!Take(',') && Peek() != '}') return Bad("expected ',' or '}'");
    }
    if (!has_descr || !has_order || !has_shape) {
      return Bad("descr, fortran_order or shape is missing");
    }
    return header;
  }

 private:
  Status Bad(absl::string_view what) const { return InvalidArgument(".npy header: ", what); }
  char Peek() {
    while (!text_.empty() && absl::ascii_isspace(text_[0])) text_.remove_prefix(1);
    return text_.empty() ? '\0' : text_[0];
  }
  bool Take(char c) {
    if (Peek() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool TakeWord(absl::string_view word) {
    Peek();
    if (!absl::StartsWith(text_, word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  StatusOr<std::string> ParseString() {
    const char quote = Peek();
    if (quote != '\'' && quote != '"') return Bad("expected a string");
    const size_t end = text_.find(quote, 1);
    if (end == absl::string_view::npos) return Bad("a string does not end");
    std::string result(text_.substr(1, end - 1));
    text_.remove_prefix(end + 1);
    return result;
  }
  StatusOr<Shape> ParseShape() {
    Shape shape;
    if (!Take('(')) return Bad("shape is not a tuple");
    while (!Take(')')) {
      Peek();
      const size_t digits = std::min(text_.find_first_not_of("0123456789"), text_.size());
      int64_t dim;
      if (!absl::SimpleAtoi(text_.substr(0, digits), &dim)) return Bad("a dimension is no number");
      if (shape.rank() == kMaxRank) return Bad("more than 64 dimensions");
      text_.remove_prefix(digits);
      TakeWord("L");  // Python 2's long integers
      shape.push_back(dim);
      if (!Take(',') && Peek() != ')') return Bad("expected ',' or ')' in shape");
    }
    return shape;
  }

  absl::string_view text_;
};

struct ElementFormat {
  DataType type = DataType::kUndefined;
  size_t size = 0;          // bytes in the file
  size_t swap = 0;          // bytes that are in the other order; 0: none
  char string_kind = '\0';  // 'S' or 'U'
};

StatusOr<ElementFormat> ParseDescr(const std::string& descr, DataType wanted) {
  const auto bad = [&] { return Unimplemented(".npy elements of type '", descr, "'"); };
  if (descr.size() < 2) return bad();
  const bool has_order = std::strchr("<>|=", descr[0]) != nullptr;
  const bool big = descr[0] == '>';
  const char kind = descr[has_order ? 1 : 0];
  size_t size = 0;
  if (!absl::SimpleAtoi(absl::string_view(descr).substr(has_order ? 2 : 1), &size)) return bad();
  if (kind == 'S' || kind == 'U') {
    if (size > (1 << 24)) return bad();
    return ElementFormat{DataType::kString, kind == 'U' ? size * 4 : size, big ? size_t{4} : 0,
                         kind};
  }
  DataType type = DataType::kUndefined;
  const auto pick = [&](std::initializer_list<DataType> types) {
    for (const DataType t : types) {
      if (ElementSize(t) == size) type = t;
    }
  };
  using enum DataType;
  if (kind == 'f') pick({kFloat16, kFloat, kDouble});
  if (kind == 'i') pick({kInt8, kInt16, kInt32, kInt64});
  if (kind == 'u') pick({kUInt8, kUInt16, kUInt32, kUInt64});
  if (kind == 'c') pick({kComplex64, kComplex128});
  if (kind == 'b') pick({kBool});
  if (kind == 'V' && wanted != kString) pick({wanted});
  if (type == kUndefined) return bad();
  return ElementFormat{type, size, big ? (kind == 'c' ? size / 2 : size) : 0};
}

void SwapBytes(std::string& bytes, size_t unit) {
  for (size_t i = 0; i + unit <= bytes.size(); i += unit) {
    std::reverse(bytes.begin() + i, bytes.begin() + i + unit);
  }
}

void AppendUtf8(uint32_t code, std::string& text) {
  if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) code = 0xFFFD;
  if (code < 0x80) {
    text += static_cast<char>(code);
    return;
  }
  const int extra = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  const uint32_t lead = extra == 1 ? 0xC0 : extra == 2 ? 0xE0 : 0xF0;
  text += static_cast<char>(lead | (code >> (6 * extra)));
  for (int i = extra; i-- > 0;) text += static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3F));
}

/// A fixed-width string of the file: without the zeros that fill it up, as UTF-8.
std::string DecodeString(const char* bytes, const ElementFormat& format) {
  if (format.string_kind == 'S') {
    absl::string_view text(bytes, format.size);
    while (!text.empty() && text.back() == '\0') text.remove_suffix(1);
    return std::string(text);
  }
  std::string result;
  size_t count = format.size / 4;
  uint32_t code = 0;
  while (count > 0) {
    std::memcpy(&code, bytes + 4 * (count - 1), 4);
    if (code != 0) break;
    --count;
  }
  for (size_t i = 0; i < count; ++i) {
    std::memcpy(&code, bytes + 4 * i, 4);
    AppendUtf8(code, result);
  }
  return result;
}

/// Moves elements of `size` bytes from column-major to row-major order.
void FromColumnMajor(const char* from, const Shape& shape, size_t size, char* to) {
  const int64_t elements = shape.Elements();
  Ints steps(shape.rank()), index(shape.rank());
  int64_t step = 1;
  for (int i = 0; i < shape.rank(); ++i) {
    steps[i] = step;
    step *= shape[i];
  }
  int64_t source = 0;
  for (int64_t k = 0; k < elements; ++k) {
    std::memcpy(to + k * size, from + source * size, size);
    for (int i = shape.rank(); i-- > 0;) {
      source += steps[i];
      if (++index[i] < shape[i]) break;
      source -= steps[i] * shape[i];
      index[i] = 0;
    }
  }
}

}  // namespace

StatusOr<Tensor> ParseNpy(absl::string_view bytes, DataType wanted) {
  if (bytes.size() < 10 || !absl::StartsWith(bytes, kMagic)) {
    return InvalidArgument("not a .npy file");
  }
  const int version = static_cast<unsigned char>(bytes[6]);
  if (version < 1 || version > 3) return Unimplemented(".npy format version ", version);
  const size_t length_bytes = version == 1 ? 2 : 4;
  size_t header_length = 0;
  bytes.remove_prefix(8);
  if (bytes.size() < length_bytes) return InvalidArgument(".npy file ends in its header");
  for (size_t i = length_bytes; i-- > 0;) {
    header_length = header_length << 8 | static_cast<unsigned char>(bytes[i]);
  }
  bytes.remove_prefix(length_bytes);
  if (header_length > kMaxHeader || header_length > bytes.size()) {
    return InvalidArgument(".npy header of ", header_length, " bytes in a file with ", bytes.size(),
                           " left");
  }
  SX_ASSIGN_OR_RETURN(const Header header, HeaderParser(bytes.substr(0, header_length)).Parse());
  bytes.remove_prefix(header_length);
  SX_ASSIGN_OR_RETURN(const ElementFormat format, ParseDescr(header.descr, wanted));

  const int64_t elements = header.shape.Elements();
  const auto needed = CheckedMul(elements, static_cast<int64_t>(format.size));
  if (!needed || *needed > static_cast<int64_t>(bytes.size())) {
    return InvalidArgument(".npy file of shape ", header.shape.ToString(), " and type '",
                           header.descr, "' has only ", bytes.size(), " bytes of elements");
  }
  if (format.size == 0 && elements > (1 << 24)) {
    return LimitExceeded(".npy file of ", elements, " empty strings");
  }
  SX_ASSIGN_OR_RETURN(Tensor tensor, Tensor::CreateUninitialized(format.type, header.shape));
  std::string data(bytes.substr(0, static_cast<size_t>(*needed)));
  if (format.swap > 1) SwapBytes(data, format.swap);
  if (header.fortran_order && header.shape.rank() > 1 && format.size > 0) {
    std::string ordered(data.size(), '\0');
    FromColumnMajor(data.data(), header.shape, format.size, ordered.data());
    data = std::move(ordered);
  }
  if (format.type == DataType::kString) {
    for (int64_t i = 0; i < elements; ++i) {
      tensor.data<std::string>()[i] = DecodeString(data.data() + i * format.size, format);
    }
  } else if (format.type == DataType::kBool) {
    for (int64_t i = 0; i < elements; ++i) tensor.data<bool>()[i] = data[i] != 0;
  } else if (elements > 0) {
    std::memcpy(tensor.raw(), data.data(), data.size());
  }
  return tensor;
}

StatusOr<std::string> ReadWholeFile(const std::string& path, int64_t max_bytes) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot open '", path, "'"));
  const int64_t size = file.tellg();
  if (size < 0) return InvalidArgument("'", path, "' cannot be read");
  if (size > max_bytes) {
    return LimitExceeded("'", path, "' has ", size, " bytes, the limit is ", max_bytes);
  }
  std::string bytes(static_cast<size_t>(size), '\0');
  file.seekg(0);
  if (!file.read(bytes.data(), size)) return InvalidArgument("'", path, "' cannot be read");
  return bytes;
}

StatusOr<Tensor> ReadNpy(const std::string& path, DataType wanted) {
  SX_ASSIGN_OR_RETURN(const std::string bytes, ReadWholeFile(path));
  auto tensor = ParseNpy(bytes, wanted);
  if (!tensor.ok()) return Prepend(tensor.status(), absl::StrCat("'", path, "': "));
  return tensor;
}

}  // namespace sardonyx
