#include "support/client.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <chrono>
#include <stdexcept>
#include <thread>

namespace tollgate::test {

namespace json = boost::json;

std::string Reply::text(std::string_view path) const {
    json::error_code error;
    json::value value = json::parse(body, error);
    while (!error && !path.empty()) {
        const std::string_view name = path.substr(0, path.find('.'));
        path.remove_prefix(std::min(path.size(), name.size() + 1));
        const json::object* object = value.if_object();
        if (object == nullptr || !object->contains(name)) return {};
        json::value inner = object->at(name);
        value = std::move(inner);
    }
    if (error) return {};
    return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

std::string Reply::header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
}

Connection::Connection(unsigned short port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{60, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        close(socket_);
        socket_ = -1;
    }
}

Connection::~Connection() {
    if (socket_ >= 0) close(socket_);
}

bool Connection::send(std::string_view bytes) const {
    while (!bytes.empty()) {
        const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool Connection::more(std::string& got) const {
    char buffer[8192];
    const auto count = recv(socket_, buffer, sizeof buffer, 0);
    if (count > 0) got.append(buffer, static_cast<std::size_t>(count));
    return count > 0;
}

std::optional<Reply> Connection::read() const {
    std::string got;
    std::size_t end = 0;
    while ((end = got.find("\r\n\r\n")) == got.npos) {
        if (!more(got)) return std::nullopt;
    }
    Reply reply;
    reply.status = std::stoi(got.substr(9, 3));
    for (std::size_t at = got.find("\r\n") + 2; at < end + 2;) {
        const std::size_t stop = got.find("\r\n", at);
        const std::string line = got.substr(at, stop - at);
        std::string name = line.substr(0, line.find(':'));
        for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        const std::size_t value = line.find_first_not_of(" \t", name.size() + 1);
        reply.headers[name] = value == line.npos ? "" : line.substr(value);
        at = stop + 2;
    }
    const std::size_t length = reply.headers.contains("content-length") ? std::stoul(reply.headers["content-length"]) : 0;
    while (got.size() < end + 4 + length) {
        if (!more(got)) return std::nullopt;
    }
    reply.body = got.substr(end + 4, length);
    return reply;
}

std::string to_wire(const Call& call) {
    std::string wire = call.method + " " + call.path + " HTTP/1.1\r\nHost: localhost\r\n";
    if (!call.key.empty()) wire += "Idempotency-Key: " + call.key + "\r\n";
    for (const auto& [name, value] : call.headers) wire += name + ": " + value + "\r\n";
    if (!call.body.empty() || call.method == "POST") {
        wire += "Content-Type: application/json\r\nContent-Length: " + std::to_string(call.body.size()) + "\r\n";
    }
    return wire + "\r\n" + call.body;
}

std::optional<Reply> request(unsigned short port, const Call& call) {
    const Connection connection(port);
    if (!connection.open() || !connection.send(to_wire(call))) return std::nullopt;
    return connection.read();
}

std::string charge_body(const Order& order) {
    return R"({"order_id":")" + order.id + R"(","amount":)" + std::to_string(order.amount) + R"(,"currency":")" +
           order.currency + R"(","payment_method":")" + order.token + R"(","customer":{"id":")" + order.customer +
           R"(","email":")" + order.email + R"(","country":")" + order.country + R"("},"items":[{"sku":")" + order.sku +
           R"(","quantity":1}])" + order.more + "}";
}

std::optional<Reply> charge(unsigned short port, const std::string& key, const Order& order) {
    return request(port, {.method = "POST", .path = "/charge", .body = charge_body(order), .key = key});
}

bool is_final(const std::optional<Reply>& reply) {
    return reply && reply->status != 202 && reply->text("retriable") != "true";
}

Reply settled_charge(unsigned short port, const std::string& key, const Order& order) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{90};
    for (;;) {
        auto reply = charge(port, key, order);
        if (is_final(reply)) return *reply;
        if (std::chrono::steady_clock::now() > end)
            throw std::runtime_error("no final answer; the last was " +
                                     (reply ? std::to_string(reply->status) + " " + reply->body : std::string("none")));
        std::this_thread::sleep_for(std::chrono::milliseconds{50});  // a client's pause between retries
    }
}

OutsideLedger outside_ledger(unsigned short sandbox_port, const std::string& order_id) {
    const auto reply = request(sandbox_port, {.path = "/sandbox/ledger?order_id=" + order_id});
    if (!reply || reply->status != 200) throw std::runtime_error("the sandbox does not tell its ledger");
    OutsideLedger ledger;
    for (const json::value& effect : json::parse(reply->body).as_array()) {
        const auto text = [&](const char* member) { return std::string(effect.at(member).as_string()); };
        ledger[text("order_id")].push_back({.type = text("type"),
                                            .id = text("id"),
                                            .key = text("idempotency_key"),
                                            .status = text("status"),
                                            .amount = effect.at("amount").as_int64()});
    }
    return ledger;
}

std::string types(const std::vector<Effect>& effects) {
    std::string all;
    for (const Effect& effect : effects) all += (all.empty() ? "" : " ") + effect.type;
    return all;
}

std::string effects(unsigned short sandbox_port, const std::string& order_id) {
    return types(outside_ledger(sandbox_port, order_id)[order_id]);
}

}  // namespace tollgate::test
