// Tables of small cases for the operators on strings.
#include <catch2/catch.hpp>

#include "tests/op_outcome.h"

namespace sardonyx {
namespace {

void Check(const std::vector<OpCase>& cases) {
  for (const OpCase& c : cases) CHECK(Fault(c) == "");
}

TEST_CASE("StringConcat and StringSplit", "[text]") {
  const Value words = Strings({2}, {"a", "b"});
  const Attributes comma = {{"delimiter", Text(",")}};
  Check({
      {"StringConcat", 20, {}, {words, Strings({2}, {"c", ""})}, "[2] ac b"},
      {"StringConcat", 20, {}, {Strings({2, 1}, {"x", "y"}), words}, "[2,2] xa xb ya yb"},
      {"StringConcat", 20, {}, {words, Strings({}, {"!"})}, "[2] a! b!"},
      {"StringConcat", 20, {}, {words, Strings({3}, {"", "", ""})}, "error: broadcast"},
      {"StringConcat", 20, {}, {words, Counted({2})}, "error: not string"},
      {"StringSplit", 20, comma, {Strings({2}, {"a,b,,c", "d"})}, "[2,4] a b  c d   ; [2] 4 1", 2},
      {"StringSplit", 20, {}, {Strings({1}, {"  a \t b  "})}, "[1,2] a b; [1] 2", 2},
      {"StringSplit",
       20,
       {{"maxsplit", Int(1)}},
       {Strings({1}, {"a b c"})},
       "[1,2] a b c; [1] 2",
       2},
      {"StringSplit",
       20,
       {{"delimiter", Text("ab")}},
       {Strings({1}, {"xabyaab"})},
       "[1,3] x ya ; [1] 3",
       2},
      {"StringSplit", 20, comma, {Strings({1}, {""})}, "[1,1] ; [1] 1", 2},
      {"StringSplit", 20, {}, {Strings({1}, {" "})}, "[1,0]; [1] 0", 2},
      {"StringSplit", 20, {}, {Strings({0}, {})}, "[0,0]; [0]", 2},
  });
}

TEST_CASE("RegexFullMatch", "[text]") {
  const auto pattern = [](const char* text) { return Attributes{{"pattern", Text(text)}}; };
  const Value words = Strings({2, 2}, {"abc", "abcd", "", "xabc"});
  Check({
      {"RegexFullMatch", 20, pattern("a.*c"), {words}, "[2,2] 1 0 0 0"},
      {"RegexFullMatch", 20, pattern("ab|abcd"), {words}, "[2,2] 0 1 0 0"},
      {"RegexFullMatch", 20, pattern(""), {words}, "[2,2] 0 0 1 0"},
      {"RegexFullMatch", 20, pattern("."), {Strings({3}, {"é", "\xff", "\n"})}, "[3] 1 0 0"},
      {"RegexFullMatch", 20, pattern("a"), {Strings({0, 3}, {})}, "[0,3]"},
      {"RegexFullMatch", 20, pattern("a(b"), {words}, "error: pattern 'a(b': missing )"},
      {"RegexFullMatch", 20, pattern("((a{999}){999}){999}"), {words}, "error: pattern"},
      {"RegexFullMatch", 20, pattern("a"), {Counted({2})}, "error: not string"},
      {"RegexFullMatch", 20, {}, {words}, "error: 'pattern' is required"},
  });
  // Would take a matcher that goes back more than the age of the universe.
  const Value pathological = Strings({1}, {std::string(100, 'a')});
  CHECK(Outcome("RegexFullMatch", 20, pattern("(a*)*(a*)*(a*)*b"), {pathological}) == "[1] 0");
}

TEST_CASE("StringNormalizer", "[text]") {
  const Attribute stop = {std::vector<std::string>{"Monday", "É"}};
  const Value week = Strings({3}, {"monday", "Tuesday", "é"});
  Check({
      {"StringNormalizer",
       10,
       {{"case_change_action", Text("UPPER")}},
       {week},
       "[3] MONDAY TUESDAY É"},
      {"StringNormalizer",
       10,
       {{"case_change_action", Text("LOWER")}},
       {week},
       "[3] monday tuesday é"},
      {"StringNormalizer", 10, {{"stopwords", stop}}, {week}, "[1] Tuesday"},
      {"StringNormalizer",
       10,
       {{"stopwords", stop}, {"is_case_sensitive", Int(1)}},
       {week},
       "[3] monday Tuesday é"},
      {"StringNormalizer", 10, {{"stopwords", stop}}, {Strings({1, 1}, {"MONDAY"})}, "[1,1] "},
      {"StringNormalizer",
       10,
       {{"case_change_action", Text("UPPER")}},
       {Strings({1}, {"a\xff\xc3"})},
       "[1] A\xff\xc3"},
      {"StringNormalizer", 10, {}, {Strings({2, 1}, {"a", "b"})}, "error: [C] or [1,C]"},
      {"StringNormalizer", 10, {{"case_change_action", Text("SWAP")}}, {week}, "error: 'SWAP'"},
  });
}

/// Unigrams 2, 3, 5 and 4, bigrams (5,6), (7,8), (6,7) with places 0..6.
Attributes Grams(int64_t shortest, int64_t longest, int64_t skips, const char* mode = "TF") {
  return {{"mode", Text(mode)},
          {"min_gram_length", Int(shortest)},
          {"max_gram_length", Int(longest)},
          {"max_skip_count", Int(skips)},
          {"ngram_counts", IntList({0, 4})},
          {"ngram_indexes", IntList({0, 1, 2, 3, 4, 5, 6})},
          {"pool_int64s", IntList({2, 3, 5, 4, 5, 6, 7, 8, 6, 7})}};
}

TEST_CASE("TfIdfVectorizer", "[text]") {
  const Value row = Longs({1, 1, 3, 3, 3, 7, 8, 6, 7, 5, 6, 8});
  const auto with = [](Attributes attributes, const char* name, Attribute value) {
    attributes[name] = std::move(value);
    return attributes;
  };
  const Attribute halves = {std::vector<float>{.5f, .5f, .5f, .5f, .5f, .5f, .5f}};
  Attributes words = Grams(1, 1, 0);
  words.erase("pool_int64s");
  words["ngram_counts"] = IntList({0});
  words["ngram_indexes"] = IntList({1, 0});
  words["pool_strings"] = {std::vector<std::string>{"a", "b"}};
  Check({
      {"TfIdfVectorizer", 9, Grams(2, 2, 0), {row}, "[7] 0 0 0 0 1 1 1"},
      {"TfIdfVectorizer", 9, Grams(1, 2, 0), {row}, "[7] 0 3 1 0 1 1 1"},
      {"TfIdfVectorizer", 9, Grams(2, 2, 5), {row}, "[7] 0 0 0 0 1 3 1"},
      {"TfIdfVectorizer",
       9,
       Grams(2, 2, int64_t{1} << 62),
       {Longs({5, 0, 6})},
       "[7] 0 0 0 0 1 0 0"},
      {"TfIdfVectorizer",
       9,
       with(Grams(1, 1, 0, "IDF"), "weights", halves),
       {row},
       "[7] 0 0.5 0.5 0 0 0 0"},
      {"TfIdfVectorizer",
       9,
       with(Grams(1, 1, 0, "TFIDF"), "weights", halves),
       {row},
       "[7] 0 1.5 0.5 0 0 0 0"},
      {"TfIdfVectorizer",
       9,
       Grams(1, 1, 0),
       {Longs({2, 1}, {2, 5})},
       "[2,7] 1 0 0 0 0 0 0 0 0 1 0 0 0 0"},
      {"TfIdfVectorizer", 9, words, {Strings({3}, {"b", "b", "c"})}, "[2] 2 0"},
      {"TfIdfVectorizer", 9, words, {row}, "error: the pool holds strings"},
      {"TfIdfVectorizer",
       9,
       with(Grams(1, 1, 0), "ngram_counts", IntList({0, 5})),
       {row},
       "error: "},
      {"TfIdfVectorizer",
       9,
       with(Grams(1, 1, 0), "ngram_counts", IntList({-1, 4})),
       {row},
       "error: "},
      {"TfIdfVectorizer",
       9,
       with(Grams(1, 1, 0), "ngram_indexes", IntList({-1})),
       {row},
       "error: "},
      {"TfIdfVectorizer",
       9,
       with(Grams(1, 1, 0), "weights", {std::vector<float>{1}}),
       {row},
       "error: weights has 1"},
      {"TfIdfVectorizer", 9, Grams(0, 1, 0), {row}, "error: gram lengths"},
      {"TfIdfVectorizer", 9, Grams(1, 1, -1), {row}, "error: skips"},
  });
}

}  // namespace
}  // namespace sardonyx
