#pragma once

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "store_under_test.hpp"

namespace tollgate::test {

/// The ids of every page, one after the other; none longer than the limit.
inline std::vector<std::string> walk(Bench& bench, SurveyQuery query) {
    std::vector<std::string> ids;
    do {
        const ChargePage page = bench.survey(query).value();
        REQUIRE(page.rows.size() <= query.limit);
        for (const ChargeRow& row : page.rows) ids.push_back(row.id);
        REQUIRE(ids.size() < 1000);  // else it goes round
        query.cursor = page.next_cursor;
    } while (!query.cursor.empty());
    return ids;
}

}  // namespace tollgate::test
