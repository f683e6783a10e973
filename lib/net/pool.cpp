#include "net/pool.hpp"

namespace tollgate {

Lease::~Lease() {
    if (pool_ != nullptr && connection_) pool_->give_back(std::move(connection_), keep_);
}

Pool::Pool(const Runtime& runtime, asio::ssl::context* tls, std::string host, Limits limits)
    : runtime_(runtime), tls_(tls), host_(std::move(host)), limits_(limits), deadlines_(runtime) {}

std::unique_ptr<Connection> Pool::fresh() const {
    return std::make_unique<Connection>(runtime_.executor, tls_, host_);
}

std::unique_ptr<Connection> Pool::take_idle() {
    while (!idle_.empty()) {
        auto connection = std::move(idle_.back());
        idle_.pop_back();
        connection->disarm();
        if (connection->fit_for_reuse()) return connection;
        --open_;
    }
    return nullptr;
}

Lease Pool::lend(std::unique_ptr<Connection> connection) {
    connection->busy_place = busy_.size();
    busy_.push_back(connection.get());
    return {*this, std::move(connection)};
}

Lease Pool::take() {
    if (shut_) return {};
    if (auto connection = take_idle()) return lend(std::move(connection));
    if (open_ >= limits_.connections_max) return {};
    ++open_;
    return lend(fresh());
}

Task<Lease> Pool::acquire(SteadyTime deadline) {
    Lease at_once = take();
    if (at_once || shut_) co_return at_once;

    while (!waiting_.empty() && waiting_.front().expired()) waiting_.pop_front();
    if (waiting_.size() >= limits_.waiting_max) std::erase_if(waiting_, [](const auto& one) { return one.expired(); });
    if (waiting_.size() >= limits_.waiting_max) co_return Lease();
    const auto turn = std::make_shared<OneShot<Lease>>(runtime_);
    waiting_.push_back(turn);
    auto lease = co_await turn->wait_until(deadline);
    if (!lease) co_return Lease();
    co_return std::move(*lease);
}

void Pool::give_back(std::unique_ptr<Connection> connection, bool keep) noexcept {
    busy_.back()->busy_place = connection->busy_place;
    busy_[connection->busy_place] = busy_.back();
    busy_.pop_back();
    connection->disarm();
    if (keep && !shut_ && connection->is_open()) {
        connection->in_exchange = false;
    } else {
        connection.reset();
    }

    while (!shut_ && !waiting_.empty()) {
        const auto turn = waiting_.front().lock();
        waiting_.pop_front();
        if (!turn) continue;
        // Should the waiter leave before it wakes, its lease comes back here and goes to the next.
        turn->set(lend(connection ? std::move(connection) : fresh()));
        return;
    }
    if (!connection) {
        --open_;
        return;
    }
    connection->used = true;
    deadlines_.arm(*connection, runtime_.clock.steady() + limits_.idle_timeout);
    idle_.push_back(std::move(connection));
}

void Pool::shut() {
    shut_ = true;
    open_ -= idle_.size();
    idle_.clear();
    for (Connection* const one : busy_) {
        if (one->in_exchange) {
            one->reset();
        } else {
            one->close();
        }
    }
    for (const auto& one : std::exchange(waiting_, {})) {
        if (const auto turn = one.lock()) turn->set(Lease());
    }
}

}  // namespace tollgate
