#include "service/http/render.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "service/http/text.hpp"

namespace tollgate::http {
namespace {

std::string_view reason(int status) noexcept {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 304:
            return "Not Modified";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 402:
            return "Payment Required";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 411:
            return "Length Required";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 422:
            return "Unprocessable Content";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Status";
    }
}

void append_number(std::size_t number, std::string& out) {
    std::array<char, 20> digits;
    out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

void append_field(std::string_view name, std::string_view value, std::string& out) {
    out.append(name).append(": ");
    const std::size_t from = out.size();
    out.append(value);
    std::replace_if(out.begin() + static_cast<std::ptrdiff_t>(from), out.end(), [](char c) { return !is_value_char(c); }, ' ');
    out.append("\r\n");
}

}  // namespace

void append_response(const Response& response, const Sending& sending, std::string& out) {
    const bool has_body = response.status >= 200 && response.status != 204 && response.status != 304;
    out.append("HTTP/1.1 ");
    append_number(static_cast<std::size_t>(response.status), out);
    out.append(" ").append(reason(response.status));
    out.append("\r\nDate: ").append(sending.date);
    out.append("\r\nX-Request-Id: ").append(sending.request_id).append("\r\n");
    if (has_body) {
        if (!response.content_type.empty()) append_field("Content-Type", response.content_type, out);
        if (!response.stream) {
            out.append("Content-Length: ");
            append_number(response.body.size(), out);
            out.append("\r\n");
        }
    }
    for (const auto& [name, value] : response.headers) append_field(name, value, out);
    if (sending.close)
        out.append("Connection: close\r\n");
    else if (sending.http10_keep_alive)
        out.append("Connection: keep-alive\r\n");
    out.append("\r\n");
    if (has_body && !sending.head_only) out.append(response.body);
}

std::string to_http_date(WallTime time) {
    static constexpr std::array<const char*, 7> days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
    std::array<char, 64> text;
    std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT", days[std::chrono::weekday(day).c_encoding()],
                  static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                  static_cast<int>(date.year()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
    return text.data();
}

}  // namespace tollgate::http
