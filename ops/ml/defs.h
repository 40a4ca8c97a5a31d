// The parts of this family, one per file.
#pragma once

#include <vector>

#include "runtime/op.h"

namespace sardonyx {

inline constexpr absl::string_view kMlDomain = "ai.onnx.ml";

/// Element types of numeric features.
using FeatureTypes = TypeList<float, double, int64_t, int32_t>;

std::vector<OpDef> FeatureOps();      // ArrayFeatureExtractor, FeatureVectorizer
std::vector<OpDef> ScalingOps();      // Binarizer, Imputer, Normalizer, Scaler
std::vector<OpDef> EncoderOps();      // CategoryMapper, LabelEncoder, OneHotEncoder
std::vector<OpDef> MapOps();          // CastMap, DictVectorizer, ZipMap
std::vector<OpDef> LinearModelOps();  // LinearClassifier, LinearRegressor
std::vector<OpDef> SvmOps();          // SVMClassifier, SVMRegressor
std::vector<OpDef> TreeOps();         // TreeEnsemble, TreeEnsembleClassifier, TreeEnsembleRegressor

}  // namespace sardonyx
