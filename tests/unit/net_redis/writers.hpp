#pragma once

#include <algorithm>
#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "support.hpp"

namespace tollgate::test {

/// Many coroutines that write numbered keys, each the next one when the last is acknowledged, until they are told to stop.
/// Keys are spread over all hash slots, or bear one tag.
class Writers {
public:
    static constexpr int count = 32;

    Writers(EventLoop& loop, redis::Client& client, std::string tag = "") : loop_(loop), client_(client), tag_(std::move(tag)) {
        open_ = count;
        for (int i = 0; i < count; ++i) loop.start(write(i));
    }

    /// `work` on a thread of its own (it may not start servers), the writers beside it.
    template <class Work>
    void meanwhile(Work work) {
        auto done = std::async(std::launch::async, std::move(work));
        loop_.run_until([&] { return done.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
        done.get();
    }
    void write_more(std::size_t more) {
        const std::size_t goal = acknowledged_.size() + more;
        loop_.run_until([&] { return acknowledged_.size() >= goal; });
    }
    /// Every writer has then ended with an acknowledged key.
    void stop() {
        stopping_ = true;
        loop_.run_until([&] { return open_ == 0; });
    }

    /// Keys that were acknowledged. The value of each is how often its script ran, beyond its repeats.
    [[nodiscard]] const std::vector<std::string>& acknowledged() const noexcept { return acknowledged_; }
    /// Sentences of the failures that callers saw.
    [[nodiscard]] const std::vector<redis::Failure>& failures() const noexcept { return failures_; }

    /// Calls the script again until it succeeds, as a client of the service would; at most a minute.
    Task<bool> write_key(std::string key, std::string nonce) {
        const auto end = loop_.in(60s);
        while (loop_.in(0ms) < end) {
            const auto answer = co_await client_.run(once, {key}, {nonce}, loop_.in(3s));
            if (answer) co_return true;
            failures_.push_back(answer.error());
            co_await sleep_for(loop_.runtime(), 50ms);
        }
        co_return false;
    }

private:
    Task<void> write(int writer) {
        for (int number = 0; !stopping_; ++number) {
            const std::string name = std::to_string(writer) + ":" + std::to_string(number);
            const std::string key = tag_.empty() ? name : "{" + tag_ + "}" + name;
            if (!co_await write_key(key, name)) break;
            acknowledged_.push_back(key);
        }
        --open_;
    }

    // Counts how many different nonces it met; a repeat of the same is none.
    inline static const redis::Script once{"once",
                                           "#!lua\n"
                                           "if redis.call('HSETNX', KEYS[1], ARGV[1], 1) == 1 then\n"
                                           "  return redis.call('HINCRBY', KEYS[1], 'times', 1)\n"
                                           "end\n"
                                           "return redis.call('HGET', KEYS[1], 'times')"};

    EventLoop& loop_;
    redis::Client& client_;
    std::string tag_;
    int open_ = 0;
    bool stopping_ = false;
    std::vector<std::string> acknowledged_;
    std::vector<redis::Failure> failures_;
};

/// How many of the keys a server holds do not count exactly one execution.
inline std::size_t not_once(RedisServer& server, const std::vector<std::string>& keys) {
    std::vector<std::vector<std::string>> questions;
    for (const std::string& key : keys) questions.push_back({"HGET", key, "times"});
    const auto replies = server.commands(questions);
    return static_cast<std::size_t>(std::ranges::count_if(replies, [](const RedisReply& one) { return one.text != "1"; }));
}

}  // namespace tollgate::test
