#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "core/meter.hpp"
#include "pipeline/service.hpp"
#include "stores/ports.hpp"
#include "support/noted_audit.hpp"
#include "support/virtual_time.hpp"

namespace tollgate::test {

/// A call outward, reduced to what the layers look at.
struct Call {
    SteadyTime deadline;
    std::string key = "k";
};

inline SteadyTime deadline_of(const Call& call) {
    return call.deadline;
}

/// One attempt as the other side will treat it.
struct Attempt {
    Result<std::string> result;
    Milliseconds takes{0};
};

/// The other side: it treats one call after another as its script says, and keeps a list of when they came. Handed to layers
/// with std::ref.
class ScriptedService {
public:
    explicit ScriptedService(VirtualTime& time) : time_(time) {}

    void then(Code code, std::optional<Milliseconds> retry_after = {}) {
        script_.push_back({fail(code, "scripted", retry_after)});
    }
    void then(std::string answer, Milliseconds takes = Milliseconds(0)) { script_.push_back({std::move(answer), takes}); }
    void then(PaymentError error) { script_.push_back({fail(std::move(error))}); }

    Task<Result<std::string>> operator()(Call call) {
        came_at_.push_back(std::chrono::floor<Milliseconds>(time_.elapsed()));
        keys_.push_back(call.key);
        Attempt attempt{std::string("ok")};
        if (!script_.empty()) {
            attempt = std::move(script_.front());
            script_.pop_front();
        }
        if (attempt.takes > Milliseconds(0)) co_await sleep_for(time_.runtime(), attempt.takes);
        co_return std::move(attempt.result);
    }

    [[nodiscard]] std::size_t calls() const { return came_at_.size(); }
    [[nodiscard]] const std::vector<Milliseconds>& came_at() const { return came_at_; }
    [[nodiscard]] const std::vector<std::string>& keys() const { return keys_; }

private:
    VirtualTime& time_;
    std::deque<Attempt> script_;
    std::vector<Milliseconds> came_at_;
    std::vector<std::string> keys_;
};

/// Writes down what was measured as "name outcome ms".
class NotedMeter final : public DurationMeter {
public:
    void observe(std::string_view name, std::chrono::duration<double> took, std::string_view outcome) override {
        const auto ms = std::chrono::round<Milliseconds>(took).count();
        notes.push_back(std::string(name) + " " + std::string(outcome) + " " + std::to_string(ms));
    }
    std::vector<std::string> notes;
};

/// A store of which only `begin` is asked; it answers as told and keeps what it was asked.
class ScriptedStore final : public ChargeStore {
public:
    Result<Begun> next = fail(Code::internal, "not scripted");
    std::vector<BeginCharge> asked;

    Task<Result<Begun>> begin(BeginCharge begin) override {
        asked.push_back(std::move(begin));
        co_return next;
    }
    Task<Result<void>> advance(Transition) override { co_return fail(Code::internal, "not scripted"); }
    Task<Result<std::vector<ChargeRow>>> claim(WallTime, WallTime, std::size_t) override { co_return fail(Code::internal, ""); }
    Task<Result<Taken>> take(std::string, WallTime, WallTime, Reach) override {
        co_return fail(Code::internal, "not scripted");
    }
    Task<Result<Taken>> take_for(std::string, std::string, WallTime, WallTime) override {
        co_return fail(Code::internal, "not scripted");
    }
    Task<Result<std::optional<ChargeRow>>> find(std::string) override { co_return fail(Code::internal, "not scripted"); }
    Task<Result<ChargePage>> page(ChargeQuery) override { co_return fail(Code::internal, "not scripted"); }
    Task<Result<ChargePage>> survey(SurveyQuery) override { co_return fail(Code::internal, "not scripted"); }
    Task<Result<std::vector<ChargeRow>>> expiring(WallTime, std::size_t) override {
        co_return fail(Code::internal, "not scripted");
    }
    Task<Result<std::optional<std::string>>> charge_of(std::string) override { co_return fail(Code::internal, "not scripted"); }
    Task<Result<std::vector<CurrencyAtRisk>>> money_at_risk() override { co_return fail(Code::internal, "not scripted"); }
    Task<Result<std::vector<LedgerEntry>>> ledger(std::string) override { co_return fail(Code::internal, "not scripted"); }
};

}  // namespace tollgate::test
