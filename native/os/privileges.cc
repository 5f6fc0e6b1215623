#include "privileges.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace hepcapd {
namespace {

constexpr const char* kNeedsRoot = "start as root, or leave out --user and --group";

std::optional<uint32_t> numberIn(const std::string& text) {
  uint32_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc{} || stop != end || number == UINT32_MAX) return std::nullopt;
  return number;
}

// Records of the user database want room of unknown size.
template <typename Record, typename Look>
bool looked(Record& record, std::vector<char>& room, Look&& look) {
  for (room.resize(4096);; room.resize(room.size() * 2)) {
    Record* found = nullptr;
    const int error = look(&record, room.data(), room.size(), &found);
    if (error != ERANGE || room.size() > (1 << 20)) return found != nullptr;
  }
}

std::vector<gid_t> groupsOf(const std::string& name, gid_t gid) {
  std::vector<gid_t> groups(64);
  int count = int(groups.size());
  if (::getgrouplist(name.c_str(), gid, groups.data(), &count) < 0) {
    groups.resize(size_t(count));
    ::getgrouplist(name.c_str(), gid, groups.data(), &count);
  }
  groups.resize(size_t(std::max(count, 0)));
  return groups;
}

Account ourselves() {
  Account account{"", "", ::geteuid(), ::getegid(), {}};
  account.groups = {account.gid};
  return account;
}

// A number that no user has is taken as it is.
Account userNamed(const std::string& user) {
  const auto number = numberIn(user);
  passwd record{};
  std::vector<char> room;
  const bool known = looked(record, room, [&](passwd* into, char* at, size_t size, passwd** found) {
    return number ? ::getpwuid_r(*number, into, at, size, found)
                  : ::getpwnam_r(user.c_str(), into, at, size, found);
  });
  if (!known && !number)
    throw OsError("getpwnam " + user, ENOENT, "name a user that exists, or its number: see `getent passwd`");
  if (!known) return {"", "/", *number, *number, {*number}};
  return {record.pw_name, record.pw_dir, record.pw_uid, record.pw_gid,
          groupsOf(record.pw_name, record.pw_gid)};
}

gid_t groupNamed(const std::string& group) {
  if (const auto number = numberIn(group)) return *number;
  struct group record {};
  std::vector<char> room;
  const bool known =
      looked(record, room, [&](struct group* into, char* at, size_t size, struct group** found) {
        return ::getgrnam_r(group.c_str(), into, at, size, found);
      });
  if (!known)
    throw OsError("getgrnam " + group, ENOENT, "name a group that exists, or its number: see `getent group`");
  return record.gr_gid;
}

__user_cap_header_struct thisThread() { return {_LINUX_CAPABILITY_VERSION_3, 0}; }

Capabilities joined(const __user_cap_data_struct* halves) {
  return halves[0].permitted | Capabilities(halves[1].permitted) << 32;
}

void control(int option, unsigned long two, unsigned long three, const char* name) {
  if (::prctl(option, two, three, 0, 0) != 0) throw OsError(std::string("prctl ") + name, errno);
}

// Without CAP_SETPCAP the bounding set stays: then no_new_privs keeps it from giving anything.
void limitBoundingSet(Capabilities keep) {
  for (unsigned long one = 0; ::prctl(PR_CAPBSET_READ, one, 0, 0, 0) >= 0; one++) {
    if (keep >> one & 1 || ::prctl(PR_CAPBSET_DROP, one, 0, 0, 0) == 0) continue;
    if (errno != EPERM) throw OsError("prctl PR_CAPBSET_DROP", errno);
  }
}

void become(const Account& account) {
  control(PR_SET_KEEPCAPS, 1, 0, "PR_SET_KEEPCAPS");
  if (::setgroups(account.groups.size(), account.groups.data()) != 0)
    throw OsError("setgroups", errno, kNeedsRoot);
  if (::setresgid(account.gid, account.gid, account.gid) != 0) throw OsError("setresgid", errno, kNeedsRoot);
  if (::setresuid(account.uid, account.uid, account.uid) != 0) throw OsError("setresuid", errno, kNeedsRoot);
}

void holdOnly(Capabilities kept) {
  auto header = thisThread();
  __user_cap_data_struct halves[2]{};
  for (int half = 0; half < 2; half++) {
    const auto bits = uint32_t(kept >> (32 * half));
    halves[half] = {bits, bits, bits};
  }
  if (::syscall(SYS_capset, &header, halves) != 0) throw OsError("capset", errno);
}

// A program of another user than root gets its capabilities from this set.
void hand(Capabilities kept) {
  control(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, "PR_CAP_AMBIENT_CLEAR_ALL");
  for (unsigned long one = 0; one < 64; one++) {
    if (kept >> one & 1) control(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, one, "PR_CAP_AMBIENT_RAISE");
  }
}

// Receive threads may still go first: CAP_SYS_NICE is what they would need else.
void allowHigherPriority() {
  constexpr rlim_t kNiceTen = 30;
  rlimit limit{};
  ::getrlimit(RLIMIT_NICE, &limit);
  limit.rlim_cur = std::max(limit.rlim_cur, kNiceTen);
  limit.rlim_max = std::max(limit.rlim_max, kNiceTen);
  ::setrlimit(RLIMIT_NICE, &limit);
}

void closeOnExec(int fd, bool closes) {
  const int flags = ::fcntl(fd, F_GETFD);
  if (flags < 0 || ::fcntl(fd, F_SETFD, closes ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC) != 0)
    throw OsError("fcntl F_SETFD", errno);
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

}  // namespace

Account accountNamed(const std::string& user, const std::string& group) {
  Account account = user.empty() ? ourselves() : userNamed(user);
  if (group.empty()) return account;
  account.gid = groupNamed(group);
  account.groups =
      account.name.empty() ? std::vector<gid_t>{account.gid} : groupsOf(account.name, account.gid);
  return account;
}

Capabilities permittedCapabilities() {
  auto header = thisThread();
  __user_cap_data_struct halves[2]{};
  if (::syscall(SYS_capget, &header, halves) != 0) throw OsError("capget", errno);
  return joined(halves);
}

void givePrivilegesUp(const Account* account, Capabilities keep) {
  const Capabilities kept = permittedCapabilities() & keep;
  allowHigherPriority();
  limitBoundingSet(keep);
  if (account) become(*account);
  holdOnly(kept);
  hand(kept);
  control(PR_SET_NO_NEW_PRIVS, 1, 0, "PR_SET_NO_NEW_PRIVS");
}

void replaceProcess(const std::string& path, const std::vector<std::string>& arguments,
                    const std::vector<std::string>& environment, const std::vector<int>& descriptors) {
  for (const int fd : descriptors) closeOnExec(fd, false);
  ::execve(path.c_str(), pointers(arguments).data(), pointers(environment).data());
  throw OsError("execve " + path, errno, "install Node.js where that user may run it");
}

void keepFromChildren(const std::vector<int>& descriptors) {
  for (const int fd : descriptors) closeOnExec(fd, true);
}

int memoryFile() {
  const int fd = ::memfd_create("hepcapd", MFD_CLOEXEC);
  if (fd < 0) throw OsError("memfd_create", errno);
  return fd;
}

void hideMemory() { control(PR_SET_DUMPABLE, 0, 0, "PR_SET_DUMPABLE"); }

}  // namespace hepcapd
