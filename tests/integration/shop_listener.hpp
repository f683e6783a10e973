#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/program.hpp"
#include "support/scripted_server.hpp"

namespace tollgate::test {

/// Where the shop hears its events: a server on a port of its own that checks each signature as Standard Webhooks 1.0 says and
/// keeps what it heard.
class ShopListener {
public:
    struct Heard {
        std::string path;
        std::string id;    // webhook-id
        std::string type;  // the rest is what the body says
        std::string charge_id;
        boost::json::value body;
        bool verified = false;  // signed by our secret over just this, just now
        std::chrono::steady_clock::time_point at;
    };
    /// The status to answer with; `silence` answers nothing until the other end leaves, `cut` ends the connection. Called by
    /// one thread for each connection.
    using Answer = std::function<int(const Heard&)>;
    static constexpr int silence = -1;
    static constexpr int cut = -2;

    /// 200 to everything. Connections are refused until `open` when it is closed at first.
    explicit ShopListener(Answer answer = {}, bool closed = false);
    ~ShopListener();
    ShopListener(const ShopListener&) = delete;
    ShopListener& operator=(const ShopListener&) = delete;
    void open();

    [[nodiscard]] unsigned short port() const noexcept { return port_; }
    /// notify.url and notify.secret.
    [[nodiscard]] Variables settings() const;

    /// In the order in which they came, whatever was answered.
    [[nodiscard]] std::vector<Heard> heard(const std::string& charge_id = "") const;
    /// The types of what was heard of one charge, as "charge.succeeded charge.refunded".
    [[nodiscard]] std::string types(const std::string& charge_id) const;

private:
    void accept_all();
    void converse(Peer& peer);

    Answer answer_;
    int socket_ = -1;
    unsigned short port_ = 0;
    mutable std::mutex mutex_;
    std::vector<Heard> heard_;
    std::vector<std::shared_ptr<Peer>> peers_;
    std::vector<std::thread> threads_;
    std::thread acceptor_;
};

/// A header of a request on the wire; empty when it is not there.
[[nodiscard]] std::string header_in(const std::string& request, const std::string& name);

}  // namespace tollgate::test
