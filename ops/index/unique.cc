// Unique: sorts the places of elements (or of slices), joins equal neighbours.
#include <algorithm>

#include "ops/common/accumulate.h"
#include "ops/common/element_size.h"
#include "ops/common/int_inputs.h"
#include "ops/index/defs.h"
#include "ops/index/parallel_sort.h"
#include "ops/index/sort_key.h"

namespace sardonyx {
namespace {

struct UniqueAttrs : Attrs {
  std::optional<int64_t> axis;  // nullopt: of the flattened input
  bool sorted = true;
};

StatusOr<std::shared_ptr<Attrs>> ParseUnique(ParseContext& context) {
  auto attrs = std::make_shared<UniqueAttrs>();
  if (context.Has("axis")) attrs->axis = context.Int("axis", 0);
  attrs->sorted = context.Flag("sorted", true);
  return attrs;
}

Status InferUnique(InferContext& context) {
  const SymbolicShape* data = context.shape(0);
  const auto& axis = context.attrs<UniqueAttrs>().axis;
  std::optional<SymbolicShape> result = SymbolicShape(1);
  if (axis) {
    result.reset();
    if (data != nullptr) {
      SX_ASSIGN_OR_RETURN(const int normal, NormalizeAxis(*axis, static_cast<int>(data->size())));
      result = *data;
      (*result)[normal] = Dim();
    }
  }
  context.set_output(0, context.element(0), std::move(result));
  for (int i = 1; i < 4; ++i) context.set_output(i, DataType::kInt64, SymbolicShape(1));
  return absl::OkStatus();
}

/// The slices of a tensor along one axis: slice i is made of `outer` runs of `block` elements.
struct Slices {
  const void* data;
  int64_t outer = 1, count = 0, block = 1;
};

/// Below, equal to or above 0 as slice a is less than, equal to or greater than slice b.
using CompareFn = int (*)(const Slices& slices, int64_t a, int64_t b);

template <typename T>
int CompareElements(const T& a, const T& b) {
  if constexpr (std::is_same_v<T, std::string>) {
    return a.compare(b);
  } else if constexpr (kIsComplex<T>) {
    const int real = CompareElements(a.real(), b.real());
    return real != 0 ? real : CompareElements(a.imag(), b.imag());
  } else {
    const uint64_t key_a = SortKey(a), key_b = SortKey(b);
    return key_a < key_b ? -1 : key_a > key_b ? 1 : 0;
  }
}

template <typename T>
int CompareSlices(const Slices& slices, int64_t a, int64_t b) {
  const T* data = static_cast<const T*>(slices.data);
  for (int64_t o = 0; o < slices.outer; ++o, data += slices.count * slices.block) {
    for (int64_t i = 0; i < slices.block; ++i) {
      const int order = CompareElements(data[a * slices.block + i], data[b * slices.block + i]);
      if (order != 0) return order;
    }
  }
  return 0;
}

StatusOr<CompareFn> CompareFor(DataType type) {
  CompareFn compare = nullptr;
  SX_RETURN_IF_ERROR(Dispatch(type == DataType::kBool ? DataType::kUInt8 : type,
                              Numbers{} + Complexes{} + TypeList<std::string>{}, [&]<typename T>() {
                                compare = CompareSlices<T>;
                                return absl::OkStatus();
                              }));
  return compare;
}

/// Distinct slices, each by its first place in the input.
struct Groups {
  Tensor first;    // int64, one per group, in the order of the output
  Tensor inverse;  // int64, one per slice: its group
  Tensor counts;   // int64, one per group
  int64_t count = 0;
};

StatusOr<Groups> Group(const KernelContext& context, const Slices& slices, CompareFn compare,
                       bool sorted) {
  const int64_t n = slices.count;
  Groups groups;
  Tensor places, order;
  for (Tensor* list : {&groups.first, &groups.inverse, &groups.counts, &places, &order}) {
    SX_ASSIGN_OR_RETURN(*list, context.Temporary(DataType::kInt64, {n}));
  }
  int64_t* place = places.data<int64_t>();
  for (int64_t i = 0; i < n; ++i) place[i] = i;
  const double cost = 10 + static_cast<double>(slices.outer) * static_cast<double>(slices.block);
  SX_RETURN_IF_ERROR(
      ParallelSort(context, place, order.data<int64_t>(), n, cost, [&](int64_t a, int64_t b) {
        const int result = compare(slices, a, b);
        return result != 0 ? result < 0 : a < b;
      }));
  int64_t* first = groups.first.data<int64_t>();
  int64_t* inverse = groups.inverse.data<int64_t>();
  int64_t* counts = groups.counts.data<int64_t>();
  for (int64_t i = 0; i < n; ++i) {
    if (i == 0 || compare(slices, place[i - 1], place[i]) != 0) {
      first[groups.count] = place[i];
      counts[groups.count++] = 0;
    }
    ++counts[groups.count - 1];
    inverse[place[i]] = groups.count - 1;
  }
  if (sorted) return groups;
  // By first appearance: `place` becomes the old number of each new group, `order` the new of each
  // old one.
  int64_t* renumbered = order.data<int64_t>();
  for (int64_t i = 0, next = 0; i < n; ++i) {
    if (first[inverse[i]] == i) {
      place[next] = inverse[i];
      renumbered[inverse[i]] = next++;
    }
  }
  for (int64_t i = 0; i < n; ++i) inverse[i] = renumbered[inverse[i]];
  for (auto* list : {first, counts}) {
    for (int64_t g = 0; g < groups.count; ++g) renumbered[g] = list[place[g]];
    std::copy_n(renumbered, groups.count, list);
  }
  return groups;
}

Status WriteList(KernelContext& context, int i, const Tensor& list, int64_t count) {
  if (!context.has_output(i)) return absl::OkStatus();
  SX_ASSIGN_OR_RETURN(Tensor * output, context.Allocate(i, DataType::kInt64, {count}));
  std::copy_n(list.data<int64_t>(), count, output->data<int64_t>());
  return absl::OkStatus();
}

Status RunUnique(KernelContext& context) {
  const auto& attrs = context.attrs<UniqueAttrs>();
  const Tensor& data = context.input(0);
  Slices slices{.data = data.raw(), .count = data.size()};
  Shape shape{data.size()};
  int axis = 0;
  if (attrs.axis) {
    SX_ASSIGN_OR_RETURN(axis, NormalizeAxis(*attrs.axis, data.rank()));
    shape = data.shape();
    slices.outer = shape.Elements(0, axis);
    slices.count = shape[axis];
    slices.block = shape.Elements(axis + 1, shape.rank());
  }
  SX_ASSIGN_OR_RETURN(const CompareFn compare, CompareFor(data.type()));
  SX_ASSIGN_OR_RETURN(const Groups groups, Group(context, slices, compare, attrs.sorted));
  SX_RETURN_IF_ERROR(WriteList(context, 1, groups.first, groups.count));
  SX_RETURN_IF_ERROR(WriteList(context, 2, groups.inverse, slices.count));
  SX_RETURN_IF_ERROR(WriteList(context, 3, groups.counts, groups.count));
  if (!context.has_output(0)) return absl::OkStatus();
  shape[axis] = groups.count;
  SX_ASSIGN_OR_RETURN(Tensor * output, context.Allocate(0, data.type(), shape));
  const int64_t* first = groups.first.data<int64_t>();
  return DispatchSize(data.type(), [&]<typename T>() {
    const double cost = 3.0 + 0.2 * sizeof(T) * static_cast<double>(slices.block);
    return context.ParallelFor(slices.outer * groups.count, cost, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t source = i / groups.count * slices.count + first[i % groups.count];
        std::copy_n(data.data<T>() + source * slices.block, slices.block,
                    output->template data<T>() + i * slices.block);
      }
    });
  });
}

}  // namespace

std::vector<OpDef> UniqueOps() {
  return {{.domain = "",
           .name = "Unique",
           .versions = {11, 28},
           .min_inputs = 1,
           .max_inputs = 1,
           .max_outputs = 4,
           .parse = ParseUnique,
           .infer = InferUnique,
           .kernels = {SimpleKernel<RunUnique>("unique.sort")}}};
}

}  // namespace sardonyx
