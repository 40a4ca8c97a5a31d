// Random damage to models, and what must survive it.
#pragma once

#include <random>
#include <string>

#include "tests/importer/models.h"

namespace sardonyx {

using Random = std::mt19937;

/// The bytes with a few of them changed, cut out, inserted or replaced by some of `other`.
std::string Damage(const std::string& bytes, const std::string& other, Random& random);

/// Changes something of the model's meaning, the file staying well formed: an operator, a name, an
/// attribute, a dimension, an element type, a constant, a version.
void Twist(wire::ModelProto* model, Random& random);

/// Imports, compiles and runs the model in little memory and time, on any backend; whether it went
/// through to the end.
bool TryAll(const std::string& bytes, Random& random);

}  // namespace sardonyx
