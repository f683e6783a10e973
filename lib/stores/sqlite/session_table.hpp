#pragma once

#include "stores/sessions.hpp"
#include "stores/sqlite/database.hpp"

namespace tollgate::sqlite {

/// The operations of SessionStore, on one connection; what writes is inside the transaction the caller has open.
class SessionTable {
public:
    explicit SessionTable(Database& database);

    [[nodiscard]] Result<void> open(const tollgate::Session& session, WallTime now);
    [[nodiscard]] Result<std::optional<tollgate::Session>> find(const std::string& id, WallTime now);
    [[nodiscard]] Result<void> end(const std::string& id);

private:
    Statement forget_;
    Statement known_;
    Statement make_room_;
    Statement keep_;
    Statement find_;
    Statement end_;
};

}  // namespace tollgate::sqlite
