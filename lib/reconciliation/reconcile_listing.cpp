#include "reconciliation/reconcile_listing.hpp"

#include <algorithm>
#include <utility>

#include "resilience/backoff.hpp"

namespace tollgate::reconciliation {
namespace {

constexpr Backoff pauses{.base_delay = Milliseconds(500), .max_delay = Milliseconds(5000), .multiplier = 4.0};
constexpr Milliseconds pause_most{30'000};

/// Asking again will not help: a report's file cannot be read, say.
bool is_final(const PaymentError& error) {
    return error.execution == Execution::refused && !error.retriable;
}

}  // namespace

Task<Result<TransactionPage>> Listing::ask() {
    for (int tried = 1;; ++tried) {
        auto page = co_await gateway_(day_, cursor_);
        if (page || tried == tries || is_final(page.error())) co_return page;
        const Milliseconds pause = page.error().retry_after.value_or(exponential(pauses, tried - 1));
        co_await sleep_for(runtime_, std::min(pause, pause_most));
    }
}

Task<Result<std::vector<GatewayTransaction>>> Listing::next() {
    auto page = co_await ask();
    if (!page) co_return fail(std::move(page.error()));
    if (auto good = check(*page); !good) co_return fail(std::move(good.error()));
    cursor_ = std::move(page->next_cursor);
    ended_ = cursor_.empty();
    co_return std::move(page->data);
}

Result<void> Listing::check(const TransactionPage& page) {
    rows_ += page.data.size();
    if (page.data.empty()) ++empty_pages_;
    if (rows_ > rows_most || empty_pages_ > empty_pages_most) {
        return fail(Code::unreadable_answer, "the gateway's transactions of one day have no end: more than " +
                                                 (rows_ > rows_most ? std::to_string(rows_most) + " rows"
                                                                    : std::to_string(empty_pages_most) + " empty pages"));
    }
    if (page.next_cursor.empty()) return {};
    if (page.next_cursor == marked_ || page.next_cursor == cursor_)
        return fail(Code::unreadable_answer, "the gateway's transactions go in a circle: a next_cursor comes again");
    if (++since_marked_ < mark_after_) return {};
    marked_ = page.next_cursor;
    since_marked_ = 0;
    mark_after_ *= 2;
    return {};
}

}  // namespace tollgate::reconciliation
