#include "copy_rows.h"

#include "../batch/copy_rows.h"
#include "slabs.h"
#include "values.h"

namespace hepcapd {
namespace {

constexpr std::string_view kTypeNames[] = {
#define X(name) #name,
    HEPCAPD_COPY_TYPES(X)
#undef X
};

CopyType typeNamed(Napi::Env env, const std::string& name) {
  for (size_t i = 0; i < std::size(kTypeNames); i++) {
    if (kTypeNames[i] == name) return CopyType(i);
  }
  throw Napi::Error::New(env, "no type " + name);
}

Column columnNamed(Napi::Env env, const std::string& name) {
  for (size_t i = 0; i < kColumns; i++) {
    if (columnShape(Column(i)).name == name) return Column(i);
  }
  throw Napi::Error::New(env, "no column " + name);
}

CopyColumn columnOf(const Napi::Object& column) {
  const CopyType type = typeNamed(column.Env(), column.Get("type").ToString());
  if (type == CopyType::constant) {
    return {Column::msg, type, 0, std::string(bytesOf(column.Get("octets")).text())};
  }
  return {columnNamed(column.Env(), column.Get("from").ToString()), type, uint32_t(numberOf(column, "size"))};
}

std::vector<CopyColumn> columnsOf(const Napi::Array& list) {
  std::vector<CopyColumn> columns;
  for (uint32_t i = 0; i < list.Length(); i++) columns.push_back(columnOf(list.Get(i).As<Napi::Object>()));
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

Napi::Object toJs(Napi::Env env, const CopyMessage& message) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("rows", double(message.rows));
  result.Set("size", double(message.size));
  result.Set("wanted", double(message.wanted));
  result.Set("cut", double(message.counts.cut));
  result.Set("cleaned", double(message.counts.cleaned));
  result.Set("clamped", double(message.counts.clamped));
  result.Set("arrivals", double(message.counts.arrivals));
  return result;
}

// copyRows(handle, rows, node, columns, room): {rows, size, wanted, cut, cleaned, clamped, arrivals}, on any
// thread.
Napi::Value copyRows(const Napi::CallbackInfo& info) {
  const SlabPool::Reader slab = SlabPool::read(handleOf(info[0]));
  if (!slab) throw Napi::Error::New(info.Env(), "no sealed slab has this handle");
  const std::string node = info[2].ToString();
  const auto room = info[4].As<Napi::Buffer<uint8_t>>();
  return toJs(info.Env(), encodeCopyRows(*slab, rowsOf(info[1], *slab), Bytes(std::string_view(node)),
                                         columnsOf(info[3].As<Napi::Array>()), {room.Data(), room.Length()}));
}

}  // namespace

void registerCopyRows(Napi::Env env, Napi::Object exports) {
  exports.Set("copyRows", Napi::Function::New(env, copyRows, "copyRows"));
}

}  // namespace hepcapd
