#include "tcp_port.h"

#include "numeric_socket.h"
#include "socket_options.h"

namespace hepcapd {

// SO_REUSEADDR as Node's own listeners have it: connections of a daemon that has ended hold no port.
Fd bindTcp(const std::string& text, uint16_t port) {
  SocketAddress address;
  Fd fd = makeSocket(SOCK_STREAM, text, port, address);
  enable(fd.get(), SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR");
  bindSocket(fd.get(), address);
  return fd;
}

}  // namespace hepcapd
