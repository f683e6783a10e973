// `tollgate reconcile`, beside a service or alone, as an operator or a nightly job runs it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "integration/reconciliation_stage.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

/// The service's settings as the command has to have them.
Variables beside(const EventStage& stage, const Duty& duty) {
    Variables settings = stage.settings;
    for (const auto& [name, value] : duty.settings()) settings[name] = value;
    return settings;
}

std::vector<std::string> on(const std::string& date, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"--date", date});
    return more;
}

std::multiset<std::string> without_actions(const json::object& report) {
    std::multiset<std::string> all;
    for (const std::string& line : found(report)) {
        const std::size_t capture = line.find(" capture ");
        all.insert(line.substr(0, capture == line.npos ? line.find(" refund ") : capture));
    }
    return all;
}

std::multiset<std::string> kinds_and_references(const std::map<std::string, std::string>& planted) {
    std::multiset<std::string> all;
    for (const auto& [kind, reference] : planted) all.insert(kind + " " + reference);
    return all;
}

json::object written(const std::string& file) {
    return json::parse(content_of(file)).as_object();
}

/// The gateway's books of today as a file: its own answer, or the same rows as CSV.
std::string report_file(const EventStage& stage, const std::string& date, bool csv) {
    const Reply page = must(request(stage.sandbox->port(), {.path = "/v1/transactions?date=" + date}));
    const std::string file = stage.folder.path() + (csv ? "/report.csv" : "/report.json");
    std::ofstream out(file);
    if (!csv) {
        out << page.body;
        return file;
    }
    out << "id,reference,type,amount,currency,status,created_at\r\n";
    for (const json::value& one : json::parse(page.body).at("data").as_array()) {
        std::string line;
        for (const char* member : {"id", "reference", "type", "amount", "currency", "status", "created_at"}) {
            const json::value& value = one.at(member);
            line += (line.empty() ? "" : ",") + (value.is_string() ? std::string(value.get_string()) : json::serialize(value));
        }
        out << line << "\r\n";
    }
    return file;
}

}  // namespace

TEST_CASE("the command finds each kind beside a running service, calls, writes its report, and leaves repairs to the service") {
    const std::string date = utc_day();
    const Duty duty;
    EventStage stage(GENERATE(false, true), unhurried());
    stage.start(duty.settings());
    (void)stage.charge("key-plain", {.id = "ord_plain"});
    const auto planted = plant_each_kind(stage);
    const std::string file = stage.folder.path() + "/out.json";
    const Ran ran = run_reconcile(beside(stage, duty), on(date, {"--out", file}));
    INFO(ran.out);
    CHECK(ran.code == 3);
    const json::object report = written(file);
    CHECK(without_actions(report) == kinds_and_references(planted));
    check_adds_up(report, 2);
    const std::vector<std::string> lines = lines_of(ran.out);
    REQUIRE(lines.size() >= 9);
    CHECK(lines.front() == report.at("summary").as_string());
    for (const auto& [kind, reference] : planted) {
        INFO(kind);
        CHECK(std::ranges::any_of(
            lines, [&](const std::string& line) { return line.find(kind) != line.npos && line.find(reference) != line.npos; }));
    }
    CHECK(found(report).contains("missing_internal " + planted.at("missing_internal") + " capture left to the service"));
    CHECK(stage.get("/charge/" + planted.at("missing_internal")).text("status") == "authorized");
    const std::multiset<std::string> calls{"missing_gateway " + planted.at("missing_gateway"),
                                           "echo_mismatch " + planted.at("duplicate_at_gateway")};
    CHECK(duty.called() == calls);
    check_problem(stage.get("/admin/reconciliation/" + date), 404, "not_found");

    // The service does the same, and does what was left to it; who was called hears of it under the same key.
    CHECK(without_actions(reconciled(stage.port(), date)) == kinds_and_references(planted));
    CHECK(duty.called() == calls);
    CHECK(stage.becomes(planted.at("missing_internal"), "succeeded"));
    const std::size_t heard = duty.heard().size();
    CHECK(run_reconcile(beside(stage, duty), on(date)).code == 3);
    CHECK(duty.heard().size() == heard);
}

TEST_CASE("the command exits 0 when all is matched, and its summary is the first line it prints") {
    const std::string date = utc_day();
    EventStage stage(GENERATE(false, true), unhurried());
    stage.start();
    for (const std::string name : {"1", "2", "3"}) (void)stage.charge("key-" + name, {.id = "ord_" + name});
    const bool beside_service = GENERATE(true, false);
    if (!beside_service) CHECK(stage.newest().stop() == 0);
    const Ran ran = run_reconcile(stage.settings, on(date));
    CHECK(ran.code == 0);
    REQUIRE_FALSE(lines_of(ran.out).empty());
    CHECK(lines_of(ran.out).front().starts_with("3/3 matched"));
}

TEST_CASE("the report as CSV has a line for each discrepancy under its header") {
    const std::string date = utc_day();
    EventStage stage(false, unhurried());
    stage.start();
    const auto planted = plant_each_kind(stage);
    const std::string file = stage.folder.path() + "/out.csv";
    CHECK(run_reconcile(stage.settings, on(date, {"--out", file})).code == 3);
    std::vector<std::string> lines = lines_of(content_of(file));
    REQUIRE(lines.size() == 9);
    for (std::string& line : lines) {
        if (line.ends_with('\r')) line.pop_back();
    }
    CHECK(lines.front() ==
          "date,kind,reference,charge_id,type,internal_id,internal_amount,internal_currency,internal_status,internal_at,"
          "gateway_id,gateway_amount,gateway_currency,gateway_status,gateway_at,action");
    for (const auto& [kind, reference] : planted) {
        INFO(kind);
        CHECK(std::ranges::count_if(lines, [&](const std::string& line) {
                  return line.starts_with(date + "," + kind + "," + reference + ",");
              }) == 1);
    }
}

TEST_CASE("a report that the gateway gave out as a file is compared as its answers are") {
    const std::string date = utc_day();
    const bool csv = GENERATE(false, true);
    EventStage stage(GENERATE(false, true), unhurried());
    stage.start();
    const auto planted = plant_each_kind(stage);
    // What was listed a day later is in no report of today, so nobody can know that it is only late.
    auto expected = kinds_and_references(planted);
    expected.erase("late " + planted.at("late"));
    expected.insert("missing_gateway " + planted.at("late"));
    const std::string file = report_file(stage, date, csv);
    const std::string out = stage.folder.path() + "/out.json";
    Variables settings = stage.settings;
    settings["TOLLGATE_GATEWAY_URL"] = "http://127.0.0.1:9";  // nobody is asked
    CHECK(run_reconcile(settings, on(date, {"--gateway-report", file, "--out", out})).code == 3);
    CHECK(without_actions(written(out)) == expected);
    const json::object report = written(out);
    CHECK(sums(report, "internal").at("USD") == 6 * 4999);
}

TEST_CASE("a day that is none, or none yet, and a wrong file end the command with its reason before anything is compared") {
    EventStage stage(false, unhurried());
    stage.start();
    const auto code = [&](std::vector<std::string> arguments) { return run_reconcile(stage.settings, arguments).code; };
    CHECK(code(on("2026-02-30")) == 2);
    CHECK(code(on("today")) == 2);
    CHECK(code(on(utc_day(1))) == 2);
    CHECK(code({}) == 2);
    CHECK(code(on(utc_day(), {"--gateway-report", stage.folder.path() + "/nothing.json"})) == 1);
    const std::string file = stage.folder.path() + "/bad.csv";
    std::ofstream(file) << "id,reference,type,amount,currency,status,created_at\ncap_1,ch_1,capture,ten,USD,captured,now\n";
    CHECK(code(on(utc_day(), {"--gateway-report", file})) == 1);
}

TEST_CASE("the command cannot run without the gateway, and says how when its books are inside the service") {
    const std::string date = utc_day();
    EventStage stage(GENERATE(false, true), unhurried());
    stage.start();
    (void)stage.charge("key-1");
    Variables away = stage.settings;
    away["TOLLGATE_GATEWAY_URL"] = ClosedPort().url();
    const std::string out = stage.folder.path() + "/out.json";
    CHECK(run_reconcile(away, on(date, {"--out", out})).code == 1);
    CHECK(content_of(out).empty());

    Variables inside = stage.settings;
    inside["TOLLGATE_GATEWAY_KIND"] = "sandbox";
    inside.erase("TOLLGATE_GATEWAY_URL");
    Program program({.arguments = {"reconcile", "--date", date}, .variables = inside});
    CHECK(program.wait() == 1);
    CHECK(program.said().find("/admin/reconciliation") != std::string::npos);
    CHECK(program.said().find("--gateway-report") != std::string::npos);
}
