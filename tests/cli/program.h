// Running the program itself.
#pragma once

#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "tests/importer/models.h"

namespace sardonyx {

struct ProgramResult {
  int status = -1;  // -1: it did not end by itself
  std::string out, err;
  /// stdout as JSON; discarded() where it is none.
  nlohmann::json json() const { return nlohmann::json::parse(out, nullptr, false); }
};

/// The operators of the model at `path`, in order.
std::vector<std::string> OperatorsIn(const std::string& path);

/// What the file holds; "" where there is none.
std::string ReadAll(const std::string& path);

/// Runs build/.../sardonyx with these arguments and no stdin.
ProgramResult RunProgram(const std::vector<std::string>& arguments);

/// A case for `sardonyx test`: y = x + x on a float[2], with a data set that expects `y`.
std::string WriteDoublingCase(const TemporaryFolder& folder, const std::string& name,
                              const std::vector<float>& expected);

/// The bytes of model y = x + x, x float[N,2].
std::string DoublingModel();

}  // namespace sardonyx
