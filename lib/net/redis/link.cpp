#include "net/redis/link.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/deferred.hpp>

#include "net/redis/errors.hpp"
#include "net/redis/link_state.hpp"
#include "resilience/backoff.hpp"

namespace tollgate::redis {
namespace {

using namespace std::chrono_literals;

constexpr Backoff between_attempts{.base_delay = 50ms, .max_delay = 1000ms, .multiplier = 2.0};

std::string wait_command(const LinkOptions& options) {
    if (options.replicas == 0) return {};
    return Command({"WAIT", std::to_string(options.replicas), std::to_string(options.timeout.count() / 2)}).wire();
}

/// The commands that make a connection ours, and what each one's error means.
struct Greeting {
    enum class Part : std::uint8_t { login, database, name, role, ping };
    std::vector<Part> parts;
    std::string wire;

    void add(Part part, std::initializer_list<std::string_view> words) {
        parts.push_back(part);
        wire += Command(words).wire();
    }
};

Greeting greeting(const LinkOptions& options) {
    using Part = Greeting::Part;
    Greeting all;
    if (!options.password.empty() && !options.user.empty()) {
        all.add(Part::login, {"AUTH", options.user, options.password});
    } else if (!options.password.empty()) {
        all.add(Part::login, {"AUTH", options.password});
    }
    if (options.database != 0) all.add(Part::database, {"SELECT", std::to_string(options.database)});
    all.add(Part::name, {"CLIENT", "SETNAME", "tollgate"});
    if (options.master_only) all.add(Part::role, {"ROLE"});
    all.add(Part::ping, {"PING"});
    return all;
}

Trouble trouble_in(Greeting::Part part, const Reply& reply, const LinkOptions& options) {
    using Part = Greeting::Part;
    const std::string said(without_our_words(reply.text()));
    const ErrorKind kind = reply.is_error() ? kind_of(said) : ErrorKind::other;
    if (part == Part::name) return {};  // only for people who look at CLIENT LIST
    if (reply.is_error() && (part == Part::login || kind == ErrorKind::no_rights))
        return {"it refuses the login (" + said + "); check user and password in its URL", true};
    if (reply.is_error() && part == Part::database)
        return {"it has no database " + std::to_string(options.database) + " for us (" + said + ")", true};
    if (part == Part::role && reply[0].text() != "master") return {"it is no master"};
    return {};
}

}  // namespace

Link::State::State(const Runtime& borrowed, LinkOptions chosen)
    : runtime(borrowed),
      options(std::move(chosen)),
      wait_wire_(wait_command(options)),
      deadlines_(runtime, std::clamp<Milliseconds>(options.timeout / 20, 1ms, 50ms)),
      pause_(runtime.timers.make()),
      down_since_(runtime.clock.steady()),
      space_(64 << 10) {}

Task<void> Link::State::run(std::shared_ptr<State> self) {
    self->down_since_ = self->runtime.clock.steady();  // a loop may begin to run long after the link was made
    for (int attempt = 0; !self->shut_; ++attempt) {
        const auto fresh = std::make_shared<Stream>(self->runtime.executor, self->options.tls.get());
        self->stream_ = fresh;
        Trouble trouble = co_await self->open(fresh);
        if (self->shut_) break;
        if (trouble.why.empty()) {
            attempt = 0;
            self->came_up();
            const std::string why = co_await self->read_replies(fresh);
            self->fall(why);
        } else {
            self->stays_down(std::move(trouble));
        }
        const auto pause = full_jitter(between_attempts, attempt, self->runtime.random);
        if (!self->shut_) co_await self->pause_->wait_until(self->runtime.clock.steady() + pause);
    }
    self->stream_->close();
}

Task<Trouble> Link::State::open(std::shared_ptr<Stream> fresh) {
    const SteadyTime deadline = runtime.clock.steady() + options.timeout;
    Result<Address> address = co_await options.where(deadline);
    if (!address) co_return Trouble{address.error().detail, address.error().code == Code::bad_request};
    server_ = "Redis at " + to_string(*address);
    if (shut_) co_return Trouble{"it is not wanted any more"};
    deadlines_.arm(*fresh, deadline);
    const std::string unreached = co_await fresh->open(*address);
    if (!unreached.empty()) co_return Trouble{unreached, fresh->is_tls()};  // TLS fails because of settings
    Trouble trouble = co_await log_in(fresh);
    fresh->disarm();
    if (!trouble.why.empty()) fresh->close();
    co_return trouble;
}

Task<Trouble> Link::State::log_in(std::shared_ptr<Stream> fresh) {
    reader_ = make_reader();
    const Greeting all = greeting(options);
    NetError error = co_await fresh->write(all.wire);
    for (const Greeting::Part part : all.parts) {
        Reply reply;
        if (!error) reply = co_await read_one(fresh, error);
        if (fresh->timed_out()) co_return Trouble{"it does not answer"};
        if (error == asio::error::invalid_argument)
            co_return Trouble{"what answers there is not Redis; a server that expects TLS is reached with rediss://", true};
        if (error)
            co_return Trouble{
                "it closed the connection before it answered; a server that expects TLS is reached with rediss://"};
        Trouble trouble = trouble_in(part, reply, options);
        if (!trouble.why.empty()) co_return trouble;
    }
    co_return Trouble{};
}

Task<Reply> Link::State::read_one(std::shared_ptr<Stream> fresh, NetError& error) {
    while (true) {
        void* reply = nullptr;
        if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK) {
            error = asio::error::invalid_argument;
            co_return Reply();
        }
        if (reply != nullptr) co_return Reply(static_cast<redisReply*>(reply));
        std::tuple<NetError, std::size_t> came;
        if (fresh->is_tls()) {
            came = co_await fresh->read_tls(space_);
        } else {
            came = co_await fresh->read_plain(space_);
        }
        error = std::get<0>(came);
        if (error) co_return Reply();
        redisReaderFeed(reader_.get(), space_.data(), std::get<1>(came));
    }
}

void Link::State::came_up() {
    up = true;
    trouble_ = {};
    put_ = seen_ = 0;
    unwaited_ = 0;
    for (Waiting* waiting : std::exchange(queue_, {})) put(*waiting);
    if (options.hook) options.hook({server_, true, {}});
    ring(true);
}

void Link::State::stays_down(Trouble why) {
    trouble_ = std::move(why);
    trouble_.why = server_ + ": " + trouble_.why;
    if (!trouble_.settings_at_fault) return;
    for (Waiting* waiting : std::exchange(queue_, {})) fallen_.emplace_back(waiting, Execution::not_executed);
    while (!fallen_.empty()) {
        Waiting* const waiting = std::exchange(fallen_.front().first, nullptr);
        fallen_.pop_front();
        if (waiting != nullptr) resume(*waiting, std::unexpected(failure()));
    }
    ring(false);
}

void Link::State::ring(bool now_up) {
    for (const auto& one : std::exchange(bells, {})) {
        if (const auto bell = one.lock()) bell->set(now_up);
    }
}

/// Nobody resumes it any more. Its coroutine holds its handler and the handler its coroutine: without the handler, what is left
/// of both goes with their loop.
void Link::State::let_go(Waiting& waiting) noexcept {
    waiting.link = nullptr;
    waiting.disarm();
    if (waiting.slot.is_connected()) waiting.slot.clear();
    waiting.handler.reset();
}

void Link::State::shut() noexcept {
    shut_ = true;
    up = false;
    if (stream_) stream_->close();
    pause_->wake();
    for (Waiting* waiting : queue_) let_go(*waiting);
    for (const Owed& one : owed_) {
        if (one.waiting != nullptr) let_go(*one.waiting);
    }
    for (Waiting* waiting : held_) let_go(*waiting);
    for (const auto& [waiting, execution] : fallen_) {
        if (waiting != nullptr) let_go(*waiting);
    }
    queue_.clear();
    owed_.clear();
    held_.clear();
    fallen_.clear();
}

bool Link::State::refuses_at_once() const {
    return !up && (trouble_.settings_at_fault || runtime.clock.steady() - down_since_ >= options.timeout);
}

Failure Link::State::failure() const {
    return {Execution::not_executed, trouble_.why, trouble_.settings_at_fault, refuses_at_once()};
}

Link::Link(const Runtime& runtime, LinkOptions options) : state_(std::make_shared<State>(runtime, std::move(options))) {
    spawn(runtime.executor, State::run(state_));
}

Link::~Link() {
    shut();
}

void Link::shut() noexcept {
    state_->shut();
}

Task<Answer> Link::send(std::string_view wire, SteadyTime deadline, unsigned commands) {
    const auto state = state_;
    if (state->refuses_at_once()) co_return std::unexpected(state->failure());
    if (deadline <= state->runtime.clock.steady())
        co_return std::unexpected(Failure{Execution::not_executed, "no time was left"});
    if (state->is_full(wire.size()))
        co_return std::unexpected(Failure{Execution::not_executed, "too many operations wait for Redis"});
    Waiting waiting(*state, wire, commands);
    auto submit = [&waiting, &state, deadline](auto handler) {
        waiting.slot = asio::get_associated_cancellation_slot(handler);
        waiting.handler.emplace(std::move(handler));
        if (waiting.slot.is_connected()) {
            waiting.slot.assign([&waiting](asio::cancellation_type) {
                if (waiting.link != nullptr) waiting.link->cancel(waiting);
            });
        }
        state->submit(waiting, deadline);
    };
    co_await asio::async_initiate<const asio::deferred_t&, void()>(std::move(submit), asio::deferred);
    co_return std::move(*waiting.answer);
}

void Link::renew(const std::string& why) {
    state_->fall(why);
}

Task<bool> Link::wait_until_up(SteadyTime deadline) {
    const auto state = state_;
    if (state->up) co_return true;
    if (state->refuses_at_once()) co_return false;
    const auto bell = std::make_shared<OneShot<bool>>(state->runtime);
    state->bells.push_back(bell);
    const auto rung = co_await bell->wait_until(deadline);
    co_return rung.value_or(false);
}

bool Link::is_up() const noexcept {
    return state_->up;
}

Failure Link::trouble() const {
    return state_->failure();
}

}  // namespace tollgate::redis
