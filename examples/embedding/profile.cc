// Where does the time of a model go? It is mapped, so that its weights take no memory twice, and
// run on zeros.
//
//   profile MODEL TRACE.json
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <iostream>
#include <vector>

#include "sardonyx/sardonyx.h"

namespace {

/// Zeros for an input; a dimension that is not known is 1.
sardonyx::Value ZerosFor(const SardonyxPort& port) {
  std::vector<int64_t> shape(port.type.dims, port.type.dims + port.type.rank);
  std::replace(shape.begin(), shape.end(), int64_t{-1}, int64_t{1});
  return sardonyx::Value::Zeros(port.type.element_type, shape);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: profile MODEL TRACE.json\n";
    return 2;
  }
  const int file = open(argv[1], O_RDONLY);
  struct stat info;
  if (file < 0 || fstat(file, &info) != 0 || info.st_size == 0) {
    std::cerr << "cannot read " << argv[1] << "\n";
    return 1;
  }
  const size_t size = static_cast<size_t>(info.st_size);
  void* const bytes = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  if (bytes == MAP_FAILED) return 1;

  try {
    const auto session = sardonyx::Session::Mapped(bytes, size, sardonyx::Options().Threads(1));
    std::vector<sardonyx::Value> inputs;
    for (size_t i = 0; i < session.input_count(); ++i) inputs.push_back(ZerosFor(session.input(i)));

    const sardonyx::Profile profile;
    session.Run(inputs, sardonyx::RunOptions().AddTo(profile));
    for (const SardonyxLayerTime& layer : profile.Layers()) {
      std::cout << layer.op << " " << layer.kernel << " " << layer.end_ns - layer.begin_ns
                << " ns\n";
    }
    profile.WriteTrace(argv[2]);
  } catch (const sardonyx::Error& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
