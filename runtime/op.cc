#include "runtime/op.h"

#include <algorithm>
#include <map>
#include <mutex>

namespace sardonyx {

template <typename T>
const T* ParseContext::Find(const std::string& name, absl::string_view wanted) {
  read_.insert(name);
  const auto found = node_.attributes.find(name);
  if (found == node_.attributes.end()) return nullptr;
  const T* value = std::get_if<T>(&found->second.data);
  if (value == nullptr) Fail(absl::StrCat("attribute '", name, "' must be ", wanted));
  return value;
}

int64_t ParseContext::Int(const std::string& name, int64_t fallback) {
  const auto* value = Find<int64_t>(name, "an integer");
  return value ? *value : fallback;
}

float ParseContext::Float(const std::string& name, float fallback) {
  const auto* value = Find<float>(name, "a float");
  return value ? *value : fallback;
}

std::string ParseContext::String(const std::string& name, std::string fallback) {
  const auto* value = Find<std::string>(name, "a string");
  return value ? *value : std::move(fallback);
}

Ints ParseContext::IntList(const std::string& name, Ints fallback) {
  const auto* value = Find<std::vector<int64_t>>(name, "a list of integers");
  return value ? Ints(value->begin(), value->end()) : std::move(fallback);
}

std::vector<float> ParseContext::FloatList(const std::string& name, std::vector<float> fallback) {
  const auto* value = Find<std::vector<float>>(name, "a list of floats");
  return value ? *value : std::move(fallback);
}

std::vector<std::string> ParseContext::StringList(const std::string& name,
                                                  std::vector<std::string> fallback) {
  const auto* value = Find<std::vector<std::string>>(name, "a list of strings");
  return value ? *value : std::move(fallback);
}

Tensor ParseContext::TensorValue(const std::string& name) {
  const auto* value = Find<Tensor>(name, "a tensor");
  return value ? *value : Tensor();
}

std::shared_ptr<Graph> ParseContext::GraphValue(const std::string& name) {
  const auto* value = Find<std::shared_ptr<Graph>>(name, "a graph");
  return value ? *value : nullptr;
}

std::optional<Type> ParseContext::TypeValue(const std::string& name) {
  const auto* value = Find<Type>(name, "a type");
  return value ? std::optional<Type>(*value) : std::nullopt;
}

DataType ParseContext::DataTypeValue(const std::string& name, DataType fallback) {
  const int64_t number = Int(name, static_cast<int64_t>(fallback));
  if (number < 0 || number >= kDataTypeCount) {
    Fail(absl::StrCat("attribute '", name, "' is ", number, ", which is no element type"));
    return fallback;
  }
  return static_cast<DataType>(number);
}

void ParseContext::Require(const std::string& name) {
  if (!Has(name)) Fail(absl::StrCat("attribute '", name, "' is required"));
}

void ParseContext::Fail(const std::string& message) {
  if (status_.ok()) status_ = InvalidArgument(message);
}

Status ParseContext::Finish() const {
  SX_RETURN_IF_ERROR(status_);
  for (const auto& [name, attribute] : node_.attributes) {
    if (read_.count(name) == 0) {
      return InvalidArgument("attribute '", name, "' is unknown to ", node_.op_type, " at opset ",
                             node_.version);
    }
  }
  return absl::OkStatus();
}

const Type& InferContext::input(int i) const {
  static const Type* const unknown = new Type();
  return has_input(i) ? inputs_[i].type : *unknown;
}

std::optional<SymbolicShape> InferContext::ints(int i) const {
  if (!has_input(i)) return std::nullopt;
  if (inputs_[i].value != nullptr) {
    if (inputs_[i].value->rank() > 1) return std::nullopt;
    auto values = ToInts(*inputs_[i].value);
    if (!values.ok()) return std::nullopt;
    // A negative element (-1 in Reshape's shape) is no dimension: only value() can show it.
    if (std::any_of(values->begin(), values->end(), [](int64_t v) { return v < 0; })) {
      return std::nullopt;
    }
    return SymbolicShape(values->begin(), values->end());
  }
  return inputs_[i].ints;
}

StatusOr<std::optional<SymbolicShape>> BroadcastSymbolic(const SymbolicShape* a,
                                                         const SymbolicShape* b) {
  if (a == nullptr || b == nullptr) return std::optional<SymbolicShape>();
  const size_t rank = std::max(a->size(), b->size());
  SymbolicShape result(rank);
  for (size_t i = 0; i < rank; ++i) {
    const size_t skip_a = rank - a->size(), skip_b = rank - b->size();
    const Dim da = i < skip_a ? Dim(1) : (*a)[i - skip_a];
    const Dim db = i < skip_b ? Dim(1) : (*b)[i - skip_b];
    if (da.known() && db.known()) {
      if (da.value != db.value && da.value != 1 && db.value != 1) {
        return InvalidArgument("shapes ", ToString(*a), " and ", ToString(*b),
                               " cannot be broadcast together: ", da.value, " against ", db.value);
      }
      result[i] = da.value == 1 ? db : da;
    } else if (da.known()) {
      result[i] = da.value == 1 ? db : da;
    } else if (db.known()) {
      result[i] = db.value == 1 ? da : db;
    } else {
      result[i] = da.SameAs(db) ? da : Dim();
    }
  }
  return std::optional<SymbolicShape>(std::move(result));
}

Status InferSameAsInput(InferContext& context) {
  context.set_output(0, context.input(0));
  return absl::OkStatus();
}

absl::string_view Name(Backend backend) {
  switch (backend) {
    case Backend::kNative:
      return "native";
    case Backend::kOneDnn:
      return "onednn";
    case Backend::kReference:
      break;
  }
  return "reference";
}

const Tensor& KernelContext::input(int i) const {
  static const Tensor* const undefined = new Tensor();
  return has_input(i) && inputs_[i]->is_tensor() ? inputs_[i]->tensor() : *undefined;
}

const Value& KernelContext::value(int i) const {
  static const Value* const none = new Value();
  return has_input(i) ? *inputs_[i] : *none;
}

StatusOr<Tensor*> KernelContext::Allocate(int i, DataType type, const Shape& shape) {
  Value& value = *outputs_[i];
  if (!value.is_tensor() || value.tensor().type() != type || value.tensor().shape() != shape) {
    SX_ASSIGN_OR_RETURN(Tensor tensor,
                        Tensor::CreateUninitialized(type, shape, environment_.budget));
    value = std::move(tensor);
  }
  return &value.tensor();
}

struct PackCache::State {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<const void>> objects;
};

PackCache::PackCache(int64_t transformed_limit)
    : state_(std::make_unique<State>()),
      transformed_(std::make_shared<MemoryBudget>(transformed_limit)) {}
PackCache::~PackCache() = default;

std::shared_ptr<const void> PackCache::GetErased(
    const std::string& key, const std::function<std::shared_ptr<const void>()>& make) {
  std::lock_guard lock(state_->mutex);
  std::shared_ptr<const void>& object = state_->objects[key];
  if (object == nullptr) object = make();
  return object;
}

}  // namespace sardonyx
