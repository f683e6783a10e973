// What comparing a day with the gateway costs: a million transactions in a store file, as many at a gateway that answers pages
// of 1000 in an order of its own, as many again on each of its neighbouring days, and discrepancies of each kind among them.
//
//   reconcile [TRANSACTIONS] [FOLDER]
//
// Prints seconds, the peak of the resident memory, and the ratio to the floor of the same run: reading both sides of the day
// and sorting them in memory. Fails when what was planted is not what is found.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <optional>

#include "core/random.hpp"
#include "reconciliation/reconcile.hpp"
#include "stores/sqlite/database.hpp"
#include "stores/sqlite/sqlite_store.hpp"

using namespace tollgate;
using namespace tollgate::reconciliation;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::sys_days today = std::chrono::November / 22 / 2026;
constexpr std::size_t page_size = 1000;
constexpr std::uint64_t planted = 100;  // of each kind

void check(bool good, const char* what) {
    if (good) return;
    std::fprintf(stderr, "reconcile: %s\n", what);
    std::_Exit(1);
}

std::string id(const char* prefix, std::uint64_t number, std::size_t length) {
    std::string text = prefix;
    std::uint64_t mixed = number + 1;
    while (text.size() < length) {
        mixed = mixed * 0x9e3779b97f4a7c15 + 0x632be59bd9b4e019;
        text += "abcdefghijklmnopqrstuvwxyz234567"[(mixed >> 40) % 32];
    }
    return text;
}

/// The same movement for both sides: nine captures, then the refund of the first of them.
struct Movement {
    std::uint64_t charge;
    bool refund;
    std::int64_t amount;
    const char* currency;
    WallTime at;
};

Movement movement(std::uint64_t number) {
    static constexpr const char* currencies[] = {"USD", "JPY", "KWD"};
    const std::uint64_t charge = number % 10 == 9 ? number - 9 : number;
    const bool refund = charge != number;
    return {.charge = charge,
            .refund = refund,
            .amount = static_cast<std::int64_t>(100 + charge % 9973) / (refund ? 2 : 1),
            .currency = currencies[charge % 3],
            .at = today + Milliseconds(number * 83'000'000 / 80'000'000 % 80'000'000)};
}

/// Every so often a capture that is not refunded is one that goes wrong.
std::optional<Kind> goes_wrong(std::uint64_t number, std::uint64_t all) {
    const std::uint64_t every = all / (planted * kinds);
    if (number % every != 3 || number / every >= planted * kinds) return std::nullopt;
    return static_cast<Kind>(number / every % kinds);
}

std::string charge_id(std::uint64_t charge) {
    return id("ch_", charge, 37);
}
std::string gateway_id(std::uint64_t number) {
    return id("cap_", number, 30);
}

/// A page of the day as the gateway lists it, made when it is asked for.
class Gateway {
public:
    explicit Gateway(std::uint64_t all) : all_(all), step_(all * 5 / 8 | 1) {
        while (std::gcd(step_, all_) != 1) step_ += 2;
    }

    TransactionPage page(std::chrono::sys_days day, const std::string& cursor) const {
        const std::uint64_t from = cursor.empty() ? 0 : std::stoull(cursor);
        const std::uint64_t to = std::min(from + page_size, all_);
        TransactionPage page;
        page.data.reserve(page_size + 10);
        for (std::uint64_t place = from; place < to; ++place) {
            if (day == today) {
                put(place * step_ % all_, page.data);
            } else {
                put_neighbour(place, day, page.data);
            }
        }
        if (to < all_) page.next_cursor = std::to_string(to);
        return page;
    }

private:
    static GatewayTransaction row(std::uint64_t number) {
        const Movement one = movement(number);
        return {.id = gateway_id(number),
                .reference = charge_id(one.charge),
                .type = one.refund ? "refund" : "capture",
                .amount = one.amount,
                .currency = one.currency,
                .status = one.refund ? "refunded" : "captured",
                .created_at = one.at + 40ms};
    }

    void put(std::uint64_t number, std::vector<GatewayTransaction>& rows) const {
        GatewayTransaction one = row(number);
        const auto wrong = goes_wrong(number, all_);
        if (wrong == Kind::missing_gateway || wrong == Kind::late) return;
        if (wrong == Kind::amount_mismatch) ++one.amount;
        if (wrong == Kind::currency_mismatch) one.currency = "EUR";
        if (wrong == Kind::status_mismatch) one.status = "voided";
        if (wrong == Kind::orphan_refund) {
            GatewayTransaction orphan = one;
            orphan.reference += "o";
            orphan.id += "o";
            orphan.type = "refund";
            orphan.status = "refunded";
            rows.push_back(orphan);
        }
        rows.push_back(one);
        if (wrong == Kind::duplicate_at_gateway) {
            one.id += "d";
            rows.push_back(one);
        }
    }

    void put_neighbour(std::uint64_t number, std::chrono::sys_days day, std::vector<GatewayTransaction>& rows) const {
        const bool late = day > today && goes_wrong(number, all_) == Kind::late;
        GatewayTransaction one = row(late ? number : number + (day > today ? 1 : 2) * all_);
        one.created_at = day + 12h;
        rows.push_back(one);
    }

    std::uint64_t all_;
    std::uint64_t step_;
};

/// Straight into the file: how charges come to be is no part of this.
void fill(const std::string& path, std::uint64_t all) {
    check(SqliteStore::open({.path = path}).has_value(), "the store file cannot be made");
    auto database = sqlite::Database::open(path, sqlite::Database::Access::read_write, "");
    check(database.has_value(), "the store file cannot be opened");
    database->run("PRAGMA synchronous = OFF; BEGIN");
    sqlite::Statement charge(*database,
                             "INSERT INTO charges (seq, id, tenant, idempotency_key, fingerprint, order_id, amount, currency,"
                             " status, live, created_at, begun_at, attempt, fence, lease_until, key_free, state)"
                             " VALUES (?1, ?2, 'default', ?2, '', 'o', ?3, ?4, 'succeeded', 1, ?5, ?5, 1, 1, 0, 0, x'')");
    sqlite::Statement entry(*database,
                            "INSERT INTO ledger (charge, type, gateway_id, amount, currency, at)"
                            " VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    for (std::uint64_t number = 0; number < all; ++number) {
        const Movement one = movement(number);
        if (goes_wrong(number, all) == Kind::missing_internal) continue;
        if (!one.refund) charge.run(one.charge + 1, charge_id(one.charge), one.amount, std::string(one.currency), one.at);
        if (!one.refund) {
            entry.run(one.charge + 1, std::string("authorize"), "a" + gateway_id(number), one.amount, std::string(one.currency),
                      one.at);
        }
        entry.run(one.charge + 1, std::string(one.refund ? "refund" : "capture"), gateway_id(number), one.amount,
                  std::string(one.currency), one.at);
    }
    database->run("COMMIT");
    check(!database->failed(), "the store file cannot be filled");
}

template <class T>
T run(asio::io_context& context, Task<T> task) {
    std::optional<T> value;
    asio::co_spawn(context, std::move(task),
                   [&value](const std::exception_ptr&, T result) { value.emplace(std::move(result)); });
    context.run();
    context.restart();
    return std::move(*value);
}

/// Runs it in a process of its own, so that what it holds does not count here.
template <class Work>
void apart(Work work) {
    const pid_t child = ::fork();
    if (child == 0) {
        work();
        std::fflush(stdout);
        std::_Exit(0);
    }
    int status = 0;
    check(::waitpid(child, &status, 0) == child && status == 0, "a part of the bench failed");
}

double seconds_of(const auto& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

Task<std::size_t> read_and_sort(ReconciliationStore& ledger, const Gateway& gateway) {
    std::vector<std::pair<std::string, std::string>> records;
    LedgerQuery query{.day = today};
    do {
        auto page = (co_await ledger.ledger_of(query)).value();
        for (BookedEntry& one : page.entries) records.emplace_back(std::move(one.charge_id), std::move(one.entry.gateway_id));
        query.cursor = std::move(page.next_cursor);
    } while (!query.cursor.empty());
    std::string cursor;
    do {
        auto page = gateway.page(today, cursor);
        for (GatewayTransaction& one : page.data) records.emplace_back(std::move(one.reference), std::move(one.id));
        cursor = std::move(page.next_cursor);
    } while (!cursor.empty());
    std::ranges::sort(records);
    co_return records.size();
}

double cpu_seconds() {
    std::timespec spent{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
}

double peak_mib() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:")) return std::strtod(line.c_str() + 6, nullptr) / 1024;
    }
    return 0;
}

void forget_peak() {
    std::ofstream("/proc/self/clear_refs") << "5";
}

}  // namespace

int main(int argc, char** argv) {
    const std::uint64_t all = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
    check(all > 0 && all % (10 * planted * kinds) == 0, "TRANSACTIONS is a multiple of 8000");
    auto folder = (std::filesystem::path(argc > 2 ? argv[2] : "/tmp") / "tollgate-reconcile-XXXXXX").string();
    check(::mkdtemp(folder.data()) != nullptr, "FOLDER cannot be written to");
    const std::string path = folder + "/store.db";
    const Gateway gateway(all);
    apart([&] { fill(path, all); });

    double floor = 0;
    {
        int pipe_ends[2];
        check(::pipe(pipe_ends) == 0, "no pipe");
        apart([&] {
            auto store = SqliteStore::open({.path = path}).value();
            asio::io_context context;
            std::size_t records = 0;
            const double seconds = seconds_of([&] { records = run(context, read_and_sort(store->reconciliation(), gateway)); });
            check(records > all, "the floor read too little");
            check(::write(pipe_ends[1], &seconds, sizeof seconds) == sizeof seconds, "no pipe");
        });
        check(::read(pipe_ends[0], &floor, sizeof floor) == sizeof floor, "no pipe");
    }

    auto store = SqliteStore::open({.path = path}).value();
    asio::io_context context;
    SystemClock clock;
    SystemRandom random;
    AsioTimers timers(context.get_executor());
    const Runtime runtime{context.get_executor(), clock, random, timers};
    std::optional<Result<Outcome>> outcome;
    std::uint64_t handled = 0;
    const auto begin = std::chrono::steady_clock::now();
    std::vector<std::pair<Progress::Phase, double>> phases;
    forget_peak();
    const double cpu_before = cpu_seconds();
    const double seconds = seconds_of([&] {
        const Books books{.ledger = store->reconciliation(),
                          .charges = *store,
                          .gateway = [&](std::chrono::sys_days day, std::string cursor) -> Task<Result<TransactionPage>> {
                              co_return gateway.page(day, cursor);
                          },
                          .lists_disputes = true};
        const Handle handle = [&](std::vector<Discrepancy>& some) -> Task<Result<void>> {
            handled += some.size();
            co_return Result<void>();
        };
        const Watch watch = [&](const Progress& progress) {
            const double at = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
            if (phases.empty() || phases.back().first != progress.phase) phases.emplace_back(progress.phase, at);
        };
        outcome.emplace(run(context, reconcile(runtime, books, today, handle, watch)));
    });
    const double memory = peak_mib();
    const double cpu = cpu_seconds() - cpu_before;
    check(outcome->has_value(), outcome->has_value() ? "" : outcome->error().detail.c_str());

    const Tally& tally = (*outcome)->tally;
    std::printf("%s\n", summary(tally).c_str());
    static constexpr const char* names[] = {"ledger", "gateway", "compare", "act"};
    for (const auto& [phase, at] : phases) std::printf("  %-8s from %.2f s\n", names[static_cast<int>(phase)], at);
    std::printf("%.2f s (%.2f s of CPU), %.1f MiB at the peak; the floor %.2f s, ratio %.2f\n", seconds, cpu, memory, floor,
                seconds / floor);
    outcome.reset();
    store.reset();
    std::filesystem::remove_all(folder);
    for (const std::uint64_t found : tally.found) check(found == planted, "what was found is not what was planted");
    check(handled == planted * kinds, "not everything was handed to the handler");
}
