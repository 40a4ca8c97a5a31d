// What the code that infers an operator's outputs asks, and says.
#include <algorithm>

#include "api/ort/custom_op.h"
#include "api/values.h"

namespace sardonyx::ort {
namespace {

OrtStatus* CountInputs(const OrtShapeInferContext* context, size_t* out) {
  return Guarded(
      [&] {
        *out = static_cast<size_t>(context->infer.input_count());
        return absl::OkStatus();
      },
      context, out);
}

OrtStatus* InputShape(OrtShapeInferContext* context, size_t index,
                      OrtTensorTypeAndShapeInfo** out) {
  return Guarded(
      [&]() -> Status {
        if (index >= static_cast<size_t>(context->infer.input_count())) {
          return InvalidArgument("there is no input ", index);
        }
        const Type& type = context->infer.input(static_cast<int>(index));
        *out = &context->infos.emplace_back(DescribeTensor(type));
        return absl::OkStatus();
      },
      context, out);
}

OrtStatus* SetOutputShape(OrtShapeInferContext* context, size_t index,
                          const OrtTensorTypeAndShapeInfo* info) {
  return Guarded(
      [&]() -> Status {
        if (index >= static_cast<size_t>(context->infer.output_count())) {
          return InvalidArgument("there is no output ", index);
        }
        SX_ASSIGN_OR_RETURN(const DataType element, ElementType(info->element_type));
        SymbolicShape shape;
        for (size_t i = 0; i < info->dims.size(); ++i) {
          shape.push_back(info->dims[i] >= 0 ? Dim(info->dims[i]) : Dim(info->symbols[i]));
        }
        context->infer.set_output(static_cast<int>(index), element, std::move(shape));
        return absl::OkStatus();
      },
      context, info);
}

/// An attribute's handle is its address in the node.
OrtStatus* AttributeOf(const OrtShapeInferContext* context, const char* name,
                       const OrtOpAttr** out) {
  return Guarded(
      [&]() -> Status {
        const auto& attributes = context->infer.node().attributes;
        const auto found = attributes.find(name);
        if (found == attributes.end()) {
          return InvalidArgument("the node has no attribute '", name, "'");
        }
        *out = reinterpret_cast<const OrtOpAttr*>(&found->second);
        return absl::OkStatus();
      },
      context, name, out);
}

/// What an attribute is read as: the number stands for int, ints, float, floats, string, strings.
Status Read(const Attribute& attribute, int type, absl::Span<char> data, size_t* out) {
  std::string bytes;
  const auto append = [&](const auto* elements, size_t count) {
    bytes.append(reinterpret_cast<const char*>(elements), count * sizeof(*elements));
  };
  const auto& value = attribute.data;
  if (const auto* one = std::get_if<int64_t>(&value); one != nullptr && type == 1) {
    append(one, 1);
  } else if (const auto* ints = std::get_if<std::vector<int64_t>>(&value); ints && type == 2) {
    append(ints->data(), ints->size());
  } else if (const auto* real = std::get_if<float>(&value); real != nullptr && type == 3) {
    append(real, 1);
  } else if (const auto* reals = std::get_if<std::vector<float>>(&value); reals && type == 4) {
    append(reals->data(), reals->size());
  } else if (const auto* text = std::get_if<std::string>(&value); text != nullptr && type == 5) {
    append(text->c_str(), text->size() + 1);
  } else if (const auto* texts = std::get_if<std::vector<std::string>>(&value);
             texts != nullptr && type == 6) {
    for (const std::string& line : *texts) append(line.c_str(), line.size() + 1);
  } else {
    return InvalidArgument("the attribute is of another type than ", type);
  }
  *out = bytes.size();
  if (bytes.size() > data.size()) {
    return InvalidArgument("the attribute takes ", bytes.size(), " bytes, there is room for ",
                           data.size());
  }
  std::copy(bytes.begin(), bytes.end(), data.begin());
  return absl::OkStatus();
}

OrtStatus* ReadAttribute(const OrtOpAttr* attribute, int type, void* data, size_t size,
                         size_t* out) {
  return Guarded(
      [&] {
        return Read(*reinterpret_cast<const Attribute*>(attribute), type,
                    absl::MakeSpan(static_cast<char*>(data), size), out);
      },
      attribute, data, out);
}

}  // namespace

void AddInferContextFunctions(Table& table) {
  table.Set(SlotOf("ShapeInferContext_GetInputCount"), CountInputs);
  table.Set(SlotOf("ShapeInferContext_GetInputTypeShape"), InputShape);
  table.Set(SlotOf("ShapeInferContext_SetOutputTypeShape"), SetOutputShape);
  table.Set(SlotOf("ShapeInferContext_GetAttribute"), AttributeOf);
  table.Set(SlotOf("ReadOpAttr"), ReadAttribute);
}

}  // namespace sardonyx::ort
