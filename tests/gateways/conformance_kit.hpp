#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/outside.hpp"
#include "gateways/lying_exchange.hpp"
#include "support/virtual_time.hpp"

/// What every adapter is held to (lib/gateway/README.md). An adapter is added in conformance_adapters.cpp: how it is made over
/// an exchange, and how its world tells what really happened.
namespace tollgate::test {

using namespace std::chrono_literals;

/// What the books of a world say of one charge, in our minor units.
struct Truth {
    int payments = 0;       // authorized or captured, and not voided
    std::int64_t held = 0;  // authorized, and neither captured nor let go
    std::int64_t captured = 0;
    std::int64_t refunded = 0;
    int refunds = 0;

    friend bool operator==(const Truth&, const Truth&) = default;
};

std::ostream& operator<<(std::ostream& out, const Truth& truth);

/// A gateway behind a liar, as one test has it.
class World {
public:
    virtual ~World() = default;
    virtual Wire handle(const OutboundRequest& request, WallTime now) = 0;
    [[nodiscard]] virtual Truth truth(const std::string& reference) = 0;
    /// The customer comes back from the bank. False where customers of this world always have succeeded.
    virtual bool customer_returns(const std::string& waiting_id, bool succeeded, WallTime now) = 0;
};

struct PaymentMethods {
    std::string good;
    std::string declined;
    std::string insufficient_funds;
    std::string expired;
    std::string authenticates;  // the customer is asked first
};

/// One entry of the table.
struct AdapterKind {
    std::string name;
    std::function<std::unique_ptr<PaymentGateway>(Exchange&, const Runtime&)> adapter;
    std::function<std::unique_ptr<World>()> world;
    PaymentMethods methods;
    std::vector<Money> impossible;  // amounts that its provider cannot represent
};

[[nodiscard]] const std::vector<AdapterKind>& adapters();

/// An adapter, its world and virtual time. A call has ten seconds.
class Stage {
public:
    explicit Stage(const AdapterKind& kind)
        : kind_(kind),
          world_(kind.world()),
          exchange_(time.runtime(), liar,
                    [this](const OutboundRequest& request, WallTime now) { return world_->handle(request, now); }),
          gateway_(kind.adapter(exchange_, time.runtime())) {}

    [[nodiscard]] PaymentGateway& gateway() { return *gateway_; }
    [[nodiscard]] World& world() { return *world_; }
    [[nodiscard]] const AdapterKind& kind() const { return kind_; }
    [[nodiscard]] Truth truth(const std::string& reference = "ch_1") { return world_->truth(reference); }

    [[nodiscard]] CallContext context(std::string key, Ask ask = Ask::perform) {
        return {std::move(key), "", time.steady() + 10s, ask};
    }
    Result<AuthorizeOutcome> authorize(AuthorizeRequest request, std::string key, Ask ask = Ask::perform) {
        return time.run(gateway_->authorize(std::move(request), context(std::move(key), ask)));
    }
    Result<std::string> capture(CaptureRequest request, std::string key, Ask ask = Ask::perform) {
        return time.run(gateway_->capture(std::move(request), context(std::move(key), ask)));
    }
    Result<std::string> undo(VoidRequest request, std::string key, Ask ask = Ask::perform) {
        return time.run(gateway_->void_authorization(std::move(request), context(std::move(key), ask)));
    }
    Result<std::string> refund(RefundRequest request, std::string key, Ask ask = Ask::perform) {
        return time.run(gateway_->refund(std::move(request), context(std::move(key), ask)));
    }

    /// An honest authorization and capture, under keys of their own.
    [[nodiscard]] std::string authorized(std::int64_t amount = 4999, const std::string& reference = "ch_1");
    [[nodiscard]] std::string captured(std::int64_t amount = 4999, const std::string& reference = "ch_1");

    void sleep(std::chrono::steady_clock::duration span);

    VirtualTime time;
    Liar liar;

private:
    const AdapterKind& kind_;
    std::unique_ptr<World> world_;
    LyingExchange exchange_;
    std::unique_ptr<PaymentGateway> gateway_;
};

[[nodiscard]] Money money(std::int64_t minor, std::string_view currency = "USD");
[[nodiscard]] AuthorizeRequest payment(const std::string& method, std::int64_t amount = 4999,
                                       const std::string& reference = "ch_1");

/// What an answer lets one believe, in one word: done, not found, not executed, refused, unknown.
template <class T>
std::string in_a_word(const Result<T>& outcome) {
    if (outcome) return "done";
    if (outcome.error().code == Code::never_arrived) return "not found";
    if (outcome.error().execution == Execution::not_executed) return "not executed";
    return outcome.error().execution == Execution::refused ? "refused" : "unknown";
}

/// One step of a payment, prepared so that it can be asked about.
struct PreparedStep {
    std::string name;  // as the liar has it
    /// The id that came of it; a waiting id counts as one.
    std::function<Result<std::string>(Ask)> ask;
    Truth before;
    Truth after;
    bool tells_amount = true;  // its answer does
};

inline const std::vector<std::string> step_names{"authorize", "continue", "capture", "void", "refund"};

/// Everything before the step has been done, honestly.
[[nodiscard]] PreparedStep prepare(Stage& stage, const std::string& step);

}  // namespace tollgate::test
