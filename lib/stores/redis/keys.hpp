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
///     tg:{pNN}:s:CTENANT             those of a status (its letter C), except the succeeded ones, which are most: of these
///                                    those with a pending refund (C is f)
///     tg:{pNN}:b:CUSTOMER    ZSET    charges of a customer by order of arrival, of whatever tenant
///     tg:{pNN}:z             ZSET    charges that wait for their capture by due_at
///     tg:{pNN}:l:SALE        ZSET    living charges of one order, amount and currency by begun_at; as long as the window
///     tg:{pNN}:m:ID          HASH    ledger: "type gateway-id" → "place:amount:currency:at"
///     tg:{pNN}:d:DAY         LIST    ledger of a UTC day (20261122), by the entries' own times: see rows.hpp
///     tg:{pNN}:r:DAY         HASH    the run of a day, in a partition that follows from the day: fence (f), lease_until (l;
///                                    0: it is over), finished_at (a) and report (b) of the last one that was done
///     tg:{pNN}:rn:DAY        HASH    what was done about its discrepancies: name → nothing
///     tg:{pNN}:p:ID          HASH    operations on a charge: id → fingerprint behind its length, status and body of the answer
///     tg:{pNN}:k             LIST    "answered_at:ID" of kept answers, "answered_at:ID OPERATION" of those of operations, for
///                                    the sweep
///     tg:{pNN}:u             HASH    money at risk: "USD u" (unknown), "USD c" (uncaptured), "USD r" (pending refund) → sum
///     tg:{pNN}:g:KEY         the theoretical arrival time of a rate limit, in microseconds, until it is whole again
///     tg:{pNN}:v:KEY         ZSET    events of a velocity by time; as long as its window
///     tg:{pNN}:w:GATEWAYID   id of the charge that has it in its ledger
///     tg:{pNN}:x:NONCE       a begin whose late copy must begin nothing, for a minute; or the id of a session that was ended
///     tg:{pNN}:y:NONCE       what a claim claimed, or who takes a charge or writes a run was told, for a minute
///     tg:{p00}:sessions      HASH    who is logged in at the console: id of the session → "expires_at owner"
///     tg:{pNN}:a             HASH    "DAY:CHAIN" → number of the last record
///     tg:{pNN}:a:DAY:CHAIN   HASH    number → hash, record
///
///     tg:{pNN}:e:ID          HASH    an event: see event_rows.hpp
///     tg:{pNN}:ei            STREAM  incoming events that are due or held: "e" → ID; all pending in the group "tollgate", of
///                                    the one consumer "tollgate". Idle for a day or longer: due. Held for a lease: its idle
///                                    time was set to a day less that lease
///     tg:{pNN}:ei:later      ZSET    incoming events that are due later, by when
///     tg:{pNN}:eo            STREAM  the same for outgoing ones
///     tg:{pNN}:eo:later      ZSET
///     tg:{pNN}:eq:CHARGE     LIST    outgoing events of a charge that wait; the first is in the stream, or due later
///     tg:{pNN}:ea            ZSET    incoming events, "at:ID" by its bytes; ex the same of dead events of both queues
///     tg:{pNN}:ez            LIST    "settled_at:ID" of what waits no more, for the sweep
///
/// Times are the callers', but for two: keys with a life of their own, and the leases of events, go by the server's clock.
///
/// The part in braces is what Redis Cluster places a key by: one partition is one slot.
namespace tollgate::redis {

/// The UTC day of a time, as keys have it: "20261122".
[[nodiscard]] std::string day_name(WallTime at);

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
    [[nodiscard]] std::string of_customer(std::string_view customer) const { return key("b:", customer); }
    [[nodiscard]] std::string authorized() const { return key("z"); }
    [[nodiscard]] std::string living(std::string_view sale) const { return key("l:", sale); }
    [[nodiscard]] std::string ledger(std::string_view id) const { return key("m:", id); }
    [[nodiscard]] std::string day(WallTime at) const { return key("d:", day_name(at)); }
    [[nodiscard]] std::string run(WallTime day) const { return key("r:", day_name(day)); }
    [[nodiscard]] std::string notes(WallTime day) const { return key("rn:", day_name(day)); }
    [[nodiscard]] std::string answers() const { return key("k"); }
    [[nodiscard]] std::string operations(std::string_view id) const { return key("p:", id); }
    [[nodiscard]] std::string at_risk() const { return key("u"); }
    [[nodiscard]] std::string limit(std::string_view name) const { return key("g:", name); }
    [[nodiscard]] std::string velocity(std::string_view name) const { return key("v:", name); }
    [[nodiscard]] std::string of_gateway(std::string_view gateway_id) const { return key("w:", gateway_id); }
    [[nodiscard]] std::string event(std::string_view id) const { return key("e:", id); }
    [[nodiscard]] std::string stream(EventQueue queue) const { return key(queue == EventQueue::incoming ? "ei" : "eo"); }
    [[nodiscard]] std::string later(EventQueue queue) const { return stream(queue) + ":later"; }
    [[nodiscard]] std::string archive() const { return key("ea"); }
    [[nodiscard]] std::string dead() const { return key("ex"); }
    [[nodiscard]] std::string settled() const { return key("ez"); }
    [[nodiscard]] std::string told(std::string_view nonce) const { return key("x:", nonce); }
    [[nodiscard]] std::string claimed(std::string_view nonce) const { return key("y:", nonce); }
    /// Never there; its absence keeps scripts from running while the slot moves (shared.lua).
    [[nodiscard]] std::string absent() const { return key("-"); }
    [[nodiscard]] std::string sessions() const { return key("sessions"); }
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
