// Credentials: whose they are, and from which header.
#include <doctest/doctest.h>

#include "sip_messages.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

std::string userOf(const std::string& credentials) {
  return withHeaders("Authorization: " + credentials + "\r\n")[SipField::authUser];
}

}  // namespace

TEST_CASE("sip digest: the username, wherever it stands") {
  for (const char* credentials :
       {"Digest username=\"bob\"", "digest  USERNAME = \"bob\", realm=\"x\"",
        "Digest realm=\"x\", username=\"bob\"", "Digest realm=\"x\",username=bob,nonce=\"y\"",
        "Digest\r\n realm=\"x\",\r\n\tusername=\r\n \"bob\"", "Digest username=\"bob@example.com\"",
        "Digest username=bob@example.com", "Digest ,, username=\"bob\"",
        "Digest realm=\"username=\\\"no\\\", username=\\\"no\\\"\", username=\"bob\""})
    CHECK_MESSAGE(userOf(credentials) == "bob", credentials);
}

TEST_CASE("sip digest: escapes stay as they are, and a quote that nothing closes ends with the header") {
  CHECK(userOf("Digest username=\"b\\\"ob\"") == "b\\\"ob");
  CHECK(userOf("Digest username=\"bob") == "bob");
}

TEST_CASE("sip digest: no username") {
  for (const char* credentials :
       {"", "Digest", "Digest username", "Digest username=", "Digest username=\"\"", "Digest username=\"@x\"",
        "Basic username=\"no\"", "Digestusername=\"no\"", "Digest xusername=\"no\"",
        "Digest username2=\"no\"", "Digest realm=\"x, username=no", "NTLM TlRMTVNTUAAB",
        "Digest realm=\", username=\\\"no\\\"\""})
    CHECK_MESSAGE(userOf(credentials) == "", credentials);
}

TEST_CASE("sip digest: Proxy-Authorization first, Authorization where that says nothing") {
  const auto read = [](const char* proxy, const char* server) {
    std::string lines;
    if (server) lines += std::string("Authorization: ") + server + "\r\n";
    if (proxy) lines += std::string("Proxy-Authorization: ") + proxy + "\r\n";
    return withHeaders(lines);
  };
  const char* const a = "Digest username=\"a\"";
  const char* const b = "Digest username=\"b\"";
  CHECK(read(a, b)[SipField::authUser] == "a");
  CHECK(read(a, b)[SipField::auth] == a);
  CHECK(read(nullptr, b)[SipField::authUser] == "b");
  CHECK(read(nullptr, b)[SipField::auth] == b);
  CHECK(read("Digest realm=\"x\"", b)[SipField::authUser] == "b");
  CHECK(read("Digest realm=\"x\"", b)[SipField::auth] == "Digest realm=\"x\"");
  CHECK(read("NTLM abc", b)[SipField::authUser] == "b");
  CHECK(read("", b)[SipField::auth] == b);
  CHECK(read(nullptr, nullptr)[SipField::auth] == "");
}
