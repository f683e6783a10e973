#include "service/handlers/admin_events.hpp"

#include <functional>
#include <memory>
#include <utility>

#include "gateway/rfc3339.hpp"
#include "pipeline/audited.hpp"
#include "service/handlers/event_json.hpp"
#include "service/handlers/no_wishes.hpp"
#include "service/handlers/paging.hpp"
#include "webhooks/message.hpp"
#include "webhooks/replay.hpp"

namespace tollgate {
namespace {

constexpr int looks_max = 16;  // at the store, for one page

using Api = std::shared_ptr<const EventApi>;

PaymentError unknown_event() {
    return {Code::not_found, "there is no event with this id; it never came, or is older than webhook.retention"};
}

Task<http::Response> get_dead_letters(Api api, http::Request& request) {
    const auto limit = page_limit(request);
    if (!limit) co_return http::problem_response(limit.error(), request);
    DeadLetterQuery query{.limit = *limit, .cursor = request.parameter("cursor").value_or("")};
    PageBody body;
    for (int look = 0; look < looks_max && query.limit > 0; ++look) {
        auto page = co_await api->events.dead_letters(query);
        if (!page) co_return http::problem_response(page.error(), request);
        for (const StoredEvent& stored : page->events) body.add(to_event_json(stored));
        query.limit -= std::min(query.limit, page->events.size());
        query.cursor = std::move(page->next_cursor);
        if (query.cursor.empty()) break;
    }
    co_return http::Response{.body = body.take(query.cursor)};
}

/// Under the id as it is, or as a sender's own. Fails with `not_found`.
Task<Result<StoredEvent>> find(Api api, std::string id, std::string source) {
    std::vector<std::string> ids;
    if (source.empty()) ids.push_back(id);
    for (const std::string& name : api->sources) {
        if (source.empty() || source == name) ids.push_back(webhooks::webhook_id(name, id));
    }
    for (std::string& one : ids) {
        auto found = co_await api->events.find(std::move(one));
        if (!found) co_return fail(std::move(found.error()));
        if (*found) co_return std::move(**found);
    }
    co_return fail(unknown_event());
}

Task<Result<StoredEvent>> wanted(Api api, const http::Request& request) {
    co_return co_await find(api, request.capture(0), request.parameter("source").value_or(""));
}

Task<http::Response> get_webhook(Api api, http::Request& request) {
    const auto found = co_await wanted(api, request);
    if (!found) co_return http::problem_response(found.error(), request);
    if (found->event.queue != EventQueue::incoming) co_return http::problem_response(unknown_event(), request);
    co_return http::Response{.body = to_full_event_json(*found)};
}

struct Replay {
    std::string what;  // an event's id, or a day
    std::string charge_id;
    std::string who;
    std::string origin;
    std::string request_id;
};

AuditRecord describe(const Replay& replay) {
    return {.who = replay.who,
            .what = "event.replay " + replay.what,
            .origin = replay.origin,
            .charge_id = replay.charge_id,
            .request_id = replay.request_id};
}

struct Told {
    Answer answer;
};

Task<Result<Told>> replay_one(Api api, Replay replay) {
    const auto replayed = co_await api->events.replay(replay.what, api->runtime.clock.wall());
    if (!replayed) co_return fail(replayed.error());
    if (*replayed == Replayed::unknown) co_return fail(unknown_event());
    if (*replayed == Replayed::waiting) {
        co_return fail(Code::invalid_state, "the event waits to be worked on already; look at it again in a moment");
    }
    auto found = co_await api->events.find(replay.what);
    if (!found) co_return fail(std::move(found.error()));
    if (!*found) co_return fail(unknown_event());
    co_return Told{{200, to_full_event_json(**found)}};
}

Task<Result<Told>> replay_all_of(Api api, std::chrono::sys_days day, Replay) {
    const auto count = co_await webhooks::replay_day(api->events, day, api->runtime.clock.wall());
    if (!count) co_return fail(count.error());
    co_return Told{{200, R"({"replayed":)" + std::to_string(*count) + "}"}};
}

/// Written down before and after; answered at once, worked on by whoever takes it up.
template <class Act>
Task<http::Response> do_replay(Api api, http::Request& request, Replay replay, Act act) {
    replay.who = request.tenant;
    replay.origin = request.peer;
    replay.request_id = request.request_id;
    auto service = audited(api->audit, describe, api->runtime) | std::move(act);
    auto told = co_await service(std::move(replay));
    if (!told) co_return http::problem_response(told.error(), request);
    co_return http::Response{.status = told->answer.status, .body = std::move(told->answer.body)};
}

Task<http::Response> replay_event(Api api, http::Request& request, bool webhooks_only) {
    const auto checked = check_no_wishes(request.body, "a replay");
    if (!checked) co_return http::problem_response(checked.error(), request);
    const auto day = parse_rfc3339(request.capture(0) + "T00:00:00Z");
    if (webhooks_only && day) {
        Replay replay{.what = request.capture(0), .charge_id = {}};
        co_return co_await do_replay(api, request, std::move(replay),
                                     std::bind_front(replay_all_of, api, std::chrono::floor<std::chrono::days>(*day)));
    }
    const auto found = co_await wanted(api, request);  // only what exists is written down
    if (!found) co_return http::problem_response(found.error(), request);
    if (webhooks_only && found->event.queue != EventQueue::incoming) {
        co_return http::problem_response(unknown_event(), request);
    }
    if (!webhooks_only && found->state == StoredEvent::State::done) {
        co_return http::problem_response({Code::invalid_state, "the event is no dead letter: it was worked on"}, request);
    }
    Replay replay{.what = found->event.id, .charge_id = found->event.charge_id};
    co_return co_await do_replay(api, request, std::move(replay), std::bind_front(replay_one, api));
}

}  // namespace

std::vector<http::Route> event_routes(EventApi api) {
    const auto shared = std::make_shared<const EventApi>(std::move(api));
    const auto bound = [&shared](auto handler) {
        return [shared, handler](http::Request& request) { return handler(shared, request); };
    };
    const auto replay = [&shared](bool webhooks_only) {
        return [shared, webhooks_only](http::Request& request) { return replay_event(shared, request, webhooks_only); };
    };
    const auto none = http::Accepts::optional_json;
    const auto admin = http::Scope::admin;
    return {
        {.method = "GET", .pattern = "/admin/dead-letters", .scope = admin, .handler = bound(get_dead_letters)},
        {.method = "POST",
         .pattern = "/admin/dead-letters/{id}/replay",
         .scope = admin,
         .handler = replay(false),
         .accepts = none},
        {.method = "GET", .pattern = "/admin/webhooks/{id}", .scope = admin, .handler = bound(get_webhook)},
        {.method = "POST", .pattern = "/admin/webhooks/{id}/replay", .scope = admin, .handler = replay(true), .accepts = none},
    };
}

}  // namespace tollgate
