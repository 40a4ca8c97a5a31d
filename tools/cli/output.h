// What the commands print: text, tables, JSON and progress.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"
#include "runtime/base/replacement.h"
#include "runtime/base/status.h"
#include "runtime/base/tensor.h"

namespace sardonyx {

using Json = nlohmann::ordered_json;

/// An error of the command line: exit status 2. Other errors are 1.
Status UsageError(absl::string_view message);
bool IsUsageError(const Status& status);

/// `text` without the control characters that a model's names might bring to a terminal.
std::string Printable(absl::string_view text);

/// A command's results: text on stdout and, where asked for, everything as a JSON document and as a
/// page that shows this document. With JSON on stdout ("-") the text goes nowhere.
class Report {
 public:
  /// `json_path` is that of --json: "" for none, "-" for stdout; `html_path` that of --html.
  Report(absl::string_view command, std::string json_path, std::string html_path = "");

  void Print(absl::string_view text) const;
  bool wants_json() const { return !json_path_.empty() || !html_path_.empty(); }
  Json& json() { return json_; }
  /// Writes what is asked for. Errors: a file cannot be written.
  Status Write() const;

 private:
  std::string json_path_, html_path_;
  Json json_;
};

/// An error for the user on stderr: "sardonyx: ...".
void PrintError(absl::string_view text);
/// The same for what is only good to know.
void Note(absl::string_view text);
/// From now on there are neither notes nor progress.
void Silence();

/// Ends a command with an error and what has been reported so far.
StatusOr<int> Failed(const Status& status, Report& report);

/// Columns as wide as they need to be.
class Table {
 public:
  /// Titles (none: no such row) and alignments: 'l' or 'r' for each column.
  Table(std::vector<std::string> titles, std::string alignments);
  void AddRow(std::vector<std::string> cells);
  void AddLine();  // a rule across the table
  std::string ToString() const;

 private:
  std::string alignments_;
  std::vector<std::vector<std::string>> rows_;  // an empty row is a rule
};

std::string FormatBytes(int64_t bytes);     // "512 B", "1.2 MiB"
std::string FormatInteger(int64_t number);  // "11,173,962"
std::string FormatCount(double count);      // "61706", "11.2 M", "1.81 G"
std::string FormatMilliseconds(double ms);  // "213.0 us", "12.4 ms", "1.53 s"
std::string FormatError(double error);      // "0", "1.2e-07"
std::string FormatNumber(double number);    // as short as it can be exact for a float

/// A name for a table: its end, where it is too long.
std::string ShortName(absl::string_view name);

/// The elements of a value for reading, at most `limit` of them, and as JSON, all of them.
std::string FormatValue(const Value& value, int64_t limit);
Json ValueToJson(const Value& value);

/// A line on stderr that follows long work, where stderr is a terminal.
class Progress {
 public:
  explicit Progress(int64_t total) : total_(total) {}
  ~Progress() { Clear(); }
  void Show(int64_t done, absl::string_view what);
  void Clear();

 private:
  int64_t total_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace sardonyx
