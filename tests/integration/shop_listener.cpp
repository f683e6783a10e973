#include "integration/shop_listener.hpp"

#include <algorithm>
#include <cctype>
#include <stdexcept>

#include "core/time.hpp"
#include "signing/signatures.hpp"

namespace tollgate::test {
namespace {

namespace json = boost::json;

// Of the specification's own example.
constexpr std::string_view secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

std::string text_of(const json::value& value, std::string_view pointer) {
    boost::system::error_code error;
    const json::value* found = value.find_pointer(pointer, error);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

bool is_signed(const std::string& request, const std::string& body) {
    const std::string at = header_in(request, "webhook-timestamp");
    if (at.empty() || !std::ranges::all_of(at, [](unsigned char c) { return std::isdigit(c) != 0; })) return false;
    const WallTime when{std::chrono::seconds(std::stoll(at))};
    return std::chrono::abs(SystemClock().wall() - when) < std::chrono::minutes(5) &&
           header_in(request, "webhook-signature") ==
               standard_signature(standard_key(secret).value(), header_in(request, "webhook-id"), at, body);
}

ShopListener::Heard read(const std::string& request) {
    const std::string body = request.substr(request.find("\r\n\r\n") + 4);
    boost::system::error_code error;
    ShopListener::Heard heard;
    heard.body = json::parse(body, error);
    heard.path = request.substr(0, request.find(" HTTP/1.1\r\n"));
    heard.id = header_in(request, "webhook-id");
    heard.type = text_of(heard.body, "/type");
    heard.charge_id = text_of(heard.body, "/data/id");
    heard.verified = is_signed(request, body);
    heard.at = std::chrono::steady_clock::now();
    return heard;
}

}  // namespace

std::string header_in(const std::string& request, const std::string& name) {
    const std::string wanted = "\r\n" + name + ":";
    const auto same = [](unsigned char one, unsigned char other) { return std::tolower(one) == std::tolower(other); };
    const auto found = std::ranges::search(request, wanted, same);
    if (found.empty()) return {};
    auto begin = static_cast<std::size_t>(found.end() - request.begin());
    begin = request.find_first_not_of(' ', begin);
    return request.substr(begin, request.find("\r\n", begin) - begin);
}

ShopListener::ShopListener(Answer answer, bool closed)
    : answer_(std::move(answer)), socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw std::runtime_error("no port for a listener");
    port_ = ntohs(address.sin_port);
    if (!closed) open();
}

ShopListener::~ShopListener() {
    shutdown(socket_, SHUT_RDWR);
    if (acceptor_.joinable()) acceptor_.join();
    {
        const std::lock_guard lock(mutex_);
        for (const auto& peer : peers_) peer->interrupt();
    }
    for (std::thread& thread : threads_) thread.join();
    close(socket_);
}

void ShopListener::open() {
    if (listen(socket_, 128) != 0) throw std::runtime_error("the listener does not listen");
    acceptor_ = std::thread([this] { accept_all(); });
}

Variables ShopListener::settings() const {
    return {{"TOLLGATE_NOTIFY_URL", "http://127.0.0.1:" + std::to_string(port_) + "/shop"},
            {"TOLLGATE_NOTIFY_SECRET", std::string(secret)}};
}

std::vector<ShopListener::Heard> ShopListener::heard(const std::string& charge_id) const {
    const std::lock_guard lock(mutex_);
    std::vector<Heard> wanted;
    std::ranges::copy_if(heard_, std::back_inserter(wanted),
                         [&](const Heard& one) { return charge_id.empty() || one.charge_id == charge_id; });
    return wanted;
}

std::string ShopListener::types(const std::string& charge_id) const {
    std::string all;
    for (const Heard& one : heard(charge_id)) all += (all.empty() ? "" : " ") + one.type;
    return all;
}

void ShopListener::accept_all() {
    for (;;) {
        const int client = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) return;
        const std::lock_guard lock(mutex_);
        const auto peer = std::make_shared<Peer>(client);
        peers_.push_back(peer);
        threads_.emplace_back([this, peer] {
            converse(*peer);
            peer->close();
        });
    }
}

void ShopListener::converse(Peer& peer) {
    for (std::string request; !(request = peer.read_request()).empty();) {
        const Heard heard = read(request);
        {
            const std::lock_guard lock(mutex_);
            heard_.push_back(heard);
        }
        const int status = answer_ ? answer_(heard) : 200;
        if (status == cut) return;
        if (status == silence) return peer.wait_until_closed();
        const bool redirects = status >= 300 && status < 400;
        peer.answer(status, "",
                    redirects ? "Location: http://127.0.0.1:" + std::to_string(port_) + "/elsewhere\r\n" : std::string());
    }
}

}  // namespace tollgate::test
