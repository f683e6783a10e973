#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/money.hpp"
#include "gateway/outside.hpp"
#include "stores/ports.hpp"

namespace tollgate::fraud {

/// What is known of a charge before its gateway is asked; borrowed for the call.
struct Subject {
    const std::string& tenant;
    const Customer& customer;
    const std::string& payment_method;
    Money amount;
};

/// What a rule judges by.
struct Facts {
    const Subject& subject;
    const Authorization* authorization = nullptr;  // with what the gateway told of the card; none before it was asked
    std::optional<std::int64_t> count;             // what the store counted for this rule; none: it is not known
};

/// Whether a rule hits, and why; also why it could not tell.
struct Finding {
    bool hit = false;
    std::string detail;
};

/// When a rule can be judged.
enum class Phase : std::uint8_t {
    before,  // the gateway is asked: a block calls it for nothing
    after,   // it has authorized: a block voids that, a challenge asks again, for the customer's authentication
};

/// What makes one kind of rule different from the others (contract section 7). Never changes once made, so that every thread
/// may ask it; no I/O.
class Rule {
public:
    virtual ~Rule() = default;
    [[nodiscard]] virtual Phase phase() const noexcept { return Phase::before; }

    /// What the store is to count with the charge's `begin`, for `Facts::count`.
    [[nodiscard]] virtual std::optional<Velocity> counts(const Subject&) const { return std::nullopt; }

    [[nodiscard]] virtual Finding judge(const Facts& facts) const = 0;
};

}  // namespace tollgate::fraud
