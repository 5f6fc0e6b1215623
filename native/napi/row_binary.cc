#include "row_binary.h"

#include "../batch/row_binary.h"
#include "slabs.h"
#include "values.h"

namespace hepcapd {
namespace {

constexpr std::string_view kTypeNames[] = {
#define X(name) #name,
    HEPCAPD_ROW_BINARY_TYPES(X)
#undef X
};

Column columnNamed(Napi::Env env, const std::string& name) {
  for (size_t i = 0; i < kColumns; i++) {
    if (columnShape(Column(i)).name == name) return Column(i);
  }
  throw Napi::Error::New(env, "no column " + name);
}

RowBinaryType typeNamed(Napi::Env env, const std::string& name) {
  for (size_t i = 0; i < std::size(kTypeNames); i++) {
    if (kTypeNames[i] == name) return RowBinaryType(i);
  }
  throw Napi::Error::New(env, "no type " + name);
}

std::vector<RowBinaryColumn> columnsOf(const Napi::Array& list) {
  std::vector<RowBinaryColumn> columns;
  for (uint32_t i = 0; i < list.Length(); i++) {
    const auto column = list.Get(i).As<Napi::Object>();
    columns.push_back({columnNamed(list.Env(), column.Get("from").ToString()),
                       typeNamed(list.Env(), column.Get("type").ToString()),
                       column.Get("isNullable").ToBoolean(), uint32_t(numberOf(column, "size"))});
  }
  return columns;
}

std::vector<uint32_t> rowsOf(const Napi::Value& value, const Slab& slab) {
  const auto array = value.As<Napi::Uint32Array>();
  std::vector<uint32_t> rows(array.Data(), array.Data() + array.ElementLength());
  for (const uint32_t row : rows) {
    if (row >= slab.rows()) throw Napi::RangeError::New(value.Env(), "a row number is beyond the slab");
  }
  return rows;
}

Napi::Object toJs(Napi::Env env, RowBinary encoded) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("cut", double(encoded.counts.cut));
  result.Set("cleaned", double(encoded.counts.cleaned));
  result.Set("clamped", double(encoded.counts.clamped));
  result.Set("arrivals", double(encoded.counts.arrivals));
  result.Set("size", double(encoded.size));
  if (!encoded.octets) return result;
  uint8_t* octets = encoded.octets.release();
  result.Set("room", Napi::Buffer<uint8_t>::New(env, octets, encoded.capacity,
                                                [](Napi::Env, uint8_t* at) { std::free(at); }));
  return result;
}

Room roomOf(const Napi::Value& value) {
  if (!value.IsBuffer()) return {};
  const auto buffer = value.As<Napi::Buffer<uint8_t>>();
  return {buffer.Data(), buffer.Length()};
}

std::optional<DateWindow> windowOf(const Napi::Value& value) {
  if (!value.IsObject()) return {};
  const auto window = value.As<Napi::Object>();
  return DateWindow{int64_t(numberOf(window, "backMs")) * 1000, int64_t(numberOf(window, "aheadMs")) * 1000};
}

// rowBinary(handle, rows, node, columns, room?, window?): {size, room?, cut, cleaned, clamped, arrivals},
// on any thread.
Napi::Value rowBinary(const Napi::CallbackInfo& info) {
  const SlabPool::Reader slab = SlabPool::read(handleOf(info[0]));
  if (!slab) throw Napi::Error::New(info.Env(), "no sealed slab has this handle");
  const std::string node = info[2].ToString();
  return toJs(info.Env(),
              encodeRowBinary(*slab, rowsOf(info[1], *slab), Bytes(std::string_view(node)),
                              columnsOf(info[3].As<Napi::Array>()), roomOf(info[4]), windowOf(info[5])));
}

}  // namespace

void registerRowBinary(Napi::Env env, Napi::Object exports) {
  exports.Set("rowBinary", Napi::Function::New(env, rowBinary, "rowBinary"));
}

}  // namespace hepcapd
