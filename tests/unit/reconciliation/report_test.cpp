#include "reconciliation/report.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

using namespace tollgate;
using namespace tollgate::reconciliation;
using namespace std::chrono_literals;
using namespace std::chrono;

namespace {

const sys_days day = 2026y / 11 / 22;
const WallTime noon = day + 12h;

/// Gives out as many at once as it likes.
class Listed final : public Findings {
public:
    explicit Listed(std::vector<Discrepancy> all) : all_(std::move(all)) {}
    Result<std::vector<Discrepancy>> next(std::size_t most) override {
        const std::size_t size = std::min({most, all_.size() - at_, std::size_t{3}});
        at_ += size;
        return std::vector(all_.begin() + static_cast<std::ptrdiff_t>(at_ - size),
                           all_.begin() + static_cast<std::ptrdiff_t>(at_));
    }

private:
    std::vector<Discrepancy> all_;
    std::size_t at_ = 0;
};

class Broken final : public Findings {
public:
    Result<std::vector<Discrepancy>> next(std::size_t) override { return fail(Code::internal, "the disk is gone"); }
};

Discrepancy mismatch() {
    return {.kind = Kind::amount_mismatch,
            .reference = "ch_1",
            .charge_id = "ch_1",
            .type = "capture",
            .internal = Entry{"ca_1", 4999, "USD", "captured", noon},
            .gateway = Entry{"tx_1", 4900, "USD", "refunded", noon + 1500ms}};
}

Discrepancy unknown() {
    return {.kind = Kind::missing_internal,
            .type = "refund",
            .gateway = Entry{"re_1", 1, "JPY", "refunded", noon},
            .action = Action::left};
}

Outcome outcome_of(std::vector<Discrepancy> all) {
    Outcome outcome;
    outcome.tally.day = day;
    outcome.tally.matched = 5;
    outcome.tally.total = 5 + all.size();
    for (const Discrepancy& one : all) ++outcome.tally.found[static_cast<std::size_t>(one.kind)];
    outcome.tally.sums = {{"JPY", {0, -1}}, {"USD", {4999, 4900}}};
    outcome.findings = std::make_unique<Listed>(std::move(all));
    return outcome;
}

struct Written {
    std::string text;
    Sink sink = [this](std::string_view piece) -> Result<void> {
        text += piece;
        return {};
    };
};

std::string json_text(Outcome outcome, std::size_t most = 0) {
    Written written;
    REQUIRE(write_json(outcome, written.sink, most));
    return written.text;
}

std::string csv_text(Outcome outcome) {
    Written written;
    REQUIRE(write_csv(outcome, written.sink));
    return written.text;
}

const std::string csv_header =
    "date,kind,reference,charge_id,type,internal_id,internal_amount,internal_currency,internal_status,internal_at,"
    "gateway_id,gateway_amount,gateway_currency,gateway_status,gateway_at,action\r\n";

}  // namespace

TEST_CASE("the JSON report says what the contract names, with null where a side has nothing") {
    CHECK(json_text(outcome_of({mismatch(), unknown()})) ==
          R"({"date":"2026-11-22","matched":5,"total":7,"discrepancies":[)"
          R"({"kind":"amount_mismatch","reference":"ch_1","charge_id":"ch_1","type":"capture",)"
          R"("internal":{"amount":4999,"currency":"USD","status":"captured","id":"ca_1","at":"2026-11-22T12:00:00.000Z"},)"
          R"("gateway":{"amount":4900,"currency":"USD","status":"refunded","id":"tx_1","at":"2026-11-22T12:00:01.500Z"},)"
          R"("action":"none"},)"
          R"({"kind":"missing_internal","reference":"","charge_id":null,"type":"refund","internal":null,)"
          R"("gateway":{"amount":1,"currency":"JPY","status":"refunded","id":"re_1","at":"2026-11-22T12:00:00.000Z"},)"
          R"("action":"left to the service"}],)"
          R"("sums":{"JPY":{"internal":0,"gateway":-1},"USD":{"internal":4999,"gateway":4900}},)"
          R"("summary":"5/7 matched, 2 discrepancies: 1 missing_internal, 1 amount_mismatch"})"
          "\n");
}

TEST_CASE("a time that nobody knows is null in the JSON report, and empty in the CSV report") {
    Discrepancy late = mismatch();
    late.kind = Kind::late;
    late.internal->at = {};
    CHECK(json_text(outcome_of({late})).find(R"("id":"ca_1","at":null})") != std::string::npos);
    CHECK(csv_text(outcome_of({late})).find(",ca_1,4999,USD,captured,,tx_1,") != std::string::npos);
}

TEST_CASE("a day without discrepancies is a JSON report with an empty list, and a CSV report of its header") {
    const auto report = boost::json::parse(json_text(outcome_of({}))).as_object();
    CHECK(report.at("discrepancies").as_array().empty());
    CHECK(report.at("summary").as_string() == "5/5 matched, 0 discrepancies");
    CHECK_FALSE(report.contains("omitted"));
    CHECK(csv_text(outcome_of({})) == csv_header);
}

TEST_CASE("of more discrepancies than are wanted a JSON report tells how many it leaves out") {
    const std::vector<Discrepancy> many(10, mismatch());
    const auto report = boost::json::parse(json_text(outcome_of(many), 4)).as_object();
    CHECK(report.at("discrepancies").as_array().size() == 4);
    CHECK(report.at("omitted").as_int64() == 6);
    CHECK(report.at("total").as_int64() == 15);
    CHECK_FALSE(boost::json::parse(json_text(outcome_of(many), 10)).as_object().contains("omitted"));
    CHECK(boost::json::parse(json_text(outcome_of(many))).at("discrepancies").as_array().size() == 10);
}

TEST_CASE("the CSV report has a line for each discrepancy, and empty cells where a side has nothing") {
    CHECK(csv_text(outcome_of({mismatch(), unknown()})) ==
          csv_header +
              "2026-11-22,amount_mismatch,ch_1,ch_1,capture,ca_1,4999,USD,captured,2026-11-22T12:00:00.000Z,"
              "tx_1,4900,USD,refunded,2026-11-22T12:00:01.500Z,none\r\n"
              "2026-11-22,missing_internal,,,refund,,,,,,re_1,1,JPY,refunded,2026-11-22T12:00:00.000Z,left to the service\r\n");
}

TEST_CASE("a cell of the CSV report is no formula to a spreadsheet, and commas and quotation marks stay in it") {
    for (const auto& [id, cell] : std::vector<std::pair<std::string, std::string>>{{"=HYPERLINK(1)", "'=HYPERLINK(1)"},
                                                                                   {"+1", "'+1"},
                                                                                   {"-1", "'-1"},
                                                                                   {"@SUM(A1)", "'@SUM(A1)"},
                                                                                   {"\t=1", "'\t=1"},
                                                                                   {"\r=1", "\"'\r=1\""},
                                                                                   {"=1,2", "\"'=1,2\""},
                                                                                   {"a=1", "a=1"},
                                                                                   {"a,b", "\"a,b\""},
                                                                                   {"a\"b", "\"a\"\"b\""},
                                                                                   {"'x", "'x"}}) {
        Discrepancy found = unknown();
        found.reference = id;
        found.gateway->id = id;
        const std::string text = csv_text(outcome_of({found}));
        CHECK(text.find("missing_internal," + cell + ",,refund,,,,,," + cell + ",1,") != std::string::npos);
    }
}

TEST_CASE("no report shows a card number") {
    const std::string number = "4111111111111111";
    Discrepancy found = mismatch();
    found.reference = found.charge_id = found.internal->id = number;
    found.gateway->id = "cvv:123";
    for (const std::string& text : {json_text(outcome_of({found})), csv_text(outcome_of({found}))}) {
        CHECK(text.find(number) == std::string::npos);
        CHECK(text.find("************1111") != std::string::npos);
        CHECK(text.find("cvv:123") == std::string::npos);
    }
}

TEST_CASE("a report that cannot be kept, or whose discrepancies cannot be read, is told as a failure") {
    const Sink full = [left = 2](std::string_view) mutable -> Result<void> {
        if (left-- > 0) return {};
        return fail(Code::internal, "the disk is full");
    };
    Outcome one = outcome_of({mismatch(), unknown()});
    const auto json = write_json(one, full);
    REQUIRE_FALSE(json);
    CHECK(json.error().detail == "the disk is full");
    Outcome two = outcome_of({mismatch(), unknown()});
    CHECK_FALSE(write_csv(two, full));
    Outcome three = outcome_of({});
    three.findings = std::make_unique<Broken>();
    Written written;
    CHECK_FALSE(write_json(three, written.sink));
    three.findings = std::make_unique<Broken>();
    CHECK_FALSE(write_csv(three, written.sink));
}
