#include "service/pages.hpp"

#include <boost/asio/post.hpp>
#include <boost/json.hpp>
#include <utility>

#include "redaction/redact.hpp"
#include "telemetry/log.hpp"

namespace tollgate {

using namespace std::chrono_literals;

std::string to_json(const Page& page, WallTime at) {
    return boost::json::serialize(boost::json::object{{"kind", page.kind},
                                                      {"severity", page.severity},
                                                      {"charge_id", redact(page.charge_id)},
                                                      {"detail", redact(page.detail)},
                                                      {"at", to_rfc3339(at)}});
}

namespace {

void write_down(const Page& page) {
    log::critical("page",
                  {{"kind", page.kind}, {"severity", page.severity}, {"charge_id", page.charge_id}, {"detail", page.detail}});
}

}  // namespace

void Pages::page(Page page) {
    write_down(page);
    if (exchange_ == nullptr) return;
    if (waiting_.fetch_add(1) >= waiting_max) {
        waiting_.fetch_sub(1);
        log::error("too many pages wait to be sent; this one is only logged",
                   {{"kind", page.kind}, {"charge_id", page.charge_id}});
        return;
    }
    asio::post(runtime_.executor,
               [this, text = to_json(page, runtime_.clock.wall())] { spawn(runtime_.executor, send_waiting(text)); });
}

Task<bool> Pages::deliver(Page page, std::string key) {
    write_down(page);
    if (exchange_ == nullptr) co_return true;
    co_return co_await send(to_json(page, runtime_.clock.wall()), std::move(key));
}

void Pages::warn(std::string charge_id, std::string detail) {
    log::warn("a charge wants to be looked at", {{"charge_id", charge_id}, {"detail", detail}});
}

Task<void> Pages::send_waiting(std::string body) {
    static_cast<void>(co_await send(std::move(body), {}));
    waiting_.fetch_sub(1);
}

Task<bool> Pages::send(std::string body, std::string key) {
    std::string why;
    for (int attempt = 0; attempt < 4; ++attempt) {
        if (attempt > 0) co_await sleep_for(runtime_, 1s * (1 << attempt));
        OutboundRequest request{.method = "POST", .path = path_, .body = body, .deadline = runtime_.clock.steady() + 10s};
        if (!key.empty()) request.headers.emplace_back("Idempotency-Key", key);
        auto reply = co_await exchange_->exchange(std::move(request));
        if (reply && reply->status >= 200 && reply->status < 300) co_return true;
        why = reply ? "it answered " + std::to_string(reply->status) : reply.error().detail;
    }
    log::error("page.url did not take a page; it is logged above", {{"why", why}});
    co_return false;
}

}  // namespace tollgate
