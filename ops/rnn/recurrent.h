// What RNN, GRU and LSTM share: attributes, sizes, and the way their tensors are laid out.
#pragma once

#include <vector>

#include "ops/rnn/gate_activation.h"
#include "runtime/op.h"

namespace sardonyx {

enum class Cell { kRnn, kGru, kLstm };

struct RecurrentAttrs : Attrs {
  Cell cell = Cell::kRnn;
  bool forward = true, backward = false;    // at least one
  int64_t hidden_size = 0;                  // 0: as the weights say
  double clip = 0;                          // 0: none
  bool batch_first = false;                 // layout 1
  bool linear_before_reset = false;         // GRU
  bool input_forget = false;                // LSTM
  std::vector<GateActivation> activations;  // per direction f; f, g; f, g, h

  int directions() const { return forward && backward ? 2 : 1; }
  /// Rows of W and R per hidden unit: RNN i; GRU z, r, h; LSTM i, o, f, c.
  int gates() const { return cell == Cell::kRnn ? 1 : cell == Cell::kGru ? 3 : 4; }
  int activations_per_direction() const { return static_cast<int>(cell) + 1; }
};

/// Inputs and outputs by position.
enum RecurrentInput {
  kX,
  kW,
  kR,
  kB,
  kSequenceLens,
  kInitialH,
  kInitialC,
  kPeephole,
};

struct RecurrentSizes {
  int64_t steps = 0, batch = 0, input = 0, hidden = 0;
  int directions = 1;
  int64_t x_step = 0, x_batch = 0;                   // elements of X to the next step and sequence
  int64_t y_step = 0, y_direction = 0, y_batch = 0;  // likewise of Y
  int64_t state_direction = 0, state_batch = 0;      // likewise of the states

  RecurrentSizes(const RecurrentAttrs& attrs, const Shape& x, const Shape& r);
};

/// The steps of each sequence. Errors: one that is negative or above `steps`.
StatusOr<Ints> SequenceLengths(const KernelContext& context, const RecurrentSizes& sizes);

template <Cell cell>
StatusOr<std::shared_ptr<Attrs>> ParseRecurrent(ParseContext& context);
Status InferRecurrent(InferContext& context);
/// Checks an input's shape against `wanted`, whose unknown sizes it fills in.
Status MatchShape(const InferContext& context, int i, absl::string_view name,
                  std::vector<Dim*> wanted);
/// `hidden` times `factor` where it is known. Errors: overflow.
StatusOr<Dim> TimesHidden(const Dim& hidden, int64_t factor);
double RecurrentMultiplyAdds(const PrepareContext& context);
Status RunRecurrentReference(KernelContext& context);
/// float32: the input's part of all gates first, then step by step the recurrent part.
KernelDef RecurrentNative(absl::string_view name);

OpDef DynamicQuantizeLstmOp();  // of com.microsoft

}  // namespace sardonyx
