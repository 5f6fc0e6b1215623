// What the daemon asks of the system beside capturing: sd_notify(3), _exit(2), what a TCP peer has not
// confirmed, and the counts of the SQLite table.
#pragma once

#include <napi.h>

namespace hepcapd {

// exports.notify(text): boolean; exports.exitAtOnce(status): never; exports.unacknowledged(fd): number;
// exports.rowsTableCounts(): {cut, cleaned, arrivals}.
void registerSystem(Napi::Env env, Napi::Object exports);

}  // namespace hepcapd
