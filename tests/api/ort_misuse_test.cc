// onnxruntime's interface used wrongly: a status, and never a crash.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "tests/api/ort_table.h"

namespace sardonyx::ort {
namespace {

TEST_CASE("Threads share a session of onnxruntime's, which is released while they run",
          "[api][ort]") {
  Loaded loaded;
  std::atomic<int> right{0}, wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::vector<float> data(100, static_cast<float>(t));
      OrtValue* x = loaded.Borrow(data, {100});
      for (int i = 0; i < 10'000; ++i) {
        OrtValue* y = nullptr;
        const Outcome outcome = loaded.Run(x, &y);
        if (outcome.code != kOk) {
          wrong += outcome.message == "the session is null or was released" ? 0 : 1;
          break;
        }
        ++(FloatsOf(y, 100) == std::vector<float>(100, 2.0f * t) ? right : wrong);
        Release(y);
      }
      Release(x);
    });
  }
  while (right < 100) std::this_thread::yield();
  Call<SlotOf("ReleaseSession"), void>(loaded.session);
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("A binding outlives its session, and what it was given", "[api][ort]") {
  Loaded loaded;
  OrtIoBinding* binding = nullptr;
  REQUIRE(Outcome(Call<SlotOf("CreateIoBinding")>(loaded.session, &binding)).code == kOk);
  std::vector<float> in = {1, 2}, out(2);
  OrtValue *x = loaded.Borrow(in, {2}), *y = loaded.Borrow(out, {2});
  const OrtValue *bound_x = x, *bound_y = y;
  const OrtIoBinding* shown = binding;
  const auto run = [&] {
    return Outcome(Call<SlotOf("RunWithBinding")>(loaded.session,
                                                  static_cast<OrtRunOptions*>(nullptr), shown));
  };
  CHECK(run().code == kInvalidArgument);  // nothing is bound
  CHECK(Outcome(Call<SlotOf("BindInput")>(binding, "z", bound_x)).code == kInvalidArgument);
  REQUIRE(Outcome(Call<SlotOf("BindInput")>(binding, "x", bound_x)).code == kOk);
  REQUIRE(Outcome(Call<SlotOf("BindOutput")>(binding, "y", bound_y)).code == kOk);
  Release(x);
  Release(y);
  CHECK(run().message == "");
  CHECK(out == std::vector<float>{2, 4});
  Call<SlotOf("ReleaseSession"), void>(loaded.session);
  CHECK(run().code == kInvalidArgument);
  CHECK(Outcome(Call<SlotOf("BindOutput")>(binding, "y", bound_x)).code == kInvalidArgument);
  Call<SlotOf("ReleaseIoBinding"), void>(binding);
}

TEST_CASE("Values that cannot be are refused", "[api][ort]") {
  Loaded loaded;
  std::vector<float> data(4);
  OrtValue* value = nullptr;
  const OrtMemoryInfo* info = loaded.memory;
  const auto make = [&](void* at, size_t bytes, std::vector<int64_t> dims, int type) {
    const int64_t* shape = dims.data();
    return Outcome(Call<SlotOf("CreateTensorWithDataAsOrtValue")>(info, at, bytes, shape,
                                                                  dims.size(), type, &value))
        .message;
  };
  CHECK_THAT(make(data.data(), 15, {4}, 1), Catch::Contains("takes 16 bytes, there are 15"));
  CHECK_THAT(make(data.data(), 16, {-4}, 1), Catch::Contains("negative"));
  CHECK_THAT(make(data.data(), 16, {int64_t{1} << 40, int64_t{1} << 40}, 1),
             Catch::Contains("too large"));
  CHECK_THAT(make(data.data(), 16, {4}, 99), Catch::Contains("no element type 99"));
  CHECK_THAT(make(data.data(), 16, {4}, 8), Catch::Contains("strings"));
  CHECK_THAT(make(nullptr, 16, {4}, 1), Catch::Contains("null"));
  CHECK_THAT(make(reinterpret_cast<char*>(data.data()) + 1, 12, {3}, 1),
             Catch::Contains("not aligned to 4 bytes"));
  CHECK(value == nullptr);

  OrtValue* x = loaded.Borrow(data, {4});
  CHECK(Outcome(Call<SlotOf("FillStringTensorElement")>(x, "a", size_t{0})).code ==
        kInvalidArgument);
  size_t count = 0;
  const OrtValue* shown = x;
  CHECK(Outcome(Call<SlotOf("GetValueCount")>(shown, &count)).code == kInvalidArgument);
  const int64_t at[] = {9};
  void* element = nullptr;
  CHECK(Outcome(Call<SlotOf("TensorAt")>(x, &at[0], size_t{1}, &element)).code == kInvalidArgument);
  const OrtValue* parts[] = {x, nullptr};
  CHECK(Outcome(Call<SlotOf("CreateValue")>(&parts[0], size_t{2}, int{kSequence}, &value)).code ==
        kInvalidArgument);
  CHECK(Outcome(Call<SlotOf("CreateValue")>(&parts[0], size_t{1}, 77, &value)).code ==
        kInvalidArgument);
  Release(x);
}

TEST_CASE("A child of fork runs and releases its parent's session of onnxruntime's", "[api][ort]") {
  Loaded loaded;
  std::vector<float> data = {1, 2};
  OrtValue* x = loaded.Borrow(data, {2});
  const auto right = [&] {
    OrtValue* y = nullptr;
    if (loaded.Run(x, &y).code != kOk) return false;
    const bool same = FloatsOf(y, 2) == std::vector<float>{2, 4};
    Release(y);
    return same;
  };
  REQUIRE(right());
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    alarm(60);
    const bool ran = right();
    Call<SlotOf("ReleaseSession"), void>(loaded.session);
    _exit(ran ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(right());
  Release(x);
}

}  // namespace
}  // namespace sardonyx::ort
