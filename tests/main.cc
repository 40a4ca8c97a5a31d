// The unit tests' main function, and the closing line that every suite of ./dev test prints.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#include <cstdio>

namespace {

struct ClosingLine : Catch::TestEventListenerBase {
  using TestEventListenerBase::TestEventListenerBase;

  void testRunEnded(const Catch::TestRunStats& stats) override {
    TestEventListenerBase::testRunEnded(stats);
    const Catch::Counts& cases = stats.totals.testCases;
    passed_ = static_cast<unsigned long>(cases.passed + cases.failedButOk);
    failed_ = static_cast<unsigned long>(cases.failed);
  }
  // The reporter prints its summary after the listeners have heard of the end of the run.
  ~ClosingLine() override {
    if (passed_ + failed_ > 0) std::printf("%lu passed, %lu failed\n", passed_, failed_);
  }

 private:
  unsigned long passed_ = 0, failed_ = 0;
};

CATCH_REGISTER_LISTENER(ClosingLine)

}  // namespace
