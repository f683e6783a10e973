#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "service/http/chunked.hpp"
#include "service/http/head.hpp"
#include "service/http/limits.hpp"

namespace tollgate::http {

/// Turns bytes into requests, without doing any I/O: ask `head()` until it is ready, then `body()`, then `next()`; whenever
/// one says `more`, read into `space()` and tell `received()`. What follows a request in the same bytes stays for the next.
/// Memory: 4 KiB a connection, up to 20 KiB for a long head, and the body as it arrives. Of it, `next()` and the end overwrite
/// what the request has used: its key, and a card number that was refused, do not outlive it here. Copies that others made
/// (what was parsed, TLS's own buffers, the kernel's) are not reached.
class RequestReader {
public:
    enum class Step : std::uint8_t { more, ready, failed };

    explicit RequestReader(const Limits& limits) : limits_(limits) {}
    ~RequestReader();
    RequestReader(const RequestReader&) = delete;
    RequestReader& operator=(const RequestReader&) = delete;

    /// Where the next bytes go; never empty.
    [[nodiscard]] std::span<char> space();
    void received(std::size_t count);

    /// After `ready`, `request()` holds until `next()`.
    [[nodiscard]] Step head();
    /// Call after the head is ready. Fails with body_too_large before anything of a too long body is read.
    [[nodiscard]] Step body();
    /// Why a step failed. No step may be asked for again.
    [[nodiscard]] const PaymentError& error() const noexcept { return error_; }
    void next();

    [[nodiscard]] const Head& request() const noexcept { return head_; }
    [[nodiscard]] std::string_view body_bytes() const noexcept { return body_view_; }
    /// Whether anything of the next request has arrived.
    [[nodiscard]] bool started() const noexcept { return size_ > begin_; }
    /// Whether the body has arrived already, so that the connection can go on without reading.
    [[nodiscard]] bool body_is_here() const noexcept;

private:
    Step failed(PaymentError error);
    /// Looks at the lines that have come; true when the empty line has.
    Step find_end();
    Step check_unfinished();
    Step read_chunked();
    void grow(std::size_t capacity);
    /// Overwrites all but what has come of the next request.
    void wipe() noexcept;

    const Limits& limits_;
    std::unique_ptr<char[]> data_;
    std::size_t capacity_ = 0;
    std::size_t size_ = 0;   // bytes received
    std::size_t used_ = 0;   // bytes that were ever written to since the last wipe
    std::size_t begin_ = 0;  // of this request
    std::size_t line_ = 0;   // where the unfinished line begins
    std::size_t scan_ = 0;   // looked at so far
    std::size_t end_ = 0;    // of the head; 0 while it is not whole
    std::size_t empty_lines_ = 0;

    Head head_;
    PaymentError error_;
    Bytes body_;  // a body that does not fit behind the head, or was chunked
    std::size_t body_filled_ = 0;
    std::string_view body_view_;
    std::size_t chunk_at_ = 0;  // first byte not decoded yet
    std::optional<ChunkedDecoder> chunked_;
    bool whole_ = false;
};

}  // namespace tollgate::http
