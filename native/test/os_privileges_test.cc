// What a process may, given up: looked at in a child, so that the tests keep what they have.
#include "os/privileges.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>

using namespace hepcapd;

namespace {

constexpr Capabilities kNetRaw = 1 << 13;
constexpr Capabilities kNetAdmin = 1 << 12;

// The exit status of a child that does this; 100 when it throws.
int inChild(const std::function<int()>& work) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    try {
      ::_exit(work());
    } catch (...) {
      ::_exit(100);
    }
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool bounded(int capability) { return ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1; }
bool ambient(int capability) { return ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability, 0, 0) == 1; }

bool mayTest() {
  const bool may = ::geteuid() == 0 && (permittedCapabilities() & kNetRaw) != 0;
  if (!may) MESSAGE("giving privileges up needs root");
  return may;
}

const Account kStranger{"", "/", 54321, 54322, {54322, 54323}};

}  // namespace

TEST_CASE("accounts are found by name and by number") {
  const Account root = accountNamed("root", "");
  CHECK(root.uid == 0);
  CHECK(root.gid == 0);
  CHECK(accountNamed("0", "").name == "root");
  CHECK(std::count(root.groups.begin(), root.groups.end(), 0u) == 1);
  const Account number = accountNamed("54321", "");
  CHECK(number.uid == 54321);
  CHECK(number.gid == 54321);
  CHECK(number.name.empty());
  CHECK(accountNamed("54321", "54322").groups == std::vector<gid_t>{54322});
  CHECK(accountNamed("", "54322").uid == ::geteuid());
}

TEST_CASE("names that nobody has, and numbers that are none") {
  for (const char* user : {"no-such-user", "-1", "4294967295", "99999999999", "1x", " 1"}) {
    CAPTURE(user);
    CHECK_THROWS_AS(accountNamed(user, ""), OsError);
  }
  CHECK_THROWS_AS(accountNamed("root", "no-such-group"), OsError);
}

TEST_CASE("what is kept is all that is left") {
  if (!mayTest()) return;
  CHECK(inChild([] {
          givePrivilegesUp(&kStranger, kNetRaw);
          const bool is = ::getuid() == 54321 && ::geteuid() == 54321 && ::getegid() == 54322;
          const bool has = permittedCapabilities() == kNetRaw && bounded(13) && ambient(13);
          return is && has && !bounded(12) && !bounded(0) && !ambient(12) ? 0 : 1;
        }) == 0);
  CHECK(inChild([] {
          givePrivilegesUp(&kStranger, 0);
          return permittedCapabilities() == 0 && ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 1;
        }) == 0);
}

TEST_CASE("nothing comes back") {
  if (!mayTest()) return;
  CHECK(inChild([] {
          givePrivilegesUp(&kStranger, kNetRaw);
          return ::setuid(0) != 0 && ::setgid(0) != 0 ? 0 : 1;
        }) == 0);
  CHECK(inChild([] {
          givePrivilegesUp(&kStranger, kNetRaw);
          givePrivilegesUp(nullptr, kNetRaw | kNetAdmin);  // keeps what it holds
          return permittedCapabilities() == kNetRaw ? 0 : 1;
        }) == 0);
  CHECK(inChild([] {
          givePrivilegesUp(&kStranger, 0);
          givePrivilegesUp(&kStranger, 0);
          return 0;
        }) == 100);
}

TEST_CASE("the next program has the descriptors that it was given, and no others") {
  CHECK(inChild([] {
          const int given = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
          const int kept = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
          const std::string test = "test -e /proc/self/fd/" + std::to_string(given) +
                                   " && test ! -e /proc/self/fd/" + std::to_string(kept) +
                                   " && test \"$WORD\" = here";
          replaceProcess("/bin/sh", {"sh", "-c", test}, {"WORD=here", "PATH=/usr/bin:/bin"}, {given});
          return 1;
        }) == 0);
  CHECK(inChild([] {
          try {
            replaceProcess("/no/such/program", {"program"}, {}, {});
          } catch (const OsError& error) {
            return error.code == ENOENT && !error.cure.empty() ? 0 : 1;
          }
          return 2;
        }) == 0);
  CHECK_THROWS_AS(keepFromChildren({1'000'000}), OsError);
}
