#include "tools/cli/commands.h"
namespace sardonyx {
StatusOr<int> Run(const RunCommand&) { return absl::UnimplementedError("run"); }
StatusOr<int> Run(const CheckCommand&) { return absl::UnimplementedError("check"); }
StatusOr<int> Run(const InspectCommand&) { return absl::UnimplementedError("inspect"); }
StatusOr<int> Run(const BenchCommand&) { return absl::UnimplementedError("bench"); }
StatusOr<int> Run(const CompareCommand&) { return absl::UnimplementedError("compare"); }
StatusOr<int> Run(const OpsCommand&) { return absl::UnimplementedError("ops"); }
}
