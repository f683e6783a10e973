// The bytes of a connection through the real session, router and charge handlers: whatever pieces they come in, the answers are
// the same, and there are never more answers than requests.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "fuzz/support/fuzz.hpp"
#include "net/answer_reader.hpp"
#include "redaction/card_number.hpp"
#include "service/handlers/charge.hpp"
#include "service/http/session.hpp"
#include "support/memory_store.hpp"
#include "support/virtual_time.hpp"

namespace tollgate::fuzz {
namespace {

constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

struct Answered {
    int status = 0;
    bool to_head = false;  // the method was HEAD: a length without a body
    std::string bytes;
};

/// A charge that succeeds without a gateway.
Task<Result<ChargeAnswer>> succeed(ChargeCommand command) {
    co_return ChargeAnswer{.answer = {201, to_json(command.charge)}, .charge_id = command.charge.id};
}

/// One connection, its other end in our hands.
class Connection {
public:
    Connection() {
        int ends[2];
        expect(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0, "the target has sockets");
        ours_ = ends[0];
        auto& context = static_cast<asio::io_context&>(asio::query(time_.runtime().executor, asio::execution::context));
        http::start_session(state_, http::Socket(context, asio::ip::tcp::v4(), ends[1]));
        time_.settle();
    }
    ~Connection() { close(ours_); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(ours_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            time_.settle();
            receive();
            if (sent < 0 && errno != EAGAIN) return;  // it was closed, as a client may find out
            bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
        }
    }

    std::vector<Answered> end() {
        shutdown(ours_, SHUT_WR);
        time_.settle();
        receive();
        expect(state_->sessions == 0, "a session ends with its connection");
        expect(counters_.in_flight == 0 && counters_.handler_failures == 0, "every handler ends, and none throws");
        return cut_out();
    }

private:
    void receive() {
        char space[16'384];
        for (ssize_t count = 0; (count = recv(ours_, space, sizeof space, 0)) > 0;)
            received_.append(space, static_cast<std::size_t>(count));
    }

    /// The answers, whose lengths the access hook has told.
    std::vector<Answered> cut_out() {
        std::string_view rest = received_;
        for (std::size_t i = 0; i < answers_.size(); ++i) {
            while (rest.starts_with(go_on)) rest.remove_prefix(go_on.size());
            expect(rest.size() >= sizes_[i], "an answer that is reported was sent");
            answers_[i].bytes = rest.substr(0, sizes_[i]);
            rest.remove_prefix(sizes_[i]);
        }
        while (rest.starts_with(go_on)) rest.remove_prefix(go_on.size());
        expect(rest.empty(), "nothing is sent that is not reported");
        return std::move(answers_);
    }

    http::Options options() {
        http::Options options;
        options.limits.max_body = 4'096;
        options.access = [this](const http::Access& access) {
            answers_.push_back({access.status, access.method == "HEAD", {}});
            sizes_.push_back(access.response_bytes);
        };
        return options;
    }

    http::Router router() {
        http::Router router;
        const auto any_amount = [](Money) { return Result<void>(); };
        for (auto& route : charge_routes({time_.runtime(), succeed, store_, "sandbox", any_amount, {}, door_, {}}))
            router.add(std::move(route));
        const auto hello = [](http::Request& request) -> Task<http::Response> {
            co_return http::Response{.body = std::string(request.body)};
        };
        router.add({.method = "POST", .pattern = "/echo/{id}", .handler = hello, .accepts = http::Accepts::anything});
        router.add({.method = "POST", .pattern = "/maybe", .handler = hello, .accepts = http::Accepts::optional_json});
        return router;
    }

    std::vector<Answered> answers_;
    std::vector<std::size_t> sizes_;
    std::string received_;
    http::Counters counters_;
    ChargeDoor door_;
    test::MemoryStore store_;
    test::VirtualTime time_;
    std::shared_ptr<http::ThreadState> state_ =
        std::make_shared<http::ThreadState>(time_.runtime(), router(), options(), counters_);
    int ours_ = -1;
};

std::vector<Answered> serve(const std::vector<std::string_view>& pieces) {
    Connection connection;
    for (const std::string_view piece : pieces) connection.send(piece);
    return connection.end();
}

/// Every request ends its head with an empty line, and one more may be cut short.
std::size_t requests_at_most(std::string_view bytes) {
    std::size_t count = 1;
    for (std::size_t at = bytes.find("\r\n\r\n"); at != bytes.npos; at = bytes.find("\r\n\r\n", at + 1)) ++count;
    return count;
}

void check_answer(const Answered& answer) {
    expect(!holds_card_number(answer.bytes), "no answer holds a card number");
    if (answer.to_head) return;
    AnswerReader reader;
    auto state = AnswerReader::State::more;
    for (std::string_view rest = answer.bytes; !rest.empty() && state == AnswerReader::State::more; state = reader.read()) {
        const auto space = reader.space();
        const std::size_t count = std::min(space.size(), rest.size());
        std::copy_n(rest.data(), count, space.data());
        reader.take_in(count);
        rest.remove_prefix(count);
    }
    expect(state == AnswerReader::State::whole, "an answer can be read by our own client");
    expect(reader.take({}).status == answer.status, "an answer has the status that is reported");
}

constexpr std::string_view closing = "Connection: close\r\n";

bool closes(const Answered& answer) {
    return answer.bytes.find(closing) != std::string::npos;
}

std::string but_for_closing(std::string bytes) {
    if (const auto at = bytes.find(closing); at != bytes.npos) bytes.erase(at, closing.size());
    return bytes;
}

/// What cannot be read is refused at the first byte that shows it, and more may be wrong behind that: any sentence will do.
bool both_unreadable(const Answered& one, const Answered& other) {
    constexpr std::array statuses{400, 413, 414, 431, 501, 505};
    const auto unreadable = [&](const Answered& answer) {
        return closes(answer) && std::ranges::find(statuses, answer.status) != statuses.end();
    };
    return unreadable(one) && unreadable(other);
}

/// A request that is refused before its body has come ends the connection; had its body been there, the next one is served.
void check_same(const std::vector<Answered>& whole, const std::vector<Answered>& pieces) {
    expect(pieces.size() <= whole.size(), "pieces make no more answers");
    expect(!pieces.empty() || whole.empty(), "what is answered whole is answered in pieces");
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        const bool last = i + 1 == pieces.size();
        if (last && i + 1 == whole.size() && both_unreadable(whole[i], pieces[i])) return;
        const bool early = last && closes(pieces[i]) && pieces[i].status >= 400;
        expect(but_for_closing(pieces[i].bytes) == but_for_closing(whole[i].bytes), "a request in pieces has the same answer");
        expect(early || closes(pieces[i]) == closes(whole[i]), "a connection closes after the same answer");
        expect(early || !last || pieces.size() == whole.size(), "pieces make no fewer answers");
    }
}

}  // namespace

void judge(std::string_view bytes) {
    const auto whole = serve({bytes});
    expect(whole.size() <= requests_at_most(bytes), "there are no more answers than requests");
    std::ranges::for_each(whole, check_answer);
    for (std::size_t i = 0; i + 1 < whole.size(); ++i) expect(!closes(whole[i]), "nothing is served after the last answer");
    check_same(whole, serve(pieces_of(bytes)));
}

}  // namespace tollgate::fuzz
