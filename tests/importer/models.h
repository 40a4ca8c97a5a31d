// Small models put together in memory.
#pragma once

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "importer/importer.h"
#include "importer/onnx_wire.pb.h"

namespace sardonyx {

using Names = std::vector<std::string>;

inline wire::ModelProto NewModel(int opset = 21, int ir_version = 10) {
  wire::ModelProto model;
  model.set_ir_version(ir_version);
  model.add_opset_import()->set_version(opset);
  model.mutable_graph()->set_name("g");
  return model;
}

/// -1 in `dims` is a dimension "N".
inline void SetType(wire::TypeProto* type, std::vector<int64_t> dims,
                    DataType element = DataType::kFloat) {
  type->mutable_tensor_type()->set_elem_type(static_cast<int>(element));
  auto* shape = type->mutable_tensor_type()->mutable_shape();
  for (int64_t dim : dims) {
    if (dim == -1) {
      shape->add_dim()->set_dim_param("N");
    } else {
      shape->add_dim()->set_dim_value(dim);
    }
  }
}

inline void AddInput(wire::GraphProto* graph, const std::string& name, std::vector<int64_t> dims,
                     DataType element = DataType::kFloat) {
  auto* info = graph->add_input();
  info->set_name(name);
  SetType(info->mutable_type(), std::move(dims), element);
}

inline void AddOutput(wire::GraphProto* graph, const std::string& name) {
  graph->add_output()->set_name(name);
}

/// Works on graphs and functions.
template <typename Owner>
wire::NodeProto* AddNode(Owner* owner, const std::string& op, const Names& inputs,
                         const Names& outputs, const std::string& domain = "") {
  wire::NodeProto* node = owner->add_node();
  node->set_op_type(op);
  node->set_domain(domain);
  for (const std::string& input : inputs) node->add_input(input);
  for (const std::string& output : outputs) node->add_output(output);
  return node;
}

inline wire::AttributeProto* AddAttribute(wire::NodeProto* node, const std::string& name,
                                          wire::AttributeProto::AttributeType type) {
  wire::AttributeProto* attribute = node->add_attribute();
  attribute->set_name(name);
  attribute->set_type(type);
  return attribute;
}

inline wire::TensorProto FloatTensor(const std::string& name, std::vector<int64_t> dims,
                                     const std::vector<float>& values) {
  wire::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(wire::TensorProto::FLOAT);
  for (int64_t dim : dims) tensor.add_dims(dim);
  for (float value : values) tensor.add_float_data(value);
  return tensor;
}

/// y = Relu(x), x float[2,3].
inline wire::ModelProto ReluModel() {
  wire::ModelProto model = NewModel();
  AddInput(model.mutable_graph(), "x", {2, 3});
  AddNode(model.mutable_graph(), "Relu", {"x"}, {"y"})->set_name("relu");
  AddOutput(model.mutable_graph(), "y");
  return model;
}

inline StatusOr<std::shared_ptr<Model>> Import(const wire::ModelProto& model,
                                               const std::string& folder = "",
                                               const ImportOptions& options = {}) {
  return ImportBytes(model.SerializeAsString(), folder, options);
}

/// A folder that lasts as long as the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sardonyx.XXXXXX").string();
    if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string Write(const std::string& name, const std::string& bytes) const {
    const std::string file = path_ + "/" + name;
    std::ofstream(file, std::ios::binary) << bytes;
    return file;
  }

 private:
  std::string path_;
};

}  // namespace sardonyx
