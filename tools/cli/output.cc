#include "tools/cli/output.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/report/page.h"

namespace sardonyx {
namespace {

constexpr absl::string_view kUsagePayload = "sardonyx/usage";

bool silent = false;  // set once, while the command line is read

void WriteTo(std::FILE* file, absl::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
}

/// Characters that the UTF-8 string takes on a terminal, each taken as one column.
size_t Width(absl::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

}  // namespace

Status UsageError(absl::string_view message) {
  Status status = absl::InvalidArgumentError(message);
  status.SetPayload(kUsagePayload, absl::Cord());
  return status;
}

bool IsUsageError(const Status& status) { return status.GetPayload(kUsagePayload).has_value(); }

std::string Printable(absl::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n') || byte == 0x7F) {
      absl::StrAppendFormat(&result, "\\x%02x", byte);
    } else {
      result += c;
    }
  }
  return result;
}

Report::Report(absl::string_view command, std::string json_path, std::string html_path)
    : json_path_(std::move(json_path)), html_path_(std::move(html_path)) {
  json_["schema"] = absl::StrCat("sardonyx.", command, "/1");
}

void Report::Print(absl::string_view text) const {
  if (json_path_ == "-") return;
  WriteTo(stdout, Printable(text));
  std::fflush(stdout);
}

Status Report::Write() const {
  const auto text = [&](int indent) {
    return json_.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
  };
  if (json_path_ == "-") {
    WriteTo(stdout, text(2) + "\n");
  } else if (!json_path_.empty()) {
    SX_RETURN_IF_ERROR(WriteFile(json_path_, text(2) + "\n"));
  }
  return html_path_.empty() ? absl::OkStatus() : WriteFile(html_path_, MakePage(text(-1)));
}

void PrintError(absl::string_view text) {
  WriteTo(stderr, Printable(absl::StrCat("sardonyx: ", text, "\n")));
}

void Note(absl::string_view text) {
  if (!silent) PrintError(text);
}

void Silence() { silent = true; }

StatusOr<int> Failed(const Status& status, Report& report) {
  if (IsUsageError(status)) return status;
  PrintError(status.message());
  report.json()["error"] = std::string(status.message());
  SX_RETURN_IF_ERROR(report.Write());
  return 1;
}

Table::Table(std::vector<std::string> titles, std::string alignments)
    : alignments_(std::move(alignments)) {
  if (!titles.empty()) rows_.push_back(std::move(titles));
}

void Table::AddRow(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
void Table::AddLine() { rows_.emplace_back(); }

std::string Table::ToString() const {
  std::vector<size_t> widths(alignments_.size());
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  size_t total = 0;
  for (const size_t width : widths) total += width + 2;
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - Width(row[i]), ' ');
      absl::StrAppend(&line, i > 0 ? "  " : "", alignments_[i] == 'r' ? padding : "", row[i],
                      alignments_[i] == 'l' ? padding : "");
    }
    if (row.empty()) line = std::string(total - 2, '-');
    line.erase(line.find_last_not_of(' ') + 1);
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

std::string FormatBytes(int64_t bytes) {
  if (bytes < 1024) return absl::StrCat(bytes, " B");
  double value = static_cast<double>(bytes);
  const char* unit = "B";
  for (const char* next : {"KiB", "MiB", "GiB", "TiB"}) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return absl::StrFormat(value < 10 ? "%.2f %s" : value < 100 ? "%.1f %s" : "%.0f %s", value, unit);
}

std::string FormatInteger(int64_t number) {
  std::string text = absl::StrCat(number);
  for (int i = static_cast<int>(text.size()) - 3; i > (number < 0 ? 1 : 0); i -= 3) {
    text.insert(static_cast<size_t>(i), ",");
  }
  return text;
}

std::string FormatCount(double count) {
  if (count < 1e5) return absl::StrFormat("%.0f", count);
  const char* unit = "";
  for (const char* next : {"k", "M", "G", "T"}) {
    if (count < 1000) break;
    count /= 1000;
    unit = next;
  }
  return absl::StrFormat(count < 10 ? "%.2f %s" : count < 100 ? "%.1f %s" : "%.0f %s", count, unit);
}

std::string FormatMilliseconds(double ms) {
  if (ms >= 1000) return absl::StrFormat("%.2f s", ms / 1000);
  if (ms >= 1) return absl::StrFormat(ms < 10 ? "%.2f ms" : "%.1f ms", ms);
  return absl::StrFormat(ms < 0.01 ? "%.2f us" : "%.1f us", ms * 1000);
}

std::string ShortName(absl::string_view name) {
  constexpr size_t kLongest = 32;
  if (name.size() <= kLongest) return std::string(name);
  return absl::StrCat("...", name.substr(name.size() - kLongest + 3));
}

std::string FormatError(double error) {
  if (error == 0) return "0";
  return std::isinf(error) ? "inf" : absl::StrFormat("%.2g", error);
}

std::string FormatNumber(double number) {
  for (const int digits : {6, 7, 8}) {
    const std::string text = absl::StrFormat("%.*g", digits, number);
    if (std::strtof(text.c_str(), nullptr) == static_cast<float>(number)) return text;
  }
  return absl::StrFormat("%.9g", number);
}

void Progress::Show(int64_t done, absl::string_view what) {
  static const bool terminal = isatty(STDERR_FILENO) == 1;
  if (!terminal || silent) return;
  const auto now = std::chrono::steady_clock::now();
  if (shown_ && now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  shown_ = true;
  std::string line =
      absl::StrCat(total_ > 0 ? absl::StrCat(done, "/", total_, " ") : "", Printable(what));
  if (line.size() > 100) line = absl::StrCat(line.substr(0, 97), "...");
  WriteTo(stderr, absl::StrCat("\r\033[K", line));
}

void Progress::Clear() {
  if (shown_) WriteTo(stderr, "\r\033[K");
  shown_ = false;
}

}  // namespace sardonyx
