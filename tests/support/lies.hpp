#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"

/// What a gateway can do to its callers. One list for Stripe's API and for contract section 6, in this process and over
/// sockets.
namespace tollgate::test {

enum class Lie : std::uint8_t {
    silent,          // acts, and never answers
    unreachable,     // the connection cannot be made
    cut_before,      // takes the request and cuts the connection before it acts
    truncated,       // acts, and sends half of its answer as if it were whole
    cut_middle,      // acts, and cuts the connection in the middle of its answer
    fault_acted,     // acts, and answers the key with 500 from then on
    fault_idle,      // does not act, and answers the key with 500 from then on
    fault_retry,     // does not act, and answers 500 once, with Stripe-Should-Retry: true
    wrong_amount,    // acts, and answers with another amount
    wrong_currency,  // acts, and answers with another currency
    other_id,        // acts, and answers with ids that it gave to somebody else
    slow,            // acts at once, and answers after the deadline
    busy,            // does not act: 429 with Retry-After
    in_use,          // acts, and says 409: the key is in use
    stale,           // a look-up by search finds nothing; of section 6: GET /v1/operations does not know the key
};

[[nodiscard]] std::string_view name(Lie lie) noexcept;
[[nodiscard]] const std::vector<Lie>& every_lie();
/// Whether the gateway has done what it was asked when it told this lie.
[[nodiscard]] bool acts(Lie lie) noexcept;

/// An answer on its way, or what is done instead of it.
struct Wire {
    int status = 200;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
    enum class End : std::uint8_t { whole, unreachable, cut, cut_in_body, never, late } end = End::whole;
};

/// Which step of a payment a request is about: "authorize", "capture", "void", "refund", "look_up" or "transactions".
[[nodiscard]] std::string_view step_of(std::string_view method, std::string_view target) noexcept;

/// Lies when it is told to, and else passes on what the honest gateway says. May be called from any thread.
class Liar {
public:
    /// The calls of this step lie, from now on, so often; those before it in line come first.
    void lie(std::string step, Lie lie, int times = 1);
    /// Nothing but the truth from now on, except for keys that keep their fault.
    void stop();
    /// Keys are forgotten too.
    void stop_for_good();

    using Honest = std::function<Wire()>;
    Wire answer(std::string_view method, std::string_view target, const std::string& key, const Honest& honest);

    /// How many calls of this step have come; of all steps when empty.
    [[nodiscard]] int calls(const std::string& step) const;

private:
    struct Plan {
        Lie lie;
        int times;
    };
    std::optional<Lie> next(const std::string& step);

    mutable std::mutex mutex_;
    std::map<std::string, std::vector<Plan>> plans_;
    std::map<std::string, Wire> kept_;  // key → its fault
    std::map<std::string, int> calls_;
};

}  // namespace tollgate::test
