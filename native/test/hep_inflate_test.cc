// Inflating what a stranger sent: never beyond the room, never by the sender's word.
#include <doctest/doctest.h>
#include <zlib.h>

#include <memory>
#include <string>

#include "guarded.h"
#include "hep/inflate.h"

using namespace hepcapd;

namespace {

constexpr int kGzip = 15 + 16, kZlib = 15, kRaw = -15;

std::string deflated(const std::string& text, int windowBits) {
  z_stream z{};
  REQUIRE(deflateInit2(&z, 9, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&z, uLong(text.size())) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = uInt(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = uInt(out.size());
  REQUIRE(deflate(&z, Z_FINISH) == Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

// Inflates into exactly `capacity` octets that end at an untouchable heap edge under a sanitizer.
struct Answer {
  InflateResult result;
  std::string text;
};
Answer inflated(Inflater& inflater, const std::string& compressed, size_t capacity) {
  const GuardedBytes input = guarded(compressed);
  const std::unique_ptr<uint8_t[]> room(new uint8_t[capacity]);
  const Inflated answer = inflater.inflate(input.bytes(), room.get(), capacity);
  CHECK(answer.size <= capacity);
  return {answer.result, std::string(reinterpret_cast<char*>(room.get()), answer.size)};
}
Answer inflated(const std::string& compressed, size_t capacity) {
  Inflater inflater;
  return inflated(inflater, compressed, capacity);
}

std::string message() {
  std::string text = "INVITE sip:bob@example.com SIP/2.0\r\n";
  for (int line = 0; line < 40; line++) text += "Via: SIP/2.0/UDP host" + std::to_string(line) + "\r\n";
  return text + "\r\n";
}

}  // namespace

TEST_CASE("hep inflate: gzip, zlib and raw deflate, into exactly the room that is needed") {
  const std::string text = message();
  for (int container : {kGzip, kZlib, kRaw, 9}) {
    const Answer answer = inflated(deflated(text, container), text.size());
    CHECK(answer.result == InflateResult::ok);
    CHECK(answer.text == text);
  }
}

TEST_CASE("hep inflate: one octet too little room") {
  const std::string text = message();
  for (int container : {kGzip, kZlib, kRaw}) {
    const Answer answer = inflated(deflated(text, container), text.size() - 1);
    CHECK(answer.result == InflateResult::tooLarge);
    CHECK(answer.text.empty());
  }
}

TEST_CASE("hep inflate: nothing compressed fits into no room") {
  for (int container : {kGzip, kZlib, kRaw}) {
    CHECK(inflated(deflated("", container), 0).result == InflateResult::ok);
    CHECK(inflated(deflated("a", container), 0).result == InflateResult::tooLarge);
  }
}

TEST_CASE("hep inflate: a bomb stops at the room") {
  const std::string bomb = deflated(std::string(8 << 20, '\0'), kGzip);
  REQUIRE(bomb.size() < 65535);
  CHECK(inflated(bomb, 65535).result == InflateResult::tooLarge);
}

TEST_CASE("hep inflate: the size in the gzip trailer is no promise") {
  const std::string text = message();
  for (unsigned char said : {0x00, 0xff}) {
    std::string lying = deflated(text, kGzip);
    lying.replace(lying.size() - 4, 4, std::string(4, char(said)));
    CHECK(inflated(lying, text.size()).result == InflateResult::corrupt);
    CHECK(inflated(lying, 16).result == InflateResult::tooLarge);
  }
}

TEST_CASE("hep inflate: every prefix is corrupt") {
  const std::string text = message();
  Inflater inflater;
  for (int container : {kGzip, kZlib, kRaw}) {
    const std::string whole = deflated(text, container);
    for (size_t size = 0; size < whole.size(); size++)
      CHECK(inflated(inflater, whole.substr(0, size), text.size() + 1).result == InflateResult::corrupt);
  }
}

TEST_CASE("hep inflate: a flipped checksum, a preset dictionary, and text that was never compressed") {
  std::string broken = deflated(message(), kZlib);
  broken.back() = char(broken.back() ^ 1);
  CHECK(inflated(broken, 4096).result == InflateResult::corrupt);
  CHECK(inflated(std::string("\x78\xbb\x00\x00\x00\x01\x03\x00", 8), 4096).result == InflateResult::corrupt);
  CHECK(inflated("OPTIONS sip:a@b SIP/2.0\r\n\r\n", 4096).result == InflateResult::corrupt);
  CHECK(inflated("{\"callid\":\"abc\"}", 4096).result == InflateResult::corrupt);
}

TEST_CASE("hep inflate: raw deflate has to end with the payload, since nothing else vouches for it") {
  CHECK(inflated(deflated("abc", kRaw) + "x", 64).result == InflateResult::corrupt);
}

TEST_CASE("hep inflate: gzip members follow each other, padding after them is ignored") {
  const std::string two = deflated("one, ", kGzip) + deflated("two", kGzip);
  CHECK(inflated(two, 64).text == "one, two");
  CHECK(inflated(two + std::string(8, '\0'), 64).text == "one, two");
  CHECK(inflated(two, 7).result == InflateResult::tooLarge);
}

TEST_CASE("hep inflate: one inflater serves good and bad payloads of every container in turn") {
  Inflater inflater;
  const std::string text = message();
  for (int round = 0; round < 3; round++) {
    for (int container : {kGzip, kZlib, kRaw}) {
      const std::string whole = deflated(text, container);
      CHECK(inflated(inflater, whole, 10).result == InflateResult::tooLarge);
      CHECK(inflated(inflater, whole.substr(0, 30), 4096).result == InflateResult::corrupt);
      CHECK(inflated(inflater, whole, 4096).text == text);
    }
  }
}
