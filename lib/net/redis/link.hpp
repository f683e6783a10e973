#pragma once

#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "net/redis/client.hpp"

namespace tollgate::redis {

struct LinkOptions : Account {
    /// Asked before every connection attempt; within `timeout`. Its error is the reason why there is no connection.
    std::function<Task<Result<Address>>(SteadyTime deadline)> where;
    bool master_only = false;                 // who answers ROLE with anything but master is left at once
    std::shared_ptr<asio::ssl::context> tls;  // none: plain text
    std::function<void(const LinkChange&)> hook;
};

/// For the links of a client with these options: all but `where` and `master_only`. Fails with `bad_request` when
/// `trusted_ca_file` cannot be used.
[[nodiscard]] Result<LinkOptions> link_options(const Options& options, std::function<void(const LinkChange&)> hook);

/// One connection to one server, kept up for as long as the link lives.
///
/// Commands of all callers share it. They leave at the end of the loop's pass, or sooner once 8 KiB are queued, in one write;
/// replies come in the same order. While the connection is away commands wait for it, and when it has been away for `timeout`,
/// or our own settings are at fault, they are refused at once. A reply that is not there by its caller's deadline has an
/// unknown outcome; when the server has owed one for half of `timeout` it stalls: the connection is dropped then, with
/// everything on it.
///
/// With `replicas`, every write of the wire is followed by one WAIT, and its commands count once that was answered (`unknown`
/// when fewer replicas hold them).
///
/// For its runtime's thread. Callers that still wait when it goes are not resumed.
class Link {
public:
    Link(const Runtime& runtime, LinkOptions options);
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    /// The reply to the last of the commands in `wire`, which may be an error reply. `commands` is how many there are: ASKING
    /// goes in front of the command it is about. `wire` stays alive until this completes.
    Task<Answer> send(std::string_view wire, SteadyTime deadline, unsigned commands = 1);

    /// Drops the connection, if this is still the one that `send` used, and makes another: the server is not the right one.
    void renew(const std::string& why);

    /// True once there is a connection; false when there was none by then, or cannot be with these settings.
    Task<bool> wait_until_up(SteadyTime deadline);

    /// Ends it while others still hold it: those who wait are let go, as when it goes.
    void shut() noexcept;

    [[nodiscard]] bool is_up() const noexcept;
    /// Why there is no connection; empty when there is.
    [[nodiscard]] Failure trouble() const;

private:
    struct Waiting;
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace tollgate::redis
