// The way to Redis alone, without HTTP: one event loop, one connection, so many callers that each wait for their reply.
//
//   redis_bench PORT SECONDS CALLERS COMMAND_FILE [accept]
//
// First the client with a script that does next to nothing, then the store with the step of a charge. COMMAND_FILE gets the
// words of such a step, a line each, for redis-benchmark to run the very same script. With `accept`: the same of events that
// come in, without the client.
extern "C" {
#include <hiredis/sds.h>  // forgets to say so itself
}
#include <hiredis/hiredis.h>
#include <sys/resource.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "net/redis/client.hpp"
#include "stores/digest.hpp"
#include "stores/redis/redis_store.hpp"

using namespace tollgate;

namespace {

struct Loop {
    SystemClock clock;
    SystemRandom random;
    asio::io_context io{1};
    AsioTimers timers{io.get_executor()};
    Runtime runtime{io.get_executor(), clock, random, timers};
};

double cpu_us() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto us = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
    };
    return us(used.ru_utime) + us(used.ru_stime);
}

/// Every caller asks again as soon as it has its answer; prints what that came to.
void measure(Loop& loop, const char* what, std::chrono::seconds time, std::size_t callers,
             const std::function<Task<bool>(std::size_t)>& ask) {
    const SteadyTime begun = loop.clock.steady();
    const SteadyTime end = begun + time;
    const double cpu_before = cpu_us();
    std::uint64_t done = 0;
    std::uint64_t failed = 0;
    std::size_t open = callers;
    const auto one = [&](std::size_t caller) -> Task<void> {
        while (loop.clock.steady() < end) ++(co_await ask(caller) ? done : failed);
        if (--open == 0) loop.io.stop();
    };
    for (std::size_t i = 0; i < callers; ++i) spawn(loop.runtime.executor, one(i));
    loop.io.restart();
    loop.io.run();
    const double seconds = std::chrono::duration<double>(loop.clock.steady() - begun).count();
    std::printf("%s callers=%zu per_second=%.0f cpu_us=%.2f failed=%llu\n", what, callers, static_cast<double>(done) / seconds,
                (cpu_us() - cpu_before) / static_cast<double>(done), static_cast<unsigned long long>(failed));
    std::fflush(stdout);
}

template <class T>
T run(Loop& loop, Task<T> task) {
    std::optional<T> value;
    spawn(loop.runtime.executor, [](Loop& on, Task<T> asked, std::optional<T>& into) -> Task<void> {
        into.emplace(co_await std::move(asked));
        on.io.stop();
    }(loop, std::move(task), value));
    loop.io.restart();
    loop.io.run();
    return std::move(*value);
}

BeginCharge begin_of(std::size_t number) {
    BeginCharge begin;
    begin.row.id = "ch_aa" + std::to_string(number);
    begin.row.tenant = "default";
    begin.row.idempotency_key = "bench-" + std::to_string(number);
    begin.row.fingerprint = std::string(52, 'f');
    begin.row.order_id = "ord_" + std::to_string(number);
    begin.row.amount = 4999;
    begin.row.currency = "USD";
    begin.row.state = std::string(400, 's');
    begin.now = SystemClock().wall();
    begin.row.lease_until = begin.now + std::chrono::hours(1);
    return begin;
}

Transition step_of(const ChargeRow& row) {
    Transition step;
    step.id = row.id;
    step.fence = row.fence;
    step.state = row.state;
    step.lease_until = row.lease_until;
    step.due_at = row.due_at;
    step.now = row.begun_at;
    return step;
}

/// The words of the first EVALSHA that comes by.
class Monitor {
public:
    explicit Monitor(int port) : connection_(redisConnect("127.0.0.1", port)) {
        freeReplyObject(redisCommand(connection_, "MONITOR"));
    }
    ~Monitor() { redisFree(connection_); }

    std::vector<std::string> next_script() {
        while (true) {
            void* reply = nullptr;
            if (redisGetReply(connection_, &reply) != REDIS_OK) std::exit(1);
            const std::string line(static_cast<redisReply*>(reply)->str, static_cast<redisReply*>(reply)->len);
            freeReplyObject(reply);
            const std::size_t at = line.find("\"EVALSHA\"");
            if (at == std::string::npos) continue;
            int count = 0;
            sds* const words = sdssplitargs(line.c_str() + at, &count);
            std::vector<std::string> all;
            for (int i = 0; i < count; ++i) all.emplace_back(words[i], sdslen(words[i]));
            sdsfreesplitres(words, count);
            return all;
        }
    }

private:
    redisContext* connection_;
};

void bench_client(Loop& loop, int port, std::chrono::seconds time, std::size_t callers) {
    redis::Options options;
    options.servers = {{"127.0.0.1", static_cast<std::uint16_t>(port)}};
    const auto client = redis::Client::make(loop.runtime, options).value();
    const redis::Script script("bench", "#!lua\nreturn redis.call('INCR', KEYS[1])");
    measure(loop, "client", time, callers, [&](std::size_t) -> Task<bool> {
        const redis::Answer answer =
            co_await client->run(script, {"tg:bench"}, {}, loop.clock.steady() + std::chrono::seconds(5));
        co_return answer.has_value();
    });
}

void write_lines(const std::string& file, const std::vector<std::string>& words) {
    std::ofstream out(file);
    for (const std::string& word : words) out << word << '\n';
}

/// A step as redis-benchmark can run it: each call by another process, so that none is taken for a repetition of the one
/// before. It puts a number where __rand_int__ stands.
void write_command(Loop& loop, ChargeStore& store, const ChargeRow& row, int port, const std::string& file) {
    Monitor monitor(port);
    if (!run(loop, store.advance(step_of(row)))) std::exit(1);
    std::vector<std::string> words = monitor.next_script();
    const std::size_t number_of_write = 3 + std::stoul(words[2]) + 1;
    words[number_of_write] = "__rand_int__1";
    write_lines(file, words);
}

/// As large as what tests/bench/webhooks sends.
Event event_of(std::uint64_t number) {
    Event event;
    event.name = "evt_bench-" + std::to_string(number);
    event.id = "wh_" + base32(digest_of({event.name}), 20);
    event.source = "sandbox";
    event.type = "customer.updated";
    event.fingerprint = std::string(52, 'f');
    event.body = std::string(500, 'b');
    event.at = SystemClock().wall();
    return event;
}

/// The arrival of an event as redis-benchmark can run it: each call brings another one.
void write_command(Loop& loop, EventStore& store, int port, const std::string& file) {
    Monitor monitor(port);
    const Event event = event_of(0);
    if (!run(loop, store.accept(event, Milliseconds(30'000)))) std::exit(1);
    std::vector<std::string> words = monitor.next_script();
    for (std::string& word : words) {
        const std::size_t at = word.find(event.id);
        if (at != word.npos) word.replace(at, event.id.size(), "wh_" + event.id.substr(3, 5) + "__rand_int__");
    }
    write_lines(file, words);
}

std::unique_ptr<RedisStore> open_store(Loop& loop, int port) {
    RedisStoreOptions options;
    options.redis.servers = {{"127.0.0.1", static_cast<std::uint16_t>(port)}};
    auto opened = RedisStore::open(std::move(options), {&loop.runtime});
    if (!opened) {
        std::fprintf(stderr, "%s\n", opened.error().detail.c_str());
        std::exit(1);
    }
    return std::move(opened->store);
}

void bench_accept(Loop& loop, int port, std::chrono::seconds time, std::size_t callers, const std::string& file) {
    const auto opened = open_store(loop, port);
    EventStore& store = opened->events();
    write_command(loop, store, port, file);
    std::uint64_t number = 0;
    measure(loop, "accept", time, callers, [&](std::size_t) -> Task<bool> {
        const Result<Accepted> accepted = co_await store.accept(event_of(++number), Milliseconds(30'000));
        co_return accepted.has_value() && *accepted == Accepted::fresh;
    });
}

void bench_store(Loop& loop, int port, std::chrono::seconds time, std::size_t callers, const std::string& file) {
    const auto opened = open_store(loop, port);
    ChargeStore& store = *opened;
    std::vector<ChargeRow> rows;
    for (std::size_t i = 0; i < callers; ++i) rows.push_back(run(loop, store.begin(begin_of(i))).value().row);

    write_command(loop, store, rows[0], port, file);
    measure(loop, "store", time, callers, [&](std::size_t caller) -> Task<bool> {
        const Result<void> step = co_await store.advance(step_of(rows[caller]));
        co_return step.has_value();
    });
}

}  // namespace

int main(int count, char** words) {
    const bool accept = count == 6 && std::string_view(words[5]) == "accept";
    if (count != 5 && !accept) {
        std::fprintf(stderr, "usage: redis_bench PORT SECONDS CALLERS COMMAND_FILE [accept]\n");
        return 2;
    }
    const int port = std::atoi(words[1]);
    const std::chrono::seconds time(std::atoi(words[2]));
    const std::size_t callers = static_cast<std::size_t>(std::atoi(words[3]));
    Loop loop;
    if (accept) {
        bench_accept(loop, port, time, callers, words[4]);
        return 0;
    }
    for (const std::size_t waiting : {std::size_t{1}, std::size_t{16}, callers}) bench_client(loop, port, time, waiting);
    bench_store(loop, port, time, callers, words[4]);
    return 0;
}
