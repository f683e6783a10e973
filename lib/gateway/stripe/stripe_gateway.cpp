#include "gateway/stripe/stripe_gateway.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <optional>

#include "gateway/stripe/amounts.hpp"
#include "gateway/stripe/answers.hpp"
#include "gateway/stripe/books.hpp"

namespace tollgate {
namespace {

using boost::json::object;
using section6::text_in;
using stripe::Form;
using stripe::Kind;

constexpr int page_max = 100;              // docs.stripe.com/api/pagination
constexpr int refund_pages_max = 10;       // twice the refunds that a charge of ours may have
constexpr int balance_page = 50;           // with the objects behind them, well below what an exchange reads
constexpr std::size_t metadata_max = 500;  // docs.stripe.com/metadata

std::string intent_path(std::string_view id, std::string_view action = "") {
    return "/v1/payment_intents/" + section6::percent_encode(id) + std::string(action);
}

/// What a call that was answered well came to: in a state in which its step is not done, it has not been answered.
template <class T>
Result<T> of_call(Result<T> known) {
    if (known || known.error().code != Code::never_arrived) return known;
    return fail(Code::unreadable_answer, "Stripe answered 200 and did not take the step");
}

/// Cut between characters.
std::string_view shortened(std::string_view text) {
    if (text.size() <= metadata_max) return text;
    std::size_t end = metadata_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return text.substr(0, end);
}

Result<Form> create_form(const AuthorizeRequest& request, const std::string& key, const std::string& return_url) {
    const auto amount = stripe::to_stripe(request.amount);
    if (!amount) return fail(amount.error());
    Form form;
    form.add("amount", *amount).add("currency", stripe::to_stripe(request.amount.currency));
    form.add("capture_method", "manual").add("confirmation_method", "manual").add("confirm", "true");
    form.add("payment_method_types[]", "card");
    if (request.payment_method.starts_with("tok_")) {
        form.add("payment_method_data[type]", "card").add("payment_method_data[card][token]", request.payment_method);
    } else {
        form.add("payment_method", request.payment_method);
    }
    if (request.authenticate) form.add("payment_method_options[card][request_three_d_secure]", "any");
    if (!return_url.empty()) form.add("return_url", return_url);
    form.add("metadata[reference]", request.reference).add("metadata[order_id]", shortened(request.order_id));
    form.add("metadata[tollgate_key]", key).add("expand[]", "latest_charge");
    return form;
}

Result<Form> refund_form(const RefundRequest& request, const std::string& key) {
    constexpr std::array<std::string_view, 3> reasons{"duplicate", "fraudulent", "requested_by_customer"};
    const auto amount = stripe::to_stripe(request.amount);
    if (!amount) return fail(amount.error());
    Form form;
    form.add("charge", request.capture_id).add("amount", *amount);
    form.add("metadata[reference]", request.reference).add("metadata[tollgate_key]", key);
    if (std::ranges::find(reasons, request.reason) != reasons.end()) {
        form.add("reason", request.reason);
    } else if (!request.reason.empty()) {
        form.add("metadata[reason]", shortened(request.reason));
    }
    return form;
}

/// What a list or the result of a search holds of this call; several would be several payments.
struct Matches {
    std::vector<object> mine;
    std::string last;  // id of the list's last
    bool more = false;
};

Result<Matches> matches_in(const object& list, std::string_view key) {
    const auto* const data = list.if_contains("data");
    const auto* const more = list.if_contains("has_more");
    if (data == nullptr || !data->is_array() || more == nullptr || !more->is_bool())
        return fail(Code::unreadable_answer, "Stripe answered with something else than a list");
    Matches matches{.mine = {}, .last = {}, .more = more->get_bool()};
    for (const auto& one : data->get_array()) {
        const object* const found = one.if_object();
        if (found == nullptr) return fail(Code::unreadable_answer, "Stripe listed something else than objects");
        matches.last = text_in(*found, "id");
        if (stripe::is_of_call(*found, key)) matches.mine.push_back(*found);
    }
    if (matches.mine.size() > 1) return fail(Code::echo_mismatch, "Stripe did the same call more than once");
    return matches;
}

}  // namespace

StripeGateway::StripeGateway(Exchange& exchange, StripeOptions options)
    : exchange_(exchange), options_(std::move(options)), authorization_("Bearer " + options_.api_key) {}

Result<void> StripeGateway::check_amount(Money amount) const {
    const auto converted = stripe::to_stripe(amount);
    if (!converted) return fail(converted.error());
    return {};
}

Task<Result<OutboundReply>> StripeGateway::post(std::string path, Form form, CallContext context) {
    OutboundRequest request;
    request.method = "POST";
    request.path = std::move(path);
    request.idempotency_key = std::move(context.key);
    request.traceparent = std::move(context.traceparent);
    request.authorization = authorization_;
    request.headers.emplace_back("Stripe-Version", api_version);
    request.content_type = "application/x-www-form-urlencoded";
    request.body = form.text();
    request.deadline = context.deadline;
    return exchange_.exchange(std::move(request));
}

/// A read that failed tells nothing about the step that is asked about, whatever became of the read itself.
Task<Result<object>> StripeGateway::get(std::string path, Form query, SteadyTime deadline) {
    OutboundRequest request;
    request.method = "GET";
    request.path = path + (query.text().empty() ? "" : "?" + query.text());
    request.authorization = authorization_;
    request.headers.emplace_back("Stripe-Version", api_version);
    request.deadline = deadline;
    const auto reply = co_await exchange_.exchange(std::move(request));
    if (reply) co_return stripe::read_answer(*reply, Kind::read);
    PaymentError error = reply.error();
    error.execution = Execution::unknown;
    co_return fail(std::move(error));
}

Task<Result<object>> StripeGateway::intent(std::string id, SteadyTime deadline) {
    Form query;
    query.add("expand[]", "latest_charge");
    return get(intent_path(id), std::move(query), deadline);
}

/// The one intent that this call made. The index may be behind, so what is found is read itself.
Task<Result<object>> StripeGateway::search(std::string reference, std::string key, SteadyTime deadline) {
    Form query;
    query.add("query", "metadata['reference']:'" + reference + "'").add("limit", page_max);
    const auto page = co_await get("/v1/payment_intents/search", std::move(query), deadline);
    if (!page) co_return fail(page.error());
    const auto matches = matches_in(*page, key);
    if (!matches) co_return fail(matches.error());
    if (!matches->mine.empty()) {
        auto id = section6::id_in(matches->mine.front(), "id");
        if (!id) co_return fail(id.error());
        co_return co_await intent(*std::move(id), deadline);
    }
    if (matches->more) co_return fail(Code::gateway_fault, "Stripe knows too many PaymentIntents of this charge");
    co_return fail(Code::never_arrived, "Stripe knows no PaymentIntent of this call");
}

Task<Result<std::string>> StripeGateway::find_refund(RefundRequest request, std::string key, SteadyTime deadline) {
    std::string after;
    for (int page = 0; page < refund_pages_max; ++page) {
        Form query;
        query.add("charge", request.capture_id).add("limit", page_max);
        if (!after.empty()) query.add("starting_after", after);
        const auto list = co_await get("/v1/refunds", std::move(query), deadline);
        if (!list) co_return fail(list.error());
        const auto matches = matches_in(*list, key);
        if (!matches) co_return fail(matches.error());
        if (!matches->mine.empty()) co_return stripe::refund(matches->mine.front(), request);
        if (!matches->more) co_return fail(Code::never_arrived, "Stripe knows no Refund of this call");
        if (matches->last.empty() || matches->last == after)
            co_return fail(Code::unreadable_answer, "Stripe promised more of a list that does not go on");
        after = matches->last;
    }
    co_return fail(Code::gateway_fault, "Stripe knows too many Refunds of this Charge");
}

/// A step of an intent that is there: its state tells what became of it, by the call's own answer or read afterwards.
template <class T>
Task<Result<T>> StripeGateway::step(Step asked, CallContext context, std::function<Result<T>(const object&)> judge) {
    const SteadyTime deadline = context.deadline;
    std::optional<PaymentError> refusal;
    if (context.ask == Ask::perform) {
        const auto reply = co_await post(intent_path(asked.intent, asked.action), std::move(asked.form), std::move(context));
        if (!reply) co_return fail(reply.error());
        const auto done = stripe::read_answer(*reply, Kind::call);
        if (done) co_return of_call(judge(*done));
        if (done.error().code != Code::gateway_refused) co_return fail(done.error());
        refusal = done.error();
    }
    const auto found = co_await intent(std::move(asked.intent), deadline);
    if (!found) co_return fail(found.error());
    auto known = judge(*found);
    // Refused, and not because it was done before: the refusal stands.
    if (refusal && !known && known.error().code == Code::never_arrived) co_return fail(*std::move(refusal));
    co_return known;
}

Task<Result<AuthorizeOutcome>> StripeGateway::authorize(AuthorizeRequest request, CallContext context) {
    if (request.continues.empty()) return create(std::move(request), std::move(context));
    Step confirm{.intent = request.continues, .action = "/confirm", .form = {}};
    if (!options_.return_url.empty()) confirm.form.add("return_url", options_.return_url);
    confirm.form.add("expand[]", "latest_charge");
    const stripe::About about{.reference = request.reference, .intent = request.continues, .key = {}};
    return step<AuthorizeOutcome>(
        std::move(confirm), std::move(context),
        [about, money = request.amount](const object& intent) { return stripe::authorization(intent, about, money, true); });
}

Task<Result<AuthorizeOutcome>> StripeGateway::create(AuthorizeRequest request, CallContext context) {
    const stripe::About about{.reference = request.reference, .intent = {}, .key = context.key};
    if (context.ask == Ask::look_up) {
        const auto found = co_await search(request.reference, context.key, context.deadline);
        if (!found) co_return fail(found.error());
        co_return stripe::authorization(*found, about, request.amount, false);
    }
    auto form = create_form(request, context.key, options_.return_url);
    if (!form) co_return fail(form.error());
    const auto reply = co_await post("/v1/payment_intents", *std::move(form), std::move(context));
    if (!reply) co_return fail(reply.error());
    auto made = stripe::read_answer(*reply, Kind::call);
    if (object waiting = stripe::waiting_intent(*reply); !waiting.empty()) made = std::move(waiting);
    if (!made) co_return fail(made.error());
    co_return of_call(stripe::authorization(*made, about, request.amount, false));
}

Task<Result<std::string>> StripeGateway::capture(CaptureRequest request, CallContext context) {
    const auto amount = stripe::to_stripe(request.amount);
    if (!amount) co_return fail(amount.error());
    Step capture{.intent = request.authorization_id, .action = "/capture", .form = {}};
    capture.form.add("amount_to_capture", *amount);
    const stripe::About about{.reference = request.reference, .intent = request.authorization_id, .key = {}};
    co_return co_await step<std::string>(
        std::move(capture), std::move(context),
        [about, money = request.amount](const object& intent) { return stripe::capture(intent, about, money); });
}

Task<Result<std::string>> StripeGateway::void_authorization(VoidRequest request, CallContext context) {
    Step cancel{.intent = request.authorization_id, .action = "/cancel", .form = {}};
    const stripe::About about{.reference = request.reference, .intent = request.authorization_id, .key = {}};
    return step<std::string>(std::move(cancel), std::move(context),
                             [about](const object& intent) { return stripe::cancellation(intent, about); });
}

Task<Result<std::string>> StripeGateway::refund(RefundRequest request, CallContext context) {
    const SteadyTime deadline = context.deadline;
    const std::string key = context.key;
    if (context.ask == Ask::look_up) co_return co_await find_refund(std::move(request), key, deadline);
    auto form = refund_form(request, key);
    if (!form) co_return fail(form.error());
    const auto reply = co_await post("/v1/refunds", *std::move(form), std::move(context));
    if (!reply) co_return fail(reply.error());
    const auto made = stripe::read_answer(*reply, Kind::call);
    if (made) co_return stripe::refund(*made, request);
    if (made.error().code != Code::gateway_refused) co_return fail(made.error());
    // It may have been made before, under this very key, which Stripe has forgotten meanwhile.
    const auto found = co_await find_refund(std::move(request), key, deadline);
    if (!found && found.error().code == Code::never_arrived) co_return fail(made.error());
    co_return found;
}

Task<Result<TransactionPage>> StripeGateway::transactions(TransactionQuery query) {
    const auto second = [](std::chrono::sys_days day) { return std::chrono::sys_seconds(day).time_since_epoch().count(); };
    Form form;
    form.add("created[gte]", second(query.day)).add("created[lt]", second(query.day + std::chrono::days(1)));
    form.add("limit", balance_page).add("expand[]", "data.source").add("expand[]", "data.source.charge");
    if (!query.cursor.empty()) form.add("starting_after", query.cursor);
    const auto page = co_await get("/v1/balance_transactions", std::move(form), query.deadline);
    if (!page) co_return fail(page.error());
    co_return stripe::read_balance(*page);
}

}  // namespace tollgate
