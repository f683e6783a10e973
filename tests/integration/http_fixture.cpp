#include "integration/http_fixture.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <stdexcept>

#include "service/http/text.hpp"

namespace tollgate::http::testing {

Task<void> Gate::wait(const Runtime& runtime) {
    const auto timer = runtime.timers.make();
    waiting_.push_back(timer.get());
    ++arrivals_;
    arrivals_.notify_all();
    while (!open_) co_await timer->wait_until(SteadyTime::max());
}

void Gate::open() {
    open_ = true;
    for (Timer* timer : waiting_) timer->wake();
    waiting_.clear();
}

void Gate::await_arrivals(std::size_t count) {
    for (std::size_t seen = arrivals_; seen < count; seen = arrivals_) arrivals_.wait(seen);
}

TestServer::TestServer(const Configure& configure) {
    Options options;
    if (configure) configure(options);
    auto acceptor = listen_first(io_, *parse_endpoint("127.0.0.1:0"));
    if (!acceptor) throw std::runtime_error(acceptor.error().detail);
    server_ = std::make_unique<Server>(runtime_, std::move(*acceptor), routes(), std::move(options), counters);
    port_ = server_->endpoint().port();
    server_->start();
    thread_ = std::thread([this] { io_.run(); });
}

TestServer::~TestServer() {
    io_.stop();
    thread_.join();
}

void TestServer::run(const std::function<void()>& action) {
    std::promise<void> done;
    asio::post(io_, [&] {
        action();
        done.set_value();
    });
    done.get_future().get();
}

void TestServer::open_gate() {
    run([this] { gate.open(); });
}

bool TestServer::drain(std::chrono::milliseconds timeout) {
    server_->begin_drain();
    std::promise<bool> ended;
    asio::post(io_, [&] {
        spawn(io_.get_executor(), [](Server& server, SteadyTime deadline, std::promise<bool>& tell) -> Task<void> {
            const bool idle = co_await server.wait_until_idle(deadline);
            tell.set_value(idle);
        }(*server_, clock_.steady() + timeout, ended));
    });
    return ended.get_future().get();
}

Response TestServer::streamed(bool flood) {
    struct Alive {
        std::atomic<std::size_t>& count;
        ~Alive() { --count; }
    };
    ++sources;
    return {.content_type = "text/plain",
            .body = "begun;",
            .stream = [this, flood, alive = std::shared_ptr<Alive>(new Alive{sources})]() -> Task<std::optional<std::string>> {
                ++asked;
                if (flood) co_return std::string(65'536, 'x');
                co_await sleep_for(runtime_, std::chrono::milliseconds(1));
                if (said_.empty()) co_return "";
                std::optional<std::string> piece = std::move(said_.front());
                said_.pop_front();
                co_return piece;
            }};
}

Router TestServer::routes() {
    Router router;
    const auto pieces = [this](Request&) -> Task<Response> { co_return streamed(false); };
    const auto flood = [this](Request&) -> Task<Response> { co_return streamed(true); };
    const auto constant = [](Request& request) -> Task<Response> {
        Response response;
        response.body = "[\"" + std::string(request.method) + "\",\"" + std::string(request.path) + "\",\"" +
                        std::string(request.query) + "\",\"" + request.tenant + "\"]";
        co_return response;
    };
    const auto echo = [this](Request& request) -> Task<Response> {
        ++posted;
        Response response;
        response.status = 201;
        response.body = request.body;
        for (const Header& header : request.headers)
            if (same_word(header.name, "idempotency-key")) response.headers.emplace_back("Seen-Key", header.value);
        response.headers.emplace_back("Seen-Trace", request.traceparent);
        co_return response;
    };
    const auto gated = [this](Request&) -> Task<Response> {
        co_await gate.wait(runtime_);
        ++finished;
        co_return Response{};
    };
    const auto big = [](Request&) -> Task<Response> {
        Response response;
        response.body.assign(32 * 1024 * 1024, 'x');
        co_return response;
    };
    const auto throws = [](Request&) -> Task<Response> {
        throw std::runtime_error("the secret reason");
        co_return Response{};
    };
    router.add({"GET", "/ok", Scope::none, constant});
    router.add({"GET", "/item/{id}", Scope::none, constant});
    router.add({"GET", "/gate", Scope::none, gated});
    router.add({"GET", "/big", Scope::none, big});
    router.add({"GET", "/throws", Scope::none, throws});
    router.add({"GET", "/admin", Scope::admin, constant});
    router.add({"GET", "/pieces", Scope::none, pieces});
    router.add({"GET", "/flood", Scope::none, flood});
    router.add({"POST", "/echo", Scope::none, echo});
    router.add({"POST", "/anything", Scope::none, echo, false, Accepts::anything});
    router.add({"POST", "/optional", Scope::none, echo, false, Accepts::optional_json});
    router.add({"POST", "/charge", Scope::charge, echo, true});
    return router;
}

std::string Answer::header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
}

std::string Answer::code() const {
    const std::string before = "\"code\":\"";
    const std::size_t at = body.find(before);
    if (at == std::string::npos) return "";
    const std::size_t from = at + before.size();
    return body.substr(from, body.find('"', from) - from);
}

Client::Client(unsigned short port, int receive_buffer) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const timeval patience{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw std::runtime_error("the test's client could not connect");
}

Client::Client(Client&& other) noexcept : socket_(std::exchange(other.socket_, -1)), buffer_(std::move(other.buffer_)) {}

Client::~Client() {
    leave();
}

void Client::leave() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
}

bool Client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

void Client::finish_sending() {
    ::shutdown(socket_, SHUT_WR);
}

bool Client::more() {
    char bytes[65536];
    const ssize_t got = ::recv(socket_, bytes, sizeof bytes, 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) throw std::runtime_error("nothing came for ten seconds");
    if (got <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(got));
    return true;
}

std::optional<Answer> Client::answer(bool to_head) {
    for (;;) {
        if (auto whole = take_answer(buffer_, to_head)) return whole;
        if (!more()) return std::nullopt;
    }
}

std::optional<std::string> Client::until(std::string_view end) {
    while (!buffer_.ends_with(end))
        if (!more()) return std::nullopt;
    return std::exchange(buffer_, {});
}

std::string Client::rest() {
    while (more()) {
    }
    return std::exchange(buffer_, {});
}

std::optional<Answer> take_answer(std::string& bytes, bool to_head) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string::npos) return std::nullopt;
    Answer answer;
    answer.status = std::stoi(bytes.substr(9, 3));
    for (std::size_t at = bytes.find("\r\n") + 2; at < end + 2;) {
        const std::size_t line_end = bytes.find("\r\n", at);
        const std::string line = bytes.substr(at, line_end - at);
        std::string name = line.substr(0, line.find(':'));
        for (char& c : name) c = lower(c);
        answer.headers[name] = line.substr(line.find(':') + 2);
        at = line_end + 2;
    }
    const std::string length = answer.header("content-length");
    const std::size_t size = to_head || length.empty() ? 0 : std::stoul(length);
    if (bytes.size() < end + 4 + size) return std::nullopt;
    answer.body = bytes.substr(end + 4, size);
    bytes.erase(0, end + 4 + size);
    return answer;
}

bool eventually(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

}  // namespace tollgate::http::testing
