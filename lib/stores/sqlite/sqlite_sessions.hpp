#pragma once

#include "stores/sessions.hpp"
#include "stores/sqlite/store_parts.hpp"

namespace tollgate::sqlite {

/// Who is logged in, of a SqliteStore, whose parts it borrows.
class SqliteSessions final : public SessionStore {
public:
    explicit SqliteSessions(StoreParts& parts) noexcept : parts_(parts) {}

    Task<Result<void>> open_session(tollgate::Session session, WallTime now) override;
    Task<Result<std::optional<tollgate::Session>>> find_session(std::string id, WallTime now) override;
    Task<Result<void>> end_session(std::string id) override;

private:
    StoreParts& parts_;
};

}  // namespace tollgate::sqlite
