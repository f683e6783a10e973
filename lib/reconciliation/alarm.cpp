#include "reconciliation/alarm.hpp"

#include <utility>

#include "stores/digest.hpp"

namespace tollgate::reconciliation {
namespace {

std::string described(const Discrepancy& found, const Entry& entry) {
    return "the " + found.type + " " + entry.id + " of " + std::to_string(entry.amount) + " " + entry.currency +
           " (in minor units) of " + to_rfc3339(entry.at);
}

Page page_for(const Discrepancy& found) {
    Page page{.kind = "missing_gateway", .severity = "critical", .charge_id = found.charge_id, .detail = {}};
    if (found.kind == Kind::duplicate_at_gateway) {
        page.kind = "echo_mismatch";
        page.detail = "duplicate_at_gateway: the gateway lists " + described(found, *found.gateway) +
                      " beside what the ledger has; find out at the gateway whether money moved twice";
    } else {
        page.detail = "missing_gateway: the gateway lists neither on that day nor on those beside it " +
                      described(found, *found.internal) + ", which the ledger has";
    }
    return page;
}

/// In place of many.
Page rest_page(const Discrepancy& found, const std::string& date) {
    return {.kind = page_for(found).kind,
            .severity = "critical",
            .charge_id = {},
            .detail = "more than " + std::to_string(Alarm::pages_max) + " discrepancies of " + date +
                      " want to be looked at; the rest of them is in that day's report"};
}

}  // namespace

std::string action_name(std::string_view action, const Discrepancy& found) {
    const std::string_view id = found.gateway ? found.gateway->id : found.internal->id;
    const Digest digest = digest_of({"reconciliation", action, name(found.kind), found.reference, found.type, id});
    return std::string(action) + "_" + base32(digest, 20);
}

Task<Result<bool>> Alarm::call(Discrepancy& found) {
    const std::string date = to_rfc3339(day_).substr(0, 10);
    std::string key = action_name("page", found);
    auto told = co_await was_told(key, "page_rest_" + date);
    if (!told) co_return told;
    if (*told) found.action = Action::page;
    if (*told || unheard_) co_return false;

    const bool rest = told_ == pages_max;
    if (rest) key = "page_rest_" + date;
    Page page = rest ? rest_page(found, date) : page_for(found);
    const bool taken = co_await deliver_(std::move(page), key);
    unheard_ = !taken;
    if (!taken) co_return false;
    ++told_;
    rest_told_ = rest;
    found.action = Action::page;
    if (notes_ == Notes::write) {
        auto noted = co_await store_.note_action(day_, std::move(key));
        if (!noted) co_return fail(std::move(noted.error()));
    }
    co_return true;
}

/// By itself, or with the rest of its day.
Task<Result<bool>> Alarm::was_told(std::string key, std::string rest) {
    if (!rest_told_) {
        const auto noted = co_await store_.is_noted(day_, std::move(rest));
        if (!noted) co_return fail(noted.error());
        rest_told_ = *noted;
    }
    if (*rest_told_) co_return true;
    co_return co_await store_.is_noted(day_, std::move(key));
}

}  // namespace tollgate::reconciliation
