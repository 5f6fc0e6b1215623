// One member of a JSON object that anybody may have sent.
#include "batch/json_member.h"

#include <doctest/doctest.h>

#include <string>

#include "guarded.h"

using namespace hepcapd;

namespace {
std::string member(std::string_view json) {
  std::string out(json.size(), '\0');
  const auto octets = guarded(json);
  out.resize(unescapeJson(jsonMember(octets.bytes(), "sip"), reinterpret_cast<uint8_t*>(out.data())));
  return out;
}
}  // namespace

TEST_CASE("the top-level string is found behind any other values") {
  CHECK(member(R"({"sip":"x"})") == "x");
  CHECK(
      member(
          R"( { "a" : 1 , "b":[1,{"sip":"no"},"]"], "c":{"sip":"no","d":"}"} ,"e":null, "sip" : "yes" } )") ==
      "yes");
  CHECK(member(R"({"sip":{"sip":"no"},"sip":"second"})") == "second");
}

TEST_CASE("escapes are undone") {
  CHECK(member(R"({"sip":"\"\\\/\b\f\n\r\t"})") == "\"\\/\b\f\n\r\t");
  CHECK(member(R"({"sip":"\u00e9\ud83d\ude00"})") == "\xc3\xa9\xf0\x9f\x98\x80");
  CHECK(member(R"({"sip":"\ud83dx"})") == "\xef\xbf\xbdx");
}

TEST_CASE("what is no such object has no member") {
  for (const char* json :
       {"", "{", "null", "[\"sip\"]", "{\"sip\"", "{\"sip\":", "{\"sip\":\"cut", "{\"sip\":1}", "{\"a\":}",
        "{\"a\" \"sip\":\"x\"}", "{\"a\":\"\\", "{]\"sip\":\"x\"}"}) {
    CHECK_MESSAGE(member(json) == "", json);
  }
}

TEST_CASE("every prefix is read without reaching beyond it") {
  const std::string json = R"({"a":[1,{"b":"\u00e9"}],"sip":"\ud83d\ude00 \"x\""})";
  for (size_t size = 0; size <= json.size(); size++) member(json.substr(0, size));
}

TEST_CASE("a name in letters of any case is found where that is asked for") {
  const auto event = [](std::string_view json) {
    return std::string(jsonMember(Bytes(json), "Event", MemberCase::any).text());
  };
  CHECK(event(R"({"EVENT":"a"})") == "a");
  CHECK(event(R"({"events":"a","event":5,"eVent":"b","Event":"c"})") == "b");
  CHECK(event(R"({"Even":"a","\u0045vent":"b"})") == "");
  CHECK(jsonMember(Bytes(std::string_view(R"({"event":"a"})")), "Event").empty());
}
