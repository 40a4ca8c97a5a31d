// Values: tensors, strings, sequences and maps.
#include "api/values.h"

#include <cstring>
#include <numeric>

#include "api/ort/objects.h"

namespace sardonyx::ort {
namespace {

/// Elements narrower than a byte lie packed in onnxruntime's tensors, here they do not.
Status CheckLayout(DataType type) {
  if (type == DataType::kString || PackedBits(type) >= 8) return absl::OkStatus();
  return Unimplemented("tensors of ", Name(type), " do not cross this interface");
}

StatusOr<DataType> TypeOf(int number) {
  SX_ASSIGN_OR_RETURN(const DataType type, ElementType(number));
  SX_RETURN_IF_ERROR(CheckLayout(type));
  return type;
}

StatusOr<Tensor> CreateTensor(OrtAllocator* allocator, DataType type, Shape shape) {
  if (allocator == DefaultAllocator() || type == DataType::kString) {
    return Tensor::Create(type, std::move(shape));
  }
  SX_ASSIGN_OR_RETURN(const int64_t bytes, CheckedBytes(type, shape));
  void* memory = allocator->Alloc(allocator, static_cast<size_t>(std::max<int64_t>(bytes, 1)));
  if (memory == nullptr) return LimitExceeded("the allocator gave no ", bytes, " bytes");
  std::shared_ptr<void> owner(memory, [allocator](void* m) { allocator->Free(allocator, m); });
  return Tensor::Borrow(type, std::move(shape), memory, std::move(owner));
}

OrtStatus* Create(OrtAllocator* allocator, const int64_t* dims, size_t rank, int element_type,
                  OrtValue** out) {
  return Guarded(
      [&]() -> Status {
        SX_ASSIGN_OR_RETURN(const DataType type, TypeOf(element_type));
        SX_ASSIGN_OR_RETURN(Shape shape, ShapeOf(static_cast<int64_t>(rank), dims));
        SX_ASSIGN_OR_RETURN(Tensor tensor, CreateTensor(allocator, type, std::move(shape)));
        *out = new OrtValue{std::move(tensor)};
        return absl::OkStatus();
      },
      allocator, out);
}

OrtStatus* CreateWithData(const OrtMemoryInfo* info, void* data, size_t bytes, const int64_t* dims,
                          size_t rank, int element_type, OrtValue** out) {
  return Guarded(
      [&]() -> Status {
        SX_RETURN_IF_ERROR(CheckIsCpu(*info));
        SX_ASSIGN_OR_RETURN(const DataType type, TypeOf(element_type));
        SX_ASSIGN_OR_RETURN(Shape shape, ShapeOf(static_cast<int64_t>(rank), dims));
        SX_ASSIGN_OR_RETURN(Tensor tensor,
                            BorrowTensor(type, std::move(shape), data, bytes, nullptr));
        *out = new OrtValue{std::move(tensor)};
        return absl::OkStatus();
      },
      info, out);
}

/// The same, for memory that `deleter` takes back when nobody reads it any more.
OrtStatus* CreateWithDeleter(OrtAllocator* deleter, void* data, size_t bytes, const int64_t* dims,
                             size_t rank, int element_type, OrtValue** out) {
  return Guarded(
      [&]() -> Status {
        SX_ASSIGN_OR_RETURN(const DataType type, TypeOf(element_type));
        SX_ASSIGN_OR_RETURN(Shape shape, ShapeOf(static_cast<int64_t>(rank), dims));
        SX_RETURN_IF_ERROR(BorrowTensor(type, shape, data, bytes, nullptr).status());
        std::shared_ptr<void> owner(data, [deleter](void* m) { deleter->Free(deleter, m); });
        *out = new OrtValue{Tensor::Borrow(type, std::move(shape), data, std::move(owner))};
        return absl::OkStatus();
      },
      deleter, out);
}

StatusOr<Tensor*> TensorOf(const OrtValue* value) {
  if (value == nullptr) return InvalidArgument("the value is null");
  if (!value->value.is_tensor()) {
    return InvalidArgument("the value is ", value->value.ToString(), ", expected a tensor");
  }
  return &const_cast<OrtValue*>(value)->value.tensor();
}

OrtStatus* GetData(const OrtValue* value, void** out) {
  return Guarded(
      [&]() -> Status {
        SX_ASSIGN_OR_RETURN(Tensor * tensor, TensorOf(value));
        if (tensor->type() == DataType::kString) {
          return InvalidArgument("the elements of a tensor of strings have no such data");
        }
        SX_RETURN_IF_ERROR(CheckLayout(tensor->type()));
        *out = tensor->raw();
        return absl::OkStatus();
      },
      out);
}

OrtStatus* GetSize(const OrtValue* value, size_t* out) {
  return Guarded(
      [&]() -> Status {
        SX_ASSIGN_OR_RETURN(const Tensor* tensor, TensorOf(value));
        if (tensor->type() == DataType::kString)
          return InvalidArgument("strings have no such size");
        SX_RETURN_IF_ERROR(CheckLayout(tensor->type()));
        *out = static_cast<size_t>(tensor->bytes());
        return absl::OkStatus();
      },
      out);
}

OrtStatus* TensorAt(OrtValue* value, const int64_t* at, size_t count, void** out) {
  return Guarded(
      [&]() -> Status {
        SX_ASSIGN_OR_RETURN(Tensor * tensor, TensorOf(value));
        if (tensor->type() == DataType::kString ||
            CheckLayout(tensor->type()) != absl::OkStatus() ||
            count != static_cast<size_t>(tensor->rank()) || (count > 0 && at == nullptr)) {
          return InvalidArgument(count, " places are no element of ", tensor->ToString());
        }
        const Ints strides = tensor->shape().Strides();
        int64_t offset = 0;
        for (size_t i = 0; i < count; ++i) {
          if (at[i] < 0 || at[i] >= tensor->dim(static_cast<int>(i))) {
            return InvalidArgument("place ", at[i], " is not in axis ", i, " of ",
                                   tensor->ToString());
          }
          offset += at[i] * strides[i];
        }
        *out = tensor->data<std::byte>() + offset * ElementSize(tensor->type());
        return absl::OkStatus();
      },
      out);
}

// ---- Strings -------------------------------------------------------------------------------

StatusOr<absl::Span<std::string>> StringsOf(const OrtValue* value) {
  SX_ASSIGN_OR_RETURN(Tensor * tensor, TensorOf(value));
  if (tensor->type() != DataType::kString) {
    return InvalidArgument("the value is ", tensor->ToString(), ", expected strings");
  }
  return tensor->span<std::string>();
}

StatusOr<std::string*> StringAt(const OrtValue* value, size_t index) {
  SX_ASSIGN_OR_RETURN(const absl::Span<std::string> strings, StringsOf(value));
  if (index >= strings.size()) {
    return InvalidArgument("there is no element ", index, " of ", strings.size());
  }
  return &strings[index];
}

OrtStatus* FillStrings(OrtValue* value, const char* const* texts, size_t count) {
  return Guarded([&]() -> Status {
    SX_ASSIGN_OR_RETURN(const absl::Span<std::string> strings, StringsOf(value));
    if (count != strings.size() || (count > 0 && texts == nullptr)) {
      return InvalidArgument("the tensor has ", strings.size(), " elements, ", count,
                             " strings were given");
    }
    for (size_t i = 0; i < count; ++i) {
      if (texts[i] == nullptr) return InvalidArgument("string ", i, " is null");
      strings[i] = texts[i];
    }
    return absl::OkStatus();
  });
}

OrtStatus* FillString(OrtValue* value, const char* text, size_t index) {
  return Guarded(
      [&]() -> Status {
        SX_ASSIGN_OR_RETURN(std::string * string, StringAt(value, index));
        *string = text;
        return absl::OkStatus();
      },
      text);
}

/// Room for a text of `size` bytes, which the caller writes there.
OrtStatus* ResizeString(OrtValue* value, size_t index, size_t size, char** out) {
  return Guarded(
      [&]() -> Status {
        SX_ASSIGN_OR_RETURN(std::string * string, StringAt(value, index));
        string->resize(size);
        *out = string->data();
        return absl::OkStatus();
      },
      out);
}

OrtStatus* GetStringsLength(const OrtValue* value, size_t* out) {
  return Guarded(
      [&]() -> Status {
        SX_ASSIGN_OR_RETURN(const absl::Span<std::string> strings, StringsOf(value));
        *out = std::accumulate(strings.begin(), strings.end(), size_t{0},
                               [](size_t sum, const std::string& s) { return sum + s.size(); });
        return absl::OkStatus();
      },
      out);
}

OrtStatus* GetStrings(const OrtValue* value, void* bytes, size_t size, size_t* offsets,
                      size_t count) {
  return Guarded([&]() -> Status {
    SX_ASSIGN_OR_RETURN(const absl::Span<std::string> strings, StringsOf(value));
    if (count < strings.size() || (count > 0 && offsets == nullptr)) {
      return InvalidArgument("there is room for ", count, " offsets, expected ", strings.size());
    }
    size_t at = 0;
    for (size_t i = 0; i < strings.size(); ++i) {
      const std::string& text = strings[i];
      if (text.size() > size - at || (!text.empty() && bytes == nullptr)) {
        return InvalidArgument("the strings take more than the ", size, " bytes given");
      }
      offsets[i] = at;
      std::copy(text.begin(), text.end(), static_cast<char*>(bytes) + at);
      at += text.size();
    }
    return absl::OkStatus();
  });
}

OrtStatus* GetStringLength(const OrtValue* value, size_t index, size_t* out) {
  return Guarded(
      [&]() -> Status {
        SX_ASSIGN_OR_RETURN(const std::string* string, StringAt(value, index));
        *out = string->size();
        return absl::OkStatus();
      },
      out);
}

OrtStatus* GetString(const OrtValue* value, size_t size, size_t index, void* bytes) {
  return Guarded([&]() -> Status {
    SX_ASSIGN_OR_RETURN(const std::string* string, StringAt(value, index));
    if (size < string->size() || (bytes == nullptr && !string->empty())) {
      return InvalidArgument("the string has ", string->size(), " bytes, there is room for ", size);
    }
    std::copy(string->begin(), string->end(), static_cast<char*>(bytes));
    return absl::OkStatus();
  });
}

// ---- Sequences and maps --------------------------------------------------------------------

/// A map's values, each a single element, as one tensor.
StatusOr<Value> Join(const Sequence& values) {
  if (values.empty() || !values[0].is_tensor()) {
    return Unimplemented("values of a map that are no numbers or strings");
  }
  const DataType type = values[0].tensor().type();
  SX_ASSIGN_OR_RETURN(Tensor joined, Tensor::Create(type, {static_cast<int64_t>(values.size())}));
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i].is_tensor() || values[i].tensor().type() != type ||
        values[i].tensor().size() != 1) {
      return Unimplemented("values of a map that are no single elements of one type");
    }
    auto* at = joined.data<std::byte>() + i * ElementSize(type);
    Tensor::Borrow(type, values[i].tensor().shape(), at, nullptr).CopyFrom(values[i].tensor());
  }
  return Value(std::move(joined));
}

StatusOr<Sequence> Split(const Tensor& values) {
  Sequence result;
  for (int64_t i = 0; i < values.size(); ++i) {
    SX_ASSIGN_OR_RETURN(Tensor one, Tensor::Create(values.type(), {}));
    auto* at = const_cast<std::byte*>(values.data<std::byte>()) + i * ElementSize(values.type());
    one.CopyFrom(Tensor::Borrow(values.type(), {}, at, nullptr));
    result.emplace_back(std::move(one));
  }
  return result;
}

OrtStatus* CountValues(const OrtValue* value, size_t* out) {
  return Guarded(
      [&]() -> Status {
        const Value& v = value->value;
        if (!v.is_sequence() && !v.is_map()) {
          return InvalidArgument("the value is ", v.ToString(), ", expected a sequence or map");
        }
        *out = v.is_map() ? 2 : v.sequence().size();  // keys and values
        return absl::OkStatus();
      },
      value, out);
}

OrtStatus* GetValue(const OrtValue* value, int index, OrtAllocator*, OrtValue** out) {
  return Guarded(
      [&]() -> Status {
        const Value& v = value->value;
        Value part;
        if (v.is_map() && index == 0) {
          part = v.map().keys;
        } else if (v.is_map() && index == 1) {
          SX_ASSIGN_OR_RETURN(part, Join(v.map().values));
        } else if (v.is_sequence() && index >= 0 &&
                   static_cast<size_t>(index) < v.sequence().size()) {
          part = v.sequence()[index];
        } else {
          return InvalidArgument("there is no value ", index, " in a ", v.ToString());
        }
        *out = new OrtValue{std::move(part)};
        return absl::OkStatus();
      },
      value, out);
}

OrtStatus* CreateValue(const OrtValue* const* parts, size_t count, int kind, OrtValue** out) {
  return Guarded(
      [&]() -> Status {
        for (size_t i = 0; i < count; ++i) {
          if (parts[i] == nullptr) return InvalidArgument("value ", i, " is null");
        }
        if (kind == kSequence) {
          Sequence sequence;
          for (size_t i = 0; i < count; ++i) sequence.push_back(parts[i]->value);
          *out = new OrtValue{std::move(sequence)};
          return absl::OkStatus();
        }
        if (kind != kMap || count != 2) {
          return InvalidArgument(count, " values of kind ", kind, " make no sequence and no map");
        }
        SX_ASSIGN_OR_RETURN(const Tensor* values, TensorOf(parts[1]));
        SX_ASSIGN_OR_RETURN(Sequence split, Split(*values));
        SX_ASSIGN_OR_RETURN(Value map, MakeMap(parts[0]->value, std::move(split)));
        *out = new OrtValue{std::move(map)};
        return absl::OkStatus();
      },
      parts, out);
}

}  // namespace

void AddValueFunctions(Table& table) {
  table.Set(SlotOf("CreateTensorAsOrtValue"), Create);
  table.Set(SlotOf("CreateTensorWithDataAsOrtValue"), CreateWithData);
  table.Set(
      SlotOf("ReleaseValue"), +[](OrtValue* value) { delete value; });
  table.Set(SlotOf("GetTensorMutableData"), GetData);
  table.Set(SlotOf("GetTensorData"), GetData);
  table.Set(SlotOf("TensorAt"), TensorAt);
  table.Set(SlotOf("GetTensorSizeInBytes"), GetSize);
  table.Set(SlotOf("CreateTensorWithDataAndDeleterAsOrtValue"), CreateWithDeleter);
  table.Set(SlotOf("GetResizedStringTensorElementBuffer"), ResizeString);
  table.Set(
      SlotOf("GetTensorMemoryInfo"), +[](const OrtValue* value, const OrtMemoryInfo** out) {
        return Guarded(
            [&] {
              *out = CpuMemory();
              return absl::OkStatus();
            },
            value, out);
      });
  table.Set(SlotOf("FillStringTensor"), FillStrings);
  table.Set(SlotOf("FillStringTensorElement"), FillString);
  table.Set(SlotOf("GetStringTensorDataLength"), GetStringsLength);
  table.Set(SlotOf("GetStringTensorContent"), GetStrings);
  table.Set(SlotOf("GetStringTensorElementLength"), GetStringLength);
  table.Set(SlotOf("GetStringTensorElement"), GetString);
  table.Set(SlotOf("GetValueCount"), CountValues);
  table.Set(SlotOf("GetValue"), GetValue);
  table.Set(SlotOf("CreateValue"), CreateValue);
}

}  // namespace sardonyx::ort
