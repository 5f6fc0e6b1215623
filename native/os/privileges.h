// Who the process is and what it may: looked up, and given up for good.
//
// Capabilities belong to a thread, and Node has threads that nobody can reach from outside (one blocks every
// signal). So they are given up on the calling thread, and replaceProcess() follows: execve(2) ends all other
// threads, and every thread of the new image descends from the one that called it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "../base/os_error.h"

namespace hepcapd {

struct Account {
  std::string name;  // "" for a number that the system has no name for
  std::string home;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // supplementary ones, `gid` among them
};

// A name or a number each. `user` "" is the user that we are; `group` "" is that of the user. Throws OsError.
Account accountNamed(const std::string& user, const std::string& group);

using Capabilities = uint64_t;  // a bit each, by the numbers of capabilities(7)

// What the calling thread holds or could raise. Throws OsError.
Capabilities permittedCapabilities();

// The calling thread keeps those of `keep` that it holds, in every set, and can never gain another one; with
// an account all threads become its user and groups. Throws OsError, and then nobody may go on.
void givePrivilegesUp(const Account* account, Capabilities keep);

// The program begins anew, with these descriptors open. Returns only by throwing OsError.
[[noreturn]] void replaceProcess(const std::string& path, const std::vector<std::string>& arguments,
                                 const std::vector<std::string>& environment,
                                 const std::vector<int>& descriptors);

// Closes them on the next execve(2) again. Throws OsError for one that is not open.
void keepFromChildren(const std::vector<int>& descriptors);

// A file without a name, in memory; closed on execve(2) unless it is among the descriptors. Throws OsError.
int memoryFile();

// No core file, and no other process of the same user reads our memory. Ends with execve(2).
void hideMemory();

}  // namespace hepcapd
