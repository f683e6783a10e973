#include "service/http/chunked.hpp"

#include <algorithm>
#include <array>

#include "service/http/text.hpp"

namespace tollgate::http {
namespace {

constexpr std::size_t overhead_free = 8'192;
constexpr std::size_t overhead_per_chunk = 16;
constexpr std::size_t trailer_name_max = 256;
constexpr const char* bad_end = "A line of the chunked body does not end with CR LF.";

/// Whether a field would change how the message is read, routed, authorised or named, had it been merged.
bool means_something_as_header(std::string_view name) {
    static constexpr std::array<std::string_view, 27> names = {"host",         "connection",    "keep-alive",
                                                               "te",           "trailer",       "upgrade",
                                                               "expect",       "authorization", "cookie",
                                                               "set-cookie",   "cache-control", "max-forwards",
                                                               "pragma",       "range",         "age",
                                                               "date",         "location",      "retry-after",
                                                               "vary",         "warning",       "idempotency-key",
                                                               "x-request-id", "traceparent",   "tracestate",
                                                               "forwarded",    "via",           "stripe-signature"};
    static constexpr std::array<std::string_view, 7> families = {"content-",     "transfer-", "proxy-", "if-",
                                                                 "x-forwarded-", "webhook-",  "www-"};
    const auto begins = [&](std::string_view family) { return same_word(name.substr(0, family.size()), family); };
    return std::any_of(names.begin(), names.end(), [&](std::string_view known) { return same_word(name, known); }) ||
           std::any_of(families.begin(), families.end(), begins);
}

}  // namespace

Result<std::size_t> ChunkedDecoder::feed(std::string_view bytes, Bytes& body) {
    std::size_t used = 0;
    while (used < bytes.size() && state_ != State::done) {
        if (state_ == State::data) {
            const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - used));
            body.append(bytes, used, size);
            used += size;
            left_ -= size;
            if (left_ == 0) state_ = State::data_cr;
            continue;
        }
        if (const char* const why = take(bytes[used])) return fail(Code::bad_request, why);
        ++used;
        if (++overhead_ > overhead_free + overhead_per_chunk * chunks_)
            return fail(Code::bad_request, "The chunked body has too many bytes in extensions or trailers.");
        if (state_ == State::data && left_ > max_body_ - std::min(max_body_, body.size()))
            return fail(Code::body_too_large, "The body is longer than is taken here.");
    }
    return used;
}

const char* ChunkedDecoder::take(char c) {
    using enum State;
    switch (state_) {
        case size:
            return take_size(c);
        case extension:
            if (c == '\r')
                state_ = size_lf;
            else if (!is_value_char(c))
                return "A chunk extension holds a character that is not allowed.";
            return nullptr;
        case size_lf:
            state_ = left_ == 0 ? trailer_name : data;
            digits_ = 0;
            ++chunks_;
            return c == '\n' ? nullptr : bad_end;
        case data_cr:
            state_ = data_lf;
            return c == '\r' ? nullptr : "A chunk is longer than its size says.";
        case data_lf:
            state_ = size;
            return c == '\n' ? nullptr : bad_end;
        case trailer_name:
            return take_trailer_name(c);
        case trailer_value:
            if (c == '\r')
                state_ = trailer_lf;
            else if (!is_value_char(c))
                return "A trailer field holds a character that is not allowed.";
            return nullptr;
        case trailer_lf:
            state_ = trailer_name;
            return c == '\n' ? nullptr : bad_end;
        case last_lf:
            state_ = done;
            return c == '\n' ? nullptr : bad_end;
        case data:
        case done:
            break;
    }
    return nullptr;
}

const char* ChunkedDecoder::take_size(char c) {
    const int digit = hex_value(c);
    if (digit >= 0) {
        left_ = digits_ == 0 ? static_cast<std::uint64_t>(digit) : left_ * 16 + static_cast<std::uint64_t>(digit);
        return ++digits_ <= 16 ? nullptr : "A chunk size has more than 16 digits.";
    }
    if (digits_ == 0 || (c != '\r' && c != ';')) return "A chunk size must be hexadecimal digits and nothing else.";
    state_ = c == ';' ? State::extension : State::size_lf;
    return nullptr;
}

const char* ChunkedDecoder::take_trailer_name(char c) {
    if (c == '\r' && trailer_.empty()) {
        state_ = State::last_lf;
        return nullptr;
    }
    if (c == ':' && !trailer_.empty()) {
        if (means_something_as_header(trailer_)) return "A trailer holds a field that is only allowed as a header.";
        trailer_.clear();
        state_ = State::trailer_value;
        return nullptr;
    }
    if (!is_token_char(c) || trailer_.size() == trailer_name_max) return "A trailer line must be a name, a colon and a value.";
    trailer_.push_back(c);
    return nullptr;
}

}  // namespace tollgate::http
