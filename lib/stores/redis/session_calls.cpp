// Sessions are few and seldom written: all lie in one hash, which a login looks through.
#include "stores/redis/keys.hpp"
#include "stores/redis/rows.hpp"
#include "stores/redis/scripts.hpp"
#include "stores/redis/store_core.hpp"

namespace tollgate::redis {
namespace {

constexpr int home = 0;  // the partition of all sessions

}  // namespace

Task<Result<void>> StoreCore::open_session(Lane& lane, Session session, WallTime now) {
    const Keys names(home);
    Words keys;
    keys.add(names.sessions()).add(names.told(session.id));
    Words arguments;
    arguments.ref(session.id).add(text_of(session.expires_at) + " " + session.owner).add(text_of(now));
    arguments.add(static_cast<std::int64_t>(SessionStore::sessions_max));
    const Answer answer =
        co_await run(lane, Run{scripts().session_open, home, {}, std::move(keys.views()), std::move(arguments.views())});
    if (!answer) co_return fail(not_written(answer.error()));
    co_return Result<void>();
}

Task<Result<std::optional<Session>>> StoreCore::find_session(Lane& lane, std::string id, WallTime now) {
    const Answer answer = co_await command(lane, {"HGET", Keys(home).sessions(), id}, home, deadline(lane));
    if (!answer) co_return fail(not_read());
    std::optional<Session> found;
    if (!answer->is_nil()) {
        const std::string_view value = answer->text();
        const std::size_t space = std::min(value.find(' '), value.size());
        const WallTime expires_at = time_of(value.substr(0, space));
        const std::string_view owner = value.substr(std::min(space + 1, value.size()));
        if (expires_at > now) found = {.id = std::move(id), .owner = std::string(owner), .expires_at = expires_at};
    }
    co_return found;
}

Task<Result<void>> StoreCore::end_session(Lane& lane, std::string id) {
    const Keys names(home);
    Words keys;
    keys.add(names.sessions()).add(names.told(id));
    const Answer answer = co_await run(lane, Run{scripts().session_end, home, {}, std::move(keys.views()), {id}});
    if (!answer) co_return fail(not_written(answer.error()));
    co_return Result<void>();
}

}  // namespace tollgate::redis
