#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/runtime.hpp"
#include "core/error.hpp"
#include "core/time.hpp"
#include "resilience/gcra.hpp"
#include "stores/events.hpp"

/// The seam to durable truth. Each operation is one atomic transition: when it returns a value, the change is durable;
/// when it fails with `store_unavailable`, nothing was written; with `store_unknown`, ask again (every operation may run
/// twice). All are safe to call from any thread; each completes on the caller's executor.
namespace tollgate {

/// Where a charge stands, as clients see it (contract: POST /charge).
enum class ChargeStatus : std::uint8_t {
    processing,
    requires_action,
    authorized,
    succeeded,
    declined,
    blocked,
    reversed,
    canceled,
    needs_attention,
};

[[nodiscard]] std::string_view name(ChargeStatus status) noexcept;
[[nodiscard]] std::optional<ChargeStatus> charge_status_from(std::string_view name) noexcept;

/// A kept answer: what every later request with the same key receives, byte for byte.
struct Answer {
    int status = 0;
    std::string body;

    friend bool operator==(const Answer&, const Answer&) = default;
};

/// One charge as the store knows it. `state` is the saga's own record, opaque here.
struct ChargeRow {
    std::string id;  // derived from tenant and key, so the row is unique for both; "ch_" and two characters of the tenant's
    std::string tenant;
    std::string idempotency_key;
    std::string fingerprint;  // of the payload; another one under the same key is refused
    std::string order_id;
    std::string customer_id;  // the shop's own
    std::int64_t amount = 0;
    std::string currency;
    ChargeStatus status = ChargeStatus::processing;
    bool live = true;  // counts against a second charge of the same order
    std::string state;
    WallTime created_at{};  // of the charge
    WallTime begun_at{};    // of this attempt

    int attempt = 1;                 // how often the key was begun afresh; part of every derived key
    std::uint64_t fence = 1;         // rises with every owner; a write under an older one is refused
    WallTime lease_until{};          // before it nobody else takes the charge up
    std::optional<WallTime> due_at;  // when a worker should take it up; none: nothing is left to do
    std::optional<Answer> answer;    // kept once final
    bool key_free = false;           // a retriable failure: the same key begins a new attempt
};

/// How often something happened within the last `window`, e.g. the charges of one customer: counted by all that share the
/// store, up to `max` + 1, since nobody asks how far beyond. An event counts while it is younger than `window`. A begin
/// counts once a charge, at the time of its last attempt; a transition once a charge, fence and `now`, so that one that is run
/// again adds nothing.
struct Velocity {
    std::string key;  // of the charge's tenant: "tenant/rule/cus_1"; keys of different tenants are never the same
    Milliseconds window{0};
    std::int64_t max = 0;
    bool counts_begin = true;  // a charge that is begun counts itself; else only a `Transition` adds

    friend bool operator==(const Velocity&, const Velocity&) = default;
};

/// What the admission of a charge asks of the store in the same transition.
struct Admission {
    std::optional<PaymentError> refusal;  // decided without the store (breaker, overload); replays still pass
    std::string limit_key;                // with `limit`: whose allowance is used, e.g. "tenant/customer"
    std::optional<GcraPolicy> limit;
    std::vector<Velocity> velocities;
};

struct BeginCharge {
    ChargeRow row;  // id, tenant, key, fingerprint, order, money, state with its first intent, lease_until
    Admission admission;
    bool allow_duplicate = false;
    Milliseconds duplicates_window{0};  // counted from the earlier charge's `begun_at`; 0: off
    Milliseconds answer_ttl{0};         // after it the kept answer is forgotten; the row goes on blocking the key
    WallTime now{};
};

/// What became of a begin. `row` is the charge as it now stands, except for `refused`.
struct Begun {
    enum class Kind : std::uint8_t {
        fresh,       // written; the caller owns it under row.fence, for row.attempt
        taken_over,  // a dead owner's: the caller owns it now, under a higher fence
        replay,      // final: row.answer is the answer
        settled,     // final, but its kept answer has outlived its time: tell how the charge stands
        in_flight,   // somebody owns it, or it waits
        reused,      // another payload under this key; nothing changed
        duplicate,   // `row` is an earlier live charge of the same order; nothing was written
        refused,     // by admission: `error` says why; nothing was written
    };
    Kind kind = Kind::refused;
    ChargeRow row;
    std::optional<PaymentError> error;
    std::optional<GcraDecision> limit;
    std::vector<std::int64_t> velocities;  // of a fresh one: the counts, itself included, in the order they were asked for
};

/// Money that moved, in the words of the gateway: from one account to another, which follow from the type
/// (payments/accounts.hpp). Written once and never changed: the same (charge, type, gateway id) again is ignored.
struct LedgerEntry {
    std::string type;  // authorize, capture, release, void, refund, dispute
    std::string gateway_id;
    std::int64_t amount = 0;
    std::string currency;
    std::optional<WallTime> moved_at = {};  // by the gateway's word; none: at the `now` of its step. Always told when read

    /// The same movement, whenever it was.
    friend bool operator==(const LedgerEntry& a, const LedgerEntry& b) noexcept {
        return a.type == b.type && a.gateway_id == b.gateway_id && a.amount == b.amount && a.currency == b.currency;
    }
};

/// What a client asked of a charge that exists (a capture, a refund, …) under a key of its own: kept so that the same request
/// is told the same.
struct OperationRecord {
    std::string id;                // derived from charge, kind and key
    std::string fingerprint;       // of the payload; another one under the same key is refused
    std::optional<Answer> answer;  // none while it is under way

    friend bool operator==(const OperationRecord&, const OperationRecord&) = default;
};

/// How much of a charge's money is neither here nor there, in minor units of its currency.
struct AtRisk {
    std::int64_t unknown = 0;         // a call that moves it was not answered
    std::int64_t uncaptured = 0;      // authorized, and waits for its capture
    std::int64_t pending_refund = 0;  // to be given back, and not yet

    friend bool operator==(const AtRisk&, const AtRisk&) = default;
};

struct CurrencyAtRisk {
    std::string currency;
    AtRisk sum;

    friend bool operator==(const CurrencyAtRisk&, const CurrencyAtRisk&) = default;
};

/// The next durable step of a charge its writer owns.
struct Transition {
    std::string id;
    std::uint64_t fence = 0;
    ChargeStatus status = ChargeStatus::processing;
    bool live = true;
    std::string state;
    WallTime lease_until{};          // a past time hands the lease over
    std::optional<WallTime> due_at;  // none: nothing is left to do
    std::optional<Answer> answer;    // kept from now on; an answer already kept stays
    bool frees_key = false;
    std::vector<LedgerEntry> ledger;
    std::vector<Velocity> velocities;  // each counts one more, e.g. a decline
    std::vector<Event> events;         // outgoing, queued with this step in this order; one that is known already is not again
    std::vector<OperationRecord> operations;  // of this charge: new ones, and those settled now; an answer already kept stays
    AtRisk at_risk;                           // from this step on
    WallTime now{};
};

struct ChargeQuery {
    std::string tenant;
    std::string order_id;                // empty: any
    std::optional<ChargeStatus> status;  // none: any
    std::size_t limit = 20;              // 1 … 100
    std::string cursor;                  // as given out; empty: from the newest
};

struct ChargePage {
    std::vector<ChargeRow> rows;  // newest first
    std::string next_cursor;      // empty: that was the last page
};

/// For an operator, who sees the charges of every tenant.
struct SurveyQuery {
    std::vector<ChargeStatus> statuses;  // any of these; none with an order or a customer: any at all
    bool refunding = false;              // and succeeded charges with a pending refund, though `succeeded` is not among them
    std::string order_id;                // empty: any; with it neither statuses nor a customer
    std::string customer_id;             // empty: any; with it neither statuses nor an order
    std::size_t limit = 20;              // 1 … 100
    std::string cursor;                  // as given out; empty: from the newest
};

/// Which charges a take is for.
enum class Reach : std::uint8_t {
    unfinished,  // those that go on by themselves
    any,         // also what waits for its customer, and what is finished
};

/// What became of a take. `row` is the charge as it now stands.
struct Taken {
    enum class Kind : std::uint8_t {
        taken,     // the caller owns it now, under row.fence
        unknown,   // nobody began it
        waits,     // for its customer, or for its capture
        finished,  // nothing is left to do
        owned,     // somebody works on it: its lease runs
        known,     // the operation was asked for before: `operation` tells what became of it
    };
    Kind kind = Kind::unknown;
    ChargeRow row;
    std::optional<OperationRecord> operation;  // of `known`
};

class ChargeStore {
public:
    virtual ~ChargeStore() = default;

    /// In this order: a known key is answered (reused, replay, settled, in_flight, taken_over) whatever admission says; an
    /// unknown or freed one meets admission (refusal, duplicate, limit) and is then begun. A freed key keeps its row and
    /// `created_at`, and begins with attempt + 1 and fence + 1. A begun charge is due at once, so that its owner's death
    /// leaves it to `claim` when the lease has run out; that is also when another begin takes it over.
    virtual Task<Result<Begun>> begin(BeginCharge begin) = 0;

    /// Fails with `lease_lost` when the fence is not the charge's own; then nothing was written.
    virtual Task<Result<void>> advance(Transition transition) = 0;

    /// Charges that are due and whose lease has run out, the longest waiting first as far as the store can tell; each comes
    /// with fence + 1 and the new lease.
    virtual Task<Result<std::vector<ChargeRow>>> claim(WallTime now, WallTime lease_until, std::size_t limit) = 0;

    /// Gives one charge that nobody owns to the caller before it is due, with fence + 1 and the new lease; when it is due is
    /// left as it was. With `Reach::unfinished` what waits for its customer, or authorized for its capture, is left alone: to
    /// go on with that means to give it up.
    virtual Task<Result<Taken>> take(std::string id, WallTime now, WallTime lease_until, Reach reach) = 0;

    /// The same with `Reach::any` for an operation; one that is known is told instead, and nothing taken. Operations are kept
    /// while they are under way, and for the `answer_ttl` of begins after they were settled.
    virtual Task<Result<Taken>> take_for(std::string id, std::string operation, WallTime now, WallTime lease_until) = 0;

    virtual Task<Result<std::optional<ChargeRow>>> find(std::string id) = 0;

    /// Fails with `bad_request` for a cursor this store did not give out.
    virtual Task<Result<ChargePage>> page(ChargeQuery query) = 0;

    /// The charges of all tenants with one of these statuses, or of this order, or of this customer, the newest first as far as
    /// the store can tell. Each look is bounded: a page may be short, or empty, though another one follows. Fails with
    /// `bad_request` like `page`.
    virtual Task<Result<ChargePage>> survey(SurveyQuery query) = 0;

    /// Authorized charges of all tenants that are due before `until`, up to `limit` (at most 100), the earliest first: their
    /// authorizations run out soon. Its cost follows from what it tells.
    virtual Task<Result<std::vector<ChargeRow>>> expiring(WallTime until, std::size_t limit) = 0;

    /// The charge whose ledger has an entry of this gateway id; any of them where there are several.
    virtual Task<Result<std::optional<std::string>>> charge_of(std::string gateway_id) = 0;

    /// Money at risk, of all tenants, by currency in alphabetical order; a currency without any may be left out.
    virtual Task<Result<std::vector<CurrencyAtRisk>>> money_at_risk() = 0;

    /// The ledger of one charge, in the order it was written.
    virtual Task<Result<std::vector<LedgerEntry>>> ledger(std::string charge_id) = 0;
};

/// Who did what, when, with which outcome, from where, on which charge (PCI DSS 4.0, 10.2.2). Never a payload.
struct AuditRecord {
    WallTime at{};
    std::string who;      // the API key's id
    std::string what;     // charge.create, …
    std::string outcome;  // "attempt", "201", "card_declined", …
    std::string origin;   // peer address
    std::string charge_id;
    std::string request_id;
};

/// Text as it may be kept for people: without card data, at most 256 bytes of whole UTF-8 sequences.
[[nodiscard]] std::string fit_for_audit(std::string_view text);

class AuditLog {
public:
    virtual ~AuditLog() = default;

    /// Appends in the order of the calls and travels with the store's next commit: it costs no round trip, and a
    /// transition asked for afterwards never becomes durable before it. Card data is masked on the way, whoever calls, and no
    /// text is kept beyond 256 bytes.
    void append(AuditRecord record);

private:
    virtual void keep(AuditRecord record) = 0;
};

/// Whether the store can be written to; the reason when not. Cheap: may be asked every second.
class StoreHealth {
public:
    virtual ~StoreHealth() = default;
    virtual Task<Result<void>> check() = 0;
};

}  // namespace tollgate
