// Element types: their numbers and names in ONNX, and NumPy's name for each.
#pragma once

#include <cstdint>

namespace sardonyx::python {

struct ElementName {
  const char* onnx;     // as in "tensor(float)"
  const char* numpy;    // of a dtype of NumPy's, from kFirstForeign on of ml_dtypes's
  int narrow_bits = 0;  // of what is narrower than a byte
};

/// By the numbers of ONNX's TensorProto.DataType.
inline constexpr ElementName kElementNames[] = {
    {"", ""},
    {"float", "float32"},
    {"uint8", "uint8"},
    {"int8", "int8"},
    {"uint16", "uint16"},
    {"int16", "int16"},
    {"int32", "int32"},
    {"int64", "int64"},
    {"string", "object"},
    {"bool", "bool"},
    {"float16", "float16"},
    {"double", "float64"},
    {"uint32", "uint32"},
    {"uint64", "uint64"},
    {"complex64", "complex64"},
    {"complex128", "complex128"},
    {"bfloat16", "bfloat16"},
    {"float8e4m3fn", "float8_e4m3fn"},
    {"float8e4m3fnuz", "float8_e4m3fnuz"},
    {"float8e5m2", "float8_e5m2"},
    {"float8e5m2fnuz", "float8_e5m2fnuz"},
    {"uint4", "uint4", 4},
    {"int4", "int4", 4},
    {"float4e2m1", "float4_e2m1fn", 4},
    {"float8e8m0", "float8_e8m0fnu"},
    {"uint2", "uint2", 2},
    {"int2", "int2", 2},
    {"float6e2m3", "float6_e2m3fn", 6},
    {"float6e3m2", "float6_e3m2fn", 6},
};
inline constexpr int32_t kElementTypeCount = sizeof(kElementNames) / sizeof(kElementNames[0]);
inline constexpr int32_t kString = 8;
inline constexpr int32_t kFirstForeign = 16;

}  // namespace sardonyx::python
