// RegexFullMatch, by the RE2 library: time linear in the text, whatever the pattern.
#include <re2/re2.h>

#include <memory>

#include "ops/text/defs.h"

namespace sardonyx {
namespace {

/// For the compiled pattern and what matching caches about it.
constexpr int64_t kMaxPatternBytes = int64_t{8} << 20;

struct RegexAttrs : Attrs {
  std::unique_ptr<const RE2> pattern;  // its matches are thread-safe
};

StatusOr<std::shared_ptr<Attrs>> ParseRegex(ParseContext& context) {
  auto attrs = std::make_shared<RegexAttrs>();
  context.Require("pattern");
  const std::string pattern = context.String("pattern", "");
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxPatternBytes);
  attrs->pattern = std::make_unique<const RE2>(pattern, options);
  if (!attrs->pattern->ok()) {
    return InvalidArgument("pattern '", pattern, "': ", attrs->pattern->error());
  }
  return attrs;
}

Status InferRegex(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckStrings(context, 0));
  const SymbolicShape* shape = context.shape(0);
  context.set_output(0, DataType::kBool, shape ? std::optional(*shape) : std::nullopt);
  return absl::OkStatus();
}

Status RunRegex(KernelContext& context) {
  const RE2& pattern = *context.attrs<RegexAttrs>().pattern;
  const std::string* text = context.input(0).data<std::string>();
  bool* matches = context.output(0).data<bool>();
  return context.ParallelFor(context.input(0).size(), 500, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) matches[i] = RE2::FullMatch(text[i], pattern);
  });
}

}  // namespace

std::vector<OpDef> RegexOps() {
  return {{.domain = "",
           .name = "RegexFullMatch",
           .versions = {20},
           .min_inputs = 1,
           .max_inputs = 1,
           .parse = ParseRegex,
           .infer = InferRegex,
           .kernels = {SimpleKernel<RunRegex>("regex.full_match")}}};
}

}  // namespace sardonyx
