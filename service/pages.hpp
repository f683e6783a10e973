#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "core/pager.hpp"
#include "gateway/exchange.hpp"

namespace tollgate {

/// A page as it is sent (contract section 2); charge id and detail pass `redact`.
[[nodiscard]] std::string to_json(const Page& page, WallTime at);

/// Calls somebody: every page is a log line at critical, and with a `page.url` also POSTed there as JSON (contract section
/// 2), tried a few times. May be asked from any thread.
class Pages final : public Pager {
public:
    static constexpr std::size_t waiting_max = 100;  // above it a page is only logged

    /// Without an exchange pages are only logged; `path` is where they go there, with its query. What is borrowed outlives
    /// it and everything it started.
    Pages(const Runtime& runtime, Exchange* exchange, std::string path = "/")
        : runtime_(runtime), exchange_(exchange), path_(std::move(path)) {}

    void page(Page page) override;

    /// The same, told when it was taken (or logged, without a `page.url`); false when it was not. `key` goes with it as its
    /// Idempotency-Key: who is told the same twice, because this process died between, can tell. On the runtime's thread.
    [[nodiscard]] Task<bool> deliver(Page page, std::string key);

    void warn(std::string charge_id, std::string detail) override;

private:
    Task<void> send_waiting(std::string body);
    Task<bool> send(std::string body, std::string key);

    const Runtime& runtime_;
    Exchange* exchange_;
    const std::string path_;
    std::atomic<std::size_t> waiting_{0};
};

}  // namespace tollgate
