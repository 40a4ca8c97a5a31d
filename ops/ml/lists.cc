#include "ops/ml/lists.h"

#include "absl/strings/str_join.h"

namespace sardonyx {
namespace {

template <typename List>
Tensor ToTensor(const List& list) {
  using T = typename List::value_type;
  return Tensor::Of<T>({static_cast<int64_t>(list.size())}, absl::MakeConstSpan(list));
}

}  // namespace

Tensor ParseList(ParseContext& context, const ListNames& names) {
  std::vector<const char*> known;
  Tensor result;
  int given = 0;
  const auto take = [&](const char* name, auto read) {
    if (name == nullptr) return;
    known.push_back(name);
    Tensor list = read(name);
    if (list.size() == 0) return;
    ++given;
    result = std::move(list);
  };
  take(names.ints, [&](const char* name) { return ToTensor(context.IntList(name)); });
  take(names.strings, [&](const char* name) { return ToTensor(context.StringList(name)); });
  take(names.floats, [&](const char* name) { return ToTensor(context.FloatList(name)); });
  take(names.tensor, [&](const char* name) { return context.TensorValue(name); });
  if (given != 1) {
    context.Fail(absl::StrCat("exactly one of ", absl::StrJoin(known, ", "), " is needed, but ",
                              given, " of them hold something"));
  } else if (result.rank() != 1) {
    context.Fail(absl::StrCat(names.tensor, " is ", result.ToString(), ", but must have rank 1"));
  } else if (!Dispatch(result.type(), ListTypes{}, []<typename>() {
                return absl::OkStatus();
              }).ok()) {
    context.Fail(absl::StrCat(names.tensor, " is ", result.ToString(), ", which is not allowed"));
  }
  return result;
}

Lookup::Lookup(const Tensor& keys, Floats floats) : floats_(floats) {
  Dispatch(keys.type(), ListTypes{}, [&]<typename T>() {
    for (int64_t i = 0; i < keys.size(); ++i) {
      if constexpr (std::is_same_v<T, std::string>) {
        strings_[keys.data<T>()[i]] = i;
      } else {
        numbers_[Bits(keys.data<T>()[i])] = i;
      }
    }
    return absl::OkStatus();
  }).IgnoreError();  // lists have been checked
}

}  // namespace sardonyx
