#pragma once

#include <memory>
#include <optional>
#include <string>

#include "payments/charge_saga.hpp"
#include "payments/operation.hpp"

namespace tollgate {

/// POST /charge, checked and identified: what the pipeline carries from the handler to the checkout.
struct ChargeCommand {
    BeginCharge begin;  // the row and the admission asked of the store
    Charge charge;      // the same charge, in words
};

/// Makes the command of a request. The ids are derived; the row holds the first intent, owned until `now + lease`.
[[nodiscard]] ChargeCommand make_charge_command(Charge charge, std::string fingerprint, WallTime now,
                                                const SettlePolicy& policy);

/// What the client is told.
struct ChargeAnswer {
    Answer answer;
    std::string charge_id;
    bool replayed = false;                    // kept from the first time
    std::optional<Milliseconds> retry_after;  // with 202, and with a failure that may be tried again
};

/// The innermost service of a charge: runs its saga, and answers when it is final or when the time is up. The saga goes on
/// without its client. One a thread; everything it borrows outlives it.
class Checkout {
public:
    Checkout(SagaContext context, Milliseconds charge_timeout)
        : context_(std::move(context)), charge_timeout_(charge_timeout) {}

    /// For a charge just begun or taken over: this process owns it.
    Task<Result<ChargeAnswer>> operator()(ChargeCommand command, Begun begun);

    /// What its fraud rules ask the store to count with its beginning.
    void admit(const ChargeCommand& command, Admission& admission) const;

    /// For a charge that is known already: replayed, settled or in flight; or an earlier one of the same order.
    [[nodiscard]] Result<ChargeAnswer> present(const ChargeCommand& command, const Begun& begun) const;

    /// What a client asks of a charge that exists (payments/operation.hpp): answers when it is settled or when the time is up.
    /// Beside what the charge does not allow it fails with `not_found`, `idempotency_key_reused`, and `idempotency_in_flight`
    /// when somebody else worked on the charge all the time.
    Task<Result<ChargeAnswer>> operate(OperationCommand command);

    /// Goes on with a charge that was claimed; for `Recovery`.
    Task<void> resume(ChargeRow row);

    /// The same at once for one that was taken by hand, within `patience` also through waits; what comes of it is written down
    /// as the actor's. True when that run has ended by then; else it goes on by itself.
    Task<bool> retry(ChargeRow row, Milliseconds patience, Actor actor = {});

    /// Puts what the gateway told unasked into its charge, and goes on from there. Done when that is durable: what follows runs
    /// by itself. To be told twice does no harm. Fails only as the store does.
    Task<Result<NewsOutcome>> hear(GatewayNews news);

    /// Sagas running on this thread.
    [[nodiscard]] std::size_t running() const noexcept { return *running_; }

private:
    [[nodiscard]] static ChargeAnswer accepted(const Charge& charge);
    [[nodiscard]] static PaymentError not_ours(PaymentError error);
    [[nodiscard]] static Result<ChargeAnswer> answer_of(const ChargeSaga& saga, ChargeSaga::End end,
                                                        const std::string& operation);
    Task<std::optional<Result<ChargeAnswer>>> run_until(ChargeSaga saga, SteadyTime deadline, std::string operation);
    Task<Result<ChargeAnswer>> still_running(std::string id, std::string fingerprint);
    Task<Result<Taken>> take_for(const OperationCommand& command, std::string id);
    [[nodiscard]] Result<ChargeAnswer> recall(Taken taken, const OperationCommand& command) const;
    Task<Result<ChargeAnswer>> carry_out(ChargeRow row, OperationCommand command, std::string id, SteadyTime deadline);
    Task<Result<ChargeAnswer>> refuse(ChargeRow row, const Charge& charge, OpenOperation operation, PaymentError error);
    [[nodiscard]] Result<void> ask_for(Charge& charge, const OperationRequest& request, const std::string& id) const;
    Task<void> go_on(ChargeRow row, SteadyTime patience, std::optional<Actor> actor);
    Task<void> run_alone(ChargeSaga saga, SteadyTime patience);
    Task<void> set_aside(ChargeRow row);
    Task<Result<void>> give_back(ChargeRow row, std::optional<WallTime> due_at, std::vector<OperationRecord> refused = {});
    Task<Result<std::string>> charge_of(const GatewayNews& news);
    Task<Result<NewsOutcome>> apply(ChargeRow row, GatewayNews news);

    SagaContext context_;
    Milliseconds charge_timeout_;
    std::shared_ptr<std::size_t> running_ = std::make_shared<std::size_t>(0);
};

}  // namespace tollgate
