// StringNormalizer: removes stop words and changes case.
#include <locale.h>
#include <wctype.h>

#include <algorithm>
#include <set>

#include "ops/text/defs.h"

namespace sardonyx {
namespace {

enum class CaseChange { kNone, kLower, kUpper };

/// The case mapping of all of Unicode, whatever the process's own locale. Null where the system
/// has no such locale: then only ASCII letters change.
locale_t UnicodeLocale() {
  static const locale_t locale = [] {
    for (const char* name : {"C.UTF-8", "C.utf8", "en_US.UTF-8"}) {
      if (locale_t found = newlocale(LC_CTYPE_MASK, name, nullptr)) return found;
    }
    return static_cast<locale_t>(nullptr);
  }();
  return locale;
}

/// The code point that `text` begins with and its bytes; -1 and 1 where that is no UTF-8.
std::pair<int32_t, size_t> Decode(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return {-1, 1};
  int32_t code = first & (0x7f >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {-1, 1};
    code = code << 6 | (byte(i) & 0x3f);
  }
  return {code, length};
}

void Append(std::string* text, int32_t code) {
  if (code < 0x80) {
    text->push_back(static_cast<char>(code));
    return;
  }
  const int length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  text->push_back(static_cast<char>((0xf00 >> length & 0xff) | code >> 6 * (length - 1)));
  for (int i = length - 2; i >= 0; --i) {
    text->push_back(static_cast<char>(0x80 | (code >> 6 * i & 0x3f)));
  }
}

std::string ChangeCase(absl::string_view text, CaseChange change) {
  std::string result;
  if (change == CaseChange::kNone) return std::string(text);
  const bool lower = change == CaseChange::kLower;
  for (size_t at = 0; at < text.size();) {
    const auto [code, length] = Decode(text.substr(at));
    if (code < 0) {
      result.push_back(text[at]);
    } else if (UnicodeLocale() != nullptr) {
      const auto wide = static_cast<wint_t>(code);
      Append(&result, static_cast<int32_t>(lower ? towlower_l(wide, UnicodeLocale())
                                                 : towupper_l(wide, UnicodeLocale())));
    } else {
      const bool letter = lower ? code >= 'A' && code <= 'Z' : code >= 'a' && code <= 'z';
      Append(&result, letter ? code ^ 0x20 : code);
    }
    at += length;
  }
  return result;
}

struct NormalizerAttrs : Attrs {
  CaseChange change = CaseChange::kNone;
  bool case_sensitive = false;
  std::set<std::string, std::less<>> stop_words;  // in lower case unless case_sensitive
};

StatusOr<std::shared_ptr<Attrs>> ParseNormalizer(ParseContext& context) {
  auto attrs = std::make_shared<NormalizerAttrs>();
  const std::string change = context.String("case_change_action", "NONE");
  if (change == "LOWER") {
    attrs->change = CaseChange::kLower;
  } else if (change == "UPPER") {
    attrs->change = CaseChange::kUpper;
  } else if (change != "NONE") {
    context.Fail(absl::StrCat("case_change_action is '", change, "'"));
  }
  attrs->case_sensitive = context.Flag("is_case_sensitive", false);
  context.Ignore("locale");  // case changes as Unicode has it, the same on every machine
  for (const std::string& word : context.StringList("stopwords")) {
    attrs->stop_words.insert(attrs->case_sensitive ? word : ChangeCase(word, CaseChange::kLower));
  }
  return attrs;
}

Status InferNormalizer(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckStrings(context, 0));
  const SymbolicShape* data = context.shape(0);
  std::optional<SymbolicShape> result;
  if (data != nullptr) {
    const size_t rank = data->size();
    if ((rank != 1 && rank != 2) || (rank == 2 && (*data)[0].known() && (*data)[0].value != 1)) {
      return InvalidArgument("X must have shape [C] or [1,C], but has ", ToString(*data));
    }
    result = SymbolicShape(rank, Dim(1));
    result->back() = Dim();
  }
  context.set_output(0, DataType::kString, std::move(result));
  return absl::OkStatus();
}

Status RunNormalizer(KernelContext& context) {
  const auto& attrs = context.attrs<NormalizerAttrs>();
  const Tensor& data = context.input(0);
  std::vector<const std::string*> kept;
  for (int64_t i = 0; i < data.size(); ++i) {
    if (i % 4096 == 0) SX_RETURN_IF_ERROR(context.Check());
    const std::string& word = data.data<std::string>()[i];
    const bool stop = attrs.case_sensitive
                          ? attrs.stop_words.count(word) > 0
                          : !attrs.stop_words.empty() &&
                                attrs.stop_words.count(ChangeCase(word, CaseChange::kLower)) > 0;
    if (!stop) kept.push_back(&word);
  }
  // Where nothing is left, the answer is one empty string.
  const int64_t count = std::max<int64_t>(static_cast<int64_t>(kept.size()), 1);
  SX_ASSIGN_OR_RETURN(
      Tensor * output,
      context.Allocate(0, DataType::kString, data.rank() == 1 ? Shape{count} : Shape{1, count}));
  output->data<std::string>()[0].clear();
  return context.ParallelFor(
      static_cast<int64_t>(kept.size()), 300, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          output->data<std::string>()[i] = ChangeCase(*kept[i], attrs.change);
        }
      });
}

}  // namespace

std::vector<OpDef> NormalizerOps() {
  return {{.domain = "",
           .name = "StringNormalizer",
           .versions = {10},
           .min_inputs = 1,
           .max_inputs = 1,
           .parse = ParseNormalizer,
           .infer = InferNormalizer,
           .kernels = {SimpleKernel<RunNormalizer>("strings.normalize")}}};
}

}  // namespace sardonyx
