#pragma once

#include <memory>

#include "service/http/listener.hpp"
#include "service/http/thread_state.hpp"

namespace tollgate::http {

/// The HTTP/1.1 server of one thread: it accepts on its own socket, and everything of it runs on its io_context's thread.
/// Borrowed: `counters`, which outlives the io_context, and `runtime`, which outlives every run of it and whose executor
/// is the io_context's. The server itself goes before the io_context does.
///
/// When no file descriptors are left, or `Limits::max_connections` is reached, accepting pauses and tries again: clients
/// wait in the kernel's queue, and the connection that has been idle for the longest time is closed to make room.
class Server {
public:
    Server(const Runtime& runtime, Acceptor acceptor, Router router, Options options, Counters& counters);
    ~Server();
    Server(Server&&) = delete;

    /// Begins to accept. Once.
    void start();

    /// Takes what waits in the kernel's queue, then stops listening; idle connections are closed, requests that arrived are
    /// served with `Connection: close`, connections that have sent nothing yet get a second. From any thread; again is nothing.
    void begin_drain();

    /// True once every session has ended, false when some live at that time. On the server's thread, one at a time.
    Task<bool> wait_until_idle(SteadyTime deadline);

    /// Closes every connection at once; handlers that run go on to their end. On the server's thread.
    void abort();

    [[nodiscard]] Endpoint endpoint() const noexcept { return endpoint_; }

private:
    struct Door;
    std::shared_ptr<ThreadState> state_;
    std::shared_ptr<Door> door_;
    Endpoint endpoint_;
};

}  // namespace tollgate::http
