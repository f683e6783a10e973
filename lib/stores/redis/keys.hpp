#pragma once

#include <string>
#include <string_view>

#include "stores/ports.hpp"

/// The names of everything in Redis, and how a charge lies in its hash. Docs for who reads with redis-cli; nobody else
/// depends on it.
///
///     tg:{pNN}:c:ID          HASH    a charge: see rows.hpp
///     tg:{pNN}:due           ZSET    charges by when somebody may take them up: the later of due_at and lease_until
///     tg:{pNN}:seq           counter of arrivals
///     tg:{pNN}:n             SET     names of the tenants
///     tg:{pNN}:t:TENANT      ZSET    charges by order of arrival; o:LEN:TENANT LEN:ORDER those of an order;
///     tg:{pNN}:s:CTENANT             those of a status (its letter C), except the succeeded ones, which are most
///     tg:{pNN}:l:SALE        ZSET    living charges of one order, amount and currency by begun_at; as long as the window
///     tg:{pNN}:m:ID          HASH    ledger: "type gateway-id" → "place:amount:currency:at"
///     tg:{pNN}:k             LIST    "answered_at:ID" of kept answers, for the sweep
///     tg:{pNN}:g:KEY         the theoretical arrival time of a rate limit, in microseconds, until it is whole again
///     tg:{pNN}:v:KEY         ZSET    events of a velocity by time; as long as its window
///     tg:{pNN}:x:NONCE       a begin whose late copy must begin nothing, for a minute; y:NONCE: what a claim claimed or a take
///     was told tg:{pNN}:a             HASH    "DAY:CHAIN" → number of the last record; a:DAY:CHAIN is a HASH of number → hash,
///     record
///
/// The part in braces is what Redis Cluster places a key by: one partition is one slot.
namespace tollgate::redis {

class Keys {
public:
    explicit Keys(int partition);

    [[nodiscard]] std::string row(std::string_view id) const { return key("c:", id); }
    [[nodiscard]] std::string due() const { return key("due"); }
    [[nodiscard]] std::string arrivals() const { return key("seq"); }
    [[nodiscard]] std::string tenants() const { return key("n"); }
    [[nodiscard]] std::string of_tenant(std::string_view tenant) const { return key("t:", tenant); }
    [[nodiscard]] std::string of_order(std::string_view tenant, std::string_view order) const;
    [[nodiscard]] std::string of_status(ChargeStatus status, std::string_view tenant) const;
    [[nodiscard]] std::string living(std::string_view sale) const { return key("l:", sale); }
    [[nodiscard]] std::string ledger(std::string_view id) const { return key("m:", id); }
    [[nodiscard]] std::string answers() const { return key("k"); }
    [[nodiscard]] std::string limit(std::string_view name) const { return key("g:", name); }
    [[nodiscard]] std::string velocity(std::string_view name) const { return key("v:", name); }
    [[nodiscard]] std::string told(std::string_view nonce) const { return key("x:", nonce); }
    [[nodiscard]] std::string claimed(std::string_view nonce) const { return key("y:", nonce); }
    /// Never there; its absence keeps scripts from running while the slot moves (shared.lua).
    [[nodiscard]] std::string absent() const { return key("-"); }
    [[nodiscard]] std::string chains() const { return key("a"); }
    [[nodiscard]] std::string chain(std::string_view day_and_chain) const { return key("a:", day_and_chain); }

private:
    [[nodiscard]] std::string key(std::string_view kind, std::string_view name = {}) const;

    char prefix_[9];  // "tg:{p00}:"
};

/// "6:tenant5:order", the beginning of a sale "6:tenant5:order4999:USD".
[[nodiscard]] std::string order_name(std::string_view tenant, std::string_view order);
[[nodiscard]] std::string sale_of(const ChargeRow& row);

}  // namespace tollgate::redis
