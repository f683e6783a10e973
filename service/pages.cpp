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

void Pages::page(Page page) {
    log::critical("page",
                  {{"kind", page.kind}, {"severity", page.severity}, {"charge_id", page.charge_id}, {"detail", page.detail}});
    if (exchange_ == nullptr) return;
    if (waiting_.fetch_add(1) >= waiting_max) {
        waiting_.fetch_sub(1);
        log::error("too many pages wait to be sent; this one is only logged",
                   {{"kind", page.kind}, {"charge_id", page.charge_id}});
        return;
    }
    asio::post(runtime_.executor,
               [this, text = to_json(page, runtime_.clock.wall())] { spawn(runtime_.executor, send(text)); });
}

void Pages::warn(std::string charge_id, std::string detail) {
    log::warn("a charge wants to be looked at", {{"charge_id", charge_id}, {"detail", detail}});
}

Task<void> Pages::send(std::string body) {
    std::string why;
    bool sent = false;
    for (int attempt = 0; attempt < 4 && !sent; ++attempt) {
        if (attempt > 0) co_await sleep_for(runtime_, 1s * (1 << attempt));
        auto reply = co_await exchange_->exchange(
            {.method = "POST", .path = path_, .body = body, .deadline = runtime_.clock.steady() + 10s});
        sent = reply && reply->status >= 200 && reply->status < 300;
        why = reply ? "it answered " + std::to_string(reply->status) : reply.error().detail;
    }
    if (!sent) log::error("page.url did not take a page; it is logged above", {{"why", why}});
    waiting_.fetch_sub(1);
}

}  // namespace tollgate
