#include "stores/sqlite/sqlite_sessions.hpp"

namespace tollgate::sqlite {

Task<Result<void>> SqliteSessions::open_session(tollgate::Session opened, WallTime now) {
    return parts_.write<void>(
        [opened = std::move(opened), now](Session& session) { return session.sessions.open(opened, now); });
}

Task<Result<std::optional<tollgate::Session>>> SqliteSessions::find_session(std::string id, WallTime now) {
    return parts_.read<std::optional<tollgate::Session>>(
        [id = std::move(id), now](Session& session) { return session.sessions.find(id, now); });
}

Task<Result<void>> SqliteSessions::end_session(std::string id) {
    return parts_.write<void>([id = std::move(id)](Session& session) { return session.sessions.end(id); });
}

}  // namespace tollgate::sqlite
