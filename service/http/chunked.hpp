#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "service/http/wiped.hpp"

namespace tollgate::http {

/// Undoes the chunked transfer-coding (RFC 9112 section 7.1), strictly: sizes are 1 to 16 hexadecimal digits and nothing
/// else, every line ends with CR LF. Ours and not Beast's, whose decoder (1.81) asserts on `0 CR LF` that arrives in
/// pieces and bounds neither chunk extensions nor trailers.
///
/// Trailer fields are dropped, never merged into the headers; one that would mean something as a header (framing,
/// routing, authentication, Idempotency-Key, …: RFC 9110 section 6.5.1) is refused with bad_request.
class ChunkedDecoder {
public:
    /// `max_body` bounds what is decoded (body_too_large). Extensions, zeros and trailers may take 8 KiB and 16 bytes a chunk.
    explicit ChunkedDecoder(std::size_t max_body) : max_body_(max_body) {}

    /// Decodes from the front of `bytes` onto `body`; returns how many bytes were used: all of them, unless the body ended.
    /// An error is final.
    [[nodiscard]] Result<std::size_t> feed(std::string_view bytes, Bytes& body);

    [[nodiscard]] bool done() const noexcept { return state_ == State::done; }

private:
    enum class State : std::uint8_t {
        size,
        extension,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer_name,
        trailer_value,
        trailer_lf,
        last_lf,
        done
    };

    /// One byte outside of chunk data; the sentence when it may not stand there.
    const char* take(char c);
    const char* take_size(char c);
    const char* take_trailer_name(char c);

    std::size_t max_body_;
    std::uint64_t left_ = 0;    // of this chunk's data
    std::size_t digits_ = 0;    // of this chunk's size
    std::size_t overhead_ = 0;  // bytes that were no data
    std::size_t chunks_ = 0;
    std::string trailer_;  // the name being read
    State state_ = State::size;
};

}  // namespace tollgate::http
