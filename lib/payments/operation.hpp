#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "payments/charge.hpp"

/// What a client asks of a charge that exists: POST /charge/ID/capture, /void, /refund and /confirm (contract section 3).
///
/// An operation is durable before anything is done about it, and remembered with its answer. It goes on until it is done or the
/// gateway refuses it: whoever does not want to wait is told 202, and the same request tells how it ended. What a charge does
/// not allow (`invalid_state`, `refund_exceeds_capture`) is kept as the key's answer too: a copy of the request that comes late
/// must not do what another was told will not be done.
namespace tollgate {

[[nodiscard]] std::string_view name(OperationKind kind) noexcept;  // as in the path: "capture", "void", "refund", "confirm"

struct OperationRequest {
    OperationKind kind = OperationKind::capture;
    std::optional<std::int64_t> amount;  // of a capture or refund, in minor units and above zero; none: all there is
    std::string reason;                  // of a refund, in the shop's words
};

struct OperationCommand {
    std::string tenant;
    std::string charge_id;
    std::string idempotency_key;  // scoped to charge and kind; what an operator sends is no shop's
    OperationRequest request;
    std::string fingerprint;  // equal for payloads that are equal as JSON values
    std::string request_id;
    std::string origin;            // the client's address, for the audit log
    std::string operated_by = {};  // the key id of an operator who asks in place of the tenant; empty: it asks itself

    [[nodiscard]] const std::string& who() const noexcept { return operated_by.empty() ? tenant : operated_by; }
};

/// "op_…": one for each attempt of a charge, kind and key; it lies where its charge does.
[[nodiscard]] std::string operation_id(std::string_view charge_id, int attempt, OperationKind kind,
                                       std::string_view idempotency_key);

/// The most operations of a charge that can be under way.
inline constexpr std::size_t operations_max = 32;

/// How many refused refunds a charge remembers; the oldest are forgotten first.
inline constexpr std::size_t refused_max = 100;

/// Whether its record, gone by now, was an operation that this charge has known: it is not done again.
[[nodiscard]] bool was_asked(const Charge& charge, const std::string& id) noexcept;

/// Puts what is asked into the charge's facts, from which its next step follows; `id` is the operation's. Nothing has been
/// changed when it fails: `invalid_state`, `refund_exceeds_capture`, or, not to be kept, `validation_failed` for an amount
/// above what was authorized and `idempotency_in_flight` while the charge is still processing.
[[nodiscard]] Result<void> ask(Charge& charge, const OperationRequest& request, const std::string& id);

/// The charge goes on after its customer's authentication, with an authorization of its own.
void customer_is_back(Charge& charge);

/// A confirm that led to another challenge goes on when it is asked for again; of several, the charge keeps the last.
[[nodiscard]] bool resumes(const Charge& charge, OperationKind kind) noexcept;

/// The answer to an operation that was refused for good.
[[nodiscard]] Answer refusal_answer(const Charge& charge, const OpenOperation& operation, PaymentError error);

/// What became of an operation that the charge has been asked for: its final answer, or nothing while it is under way.
[[nodiscard]] std::optional<Answer> outcome_of(const Charge& charge, const OpenOperation& operation);

}  // namespace tollgate
