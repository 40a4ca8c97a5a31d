// Attributes, types and shapes of RNN, GRU and LSTM.
#include "ops/rnn/recurrent.h"

#include "ops/common/infer.h"

namespace sardonyx {

template <Cell cell>
StatusOr<std::shared_ptr<Attrs>> ParseRecurrent(ParseContext& context) {
  auto attrs = std::make_shared<RecurrentAttrs>();
  attrs->cell = cell;
  const std::string direction = context.String("direction", "forward");
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional") {
    return InvalidArgument("direction is '", direction,
                           "', but must be forward, reverse or bidirectional");
  }
  attrs->forward = direction != "reverse";
  attrs->backward = direction != "forward";
  attrs->hidden_size = context.Int("hidden_size", 0);  // 0: as the weights say
  if (attrs->hidden_size < 0 || (attrs->hidden_size == 0 && context.Has("hidden_size"))) {
    return InvalidArgument("hidden_size is ", attrs->hidden_size, ", but must be positive");
  }
  attrs->clip = context.Float("clip", 0);
  if (!(attrs->clip >= 0)) {
    return InvalidArgument("clip is ", attrs->clip, ", but must not be negative");
  }
  if (context.version() < 7) context.Ignore("output_sequence");
  if (context.version() >= 14) {
    const int64_t layout = context.Int("layout", 0);
    if (layout != 0 && layout != 1) {
      return InvalidArgument("layout is ", layout, ", but must be 0 or 1");
    }
    attrs->batch_first = layout == 1;
  }
  if (cell == Cell::kGru && context.version() >= 3) {
    attrs->linear_before_reset = context.Flag("linear_before_reset", false);
  }
  if (cell == Cell::kLstm) attrs->input_forget = context.Flag("input_forget", false);

  static const std::vector<std::string> defaults[] = {
      {"Tanh"}, {"Sigmoid", "Tanh"}, {"Sigmoid", "Tanh", "Tanh"}};
  std::vector<std::string> names = context.StringList("activations");
  if (names.empty()) {
    for (int d = 0; d < attrs->directions(); ++d) {
      const auto& one = defaults[static_cast<int>(cell)];
      names.insert(names.end(), one.begin(), one.end());
    }
  }
  const size_t wanted = attrs->directions() * attrs->activations_per_direction();
  if (names.size() != wanted) {
    return InvalidArgument("activations has ", names.size(), " names, but ", direction, " needs ",
                           wanted);
  }
  SX_ASSIGN_OR_RETURN(attrs->activations,
                      MakeGateActivations(names, context.FloatList("activation_alpha"),
                                          context.FloatList("activation_beta")));
  return attrs;
}

template StatusOr<std::shared_ptr<Attrs>> ParseRecurrent<Cell::kRnn>(ParseContext&);
template StatusOr<std::shared_ptr<Attrs>> ParseRecurrent<Cell::kGru>(ParseContext&);
template StatusOr<std::shared_ptr<Attrs>> ParseRecurrent<Cell::kLstm>(ParseContext&);

Status MatchShape(const InferContext& context, int i, absl::string_view name,
                  std::vector<Dim*> wanted) {
  SX_RETURN_IF_ERROR(CheckRank(context, i, static_cast<int>(wanted.size()), name));
  const SymbolicShape* shape = context.shape(i);
  if (shape == nullptr) return absl::OkStatus();
  for (size_t axis = 0; axis < wanted.size(); ++axis) {
    SX_ASSIGN_OR_RETURN(*wanted[axis], MergeDims(*wanted[axis], (*shape)[axis],
                                                 absl::StrCat("dimension ", axis, " of ", name, " ",
                                                              ToString(*shape))));
  }
  return absl::OkStatus();
}

StatusOr<Dim> TimesHidden(const Dim& hidden, int64_t factor) {
  if (!hidden.known()) return Dim();
  const auto product = CheckedMul(hidden.value, factor);
  if (!product) return InvalidArgument("hidden size ", hidden.value, " is too large");
  return Dim(*product);
}

Status InferRecurrent(InferContext& context) {
  const auto& attrs = context.attrs<RecurrentAttrs>();
  const bool lstm = attrs.cell == Cell::kLstm;
  DataType element;
  if (lstm) {
    SX_ASSIGN_OR_RETURN(element, CommonElement(context, Floats{},
                                               {kX, kW, kR, kB, kInitialH, kInitialC, kPeephole}));
  } else {
    SX_ASSIGN_OR_RETURN(element, CommonElement(context, Floats{}, {kX, kW, kR, kB, kInitialH}));
  }
  SX_RETURN_IF_ERROR(CommonElement(context, TypeList<int32_t>{}, {kSequenceLens}).status());

  Dim directions(attrs.directions()), hidden, steps, batch, input, gates;
  if (attrs.hidden_size > 0) hidden = Dim(attrs.hidden_size);
  SX_RETURN_IF_ERROR(MatchShape(context, kX, "X",
                                attrs.batch_first ? std::vector<Dim*>{&batch, &steps, &input}
                                                  : std::vector<Dim*>{&steps, &batch, &input}));
  SX_RETURN_IF_ERROR(MatchShape(context, kR, "R", {&directions, &gates, &hidden}));
  if (!hidden.known()) {
    // W alone may say it, as the number of its rows.
    const SymbolicShape* w = context.shape(kW);
    if (w != nullptr && w->size() == 3 && (*w)[1].known()) hidden = (*w)[1].value / attrs.gates();
  }
  SX_ASSIGN_OR_RETURN(Dim rows, TimesHidden(hidden, attrs.gates()));
  SX_ASSIGN_OR_RETURN(rows, MergeDims(rows, gates, "the number of rows of R"));
  SX_RETURN_IF_ERROR(MatchShape(context, kW, "W", {&directions, &rows, &input}));
  SX_ASSIGN_OR_RETURN(Dim biases, TimesHidden(hidden, 2 * attrs.gates()));
  SX_RETURN_IF_ERROR(MatchShape(context, kB, "B", {&directions, &biases}));
  SX_RETURN_IF_ERROR(MatchShape(context, kSequenceLens, "sequence_lens", {&batch}));
  const auto state = [&]() {
    return attrs.batch_first ? std::vector<Dim*>{&batch, &directions, &hidden}
                             : std::vector<Dim*>{&directions, &batch, &hidden};
  };
  SX_RETURN_IF_ERROR(MatchShape(context, kInitialH, "initial_h", state()));
  if (lstm) {
    SX_RETURN_IF_ERROR(MatchShape(context, kInitialC, "initial_c", state()));
    SX_ASSIGN_OR_RETURN(Dim peepholes, TimesHidden(hidden, 3));
    SX_RETURN_IF_ERROR(MatchShape(context, kPeephole, "P", {&directions, &peepholes}));
  }
  context.set_output(0, element,
                     attrs.batch_first ? SymbolicShape{batch, steps, directions, hidden}
                                       : SymbolicShape{steps, directions, batch, hidden});
  const SymbolicShape last = attrs.batch_first ? SymbolicShape{batch, directions, hidden}
                                               : SymbolicShape{directions, batch, hidden};
  context.set_output(1, element, last);
  if (lstm) context.set_output(2, element, last);
  return absl::OkStatus();
}

RecurrentSizes::RecurrentSizes(const RecurrentAttrs& attrs, const Shape& x, const Shape& r)
    : steps(x[attrs.batch_first ? 1 : 0]),
      batch(x[attrs.batch_first ? 0 : 1]),
      input(x[2]),
      hidden(r[2]),
      directions(attrs.directions()) {
  if (attrs.batch_first) {
    x_step = input;
    x_batch = x.Elements(1, 3);
    y_direction = hidden;
    y_step = directions * hidden;
    y_batch = Shape({steps, directions, hidden}).Elements();
    state_direction = hidden;
    state_batch = directions * hidden;
  } else {
    x_batch = input;
    x_step = x.Elements(1, 3);
    y_batch = hidden;
    y_direction = Shape({batch, hidden}).Elements();
    y_step = Shape({directions, batch, hidden}).Elements();
    state_batch = hidden;
    state_direction = y_direction;
  }
}

StatusOr<Ints> SequenceLengths(const KernelContext& context, const RecurrentSizes& sizes) {
  if (!context.has_input(kSequenceLens)) return Ints(sizes.batch, sizes.steps);
  SX_ASSIGN_OR_RETURN(const Ints lengths, ToInts(context.input(kSequenceLens)));
  for (const int64_t length : lengths) {
    if (length < 0 || length > sizes.steps) {
      return InvalidArgument("sequence_lens has ", length, ", but X has ", sizes.steps, " steps");
    }
  }
  return lengths;
}

double RecurrentMultiplyAdds(const PrepareContext& context) {
  const auto x = context.shape(kX), w = context.shape(kW), r = context.shape(kR);
  if (!x || !w || !r) return 0;
  return 1.0 * (*x)[0] * (*x)[1] * (w->Elements() + r->Elements());
}

}  // namespace sardonyx
