// The part of GraphWriter that writes attributes, by what they hold.
#include "exporter/graph_writer.h"
#include "exporter/types.h"

namespace sardonyx {
namespace {

using wire::AttributeProto;

// The one attribute of the specification that holds a sparse tensor, which the importer made dense.
constexpr const char* kSparseAttribute = "sparse_value";

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <typename... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace

Status GraphWriter::WriteAttribute(const Attribute& attribute, const Names& names,
                                   Versions* versions, AttributeProto* proto) {
  using Graphs = std::vector<std::shared_ptr<Graph>>;
  const auto put = [&](AttributeProto::AttributeType type, const auto& write) -> Status {
    proto->set_type(type);
    if constexpr (std::is_void_v<decltype(write())>) {
      write();
      return absl::OkStatus();
    } else {
      return write();
    }
  };
  const auto all = [&](const auto& list, const auto& write) -> Status {
    for (const auto& element : list) SX_RETURN_IF_ERROR(write(element));
    return absl::OkStatus();
  };
  return std::visit(
      Overloaded{
          [&](int64_t i) { return put(AttributeProto::INT, [&] { proto->set_i(i); }); },
          [&](float f) { return put(AttributeProto::FLOAT, [&] { proto->set_f(f); }); },
          [&](const std::string& s) {
            return put(AttributeProto::STRING, [&] { proto->set_s(s); });
          },
          [&](const Tensor& tensor) {
            if (proto->name() == kSparseAttribute) {
              return put(AttributeProto::SPARSE_TENSOR,
                         [&] { return WriteSparse(tensor, proto->mutable_sparse_tensor()); });
            }
            return put(AttributeProto::TENSOR,
                       [&] { return WriteTensor(tensor, proto->mutable_t()); });
          },
          [&](const std::shared_ptr<Graph>& graph) {
            return put(AttributeProto::GRAPH,
                       [&] { return WriteSubgraph(*graph, names, versions, proto->mutable_g()); });
          },
          [&](const Type& type) {
            return put(AttributeProto::TYPE_PROTO, [&] { WriteType(type, proto->mutable_tp()); });
          },
          [&](const std::vector<int64_t>& ints) {
            return put(AttributeProto::INTS,
                       [&] { proto->mutable_ints()->Add(ints.begin(), ints.end()); });
          },
          [&](const std::vector<float>& floats) {
            return put(AttributeProto::FLOATS,
                       [&] { proto->mutable_floats()->Add(floats.begin(), floats.end()); });
          },
          [&](const std::vector<std::string>& strings) {
            return put(AttributeProto::STRINGS,
                       [&] { proto->mutable_strings()->Add(strings.begin(), strings.end()); });
          },
          [&](const std::vector<Tensor>& tensors) {
            return put(AttributeProto::TENSORS, [&] {
              return all(tensors,
                         [&](const Tensor& t) { return WriteTensor(t, proto->add_tensors()); });
            });
          },
          [&](const Graphs& graphs) {
            return put(AttributeProto::GRAPHS, [&] {
              return all(graphs, [&](const std::shared_ptr<Graph>& graph) {
                return WriteSubgraph(*graph, names, versions, proto->add_graphs());
              });
            });
          },
          [&](const std::vector<Type>& types) {
            return put(AttributeProto::TYPE_PROTOS, [&] {
              for (const Type& type : types) WriteType(type, proto->add_type_protos());
            });
          }},
      attribute.data);
}

}  // namespace sardonyx
