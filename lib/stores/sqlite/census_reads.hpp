#pragma once

#include "stores/census.hpp"
#include "stores/sqlite/database.hpp"

namespace tollgate::sqlite {

/// The question of CensusStore, on one connection, as ChargeReads has those of ChargeStore. It goes by the partial indexes,
/// which hold what is unfinished.
class CensusReads {
public:
    explicit CensusReads(Database& database);

    [[nodiscard]] Result<Census> census(WallTime now);

private:
    [[nodiscard]] std::int64_t arrived_by(WallTime time, std::int64_t newest);
    [[nodiscard]] Census::Queue queue(EventQueue queue, WallTime now);

    Statement newest_;
    Statement at_or_before_;
    Statement charges_;
    Statement queue_;
    Statement dead_;
};

}  // namespace tollgate::sqlite
