// The list of all operators.
#include <algorithm>
#include <catch2/catch.hpp>

#include "runtime/op.h"

namespace sardonyx {
namespace {

TEST_CASE("every operator stands in one family, once", "[registry]") {
  const auto ops = AllOps();
  const auto twice = std::adjacent_find(ops.begin(), ops.end(), [](const OpDef* a, const OpDef* b) {
    return a->domain == b->domain && a->name == b->name;
  });
  INFO((twice == ops.end() ? absl::string_view() : (*twice)->name));
  CHECK(twice == ops.end());
}

}  // namespace
}  // namespace sardonyx
