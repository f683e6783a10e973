#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tollgate::test {

struct Reply {
    int status = 0;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;

    /// A string member of the JSON body, by path ("gateway.capture_id"); empty when it is not there.
    [[nodiscard]] std::string text(std::string_view path) const;
    [[nodiscard]] std::string header(const std::string& name) const;
};

struct Call {
    std::string method = "GET";
    std::string path = "/";
    std::string body;
    std::string key;                             // Idempotency-Key; empty: none
    std::map<std::string, std::string> headers;  // more of them
};

/// One blocking request on a connection of its own; nothing when the other end went away before its whole answer.
[[nodiscard]] std::optional<Reply> request(unsigned short port, const Call& call);

/// The same as its two halves, for clients that leave in between. A socket as an owned descriptor.
class Connection {
public:
    explicit Connection(unsigned short port);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    [[nodiscard]] bool open() const noexcept { return socket_ >= 0; }
    bool send(std::string_view bytes) const;
    std::optional<Reply> read() const;
    /// Appends what comes next; false when nothing comes any more.
    bool more(std::string& got) const;

private:
    int socket_ = -1;
};

[[nodiscard]] std::string to_wire(const Call& call);

struct Order {
    std::string id = "ord_1";
    std::string token = "tok_visa";
    std::string sku = "SKU-1";
    long long amount = 4999;
    std::string customer = "cus_1";
    std::string more;  // further members, as `,"capture":"manual"`
    std::string email = "ann@example.com";
    std::string country = "US";
    std::string currency = "USD";
};

[[nodiscard]] std::string charge_body(const Order& order);

/// POST /charge.
[[nodiscard]] std::optional<Reply> charge(unsigned short port, const std::string& key, const Order& order);

/// Whether a client is done with its charge: this neither waits for an outcome nor asks to come again.
[[nodiscard]] bool is_final(const std::optional<Reply>& reply);

/// POST /charge as a good client: again under the same key while it is in flight, unsettled, not taken or cut off.
[[nodiscard]] Reply settled_charge(unsigned short port, const std::string& key, const Order& order);

/// One thing that happened outside.
struct Effect {
    std::string type;    // reserve, authorize, …
    std::string id;      // of what was made or undone
    std::string key;     // its Idempotency-Key
    std::string status;  // as it stands now: captured, refunded, …
    long long amount = 0;

    friend bool operator==(const Effect&, const Effect&) = default;
};

/// What happened outside, by order, each in its own sequence.
using OutsideLedger = std::map<std::string, std::vector<Effect>>;

/// GET /sandbox/ledger: of one order, or (empty) of all.
[[nodiscard]] OutsideLedger outside_ledger(unsigned short sandbox_port, const std::string& order_id = "");

/// As "reserve authorize capture ship".
[[nodiscard]] std::string types(const std::vector<Effect>& effects);

/// The effects of an order at a sandbox, as "reserve authorize capture ship".
[[nodiscard]] std::string effects(unsigned short sandbox_port, const std::string& order_id);

}  // namespace tollgate::test
