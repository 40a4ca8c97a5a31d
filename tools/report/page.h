// Pages that show what a command found out: one HTML file each, which needs nothing else.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace sardonyx {

/// The page of a document, which is what --json writes: JSON in UTF-8. The document is data and
/// nothing in it becomes markup or script, whatever names it holds.
std::string MakePage(absl::string_view json);

/// The page without its document, made of tools/report/page.html when this program was built.
extern const char kPage[];

}  // namespace sardonyx
