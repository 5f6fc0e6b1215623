// A list of streams in the order in which something happened to them, through links that lie in the streams.
// A stream is in a queue at most once; nothing is allocated.
#pragma once

namespace hepcapd {

template <typename Stream>
struct QueueLink {
  Stream* older = nullptr;
  Stream* newer = nullptr;
  bool queued = false;
};

template <typename Stream, QueueLink<Stream> Stream::*Link>
class StreamQueue {
 public:
  Stream* oldest() const { return oldest_; }

  // Makes `stream` the newest one, whether it was here or not.
  void renew(Stream& stream) {
    if (newest_ == &stream) return;
    remove(stream);
    (stream.*Link) = {newest_, nullptr, true};
    (newest_ ? (newest_->*Link).newer : oldest_) = &stream;
    newest_ = &stream;
  }

  void remove(Stream& stream) {
    QueueLink<Stream>& link = stream.*Link;
    if (!link.queued) return;
    (link.older ? (link.older->*Link).newer : oldest_) = link.newer;
    (link.newer ? (link.newer->*Link).older : newest_) = link.older;
    link = {};
  }

 private:
  Stream* oldest_ = nullptr;
  Stream* newest_ = nullptr;
};

}  // namespace hepcapd
