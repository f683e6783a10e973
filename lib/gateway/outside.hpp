#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/runtime.hpp"
#include "core/error.hpp"
#include "core/money.hpp"
#include "core/time.hpp"

/// The seam to the outside world: the payment gateway, the inventory and the shipping service.
/// Every call fails with an error whose `execution` tells what is known: not_executed, refused or unknown.
namespace tollgate {

/// The two ways to ask about the same step.
enum class Ask : std::uint8_t {
    perform,  // do it, or tell what became of it when it was done under this key before
    look_up,  // only tell what became of it; `never_arrived` when the other side does not know the key
};

struct CallContext {
    std::string key;          // derived from tenant, key, attempt and step; the same for every try of the step; ≤ 64
    std::string traceparent;  // W3C Trace Context, passed on
    SteadyTime deadline;      // of this one call; nothing is sent once it has passed
    Ask ask = Ask::perform;
};

struct Customer {
    std::string id;
    std::string email;
    std::string country;  // ISO 3166-1 alpha-2

    friend bool operator==(const Customer&, const Customer&) = default;
};

struct Item {
    std::string sku;
    std::int64_t quantity = 0;

    friend bool operator==(const Item&, const Item&) = default;
};

struct AuthorizeRequest {
    std::string reference;  // the charge id
    std::string order_id;
    Money amount;
    std::string payment_method;
    Customer customer;
    bool authenticate = false;   // a fraud rule wants a 3-D Secure step-up
    std::string continues = {};  // the `waiting_id` of the authorization whose customer has authenticated by now; empty: none
};

struct Authorization {
    std::string id;
    std::string avs_result;              // match, mismatch, unavailable; empty: not told
    std::string cvv_result;              // the same
    std::string card_country;            // empty: not told
    std::optional<WallTime> expires_at;  // until when it can be captured
};

/// An authorization, or where the customer must go first.
struct AuthorizeOutcome {
    std::optional<Authorization> authorized;
    std::string redirect_url;  // set when the customer must authenticate first
    std::string waiting_id;    // with it: what the gateway keeps open meanwhile, to be continued or voided; empty: nothing
};

/// `amount` may be less than was authorized; the gateway then lets go of the rest. There is one capture of an authorization.
struct CaptureRequest {
    std::string reference;
    std::string authorization_id;
    Money amount;
};

/// Also cancels what waits for its customer: then `authorization_id` is its `waiting_id`.
struct VoidRequest {
    std::string reference;
    std::string authorization_id;
};

struct RefundRequest {
    std::string reference;
    std::string capture_id;
    Money amount;
    std::string reason = {};  // the shop's own words, for the gateway where it takes them; empty: none
};

/// A day of the gateway's books, asked for page by page.
struct TransactionQuery {
    std::chrono::sys_days day;  // UTC
    std::string cursor;         // as given out; empty: from the beginning
    SteadyTime deadline;
};

/// One movement as the gateway keeps it (contract section 6, GET /v1/transactions).
struct GatewayTransaction {
    std::string id;         // its own
    std::string reference;  // the charge id; empty: it names none
    std::string type;       // authorize, capture, void, refund, dispute
    std::int64_t amount = 0;
    std::string currency;  // upper case
    std::string status;    // authorized, captured, voided, refunded, disputed, failed
    WallTime created_at{};

    friend bool operator==(const GatewayTransaction&, const GatewayTransaction&) = default;
};

struct TransactionPage {
    std::vector<GatewayTransaction> data;
    std::string next_cursor;  // empty: that was the last page
};

/// What an adapter promises of its other side; unknown outcomes are settled by it (saga/settle.hpp). A definite no that has a
/// name of its own (a decline, `out_of_stock`, …) must be the answer to that key from then on, whichever call arrives later.
struct GatewayTraits {
    std::chrono::milliseconds key_window;     // how long the same key is the same call, and its look-up is remembered
    std::chrono::milliseconds longest_delay;  // after its sending a call that has had no effect will never have one
    bool looks_up = true;                     // Ask::look_up works; else it must always answer `never_arrived`
    bool replays_faults = false;              // a 5xx is kept as the answer to its key: the same key will not act any more
    bool pays_once = false;                   // a payment method that was authorized once cannot be again
    bool lists_disputes = false;              // its transactions tell of disputes as well
};

/// A payment gateway. Amounts and currencies in answers are compared with what was asked: `echo_mismatch` when they differ.
class PaymentGateway {
public:
    virtual ~PaymentGateway() = default;
    [[nodiscard]] virtual std::string_view name() const noexcept = 0;
    [[nodiscard]] virtual GatewayTraits traits() const noexcept = 0;

    /// Whether the provider can represent this amount; `validation_failed` with the mend when it cannot. Asked before any step.
    [[nodiscard]] virtual Result<void> check_amount(Money amount) const = 0;

    virtual Task<Result<AuthorizeOutcome>> authorize(AuthorizeRequest request, CallContext context) = 0;
    virtual Task<Result<std::string>> capture(CaptureRequest request, CallContext context) = 0;          // → capture id
    virtual Task<Result<std::string>> void_authorization(VoidRequest request, CallContext context) = 0;  // → void id
    virtual Task<Result<std::string>> refund(RefundRequest request, CallContext context) = 0;            // → refund id

    /// For reconciliation; reads only.
    virtual Task<Result<TransactionPage>> transactions(TransactionQuery query) = 0;
};

struct GoodsRequest {
    std::string reference;
    std::string order_id;
    std::vector<Item> items;
};

/// A service that puts goods aside or on their way, and takes that back. Inventory and shipping are both one.
class GoodsService {
public:
    virtual ~GoodsService() = default;
    [[nodiscard]] virtual GatewayTraits traits() const noexcept = 0;
    virtual Task<Result<std::string>> place(GoodsRequest request, CallContext context) = 0;  // → reservation or shipment id
    virtual Task<Result<std::string>> undo(std::string id, CallContext context) = 0;         // release or cancel → that id
};

}  // namespace tollgate
