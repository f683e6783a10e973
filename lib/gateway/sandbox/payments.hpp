#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <optional>

#include "core/money.hpp"
#include "gateway/sandbox/books.hpp"
#include "gateway/sandbox/bounded_map.hpp"
#include "gateway/sandbox/faults.hpp"
#include "gateway/sandbox/reaction.hpp"

namespace tollgate::sandbox {

/// What every effect of one call has in common.
struct CallFacts {
    std::string_view key;
    WallTime now;
};

/// The gateway's side of the sandbox: authorizations and what becomes of them. Refuses what a gateway would: captures above
/// the authorization, a second capture, refunds above the capture, voiding what was captured.
class Payments {
public:
    struct Options {
        bool forgetful;  // ids of an earlier life are taken at their word
        std::size_t max;
        std::string public_url;
    };

    Payments(Books& books, Options options)
        : books_(books), options_(std::move(options)), payments_(options_.max), captures_(options_.max) {}

    Reaction authorize(const boost::json::object& body, CallFacts facts);
    Reaction capture(const boost::json::object& body, CallFacts facts);
    Reaction void_authorization(const boost::json::object& body, CallFacts facts);
    Reaction refund(const boost::json::object& body, CallFacts facts);

    /// The token behind a call: its own, or that of the payment it names; empty when neither is known.
    [[nodiscard]] std::string token_behind(const boost::json::object& body);

    void clear();

private:
    enum class State : std::uint8_t { authorized, captured, voided };
    struct Payment {
        std::string id;
        std::string reference;
        std::string order_id;
        std::string token;
        std::string currency;
        std::int64_t authorized = 0;
        std::int64_t captured = 0;
        std::int64_t refunded = 0;
        State state = State::authorized;
        std::string capture_id;
        std::uint64_t authorize_seq = 0;
        std::uint64_t capture_seq = 0;
    };

    [[nodiscard]] Payment* find(std::string_view authorization_id, const boost::json::object& body);
    [[nodiscard]] Payment* find_captured(std::string_view capture_id, const boost::json::object& body);
    Reaction decline(std::string_view why, const boost::json::object& body, Money money, CallFacts facts);
    [[nodiscard]] Effect effect(std::string_view type, std::string id, const Payment& payment, std::int64_t amount,
                                CallFacts facts, std::string_view status) const;

    Books& books_;
    Options options_;
    BoundedMap<Payment> payments_;
    BoundedMap<std::string> captures_;       // capture id → authorization id
    BoundedMap<std::string> asked_{10'000};  // reference → the key whose authorize asked for authentication
};

/// `prefix` and 32 hexadecimal digits that follow from the key alone, so that the same call gets the same id in every life.
[[nodiscard]] std::string id_from(std::string_view prefix, std::string_view key);
[[nodiscard]] bool is_id(std::string_view prefix, std::string_view id) noexcept;

[[nodiscard]] std::string_view text_of(const boost::json::object& body, std::string_view member) noexcept;

/// `amount` and `currency` of a body, when they are valid money above zero.
[[nodiscard]] std::optional<Money> money_of(const boost::json::object& body) noexcept;

}  // namespace tollgate::sandbox
