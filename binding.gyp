{
  "targets": [
    {
      "target_name": "hepcapd",
      "sources": ["<!@(ls native/base/*.cc native/hep/*.cc native/sip/*.cc native/batch/*.cc native/bpf/*.cc native/capture/*.cc native/decode/*.cc native/stream/*.cc native/sqlite/*.cc native/os/*.cc native/senders/*.cc native/napi/*.cc)"],
      "include_dirs": [
        "<!(node -p \"require('node-addon-api').include_dir\")",
        "<!(node -p \"require('path').join(require('path').dirname(require.resolve('better-sqlite3/package.json')), 'deps/sqlite3')\")"
      ],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_CPP_EXCEPTIONS"],
      "cflags": ["-Wall", "-Wextra", "-Wno-cast-function-type"],
      "cflags_cc": ["-std=c++20", "-O3", "-flto=auto", "-fvisibility=hidden", "-fexceptions"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fno-rtti", "-fno-exceptions"],
      "ldflags": ["-flto=auto", "-Wl,--exclude-libs,ALL"]
    }
  ]
}
