#include "tests/robustness/mutate.h"

#include <chrono>

#include "runtime/op.h"
#include "runtime/session/session.h"

namespace sardonyx {
namespace {

constexpr int64_t kMemory = 16 << 20;

size_t Below(size_t n, Random& random) { return n == 0 ? 0 : random() % n; }

int64_t OddNumber(Random& random) {
  constexpr int64_t kOdd[] = {0,         1,        -1,      2,         -2,        3,
                              7,         100,      1 << 16, INT32_MAX, INT32_MIN, int64_t{1} << 40,
                              INT64_MAX, INT64_MIN};
  return kOdd[Below(std::size(kOdd), random)];
}

float OddFloat(Random& random) {
  constexpr float kOdd[] = {0, -1, 0.5f, 1e30f, -1e30f, INFINITY, NAN};
  return kOdd[Below(std::size(kOdd), random)];
}

void TwistAttribute(wire::AttributeProto* attribute, Random& random) {
  const float f = OddFloat(random);
  if (attribute->has_i()) attribute->set_i(OddNumber(random));
  if (attribute->has_f()) attribute->set_f(f);
  if (attribute->has_s()) attribute->set_s(Below(2, random) == 0 ? "" : "linear");
  if (attribute->floats_size() > 0) {
    attribute->set_floats(static_cast<int>(Below(attribute->floats_size(), random)), f);
  }
  if (attribute->ints_size() == 0) return;
  const int at = static_cast<int>(Below(attribute->ints_size(), random));
  switch (Below(4, random)) {
    case 0:
      attribute->add_ints(OddNumber(random));
      break;
    case 1:
      attribute->mutable_ints()->RemoveLast();
      break;
    default:
      attribute->set_ints(at, OddNumber(random));
      break;
  }
}

void TwistNode(wire::GraphProto* graph, Random& random) {
  if (graph->node_size() == 0) return;
  wire::NodeProto* node = graph->mutable_node(static_cast<int>(Below(graph->node_size(), random)));
  const int inputs = node->input_size();
  const int attributes = node->attribute_size();
  switch (Below(7, random)) {
    case 0: {
      const auto ops = AllOps();
      const OpDef* op = ops[Below(ops.size(), random)];
      node->set_op_type(std::string(op->name));
      node->set_domain(std::string(op->domain));
      if (Below(2, random) == 0) node->clear_attribute();
      break;
    }
    case 1:
      if (inputs > 0) node->mutable_input()->RemoveLast();
      break;
    case 2: {
      Names names = {""};
      for (const auto& input : graph->input()) names.push_back(input.name());
      for (const auto& constant : graph->initializer()) names.push_back(constant.name());
      const std::string name = names[Below(names.size(), random)];
      if (inputs == 0 || Below(4, random) == 0) {
        node->add_input(name);
      } else {
        node->set_input(static_cast<int>(Below(inputs, random)), name);
      }
      break;
    }
    case 3:
      if (attributes > 0) node->mutable_attribute()->RemoveLast();
      break;
    default:
      if (attributes == 0) break;
      wire::AttributeProto* attribute =
          node->mutable_attribute(static_cast<int>(Below(attributes, random)));
      if (attribute->has_g() && Below(2, random) == 0) {
        TwistNode(attribute->mutable_g(), random);
      } else {
        TwistAttribute(attribute, random);
      }
      break;
  }
}

void TwistTensor(wire::TensorProto* tensor, Random& random) {
  if (tensor->data_type() == wire::TensorProto::INT64 && tensor->raw_data().size() >= 8) {
    const int64_t value = OddNumber(random);
    const size_t at = Below(tensor->raw_data().size() / 8, random) * 8;
    std::memcpy(&(*tensor->mutable_raw_data())[at], &value, 8);
  } else if (tensor->int64_data_size() > 0) {
    tensor->set_int64_data(static_cast<int>(Below(tensor->int64_data_size(), random)),
                           OddNumber(random));
  } else if (tensor->dims_size() > 0) {  // another shape of as many elements
    const int64_t last = tensor->dims(tensor->dims_size() - 1);
    if (Below(2, random) == 0 && last % 2 == 0) {
      tensor->set_dims(tensor->dims_size() - 1, last / 2);
      tensor->add_dims(2);
    } else {
      tensor->add_dims(1);
    }
  }
}

/// Odd numbers in place of a few elements; other types than numbers stay zeros.
void TwistElements(Tensor& tensor, Random& random) {
  if (tensor.size() == 0) return;
  Dispatch(tensor.type(), Numbers{}, [&]<typename T>() {
    for (size_t i = 0; i <= Below(4, random); ++i) {
      T& element = tensor.data<T>()[Below(static_cast<size_t>(tensor.size()), random)];
      if constexpr (std::is_integral_v<T>) {
        element = static_cast<T>(OddNumber(random));
      } else {
        element = static_cast<T>(OddFloat(random));
      }
    }
    return absl::OkStatus();
  }).IgnoreError();
}

}  // namespace

void Twist(wire::ModelProto* model, Random& random) {
  wire::GraphProto* graph = model->mutable_graph();
  const size_t kind = Below(10, random);
  if (kind < 2 && graph->input_size() > 0) {
    auto* tensor = graph->mutable_input(static_cast<int>(Below(graph->input_size(), random)))
                       ->mutable_type()
                       ->mutable_tensor_type();
    if (kind == 0) {
      constexpr int64_t kSizes[] = {0, 1, 2, 3, 5, 1 << 20};
      auto* dims = tensor->mutable_shape()->mutable_dim();
      if (Below(4, random) == 0) {
        dims->Add()->set_dim_value(1);
      } else if (!dims->empty()) {
        auto* dim = dims->Mutable(static_cast<int>(Below(dims->size(), random)));
        dim->set_dim_value(kSizes[Below(std::size(kSizes), random)]);
      }
    } else {
      tensor->set_elem_type(1 + static_cast<int>(Below(kDataTypeCount - 1, random)));
    }
  } else if (kind == 2 && graph->initializer_size() > 0) {
    TwistTensor(
        graph->mutable_initializer(static_cast<int>(Below(graph->initializer_size(), random))),
        random);
  } else if (kind == 3 && model->opset_import_size() > 0) {
    model->mutable_opset_import(0)->set_version(1 + static_cast<int64_t>(Below(28, random)));
  } else {
    TwistNode(graph, random);
  }
  // What is declared of the outputs no longer holds.
  for (auto& output : *graph->mutable_output()) output.clear_type();
  graph->clear_value_info();
}

std::string Damage(const std::string& model, const std::string& other, Random& random) {
  std::string bytes = model;
  const auto below = [&](size_t n) { return n == 0 ? 0 : static_cast<size_t>(random()) % n; };
  const int blows = 1 + static_cast<int>(below(4));
  for (int i = 0; i < blows && !bytes.empty(); ++i) {
    const size_t at = below(bytes.size());
    switch (below(7)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 1:
        bytes[at] = static_cast<char>(random());
        break;
      case 2:
        bytes[at] = static_cast<char>(bytes[at] + (below(2) == 0 ? 1 : -1));
        break;
      case 3:
        bytes.erase(at, 1 + below(8));
        break;
      case 4:
        bytes.insert(at, bytes.substr(below(bytes.size()), 1 + below(16)));
        break;
      case 5:  // an absurd number in the place of a small one
        bytes.replace(at, 1, below(2) == 0 ? std::string(9, '\xff') + '\x01' : "\xff\xff\xff\x7f");
        break;
      case 6:
        if (below(4) == 0) {
          bytes.resize(at);
        } else {
          bytes.replace(at, 4, other.substr(below(other.size()), 4));
        }
        break;
    }
  }
  return bytes;
}

bool TryAll(const std::string& bytes, Random& random) {
  ImportOptions import;
  import.budget = std::make_shared<MemoryBudget>(kMemory);
  import.limits.load_bytes = kMemory;
  const auto model = ImportBytes(bytes, "", import);
  if (!model.ok()) return false;
  SessionOptions options;
  options.threads = 1;
  options.memory_limit = kMemory;
  options.optimize = random() % 2 == 0;
  constexpr BackendChoice kChoices[] = {BackendChoice::kAuto, BackendChoice::kReference,
                                        BackendChoice::kNative, BackendChoice::kOneDnn};
  options.backend = kChoices[random() % 4];
  const auto session = Session::Create(*model, options);
  if (!session.ok()) return false;
  std::map<std::string, Value> inputs;
  for (const Port& port : (*session)->inputs()) {
    Shape shape;
    if (port.type.shape) {
      for (const Dim& dim : *port.type.shape) shape.push_back(dim.known() ? dim.value : 2);
    }
    const DataType type =
        port.type.element == DataType::kUndefined ? DataType::kFloat : port.type.element;
    auto tensor = Tensor::Create(type, shape, (*session)->budget());
    if (!tensor.ok()) return false;
    if (random() % 2 == 0) TwistElements(*tensor, random);
    inputs[port.name] = *std::move(tensor);
  }
  const RunControl control(RunControl::Clock::now() + std::chrono::milliseconds(200));
  return (*session)->Run(inputs, {.control = &control}).ok();
}

}  // namespace sardonyx
