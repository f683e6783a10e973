#pragma once

#include <boost/json.hpp>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "support/client.hpp"
#include "support/gate.hpp"
#include "support/program.hpp"

/// What the end-to-end tests have in common: the real service, the real world outside, and ways to get between them.
namespace tollgate::test {

namespace json = boost::json;

/// A service on a store of its own with a sandbox behind it, each a process.
class Shop {
public:
    explicit Shop(Variables more = {});

    /// The same store and world with a new process, on another port.
    void restart();
    [[nodiscard]] unsigned short port() const { return service->port(); }
    [[nodiscard]] std::optional<Reply> charge(const std::string& key, const Order& order = {}) const;
    [[nodiscard]] Reply settled(const std::string& key, const Order& order = {}) const;
    [[nodiscard]] Reply get(const std::string& path) const;
    [[nodiscard]] std::string effects(const std::string& order_id = "ord_1") const;

    Folder folder;
    std::unique_ptr<Program> sandbox;
    Variables settings;
    std::unique_ptr<Program> service;
};

/// Fast retries and no more: what tests with faults want.
[[nodiscard]] Variables quick(Variables more = {});

/// A gate that holds the calls whose path begins so, before they are passed on, until they are released.
class HeldGate {
public:
    HeldGate(unsigned short outside_port, std::string path);
    ~HeldGate();

    [[nodiscard]] std::string url() const { return gate_.url(); }
    /// Returns once so many calls are held; false when that did not happen within a minute.
    [[nodiscard]] bool wait_for(int held);
    /// Lets go all that are held and all that come.
    void release();

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int held_ = 0;
    bool released_ = false;
    std::string path_;
    Gate gate_;
};

/// A port that refuses connections and that nobody else is given, until a server is told to listen on it.
class ClosedPort {
public:
    ClosedPort();
    ~ClosedPort();
    ClosedPort(const ClosedPort&) = delete;
    ClosedPort& operator=(const ClosedPort&) = delete;
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    [[nodiscard]] std::string url() const { return "http://" + address(); }
    [[nodiscard]] std::unique_ptr<Program> start_sandbox() const;

private:
    int socket_ = -1;
    unsigned short port_ = 0;
};

/// Looks again and again until it is so; false when it is not within a minute.
[[nodiscard]] bool eventually(const std::function<bool()>& condition);

[[nodiscard]] std::future<std::optional<Reply>> charge_async(unsigned short port, std::string key, Order order = {});

/// The reply, which must be there.
[[nodiscard]] Reply must(std::optional<Reply> reply);

/// The body, which must be a JSON object.
[[nodiscard]] json::object body_of(const Reply& reply);

/// That this is a problem of RFC 9457 with this status and code, and all members the contract promises.
void check_problem(const Reply& reply, int status, const std::string& code);

/// What the real `tollgate hash-key` says to a key on its standard input.
[[nodiscard]] std::string hash_of(const std::string& key);

/// How often one string is in another.
[[nodiscard]] std::size_t count_of(const std::string& text, const std::string& wanted);

/// What is in a file; empty when it cannot be read.
[[nodiscard]] std::string content_of(const std::string& path);

}  // namespace tollgate::test
