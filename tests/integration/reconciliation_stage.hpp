#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "integration/lying_gateway.hpp"
#include "integration/operating.hpp"

/// What the tests of reconciliation have in common: days, books that say what a test wants, somebody who is called, and reports
/// as their reader sees them.
namespace tollgate::test {

/// Settings of a service that has all the time that a busy machine takes; its store is not what is tested.
[[nodiscard]] Variables unhurried(Variables more = {});

/// A UTC day, so many days from today.
[[nodiscard]] std::string utc_day(int from_today = 0);

/// Takes pages. May be told what to answer to the n-th.
class Duty {
public:
    struct Call {
        std::string key;  // Idempotency-Key
        std::string kind;
        std::string charge_id;
        std::string detail;
    };
    static constexpr int cut = 0;  // no answer: the connection is cut
    using Answer = std::function<int(int nth, const Call& call)>;

    explicit Duty(Answer answer = {}) : answer_(std::move(answer)) {}

    [[nodiscard]] Variables settings() const { return {{"TOLLGATE_PAGE_URL", server_.url() + "/page"}}; }
    [[nodiscard]] std::vector<Call> heard() const;
    /// "KIND CHARGE" of each call that was taken, told apart by their keys as a good pager would.
    [[nodiscard]] std::multiset<std::string> called() const;

private:
    Answer answer_;
    mutable std::mutex mutex_;
    std::vector<Call> heard_;
    std::vector<Call> taken_;
    ScriptedServer server_{[this](Peer& peer) { take(peer); }};

    void take(Peer& peer);
};

/// Stands where the gateway is: lists a day as a test wants it, a few rows a page; everything else is the sandbox's.
class Bookkeeper {
public:
    using Rewrite = std::function<void(const std::string& date, json::array& rows)>;
    /// Told of the n-th page before it is given out; false: the connection is cut instead.
    using Watch = std::function<bool(int nth)>;

    explicit Bookkeeper(unsigned short sandbox_port, Rewrite rewrite = {}, Watch watch = {}, std::size_t page_size = 1000);

    [[nodiscard]] Variables settings() const { return {{"TOLLGATE_GATEWAY_URL", server_.url()}}; }
    [[nodiscard]] int pages() const noexcept { return pages_; }

private:
    std::optional<Reply> list(const std::string& path);

    unsigned short sandbox_port_;
    Rewrite rewrite_;
    Watch watch_;
    std::size_t page_size_;
    std::atomic<int> pages_{0};
    LyingGateway server_;
};

/// A row of the gateway's books as it lists it.
[[nodiscard]] json::object row(const std::string& id, const std::string& reference, const std::string& type, long long amount,
                               const std::string& status, const std::string& created_at);

/// POST /admin/reconciliation, once.
[[nodiscard]] std::optional<Reply> ask_to_reconcile(unsigned short port, const std::string& body);

/// The report of a day that was compared just now: asks, and waits as the 202 says.
[[nodiscard]] json::object reconciled(unsigned short port, const std::string& date);

/// "KIND REFERENCE TYPE ACTION" of each discrepancy.
[[nodiscard]] std::multiset<std::string> found(const json::object& report);

/// That a report's total, its matched and its summary fit its discrepancies.
void check_adds_up(const json::object& report, std::size_t matched);

/// What the sandbox's own ledger comes to: captured less refunded, by currency.
struct Truth {
    std::map<std::string, long long> sums;
    std::size_t movements = 0;  // captures and refunds
};
[[nodiscard]] Truth truth_of(unsigned short sandbox_port);

/// `sums` of a report, one side of it.
[[nodiscard]] std::map<std::string, long long> sums(const json::object& report, const std::string& side);

/// One discrepancy of each kind, by the kind: the reference under which the gateway has it.
[[nodiscard]] std::map<std::string, std::string> plant_each_kind(const EventStage& stage);

/// A charge that the shop left uncaptured and that somebody captured at the gateway; its id.
[[nodiscard]] std::string capture_behind(const EventStage& stage, const std::string& name, long long amount = 4999);

/// A call at the sandbox itself, which must work.
json::object at_gateway(const EventStage& stage, const std::string& step, const std::string& key, json::object body);

/// The id of a charge's effect of this type at the sandbox.
[[nodiscard]] std::string id_at_gateway(const EventStage& stage, const std::string& charge_id, const std::string& type);

/// `tollgate reconcile` with these settings: its exit code, and what it wrote to standard output alone.
struct Ran {
    int code;
    std::string out;
};
[[nodiscard]] Ran run_reconcile(const Variables& settings, std::vector<std::string> arguments);

/// Of `tollgate audit export`: how often today's log says this of a charge.
[[nodiscard]] std::size_t audited(const EventStage& stage, const std::string& charge_id, const std::string& word);

}  // namespace tollgate::test
