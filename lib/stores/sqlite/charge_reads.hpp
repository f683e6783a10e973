#pragma once

#include "stores/ports.hpp"
#include "stores/sqlite/database.hpp"

namespace tollgate::sqlite {

/// The questions of ChargeStore, on one connection. A failure of SQLite is left in the database for the caller to judge.
class ChargeReads {
public:
    explicit ChargeReads(Database& database);

    [[nodiscard]] Result<std::optional<ChargeRow>> find(const std::string& id);
    [[nodiscard]] Result<ChargePage> page(const ChargeQuery& query);
    [[nodiscard]] Result<ChargePage> survey(const SurveyQuery& query);
    [[nodiscard]] Result<std::vector<ChargeRow>> expiring(WallTime until, std::size_t limit);
    [[nodiscard]] Result<std::optional<std::string>> charge_of(const std::string& gateway_id);
    [[nodiscard]] Result<std::vector<CurrencyAtRisk>> money_at_risk();
    [[nodiscard]] Result<std::vector<LedgerEntry>> ledger(const std::string& charge_id);

private:
    /// One statement a combination of filters, so that each goes by an index.
    struct Pages {
        Pages(Database& database, const std::string& where, const std::string& status);
        [[nodiscard]] Statement& pick(const ChargeQuery& query);
        Statement all;
        Statement succeeded;
        Statement by_status;
    };

    Statement find_;
    Statement charge_of_;
    Statement ledger_;
    Statement at_risk_;
    Pages of_tenant_;
    Pages of_order_;
    Statement newest_;
    Statement survey_dense_;
    Statement survey_rare_;
    Statement survey_order_;
    Statement survey_customer_;
    Statement expiring_;
};

}  // namespace tollgate::sqlite
