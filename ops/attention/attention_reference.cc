// The reference kernel of Attention: one row of queries at a time, in double.
#include "ops/attention/attention_reference.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/attention/attention.h"
#include "ops/attention/cache.h"
#include "ops/common/accumulate.h"

namespace sardonyx {
namespace {

constexpr double kMasked = -std::numeric_limits<double>::infinity();

/// `value` as a float of that type has it.
double RoundTo(DataType type, double value) {
  switch (type) {
    case DataType::kFloat:
      return static_cast<float>(value);
    case DataType::kFloat16:
      return Widen(Narrow<Half>(value));
    case DataType::kBFloat16:
      return Widen(Narrow<BFloat16>(value));
    default:
      return value;
  }
}

/// attn_mask as an additive bias.
class Mask {
 public:
  explicit Mask(const Tensor& tensor) : view_(tensor) {
    if (!tensor.defined()) return;
    Dispatch(tensor.type(), Numbers{} + TypeList<bool>{}, [&]<typename T>() {
      read_ = Read<T>;
      return absl::OkStatus();
    }).IgnoreError();  // inference has seen the type
  }

  double At(int64_t batch, int64_t head, int64_t row, int64_t column) const {
    if (column >= view_.columns) return kMasked;
    if (read_ == nullptr) return 0;
    return read_(view_.data, view_.At(batch, head, row) + column * view_.steps[3]);
  }

 private:
  template <typename T>
  static double Read(const void* data, int64_t i) {
    const T value = static_cast<const T*>(data)[i];
    if constexpr (std::is_same_v<T, bool>) return value ? 0 : kMasked;
    return static_cast<double>(value);
  }

  const MaskView view_;
  double (*read_)(const void*, int64_t) = nullptr;  // null: there is no mask
};

/// Queries and keys of type T, values of type V.
template <typename T, typename V>
class Rows {
 public:
  Rows(KernelContext& context, const Ints& nonpad)
      : context_(context),
        attrs_(context.attrs<AttentionAttrs>()),
        q_(context.input(kQuery)),
        q_view_(attrs_.QueryView(q_.shape())),
        keys_(context.input(kPastKey), context.input(kKey),
              attrs_.KeyView(context.input(kKey).shape())),
        values_(context.input(kPastValue), context.input(kValue),
                attrs_.ValueView(context.input(kValue).shape())),
        mask_(context.input(kMask)),
        sinks_(context.has_input(kSink) ? context.input(kSink).data<T>() : nullptr),
        nonpad_(nonpad),
        total_(keys_.length()),
        scale_(attrs_.scale.value_or(1 / std::sqrt(static_cast<double>(q_view_.size)))) {}

  Status Run() {
    SX_RETURN_IF_ERROR(keys_.CopyTo(context_, 1));
    SX_RETURN_IF_ERROR(values_.CopyTo(context_, 2));
    const bool wants_scores = context_.has_output(3) && context_.output(3).size() > 0;
    const bool wants_y = context_.has_output(0) && context_.output(0).size() > 0;
    if (!wants_scores && !wants_y) return absl::OkStatus();
    T* y = wants_y ? context_.output(0).template data<T>() : nullptr;
    T* qk = wants_scores ? context_.output(3).template data<T>() : nullptr;
    const HeadsView y_view = wants_y ? attrs_.ResultView(context_.output(0).shape()) : HeadsView();
    const double cost = 2.0 * total_ * (q_view_.size + values_.now_view.size) + 20.0 * total_;
    return context_.ParallelFor(
        q_view_.batch * q_view_.heads * q_view_.length, cost, [&](int64_t begin, int64_t end) {
          std::vector<double> scores(total_), sums(values_.now_view.size);
          for (int64_t i = begin; i < end; ++i) {
            const int64_t row = i % q_view_.length, head = i / q_view_.length % q_view_.heads,
                          batch = i / q_view_.length / q_view_.heads;
            Score(batch, head, row, scores, qk == nullptr ? nullptr : qk + i * total_);
            if (y != nullptr) {
              Mix(batch, head, scores, sums, y + y_view.At(batch, head, row));
            }
          }
        });
  }

 private:
  using QkOutput = AttentionAttrs::QkOutput;

  int64_t KeyHead(int64_t head) const { return head / (q_view_.heads / keys_.now_view.heads); }

  void Emit(QkOutput stage, const std::vector<double>& scores, T* qk) const {
    if (qk == nullptr || attrs_.qk_output != stage) return;
    for (int64_t j = 0; j < total_; ++j) qk[j] = Narrow<T>(scores[j]);
  }

  /// What is added to the score of one key.
  double Bias(int64_t batch, int64_t head, int64_t row, int64_t column) const {
    const bool padded = !nonpad_.empty();
    const int64_t offset = padded ? nonpad_[batch] - q_view_.length : keys_.past_view.length;
    const int64_t ahead = column - (row + offset);  // positions past the query's own
    if (padded && column >= nonpad_[batch]) return kMasked;
    if (attrs_.causal && ahead > 0) return kMasked;
    if (attrs_.left_window >= 0 && ahead < -attrs_.left_window) return kMasked;
    if (attrs_.right_window >= 0 && ahead > attrs_.right_window) return kMasked;
    return mask_.At(batch, head, row, column);
  }

  /// `scores` becomes the probabilities of all keys; zeros where all are masked.
  void Score(int64_t batch, int64_t head, int64_t row, std::vector<double>& scores, T* qk) const {
    const T* q = q_.data<T>() + q_view_.At(batch, head, row);
    for (int64_t j = 0; j < total_; ++j) {
      const T* k = keys_.Row(batch, KeyHead(head), j);
      double sum = 0;
      for (int64_t e = 0; e < q_view_.size; ++e) sum += Widen(q[e]) * Widen(k[e]);
      scores[j] = sum * scale_;
    }
    Emit(QkOutput::kRaw, scores, qk);
    if (attrs_.softcap > 0) {
      for (double& score : scores) score = attrs_.softcap * std::tanh(score / attrs_.softcap);
    }
    Emit(QkOutput::kSoftcapped, scores, qk);
    double greatest = kMasked;
    bool all_masked = attrs_.zero_where_masked;
    for (int64_t j = 0; j < total_; ++j) {
      const double bias = Bias(batch, head, row, j);
      all_masked = all_masked && bias == kMasked;
      scores[j] = RoundTo(attrs_.softmax_precision, scores[j] + bias);
      if (scores[j] > greatest || std::isnan(scores[j])) greatest = scores[j];
    }
    Emit(QkOutput::kBiased, scores, qk);
    double sum = 0;
    if (const double sink = sinks_ == nullptr ? kMasked : Widen(sinks_[head]); sink != kMasked) {
      greatest = std::max(greatest, sink);
      sum = std::exp(sink - greatest);
    }
    for (double& score : scores) {
      const bool zero = all_masked || (attrs_.zero_where_masked && greatest == kMasked);
      score = zero ? 0 : std::exp(score - greatest);
      sum += score;
    }
    for (double& score : scores) {
      if (sum != 0) score = RoundTo(attrs_.softmax_precision, score / sum);
    }
    Emit(QkOutput::kProbabilities, scores, qk);
  }

  void Mix(int64_t batch, int64_t head, const std::vector<double>& probabilities,
           std::vector<double>& sums, T* y) const {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (int64_t j = 0; j < total_; ++j) {
      const V* v = values_.Row(batch, KeyHead(head), j);
      for (size_t e = 0; e < sums.size(); ++e) sums[e] += probabilities[j] * Widen(v[e]);
    }
    for (size_t e = 0; e < sums.size(); ++e) y[e] = Narrow<T>(sums[e]);
  }

  KernelContext& context_;
  const AttentionAttrs& attrs_;
  const Tensor& q_;
  const HeadsView q_view_;
  const Cache<T> keys_;
  const Cache<V> values_;
  const Mask mask_;
  const T* const sinks_;  // per head; null: none
  const Ints& nonpad_;    // per batch; empty: none
  const int64_t total_;
  const double scale_;
};

}  // namespace

Status RunAttentionReference(KernelContext& context) {
  SX_ASSIGN_OR_RETURN(const Ints nonpad, ReadNonpadLengths(context));
  return Dispatch(context.input(kQuery).type(), Floats{}, [&]<typename T>() {
    return Dispatch(context.input(kValue).type(), Floats{},
                    [&]<typename V>() { return Rows<T, V>(context, nonpad).Run(); });
  });
}

}  // namespace sardonyx
