// All inputs of a run: those that were given, then the rest.
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "importer/importer.h"
#include "runtime/base/nearest.h"
#include "tools/cli/input_spec.h"
#include "tools/cli/model_file.h"
#include "tools/cli/npy.h"
#include "tools/cli/output.h"
#include "tools/cli/picture.h"

namespace sardonyx {
namespace {

StatusOr<std::vector<double>> ParseNumbers(const std::string& list, absl::string_view option) {
  std::vector<double> numbers;
  for (const std::string& part : SplitList(list)) {
    double number;
    if (!absl::SimpleAtod(part, &number)) {
      return UsageError(absl::StrCat(option, " ", list, ": '", part, "' is no number"));
    }
    numbers.push_back(number);
  }
  return numbers;
}

/// The declared size of an axis; 0 where it is not known.
int64_t KnownDim(const Type& type, int axis) {
  return type.rank() > axis && (*type.shape)[axis].known() ? (*type.shape)[axis].value : 0;
}

/// Layout, colours and size: as the flags say, otherwise as the input's shape suggests.
StatusOr<PictureOptions> MakePictureOptions(const Type& type, const InputFlags& flags) {
  PictureOptions options;
  options.type = type.element != DataType::kUndefined ? type.element : DataType::kFloat;
  const auto is_channels = [](int64_t dim) { return dim == 1 || dim == 3; };
  options.layout = !is_channels(KnownDim(type, 1)) && is_channels(KnownDim(type, 3))
                       ? Layout::kNhwc
                       : Layout::kNchw;
  if (flags.layout == "nchw" || flags.layout == "nhwc") {
    options.layout = flags.layout == "nchw" ? Layout::kNchw : Layout::kNhwc;
  } else if (!flags.layout.empty()) {
    return UsageError(absl::StrCat("--layout ", flags.layout, ": expected nchw or nhwc"));
  }
  const bool planar = options.layout == Layout::kNchw;
  options.color = KnownDim(type, planar ? 1 : 3) == 1 ? Color::kGray : Color::kRgb;
  if (flags.color == "rgb" || flags.color == "bgr" || flags.color == "gray") {
    options.color = flags.color == "rgb"   ? Color::kRgb
                    : flags.color == "bgr" ? Color::kBgr
                                           : Color::kGray;
  } else if (!flags.color.empty()) {
    return UsageError(absl::StrCat("--color ", flags.color, ": expected rgb, bgr or gray"));
  }
  options.height = KnownDim(type, planar ? 2 : 1);
  options.width = KnownDim(type, planar ? 3 : 2);
  if (!flags.resize.empty()) {
    const std::pair<std::string, std::string> sizes = absl::StrSplit(flags.resize, 'x');
    if (!absl::SimpleAtoi(sizes.first, &options.width) ||
        !absl::SimpleAtoi(sizes.second, &options.height) || options.width < 1 ||
        options.height < 1) {
      return UsageError(absl::StrCat("--resize ", flags.resize, ": expected WxH, such as 224x224"));
    }
  }
  options.scale = IsInteger(options.type) ? 1 : 1.0 / 255;
  if (!flags.scale.empty() && !absl::SimpleAtod(flags.scale, &options.scale)) {
    return UsageError(absl::StrCat("--scale ", flags.scale, ": expected a number"));
  }
  SX_ASSIGN_OR_RETURN(options.mean, ParseNumbers(flags.mean, "--mean"));
  SX_ASSIGN_OR_RETURN(options.std_deviation, ParseNumbers(flags.std_deviation, "--std"));
  return options;
}

/// Type of what a port takes: an optional takes what it may hold.
const Type& Inner(const Type& type) {
  return type.kind == Type::Kind::kOptional && type.inner ? *type.inner : type;
}

/// To what size an archive's entry may grow that is for a port of that type: a small file may stand
/// for gigabytes. Generous, so that an array of another shape is called that.
int64_t MostBytes(const Type& type) {
  constexpr int64_t kAnyway = int64_t{16} << 20, kWhereUnknown = int64_t{8} << 30;
  const std::optional<Shape> shape = Inner(type).StaticShape();
  if (!shape || type.element == DataType::kString) return kWhereUnknown;
  const StatusOr<int64_t> bytes = CheckedBytes(DataType::kComplex128, *shape);  // the widest
  return bytes.ok() ? std::max(*bytes, kAnyway) : kWhereUnknown;
}

StatusOr<Value> ReadInputFile(const std::string& file, const Type& type, const InputFlags& flags) {
  const size_t colon = file.rfind(".npz:");
  const std::string path = colon == std::string::npos ? file : file.substr(0, colon + 4);
  SX_RETURN_IF_ERROR(CheckFileExists(path));
  if (colon != std::string::npos) {
    return ReadNpz(path, file.substr(colon + 5), Inner(type).element, MostBytes(type));
  }
  if (absl::EndsWith(path, ".npy")) return ReadNpy(path, Inner(type).element);
  if (absl::EndsWith(path, ".pb")) return ReadValueFile(path, type);
  if (absl::EndsWith(path, ".npz")) {
    return UsageError(absl::StrCat("@", path, ": say which array, as in @", path, ":x"));
  }
  return ReadPictureInput(path, Inner(type), flags);
}

StatusOr<Value> MakeInput(const std::string& spec, const Type& type, uint64_t seed,
                          const InputFlags& flags) {
  if (absl::StartsWith(spec, "@")) return ReadInputFile(spec.substr(1), type, flags);
  if (Inner(type).kind == Type::Kind::kSequence || Inner(type).kind == Type::Kind::kMap) {
    return InvalidArgument("it takes a ", type.ToString(), ": give a .pb file");
  }
  SX_ASSIGN_OR_RETURN(const ElementSpec parsed, ParseElementSpec(spec));
  return MakeTensor(parsed, Inner(type), seed);
}

/// `type` with the sizes of symbols filled in.
Type Substitute(Type type, const std::map<std::string, int64_t>& symbols) {
  if (!type.shape) return type;
  for (Dim& dim : *type.shape) {
    const auto found = dim.known() ? symbols.end() : symbols.find(dim.symbol);
    if (found != symbols.end()) dim = Dim(found->second);
  }
  return type;
}

/// Remembers what the shape of a given input says about symbols.
void BindSymbols(const Type& type, const Value& value, std::map<std::string, int64_t>& symbols) {
  if (!value.is_tensor() || type.rank() != value.tensor().rank()) return;
  for (int i = 0; i < type.rank(); ++i) {
    const Dim& dim = (*type.shape)[i];
    if (!dim.known() && !dim.symbol.empty()) symbols.emplace(dim.symbol, value.tensor().dim(i));
  }
}

/// Sizes 1 for what is still open, each symbol noted once.
Type CloseShape(Type type, std::map<std::string, int64_t>& symbols) {
  if (!type.shape) return type;
  for (Dim& dim : *type.shape) {
    if (dim.known()) continue;
    if (!dim.symbol.empty()) {
      Note(absl::StrCat("dimension ", dim.symbol, " is 1; -d ", dim.symbol, "=SIZE sets it"));
      symbols.emplace(dim.symbol, 1);
    }
    dim = Dim(1);
    type = Substitute(std::move(type), symbols);
    return CloseShape(std::move(type), symbols);
  }
  return type;
}

/// Splits NAME=SPEC; a lone @FILE is for the model's first input.
StatusOr<std::pair<std::string, std::string>> SplitInput(const std::string& text,
                                                         const std::vector<Port>& ports) {
  if (absl::StartsWith(text, "@") && !ports.empty()) return std::pair{ports[0].name, text};
  // Names may hold '=': the longest that is an input wins.
  for (size_t at = text.rfind('='); at != std::string::npos && at > 0;
       at = text.rfind('=', at - 1)) {
    for (const Port& port : ports) {
      if (port.name == text.substr(0, at)) return std::pair{port.name, text.substr(at + 1)};
    }
  }
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    return UsageError(absl::StrCat("-i ", text, ": expected NAME=SPEC"));
  }
  std::vector<std::string> names;
  for (const Port& port : ports) names.push_back(port.name);
  const std::string name = text.substr(0, equals);
  const std::string near = DidYouMean(name, names);
  const std::string all = names.empty() ? "none" : absl::StrJoin(names, ", ");
  return InvalidArgument("the model has no input '", name, "'",
                         near.empty() ? absl::StrCat("; it has ", all) : near);
}

}  // namespace

StatusOr<Tensor> ReadPictureInput(const std::string& path, const Type& type,
                                  const InputFlags& flags) {
  // A model may take a picture without its batch, or a grey one without its channel too.
  Type whole = type;
  const int missing = type.rank() == 3 ? 1 : type.rank() == 2 ? 2 : 0;
  for (int i = 0; i < missing; ++i) whole.shape->insert(whole.shape->begin(), Dim(1));
  SX_ASSIGN_OR_RETURN(const PictureOptions options, MakePictureOptions(whole, flags));
  SX_ASSIGN_OR_RETURN(const Tensor picture, ReadPicture(path));
  SX_ASSIGN_OR_RETURN(Tensor tensor, PictureToTensor(picture, options));
  if (missing == 2 && (options.layout != Layout::kNchw || options.color != Color::kGray)) {
    return InvalidArgument("the input is ", type.ToString(), ": use --layout nchw --color gray");
  }
  Shape shape;
  for (int i = missing; i < 4; ++i) shape.push_back(tensor.dim(i));
  return tensor.Reshaped(shape);
}

std::map<std::string, Shape> CloseShapes(const std::vector<Port>& ports,
                                         const std::map<std::string, int64_t>& symbols) {
  std::map<std::string, int64_t> sizes = symbols;
  std::map<std::string, Shape> shapes;
  for (const Port& port : ports) {
    if (!port.type.is_tensor() || !port.type.shape) continue;
    const Type closed = CloseShape(Substitute(port.type, sizes), sizes);
    shapes[port.name] = *closed.StaticShape();
  }
  return shapes;
}

StatusOr<std::map<std::string, Value>> MakeInputs(const std::vector<Port>& ports,
                                                  const InputFlags& flags,
                                                  const std::map<std::string, int64_t>& symbols) {
  std::map<std::string, int64_t> sizes = symbols;
  std::map<std::string, std::string> specs;
  for (const std::string& text : flags.inputs) {
    SX_ASSIGN_OR_RETURN(const auto input, SplitInput(text, ports));
    if (!specs.emplace(input.first, input.second).second) {
      return UsageError(absl::StrCat("-i gives input '", input.first, "' twice"));
    }
  }
  std::map<std::string, Value> values;
  // Given inputs first, as their shapes decide symbols.
  for (const bool given : {true, false}) {
    for (size_t i = 0; i < ports.size(); ++i) {
      const Port& port = ports[i];
      const auto spec = specs.find(port.name);
      if ((spec != specs.end()) != given || (!given && port.has_default)) continue;
      if (!given && port.type.kind == Type::Kind::kOptional) continue;
      Type type = Substitute(port.type, sizes);
      if (!given) type = CloseShape(std::move(type), sizes);
      auto value = MakeInput(given ? spec->second : "random", type, flags.seed + i, flags);
      if (!value.ok()) {
        const std::string message =
            absl::StrCat("input '", port.name, "': ", value.status().message());
        return IsUsageError(value.status()) ? UsageError(message)
                                            : Status(value.status().code(), message);
      }
      BindSymbols(port.type, *value, sizes);
      values[port.name] = *std::move(value);
    }
  }
  return values;
}

}  // namespace sardonyx
