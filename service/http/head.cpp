#include "service/http/head.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <charconv>
#include <functional>

#include "service/http/target.hpp"
#include "service/http/text.hpp"

namespace tollgate::http {
namespace {

namespace beast = boost::beast;
using beast::http::error;

std::string_view view(beast::string_view text) noexcept {
    return {text.data(), text.size()};
}

/// Hands out views into the bytes instead of copying them into Beast's own containers.
class HeadParser final : public beast::http::basic_parser<true> {
public:
    HeadParser(Head& head, std::size_t max_fields) : head_(head), max_fields_(max_fields) {
        body_limit(boost::none);  // the session's own check answers before Beast would
    }

    std::string_view target;

private:
    using Error = beast::error_code;

    void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view request_target, int version,
                         Error&) override {
        head_.method = view(method);
        target = view(request_target);
        head_.http11 = version == 11;
    }

    void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value, Error& ec) override {
        if (head_.headers.size() == max_fields_) ec = error::header_limit;
        if (folded(name, value)) ec = error::bad_line_ending;
        head_.headers.push_back({view(name), view(value)});
    }

    // Beast joins folded lines (obs-fold): in a buffer of its own, or in place when the first line is empty.
    static bool folded(beast::string_view name, beast::string_view value) {
        const char* const from = name.data() + name.size();
        if (std::less<>{}(value.data(), from) || std::less<>{}(from + 65'536, value.data())) return true;
        return std::string_view(from, static_cast<std::size_t>(value.data() - from)).find('\r') != std::string_view::npos;
    }

    void on_response_impl(int, beast::string_view, int, Error&) override {}
    void on_header_impl(Error&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
    std::size_t on_body_impl(beast::string_view, Error&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, beast::string_view, Error&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view, Error&) override { return 0; }
    void on_finish_impl(Error&) override {}

    Head& head_;
    std::size_t max_fields_;
};

/// A request line whose version reads `HTTP/DIGIT.DIGIT` is another version of HTTP; everything else is no HTTP.
bool names_other_version(std::string_view raw) {
    const std::string_view line = raw.substr(0, raw.find("\r\n"));
    const std::size_t space = line.rfind(' ');
    if (space == std::string_view::npos) return false;
    const std::string_view version = line.substr(space + 1);
    return version.size() == 8 && version.starts_with("HTTP/") && is_digit(version[5]) && version[6] == '.' &&
           is_digit(version[7]) && version != "HTTP/1.0" && version != "HTTP/1.1";
}

PaymentError syntax_error(const beast::error_code& ec, std::string_view raw) {
    if (ec == error::bad_version && names_other_version(raw))
        return {Code::http_version_not_supported, "Only HTTP/1.1 and HTTP/1.0 are spoken here."};
    if (ec == error::header_limit) return {Code::headers_too_large, "The request has too many header lines."};
    if (ec == error::bad_content_length || ec == error::multiple_content_length)
        return {Code::bad_request,
                "Content-Length must be one line with one decimal number, and not beside Transfer-Encoding."};
    if (ec == error::bad_transfer_encoding)
        return {Code::bad_request, "Transfer-Encoding must stand once, and not beside Content-Length."};
    if (ec == error::bad_field)
        return {Code::bad_request, "A header line must be a name, a colon without space before it, and a value."};
    if (ec == error::bad_value)
        return {Code::bad_request, "A header's value holds a character that is not allowed, or is no valid list."};
    if (ec == error::bad_line_ending) return {Code::bad_request, "A header line is folded, or does not end with CR LF."};
    return {Code::bad_request, "The request line must be a method, a target and HTTP/1.1, with one space between them."};
}

Result<void> take_content_length(std::string_view value, Head& head) {
    if (head.framing == Framing::length) return fail(Code::bad_request, "Content-Length stands on more than one line.");
    const char* const end = value.data() + value.size();
    const auto [stopped, ec] = std::from_chars(value.data(), end, head.length);
    if (value.empty() || !is_digit(value.front()) || ec != std::errc() || stopped != end)
        return fail(Code::bad_request, "Content-Length must be one decimal number.");
    head.framing = Framing::length;
    return {};
}

Result<void> check_transfer_encoding(std::string_view value) {
    if (same_word(value, "chunked")) return {};
    std::size_t chunked = 0;
    bool last_is_chunked = false;
    for (std::string_view rest = value; !rest.empty();) {
        const std::string_view coding = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(rest.size(), coding.size() + 1));
        last_is_chunked = same_word(trimmed(coding), "chunked");
        if (last_is_chunked) ++chunked;
    }
    if (value.empty() || chunked > 1 || (chunked == 1 && !last_is_chunked))
        return fail(Code::bad_request, "Transfer-Encoding must be exactly \"chunked\".");
    return fail(Code::not_implemented, "The only transfer-coding taken is \"chunked\".");
}

Result<void> check_fields(Head& head) {
    std::size_t hosts = 0;
    std::size_t transfer_encodings = 0;
    for (const Header& header : head.headers) {
        if (same_word(header.name, "content-length")) {
            if (auto taken = take_content_length(header.value, head); !taken) return taken;
        } else if (same_word(header.name, "transfer-encoding")) {
            if (auto fine = check_transfer_encoding(header.value); !fine) return fine;
            ++transfer_encodings;
        } else if (same_word(header.name, "host")) {
            if (!is_authority(header.value))
                return fail(Code::bad_request, "The Host header is not a host with an optional port.");
            ++hosts;
        } else if (same_word(header.name, "expect")) {
            head.expects_continue = head.http11 && same_word(header.value, "100-continue");
        }
    }
    if (hosts > 1 || (hosts == 0 && head.http11)) return fail(Code::bad_request, "HTTP/1.1 requires exactly one Host header.");
    if (transfer_encodings == 0) return {};
    if (transfer_encodings > 1) return fail(Code::bad_request, "Transfer-Encoding stands on more than one line.");
    if (head.framing == Framing::length)
        return fail(Code::bad_request, "Content-Length and Transfer-Encoding exclude each other.");
    if (!head.http11) return fail(Code::bad_request, "HTTP/1.0 knows no Transfer-Encoding.");
    head.framing = Framing::chunked;
    return {};
}

}  // namespace

Result<void> parse_head(std::string_view raw, const Limits& limits, Head& head) {
    head.headers.clear();
    head.framing = Framing::none;
    head.length = 0;
    head.expects_continue = false;

    HeadParser parser(head, limits.max_fields);
    parser.header_limit(static_cast<std::uint32_t>(raw.size() + 1));
    beast::error_code ec;
    const std::size_t used = parser.put(boost::asio::const_buffer(raw.data(), raw.size()), ec);
    if (ec) return fail(syntax_error(ec, raw));
    if (used != raw.size() || !parser.is_header_done())
        return fail(Code::bad_request, "The head of the request does not end where it should.");

    if (parser.target.size() > limits.max_target)
        return fail(Code::uri_too_long, "The request target is longer than is taken here.");
    const auto target = split_target(parser.target, head.method);
    if (!target)
        return fail(Code::bad_request, "The request target must be a path, a path with a query, or an absolute http URL.");
    head.path = target->path;
    head.query = target->query;
    if (auto fine = check_fields(head); !fine) return fine;
    head.keep_alive = parser.keep_alive();
    return {};
}

}  // namespace tollgate::http
