#include "tools/cli/advice.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"

namespace sardonyx {
namespace {

using Kind = Problem::Kind;

struct Advice {
  Kind kind;
  std::vector<absl::string_view> signs;  // all of these are in the problem's words
  absl::string_view text;
};

/// The first that fits counts: the particular stand before the general.
const std::vector<Advice>& AllAdvice() {
  static const auto* const all = new std::vector<Advice>{
      {Kind::kFile,
       {"newer than", "of ai.onnx"},
       "export for an older opset, or convert the model with onnx.version_converter"},
      {Kind::kFile, {"IR version", "newer"}, "save the model with an older release of onnx"},
      {Kind::kFile, {"IR version", "older"}, "load the model with onnx and save it again"},
      {Kind::kFile, {"imports no operator set"}, "add ai.onnx to the model's opset_import"},
      {Kind::kFile, {"external file", "outside"}, "put the file into the model's folder"},
      {Kind::kFile,
       {"external file", "not in the model's folder"},
       "put the file where the model says, beside it; onnx.save writes both anew"},
      {Kind::kFile,
       {"external data"},
       "save the model and its external data again: they do not fit together"},
      {Kind::kFile,
       {"did you mean"},
       "the graph was cut or renamed by hand: connect the input to the value of that name"},
      {Kind::kFile,
       {"is not defined"},
       "the graph was cut or renamed by hand: connect the input, or make it one of the graph's"},
      {Kind::kFile, {"it looks like"}, "export it as ONNX, or name the .onnx file itself"},
      {Kind::kFile, {"cut short"}, "the file is damaged: copy or export it again"},
      {Kind::kFile, {"not a valid ONNX model"}, "it is damaged or none: export it again"},
      {Kind::kOperator, {"did you mean"}, "correct the name where the model is made"},
      {Kind::kOperator,
       {"of domain 'ai.onnx' is not supported"},
       "export for another opset, whose exporter may decompose the operator; 'sardonyx ops' lists "
       "what there is"},
      {Kind::kOperator,
       {"of domain", "is not supported"},
       "bring the operator along with --custom-ops LIBRARY, or export with operators of ai.onnx "
       "alone, into which exporters can decompose it"},
      {Kind::kOperator,
       {"begins at opset"},
       "export for that opset or a newer one, or convert the model with onnx.version_converter"},
      {Kind::kOperator,
       {"ended with opset"},
       "export with the operator that replaced it, or for that opset or an older one"},
      {Kind::kOperator,
       {"is unknown to"},
       "export for an opset that has the attribute, or leave it out"},
      {Kind::kOperator, {"inputs, expected"}, "export for the opset whose inputs the node has"},
      {Kind::kShapes,
       {},
       "fix the shape or type where the model is made; where it depends on an open dimension, try "
       "-d SYMBOL=SIZE"},
      {Kind::kCompile,
       {"no input has a dimension"},
       "name one of the model's own dimensions: 'sardonyx inspect' shows them"},
      {Kind::kCompile, {"limit"}, "raise --memory-limit, if the model is trusted"}};
  return *all;
}

}  // namespace

std::string AdviceFor(const Problem& problem) {
  for (const Advice& advice : AllAdvice()) {
    const auto is_there = [&](absl::string_view sign) {
      return absl::StrContains(problem.text, sign);
    };
    if (advice.kind == problem.kind &&
        std::all_of(advice.signs.begin(), advice.signs.end(), is_there)) {
      return std::string(advice.text);
    }
  }
  return "";
}

}  // namespace sardonyx
