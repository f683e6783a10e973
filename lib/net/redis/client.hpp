#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "async/runtime.hpp"
#include "core/error.hpp"
#include "net/redis/command.hpp"
#include "net/redis/reply.hpp"

/// Redis for coroutines: hiredis writes and reads the protocol, Asio carries it.
namespace tollgate::redis {

struct Address {
    std::string host;  // a name or an address; of a Unix socket: its path, and the port is 0
    std::uint16_t port = 0;

    friend bool operator==(const Address&, const Address&) = default;
    friend auto operator<=>(const Address&, const Address&) = default;
};

/// "host:port", "[v6]:port", or the path.
[[nodiscard]] std::string to_string(const Address& address);

/// What every connection of a client has in common.
struct Account {
    std::string user, password;  // empty: none
    int database = 0;

    Milliseconds timeout{1000};        // of a connection attempt; and after so long an outage commands are refused at once
    std::size_t waiting_max = 10'000;  // commands that may wait for a connection or a reply
    std::size_t waiting_bytes = 64 << 20;
    int replicas = 0;  // so many must hold a write before it counts (WAIT)
};

struct Options : Account {
    enum class Kind : std::uint8_t { standalone, sentinel, cluster };
    Kind kind = Kind::standalone;
    std::vector<Address> servers;  // one; the sentinels; some nodes of the cluster
    std::string master;            // its name among the sentinels
    bool tls = false;              // certificate and name are verified (TLS 1.2 or newer)
    std::string trusted_ca_file;   // instead of the system's authorities, for tests; SSL_CERT_FILE does it for operators
};

/// Why a command brought no reply to go on with.
struct Failure {
    Execution execution = Execution::not_executed;  // `refused`: an error of the command's own, or of our rights
    std::string why;                                // a sentence without a full stop, for people
    bool settings_at_fault = false;                 // as long as nobody changes ours or the server's, it stays so
    bool outage = false;                            // Redis has been away for longer than `Options::timeout`: it was not tried
};

using Answer = std::expected<Reply, Failure>;  // the reply is never an error

/// Whether a command may be sent again when it is not known what became of it.
enum class Repeat : std::uint8_t { never, safe };

/// A change of a connection, for the log.
struct LinkChange {
    std::string server;
    bool up = false;
    std::string why;  // it went down
};

/// One event loop's way to Redis: a connection (to every node it needs, of a cluster), on which commands that are ready
/// together leave together. Connects by itself, and again after a loss, with a growing pause between attempts; the master is
/// asked for again each time. For its runtime's thread; the runtime outlives it, and it outlives its callers' coroutines or
/// is destroyed when they run no more.
class Client {
public:
    /// Begins to connect. Fails with `bad_request` when the options cannot be used. `hook` is called on the runtime's thread.
    static Result<std::unique_ptr<Client>> make(const Runtime& runtime, Options options,
                                                std::function<void(const LinkChange&)> hook = {});
    virtual ~Client() = default;

    /// Sends the command to the master that has this hash slot (any, where there is no cluster). What was surely not
    /// executed is sent again until the deadline where that helps (loading, failing over, moved); what may have been is sent
    /// again only when that is `safe`. A cancelled or late caller leaves; its command may still be executed.
    virtual Task<Answer> call(Command command, std::uint16_t slot, SteadyTime deadline, Repeat repeat) = 0;

    /// The same for a script, which is loaded where it is not known. Scripts are safe to repeat: they are written so. The
    /// slot is that of the first key.
    Task<Answer> run(const Script& script, std::vector<std::string_view> keys, std::vector<std::string_view> arguments,
                     SteadyTime deadline);

    /// One of its slots for every master there is, at least one. Fails while no master is known.
    virtual Task<Result<std::vector<std::uint16_t>>> a_slot_of_each_master(SteadyTime deadline) = 0;

protected:
    /// Like `call`, and loads `script` on the node that does not know it.
    virtual Task<Answer> call_script(Command command, const Script& script, std::uint16_t slot, SteadyTime deadline) = 0;
};

}  // namespace tollgate::redis
