// `sardonyx compare`: one model on several backends, or two models on one.
#include "tools/cli/commands.h"
#include "tools/cli/compare_layers.h"
#include "tools/cli/compare_outputs.h"
#include "tools/cli/compare_speed.h"
#include "tools/cli/repro.h"

namespace sardonyx {

StatusOr<int> Run(const CompareCommand& command) {
  SX_ASSIGN_OR_RETURN(const std::vector<Side> sides, SidesOf(command));
  Report report("compare", command.json, command.html);
  report.json()["model"] = command.models[0];
  report.json()["reference"] = sides[0].label;
  if (command.speed) {
    SX_RETURN_IF_ERROR(CompareSpeed(command, sides, report));
    SX_RETURN_IF_ERROR(report.Write());
    return 0;
  }
  const bool layers = command.per_layer || command.first_divergence || !command.save_repro.empty();
  if (!command.save_repro.empty()) SX_RETURN_IF_ERROR(CheckReproDirectory(command.save_repro));
  SX_ASSIGN_OR_RETURN(const bool match, layers ? CompareLayers(command, sides, report)
                                               : CompareOutputsOf(command, sides, report));
  report.json()["match"] = match;
  SX_RETURN_IF_ERROR(report.Write());
  return match ? 0 : 1;
}

}  // namespace sardonyx
