#include "system.h"

#include <linux/sockios.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>

#include "../base/fd.h"
#include "../base/os_error.h"
#include "../base/thread_name.h"
#include "../sqlite/rows_table.h"
#include "values.h"

namespace hepcapd {
namespace {

// One datagram to $NOTIFY_SOCKET, a path or, with @, a name in the abstract space (sd_notify(3)).
bool notifySystemd(const char* path, const std::string& text) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const size_t length = std::strlen(path);
  if (length < 2 || length >= sizeof address.sun_path) throw OsError("sd_notify", ENAMETOOLONG);
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';
  Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) throw OsError("socket", errno);
  const socklen_t size = socklen_t(offsetof(sockaddr_un, sun_path) + length);
  const ssize_t sent = ::sendto(fd.get(), text.data(), text.size(), MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&address), size);
  if (sent < 0) throw OsError("sendto NOTIFY_SOCKET", errno);
  return true;
}

Napi::Value notify(const Napi::CallbackInfo& info) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (!path || !*path) return Napi::Boolean::New(info.Env(), false);
  try {
    return Napi::Boolean::New(info.Env(), notifySystemd(path, info[0].ToString()));
  } catch (const OsError& error) {
    throw toJsError(info.Env(), error);
  }
}

Napi::Value counts(const Napi::CallbackInfo& info) {
  const ValueCounts counts = rowsTableCounts();
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("cut", double(counts.cut));
  result.Set("cleaned", double(counts.cleaned));
  result.Set("arrivals", double(counts.arrivals));
  return result;
}

// lock(fd): boolean; false when another process has the file locked (flock(2)). The lock goes with the
// descriptor.
Napi::Value lock(const Napi::CallbackInfo& info) {
  if (::flock(info[0].ToNumber().Int32Value(), LOCK_EX | LOCK_NB) == 0)
    return Napi::Boolean::New(info.Env(), true);
  if (errno == EWOULDBLOCK) return Napi::Boolean::New(info.Env(), false);
  throw toJsError(info.Env(), OsError("flock", errno));
}

// makeFifo(path, mode): whatever the umask is (mkfifo(3)).
Napi::Value makeFifo(const Napi::CallbackInfo& info) {
  const std::string path = info[0].ToString();
  const mode_t mode = mode_t(info[1].ToNumber().Uint32Value());
  if (::mkfifo(path.c_str(), mode) != 0) throw toJsError(info.Env(), OsError("mkfifo", errno));
  if (::chmod(path.c_str(), mode) != 0) throw toJsError(info.Env(), OsError("chmod", errno));
  return info.Env().Undefined();
}

// unacknowledged(fd): octets of a TCP connection that its peer's kernel has not confirmed (tcp(7)).
Napi::Value unacknowledged(const Napi::CallbackInfo& info) {
  int octets = 0;
  if (::ioctl(info[0].ToNumber().Int32Value(), SIOCOUTQ, &octets) != 0) {
    throw toJsError(info.Env(), OsError("ioctl SIOCOUTQ", errno));
  }
  return Napi::Number::New(info.Env(), octets);
}

// nameThread(name): what the thread of this environment is called.
Napi::Value nameSelf(const Napi::CallbackInfo& info) {
  nameThread(::pthread_self(), info[0].ToString());
  return info.Env().Undefined();
}

// exitAtOnce(status): ends the process and asks no thread. One that is inside of SQLite when Node takes it
// down would abort the process instead (better-sqlite3 cannot throw there).
Napi::Value exitAtOnce(const Napi::CallbackInfo& info) { ::_exit(info[0].ToNumber().Int32Value()); }

}  // namespace

void registerSystem(Napi::Env env, Napi::Object exports) {
  exports.Set("notify", Napi::Function::New(env, notify, "notify"));
  exports.Set("exitAtOnce", Napi::Function::New(env, exitAtOnce, "exitAtOnce"));
  exports.Set("nameThread", Napi::Function::New(env, nameSelf, "nameThread"));
  exports.Set("lock", Napi::Function::New(env, lock, "lock"));
  exports.Set("makeFifo", Napi::Function::New(env, makeFifo, "makeFifo"));
  exports.Set("unacknowledged", Napi::Function::New(env, unacknowledged, "unacknowledged"));
  exports.Set("rowsTableCounts", Napi::Function::New(env, counts, "rowsTableCounts"));
}

}  // namespace hepcapd
