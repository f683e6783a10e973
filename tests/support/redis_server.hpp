#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// Real Redis servers for tests: each on a port of 127.0.0.1 that is its own for as long as the object lives, with its files
/// in a temporary folder, ended when its object goes (and when the test's main thread does). What cannot be started throws.
namespace tollgate::test {

/// Asks every few milliseconds until it holds; false when it does not within the limit.
[[nodiscard]] bool wait_for(const std::function<bool()>& condition, std::chrono::milliseconds limit = std::chrono::seconds(30));

/// A reply, copied out of hiredis.
struct RedisReply {
    enum class Kind : unsigned char { nil, text, integer, array, error };
    Kind kind = Kind::nil;
    std::string text;  // of a string, a status or an error; of an integer: its digits
    long long integer = 0;
    std::vector<RedisReply> elements;

    [[nodiscard]] bool is_error() const noexcept { return kind == Kind::error; }
};

/// A port of 127.0.0.1 that nobody else is given while this lives: a bound socket that does not listen, beside which only
/// a server that asks for this very port can listen.
class ReservedPort {
public:
    ReservedPort();
    ~ReservedPort();
    ReservedPort(const ReservedPort&) = delete;
    ReservedPort& operator=(const ReservedPort&) = delete;
    [[nodiscard]] unsigned short number() const noexcept { return number_; }

private:
    int socket_ = -1;
    unsigned short number_ = 0;
};

class RedisServer {
public:
    struct Options {
        bool tls = false;                 // on the port, for "localhost" and 127.0.0.1; see `ca_file`
        bool unix_socket = false;         // instead of the port
        std::string user;                 // besides the default user; with `password`
        std::string password;             // empty: none is asked for
        bool append_only = false;         // appendfsync always
        std::string max_memory;           // "4mb"; with noeviction. Empty: no limit
        unsigned short replica_of = 0;    // port of a master with the same password
        bool sentinel = false;            // runs as one
        bool cluster = false;             // runs as a node of one
        std::vector<std::string> config;  // further lines of redis.conf
    };

    RedisServer();  // no persistence, no password
    explicit RedisServer(Options options);
    ~RedisServer();
    RedisServer(const RedisServer&) = delete;
    RedisServer& operator=(const RedisServer&) = delete;

    [[nodiscard]] unsigned short port() const noexcept { return port_.number(); }
    [[nodiscard]] unsigned short bus_port() const noexcept { return bus_port_.number(); }  // of a cluster node
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port()); }
    [[nodiscard]] const std::string& folder() const noexcept { return folder_; }
    [[nodiscard]] std::string socket_path() const { return folder_ + "/redis.sock"; }
    [[nodiscard]] std::string ca_file() const { return folder_ + "/ca.pem"; }
    /// As store.url has it: "redis://127.0.0.1:PORT/0", "rediss://localhost:PORT/0" or "redis+unix://PATH", with credentials.
    [[nodiscard]] std::string url() const;
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    /// SIGKILL and its end.
    void kill_hard();
    /// The same port, folder and files again; returns when it answers and has loaded its data.
    void restart();
    /// SIGSTOP: connections stay, nothing answers; and on again.
    void stop_process();
    void continue_process();

    /// One command with the right password, on a connection of its own through the Unix socket, so from any thread. Throws
    /// when the server does not answer within ten seconds; an error is a reply.
    RedisReply command(const std::vector<std::string>& words);
    /// Many at once, on one connection.
    std::vector<RedisReply> commands(const std::vector<std::vector<std::string>>& all);
    /// A field of an INFO section, as ("replication", "role"); empty when it is not there.
    std::string info(const std::string& section, std::string_view field);
    /// Calls of a command by the server's own count, as calls("evalsha"). `CONFIG RESETSTAT` begins it anew.
    long long calls(const std::string& command_name);

    /// What it has written to its log.
    [[nodiscard]] std::string said() const;

private:
    void write_files();
    void start();
    [[nodiscard]] bool ended();

    Options options_;
    ReservedPort port_;
    ReservedPort bus_port_;
    std::string folder_;
    pid_t pid_ = -1;
};

}  // namespace tollgate::test
