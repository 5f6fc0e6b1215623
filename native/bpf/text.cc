#include "text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <optional>

#include "interpreter.h"

namespace hepcapd {
namespace {

template <typename... Values>
std::string format(const char* pattern, Values... values) {
  char line[128];
  const int length = std::snprintf(line, sizeof line, pattern, values...);
  return {line, size_t(length)};
}

std::string decimal(uint32_t k) { return format("#%d", int32_t(k)); }
std::string hexadecimal(uint32_t k) { return format("#0x%x", k); }
std::string cell(uint32_t k) { return format("M[%d]", int32_t(k)); }

struct Words {
  std::string name;
  std::string operand;
};

Words unknownWords(const Instruction& at) { return {"unimp", format("0x%x", at.code)}; }

const char* sizeSuffix(uint16_t code) {
  switch (BPF_SIZE(code)) {
    case BPF_H:
      return "h";
    case BPF_B:
      return "b";
    default:
      return "";
  }
}

// What the kernel knows about a packet beside its octets, in the order of <linux/filter.h>.
constexpr std::array kAncillary = {"proto", "type",   "ifidx",  "nla",      "nlan",  "mark",
                                   "queue", "hatype", "rxhash", "cpu",      "xor_x", "vlan_tci",
                                   "vlanp", "poff",   "random", "vlan_tpid"};

std::string absolutePlace(uint32_t k) {
  const uint32_t ancillary = k - uint32_t(SKF_AD_OFF);
  if (ancillary < SKF_AD_MAX && ancillary % 4 == 0) return format("[%s]", kAncillary[ancillary / 4]);
  return format("[%d]", int32_t(k));
}

Words loadWords(const Instruction& at) {
  const std::string name = std::string("ld") + sizeSuffix(at.code);
  switch (BPF_MODE(at.code)) {
    case BPF_ABS:
      return {name, absolutePlace(at.k)};
    case BPF_IND:
      return {name, format("[x + %d]", int32_t(at.k))};
    case BPF_LEN:
      return {name, "#pktlen"};
    case BPF_MEM:
      return {name, cell(at.k)};
    default:
      return {name, hexadecimal(at.k)};
  }
}

Words loadIndexWords(const Instruction& at) {
  switch (BPF_MODE(at.code)) {
    case BPF_MSH:
      return {"ldxb", format("4*([%d]&0xf)", int32_t(at.k))};
    case BPF_MEM:
      return {"ldx", cell(at.k)};
    case BPF_IMM:
      return {"ldx", hexadecimal(at.k)};
    default:
      return unknownWords(at);  // `ldx len`, which libpcap does not name
  }
}

Words computeWords(const Instruction& at) {
  static constexpr std::array kNames = {"add", "sub", "mul", "div", "or", "and",
                                        "lsh", "rsh", "neg", "mod", "xor"};
  const uint16_t operation = BPF_OP(at.code);
  const char* name = kNames[operation >> 4];
  if (operation == BPF_NEG) return {name, ""};
  if (BPF_SRC(at.code) == BPF_X) return {name, "x"};
  const bool bits = operation == BPF_AND || operation == BPF_OR || operation == BPF_XOR;
  return {name, bits ? hexadecimal(at.k) : decimal(at.k)};
}

Words jumpWords(const Instruction& at, size_t index) {
  static constexpr std::array kNames = {"ja", "jeq", "jgt", "jge", "jset"};
  const char* name = kNames[BPF_OP(at.code) >> 4];
  if (BPF_OP(at.code) == BPF_JA) return {name, format("%d", int32_t(index + 1 + at.k))};
  return {name, BPF_SRC(at.code) == BPF_X ? "x" : hexadecimal(at.k)};
}

// Of an instruction with a code that the kernel knows.
Words wordsOf(const Instruction& at, size_t index) {
  switch (BPF_CLASS(at.code)) {
    case BPF_LD:
      return loadWords(at);
    case BPF_LDX:
      return loadIndexWords(at);
    case BPF_ST:
      return {"st", cell(at.k)};
    case BPF_STX:
      return {"stx", cell(at.k)};
    case BPF_ALU:
      return computeWords(at);
    case BPF_JMP:
      return jumpWords(at, index);
    case BPF_RET:
      return {"ret", BPF_RVAL(at.code) == BPF_A ? "" : decimal(at.k)};
    default:
      return {BPF_MISCOP(at.code) == BPF_TAX ? "tax" : "txa", ""};
  }
}

std::string listingLine(const Instruction& at, size_t index) {
  const Words words = isKnownCode(at.code) ? wordsOf(at, index) : unknownWords(at);
  const bool branches = isKnownCode(at.code) && BPF_CLASS(at.code) == BPF_JMP && BPF_OP(at.code) != BPF_JA;
  if (!branches) return format("(%03zu) %-8s %s\n", index, words.name.c_str(), words.operand.c_str());
  return format("(%03zu) %-8s %-16s jt %zu\tjf %zu\n", index, words.name.c_str(), words.operand.c_str(),
                index + 1 + at.jt, index + 1 + at.jf);
}

// Takes the text apart line by line.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  size_t number() const { return number_; }

  std::optional<std::string_view> next() {
    if (rest_.empty()) return std::nullopt;
    const size_t end = std::min(rest_.find('\n'), rest_.size());
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    number_++;
    while (!line.empty() && isSpace(line.back())) line.remove_suffix(1);
    return line;
  }

  static bool isSpace(char at) { return at == ' ' || at == '\t' || at == '\r'; }

 private:
  std::string_view rest_;
  size_t number_ = 0;
};

struct Field {
  const char* name;
  uint32_t most;
};

// The next number of a line, which it is taken from.
bool takeNumber(std::string_view& line, const Field& field, uint32_t& value, std::string& what) {
  while (!line.empty() && Lines::isSpace(line.front())) line.remove_prefix(1);
  const char* last = line.data() + line.size();
  const auto [end, error] = std::from_chars(line.data(), last, value);
  const bool whole = end == last || Lines::isSpace(*end);
  if (error == std::errc::invalid_argument || !whole) {
    what = std::string(field.name) + " is no number";
    return false;
  }
  if (error != std::errc() || value > field.most) {
    what = std::string(field.name) + " is more than " + std::to_string(field.most);
    return false;
  }
  line.remove_prefix(size_t(end - line.data()));
  return true;
}

bool parseInstruction(std::string_view line, Instruction& to, std::string& what) {
  uint32_t code = 0;
  uint32_t jt = 0;
  uint32_t jf = 0;
  const bool read =
      takeNumber(line, {"code", UINT16_MAX}, code, what) && takeNumber(line, {"jt", UINT8_MAX}, jt, what) &&
      takeNumber(line, {"jf", UINT8_MAX}, jf, what) && takeNumber(line, {"k", UINT32_MAX}, to.k, what);
  if (!read) return false;
  to.code = uint16_t(code);
  to.jt = uint8_t(jt);
  to.jf = uint8_t(jf);
  if (!line.empty()) what = "more than four numbers";
  return line.empty();
}

bool parseCount(std::string_view line, uint32_t& count, std::string& what) {
  if (!takeNumber(line, {"the number of instructions", uint32_t(kMaxInstructions)}, count, what))
    return false;
  if (!line.empty()) what = "the first line is the number of instructions alone";
  return line.empty();
}

}  // namespace

std::string toListing(const Program& program) {
  std::string text;
  for (size_t i = 0; i < program.size(); i++) text += listingLine(program[i], i);
  return text;
}

std::string toInitializers(const Program& program) {
  std::string text;
  for (const auto& [code, jt, jf, k] : program)
    text += format("{ 0x%x, %u, %u, 0x%08x },\n", code, jt, jf, k);
  return text;
}

std::string toNumbers(const Program& program) {
  std::string text = std::to_string(program.size()) + "\n";
  for (const auto& [code, jt, jf, k] : program) text += format("%u %u %u %u\n", code, jt, jf, k);
  return text;
}

bool parseNumbers(std::string_view text, Program& program, TextFault& fault) {
  Lines lines(text);
  const auto refuse = [&](std::string what) {
    fault = {std::max(lines.number(), size_t{1}), std::move(what)};
    return false;
  };
  uint32_t count = 0;
  std::string what;
  const auto first = lines.next();
  if (!first) return refuse("it is empty");
  if (!parseCount(*first, count, what)) return refuse(std::move(what));
  Program read;
  for (uint32_t i = 0; i < count; i++) {
    const auto line = lines.next();
    if (!line)
      return refuse("it ends after " + std::to_string(i) + " of " + std::to_string(count) + " lines");
    if (!parseInstruction(*line, read.emplace_back(), what)) return refuse(std::move(what));
  }
  while (const auto line = lines.next()) {
    if (!line->empty()) return refuse("more than the " + std::to_string(count) + " lines that it announces");
  }
  if (auto wrong = faultOf(read)) {
    fault = {read.empty() ? 1 : wrong->at + 2, std::move(wrong->what)};
    return false;
  }
  program = std::move(read);
  return true;
}

}  // namespace hepcapd
