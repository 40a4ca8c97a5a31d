// TfIdfVectorizer: counts n-grams with skips, found in a trie.
#include <algorithm>
#include <map>

#include "ops/common/int_inputs.h"
#include "ops/text/defs.h"

namespace sardonyx {
namespace {

constexpr int64_t kUnknownToken = -1;  // of a string; integers are their own tokens

struct TfIdfAttrs : Attrs {
  struct TrieNode {
    std::map<int64_t, int> next;  // by token
    int64_t gram = -1;            // that ends here
  };

  bool by_weight = false;  // modes IDF and TFIDF
  bool once = false;       // mode IDF: how often does not matter
  int64_t shortest = 1, longest = 1, skips = 0;
  bool strings = false;
  std::map<std::string, int64_t> tokens;  // of strings
  std::vector<TrieNode> trie;
  Ints places;                 // of each gram in the output
  std::vector<float> weights;  // of each gram
  int64_t width = 0;           // of the output
};

/// Builds the trie from the pool, whose n-grams of length n begin at counts[n - 1].
Status BuildTrie(TfIdfAttrs* attrs, const std::vector<int64_t>& pool, const Ints& counts) {
  attrs->trie.resize(1);
  const int64_t size = static_cast<int64_t>(pool.size());
  int64_t gram = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const int64_t n = static_cast<int64_t>(i) + 1;
    const int64_t begin = counts[i], end = i + 1 < counts.size() ? counts[i + 1] : size;
    if (begin < 0 || end < begin || end > size || (end - begin) % n != 0) {
      return InvalidArgument("ngram_counts says that ", n, "-grams lie from ", begin, " to ", end,
                             " of a pool of ", size);
    }
    for (int64_t first = begin; first < end; first += n, ++gram) {
      int node = 0;
      for (int64_t k = 0; k < n; ++k) {
        const int fresh = static_cast<int>(attrs->trie.size());
        const auto [place, added] = attrs->trie[node].next.try_emplace(pool[first + k], fresh);
        node = place->second;
        if (added) attrs->trie.emplace_back();
      }
      attrs->trie[node].gram = gram;
    }
  }
  if (gram != static_cast<int64_t>(attrs->places.size())) {
    return InvalidArgument("the pool has ", gram, " n-grams, but ngram_indexes ",
                           attrs->places.size());
  }
  return absl::OkStatus();
}

StatusOr<std::shared_ptr<Attrs>> ParseTfIdf(ParseContext& context) {
  auto attrs = std::make_shared<TfIdfAttrs>();
  for (const char* name : {"max_gram_length", "max_skip_count", "min_gram_length", "mode",
                           "ngram_counts", "ngram_indexes"}) {
    context.Require(name);
  }
  const std::string mode = context.String("mode", "TF");
  if (mode != "TF" && mode != "IDF" && mode != "TFIDF") {
    context.Fail(absl::StrCat("mode is '", mode, "'"));
  }
  attrs->by_weight = mode != "TF";
  attrs->once = mode == "IDF";
  attrs->shortest = context.Int("min_gram_length", 1);
  attrs->longest = context.Int("max_gram_length", 1);
  attrs->skips = context.Int("max_skip_count", 0);
  if (attrs->shortest < 1 || attrs->longest < attrs->shortest || attrs->skips < 0) {
    context.Fail(absl::StrCat("gram lengths are ", attrs->shortest, " to ", attrs->longest,
                              " with up to ", attrs->skips, " skips"));
  }
  attrs->places = context.IntList("ngram_indexes");
  for (int64_t place : attrs->places) {
    if (place < 0 || place > 1 << 30) {
      return InvalidArgument("ngram_indexes has ", place);
    }
    attrs->width = std::max(attrs->width, place + 1);
  }
  attrs->weights = context.FloatList("weights");
  if (attrs->weights.empty()) attrs->weights.assign(attrs->places.size(), 1.0f);
  if (attrs->weights.size() != attrs->places.size()) {
    context.Fail(absl::StrCat("weights has ", attrs->weights.size(),
                              " elements, but "
                              "ngram_indexes ",
                              attrs->places.size()));
  }
  const Ints numbers = context.IntList("pool_int64s");
  const std::vector<std::string> words = context.StringList("pool_strings");
  attrs->strings = context.Has("pool_strings");
  if (attrs->strings == context.Has("pool_int64s")) {
    context.Fail("one of pool_strings and pool_int64s is needed");
  }
  std::vector<int64_t> pool(numbers.begin(), numbers.end());
  for (const std::string& word : words) {
    const int64_t fresh = static_cast<int64_t>(attrs->tokens.size());
    pool.push_back(attrs->tokens.try_emplace(word, fresh).first->second);
  }
  SX_RETURN_IF_ERROR(BuildTrie(attrs.get(), pool, context.IntList("ngram_counts")));
  return attrs;
}

Status InferTfIdf(InferContext& context) {
  const auto& attrs = context.attrs<TfIdfAttrs>();
  const SymbolicShape* data = context.shape(0);
  const DataType element = context.element(0);
  const bool fits = attrs.strings ? element == DataType::kString
                                  : element == DataType::kInt32 || element == DataType::kInt64;
  if (element != DataType::kUndefined && !fits) {
    return InvalidArgument("X is ", Name(element), ", but the pool holds ",
                           attrs.strings ? "strings" : "integers");
  }
  std::optional<SymbolicShape> result;
  if (data != nullptr) {
    if (data->size() != 1 && data->size() != 2) {
      return InvalidArgument("X must have rank 1 or 2, but has shape ", ToString(*data));
    }
    result = *data;
    result->back() = attrs.width;
    SX_RETURN_IF_ERROR(CheckPlausible(DataType::kFloat, *result));
  }
  context.set_output(0, DataType::kFloat, std::move(result));
  return absl::OkStatus();
}

/// Counts the n-grams of one row of tokens, unless the run should stop.
void CountRow(const KernelContext& context, const TfIdfAttrs& attrs, const int64_t* tokens,
              int64_t length, float* to) {
  std::fill_n(to, attrs.width, 0.0f);
  // Skips that leave no room for a second token find nothing, and single tokens skip nothing.
  const int64_t skips =
      attrs.longest == 1 ? 0 : std::min(attrs.skips, std::max<int64_t>(length - 2, 0));
  for (int64_t skip = 0; skip <= skips && context.Check().ok(); ++skip) {
    for (int64_t start = 0; start < length; ++start) {
      int node = 0;
      int64_t n = 1;
      for (int64_t at = start; at < length && n <= attrs.longest; at += skip + 1, ++n) {
        const auto& next = attrs.trie[node].next;
        const auto found = next.find(tokens[at]);
        if (found == next.end()) break;
        node = found->second;
        const int64_t gram = attrs.trie[node].gram;
        if (gram < 0 || n < attrs.shortest || (n == 1 && skip > 0)) continue;
        const float weight = attrs.by_weight ? attrs.weights[gram] : 1.0f;
        float& place = to[attrs.places[gram]];
        place = attrs.once ? weight : place + weight;
      }
    }
  }
}

Status RunTfIdf(KernelContext& context) {
  const auto& attrs = context.attrs<TfIdfAttrs>();
  const Tensor& data = context.input(0);
  Tensor& output = context.output(0);
  const int64_t length = data.dim(data.rank() - 1);
  const int64_t rows = data.rank() == 1 ? 1 : data.dim(0);
  SX_ASSIGN_OR_RETURN(Tensor tokens, context.Temporary(DataType::kInt64, data.shape()));
  for (int64_t i = 0; i < data.size(); ++i) {
    int64_t& token = tokens.data<int64_t>()[i];
    if (data.type() == DataType::kString) {
      const auto found = attrs.tokens.find(data.data<std::string>()[i]);
      token = found == attrs.tokens.end() ? kUnknownToken : found->second;
    } else {
      token = data.type() == DataType::kInt32 ? data.data<int32_t>()[i] : data.data<int64_t>()[i];
    }
  }
  const double cost =
      static_cast<double>(attrs.width) +
      40.0 * static_cast<double>(length) * static_cast<double>(std::min(attrs.skips, length) + 1);
  SX_RETURN_IF_ERROR(context.ParallelFor(rows, cost, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      CountRow(context, attrs, tokens.data<int64_t>() + row * length, length,
               output.data<float>() + row * attrs.width);
    }
  }));
  return context.Check();
}

}  // namespace

std::vector<OpDef> TfIdfOps() {
  return {{.domain = "",
           .name = "TfIdfVectorizer",
           .versions = {9},
           .min_inputs = 1,
           .max_inputs = 1,
           .parse = ParseTfIdf,
           .infer = InferTfIdf,
           .kernels = {SimpleKernel<RunTfIdf>("tfidf.trie")}}};
}

}  // namespace sardonyx
