#include "gateway/http_call.hpp"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>

#include "redaction/card_number.hpp"

namespace tollgate::section6 {
namespace {

using boost::json::object;

/// Members are read from the front and the first of a name counts nowhere else, so plain parsing with the default depth
/// of 32 will do; a body that is no object counts as unreadable.
std::optional<object> parse(std::string_view body) {
    boost::system::error_code error;
    auto value = boost::json::parse(boost::json::string_view(body.data(), body.size()), error);
    if (error || !value.is_object()) return std::nullopt;
    return std::move(value.get_object());
}

/// `error` is the contract's; the others are what problem details (RFC 9457) and common gateways say.
std::string error_name(const std::optional<object>& body) {
    if (!body) return {};
    for (const std::string_view member : {"error", "code", "type", "title"}) {
        std::string name(text_in(*body, member));
        if (name.empty()) continue;
        std::ranges::transform(name, name.begin(), [](char c) {
            if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
            return c == '-' || c == ' ' ? '_' : c;
        });
        return name;
    }
    return {};
}

bool says_key_in_use(std::string_view name) {
    constexpr std::array<std::string_view, 5> words{"in_use", "in_flight", "in_progress", "still_being_processed",
                                                    "concurrent"};
    return std::ranges::any_of(words, [&](std::string_view word) { return name.find(word) != name.npos; });
}

/// Statuses that speak of the asking (who, how often, in which form), never of the step that is looked up.
bool is_about_the_look_up(int status) {
    constexpr std::array statuses{401, 403, 405, 406, 407, 408, 410, 411, 413, 414,
                                  415, 417, 421, 425, 426, 428, 429, 431, 451};
    return std::ranges::find(statuses, status) != statuses.end();
}

PaymentError unknown(PaymentError error) {
    error.execution = Execution::unknown;
    return error;
}

PaymentError refusal(const OutboundReply& reply, Side side) {
    const auto body = parse(reply.body);
    const std::string name = error_name(body);
    const std::string status = std::to_string(reply.status);
    if (reply.status == 402) {
        if (name == "insufficient_funds") return {Code::insufficient_funds, "the card has insufficient funds"};
        if (name == "expired_card") return {Code::expired_card, "the card has expired"};
        if (name == "authentication_required") return {Code::authentication_required, "the customer must authenticate first"};
        return {Code::card_declined, "the card was declined"};
    }
    if (reply.status == 409) {
        if (name.empty()) return {Code::unreadable_answer, "answered 409 without saying why"};
        if (side == Side::goods && name == "out_of_stock") return {Code::out_of_stock, "an item is out of stock"};
        if (side == Side::goods && name == "cannot_ship") return {Code::cannot_ship, "an item cannot be shipped"};
        if (says_key_in_use(name)) {
            // That earlier call may yet act: to count this one as not executed would let the step be given up beside it.
            return unknown({Code::gateway_busy, "an earlier call with this key is still being processed", reply.retry_after});
        }
    }
    if (reply.status == 429 || reply.status == 408 || reply.status == 425) {
        PaymentError again{Code::gateway_busy, "answered " + status + ": to be asked again", reply.retry_after};
        // The call was sent whole: what says "too slow" may be a proxy, before a gateway that goes on.
        return reply.status == 408 ? unknown(std::move(again)) : again;
    }
    return {Code::gateway_refused, "refused with status " + status};
}

Task<Result<OutboundReply>> look_up(Exchange& exchange, OutboundRequest request) {
    auto reply = co_await exchange.exchange(std::move(request));
    if (!reply) co_return fail(unknown(std::move(reply.error())));
    co_return reply;
}

}  // namespace

std::string_view text_in(const object& answer, std::string_view member) noexcept {
    const auto* const value = answer.if_contains(boost::json::string_view(member.data(), member.size()));
    if (value == nullptr || !value->is_string()) return {};
    return {value->get_string().data(), value->get_string().size()};
}

bool is_web_address(std::string_view url) noexcept {
    const std::size_t host = url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
    return host != 0 && url.size() > host && url.size() <= 2048 && url[host] != '/' &&
           std::ranges::all_of(url,
                               [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\'; }) &&
           !holds_card_number(url);
}

std::string percent_encode(std::string_view segment) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    std::string out;
    out.reserve(segment.size());
    for (const char c : segment) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                           c == '.' || c == '~';
        if (plain) {
            out += c;
        } else {
            out += {'%', hex[byte >> 4], hex[byte & 15]};
        }
    }
    return out;
}

Task<Result<OutboundReply>> ask(Exchange& exchange, std::string authorization, Step step, CallContext context) {
    OutboundRequest request;
    request.authorization = std::move(authorization);
    request.traceparent = std::move(context.traceparent);
    request.deadline = context.deadline;
    if (context.ask == Ask::look_up) {
        request.method = "GET";
        request.path = "/v1/operations/" + percent_encode(context.key);
        return look_up(exchange, std::move(request));
    }
    request.method = "POST";
    request.path = std::move(step.path);
    request.body = std::move(step.body);
    request.idempotency_key = std::move(context.key);
    return exchange.exchange(std::move(request));
}

Result<object> interpret(const OutboundReply& reply, Ask ask, Side side) {
    const bool look_up = ask == Ask::look_up;
    if (reply.status == 200 || reply.status == 201) {
        auto body = parse(reply.body);
        if (!body) return fail(Code::unreadable_answer, "answered with a body that is no JSON object");
        return std::move(*body);
    }
    if (reply.status >= 500 && reply.status <= 599)
        return fail(Code::gateway_fault, "answered " + std::to_string(reply.status), reply.retry_after);
    if (reply.status < 400 || reply.status > 499)
        return fail(Code::unreadable_answer, "answered with the unexpected status " + std::to_string(reply.status));
    if (look_up && reply.status == 404) return fail(Code::never_arrived, "the other side does not know this operation");

    auto error = refusal(reply, side);
    if (look_up && is_about_the_look_up(reply.status) && error.code == Code::gateway_refused)
        return fail(Code::gateway_fault, "the look-up itself was refused with status " + std::to_string(reply.status));
    if (look_up && error.code == Code::gateway_busy) return fail(unknown(std::move(error)));
    return fail(std::move(error));
}

Result<std::string> id_in(const object& answer, std::string_view member) {
    const std::string_view id = text_in(answer, member);
    // "." and ".." would be folded away in a path.
    const bool fit = !id.empty() && id != "." && id != ".." && id.size() <= 255 &&
                     std::ranges::all_of(id, [](char c) { return c > 0x20 && c < 0x7f; }) && !holds_card_number(id);
    if (!fit) return fail(Code::unreadable_answer, "answered without a usable " + std::string(member));
    return std::string(id);
}

}  // namespace tollgate::section6
