#include "service/http/message.hpp"

#include <algorithm>
#include <chrono>

#include "redaction/card_number.hpp"
#include "service/http/text.hpp"

namespace tollgate::http {
namespace {

std::string percent_decoded(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
            decoded.push_back(static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])));
            i += 2;
        } else {
            decoded.push_back(text[i]);
        }
    }
    return decoded;
}

}  // namespace

std::optional<std::string_view> Request::header(std::string_view name) const noexcept {
    std::optional<std::string_view> found;
    for (const Header& header : headers) {
        if (!same_word(header.name, name)) continue;
        if (found) return std::nullopt;
        found = header.value;
    }
    return found;
}

std::size_t Request::count(std::string_view name) const noexcept {
    return static_cast<std::size_t>(
        std::count_if(headers.begin(), headers.end(), [&](const Header& header) { return same_word(header.name, name); }));
}

std::string Request::capture(std::size_t index) const {
    return percent_decoded(captures.at(index));
}

std::optional<std::string> Request::parameter(std::string_view name) const {
    std::optional<std::string> found;
    std::string_view rest = query;
    while (!rest.empty()) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        const std::size_t equals = pair.find('=');
        if (percent_decoded(pair.substr(0, equals)) != name) continue;
        found = equals == std::string_view::npos ? std::string() : percent_decoded(pair.substr(equals + 1));
    }
    return found;
}

Response problem_response(const PaymentError& error, const Request& request) {
    Problem problem;
    problem.error = error;
    return problem_response(std::move(problem), request);
}

Response problem_response(Problem problem, const Request& request) {
    const PaymentError& error = problem.error;
    problem.request_id = request.request_id;
    if (!holds_card_number(request.path) && !holds_card_number(percent_decoded(request.path))) problem.instance = request.path;

    Response response;
    response.status = http_status(error.code);
    response.content_type = "application/problem+json";
    response.body = to_json(problem);
    if (error.retry_after || response.status == 503) {
        const Milliseconds wait = error.retry_after.value_or(Milliseconds(0));
        const auto seconds = std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(wait));
        response.headers.emplace_back("Retry-After", std::to_string(seconds.count()));
    }
    if (error.code == Code::unauthenticated) response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return response;
}

}  // namespace tollgate::http
