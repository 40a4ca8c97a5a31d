#include "tools/report/page.h"

#include "absl/strings/str_replace.h"

namespace sardonyx {

std::string MakePage(absl::string_view json) {
  // Only strings can hold a "<" in JSON, and without one nothing ends or comments out the element.
  const std::string inert = absl::StrReplaceAll(json, {{"<", "\\u003c"}});
  return absl::StrReplaceAll(kPage, {{"{{document}}", inert}});
}

}  // namespace sardonyx
