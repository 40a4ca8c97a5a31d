#include "tests/conformance/isolated.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace sardonyx {
namespace {

/// The child's part: one line for each case, '+' or '-' and the reason.
[[noreturn]] void RunFrom(int begin, int count, int seconds, int output,
                          const std::function<Verdict(int)>& run) {
  FILE* stream = fdopen(output, "w");
  for (int i = begin; i < count; ++i) {
    alarm(seconds);
    Verdict verdict = run(i);
    std::replace(verdict.reason.begin(), verdict.reason.end(), '\n', ' ');
    std::fprintf(stream, "%c%s\n", verdict.passed ? '+' : '-', verdict.reason.c_str());
    std::fflush(stream);
  }
  std::fclose(stream);
  _exit(0);
}

std::string CauseOfDeath(int status, int seconds) {
  if (!WIFSIGNALED(status))
    return "the process ended with status " + std::to_string(WEXITSTATUS(status));
  if (WTERMSIG(status) == SIGALRM) return "not done after " + std::to_string(seconds) + " s";
  return std::string("crash: ") + strsignal(WTERMSIG(status));
}

/// Lets a child run the cases from `begin` on; returns the first that it did not report.
int RunChild(int begin, int count, int seconds, const std::function<Verdict(int)>& run,
             const std::function<void(int, const Verdict&)>& report) {
  int ends[2];
  if (pipe(ends) != 0) {
    report(begin, {false, std::string("pipe: ") + std::strerror(errno)});
    return begin + 1;
  }
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    RunFrom(begin, count, seconds, ends[1], run);
  }
  close(ends[1]);
  FILE* stream = fdopen(ends[0], "r");
  char* line = nullptr;
  size_t capacity = 0;
  int next = begin;
  for (ssize_t length; next < count && (length = getline(&line, &capacity, stream)) > 1; ++next) {
    if (line[length - 1] != '\n') break;  // cut off
    report(next, {line[0] == '+', std::string(line + 1, length - 2)});
  }
  std::free(line);
  std::fclose(stream);
  int status = 0;
  if (child > 0) waitpid(child, &status, 0);
  if (next < count)
    report(next++, {false, child > 0 ? CauseOfDeath(status, seconds) : "fork failed"});
  return next;
}

}  // namespace

void RunIsolated(int count, int seconds, const std::function<Verdict(int)>& run,
                 const std::function<void(int, const Verdict&)>& report) {
  for (int next = 0; next < count;) next = RunChild(next, count, seconds, run, report);
}

}  // namespace sardonyx
