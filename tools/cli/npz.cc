// Reading .npz archives: zip files whose entries are stored or deflated (PKWARE's APPNOTE 6.3).
#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/base/nearest.h"
#include "tools/cli/npy.h"

namespace sardonyx {
namespace {

struct Entry {
  std::string name;
  uint16_t flags = 0, method = 0;
  uint32_t crc = 0;
  uint64_t compressed = 0, size = 0, header_offset = 0;
};

/// Little-endian numbers at checked positions of a file.
class Bytes {
 public:
  explicit Bytes(absl::string_view bytes) : bytes_(bytes) {}
  size_t size() const { return bytes_.size(); }
  bool Has(uint64_t offset, uint64_t length) const {
    return offset <= bytes_.size() && length <= bytes_.size() - offset;
  }
  /// A number of `width` bytes; 0 beyond the end.
  uint64_t At(uint64_t offset, int width) const {
    uint64_t value = 0;
    if (!Has(offset, static_cast<uint64_t>(width))) return 0;
    for (int i = width; i-- > 0;) {
      value = value << 8 | static_cast<unsigned char>(bytes_[offset + i]);
    }
    return value;
  }
  absl::string_view Part(uint64_t offset, uint64_t length) const {
    return Has(offset, length) ? bytes_.substr(offset, length) : absl::string_view();
  }

 private:
  absl::string_view bytes_;
};

Status Damaged(absl::string_view what) { return InvalidArgument("damaged archive: ", what); }

/// Takes 64-bit sizes from the extra field where the 32-bit ones say so.
void ReadZip64(const Bytes& file, uint64_t extra, uint64_t length, Entry& entry) {
  for (uint64_t at = extra; at + 4 <= extra + length;) {
    const uint64_t id = file.At(at, 2), end = at + 4 + file.At(at + 2, 2);
    at += 4;
    if (id == 1 && end <= extra + length) {
      for (uint64_t* field : {&entry.size, &entry.compressed, &entry.header_offset}) {
        if (*field == 0xFFFFFFFF && at + 8 <= end) {
          *field = file.At(at, 8);
          at += 8;
        }
      }
    }
    at = end;
  }
}

StatusOr<std::vector<Entry>> ReadDirectory(const Bytes& file) {
  constexpr uint64_t kEndSize = 22, kEntrySize = 46;
  if (file.size() < kEndSize) return Damaged("too short");
  uint64_t end = file.size() - kEndSize;
  const uint64_t earliest = end > 0xFFFF ? end - 0xFFFF : 0;
  while (file.At(end, 4) != 0x06054B50) {
    if (end == earliest) return Damaged("no end record; is it a .npz file?");
    --end;
  }
  uint64_t count = file.At(end + 10, 2), offset = file.At(end + 16, 4);
  if (end >= 20 && file.At(end - 20, 4) == 0x07064B50) {
    const uint64_t end64 = file.At(end - 12, 8);
    if (file.Has(end64, 56) && file.At(end64, 4) == 0x06064B50) {
      count = file.At(end64 + 32, 8);
      offset = file.At(end64 + 48, 8);
    }
  }
  if (!file.Has(offset, 0) || count > (file.size() - offset) / kEntrySize) {
    return Damaged("its directory lies outside the file");
  }
  std::vector<Entry> entries;
  for (uint64_t i = 0; i < count; ++i) {
    if (file.At(offset, 4) != 0x02014B50) return Damaged("its directory is cut short");
    const uint64_t name = file.At(offset + 28, 2), extra = file.At(offset + 30, 2);
    if (!file.Has(offset, kEntrySize + name + extra)) return Damaged("its directory is cut short");
    Entry entry;
    entry.flags = static_cast<uint16_t>(file.At(offset + 8, 2));
    entry.method = static_cast<uint16_t>(file.At(offset + 10, 2));
    entry.crc = static_cast<uint32_t>(file.At(offset + 16, 4));
    entry.compressed = file.At(offset + 20, 4);
    entry.size = file.At(offset + 24, 4);
    entry.header_offset = file.At(offset + 42, 4);
    entry.name = std::string(file.Part(offset + kEntrySize, name));
    ReadZip64(file, offset + kEntrySize + name, extra, entry);
    entries.push_back(std::move(entry));
    offset += kEntrySize + name + extra + file.At(offset + 32, 2);
  }
  return entries;
}

StatusOr<std::string> Inflate(absl::string_view compressed, uint64_t size) {
  // Deflate shrinks by at most a factor of 1032: a promise beyond that is a lie.
  if (size / 1032 > compressed.size()) return Damaged("an entry is larger than it can be");
  std::string result(size, '\0');
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return LimitExceeded("zlib has no memory");
  uint64_t in = 0, out = 0;
  int code = Z_OK;
  constexpr uint64_t kStep = 1 << 30;  // zlib counts in 32 bits
  while (code == Z_OK) {
    const uInt give = static_cast<uInt>(std::min(kStep, compressed.size() - in));
    const uInt room = static_cast<uInt>(std::min(kStep, size - out));
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data() + in));
    stream.avail_in = give;
    stream.next_out = reinterpret_cast<Bytef*>(result.data() + out);
    stream.avail_out = room;
    code = inflate(&stream, Z_NO_FLUSH);
    in += give - stream.avail_in;
    out += room - stream.avail_out;
  }
  inflateEnd(&stream);
  if (code != Z_STREAM_END || out != size) return Damaged("an entry does not inflate to its size");
  return result;
}

StatusOr<std::string> ReadEntry(const Bytes& file, const Entry& entry, int64_t max_bytes) {
  constexpr uint64_t kLocalSize = 30;
  if ((entry.flags & 1) != 0) return Unimplemented("the archive is encrypted");
  if (entry.size > static_cast<uint64_t>(max_bytes)) {
    return LimitExceeded("entry '", entry.name, "' has ", entry.size, " bytes, the limit is ",
                         max_bytes);
  }
  const uint64_t header = entry.header_offset;
  if (!file.Has(header, kLocalSize) || file.At(header, 4) != 0x04034B50) {
    return Damaged("an entry lies outside the file");
  }
  const uint64_t data = header + kLocalSize + file.At(header + 26, 2) + file.At(header + 28, 2);
  if (!file.Has(data, entry.compressed)) return Damaged("an entry lies outside the file");
  const absl::string_view part = file.Part(data, entry.compressed);
  std::string bytes;
  if (entry.method == 0) {
    if (entry.compressed != entry.size) return Damaged("a stored entry has two sizes");
    bytes = std::string(part);
  } else if (entry.method == 8) {
    SX_ASSIGN_OR_RETURN(bytes, Inflate(part, entry.size));
  } else {
    return Unimplemented("compression method ", entry.method);
  }
  const uLong crc = crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  if (crc != entry.crc) return Damaged("an entry's checksum does not fit");
  return bytes;
}

StatusOr<Tensor> ParseNpz(absl::string_view archive, const std::string& key, DataType wanted,
                          int64_t max_bytes) {
  const Bytes file(archive);
  SX_ASSIGN_OR_RETURN(const std::vector<Entry> entries, ReadDirectory(file));
  std::vector<std::string> keys;
  for (const Entry& entry : entries) {
    const std::string name = absl::EndsWith(entry.name, ".npy")
                                 ? entry.name.substr(0, entry.name.size() - 4)
                                 : entry.name;
    if (name == key || entry.name == key) {
      SX_ASSIGN_OR_RETURN(const std::string bytes, ReadEntry(file, entry, max_bytes));
      return ParseNpy(bytes, wanted);
    }
    keys.push_back(name);
  }
  std::string list;
  for (size_t i = 0; i < keys.size() && i < 8; ++i) {
    absl::StrAppend(&list, i > 0 ? ", " : "", keys[i]);
  }
  return absl::NotFoundError(absl::StrCat("there is no '", key, "', but ", list,
                                          keys.size() > 8 ? ", ..." : "", DidYouMean(key, keys)));
}

}  // namespace

StatusOr<Tensor> ReadNpz(const std::string& path, const std::string& key, DataType wanted,
                         int64_t max_bytes) {
  SX_ASSIGN_OR_RETURN(const std::string bytes, ReadWholeFile(path));
  auto tensor = ParseNpz(bytes, key, wanted, max_bytes);
  if (!tensor.ok()) return Prepend(tensor.status(), absl::StrCat("'", path, "': "));
  return tensor;
}

}  // namespace sardonyx
