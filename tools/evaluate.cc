// sardonyx_evaluate: the share of pictures in a labelled set (MNIST's file format) that a model
// classifies rightly, against a bound. Exit status 1 where the share is lower.
#include <zlib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "importer/importer.h"
#include "runtime/session/session.h"
#include "tools/cli/picture.h"

namespace sardonyx {
namespace {

struct Settings {
  std::string model, dataset, backend = "auto";
  double at_least = 0;
  int batch = 100, threads = 0;
};

/// Bytes of an IDX file (see the MNIST database), and the shape that its header gives.
struct Idx {
  std::vector<int64_t> shape;
  std::vector<uint8_t> bytes;
};

StatusOr<std::vector<uint8_t>> Decompress(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read '", path, "'"));
  std::vector<uint8_t> bytes;
  constexpr int kPiece = 1 << 20;
  int count = kPiece;
  for (size_t size = 0; count == kPiece; bytes.resize(size)) {
    bytes.resize(size + kPiece);
    count = gzread(file, bytes.data() + size, kPiece);
    size += std::max(count, 0);
  }
  gzclose(file);
  if (count < 0) return InvalidArgument("'", path, "' is damaged");
  return bytes;
}

/// Errors: not an IDX file of unsigned bytes of that rank.
StatusOr<Idx> ReadIdx(const std::string& path, size_t rank) {
  SX_ASSIGN_OR_RETURN(std::vector<uint8_t> file, Decompress(path));
  const size_t header = 4 + 4 * rank;
  if (file.size() < header || file[2] != 8 || file[3] != rank) {
    return InvalidArgument("'", path, "' is not an IDX file of bytes of rank ", rank);
  }
  Idx idx;
  int64_t count = 1;
  for (size_t i = 0; i < rank; ++i) {
    const uint8_t* d = &file[4 + 4 * i];
    idx.shape.push_back(int64_t{d[0]} << 24 | d[1] << 16 | d[2] << 8 | d[3]);
    count = CheckedMul(count, idx.shape.back()).value_or(-1);
  }
  if (count != static_cast<int64_t>(file.size() - header)) {
    return InvalidArgument("'", path, "' has ", file.size() - header, " bytes of data, its header ",
                           "promises other");
  }
  idx.bytes.assign(file.begin() + header, file.end());
  return idx;
}

/// Pictures begin..end-1 scaled to 0..1 and resized to size x size.
StatusOr<Tensor> Batch(const Idx& images, int64_t begin, int64_t end, int64_t size) {
  SX_ASSIGN_OR_RETURN(Tensor tensor,
                      Tensor::Create(DataType::kFloat, {end - begin, 1, size, size}));
  const int64_t height = images.shape[1], width = images.shape[2], pixels = height * width;
  for (int64_t i = begin; i < end; ++i) {
    std::vector<float> samples(images.bytes.begin() + i * pixels,
                               images.bytes.begin() + (i + 1) * pixels);
    if (height != size || width != size) samples = Resize(samples, width, height, 1, size, size);
    std::transform(samples.begin(), samples.end(), tensor.data<float>() + (i - begin) * size * size,
                   [](float sample) { return sample / 255; });
  }
  return tensor;
}

StatusOr<int64_t> CountRight(Session& session, const Idx& images, const Idx& labels, int batch) {
  const Port& port = session.inputs()[0];
  const auto& shape = port.type.shape;
  if (session.inputs().size() != 1 || !shape || shape->size() != 4 || !shape->back().known()) {
    return InvalidArgument("the model wants something else than pictures [N,1,S,S]: ",
                           port.type.ToString());
  }
  int64_t right = 0;
  const int64_t count = images.shape[0];
  for (int64_t begin = 0; begin < count; begin += batch) {
    const int64_t end = std::min(begin + batch, count);
    SX_ASSIGN_OR_RETURN(Tensor pictures, Batch(images, begin, end, shape->back().value));
    SX_ASSIGN_OR_RETURN(const std::vector<Value> outputs, session.Run({{port.name, pictures}}));
    if (outputs.size() != 1 || !outputs[0].is_tensor() ||
        outputs[0].tensor().type() != DataType::kFloat || outputs[0].tensor().rank() != 2 ||
        outputs[0].tensor().dim(0) != end - begin) {
      return InvalidArgument("the model gives something else than float scores [N,classes]");
    }
    const Tensor& scores = outputs[0].tensor();
    const int64_t classes = scores.dim(1);
    for (int64_t i = begin; i < end; ++i) {
      const float* row = scores.data<float>() + (i - begin) * classes;
      right += std::max_element(row, row + classes) - row == labels.bytes[i];
    }
  }
  return right;
}

Status Evaluate(const Settings& settings, bool* good) {
  SX_ASSIGN_OR_RETURN(const Idx images,
                      ReadIdx(settings.dataset + "/t10k-images-idx3-ubyte.gz", 3));
  SX_ASSIGN_OR_RETURN(const Idx labels,
                      ReadIdx(settings.dataset + "/t10k-labels-idx1-ubyte.gz", 1));
  if (images.shape[0] != labels.shape[0]) {
    return InvalidArgument(images.shape[0], " pictures, but ", labels.shape[0], " labels");
  }
  SX_ASSIGN_OR_RETURN(const std::shared_ptr<Model> model, ImportFile(settings.model));
  SessionOptions options;
  options.threads = settings.threads;
  SX_ASSIGN_OR_RETURN(options.backend, ParseBackend(settings.backend));
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Create(model, options));
  SX_ASSIGN_OR_RETURN(const int64_t right, CountRight(*session, images, labels, settings.batch));
  const double share = static_cast<double>(right) / static_cast<double>(images.shape[0]);
  *good = share >= settings.at_least;
  std::printf("%s: %ld of %ld pictures right, %.2f %%; at least %.2f %% wanted\n",
              settings.model.c_str(), static_cast<long>(right), static_cast<long>(images.shape[0]),
              100 * share, 100 * settings.at_least);
  return absl::OkStatus();
}

}  // namespace
}  // namespace sardonyx

int main(int argc, char** argv) {
  sardonyx::Settings settings;
  CLI::App app("Accuracy of a classifier of pictures [N,1,S,S] on a labelled test set.");
  app.add_option("model", settings.model)->required();
  app.add_option("--dataset", settings.dataset, "folder of t10k-{images,labels}-*.gz")->required();
  app.add_option("--at-least", settings.at_least, "share that must be right, 0..1");
  app.add_option("--backend", settings.backend, "auto, reference, native or onednn");
  app.add_option("--threads", settings.threads, "0: as many as the process may use");
  app.add_option("--batch", settings.batch)->check(CLI::Range(1, 10000));
  CLI11_PARSE(app, argc, argv);
  bool good = false;
  const sardonyx::Status status = sardonyx::Evaluate(settings, &good);
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  std::printf(good ? "1 passed, 0 failed\n" : "0 passed, 1 failed\n");
  return good ? 0 : 1;
}
