// All that is wrong with a model, one line for each problem.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "runtime/base/status.h"

namespace sardonyx {

class Problems {
 public:
  static constexpr size_t kMost = 50;

  void Add(const Status& status) {
    if (status.ok()) return;
    if (lines_.empty()) code_ = status.code();
    if (lines_.size() < kMost) lines_.emplace_back(status.message());
    ++count_;
  }
  bool empty() const { return count_ == 0; }
  bool full() const { return count_ >= kMost; }

  /// OK, or one error of them all, with the code of the first.
  Status ToStatus() const {
    if (empty()) return absl::OkStatus();
    std::string text = absl::StrJoin(lines_, "\n");
    if (count_ > lines_.size()) {
      absl::StrAppend(&text, "\nand ", count_ - lines_.size(), " problems more");
    }
    return Status(code_, text);
  }

 private:
  absl::StatusCode code_ = absl::StatusCode::kOk;
  std::vector<std::string> lines_;
  size_t count_ = 0;
};

}  // namespace sardonyx
