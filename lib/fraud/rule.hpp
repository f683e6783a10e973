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

/// What became of a file that a rule reads beside the configuration: it is in force, or what was before is.
struct Reread {
    std::string file;
    std::size_t entries = 0;  // that are in force now
    std::string why = {};     // it is not, as "cannot be read: …"; empty: it is
};

/// What makes one kind of rule different from the others (contract section 7). Every thread may ask it; what it judges by never
/// changes but for `look`.
class Rule {
public:
    virtual ~Rule() = default;
    [[nodiscard]] virtual Phase phase() const noexcept { return Phase::before; }

    /// What the store is to count with the charge's `begin`, for `Facts::count`.
    [[nodiscard]] virtual std::optional<Velocity> counts(const Subject&) const { return std::nullopt; }

    /// No I/O.
    [[nodiscard]] virtual Finding judge(const Facts& facts) const = 0;

    /// Reads again what it needs beside the configuration and has changed, and tells of it. One thread does this, before the
    /// first charge and then about once a second.
    [[nodiscard]] virtual std::optional<Reread> look() { return std::nullopt; }
};

}  // namespace tollgate::fraud
