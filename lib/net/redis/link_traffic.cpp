// The traffic on a link's connection: what is put on the wire, what the server owes for it, and who is told.
#include <algorithm>
#include <boost/asio/post.hpp>

#include "net/redis/errors.hpp"
#include "net/redis/link_state.hpp"

namespace tollgate::redis {
namespace {

// Larger than a transition, so that those which are ready together share a write; small enough to keep the server busy while
// the rest of the pass goes on (floors.md: service and Redis must not take turns).
constexpr std::size_t write_at = 8 << 10;

// More than this in one reply is no answer to anything we ask.
constexpr std::size_t reply_max = 64 << 20;

}  // namespace

Link::Waiting::~Waiting() {
    if (link != nullptr) link->leave(*this);
    if (slot.is_connected()) slot.clear();
}

void Link::Waiting::expire() noexcept {
    if (link != nullptr) link->late(*this);
}

bool Link::State::is_full(std::size_t more_bytes) const noexcept {
    return queue_.size() + owed_.size() + held_.size() >= options.waiting_max || bytes_ + more_bytes > options.waiting_bytes;
}

void Link::State::submit(Waiting& waiting, SteadyTime deadline) {
    bytes_ += waiting.wire.size();
    deadlines_.arm(waiting, deadline);
    if (up) {
        put(waiting);
    } else {
        queue_.push_back(&waiting);
    }
}

void Link::State::put(Waiting& waiting) {
    owed_.push_back({&waiting, waiting.commands, put_, runtime.clock.steady()});
    put_ += waiting.wire.size();
    out_ += waiting.wire;
    ++unwaited_;
    if (out_.size() >= write_at) {
        flush();
    } else {
        flush_soon();
    }
}

void Link::State::flush_soon() {
    if (std::exchange(flush_posted_, true)) return;
    asio::post(runtime.executor, [self = shared_from_this()] {
        self->flush_posted_ = false;
        self->flush();
    });
}

void Link::State::flush() {
    if (!up || writing_ || out_.empty()) return;
    if (options.replicas > 0 && unwaited_ > 0) {
        owed_.push_back({.begins_at = put_, .since = runtime.clock.steady(), .is_wait = true});
        put_ += wait_wire_.size();
        out_ += wait_wire_;
        unwaited_ = 0;
    }
    NetError error;
    const std::size_t count = stream_->write_now(out_, error);
    seen_ += count;
    out_.erase(0, count);
    if (error) {
        // Not from here: whoever has just put its command is not ready to be resumed.
        asio::post(runtime.executor, [self = shared_from_this(), broken = stream_, why = error.message()] {
            if (self->stream_ == broken) self->fall("the connection broke: " + why);
        });
        return;
    }
    if (out_.empty()) return;
    writing_ = true;
    seen_ += out_.size();
    spawn(runtime.executor, write_rest(shared_from_this(), stream_, std::exchange(out_, {})));
}

Task<void> Link::State::write_rest(std::shared_ptr<State> self, std::shared_ptr<Stream> open, std::string bytes) {
    const NetError error = co_await open->write(bytes);
    if (self->stream_ != open || !self->up) co_return;
    self->writing_ = false;
    if (error) {
        self->fall("the connection broke: " + error.message());
    } else {
        self->flush();
    }
}

Task<std::string> Link::State::read_replies(std::shared_ptr<Stream> open) {
    std::string trouble;
    while (up && stream_ == open) {
        std::tuple<NetError, std::size_t> came;
        if (open->is_tls()) {
            came = co_await open->read_tls(space_);
        } else {
            came = co_await open->read_plain(space_);
        }
        if (const NetError error = std::get<0>(came)) {
            const bool orderly = error == asio::error::eof;
            co_return orderly ? std::string("it closed the connection") : "the connection broke: " + error.message();
        }
        if (!take_in(std::get<1>(came), trouble)) co_return trouble;
    }
    co_return "it is not wanted any more";
}

bool Link::State::take_in(std::size_t count, std::string& trouble) {
    redisReaderFeed(reader_.get(), space_.data(), count);
    while (up) {
        void* reply = nullptr;
        const bool readable = redisReaderGetReply(reader_.get(), &reply) == REDIS_OK && reader_->len <= reply_max;
        Reply owned(static_cast<redisReply*>(reply));
        if (!readable) {
            trouble = "its answer cannot be read";
            return false;
        }
        if (reply == nullptr) return true;
        if (owed_.empty()) {
            trouble = "it said something unasked: " + std::string(owned.text().substr(0, 100));
            return false;
        }
        take_reply(std::move(owned));
    }
    return true;
}

void Link::State::take_reply(Reply reply) {
    if (--owed_.front().replies > 0) return;
    const Owed one = owed_.front();
    owed_.pop_front();
    if (one.is_wait) return release_held(reply.integer());
    if (one.waiting == nullptr) return;
    if (options.replicas == 0) return resume(*one.waiting, std::move(reply));
    one.waiting->answer.emplace(std::move(reply));
    held_.push_back(one.waiting);
}

void Link::State::release_held(std::int64_t replicas) {
    for (Waiting* waiting : std::exchange(held_, {})) fallen_.emplace_back(waiting, Execution::unknown);
    while (!fallen_.empty()) {
        Waiting* const waiting = fallen_.front().first;
        fallen_.pop_front();
        if (waiting == nullptr) continue;
        Answer answer = std::move(*waiting->answer);
        if (replicas < options.replicas && !(*answer).is_error()) {
            answer = std::unexpected(Failure{Execution::unknown, server_ + ": only " + std::to_string(replicas) + " of " +
                                                                     std::to_string(options.replicas) + " replicas hold it"});
        }
        resume(*waiting, std::move(answer));
    }
}

void Link::State::fall(const std::string& why) {
    if (!up) return;
    up = false;
    down_since_ = runtime.clock.steady();
    trouble_ = {server_ + ": " + why};
    stream_->close();
    for (Waiting* waiting : std::exchange(held_, {})) fallen_.emplace_back(waiting, Execution::unknown);
    for (const Owed& one : std::exchange(owed_, {})) {
        if (one.waiting == nullptr) continue;
        fallen_.emplace_back(one.waiting, one.begins_at < seen_ ? Execution::unknown : Execution::not_executed);
    }
    out_.clear();
    writing_ = false;
    if (options.hook) options.hook({server_, false, why});
    while (!fallen_.empty()) {
        const auto [waiting, execution] = fallen_.front();
        fallen_.pop_front();
        if (waiting != nullptr) resume(*waiting, std::unexpected(Failure{execution, trouble_.why}));
    }
}

void Link::State::late(Waiting& waiting) noexcept {
    const bool queued = std::ranges::find(queue_, &waiting) != queue_.end();
    if (!queued && stalls()) return fall("it does not answer in time");
    leave(waiting);
    if (queued) return resume(waiting, std::unexpected(failure()));
    resume(waiting, std::unexpected(Failure{Execution::unknown, server_ + ": it does not answer in time"}));
}

/// What was put on the wire a moment ago, by a caller with little time left, tells nothing.
bool Link::State::stalls() const {
    return !owed_.empty() && runtime.clock.steady() - owed_.front().since >= options.timeout / 2;
}

void Link::State::cancel(Waiting& waiting) noexcept {
    const bool queued = std::ranges::find(queue_, &waiting) != queue_.end();
    leave(waiting);
    resume(waiting, std::unexpected(Failure{queued ? Execution::not_executed : Execution::unknown, "the caller gave up"}));
}

/// The reply of a command that is on the wire will still come, and is nobody's then.
void Link::State::leave(Waiting& waiting) noexcept {
    std::erase(queue_, &waiting);
    std::erase(held_, &waiting);
    for (Owed& one : owed_) {
        if (one.waiting == &waiting) one.waiting = nullptr;
    }
    for (auto& [fallen, execution] : fallen_) {
        if (fallen == &waiting) fallen = nullptr;
    }
}

void Link::State::resume(Waiting& waiting, Answer answer) {
    waiting.link->bytes_ -= waiting.wire.size();
    waiting.link = nullptr;
    waiting.disarm();
    if (waiting.slot.is_connected()) waiting.slot.clear();
    waiting.answer.emplace(std::move(answer));
    auto handler = std::move(*waiting.handler);
    waiting.handler.reset();
    std::move(handler)();
}

}  // namespace tollgate::redis
