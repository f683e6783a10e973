#include "reconciliation/gateway_report_books.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "reconciliation/reconcile_listing.hpp"
#include "support/folder.hpp"
#include "support/virtual_time.hpp"

using namespace tollgate;
using namespace tollgate::reconciliation;
using namespace std::chrono_literals;

namespace {

const std::chrono::sys_days day = 2026y / 11 / 22;
const std::string header = "id,reference,type,amount,currency,status,created_at\n";

std::string row(int id, std::chrono::sys_days on) {
    return "ca_" + std::to_string(id) + ",ch_1,capture,1,USD,captured," + to_rfc3339(WallTime(on) + 12h) + "\n";
}

struct Desk {
    test::VirtualTime time;
    Folder folder;
    std::string file = folder.at("day.csv");

    void write(const std::string& rows) { (void)folder.write("day.csv", header + rows); }

    /// All ids that are listed under that day.
    Result<std::set<std::string>> list(const GatewayBooks& books, std::chrono::sys_days asked) {
        std::set<std::string> ids;
        Listing listing(time.runtime(), books, asked);
        while (!listing.ended()) {
            const auto rows = time.run(listing.next());
            if (!rows) return fail(rows.error());
            for (const GatewayTransaction& one : *rows) CHECK(ids.insert(one.id).second);
        }
        return ids;
    }
};

}  // namespace

TEST_CASE("a report lists each day's own rows under it, in any order and as often as it is asked") {
    Desk desk;
    std::string rows;
    for (int id = 0; id < 9000; ++id) rows += row(id, day + std::chrono::days(id % 3 - 1));
    desk.write(rows);
    const auto books = books_in(desk.time.runtime(), desk.file);
    REQUIRE(books);
    std::set<std::string> all;
    for (const int after : {0, -1, 1}) {
        const auto ids = desk.list(*books, day + std::chrono::days(after));
        REQUIRE(ids);
        CHECK(ids->size() == 3000);
        all.insert(ids->begin(), ids->end());
    }
    CHECK(all.size() == 9000);
    CHECK(desk.list(*books, day)->size() == 3000);
    CHECK(desk.list(*books, day + std::chrono::days(7))->empty());
}

TEST_CASE("pages of two days may be asked for in turns") {
    Desk desk;
    std::string rows;
    for (int id = 0; id < 6000; ++id) rows += row(id, day + std::chrono::days(id % 2));
    desk.write(rows);
    const auto books = books_in(desk.time.runtime(), desk.file);
    REQUIRE(books);
    std::array<std::string, 2> cursors;
    std::array<std::size_t, 2> counts{};
    for (std::array<bool, 2> ended{}; !ended[0] || !ended[1];) {
        for (const std::size_t i : {0U, 1U}) {
            if (ended[i]) continue;
            const auto page = desk.time.run((*books)(day + std::chrono::days(i), cursors[i]));
            REQUIRE(page);
            counts[i] += page->data.size();
            cursors[i] = page->next_cursor;
            ended[i] = cursors[i].empty();
        }
    }
    CHECK(counts == std::array<std::size_t, 2>{3000, 3000});
}

TEST_CASE("a report that cannot be read is told at once, and not asked again") {
    Desk desk;
    CHECK_FALSE(books_in(desk.time.runtime(), desk.file));
    desk.write("torn");
    const auto books = books_in(desk.time.runtime(), desk.file);
    REQUIRE(books);
    const auto listed = desk.list(*books, day);
    REQUIRE_FALSE(listed);
    CHECK(listed.error().detail.find("day.csv, line 2: it has 1 column") != std::string::npos);
    CHECK(desk.time.elapsed() == 0s);
}
