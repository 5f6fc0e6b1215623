#include "json_member.h"

#include <algorithm>

namespace hepcapd {
namespace {

class Scanner {
 public:
  explicit Scanner(Bytes json) : at_(json.begin()), end_(json.end()) {}

  bool take(char wanted) {
    skipSpace();
    if (at_ == end_ || *at_ != uint8_t(wanted)) return false;
    at_++;
    return true;
  }
  bool peek(char wanted) {
    skipSpace();
    return at_ < end_ && *at_ == uint8_t(wanted);
  }

  // The raw text between the quotes, escapes still in it.
  bool takeString(Bytes& raw) {
    if (!take('"')) return false;
    const uint8_t* first = at_;
    for (; at_ < end_ && *at_ != '"'; at_++) {
      if (*at_ == '\\' && ++at_ == end_) return false;
    }
    if (at_ == end_) return false;
    raw = Bytes(first, at_++);
    return true;
  }

  // Any value: nested ones are passed over by counting brackets outside of strings.
  bool skipValue() {
    size_t depth = 0;
    do {
      skipSpace();
      if (at_ == end_) return false;
      Bytes ignored;
      if (*at_ == '"') {
        if (!takeString(ignored)) return false;
      } else if (*at_ == '{' || *at_ == '[') {
        depth++, at_++;
      } else if (*at_ == '}' || *at_ == ']') {
        if (depth == 0) return false;
        depth--, at_++;
      } else if (depth > 0 && (*at_ == ',' || *at_ == ':')) {
        at_++;
      } else if (!skipWord()) {
        return false;
      }
    } while (depth > 0);
    return true;
  }

 private:
  void skipSpace() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\r' || *at_ == '\n')) at_++;
  }
  bool skipWord() {
    const uint8_t* first = at_;
    while (at_ < end_ && std::strchr(" \t\r\n,:{}[]\"", *at_) == nullptr) at_++;
    return at_ > first;
  }

  const uint8_t* at_;
  const uint8_t* end_;
};

bool readHex4(const uint8_t* at, const uint8_t* end, uint32_t& value) {
  if (end - at < 4) return false;
  value = 0;
  for (int i = 0; i < 4; i++) {
    const uint8_t digit = at[i] | 0x20;
    const bool decimal = at[i] >= '0' && at[i] <= '9';
    if (!decimal && (digit < 'a' || digit > 'f')) return false;
    value = value << 4 | uint32_t(decimal ? at[i] - '0' : digit - 'a' + 10);
  }
  return true;
}

uint8_t* putUtf8(uint32_t code, uint8_t* to) {
  if (code < 0x80) {
    *to++ = uint8_t(code);
  } else if (code < 0x800) {
    *to++ = uint8_t(0xc0 | code >> 6);
    *to++ = uint8_t(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    *to++ = uint8_t(0xe0 | code >> 12);
    *to++ = uint8_t(0x80 | (code >> 6 & 0x3f));
    *to++ = uint8_t(0x80 | (code & 0x3f));
  } else {
    *to++ = uint8_t(0xf0 | code >> 18);
    *to++ = uint8_t(0x80 | (code >> 12 & 0x3f));
    *to++ = uint8_t(0x80 | (code >> 6 & 0x3f));
    *to++ = uint8_t(0x80 | (code & 0x3f));
  }
  return to;
}

// \uXXXX, two of them for a surrogate pair; a lone surrogate becomes U+FFFD. `at` is behind the u.
const uint8_t* putEscapedCode(const uint8_t* at, const uint8_t* end, uint8_t*& to) {
  uint32_t code, low;
  if (!readHex4(at, end, code)) return at;
  at += 4;
  if (code >= 0xd800 && code < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u' &&
      readHex4(at + 2, end, low) && low >= 0xdc00 && low < 0xe000) {
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    at += 6;
  }
  to = putUtf8(code >= 0xd800 && code < 0xe000 ? 0xfffd : code, to);
  return at;
}

uint8_t unescaped(uint8_t letter) {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return letter;
  }
}

uint8_t lower(uint8_t letter) { return letter >= 'A' && letter <= 'Z' ? uint8_t(letter | 0x20) : letter; }

bool isNamed(Bytes key, std::string_view name, MemberCase letters) {
  if (letters == MemberCase::exact) return key.text() == name;
  return std::equal(key.begin(), key.end(), name.begin(), name.end(),
                    [](uint8_t one, char other) { return lower(one) == lower(uint8_t(other)); });
}

}  // namespace

size_t unescapeJson(Bytes raw, uint8_t* out) {
  uint8_t* to = out;
  for (const uint8_t* at = raw.begin(); at < raw.end();) {
    if (*at != '\\' || raw.end() - at < 2) {
      *to++ = *at++;
    } else if (at[1] == 'u') {
      at = putEscapedCode(at + 2, raw.end(), to);
    } else {
      *to++ = unescaped(at[1]);
      at += 2;
    }
  }
  return size_t(to - out);
}

Bytes jsonMember(Bytes json, std::string_view name, MemberCase letters) {
  Scanner scanner(json);
  if (!scanner.take('{')) return {};
  do {
    Bytes key, value;
    if (!scanner.takeString(key) || !scanner.take(':')) return {};
    if (isNamed(key, name, letters) && scanner.peek('"')) {
      return scanner.takeString(value) ? value : Bytes{};
    }
    if (!scanner.skipValue()) return {};
  } while (scanner.take(','));
  return {};
}

}  // namespace hepcapd
