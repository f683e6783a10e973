// Events lie in 64 partitions, listed by their time. A page merges the lists: it asks each for a few at first, and for more
// where these are used up, so that a page costs much the same however the events are spread.
#include <algorithm>
#include <array>
#include <deque>

#include "async/all_of.hpp"
#include "stores/redis/event_rows.hpp"
#include "stores/redis/keys.hpp"
#include "stores/redis/rows.hpp"
#include "stores/redis/store_core.hpp"

namespace tollgate::redis {
namespace {

constexpr std::size_t time_digits = 15;
constexpr std::size_t at_once_least = 8;  // members of a list, a look

/// How members of a list begin: they are ordered by their bytes (event_shared.lua: place_of).
std::string member_at(WallTime time) {
    const std::string digits = std::to_string(std::max<std::int64_t>(time.time_since_epoch().count(), 0));
    return std::string(time_digits - std::min(time_digits, digits.size()), '0') + digits + ":";
}

std::string_view id_in(std::string_view member) {
    return member.substr(std::min(member.size(), time_digits + 1));
}

/// A cursor is two letters and the last member that was given out.
std::optional<std::string> member_in(std::string_view cursor, std::string_view mark) {
    if (!cursor.starts_with(mark)) return std::nullopt;
    const std::string_view member = cursor.substr(mark.size());
    const std::string_view time = member.substr(0, std::min(member.size(), time_digits));
    if (id_in(member).empty() || !time_of(time).time_since_epoch().count()) return std::nullopt;
    if (!member.starts_with(member_at(time_of(time)))) return std::nullopt;
    return std::string(member);
}

PaymentError not_given_out() {
    return {Code::bad_request, "the cursor is not one that was given out; leave it away to begin anew"};
}

}  // namespace

/// What a page is made of: in each partition the same list, from a place on.
struct StoreCore::EventLists {
    std::string (Keys::*list)() const;
    std::string from, until;  // of ZRANGE … BYLEX
    bool newest_first = false;
    std::string_view mark;  // of its cursors
};

/// The next members of a partition's list.
struct StoreCore::EventList {
    std::deque<std::string> members;
    std::string from;
    bool at_end = false;
};

/// Reads on where nothing is left.
Task<bool> StoreCore::read_on(Lane& lane, const EventLists& lists, EventList& list, int partition, std::size_t count,
                              SteadyTime by) {
    if (list.at_end || !list.members.empty()) co_return true;
    const std::string key = (Keys(partition).*lists.list)();
    const std::string most = std::to_string(count);
    std::vector<std::string_view> words{"ZRANGE", key, list.from, lists.until, "BYLEX"};
    if (lists.newest_first) words.push_back("REV");
    words.insert(words.end(), {"LIMIT", "0", most});
    const Answer answer = co_await command(lane, Command(words), partition, by);
    if (!answer) co_return false;
    for (std::size_t i = 0; i < answer->size(); ++i) list.members.emplace_back((*answer)[i].text());
    list.at_end = list.members.size() < count;
    if (!list.members.empty()) list.from = "(" + list.members.back();
    co_return true;
}

/// Members in order, at most so many; one more when there are.
Task<Result<std::vector<std::string>>> StoreCore::merge(Lane& lane, EventLists lists, std::size_t limit, SteadyTime by) {
    std::array<EventList, partitions> all;
    for (EventList& list : all) list.from = lists.from;
    const auto before = [&](const EventList& one, const EventList& other) {
        if (one.members.empty() || other.members.empty()) return !one.members.empty();
        return lists.newest_first ? one.members.front() > other.members.front() : one.members.front() < other.members.front();
    };
    std::vector<std::string> merged;
    while (merged.size() <= limit) {
        std::vector<Task<bool>> looks;
        for (int i = 0; i < partitions; ++i) {
            looks.push_back(read_on(lane, lists, all[static_cast<std::size_t>(i)], i, std::max(at_once_least, limit / 8), by));
        }
        for (const bool read : co_await all_of(lane.runtime, std::move(looks))) {
            if (!read) co_return fail(not_read());
        }
        const auto whole = [](const EventList& list) { return list.at_end || !list.members.empty(); };
        while (merged.size() <= limit && std::ranges::all_of(all, whole)) {
            EventList& next = *std::ranges::min_element(all, before);
            if (next.members.empty()) co_return merged;
            merged.push_back(std::move(next.members.front()));
            next.members.pop_front();
        }
    }
    co_return merged;
}

Task<Result<EventPage>> StoreCore::event_page(Lane& lane, EventLists lists, std::size_t limit) {
    limit = std::clamp<std::size_t>(limit, 1, 100);
    Result<std::vector<std::string>> members = co_await merge(lane, lists, limit, deadline(lane));
    if (!members) co_return fail(std::move(members.error()));
    EventPage page;
    if (members->size() > limit) {
        members->pop_back();
        page.next_cursor = std::string(lists.mark) + members->back();
    }
    std::vector<Task<Result<std::optional<StoredEvent>>>> reads;
    for (const std::string& member : *members) reads.push_back(find_event(lane, std::string(id_in(member))));
    for (Result<std::optional<StoredEvent>>& event : co_await all_of(lane.runtime, std::move(reads))) {
        if (!event) co_return fail(std::move(event.error()));
        if (*event) page.events.push_back(std::move(**event));  // else it was forgotten since the look
    }
    co_return page;
}

Task<Result<EventPage>> StoreCore::dead_letters(Lane& lane, DeadLetterQuery query) {
    EventLists lists{.list = &Keys::dead, .from = "+", .until = "-", .newest_first = true, .mark = "rx"};
    if (!query.cursor.empty()) {
        const std::optional<std::string> last = member_in(query.cursor, lists.mark);
        if (!last) co_return fail(not_given_out());
        lists.from = "(" + *last;
    }
    Result<EventPage> page = co_await event_page(lane, std::move(lists), query.limit);
    if (page) std::erase_if(page->events, [](const auto& event) { return event.state != StoredEvent::State::dead; });
    co_return page;
}

Task<Result<EventPage>> StoreCore::archive(Lane& lane, ArchiveQuery query) {
    if (query.until <= query.from) co_return EventPage();
    EventLists lists{.list = &Keys::archive, .from = "[" + member_at(query.from), .until = "(" + member_at(query.until)};
    lists.mark = "ra";
    if (!query.cursor.empty()) {
        const std::optional<std::string> last = member_in(query.cursor, lists.mark);
        if (!last) co_return fail(not_given_out());
        if (*last >= member_at(query.from)) lists.from = "(" + *last;
    }
    co_return co_await event_page(lane, std::move(lists), query.limit);
}

}  // namespace tollgate::redis
