#pragma once

#include <boost/asio/io_context.hpp>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "service/http/server.hpp"

/// A server of its own for each test, on a free port, and clients that send raw bytes.
namespace tollgate::http::testing {

/// Handlers wait here until the test lets them go.
class Gate {
public:
    /// On the server's thread.
    Task<void> wait(const Runtime& runtime);
    /// On the server's thread.
    void open();
    /// On the test's thread: returns once so many handlers wait (or waited).
    void await_arrivals(std::size_t count);

private:
    std::vector<Timer*> waiting_;
    std::atomic<std::size_t> arrivals_{0};
    bool open_ = false;
};

class TestServer {
public:
    using Configure = std::function<void(Options&)>;
    explicit TestServer(const Configure& configure = {});
    ~TestServer();
    TestServer(const TestServer&) = delete;

    [[nodiscard]] unsigned short port() const { return port_; }
    /// Runs on the server's thread and waits for it.
    void run(const std::function<void()>& action);
    void open_gate();
    /// Begins to drain and tells whether every session ended within the time.
    bool drain(std::chrono::milliseconds timeout = std::chrono::seconds(10));
    void begin_drain() { server_->begin_drain(); }

    Counters counters;
    Gate gate;
    std::atomic<std::size_t> finished{0};  // handlers of /gate that came to their end
    std::atomic<std::size_t> posted{0};    // handlers of POST routes that ran

    /// What GET /pieces goes on with, as it is said; nothing ends it. On the test's thread.
    void say(std::optional<std::string> piece) {
        run([&] { said_.push_back(std::move(piece)); });
    }
    std::atomic<std::size_t> sources{0};  // of GET /pieces and GET /flood, that live
    std::atomic<std::size_t> asked{0};    // how often they were asked

private:
    Router routes();
    Response streamed(bool flood);

    asio::io_context io_{1};
    SystemClock clock_;
    SystemRandom random_;
    AsioTimers timers_{io_.get_executor()};
    Runtime runtime_{io_.get_executor(), clock_, random_, timers_};
    std::deque<std::optional<std::string>> said_;
    std::unique_ptr<Server> server_;
    unsigned short port_ = 0;
    std::thread thread_;
};

struct Answer {
    int status = 0;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;

    [[nodiscard]] std::string header(const std::string& name) const;
    /// The problem's code.
    [[nodiscard]] std::string code() const;
};

/// Reads give up after ten seconds, so a test fails instead of hanging.
class Client {
public:
    /// `receive_buffer`: bytes the kernel keeps for us, 0 for its default.
    explicit Client(unsigned short port, int receive_buffer = 0);
    ~Client();
    Client(Client&& other) noexcept;
    Client(const Client&) = delete;

    /// False when the other end refused to take it all.
    bool send(std::string_view bytes);
    /// No more will be sent.
    void finish_sending();
    /// The bytes that came, once they end so; nothing when the connection ended first.
    std::optional<std::string> until(std::string_view end);
    /// The next answer; nothing when the connection ended first.
    std::optional<Answer> answer(bool to_head = false);
    /// All that still comes until the other end closes.
    std::string rest();
    /// Whether the other end closed without a further byte.
    bool is_closed() { return rest().empty(); }
    std::optional<Answer> ask(std::string_view bytes) {
        send(bytes);
        return answer();
    }
    void leave();
    [[nodiscard]] int native() const { return socket_; }

private:
    bool more();
    int socket_ = -1;
    std::string buffer_;
};

/// Parses the first answer of `bytes` and takes it away; nothing while it is not whole.
std::optional<Answer> take_answer(std::string& bytes, bool to_head);

/// Asks again until it holds; false after ten seconds.
bool eventually(const std::function<bool()>& holds);

inline std::string get(std::string_view path, std::string_view more = "") {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n" + std::string(more) + "\r\n";
}

inline std::string post(std::string_view path, std::string_view body, std::string_view more = "") {
    return "POST " + std::string(path) +
           " HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n" + std::string(more) + "\r\n" + std::string(body);
}

}  // namespace tollgate::http::testing
