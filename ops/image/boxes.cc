// NonMaxSuppression.
#include <algorithm>
#include <vector>

#include "ops/common/int_inputs.h"
#include "ops/image/defs.h"

namespace sardonyx {
namespace {

struct BoxAttrs : Attrs {
  bool centers = false;  // boxes are centre and size, not two corners
};

StatusOr<std::shared_ptr<Attrs>> ParseBoxes(ParseContext& context) {
  auto attrs = std::make_shared<BoxAttrs>();
  attrs->centers = context.Flag("center_point_box", false);
  return attrs;
}

Status InferBoxes(InferContext& context) {
  const SymbolicShape* boxes = context.shape(0);
  const SymbolicShape* scores = context.shape(1);
  for (int i = 0; i < 2; ++i) {
    if (context.element(i) != DataType::kUndefined && context.element(i) != DataType::kFloat) {
      return InvalidArgument(i == 0 ? "boxes are " : "scores are ", Name(context.element(i)),
                             ", not float");
    }
  }
  const auto disagree = [](const Dim& a, const Dim& b) {
    return a.known() && b.known() && a.value != b.value;
  };
  if (boxes != nullptr && (boxes->size() != 3 || disagree((*boxes)[2], 4))) {
    return InvalidArgument("boxes must have shape [?,?,4], but have ", ToString(*boxes));
  }
  if (scores != nullptr && scores->size() != 3) {
    return InvalidArgument("scores must have rank 3, but have shape ", ToString(*scores));
  }
  if (boxes != nullptr && scores != nullptr &&
      (disagree((*boxes)[0], (*scores)[0]) || disagree((*boxes)[1], (*scores)[2]))) {
    return InvalidArgument("boxes ", ToString(*boxes), " and scores ", ToString(*scores),
                           " differ in batch or number of boxes");
  }
  context.set_output(0, DataType::kInt64, SymbolicShape{Dim(), 3});
  return absl::OkStatus();
}

struct Box {
  float top, left, bottom, right;

  Box(const float* b, bool centers) {
    if (centers) {
      top = b[1] - b[3] / 2;
      bottom = b[1] + b[3] / 2;
      left = b[0] - b[2] / 2;
      right = b[0] + b[2] / 2;
    } else {
      top = std::min(b[0], b[2]);
      bottom = std::max(b[0], b[2]);
      left = std::min(b[1], b[3]);
      right = std::max(b[1], b[3]);
    }
  }
  float Area() const { return (bottom - top) * (right - left); }
};

/// Whether intersection over union exceeds the threshold.
bool Overlap(const Box& a, const Box& b, float threshold) {
  const float height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  const float width = std::min(a.right, b.right) - std::max(a.left, b.left);
  if (!(height > 0) || !(width > 0)) return false;
  const float both = height * width, all = a.Area() + b.Area() - both;
  return a.Area() > 0 && b.Area() > 0 && all > 0 && both / all > threshold;
}

/// The one float of an optional input.
StatusOr<float> Threshold(const KernelContext& context, int i, absl::string_view what,
                          float fallback) {
  if (!context.has_input(i) || context.input(i).size() == 0) return fallback;
  const Tensor& tensor = context.input(i);
  if (tensor.type() != DataType::kFloat || tensor.size() != 1) {
    return InvalidArgument(what, " is ", tensor.ToString(), "; one float is needed");
  }
  return *tensor.data<float>();
}

Status RunBoxes(KernelContext& context) {
  const bool centers = context.attrs<BoxAttrs>().centers;
  const Tensor& boxes = context.input(0);
  const Tensor& scores = context.input(1);
  const int64_t classes = scores.dim(1), count = boxes.dim(1);
  int64_t most = 0;
  if (context.has_input(2) && context.input(2).size() > 0) {
    SX_ASSIGN_OR_RETURN(most, SingleInt(context.input(2), "max_output_boxes_per_class"));
  }
  SX_ASSIGN_OR_RETURN(const float overlap, Threshold(context, 3, "iou_threshold", 0));
  if (!(overlap >= 0 && overlap <= 1)) {
    return InvalidArgument("iou_threshold is ", overlap, ", which is not in [0, 1]");
  }
  const bool has_minimum = context.has_input(4) && context.input(4).size() > 0;
  SX_ASSIGN_OR_RETURN(const float minimum, Threshold(context, 4, "score_threshold", 0));
  SX_ASSIGN_OR_RETURN(Tensor order, context.Temporary(DataType::kInt64, {count}));
  int64_t* candidates = order.data<int64_t>();
  std::vector<int64_t> selected;  // triples of batch, class and box
  for (int64_t lane = 0; most > 0 && lane < scores.dim(0) * classes; ++lane) {
    SX_RETURN_IF_ERROR(context.Check());
    const int64_t batch = lane / classes;
    const float* score = scores.data<float>() + lane * count;
    const float* box = boxes.data<float>() + batch * count * 4;
    int64_t left = 0;
    for (int64_t i = 0; i < count; ++i) {
      // A score that is no number could not be sorted.
      if (score[i] == score[i] && (!has_minimum || score[i] > minimum)) candidates[left++] = i;
    }
    std::sort(candidates, candidates + left, [score](int64_t a, int64_t b) {
      return score[a] != score[b] ? score[a] > score[b] : a < b;
    });
    const size_t first = selected.size();
    for (int64_t c = 0; c < left; ++c) {
      const size_t taken = selected.size() - first;
      if (static_cast<int64_t>(taken / 3) >= most) break;
      if (c % 256 == 0) SX_RETURN_IF_ERROR(context.Check());
      const Box candidate(box + candidates[c] * 4, centers);
      bool free = true;
      for (size_t s = first; free && s < selected.size(); s += 3) {
        free = !Overlap(candidate, Box(box + selected[s + 2] * 4, centers), overlap);
      }
      if (free) selected.insert(selected.end(), {batch, lane % classes, candidates[c]});
    }
  }
  const int64_t rows = static_cast<int64_t>(selected.size() / 3);
  SX_ASSIGN_OR_RETURN(Tensor * output, context.Allocate(0, DataType::kInt64, {rows, 3}));
  std::copy(selected.begin(), selected.end(), output->data<int64_t>());
  return absl::OkStatus();
}

}  // namespace

std::vector<OpDef> BoxOps() {
  return {{.domain = "",
           .name = "NonMaxSuppression",
           .versions = {10, 11},
           .min_inputs = 2,
           .max_inputs = 5,
           .parse = ParseBoxes,
           .infer = InferBoxes,
           .kernels = {SimpleKernel<RunBoxes>("nms.greedy")}}};
}

}  // namespace sardonyx
