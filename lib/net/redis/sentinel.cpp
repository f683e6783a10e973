#include "net/redis/sentinel.hpp"

#include <algorithm>
#include <utility>

#include "net/redis/errors.hpp"
#include "net/redis/stream.hpp"
#include "net/tls/client_tls.hpp"

namespace tollgate::redis {
namespace {

using namespace std::chrono_literals;

/// A short conversation with one sentinel.
class Conversation {
public:
    Conversation(const Executor& executor, asio::ssl::context* tls) : stream_(executor, tls), reader_(make_reader()) {}

    [[nodiscard]] Stream& stream() noexcept { return stream_; }

    /// Nothing when there is no answer, or none that can be read.
    Task<std::optional<Reply>> ask(Command command) {
        NetError error = co_await stream_.write(command.wire());
        while (!error) {
            void* reply = nullptr;
            if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK || reader_->len > answer_max) break;
            if (reply != nullptr) co_return Reply(static_cast<redisReply*>(reply));
            std::tuple<NetError, std::size_t> came;
            if (stream_.is_tls()) {
                came = co_await stream_.read_tls(space_);
            } else {
                came = co_await stream_.read_plain(space_);
            }
            error = std::get<0>(came);
            redisReaderFeed(reader_.get(), space_.data(), std::get<1>(came));
        }
        co_return std::nullopt;
    }

private:
    static constexpr std::size_t answer_max = 64 << 10;

    Stream stream_;
    Reader reader_;
    std::array<char, 1024> space_{};
};

/// What one sentinel made of the question: the address, or why there is none.
struct Verdict {
    std::optional<Address> master;
    std::string why;
    bool settings_at_fault = false;
};

Verdict verdict_of(const std::optional<Reply>& reply, bool timed_out, const std::string& name) {
    if (!reply) return {.why = timed_out ? "it does not answer" : "it closed the connection before it answered"};
    const std::string said(reply->text());
    if (reply->is_error()) {
        if (kind_of(said) == ErrorKind::no_rights)
            return {.why = "it refuses the login (" + said + "); check user and password in store.url",
                    .settings_at_fault = true};
        if (said.starts_with("ERR unknown command"))
            return {.why = "it is no sentinel; a server by itself is reached with redis://", .settings_at_fault = true};
        return {.why = "it answers " + said};
    }
    if (reply->is_nil())
        return {.why = "it knows no master called \"" + name + "\", the name at the end of store.url",
                .settings_at_fault = true};
    const std::int64_t port = (*reply)[1].integer();
    const std::string_view host = (*reply)[0].text();
    if (host.empty() || host.size() > 255 || port < 1 || port > 65535) return {.why = "its answer cannot be read"};
    return {.master = Address{std::string(host), static_cast<std::uint16_t>(port)}};
}

class Sentinels {
public:
    Sentinels(const Runtime& runtime, Options options)
        : runtime_(runtime),
          options_(std::move(options)),
          order_(options_.servers),
          deadlines_(runtime, std::clamp<Milliseconds>(options_.timeout / 20, 1ms, 50ms)) {}

    static Task<Result<Address>> find_master(std::shared_ptr<Sentinels> self, SteadyTime deadline) {
        if (self->options_.tls && !self->tls_) {
            auto made = make_client_tls(self->options_.trusted_ca_file);
            if (!made) co_return fail(std::move(made.error()));
            self->tls_ = std::move(*made);
        }
        // Asked again so soon: what it said led nowhere, so another one shall be heard.
        if (self->runtime_.clock.steady() < self->trusted_until_) self->next_first();
        std::string reasons;
        bool settings_at_fault = true;
        for (std::size_t left = self->order_.size(); left > 0; --left) {
            const Address sentinel = self->order_.front();
            const SteadyTime now = self->runtime_.clock.steady();
            // A silent one must not use up the time of those behind it.
            Verdict verdict = co_await self->ask(sentinel, now + (deadline - now) / left);
            if (verdict.master) {
                self->trusted_until_ = self->runtime_.clock.steady() + 3 * self->options_.timeout;
                co_return std::move(*verdict.master);
            }
            settings_at_fault = settings_at_fault && verdict.settings_at_fault;
            reasons += (reasons.empty() ? "" : ", ") + to_string(sentinel) + ": " + verdict.why;
            self->next_first();
        }
        co_return fail(settings_at_fault ? Code::bad_request : Code::network_error,
                       "no sentinel of store.url names the master: " + reasons);
    }

private:
    Task<Verdict> ask(Address sentinel, SteadyTime deadline) {
        Conversation conversation(runtime_.executor, tls_.get());
        Stream& stream = conversation.stream();
        deadlines_.arm(stream, deadline);
        const std::string unreached = co_await stream.open(sentinel);
        if (!unreached.empty()) co_return Verdict{.why = unreached};
        const Command question{"SENTINEL", "GET-MASTER-ADDR-BY-NAME", options_.master};
        std::optional<Reply> reply = co_await conversation.ask(question);
        // Many sentinels ask for no password where the servers do.
        if (reply && reply->is_error() && reply->text().starts_with("NOAUTH") && !options_.password.empty()) {
            reply = co_await conversation.ask(login());
            if (reply && !reply->is_error()) reply = co_await conversation.ask(question);
        }
        co_return verdict_of(reply, stream.timed_out(), options_.master);
    }

    void next_first() { std::ranges::rotate(order_, order_.begin() + 1); }

    [[nodiscard]] Command login() const {
        if (options_.user.empty()) return {"AUTH", options_.password};
        return {"AUTH", options_.user, options_.password};
    }

    const Runtime& runtime_;
    const Options options_;
    std::vector<Address> order_;  // the one that answered last in front
    SteadyTime trusted_until_{};  // its answer is new
    std::shared_ptr<asio::ssl::context> tls_;
    Deadlines deadlines_;
};

}  // namespace

std::function<Task<Result<Address>>(SteadyTime deadline)> ask_sentinels(const Runtime& runtime, Options options) {
    return [all = std::make_shared<Sentinels>(runtime, std::move(options))](SteadyTime deadline) {
        return Sentinels::find_master(all, deadline);
    };
}

}  // namespace tollgate::redis
