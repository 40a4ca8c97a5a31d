#include "tools/cli/npz_writer.h"

#include <zlib.h>

#include "tools/cli/npy.h"

namespace sardonyx {
namespace {

/// Little-endian numbers, one after the other.
class Record {
 public:
  Record& Put(uint64_t number, int width) {
    for (int i = 0; i < width; ++i) bytes_ += static_cast<char>(number >> (8 * i) & 0xff);
    return *this;
  }
  Record& Text(const std::string& text) {
    bytes_ += text;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

constexpr uint64_t kVersion = 45;    // that knows 64-bit sizes
constexpr uint64_t kUtf8 = 1 << 11;  // names are UTF-8
constexpr uint64_t kSeeExtra = 0xFFFFFFFF;
constexpr uint64_t kFirstDay = 33;  // 1 January 1980: archives of equal arrays are equal

/// The fields that a local header and the directory have in common.
void PutCommon(Record& record, uint32_t crc, const std::string& name, uint64_t extra) {
  record.Put(kVersion, 2).Put(kUtf8, 2).Put(0, 2).Put(0, 2).Put(kFirstDay, 2).Put(crc, 4);
  record.Put(kSeeExtra, 4).Put(kSeeExtra, 4).Put(name.size(), 2).Put(extra, 2);
}

}  // namespace

NpzWriter::NpzWriter(std::string path)
    : path_(std::move(path)), file_(path_, std::ios::binary | std::ios::trunc) {}

Status NpzWriter::Check() const {
  return file_ ? absl::OkStatus() : InvalidArgument("cannot write '", path_, "'");
}

Status NpzWriter::Add(const std::string& key, const Tensor& tensor) {
  SX_ASSIGN_OR_RETURN(const std::string array, SerializeNpy(tensor));
  Entry entry{.name = key + ".npy", .crc = 0, .size = array.size(), .offset = offset_};
  if (entry.name.size() > 0xFFFF) return InvalidArgument("a name of ", key.size(), " bytes");
  entry.crc =
      static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(array.data()), array.size()));
  Record header;
  header.Put(0x04034B50, 4);
  PutCommon(header, entry.crc, entry.name, 20);
  header.Text(entry.name).Put(1, 2).Put(16, 2).Put(entry.size, 8).Put(entry.size, 8);
  file_ << header.bytes() << array;
  offset_ += header.bytes().size() + array.size();
  entries_.push_back(std::move(entry));
  return Check();
}

Status NpzWriter::Finish() {
  Record directory;
  for (const Entry& entry : entries_) {
    directory.Put(0x02014B50, 4).Put(kVersion, 2);
    PutCommon(directory, entry.crc, entry.name, 28);
    directory.Put(0, 2).Put(0, 2).Put(0, 2).Put(0, 4).Put(kSeeExtra, 4).Text(entry.name);
    directory.Put(1, 2).Put(24, 2).Put(entry.size, 8).Put(entry.size, 8).Put(entry.offset, 8);
  }
  Record end;
  const uint64_t count = entries_.size(), size = directory.bytes().size();
  end.Put(0x06064B50, 4).Put(44, 8).Put(kVersion, 2).Put(kVersion, 2).Put(0, 4).Put(0, 4);
  end.Put(count, 8).Put(count, 8).Put(size, 8).Put(offset_, 8);
  end.Put(0x07064B50, 4).Put(0, 4).Put(offset_ + size, 8).Put(1, 4);
  end.Put(0x06054B50, 4).Put(0, 2).Put(0, 2).Put(0xFFFF, 2).Put(0xFFFF, 2);
  end.Put(kSeeExtra, 4).Put(kSeeExtra, 4).Put(0, 2);
  file_ << directory.bytes() << end.bytes();
  file_.close();
  return Check();
}

}  // namespace sardonyx
