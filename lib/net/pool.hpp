#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "async/one_shot.hpp"
#include "net/connection.hpp"

namespace tollgate {

class Pool;

/// The right to one connection. Gives it back when it goes: for the next one when it was `keep`t, else closed; in the
/// middle of an exchange, reset.
class Lease {
public:
    Lease() noexcept = default;
    Lease(Pool& pool, std::unique_ptr<Connection> connection) : pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)), connection_(std::move(other.connection_)), keep_(other.keep_) {}
    Lease& operator=(Lease&& other) noexcept {
        std::swap(pool_, other.pool_);
        std::swap(connection_, other.connection_);
        std::swap(keep_, other.keep_);
        return *this;
    }
    ~Lease();

    [[nodiscard]] explicit operator bool() const noexcept { return connection_ != nullptr; }
    [[nodiscard]] Connection& connection() noexcept { return *connection_; }

    /// The exchange is over and the connection fit for another.
    void keep() noexcept { keep_ = true; }

private:
    Pool* pool_ = nullptr;
    std::unique_ptr<Connection> connection_;
    bool keep_ = false;
};

/// The connections to one origin: so many open at most, the one used last first; whoever finds none waits in line until
/// its deadline, and the line is bounded. For one thread; outlives its leases.
class Pool {
public:
    struct Limits {
        std::size_t connections_max;
        std::size_t waiting_max;
        Milliseconds idle_timeout;
    };

    Pool(const Runtime& runtime, asio::ssl::context* tls, std::string host, Limits limits);

    /// An idle connection that is still good, or a closed one to connect; an empty lease when there is none to be had
    /// without a wait.
    [[nodiscard]] Lease take();

    /// The same, after a wait where that must be; an empty lease when none came free in time, the line is full, or the
    /// pool is closed.
    Task<Lease> acquire(SteadyTime deadline);

    void watch(Connection& connection, SteadyTime deadline) { deadlines_.arm(connection, deadline); }

    /// Closes every connection, also those in use; whoever waits gets an empty lease.
    void shut();

    [[nodiscard]] bool is_shut() const noexcept { return shut_; }
    [[nodiscard]] std::size_t open() const noexcept { return open_; }

private:
    friend class Lease;
    void give_back(std::unique_ptr<Connection> connection, bool keep) noexcept;
    [[nodiscard]] Lease lend(std::unique_ptr<Connection> connection);
    [[nodiscard]] std::unique_ptr<Connection> take_idle();
    [[nodiscard]] std::unique_ptr<Connection> fresh() const;

    const Runtime& runtime_;
    asio::ssl::context* tls_;
    std::string host_;
    Limits limits_;
    Deadlines deadlines_;
    std::vector<std::unique_ptr<Connection>> idle_;  // the one used last at the end
    std::vector<Connection*> busy_;
    std::deque<std::weak_ptr<OneShot<Lease>>> waiting_;
    std::size_t open_ = 0;  // idle and lent
    bool shut_ = false;
};

}  // namespace tollgate
