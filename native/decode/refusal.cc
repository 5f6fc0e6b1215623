#include "refusal.h"

#include <cstddef>
#include <iterator>

namespace hepcapd {

const char* refusalName(Refusal refusal) {
  static constexpr const char* names[] = {"none",
                                          "link_type",
                                          "link_truncated",
                                          "link_depth",
                                          "not_ip",
                                          "ip_truncated",
                                          "ip_malformed",
                                          "fragment_held",
                                          "fragment_duplicate",
                                          "fragment_overlap",
                                          "fragment_malformed",
                                          "fragment_truncated",
                                          "fragment_bound",
                                          "not_udp_or_tcp",
                                          "udp_truncated",
                                          "udp_malformed",
                                          "tcp_truncated",
                                          "tcp_malformed",
                                          "gre_malformed",
                                          "gre_version",
                                          "erspan_malformed",
                                          "geneve_malformed",
                                          "tzsp_malformed",
                                          "gtp_malformed",
                                          "tunnel_depth"};
  static_assert(std::size(names) == size_t(Refusal::count));
  return names[size_t(refusal)];
}

}  // namespace hepcapd
