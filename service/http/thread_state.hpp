#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/intrusive/list.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/runtime.hpp"
#include "service/http/limits.hpp"
#include "service/http/message.hpp"
#include "service/http/router.hpp"

namespace tollgate::http {

/// One answered request, for logs and metrics. The views live as long as the call. Neither bodies nor paths, which may hold
/// what must not be written down: the route's pattern instead, empty when there was none.
struct Access {
    std::string_view method;  // "other" for one that is not known
    std::string_view route;
    std::string_view request_id;
    std::string_view tenant;
    std::string_view peer;
    int status;
    std::size_t request_bytes;                     // of the body
    std::size_t response_bytes;                    // of head and body
    std::chrono::steady_clock::duration duration;  // from the whole head to the answer's last byte handed to the kernel
    bool delivered;                                // the client was still there
};

/// Returns the tenant, or fails with `unauthenticated` or `forbidden`. Never called for Scope::none.
using Authenticate = std::function<Result<std::string>(std::optional<std::string_view> authorization, Scope required)>;

struct Options {
    Limits limits;
    std::shared_ptr<asio::ssl::context> tls;  // empty: plain; see tls.hpp
    Authenticate authenticate;                // empty: everybody is tenant "default"
    bool this_machine_only = false;           // no keys: routes with a scope answer no page of another host (DNS rebinding)
    std::function<void(const Access&)> access;
    std::function<void(std::string_view what, const Access&)> fault;  // a handler threw; `what` must be redacted
};

using IoExecutor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, IoExecutor>;

/// A session as the sweep, the drain and the accept loop see it.
class Watched : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    static constexpr SteadyTime never = SteadyTime::max();

    virtual ~Watched() = default;
    /// Ends the socket operation that is being waited for, if there is one.
    virtual void interrupt() noexcept = 0;
    /// Closes the socket; a running handler goes on.
    virtual void abort() noexcept = 0;

    SteadyTime deadline = never;
    bool expired = false;  // the sweep found the deadline passed
    bool idle = false;     // between two requests, nothing of the next has come
    bool fresh = true;     // nothing has been served yet
    bool leave = false;    // to be closed when idle
};

/// What the sessions of one thread share. Touched on that thread only, but for `counters`.
struct ThreadState {
    static constexpr std::chrono::milliseconds sweep_interval{100};

    ThreadState(const Runtime& the_runtime, Router the_router, Options the_options, Counters& the_counters);

    /// Reads the clocks; what `now` and `date` say is at most a sweep old while there are sessions.
    void tick();
    /// Runs until `stop`; sleeps while there is nothing to watch.
    static Task<void> sweep(std::shared_ptr<ThreadState> state);
    void enter(Watched& session);
    void left() noexcept;
    void drain();
    /// Asks the connection that has been idle for the longest time to leave.
    void evict_idle();

    const Runtime& runtime;
    const Router router;
    const Options options;
    Counters& counters;

    SteadyTime now;
    std::string date;
    bool draining = false;
    bool stopped = false;
    std::size_t sessions = 0;
    std::unique_ptr<Timer> sweeper;
    std::unique_ptr<Timer> emptied;  // woken when the last session has left

private:
    WallTime dated_{};
    boost::intrusive::list<Watched, boost::intrusive::constant_time_size<false>> watched_;
    void sweep_once();
    friend class Server;
};

}  // namespace tollgate::http
