// What `run` does with every value while the model computes it: --stats, --validate,
// --save-activations and --show-activations.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtime/session/session.h"
#include "tools/cli/npz_writer.h"
#include "tools/cli/output.h"
#include "tools/cli/tensor_stats.h"

namespace sardonyx {

class Activations {
 public:
  struct Options {
    bool stats = false;     // in the document
    bool table = false;     // those printed too
    bool pictures = false;  // of values beside their statistics
    bool validate = false;  // a NaN or an infinity ends the run
    std::string save;       // a folder, or x.npz
    bool any() const { return stats || validate || !save.empty(); }
  };

  /// Opens what is saved to; `plan` is that of the run. Errors: it cannot be written.
  static StatusOr<std::unique_ptr<Activations>> Open(const Options& options, PlanReport plan);

  /// Looks at a value that no layer computes: an input.
  Status SeeInput(const std::string& name, const Value& value);
  /// For RunOptions; holds a pointer to this object.
  Observer observer();
  /// Whether --validate ended the run.
  bool found_not_finite() const { return found_not_finite_; }
  /// Prints and writes what has been seen, also where the run has failed.
  Status Finish(Report& report);

 private:
  struct Row {
    int layer;  // -1: an input
    std::string name, type;
    TensorStats stats;
    Json picture;
  };

  Activations(const Options& options, PlanReport plan)
      : options_(options), plan_(std::move(plan)) {}
  Status See(const LayerOutput& output);
  Status Save(const LayerOutput& output);
  Status SumUp(const LayerOutput& output);
  void ReportStats(Report& report) const;

  Options options_;
  PlanReport plan_;
  std::set<std::string> seen_;
  std::vector<Row> rows_;
  size_t picture_bytes_ = 0;
  std::unique_ptr<NpzWriter> archive_;
  Json files_ = Json::array();
  bool found_not_finite_ = false;
};

/// A constant of a model that holds a NaN or an infinity.
struct NotFiniteWeight {
  std::string text;     // "'w' (float[2,2]) is NaN at [1,0]"
  bool is_nan = false;  // infinities may be meant, as in masks
  std::string reader;   // the node, described; "" for none
};

/// The first few; for the search after what brought a NaN in.
std::vector<NotFiniteWeight> NotFiniteWeights(const Graph& graph);

}  // namespace sardonyx
