// Pages as text; tests/report/pages_test.py opens them.
#include "tools/report/page.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace sardonyx {
namespace {

size_t Count(absl::string_view text, absl::string_view part) {
  return std::vector<absl::string_view>(absl::StrSplit(text, part)).size() - 1;
}

TEST_CASE("A document cannot leave its element in a page", "[report]") {
  const std::string page = MakePage(R"({"model": "</script><script>alert(1)<!--{{style}}"})");
  CHECK(Count(page, "</script>") == Count(kPage, "</script>"));
  CHECK(Count(page, "<script") == Count(kPage, "<script"));
  CHECK(absl::StrContains(page, R"({"model": "\u003c/script>\u003cscript>alert(1)\u003c!--)"));
  CHECK(Count(kPage, "{{") == 1);
}

TEST_CASE("A page needs nothing from elsewhere", "[report]") {
  CHECK(absl::StrContains(kPage, "default-src 'none'"));
  CHECK(Count(kPage, "http") == Count(kPage, "http-equiv") + Count(kPage, "http://www.w3.org/"));
}

}  // namespace
}  // namespace sardonyx
