#include "reconciliation/repairs.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/json_writer.hpp"
#include "reconciliation/alarm.hpp"
#include "webhooks/message.hpp"
#include "webhooks/news.hpp"

namespace tollgate::reconciliation {
namespace {

constexpr std::string_view own_source = "reconciliation";

std::string key_of(std::string_view type, std::string_view reference, std::string_view id) {
    return std::string(type) + " " + std::string(reference) + " " + std::string(id);
}

/// What the news tell of, in the words of a discrepancy; empty: nothing that is compared.
std::string key_of(const GatewayNews& news) {
    switch (news.kind) {
        case GatewayNews::Kind::captured:
            return key_of("capture", news.reference, news.capture_id);
        case GatewayNews::Kind::refunded:
            return key_of("refund", news.reference, news.refund_id);
        case GatewayNews::Kind::disputed:
            return key_of("dispute", news.reference, news.dispute_id);
        default:
            return {};
    }
}

/// As the gateway itself would have told it (contract section 4).
std::string event_body(const Discrepancy& found) {
    const Entry& entry = *found.gateway;
    const std::string past = found.type == "capture" ? "captured" : found.type == "refund" ? "refunded" : "disputed";
    JsonWriter out(512);
    out.begin_object().member("id", action_name("adopt", found)).member("type", "payment." + past);
    out.member("created", to_rfc3339(entry.at)).name("data").begin_object();
    out.member("reference", found.charge_id).member(found.type + "_id", entry.id);
    out.member("amount", entry.amount).member("currency", entry.currency);
    return out.end_object().end_object().take();
}

}  // namespace

Task<Result<void>> Repairs::repair(std::vector<Discrepancy*> found) {
    std::erase_if(found, [](const Discrepancy* one) { return !is_for(*one); });
    if (found.empty() || repairs_ >= repairs_max || searches_ >= searches_max) co_return Result<void>();

    const auto archive = co_await search(found);
    if (!archive) co_return fail(archive.error());
    for (Discrepancy* const one : found) {
        if (repairs_ >= repairs_max) break;
        auto repaired = co_await repair_one(*one, *archive);
        if (!repaired) co_return repaired;
    }
    co_return Result<void>();
}

/// The webhooks of that day and the next that tell of one of these.
Task<Result<Repairs::Archive>> Repairs::search(const std::vector<Discrepancy*>& found) {
    std::set<std::string> wanted;
    for (const Discrepancy* const one : found) wanted.insert(key_of(one->type, one->charge_id, one->gateway->id));
    ++searches_;
    Archive archive;
    ArchiveQuery query{.from = day_, .until = day_ + std::chrono::days(2)};
    do {
        if (auto goes_on = ways_.may_go_on(); !goes_on) co_return fail(std::move(goes_on.error()));
        auto page = co_await ways_.events.archive(query);
        if (!page) co_return fail(std::move(page.error()));
        for (const StoredEvent& stored : page->events) {
            if (stored.event.source == own_source) continue;
            const auto news = webhooks::news_of(stored.event.body);
            if (!news || !*news) continue;
            std::string key = key_of(**news);
            if (wanted.contains(key)) archive.emplace(std::move(key), Archived{stored.event.id, stored.state});
        }
        query.cursor = std::move(page->next_cursor);
    } while (!query.cursor.empty());
    co_return archive;
}

Task<Result<void>> Repairs::repair_one(Discrepancy& found, const Archive& archive) {
    if (auto goes_on = ways_.may_go_on(); !goes_on) co_return goes_on;
    auto looked = co_await look_up(found);
    if (!looked) co_return looked;
    auto replayed = co_await replay(found, archive);
    if (!replayed) co_return fail(std::move(replayed.error()));
    if (!*replayed) co_return co_await adopt(found);
    co_return Result<void>();
}

Task<Result<void>> Repairs::look_up(const Discrepancy& found) {
    const auto first = co_await first_time(found, "lookup");
    if (!first) co_return fail(first.error());
    if (!*first) co_return Result<void>();
    const auto going = co_await ways_.look_up(found.charge_id);
    if (!going) co_return fail(going.error());
    if (!*going) co_return Result<void>();
    ways_.write_down(found, "lookup");
    co_return co_await note(found, "lookup");
}

Task<Result<bool>> Repairs::replay(Discrepancy& found, const Archive& archive) {
    const auto [from, to] = archive.equal_range(key_of(found.type, found.charge_id, found.gateway->id));
    if (from == to) co_return false;
    const bool waits = std::any_of(from, to, [](const auto& one) { return one.second.state == StoredEvent::State::waiting; });
    auto first = co_await first_time(found, "replay");
    if (!first) co_return first;
    if (!*first && !waits) co_return false;  // it did not help
    found.action = Action::replay;
    if (waits) co_return true;
    ++repairs_;
    ways_.write_down(found, "replay");
    const auto replayed = co_await ways_.events.replay(from->second.id, runtime_.clock.wall());
    if (!replayed) co_return fail(replayed.error());
    auto noted = co_await note(found, "replay");
    if (!noted) co_return fail(std::move(noted.error()));
    co_return true;
}

/// Its id is derived from what it tells, so the same is never told in two events.
Task<Result<void>> Repairs::adopt(Discrepancy& found) {
    found.action = Action::adopt;
    const WallTime now = runtime_.clock.wall();
    auto events = webhooks::read({.name = std::string(own_source), .keys = {}}, event_body(found), now);
    if (!events) co_return fail(std::move(events.error()));
    Event event = std::move(events->front());
    const auto known = co_await ways_.events.find(event.id);
    if (!known) co_return fail(known.error());
    if (*known) co_return Result<void>();
    ++repairs_;
    ways_.write_down(found, "adopt");
    const auto accepted = co_await ways_.events.accept(std::move(event), Milliseconds(0));
    if (!accepted) co_return fail(accepted.error());
    co_return Result<void>();
}

Task<Result<bool>> Repairs::first_time(const Discrepancy& found, std::string_view action) {
    const auto noted = co_await ways_.notes.is_noted(day_, action_name(action, found));
    if (!noted) co_return fail(noted.error());
    co_return !*noted;
}

Task<Result<void>> Repairs::note(const Discrepancy& found, std::string_view action) {
    co_return co_await ways_.notes.note_action(day_, action_name(action, found));
}

}  // namespace tollgate::reconciliation
