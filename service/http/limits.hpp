#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tollgate::http {

/// What one client may cost us. Every time is a total, measured from the first byte of its phase; it is kept within
/// 100 ms, because deadlines are swept and not timed one by one.
struct Limits {
    std::size_t max_body = 262'144;        // bytes, after chunked is undone
    std::size_t max_head = 16'384;         // bytes of request line and fields together
    std::size_t max_target = 8'192;        // bytes
    std::size_t max_fields = 100;          // header lines
    std::size_t max_connections = 10'000;  // over all threads
    std::size_t max_in_flight = 1'024;     // over all threads; above it routes that shed answer 503
    std::size_t max_linger = 8'388'608;    // bytes read and dropped after an early answer
    std::chrono::milliseconds handshake_timeout{5'000};
    std::chrono::milliseconds header_timeout{10'000};
    std::chrono::milliseconds body_timeout{20'000};
    std::chrono::milliseconds write_timeout{20'000};
    std::chrono::milliseconds idle_timeout{75'000};
    std::chrono::milliseconds linger_timeout{5'000};
};

/// What all threads' servers count together. Gauges go down again, the others only rise.
struct Counters {
    std::atomic<std::size_t> connections{0};         // gauge
    std::atomic<std::size_t> in_flight{0};           // gauge: handlers running
    std::atomic<std::uint64_t> refused{0};           // answered 503 for load
    std::atomic<std::uint64_t> accept_pauses{0};     // no descriptors left, or max_connections reached
    std::atomic<std::uint64_t> tls_failures{0};      // handshakes that failed or took too long
    std::atomic<std::uint64_t> timeouts{0};          // phases that ran out of time, idle connections left out
    std::atomic<std::uint64_t> handler_failures{0};  // handlers that threw
};

}  // namespace tollgate::http
