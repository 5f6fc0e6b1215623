#include "value_rows.h"

#include "../batch/value_rows.h"
#include "slabs.h"
#include "values.h"

namespace hepcapd {
namespace {

constexpr std::string_view kTypeNames[] = {
#define X(name) #name,
    HEPCAPD_VALUE_TYPES(X)
#undef X
};

ValueType typeNamed(Napi::Env env, const std::string& name) {
  for (size_t i = 0; i < std::size(kTypeNames); i++) {
    if (kTypeNames[i] == name) return ValueType(i);
  }
  throw Napi::Error::New(env, "no type " + name);
}

Column columnNamed(Napi::Env env, const std::string& name) {
  for (size_t i = 0; i < kColumns; i++) {
    if (columnShape(Column(i)).name == name) return Column(i);
  }
  throw Napi::Error::New(env, "no column " + name);
}

template <typename T>
void readNumber(const Napi::Object& column, const char* name, T& into) {
  if (!column.Get(name).IsUndefined()) into = T(numberOf(column, name));
}

ValueColumn columnOf(const Napi::Object& given) {
  ValueColumn column{columnNamed(given.Env(), given.Get("from").ToString()),
                     typeNamed(given.Env(), given.Get("type").ToString())};
  readNumber(given, "characters", column.characters);
  readNumber(given, "octets", column.octets);
  readNumber(given, "lastCodePoint", column.lastCodePoint);
  readNumber(given, "least", column.least);
  readNumber(given, "most", column.most);
  column.hasMicros = given.Get("hasMicros").ToBoolean();
  return column;
}

std::vector<ValueColumn> columnsOf(const Napi::Array& list) {
  std::vector<ValueColumn> columns;
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

template <typename Array, typename T>
Array arrayOf(Napi::Env env, const std::vector<T>& values) {
  Array array = Array::New(env, values.size());
  std::copy(values.begin(), values.end(), array.Data());
  return array;
}

Napi::Object toJs(Napi::Env env, const RowValues& values) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("rows", double(values.rows));
  result.Set("octets", double(values.octets));
  result.Set("text", values.text);
  result.Set("ends", arrayOf<Napi::Uint32Array>(env, values.ends));
  result.Set("int32s", arrayOf<Napi::Int32Array>(env, values.int32s));
  result.Set("int64s", arrayOf<Napi::BigInt64Array>(env, values.int64s));
  result.Set("spans", arrayOf<Napi::Uint32Array>(env, values.spans));
  result.Set("filled", arrayOf<Napi::Uint8Array>(env, values.filled));
  result.Set("cut", double(values.counts.cut));
  result.Set("cleaned", double(values.counts.cleaned));
  result.Set("clamped", double(values.counts.clamped));
  result.Set("arrivals", double(values.counts.arrivals));
  return result;
}

// rowValues(handle, rows, node, columns, octets): the first of these rows, on any thread.
Napi::Value rowValues(const Napi::CallbackInfo& info) {
  const SlabPool::Reader slab = SlabPool::read(handleOf(info[0]));
  if (!slab) throw Napi::Error::New(info.Env(), "no sealed slab has this handle");
  const std::string node = info[2].ToString();
  return toJs(info.Env(),
              valuesOf(*slab, rowsOf(info[1], *slab), Bytes(std::string_view(node)),
                       columnsOf(info[3].As<Napi::Array>()), size_t(info[4].ToNumber().DoubleValue())));
}

}  // namespace

void registerValueRows(Napi::Env env, Napi::Object exports) {
  exports.Set("rowValues", Napi::Function::New(env, rowValues, "rowValues"));
}

}  // namespace hepcapd
