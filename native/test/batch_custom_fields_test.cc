// Three texts behind their lengths: what is one text short, or one octet long, is none.
#include "batch/custom_fields.h"

#include <doctest/doctest.h>

#include "guarded.h"
#include "hep_packets.h"

using namespace hepcapd;
using namespace hepcapd::test;

TEST_CASE("custom fields are three texts and nothing else") {
  const std::string good = u16(1) + "a" + u16(0) + u16(1) + "c";
  CHECK(isCustomFields(Bytes()));
  CHECK(isCustomFields(guarded(good).bytes()));
  CHECK_FALSE(isCustomFields(guarded(good + "x").bytes()));
  for (size_t size = 1; size < good.size(); size++) {
    const GuardedBytes cut = guarded(good.substr(0, size));
    CHECK_FALSE(isCustomFields(cut.bytes()));
    for (unsigned index = 0; index < kCustomFields; index++) CHECK(customField(cut.bytes(), index).size <= 1);
  }
  CHECK(customField(Bytes(good), 2).text() == "c");
}
