// Files that commands write appear whole or not at all.
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/importer/models.h"
#include "tools/cli/output.h"

namespace sardonyx {
namespace {

namespace fs = std::filesystem;

TEST_CASE("a file that cannot be written whole leaves the old one", "[cli][robust]") {
  TemporaryFolder folder;
  const std::string path = folder.Write("y.npy", "old");
  REQUIRE(WriteFile(path, "new").ok());
  CHECK(fs::file_size(path) == 3);
  fs::create_directory(path + ".part");  // nothing can be written there
  CHECK_FALSE(WriteFile(path, "newer").ok());
  CHECK(fs::file_size(path) == 3);
  CHECK_FALSE(WriteFile(folder.path() + "/none/y.npy", "new").ok());
  CHECK_FALSE(fs::exists(folder.path() + "/none"));
}

TEST_CASE("a full disk is an error, and a device is written as it is", "[cli][robust]") {
  TemporaryFolder folder;
  const std::string full = folder.path() + "/y.npy";
  fs::create_symlink("/dev/full", full);
  CHECK_FALSE(WriteFile(full, std::string(100'000, 'x')).ok());
  CHECK(fs::is_symlink(full));
  CHECK(WriteFile("/dev/null", "new").ok());
}

}  // namespace
}  // namespace sardonyx
