#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/money.hpp"
#include "core/time.hpp"
#include "fraud/screen.hpp"
#include "gateway/outside.hpp"
#include "saga/intent.hpp"
#include "stores/ports.hpp"

namespace tollgate {

/// What a client asks for, checked (contract: POST /charge).
struct ChargeRequest {
    std::string order_id;
    Money amount;
    std::string payment_method;
    Customer customer;
    std::vector<Item> items;
    bool manual_capture = false;
    bool allow_duplicate = false;
    std::vector<std::pair<std::string, std::string>> metadata;
};

/// Why a checkout is being undone, and at which step.
struct Failure {
    Step step = Step::reserve;
    PaymentError error;
    bool timed_out = false;  // the customer did not authenticate in time
    bool voided = false;     // by the shop, by us before the authorization ran out, or by somebody else at the gateway
};

/// Money given back after a charge had succeeded.
struct Refund {
    std::string id;  // the gateway's; empty: asked for, and reserved until the gateway says no
    std::int64_t amount = 0;
    std::string operation = {};  // that asked for it; empty: nobody here did
    std::string reason = {};     // while it is pending: the shop's words, for the gateway

    friend bool operator==(const Refund&, const Refund&) = default;
};

/// What a client may ask of a charge that exists (payments/operation.hpp).
enum class OperationKind : std::uint8_t { capture, void_authorization, refund, confirm };

/// One that is under way.
struct OpenOperation {
    std::string id;
    OperationKind kind = OperationKind::capture;
    std::string fingerprint;
    std::string request_id;
    std::optional<PaymentError> refused;  // of a refund, by the gateway; then it is settled with the next write
};

/// On whose behalf a process works on a charge, for the audit log.
struct Actor {
    std::string who = "tollgate";  // the API key's id; or "gateway"
    std::string origin;            // the client's address
    std::string request_id;
};

/// A rule wants the customer to authenticate, and the gateway had authorized without that: such an authorization is voided,
/// and another one asked for.
enum class StepUp : std::uint8_t { none, voiding, done };

/// Something that happened to a charge, for people who look at it later: a step that was done or failed, money that moved, a
/// new status, what somebody asked.
struct Moment {
    WallTime at{};
    std::string who = "tollgate";  // or an API key's id, or "gateway"
    std::string what;     // a call: reserve, look up capture, …; or payment.capture, charge.status, saga.retry, page, …
    std::string outcome;  // "done", a sum, an error's sentence; of payments nothing: the ledger tells, in the same order
    int times = 1;
    WallTime until{};  // the last of them

    friend bool operator==(const Moment&, const Moment&) = default;
};

/// How the name of a moment begins when money moved.
inline constexpr std::string_view payment_moment = "payment.";

/// What stands for those that were forgotten: how many they were, and when.
inline constexpr std::string_view left_out_moment = "left_out";

/// The most that a charge remembers beside payments. Of more, calls in the middle are forgotten first.
inline constexpr std::ptrdiff_t history_max = 60;

/// A charge and the saga that makes it: the facts the outside has told, the reason to undo if there is one, and the intent.
/// Everything else (the next step, the status, the answer) is derived from these.
struct Charge {
    explicit Charge(ChargeRequest asked) : request(std::move(asked)) {}

    std::string id;
    std::string tenant;
    std::string idempotency_key;
    int attempt = 1;
    WallTime created_at{};
    WallTime begun_at{};
    std::string request_id;  // of the request that began this attempt
    std::string traceparent;
    Actor actor;                                          // not kept
    ChargeStatus kept_status = ChargeStatus::processing;  // how it stands in the store; more is known of it by now
    std::string gateway_name;
    ChargeRequest request;

    std::vector<fraud::Count> counts;  // for its fraud rules, from its beginning until they are judged
    fraud::Risk risk;

    std::string reservation_id;
    std::optional<Authorization> authorization;
    StepUp step_up = StepUp::none;
    std::string superseded_id;    // the authorization that was voided for it
    int void_round = 0;           // of the void that comes next
    std::int64_t to_capture = 0;  // of a manual charge: how much the shop wants; 0: it has not said so
    std::string capture_id;
    std::int64_t captured = 0;  // with capture_id: how much of the amount
    std::string shipment_id;
    std::string redirect_url;     // where the customer must authenticate; empty: not asked for, or done
    std::string waiting_id;       // what the gateway keeps open while it waits for its customer; empty: nothing
    int actions = 0;              // how often the customer has authenticated; each is followed by an authorization of its own
    std::vector<Refund> refunds;  // beside that of an undoing; the first pending one is the next to be made
    std::vector<std::string> refused;   // the operations whose refund the gateway refused: they are not made later
    std::vector<std::string> disputes;  // their ids at the gateway

    std::optional<Failure> failure;
    bool shipment_canceled = false;
    std::string refund_id;
    std::string void_id;
    bool released = false;
    bool failure_counted = false;  // by the fraud rules that count refused cards
    bool attention = false;        // undoing has failed too often
    bool parked = false;           // left in the store to wait: whoever asked for it was told 202
    std::string concluded_by;      // the operation that captured or voided it, to be told from others for ever
    std::vector<OpenOperation> operations;
    bool warned = false;          // that its authorization is about to run out
    std::string told;             // the type of the event that the shop was told last of its status; empty: none
    std::vector<Moment> history;  // in its order; what follows never depends on it

    std::optional<Intent> intent;  // none: finished, or waiting for somebody else
};

/// What to do next: nothing once finished, or while the charge waits for its customer or a manual capture.
[[nodiscard]] std::optional<Step> next_step(const Charge& charge) noexcept;

[[nodiscard]] ChargeStatus status_of(const Charge& charge) noexcept;

/// Nothing is left to do before somebody asks for it, or an authorization runs out: the answer is kept, or the key was freed.
[[nodiscard]] bool finished(const Charge& charge) noexcept;

/// Undone after a failure that the client may try again: its key begins a new attempt.
[[nodiscard]] bool frees_key(const Charge& charge) noexcept;

/// Its authorization is to be voided, and asked for again with the customer's authentication.
[[nodiscard]] bool steps_up(const Charge& charge) noexcept;

/// That void is done: the authorization is none any more.
void conclude_step_up(Charge& charge);

/// What its fraud rules look at; borrows from the charge.
[[nodiscard]] fraud::Subject subject_of(const Charge& charge) noexcept;

/// How much of what was captured has not been given back.
[[nodiscard]] std::int64_t unrefunded(const Charge& charge) noexcept;

/// How much of that nobody has asked to be given back.
[[nodiscard]] std::int64_t refundable(const Charge& charge) noexcept;

/// Of the refunds that were asked for, the one to be made next; the end of them without one.
[[nodiscard]] std::vector<Refund>::const_iterator first_pending(const Charge& charge) noexcept;

/// Adds to its history. A call that came to the same as one since anything else happened counts as once more of it.
void remember(Charge& charge, Moment moment);

/// What its capture asks for: all of it, or what the shop wanted.
[[nodiscard]] std::int64_t amount_to_capture(const Charge& charge) noexcept;

/// The Idempotency-Key of the call that its intent stands for; it has one.
[[nodiscard]] std::string outward_key(const Charge& charge);

/// How much of its money is neither here nor there.
[[nodiscard]] AtRisk at_risk(const Charge& charge) noexcept;

/// Counts against a second charge of the same order.
[[nodiscard]] bool is_live(const Charge& charge) noexcept;

/// How long an authorization is taken to hold when the gateway does not say: the shortest validity the card schemes have in
/// common.
inline constexpr std::chrono::days authorization_validity{7};

/// COMPLETED, AUTHORIZED, WAITING, RUNNING, COMPENSATING, COMPENSATED or NEEDS_ATTENTION.
[[nodiscard]] std::string_view saga_state(const Charge& charge) noexcept;

/// As stored between steps: a JSON text. `from_state` reads it back from a row, or says why it cannot.
[[nodiscard]] std::string to_state(const Charge& charge);
[[nodiscard]] Result<Charge> from_state(const ChargeRow& row);

/// As clients see it (contract: the 201 body).
[[nodiscard]] std::string to_json(const Charge& charge);

/// The final answer of a finished charge, or of one that needs attention: what was told once is told for ever, also when it
/// was undone after all.
[[nodiscard]] Answer final_answer(const Charge& charge);

/// An answer that tells of a failure; `instance` is the path it answers.
[[nodiscard]] Answer failure_answer(const Charge& charge, PaymentError error, std::string instance, std::string request_id);

/// Why the client did not get its money moved, of a charge that failed.
[[nodiscard]] PaymentError client_error(const Charge& charge);

}  // namespace tollgate
