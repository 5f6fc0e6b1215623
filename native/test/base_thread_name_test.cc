// Names of threads, as the kernel keeps them: 15 octets, a number at the end that is never cut.
#include "base/thread_name.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

using namespace hepcapd;

namespace {

std::string kernelName(pthread_t thread) {
  char name[16] = {};
  REQUIRE(::pthread_getname_np(thread, name, sizeof name) == 0);
  return name;
}

}  // namespace

TEST_CASE("thread name: the kernel has what was given, cut where it is too long") {
  const std::string before = kernelName(::pthread_self());
  nameThread(::pthread_self(), "hep-udp/0");
  CHECK(kernelName(::pthread_self()) == "hep-udp/0");
  nameThread(::pthread_self(), "a name of more than 15 octets");
  CHECK(kernelName(::pthread_self()) == "a name of more ");
  nameThread(::pthread_self(), before);
}

TEST_CASE("thread name: another thread is named from outside") {
  std::atomic<bool> over{false};
  std::thread thread([&] {
    while (!over) std::this_thread::yield();
  });
  nameThread(thread.native_handle(), "raw/eth0/1");
  const std::string name = kernelName(thread.native_handle());
  over = true;
  thread.join();
  CHECK(name == "raw/eth0/1");
}

TEST_CASE("thread name: of a long interface its beginning, so that the number stays") {
  CHECK(threadName("raw", "eth0", 1) == "raw/eth0/1");
  CHECK(threadName("raw", "enp0s31f6np0", 1) == "raw/enp0s31f6/1");
  CHECK(threadName("ipip", "enp0s31f6np0", 12) == "ipip/enp0s31/12");
  CHECK(threadName("hep-udp", "3", 0) == "hep-udp/3/0");
  CHECK(threadName("a kind of 15 oct", "x", 7) == "a kind of 15 oct//7");
}
