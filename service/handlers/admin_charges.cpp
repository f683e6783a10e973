#include "service/handlers/admin_charges.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "payments/keys.hpp"
#include "redaction/card_number.hpp"
#include "service/handlers/paging.hpp"
#include "service/handlers/saga_json.hpp"
#include "service/http/text.hpp"

namespace tollgate {
namespace {

constexpr int looks_max = 16;  // at the store, for one page
constexpr std::size_t text_max = 255;

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

/// A card number is not looked for: it would go to the store, whose own logs nobody here controls.
Result<std::string> wanted_text(const http::Request& request) {
    const std::string asked = request.parameter("q").value_or("");
    std::string text(http::trimmed(asked));
    if (text.empty() || characters(text) > text_max) {
        return fail(
            Code::bad_request,
            "the query's q must be 1 to 255 characters: the id of a charge, a saga, a payment at the gateway, an order or a "
            "customer");
    }
    if (holds_card_number(text)) {
        return fail(Code::pan_not_accepted, "the query's q holds a card number, by which nothing can be found");
    }
    return text;
}

/// A cursor goes on with what had found something: a word of ours before the store's own.
struct Kind {
    std::string_view word;
    std::string SurveyQuery::* names;
};
constexpr std::array<Kind, 2> kinds{{{"order:", &SurveyQuery::order_id}, {"customer:", &SurveyQuery::customer_id}}};

struct Search {
    const Runtime& runtime;
    ChargeStore& store;
    std::string text;
    std::size_t limit;

    /// The one charge that has this id, or whose payment has it at the gateway.
    Task<Result<std::optional<ChargeRow>>> one() const {
        static constexpr std::string_view saga = "saga_";
        const std::string id = text.starts_with(saga) ? "ch_" + text.substr(saga.size()) : text;
        if (is_charge_id(id)) {
            auto found = co_await store.find(id);
            if (!found || *found) co_return found;
        }
        auto named = co_await store.charge_of(text);
        if (!named) co_return fail(std::move(named.error()));
        if (!*named) co_return std::nullopt;
        co_return co_await store.find(std::move(**named));
    }

    /// Until the page is full, or something was found and the store wants to be asked again, or it was asked often enough.
    Task<Result<ChargePage>> many(const Kind& kind, std::string cursor) const {
        SurveyQuery query{.limit = limit, .cursor = std::move(cursor)};
        query.*kind.names = text;
        ChargePage found;
        for (int look = 0; look < looks_max && query.limit > 0; ++look) {
            auto page = co_await store.survey(query);
            if (!page) co_return fail(std::move(page.error()));
            query.limit -= std::min(query.limit, page->rows.size());
            std::ranges::move(page->rows, std::back_inserter(found.rows));
            query.cursor = std::move(page->next_cursor);
            if (query.cursor.empty()) break;
        }
        if (!query.cursor.empty()) found.next_cursor = std::string(kind.word) + query.cursor;
        co_return found;
    }

    Task<Result<ChargePage>> from_the_newest() const {
        auto named = co_await one();
        if (!named) co_return fail(std::move(named.error()));
        ChargePage found;
        if (*named) {
            found.rows.push_back(std::move(**named));
            co_return found;
        }
        for (const Kind& kind : kinds) {
            auto page = co_await many(kind, "");
            if (!page || !page->rows.empty() || !page->next_cursor.empty()) co_return page;
        }
        co_return found;
    }

    Task<Result<ChargePage>> page(std::string cursor) const {
        if (cursor.empty()) co_return co_await from_the_newest();
        for (const Kind& kind : kinds) {
            if (cursor.starts_with(kind.word)) co_return co_await many(kind, cursor.substr(kind.word.size()));
        }
        co_return fail(Code::bad_request, "the query's cursor is none that was given out");
    }
};

Task<http::Response> get_charges(const Runtime& runtime, ChargeStore& store, http::Request& request) {
    auto text = wanted_text(request);
    if (!text) co_return http::problem_response(text.error(), request);
    const auto limit = page_limit(request);
    if (!limit) co_return http::problem_response(limit.error(), request);
    const Search search{runtime, store, std::move(*text), *limit};
    const auto page = co_await search.page(request.parameter("cursor").value_or(""));
    if (!page) co_return http::problem_response(page.error(), request);
    PageBody body;
    for (const ChargeRow& row : page->rows) body.add(to_saga_json(row, from_state(row), runtime.clock.wall()));
    co_return http::Response{.body = body.take(page->next_cursor)};
}

}  // namespace

http::Route search_route(const Runtime& runtime, ChargeStore& store) {
    return {.method = "GET",
            .pattern = "/admin/charges",
            .scope = http::Scope::admin,
            .handler = [&runtime, &store](http::Request& request) { return get_charges(runtime, store, request); }};
}

}  // namespace tollgate
