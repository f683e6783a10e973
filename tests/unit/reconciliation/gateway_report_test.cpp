#include "reconciliation/gateway_report.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "reconciliation/gateway_report_rows.hpp"
#include "support/folder.hpp"
#include "support/sanitized.hpp"

using namespace tollgate;
using namespace tollgate::reconciliation;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

const std::string header = "id,reference,type,amount,currency,status,created_at\n";
const std::string noon = "2026-11-22T12:00:00.000Z";
const std::string good = "ca_1,ch_1,capture,4999,USD,captured," + noon + "\n";

struct All {
    std::vector<GatewayTransaction> rows;
    std::string why;  // empty: it was read to its end
};

All read_all(const std::string& file) {
    All all;
    auto report = GatewayReport::open(file);
    if (!report) return {{}, report.error().detail};
    for (;;) {
        auto some = (*report)->next();
        if (!some) all.why = some.error().detail;
        if (!some || some->empty()) return all;
        CHECK(some->size() <= 1000);
        all.rows.insert(all.rows.end(), some->begin(), some->end());
    }
}

All read(const std::string& name, const std::string& text) {
    const Folder folder;
    All all = read_all(folder.write(name, text));
    if (const auto at = all.why.find(folder.path.string() + "/"); at != std::string::npos)
        all.why.erase(at, folder.path.string().size() + 1);
    return all;
}

All csv(const std::string& text) {
    return read("day.csv", text);
}

All json(const std::string& text) {
    return read("day.json", text);
}

std::string row(const std::string& id, const std::string& changed = {}, const std::string& to = {}) {
    const auto value = [&](const std::string& member, const std::string& usual) { return member == changed ? to : usual; };
    return R"({"id":)" + value("id", '"' + id + '"') + R"(,"reference":)" + value("reference", R"("ch_1")") + R"(,"type":)" +
           value("type", R"("capture")") + R"(,"amount":)" + value("amount", "4999") + R"(,"currency":)" +
           value("currency", R"("USD")") + R"(,"status":)" + value("status", R"("captured")") + R"(,"created_at":)" +
           value("created_at", '"' + noon + '"') + "}";
}

std::string page(const std::string& rows, const std::string& next = "null") {
    return R"({"data":[)" + rows + R"(],"next_cursor":)" + next + "}";
}

const GatewayTransaction first{"ca_1", "ch_1", "capture", 4999, "USD", "captured", WallTime(1'795'348'800'000ms)};

long peak_kilobytes() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

}  // namespace

TEST_CASE("a row of a gateway's CSV report is told with everything it says") {
    const All all = csv(header + good);
    CHECK(all.why.empty());
    REQUIRE(all.rows.size() == 1);
    CHECK(all.rows[0] == first);
}

TEST_CASE("a CSV report may have a byte order mark, CRLF, quoted fields, blank lines and no last line end") {
    const std::string quoted = R"("ca_1","ch_1",capture,"4999",USD,"captured",)" + noon;
    for (const std::string& text :
         {"\xEF\xBB\xBF" + header + good, header + quoted, header + "\n" + good + "\n\n", header + quoted + "\r",
          R"("id","reference","type","amount","currency","status","created_at")" + std::string("\r\n") + quoted + "\r\n"}) {
        const All all = csv(text);
        CHECK(all.why == "");
        CHECK(all.rows == std::vector{first});
    }
    CHECK(read("DAY.CSV", header + good).rows == std::vector{first});
}

TEST_CASE("quotation marks, commas and line breaks in quoted fields of a CSV report belong to the field") {
    const std::string fee = "po_1,\"said \"\"go\"\",\nthen, left\",payout,-12.50,,\"a\r\nb\",\n";
    const All all = csv(header + fee + good);
    CHECK(all.why == "");
    CHECK(all.rows == std::vector{first});
    const All ids = csv(header + R"("a""b,c",,void,0,USD,voided,)" + noon);
    REQUIRE(ids.rows.size() == 1);
    CHECK(ids.rows[0].id == "a\"b,c");
    CHECK(ids.rows[0].reference.empty());
    const All after = csv(header + fee + "ca_2,ch_1,capture,no,USD,captured," + noon + "\n");
    CHECK_THAT(after.why, Contains("day.csv, line 5, column amount: it must be a whole number"));
}

TEST_CASE("types that the contract does not name are passed over, and a slip in one that it names is told") {
    for (const std::string type : {"payout", "fee", "Adjustment", "stripe_fee"}) {
        CHECK(csv(header + "x,,\"" + type + "\",what,ever,it,says\n" + good).rows.size() == 1);
        CHECK(json(page(R"({"type":")" + type + R"(","amount":-1.5},)" + row("ca_1"))).rows.size() == 1);
    }
    for (const std::string type : {"Capture", "REFUND", " capture", "void ", ""}) {
        CHECK_THAT(csv(header + "ca_1,ch_1," + type + ",4999,USD,captured," + noon).why,
                   Contains("line 2, column type: it must be authorize, capture, void, refund or dispute, in lower case"));
        CHECK_THAT(json(page(row("ca_1", "type", '"' + type + '"'))).why, Contains("page 1, data[0].type: it must be"));
    }
    CHECK_THAT(json(page(R"({"id":"ca_1"})")).why, Contains("data[0].type"));
}

TEST_CASE("a header that is not the contract's is told with the column that is wrong") {
    const auto why = [](const std::string& text) { return csv(text + "\n" + good).why; };
    CHECK_THAT(why("id,reference,type,amount,currency,status"), Contains("line 1: the column \"created_at\" is missing"));
    CHECK_THAT(why("id,reference,kind,amount,currency,status,created_at"), Contains("the column \"type\" is missing"));
    CHECK_THAT(why("id,reference,amount,type,currency,status,created_at"),
               Contains("the column \"amount\" is misplaced as column 3; the first line must be id,reference,type,amount,"));
    CHECK_THAT(why("id,reference,type,amount,fee,currency,status,created_at"), Contains("column 5 is one too many"));
    CHECK_THAT(why("id,reference,type,amount,currency,status,created_at,id"), Contains("column 8 is one too many"));
    CHECK_THAT(why("id,reference,type,amount,currency,status,created_at,a,b"), Contains("more than 7 columns"));
    CHECK_THAT(why("id;reference;type;amount;currency;status;created_at"), Contains("not separated by commas"));
    CHECK_THAT(csv(good).why, Contains("the column \"id\" is missing"));
    CHECK(csv("").why == "day.csv is empty; the first line must be id,reference,type,amount,currency,status,created_at");
    CHECK_THAT(csv("\n\r\n").why, Contains("is empty"));
    CHECK(csv(header).why == "");
}

TEST_CASE("a row of a CSV report that is not what it should be is told with its line, its column and the mend") {
    const auto why = [](const std::string& line) { return csv(header + good + line + "\n").why; };
    CHECK(why("ca_2,ch_1,capture,49.99,USD,captured," + noon) ==
          "day.csv, line 3, column amount: it must be a whole number of the currency's minor unit from 0 to 999999999999, like "
          "4999 for 49.99 USD");
    CHECK_THAT(why(",ch_1,capture,1,USD,captured," + noon), Contains("line 3, column id: it must be 1 to 255"));
    CHECK_THAT(why("c 2,ch_1,capture,1,USD,captured," + noon), Contains("column id"));
    CHECK_THAT(why("c,ch 1,capture,1,USD,captured," + noon), Contains("column reference"));
    for (const std::string amount :
         {"", "-1", "+1", "1e2", "4 999", " 1", "1000000000000", "99999999999999999999", "\"4,999\""})
        CHECK_THAT(why("c,ch_1,capture," + amount + ",USD,captured," + noon), Contains("line 3, column amount"));
    CHECK_THAT(why("c,ch_1,capture,1,usd,captured," + noon), Contains("column currency: it must be an ISO 4217 code"));
    CHECK_THAT(why("c,ch_1,capture,1,USD,paid," + noon), Contains("column status: it must be authorized, captured"));
    CHECK_THAT(why("c,ch_1,capture,1,USD,captured,22.11.2026"), Contains("column created_at: it must be a time like 2026-"));
    CHECK_THAT(why("c,ch_1,capture,1,USD,captured"), Contains("line 3: it has 6 columns and not 7"));
    CHECK_THAT(why("c"), Contains("line 3: it has 1 column and not 7"));
    CHECK_THAT(why("c,ch_1,capture,1,USD,captured," + noon + ",x"), Contains("line 3: it has more than 7 columns"));
    CHECK_THAT(why("c,ch\"1,capture,1,USD,captured," + noon),
               Contains("line 3, column reference: a quotation mark stands inside"));
    CHECK_THAT(why("c,\"ch\"1,capture,1,USD,captured," + noon),
               Contains("column reference: something stands behind the closing"));
    CHECK_THAT(why("c,ch\r1,capture,1,USD,captured," + noon), Contains("column reference: a carriage return without"));
    CHECK_THAT(why("c,\"ch_1,capture,1,USD,captured," + noon), Contains("line 3, column reference: the field has no closing"));
    CHECK_THAT(why("c," + std::string(5000, 'x')), Contains("line 3, column reference: the field is longer than 4096 bytes"));
    CHECK(csv(header + good + "c,\"" + std::string(4096, 'x') + "\",fee,,,,\n").why == "");
}

TEST_CASE("a report that was cut off anywhere but between two rows is told, and not taken for a shorter day") {
    const std::string lines = header + good + good;
    for (std::size_t size = header.size() + good.size() + 1; size + 1 < lines.size(); ++size) {
        INFO(lines.substr(0, size));
        const std::string why = csv(lines.substr(0, size)).why;
        // Without the zone's letter or its digits a time is none.
        CHECK_THAT(why, Contains("day.csv, line 3"));
    }
    const std::string pages = page(row("ca_1") + "," + row("ca_2"));
    for (std::size_t size = 0; size < pages.size(); ++size) {
        INFO(pages.substr(0, size));
        CHECK(json(pages.substr(0, size)).why != "");
    }
    CHECK_THAT(json(pages.substr(0, 40)).why, Contains("day.json, line 1, column 41: it ends in the middle of a page"));
    CHECK_THAT(json(page(row("ca_1"), R"("more")")).why, Contains("its last page names another one (next_cursor)"));
}

TEST_CASE("pages of a JSON report stand one after the other, as they were appended") {
    const All all =
        json("\xEF\xBB\xBF \n" + page(row("ca_1"), R"("c1")") + page("", R"("c2")") + "\r\n\t" + page(row("ca_2")) + "\n");
    CHECK(all.why == "");
    REQUIRE(all.rows.size() == 2);
    CHECK(all.rows[0] == first);
    CHECK(all.rows[1].id == "ca_2");
    CHECK(json(R"({"next_cursor":"","x":[{"data":[1]},[2]],"data":[)" + row("ca_1") + R"(],"data2":3})").rows.size() == 1);
    CHECK(json(R"({"data":[]})").why == "");
}

TEST_CASE("a member of a JSON report that is not what it should be is told with its page, its row and the mend") {
    const auto why = [](const std::string& text) { return json(page(row("ca_0"), R"("c1")") + page(text)).why; };
    for (const auto& [member, bad] : std::vector<std::pair<std::string, std::string>>{{"id", "1"},
                                                                                      {"id", "null"},
                                                                                      {"id", R"("")"},
                                                                                      {"id", R"("a\nb")"},
                                                                                      {"id", '"' + std::string(256, 'x') + '"'},
                                                                                      {"reference", "1"},
                                                                                      {"reference", "[]"},
                                                                                      {"reference", R"("a b")"},
                                                                                      {"amount", "1.0"},
                                                                                      {"amount", "1e2"},
                                                                                      {"amount", R"("1")"},
                                                                                      {"amount", "-1"},
                                                                                      {"amount", "18446744073709551615"},
                                                                                      {"amount", "1000000000000"},
                                                                                      {"amount", "null"},
                                                                                      {"currency", R"("usd")"},
                                                                                      {"currency", "{}"},
                                                                                      {"status", R"("paid")"},
                                                                                      {"created_at", "0"},
                                                                                      {"created_at", R"("today")"}}) {
        INFO(member << " " << bad);
        CHECK_THAT(why(row("ca_1") + "," + row("ca_2", member, bad)), Contains("page 2, data[1]." + member + ": it must be "));
    }
    CHECK(json(page(row("ca_1", "reference", "null"))).rows.at(0).reference.empty());
    CHECK(json(page(row("ca_1", "reference", R"({"id":"x"})"))).why != "");
    CHECK_THAT(why(R"({"id":"a","id":"b"})"), Contains("page 2, data[0].id: it stands twice"));
    CHECK_THAT(why("3"), Contains("page 2, data[0]: it is no object"));
    CHECK_THAT(why(row("ca_1") + ",[]"), Contains("page 2, data[1]: it is no object"));
}

TEST_CASE("a JSON report that is not made of pages is told with the mend") {
    const std::string mend = "a page is an object with a list \"data\", as GET /v1/transactions answers";
    CHECK(json("").why == "day.json is empty; " + mend);
    CHECK(json(" \n").why == "day.json is empty; " + mend);
    CHECK(json("[" + row("ca_1") + "]").why == "day.json, page 1: it is no object; " + mend);
    CHECK(json("7 ").why == "day.json, page 1: it is no object; " + mend);
    CHECK(json(R"({"error":"unauthenticated"})").why == "day.json, page 1: there is no list \"data\"; " + mend);
    CHECK(json(R"({"data":{}})").why == "day.json, page 1: \"data\" is no list; " + mend);
    CHECK_THAT(json(R"({"data":[],"data":[]})").why, Contains("page 1: \"data\" stands twice"));
    CHECK_THAT(json(page(row("ca_1")) + "\n\n  <html>").why, Contains("line 3, column 3: it cannot be read as JSON"));
    CHECK_THAT(json("{\"data\":\n [nothing]}").why, Contains("day.json, line 2, column "));
    CHECK_THAT(json(R"({"data":[],"x":)" + std::string(40, '[')).why, Contains("it cannot be read as JSON"));
    CHECK_THAT(json("{\"data\":[],\"x\":\"\xFF\"}").why, Contains("it cannot be read as JSON"));
}

TEST_CASE("card numbers in a gateway's report are masked where they are read") {
    const std::string number = "4111111111111111";
    const All rows = csv(header + number + ",ch_" + number + ",capture,1,USD,captured," + noon);
    REQUIRE(rows.rows.size() == 1);
    CHECK(rows.rows[0].id == "************1111");
    CHECK(rows.rows[0].reference.find(number) == std::string::npos);
    const All pages = json(page(row(number)));
    REQUIRE(pages.rows.size() == 1);
    CHECK(pages.rows[0].id == "************1111");
    CHECK(csv(number + "\n").why.find(number) == std::string::npos);
}

TEST_CASE("what is no file of its own is refused with a reason before anything is read") {
    const Folder folder;
    CHECK(read_all(folder.at("none.csv")).why == folder.at("none.csv") + " cannot be opened: No such file or directory");
    CHECK(read_all(folder.path.string()).why == folder.path.string() + " is a folder; name the file in it");
    REQUIRE(::mkfifo(folder.at("pipe.csv").c_str(), 0600) == 0);
    CHECK_THAT(read_all(folder.at("pipe.csv")).why, Contains("is no regular file"));
    CHECK(read_all("").why == " cannot be opened: No such file or directory");
}

TEST_CASE("a report that failed goes on to fail with the same reason") {
    const Folder folder;
    auto report = GatewayReport::open(folder.write("day.csv", header + "x\n" + good));
    REQUIRE(report);
    const auto once = (*report)->next();
    const auto again = (*report)->next();
    REQUIRE_FALSE(once);
    REQUIRE_FALSE(again);
    CHECK(once.error().detail == again.error().detail);
}

TEST_CASE("text may be cut into pieces anywhere, and means the same") {
    const std::string lines = header + "\"a\"\"b\",\"c\r\nd\",fee,,,,\r\n" + good + good;
    const std::string pages = page(row("ca_1"), R"("c1")") + "\n" + page(row("ca_\\u0031"));
    for (const bool is_csv : {true, false}) {
        const std::string& text = is_csv ? lines : pages;
        for (std::size_t size = 1; size < 40; ++size) {
            const auto rows = is_csv ? csv_rows() : json_rows();
            std::vector<GatewayTransaction> out;
            for (std::size_t at = 0; at < text.size(); at += size) REQUIRE(rows->read(text.substr(at, size), out));
            REQUIRE(rows->end(out));
            CHECK(out == std::vector{first, first});
        }
    }
}

TEST_CASE("a report of many rows is read in memory that does not grow with it") {
    const Folder folder;
    constexpr std::size_t many = 200'000;
    for (const std::string name : {"day.csv", "day.json"}) {
        const bool is_csv = name.ends_with("csv");
        {
            std::ofstream file(folder.path / name);
            file << (is_csv ? header : R"({"data":[)");
            for (std::size_t i = 0; i < many; ++i) file << (is_csv ? good : (i > 0 ? "," : "") + row("ca_1"));
            file << (is_csv ? "" : R"(],"next_cursor":null})");
        }
        const long before = peak_kilobytes();
        auto report = GatewayReport::open(folder.at(name));
        REQUIRE(report);
        std::size_t count = 0;
        for (;;) {
            const auto some = (*report)->next();
            REQUIRE(some);
            if (some->empty()) break;
            count += some->size();
        }
        CHECK(count == many);
        if (!test::keeps_freed_memory) CHECK(peak_kilobytes() - before < 4 * 1024);
        std::filesystem::remove(folder.path / name);
    }
}
