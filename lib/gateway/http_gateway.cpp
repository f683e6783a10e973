#include "gateway/http_gateway.hpp"

#include <boost/json/parse.hpp>
#include <optional>

#include "core/json_writer.hpp"
#include "gateway/http_call.hpp"
#include "gateway/rfc3339.hpp"
#include "gateway/transactions.hpp"

namespace tollgate {
namespace {

using boost::json::object;
using section6::text_in;

boost::json::string_view view(std::string_view text) {
    return {text.data(), text.size()};
}

void put_money(JsonWriter& body, Money money) {
    body.member("amount", money.minor).member("currency", money.currency.code());
}

/// What a success repeats must be what was asked: an answer about anything else is about another payment.
Result<void> check_echo(const object& answer, std::string_view reference, const std::optional<Money>& money) {
    if (const auto* const amount = answer.if_contains("amount"); money && amount != nullptr) {
        boost::system::error_code no_integer;
        const auto minor = amount->to_number<std::int64_t>(no_integer);
        if (no_integer || amount->is_double())
            return fail(Code::unreadable_answer, "answered with an amount that is no integer");
        if (minor != money->minor) return fail(Code::echo_mismatch, "answered about another amount than was asked");
    }
    if (const auto* const currency = answer.if_contains("currency"); money && currency != nullptr) {
        if (text_in(answer, "currency") != money->currency.code())
            return fail(Code::echo_mismatch, "answered about another currency than was asked");
    }
    if (answer.contains("reference") && text_in(answer, "reference") != reference)
        return fail(Code::echo_mismatch, "answered about another charge than was asked");
    return {};
}

Result<void> check_status(const object& answer, std::string_view status) {
    if (text_in(answer, "status") != status)
        return fail(Code::unreadable_answer, "answered success without the status \"" + std::string(status) + "\"");
    return {};
}

Result<AuthorizeOutcome> authentication(const OutboundReply& reply) {
    boost::system::error_code error;
    const auto body = boost::json::parse(view(reply.body), error);
    const std::string_view url = error || !body.is_object() ? std::string_view() : text_in(body.get_object(), "redirect_url");
    if (!section6::is_web_address(url))
        return fail(Code::unreadable_answer, "asked for the customer's authentication without a usable redirect_url");
    AuthorizeOutcome outcome;
    outcome.redirect_url = url;
    return outcome;
}

/// Advice, not proof: an unknown word counts as "unavailable", so that no word of the gateway passes as a match.
std::string check_result(const object& answer, std::string_view member) {
    if (!answer.contains(view(member))) return {};
    const std::string_view result = text_in(answer, member);
    return std::string(result == "match" || result == "mismatch" ? result : "unavailable");
}

Result<AuthorizeOutcome> authorized(const object& answer, const AuthorizeRequest& request) {
    if (auto echo = check_echo(answer, request.reference, request.amount); !echo) return fail(echo.error());
    if (auto status = check_status(answer, "authorized"); !status) return fail(status.error());
    auto id = section6::id_in(answer, "authorization_id");
    if (!id) return fail(id.error());

    Authorization authorization;
    authorization.id = std::move(*id);
    authorization.avs_result = check_result(answer, "avs_result");
    authorization.cvv_result = check_result(answer, "cvv_result");
    const std::string_view country = text_in(answer, "card_country");
    if (country.size() == 2 && std::ranges::all_of(country, [](char c) { return c >= 'A' && c <= 'Z'; }))
        authorization.card_country = country;
    authorization.expires_at = parse_rfc3339(text_in(answer, "expires_at"));
    AuthorizeOutcome outcome;
    outcome.authorized = std::move(authorization);
    return outcome;
}

std::string authorize_body(const AuthorizeRequest& request) {
    JsonWriter body;
    body.begin_object().member("reference", request.reference).member("order_id", request.order_id);
    put_money(body, request.amount);
    body.member("payment_method", request.payment_method);
    const Customer& customer = request.customer;
    body.name("customer").begin_object().member("id", customer.id).member("email", customer.email);
    body.member("country", customer.country).end_object();
    if (request.authenticate) body.member("authenticate", true);
    return body.end_object().take();
}

/// Of a step that follows from an earlier one, named by that one's id.
std::string follow_up_body(std::string_view reference, std::string_view member, std::string_view id,
                           std::optional<Money> money = {}) {
    JsonWriter body;
    body.begin_object().member("reference", reference).member(member, id);
    if (money) put_money(body, *money);
    return body.end_object().take();
}

}  // namespace

struct HttpGateway::Expected {
    std::string_view id_member;
    std::string_view status;
    std::string reference;
    std::optional<Money> money;
};

HttpGateway::HttpGateway(Exchange& exchange, HttpGatewayOptions options)
    : exchange_(exchange),
      options_(std::move(options)),
      authorization_(options_.api_key.empty() ? "" : "Bearer " + options_.api_key) {}

Task<Result<AuthorizeOutcome>> HttpGateway::authorize(AuthorizeRequest request, CallContext context) {
    const Ask how = context.ask;
    section6::Step step{"/v1/authorize", how == Ask::perform ? authorize_body(request) : ""};
    const auto reply = co_await section6::ask(exchange_, authorization_, std::move(step), std::move(context));
    if (!reply) co_return fail(reply.error());
    const auto answer = section6::interpret(*reply, how, section6::Side::payments);
    if (answer) co_return authorized(*answer, request);
    if (answer.error().code == Code::authentication_required) co_return authentication(*reply);
    co_return fail(answer.error());
}

Task<Result<std::string>> HttpGateway::perform(std::string path, std::string body, CallContext context, Expected expected) {
    const Ask how = context.ask;
    section6::Step step{std::move(path), std::move(body)};
    const auto reply = co_await section6::ask(exchange_, authorization_, std::move(step), std::move(context));
    if (!reply) co_return fail(reply.error());
    const auto answer = section6::interpret(*reply, how, section6::Side::payments);
    if (!answer) co_return fail(answer.error());
    if (auto echo = check_echo(*answer, expected.reference, expected.money); !echo) co_return fail(echo.error());
    if (auto status = check_status(*answer, expected.status); !status) co_return fail(status.error());
    co_return section6::id_in(*answer, expected.id_member);
}

Task<Result<std::string>> HttpGateway::capture(CaptureRequest request, CallContext context) {
    std::string body = follow_up_body(request.reference, "authorization_id", request.authorization_id, request.amount);
    Expected expected{"capture_id", "captured", std::move(request.reference), request.amount};
    return perform("/v1/capture", std::move(body), std::move(context), std::move(expected));
}

Task<Result<std::string>> HttpGateway::void_authorization(VoidRequest request, CallContext context) {
    std::string body = follow_up_body(request.reference, "authorization_id", request.authorization_id);
    Expected expected{"void_id", "voided", std::move(request.reference), std::nullopt};
    return perform("/v1/void", std::move(body), std::move(context), std::move(expected));
}

Task<Result<std::string>> HttpGateway::refund(RefundRequest request, CallContext context) {
    std::string body = follow_up_body(request.reference, "capture_id", request.capture_id, request.amount);
    Expected expected{"refund_id", "refunded", std::move(request.reference), request.amount};
    return perform("/v1/refund", std::move(body), std::move(context), std::move(expected));
}

Task<Result<TransactionPage>> HttpGateway::transactions(TransactionQuery query) {
    const std::string date = to_rfc3339(WallTime(query.day)).substr(0, 10);
    const std::string cursor = query.cursor.empty() ? "" : "&cursor=" + section6::percent_encode(query.cursor);
    OutboundRequest request{.method = "GET",
                            .path = "/v1/transactions?date=" + date + cursor,
                            .authorization = authorization_,
                            .deadline = query.deadline};
    const auto reply = co_await exchange_.exchange(std::move(request));
    if (!reply) co_return fail(reply.error());
    const auto answer = section6::interpret(*reply, Ask::look_up, section6::Side::payments);
    if (answer) co_return read_transactions(*answer);
    if (answer.error().code == Code::never_arrived) co_return fail(Code::gateway_refused, "the gateway lists no transactions");
    co_return fail(answer.error());
}

}  // namespace tollgate
