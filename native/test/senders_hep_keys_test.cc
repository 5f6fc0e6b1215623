// Keys: the whole of one of them, and nothing else.
#include "senders/hep_keys.h"

#include <doctest/doctest.h>

using namespace hepcapd;

TEST_CASE("each key opens, and nothing that is like one") {
  const std::string longest(kLongestKey, 'k');
  const HepKeys keys({"first", std::string("sec\0nd", 6), longest});
  for (const std::string& key : {std::string("first"), std::string("sec\0nd", 6), longest}) {
    CHECK(keys.match(Bytes(key)));
  }
  for (const std::string& key :
       {std::string(), std::string("firs"), std::string("first "), std::string("first\0", 6),
        std::string("First"), std::string("sec"), std::string("sec\0ne", 6), longest.substr(1), longest + "k",
        std::string(65000, 'k')}) {
    CHECK(!keys.match(Bytes(key)));
  }
}

TEST_CASE("no keys, no match") {
  CHECK(HepKeys().empty());
  CHECK(!HepKeys().match(Bytes("key")));
}
