#include "integration/shop.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

namespace tollgate::test {

using namespace std::chrono_literals;

Shop::Shop(Variables more)
    : sandbox(test::start_sandbox()),
      settings(service_settings(folder, sandbox->url(), std::move(more))),
      service(start_service(settings)) {}

void Shop::restart() {
    service.reset();
    service = start_service(settings);
}

std::optional<Reply> Shop::charge(const std::string& key, const Order& order) const {
    return test::charge(port(), key, order);
}

Reply Shop::settled(const std::string& key, const Order& order) const {
    return settled_charge(port(), key, order);
}

Reply Shop::get(const std::string& path) const {
    return must(request(port(), {.path = path}));
}

std::string Shop::effects(const std::string& order_id) const {
    return test::effects(sandbox->port(), order_id);
}

Variables quick(Variables more) {
    more.insert({{"TOLLGATE_RETRY_BASE_DELAY", "10ms"}, {"TOLLGATE_RETRY_MAX_DELAY", "50ms"}});
    return more;
}

HeldGate::HeldGate(unsigned short outside_port, std::string path)
    : path_(std::move(path)), gate_(outside_port, [this](int, bool acted, const std::string& called) {
          if (acted || !called.starts_with(path_)) return true;
          std::unique_lock lock(mutex_);
          ++held_;
          changed_.notify_all();
          return changed_.wait_for(lock, 60s, [this] { return released_; });
      }) {}

HeldGate::~HeldGate() {
    release();
}

bool HeldGate::wait_for(int held) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 60s, [&] { return held_ >= held; });
}

void HeldGate::release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
}

ClosedPort::ClosedPort() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    // A server may bind beside a socket that never listens when both allow it; a client may not.
    const int on = 1;
    setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
}

ClosedPort::~ClosedPort() {
    close(socket_);
}

std::unique_ptr<Program> ClosedPort::start_sandbox() const {
    auto sandbox = std::make_unique<Program>(Program::Options{.arguments = {"sandbox", "--listen", address()}});
    INFO(sandbox->said());
    REQUIRE(sandbox->listening());
    return sandbox;
}

bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(20ms);  // between two looks
    }
    return true;
}

std::future<std::optional<Reply>> charge_async(unsigned short port, std::string key, Order order) {
    return std::async(std::launch::async,
                      [port, key = std::move(key), order = std::move(order)] { return charge(port, key, order); });
}

Reply must(std::optional<Reply> reply) {
    REQUIRE(reply);
    return *std::move(reply);
}

json::object body_of(const Reply& reply) {
    INFO(reply.status << " " << reply.body);
    json::error_code error;
    const json::value value = json::parse(reply.body, error);
    REQUIRE_FALSE(error);
    REQUIRE(value.is_object());
    return value.get_object();
}

void check_problem(const Reply& reply, int status, const std::string& code) {
    INFO(reply.status << " " << reply.body);
    CHECK(reply.status == status);
    CHECK(reply.header("content-type") == "application/problem+json");
    const json::object problem = body_of(reply);
    for (const char* member : {"type", "title", "detail", "instance", "code", "request_id"}) {
        INFO(member);
        const json::value* value = problem.if_contains(member);
        REQUIRE(value != nullptr);
        CHECK(value->is_string());
    }
    CHECK(reply.text("code") == code);
    CHECK(problem.at("status") == status);
    CHECK(problem.at("retriable").is_bool());
    if (!reply.headers.contains("idempotent-replayed")) CHECK(reply.text("request_id") == reply.header("x-request-id"));
}

std::string hash_of(const std::string& key) {
    Program program({.arguments = {"hash-key"},
                     .variables = {{"API_KEY", key}},
                     .before = {"sh", "-c", R"(printf '%s\n' "$API_KEY" | "$0" "$@")"}});
    CHECK(program.wait() == 0);
    std::string hash = program.said();
    while (hash.ends_with('\n')) hash.pop_back();
    CHECK_FALSE(hash.empty());
    CHECK(hash.find(key) == hash.npos);
    return hash;
}

std::size_t count_of(const std::string& text, const std::string& wanted) {
    std::size_t count = 0;
    for (std::size_t at = text.find(wanted); at != text.npos; at = text.find(wanted, at + wanted.size())) ++count;
    return count;
}

std::string content_of(const std::string& path) {
    std::ostringstream content;
    content << std::ifstream(path, std::ios::binary).rdbuf();
    return content.str();
}

}  // namespace tollgate::test
