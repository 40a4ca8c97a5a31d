// Operators that see the same elements in another shape: nothing is computed or copied.
#include <algorithm>

#include "ops/common/gradients.h"
#include "ops/common/int_inputs.h"
#include "ops/common/require_input.h"
#include "ops/common/strided_copy.h"
#include "ops/shape/defs.h"

namespace sardonyx {
namespace {

Status RunCopy(KernelContext& context) {
  if (!context.value(0).is_tensor()) {
    context.set_output(0, context.value(0));
    return absl::OkStatus();
  }
  return CopyAll(context, context.input(0), context.output(0));
}

/// Lists of integers stay what they are under every view of rank 0 or 1.
void PassInts(InferContext& context) {
  const Type& output = context.outputs()[0].type;
  if (output.rank() > 1) return;
  if (auto ints = ShortInts(context, 0)) context.set_ints(0, *std::move(ints));
}

Status InferIdentity(InferContext& context) {
  context.set_output(0, context.input(0));
  PassInts(context);
  return absl::OkStatus();
}

// ---- Reshape ------------------------------------------------------------------------------

struct ReshapeAttrs : Attrs {
  bool allow_zero = false;
  Ints shape;  // opset 1
};

StatusOr<std::shared_ptr<Attrs>> ParseReshape(ParseContext& context) {
  auto attrs = std::make_shared<ReshapeAttrs>();
  if (context.version() < 5) {
    attrs->shape = context.IntList("shape");
    context.Ignore("consumed_inputs");
  } else {
    RequireInput(context, 1, "shape");
    if (context.version() >= 14) attrs->allow_zero = context.Flag("allowzero", false);
  }
  return attrs;
}

/// The dimension that -1 at `hole` stands for: what is left of `data` when the other dimensions of
/// `target` are taken from it; unknown where symbols do not cancel.
StatusOr<Dim> FreeDimension(const SymbolicShape& data, const SymbolicShape& target, int hole) {
  // Zeros that were copied cancel like symbols, so that an empty batch needs no special case.
  SymbolicShape left = data, wanted;
  for (int i = 0; i < static_cast<int>(target.size()); ++i) {
    if (i == hole) continue;
    const auto same = std::find_if(left.begin(), left.end(), [&](const Dim& dim) {
      return (!dim.known() || dim.value == 0) && dim.SameAs(target[i]);
    });
    if (same != left.end()) {
      left.erase(same);
    } else {
      wanted.push_back(target[i]);
    }
  }
  const Dim used = Product(wanted);
  if (!used.known()) return Dim();
  SymbolicShape symbols, sizes;
  for (const Dim& dim : left) (dim.known() ? sizes : symbols).push_back(dim);
  const int64_t have = Product(sizes).value;
  if (symbols.empty()) {
    if (used.value == 0 || have % used.value != 0) {
      return InvalidArgument("data of shape ", ToString(data), " cannot take the shape ",
                             ToString(target), " with dimension ", hole, " free");
    }
    return Dim(have / used.value);
  }
  if (symbols.size() == 1 && have == used.value && have > 0) return symbols[0];
  return Dim();
}

/// What the shape asked for says of each dimension; `hole` is the place of -1 or -1.
StatusOr<SymbolicShape> ReadTarget(const Ints& wanted, const SymbolicShape* data, bool allow_zero,
                                   int* hole) {
  SymbolicShape target;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == -1 && *hole < 0) {
      *hole = static_cast<int>(i);
      target.push_back(Dim());
    } else if (wanted[i] < 0) {
      return InvalidArgument(
          "shape has ", wanted[i], " at ", i,
          wanted[i] == -1 ? ", a second dimension left free" : ", which is no size");
    } else if (wanted[i] > 0 || allow_zero) {
      target.push_back(wanted[i]);
    } else if (data == nullptr) {
      target.push_back(Dim());
    } else if (i < data->size()) {
      target.push_back((*data)[i]);
    } else {
      return InvalidArgument("shape has 0 at ", i, ", but data ", ToString(*data),
                             " has no such dimension to copy");
    }
  }
  return target;
}

Status InferReshape(InferContext& context) {
  const auto& attrs = context.attrs<ReshapeAttrs>();
  const SymbolicShape* data = context.shape(0);
  std::optional<Ints> wanted;
  if (context.version() < 5) {
    wanted = attrs.shape;
  } else {
    SX_ASSIGN_OR_RETURN(wanted, KnownInts(context, 1, "shape"));
  }
  std::optional<SymbolicShape> target;
  if (wanted) {
    int hole = -1;
    SX_ASSIGN_OR_RETURN(target, ReadTarget(*wanted, data, attrs.allow_zero, &hole));
    if (hole >= 0 && attrs.allow_zero &&
        std::find(wanted->begin(), wanted->end(), 0) != wanted->end()) {
      return InvalidArgument("shape has both 0 and -1, which allowzero rules out");
    }
    if (hole >= 0 && data != nullptr) {
      SX_ASSIGN_OR_RETURN((*target)[hole], FreeDimension(*data, *target, hole));
    } else if (hole < 0 && data != nullptr) {
      const Dim have = Product(*data), want = Product(*target);
      if (have.known() && want.known() && have.value != want.value) {
        return InvalidArgument("data of shape ", ToString(*data), " has ", have.value,
                               " elements, but shape ", ToString(*target), " has ", want.value);
      }
    }
  } else if (auto ints = ShortInts(context, 1)) {
    target = *std::move(ints);
    int unknown = 0, hole = -1;
    for (int i = 0; i < static_cast<int>(target->size()); ++i) {
      Dim& dim = (*target)[i];
      if (dim.value == 0 && !attrs.allow_zero) {
        dim = data != nullptr && i < static_cast<int>(data->size()) ? (*data)[i] : Dim();
      }
      if (!dim.known() && dim.symbol.empty()) {
        ++unknown;
        hole = i;
      }
    }
    // Whatever the one unknown size is, -1 or not, the number of elements leaves no choice.
    if (unknown == 1 && data != nullptr && Product(*data).value != 0) {
      SX_ASSIGN_OR_RETURN((*target)[hole], FreeDimension(*data, *target, hole));
    }
  } else if (const SymbolicShape* shape = context.shape(1);
             shape != nullptr && shape->size() == 1 && (*shape)[0].known()) {
    if ((*shape)[0].value > 1024) {
      return InvalidArgument("shape asks for rank ", (*shape)[0].value);
    }
    target = SymbolicShape((*shape)[0].value);
  }
  if (target) SX_RETURN_IF_ERROR(CheckPlausible(context.element(0), *target));
  context.set_output(0, context.element(0), std::move(target));
  PassInts(context);
  return absl::OkStatus();
}

// ---- Squeeze, Unsqueeze -------------------------------------------------------------------

struct AxesAttrs : Attrs {
  std::optional<Ints> axes;  // before opset 13; later they are an input
};

StatusOr<std::shared_ptr<Attrs>> ParseAxes(ParseContext& context) {
  auto attrs = std::make_shared<AxesAttrs>();
  if (context.version() < 13 && context.Has("axes")) attrs->axes = context.IntList("axes");
  return attrs;
}

StatusOr<std::optional<Ints>> ReadAxes(InferContext& context) {
  if (context.version() < 13) return context.attrs<AxesAttrs>().axes;
  return KnownInts(context, 1, "axes");
}

Status InferSqueeze(InferContext& context) {
  SX_ASSIGN_OR_RETURN(const std::optional<Ints> axes, ReadAxes(context));
  const SymbolicShape* data = context.shape(0);
  context.set_output(0, context.element(0), std::nullopt);
  if (data == nullptr || (!axes && context.has_input(1))) return absl::OkStatus();
  SymbolicShape result;
  if (axes) {
    SX_ASSIGN_OR_RETURN(const Ints normal, NormalizeAxes(*axes, static_cast<int>(data->size())));
    for (int i = 0; i < static_cast<int>(data->size()); ++i) {
      const Dim& dim = (*data)[i];
      if (std::find(normal.begin(), normal.end(), i) == normal.end()) {
        result.push_back(dim);
      } else if (dim.known() && dim.value != 1) {
        return InvalidArgument("axis ", i, " of ", ToString(*data), " has size ", dim.value,
                               "; only a size of 1 can be squeezed out");
      }
    }
  } else {
    for (const Dim& dim : *data) {
      if (!dim.known()) return absl::OkStatus();
      if (dim.value != 1) result.push_back(dim);
    }
  }
  context.set_output(0, context.element(0), std::move(result));
  PassInts(context);
  return absl::OkStatus();
}

Status InferUnsqueeze(InferContext& context) {
  SX_ASSIGN_OR_RETURN(const std::optional<Ints> axes, ReadAxes(context));
  const SymbolicShape* data = context.shape(0);
  context.set_output(0, context.element(0), std::nullopt);
  if (!axes && !context.has_input(1)) return InvalidArgument("Unsqueeze needs 'axes'");
  if (data == nullptr || !axes) return absl::OkStatus();
  SymbolicShape result(data->size() + axes->size());
  SX_ASSIGN_OR_RETURN(const Ints normal, NormalizeAxes(*axes, static_cast<int>(result.size())));
  auto next = data->begin();
  for (int i = 0; i < static_cast<int>(result.size()); ++i) {
    const bool added = std::find(normal.begin(), normal.end(), i) != normal.end();
    result[i] = added ? Dim(1) : *next++;
  }
  context.set_output(0, context.element(0), std::move(result));
  PassInts(context);
  return absl::OkStatus();
}

// ---- Flatten ------------------------------------------------------------------------------

struct FlattenAttrs : Attrs {
  int64_t axis = 1;
};

StatusOr<std::shared_ptr<Attrs>> ParseFlatten(ParseContext& context) {
  auto attrs = std::make_shared<FlattenAttrs>();
  attrs->axis = context.Int("axis", 1);
  return attrs;
}

Status InferFlatten(InferContext& context) {
  const SymbolicShape* data = context.shape(0);
  SymbolicShape result(2);
  if (data != nullptr) {
    const int64_t rank = static_cast<int64_t>(data->size());
    int64_t axis = context.attrs<FlattenAttrs>().axis;
    if (axis < -rank || axis > rank) {
      return InvalidArgument("axis ", axis, " is outside [", -rank, ",", rank, "] of data ",
                             ToString(*data));
    }
    if (axis < 0) axis += rank;
    result[0] = Product(absl::MakeConstSpan(*data).first(axis));
    result[1] = Product(absl::MakeConstSpan(*data).subspan(axis));
  }
  context.set_output(0, context.element(0), std::move(result));
  return absl::OkStatus();
}

OpDef View(absl::string_view name, std::vector<int> versions, int max_inputs,
           StatusOr<std::shared_ptr<Attrs>> (*parse)(ParseContext&),
           Status (*infer)(InferContext&)) {
  return {.domain = "",
          .name = name,
          .versions = std::move(versions),
          .min_inputs = 1,
          .max_inputs = max_inputs,
          .parse = parse,
          .infer = infer,
          .kernels = {SimpleKernel<RunCopy>("view.copy")},
          .view = true,
          .gradient = ViewGradient};
}

}  // namespace

std::vector<OpDef> ViewOps() {
  return {
      View("Identity", {1, 13, 14, 16, 19, 21, 23, 24, 25}, 1, nullptr, InferIdentity),
      View("Reshape", {1, 5, 13, 14, 19, 21, 23, 24, 25}, 2, ParseReshape, InferReshape),
      View("Squeeze", {1, 11, 13, 21, 23, 24, 25}, 2, ParseAxes, InferSqueeze),
      View("Unsqueeze", {1, 11, 13, 21, 23, 24, 25}, 2, ParseAxes, InferUnsqueeze),
      View("Flatten", {1, 9, 11, 13, 21, 23, 24, 25}, 1, ParseFlatten, InferFlatten),
  };
}

}  // namespace sardonyx
