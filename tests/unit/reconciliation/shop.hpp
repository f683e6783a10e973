#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "movements.hpp"
#include "reconciliation/reconcile.hpp"
#include "support/memory_store.hpp"
#include "support/virtual_time.hpp"

/// A shop with a ledger and a gateway that lists its books page by page, both as a test says.
namespace tollgate::reconciliation::test {

/// What a comparison told.
struct Compared {
    std::optional<PaymentError> error;
    Tally tally;
    std::vector<Discrepancy> found;
    std::vector<Discrepancy> handled;

    /// "3 matched, late c_1/c_1, missing_internal -/c_2": in the order it was told.
    [[nodiscard]] std::string told() const {
        std::string text = std::to_string(tally.matched) + " matched";
        for (const Discrepancy& one : found) {
            text += ", " + std::string(name(one.kind)) + " " + (one.internal ? one.internal->id : "-") + "/" +
                    (one.gateway ? one.gateway->id : "-");
        }
        return text;
    }
};

class Shop {
public:
    tollgate::test::VirtualTime time;
    tollgate::test::MemoryStore store;
    std::map<std::chrono::sys_days, std::vector<GatewayTransaction>> listed;  // by the day it is listed under
    std::size_t page_size = 1000;
    bool lists_disputes = true;
    std::vector<std::chrono::sys_days> asked;  // of the gateway, one a page
    GatewayBooks gateway;                      // in place of what is listed

    /// What our ledger has of a charge.
    void book(const std::string& charge, const std::vector<Row>& rows) {
        Transition step{.id = charge, .fence = 1, .now = noon};
        for (const Row& row : rows) {
            step.ledger.push_back(booked(row));
            step.ledger.back().moved_at = row.at;
        }
        begin(charge);
        if (!store.charges.advance(step)) throw std::logic_error("not written");
    }

    /// A charge without any ledger.
    void begin(const std::string& charge) {
        BeginCharge begin{.row = {.id = charge, .idempotency_key = charge}, .now = noon};
        if (!store.knows(charge)) (void)store.charges.begin(begin);
    }

    /// What the gateway has, listed under the day it is dated.
    void list(const std::string& reference, const std::vector<Row>& rows) {
        for (const Row& row : rows) list_under(std::chrono::floor<std::chrono::days>(row.at), reference, row);
    }

    void list_under(std::chrono::sys_days day, const std::string& reference, const Row& row) {
        listed[day].push_back({.id = row.id,
                               .reference = reference,
                               .type = std::string(name(row.type)),
                               .amount = row.amount,
                               .currency = row.currency,
                               .status = row.status,
                               .created_at = row.at});
    }

    /// Both sides have it alike.
    void both(const std::string& charge, std::vector<Row> rows) {
        book(charge, rows);
        for (Row& row : rows) {
            if (row.status.empty()) row.status = status_of(row.type);
        }
        list(charge, rows);
    }

    static std::string status_of(Type type) {
        if (type == Type::capture) return "captured";
        return type == Type::refund ? "refunded" : "disputed";
    }

    Compared compare(std::chrono::sys_days day = today, Handle handle = {}, Watch watch = {}) {
        Compared compared;
        asked.clear();
        Handle noting = [&](std::vector<Discrepancy>& some) -> Task<Result<void>> {
            if (handle) {
                if (auto handled = co_await handle(some); !handled) co_return handled;
            }
            compared.handled.insert(compared.handled.end(), some.begin(), some.end());
            co_return Result<void>();
        };
        auto outcome = time.run(reconcile(time.runtime(), books(), day, std::move(noting), std::move(watch)));
        if (!outcome) {
            compared.error = outcome.error();
            return compared;
        }
        compared.tally = outcome->tally;
        for (bool more = true; more;) {
            const auto some = outcome->findings->next(7).value();
            compared.found.insert(compared.found.end(), some.begin(), some.end());
            more = !some.empty();
        }
        return compared;
    }

    Books books() {
        GatewayBooks pages =
            gateway ? gateway : [this](std::chrono::sys_days day, std::string cursor) { return page(day, cursor); };
        return {.ledger = store.reconciliation_store(),
                .charges = store,
                .gateway = std::move(pages),
                .lists_disputes = lists_disputes,
                .own_thread = false};
    }

    Task<Result<TransactionPage>> page(std::chrono::sys_days day, std::string cursor) {
        asked.push_back(day);
        const std::vector<GatewayTransaction>& all = listed[day];
        const std::size_t from = cursor.empty() ? 0 : std::stoul(cursor);
        const std::size_t to = std::min(from + page_size, all.size());
        TransactionPage page{
            .data = {all.begin() + static_cast<std::ptrdiff_t>(from), all.begin() + static_cast<std::ptrdiff_t>(to)}};
        if (to < all.size()) page.next_cursor = std::to_string(to);
        co_return page;
    }
};

}  // namespace tollgate::reconciliation::test
