// `tollgate reconcile` with reports that a gateway gave out as files, and all that may be wrong with them, with the store, with
// the place its own report goes to, and with who runs it.
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/time.hpp"
#include "gateway/rfc3339.hpp"
#include "integration/fleet.hpp"
#include "support/redis_server.hpp"
#include "support/sanitized.hpp"
#include "support/scripted_server.hpp"

using namespace tollgate::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

const std::string header = "id,reference,type,amount,currency,status,created_at\n";

struct Said {
    int code;
    std::string text;  // both streams
};

Said run(const Variables& settings, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "reconcile");
    Program program({.arguments = std::move(arguments), .variables = settings});
    const int code = program.wait();
    return {code, program.said()};
}

std::string csv_row(const std::string& id, const std::string& charge, long long amount, const std::string& at) {
    return id + "," + charge + ",capture," + std::to_string(amount) + ",USD,captured," + at + "\n";
}

std::string json_row(const std::string& id, const std::string& charge, long long amount, const std::string& at) {
    return R"({"id":")" + id + R"(","reference":")" + charge + R"(","type":"capture","amount":)" + std::to_string(amount) +
           R"(,"currency":"USD","status":"captured","created_at":")" + at + R"("})";
}

/// A service with its gateway inside, and some captures in its ledger, all of one day.
class Books {
public:
    explicit Books(int captures, Variables more = {}) : settings(service_settings(folder, "", std::move(more))) {
        service = start_service(settings);
        do {
            charges.clear();
            ++round_;
            for (int i = 0; i < captures; ++i) {
                const std::string name = std::to_string(round_) + "-" + std::to_string(i);
                charges.push_back(settled_charge(service->port(), "key-" + name, {.id = "ord_" + name}));
                REQUIRE(charges.back().status == 201);
            }
        } while (captures > 0 && date(charges.front()) != date(charges.back()));
        day = captures > 0 ? date(charges.front()) : "2026-01-01";
    }

    [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(at(name), std::ios::binary) << text;
        return at(name);
    }
    [[nodiscard]] std::string at(const std::string& name) const { return folder.path() + "/" + name; }

    /// The ledger's captures as the gateway would list them; one may have another amount.
    [[nodiscard]] std::string csv(long long first_amount = 4999) const {
        std::string text = header;
        for (const Reply& charge : charges) {
            text += csv_row(charge.text("gateway.capture_id"), charge.text("id"), first_amount, charge.text("created_at"));
            first_amount = 4999;
        }
        return text;
    }
    [[nodiscard]] std::string json() const {
        std::string pages;
        for (const Reply& charge : charges) {
            const std::string row =
                json_row(charge.text("gateway.capture_id"), charge.text("id"), 4999, charge.text("created_at"));
            pages += R"({"data":[)" + row + R"(],"next_cursor":)" + (&charge == &charges.back() ? "null" : R"("c")") + "}\n";
        }
        return pages;
    }
    [[nodiscard]] Said reconcile(const std::string& report, std::vector<std::string> more = {}) const {
        more.insert(more.begin(), {"--date", day, "--gateway-report", report});
        return run(settings, std::move(more));
    }
    /// What the folder holds beside the store.
    [[nodiscard]] std::vector<std::string> files() const {
        std::vector<std::string> all;
        for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
            const std::string name = entry.path().filename().string();
            if (!name.starts_with("tollgate.db")) all.push_back(name);
        }
        std::ranges::sort(all);
        return all;
    }

    Folder folder;
    Variables settings;
    std::unique_ptr<Program> service;
    std::vector<Reply> charges;
    std::string day;

private:
    static std::string date(const Reply& charge) { return charge.text("created_at").substr(0, 10); }
    int round_ = 0;
};

/// Its standard error on a terminal of this width, its standard output elsewhere; what the terminal was sent.
std::string on_terminal(const Books& books, const std::string& report, unsigned short width) {
    int terminal = -1;
    const winsize size{.ws_row = 24, .ws_col = width, .ws_xpixel = 0, .ws_ypixel = 0};
    std::vector<std::string> words{TOLLGATE_BINARY, "reconcile", "--date", books.day, "--gateway-report", report};
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const std::string store = "TOLLGATE_STORE_URL=" + books.settings.at("TOLLGATE_STORE_URL");
    const pid_t pid = ::forkpty(&terminal, nullptr, nullptr, &size);
    if (pid == 0) {
        ::dup2(::open("/dev/null", O_WRONLY), STDOUT_FILENO);
        char* environment[] = {const_cast<char*>(store.c_str()), nullptr};
        ::execve(argv[0], argv.data(), environment);
        ::_exit(127);
    }
    std::string seen;
    char piece[4096];
    for (ssize_t count = 0; (count = ::read(terminal, piece, sizeof piece)) > 0;)
        seen.append(piece, static_cast<std::size_t>(count));
    ::close(terminal);
    int status = 0;
    ::waitpid(pid, &status, 0);
    CHECK(WEXITSTATUS(status) == 0);
    return seen;
}

}  // namespace

TEST_CASE("a report with what the ledger has matches, beside the service, without it, as CSV and as JSON, on every store") {
    const bool on_redis = GENERATE(false, true);
    std::optional<RedisServer> redis;
    if (on_redis) redis.emplace();
    Books books(3, on_redis ? Variables{{"TOLLGATE_STORE_URL", redis->url()}} : Variables());
    const std::string csv = books.write("day.csv", books.csv());
    const std::string json = books.write("day.json", books.json());
    for (const bool served : {true, false}) {
        if (!served) REQUIRE(books.service->stop() == 0);
        for (const std::string& report : {csv, json}) {
            const Said said = books.reconcile(report);
            CHECK(said.text == "3/3 matched, 0 discrepancies\n");
            CHECK(said.code == 0);
        }
    }
}

TEST_CASE("discrepancies are exit 3, a line each, and a file as CSV or JSON that only its owner reads") {
    Books books(2);
    const std::string report = books.write("day.csv", books.csv(4900) + csv_row("ca_x", "ch_x", 150, books.day + "T00:00:00Z"));
    const Reply& first = books.charges.front();
    for (const std::string name : {"out.csv", "out.json", "out", "OUT.CSV"}) {
        const Said said = books.reconcile(report, {"--out", books.at(name)});
        INFO(said.text);
        CHECK(said.code == 3);
        CHECK_THAT(said.text, StartsWith("1/3 matched, 2 discrepancies: 1 missing_internal, 1 amount_mismatch\n"));
        CHECK_THAT(said.text, Contains("\nmissing_internal capture of ch_x: ledger nothing, gateway 1.50 USD captured at " +
                                       books.day + "T00:00:00.000Z (ca_x)\n"));
        CHECK_THAT(said.text, Contains("\namount_mismatch capture of " + first.text("id") + ": ledger 49.99 USD captured at "));
        CHECK_THAT(said.text, Contains(", gateway 49.00 USD captured at "));
        CHECK(std::ranges::count(said.text, '\n') == 3);
        const std::string written = content_of(books.at(name));
        const bool csv = name.ends_with("csv") || name.ends_with("CSV");
        CHECK_THAT(written, StartsWith(csv ? "date,kind,reference," : "{\"date\":\"" + books.day + "\",\"matched\":1,"));
        CHECK_THAT(written, Contains(csv ? books.day + ",amount_mismatch," + first.text("id") + "," : "\"amount_mismatch\""));
        struct stat status{};
        REQUIRE(::stat(books.at(name).c_str(), &status) == 0);
        CHECK((status.st_mode & 0777) == 0600);
    }
    CHECK(books.files() == std::vector<std::string>{"OUT.CSV", "day.csv", "out", "out.csv", "out.json"});
}

TEST_CASE("of many discrepancies twenty are printed, and how many more there are and where") {
    Books books(0);
    std::string rows = header;
    for (int i = 0; i < 25; ++i) rows += csv_row("ca_" + std::to_string(i), "", 1, books.day + "T12:00:00Z");
    const std::string report = books.write("day.csv", rows);
    const Said alone = books.reconcile(report);
    CHECK(alone.code == 3);
    CHECK(std::ranges::count(alone.text, '\n') == 22);
    CHECK_THAT(alone.text, StartsWith("0/25 matched, 25 discrepancies: 25 missing_internal\n"));
    CHECK_THAT(alone.text, Contains("\n… and 5 more, which --out FILE writes down\n"));
    CHECK_THAT(books.reconcile(report, {"--out", books.at("out.csv")}).text,
               Contains("… and 5 more, in " + books.at("out.csv") + "\n"));
    CHECK(std::ranges::count(content_of(books.at("out.csv")), '\n') == 26);
}

TEST_CASE("rows of the days beside the asked one serve to find what is late") {
    Books books(1);
    const Reply& charge = books.charges.front();
    const auto midnight = tollgate::parse_rfc3339(books.day + "T00:00:00Z");
    REQUIRE(midnight);
    const std::string next = tollgate::to_rfc3339(*midnight + std::chrono::hours(24));
    const std::string report =
        books.write("day.csv", header + csv_row(charge.text("gateway.capture_id"), charge.text("id"), 4999, next));
    const Said said = books.reconcile(report);
    CHECK(said.code == 3);
    CHECK_THAT(said.text, StartsWith("0/1 matched, 1 discrepancy: 1 late\n"));
    CHECK_THAT(said.text, Contains("gateway 49.99 USD captured at " + next));
}

TEST_CASE("what cannot be asked for is exit 2 and one sentence, and writes nothing") {
    Books books(0);
    const std::string report = books.write("day.csv", header);
    const std::string tomorrow = tollgate::to_rfc3339(tollgate::SystemClock().wall() + std::chrono::hours(24)).substr(0, 10);
    const std::vector<std::vector<std::string>> wrong{
        {},
        {"--date"},
        {"--date", ""},
        {"--date", "2026-2-3"},
        {"--date", "2026-02-30"},
        {"--date", "2026-01-01T00:00:00Z"},
        {"--date", "yesterday"},
        {"--date", tomorrow, "--gateway-report", report},
        {"--date", books.day, "--date", books.day},
        {"--date", books.day, "--gateway-report"},
        {"--date", books.day, "--gateway-report", report, "--out"},
        {"--date", books.day, "--gateway-report", report, "--out", report},
        {"--date", books.day, "--gateway-report", report, "--out", books.folder.path() + "/./day.csv"},
        {"--date", books.day, "--gateway-report", report, "--config", books.at("none.toml")},
        {"--date", books.day, "--gateway-report", report, "--limit", "3"},
        {"--date", books.day, "--gateway-report", report, "more"},
    };
    for (const auto& arguments : wrong) {
        const Said said = run(books.settings, arguments);
        INFO(said.text);
        CHECK(said.code == 2);
        CHECK_THAT(said.text, StartsWith("tollgate: "));
        CHECK(std::ranges::count(said.text, '\n') == 1);
    }
    Variables bad = books.settings;
    bad["TOLLGATE_STORE_URL"] = "mysql://127.0.0.1";
    CHECK(run(bad, {"--date", books.day, "--gateway-report", report}).code == 2);
    CHECK(content_of(report) == header);
    CHECK(books.files() == std::vector<std::string>{"day.csv"});
}

TEST_CASE("a report that cannot be read to its end is exit 1 with the place and the mend, and leaves no file") {
    Books books(1);
    const std::string csv = books.csv();
    const std::string json = books.json();
    const std::vector<std::pair<std::string, std::string>> wrong{
        {"empty.csv", ""},
        {"empty.json", ""},
        {"torn.csv", csv.substr(0, csv.size() - 30)},
        {"torn.json", json.substr(0, json.size() - 30)},
        {"header.csv", "id,reference,amount,type,currency,status,created_at\n"},
        {"json.csv", json},
        {"csv.json", csv},
        {"page.json", R"({"data":[],"next_cursor":"more"})"},
        {"binary.csv", std::string(100'000, '\0')},
    };
    for (const auto& [name, text] : wrong) {
        const std::string file = books.write(name, text);
        const Said said = books.reconcile(file, {"--out", books.at("out.json")});
        INFO(name << ": " << said.text);
        CHECK(said.code == 1);
        CHECK_THAT(said.text, Contains(file));
        CHECK(std::ranges::count(said.text, '\n') == 1);
        std::filesystem::remove(file);
    }
    REQUIRE(::mkfifo(books.at("pipe.csv").c_str(), 0600) == 0);
    for (const std::string& file : {books.at("absent.csv"), books.folder.path(), books.at("pipe.csv"), std::string()}) {
        const Said said = books.reconcile(file, {"--out", books.at("out.json")});
        INFO(said.text);
        CHECK(said.code == 1);
        CHECK(std::ranges::count(said.text, '\n') == 1);
    }
    CHECK(books.files() == std::vector<std::string>{"pipe.csv"});
}

TEST_CASE("a place that the report cannot be written to is exit 1, told before anybody is asked") {
    Books books(1);
    const std::string report = books.write("day.csv", books.csv());
    CHECK_THAT(books.reconcile(report, {"--out", books.at("none/out.csv")}).text,
               Contains(books.at("none/out.csv") + " cannot be written: No such file or directory\n"));
    REQUIRE(::mkdir(books.at("taken").c_str(), 0700) == 0);
    const Said said = books.reconcile(report, {"--out", books.at("taken")});
    CHECK(said.code == 1);
    CHECK(said.text == "tollgate: " + books.at("taken") + " cannot be written: Is a directory\n");
    CHECK(books.files() == std::vector<std::string>{"day.csv", "taken"});
}

TEST_CASE("a store that is not there, is none or does not answer is exit 1 with a sentence, and is left as it is") {
    Books books(1);
    const std::string report = books.write("day.csv", books.csv());
    REQUIRE(books.service->stop() == 0);
    const auto with = [&](const std::string& url) {
        Variables settings = books.settings;
        settings["TOLLGATE_STORE_URL"] = url;
        return run(settings, {"--date", books.day, "--gateway-report", report, "--out", books.at("out.csv")});
    };
    const std::string damaged = books.write("damaged.db", std::string(8192, 'x'));
    for (const std::string& url :
         {"sqlite:" + books.at("none.db"), "sqlite:" + damaged, "sqlite:" + books.folder.path(), std::string("sqlite::memory:"),
          "redis://127.0.0.1:" + std::to_string(ScriptedServer::dead_port())}) {
        const Said said = with(url);
        INFO(url << ": " << said.text);
        CHECK(said.code == 1);
        CHECK_THAT(said.text, StartsWith("tollgate: "));
        CHECK(std::ranges::count(said.text, '\n') == 1);
    }
    CHECK(content_of(damaged) == std::string(8192, 'x'));
    CHECK(books.files() == std::vector<std::string>{"damaged.db", "day.csv"});
}

TEST_CASE("the sandbox's books, which are inside the service, are refused with both ways to get at them") {
    Books books(0);
    const Said said = run(books.settings, {"--date", books.day});
    CHECK(said.code == 1);
    CHECK_THAT(said.text, Contains("gateway.kind is \"sandbox\""));
    CHECK_THAT(said.text, Contains("POST /admin/reconciliation"));
    CHECK_THAT(said.text, Contains("--gateway-report FILE"));
    CHECK(std::ranges::count(said.text, '\n') == 1);
}

TEST_CASE("a signal in the middle ends the command with exit 1, and nothing is left of its file") {
    Books books(0);
    const ScriptedServer silent([](Peer& peer) {
        (void)peer.read_request();
        peer.wait_until_closed();
    });
    Variables settings = books.settings;
    settings["TOLLGATE_GATEWAY_KIND"] = "http";
    settings["TOLLGATE_GATEWAY_URL"] = silent.url();
    settings["TOLLGATE_GATEWAY_TIMEOUT"] = "1m";
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        const int before = silent.connections();
        Said said{};
        Program program({.arguments = {"reconcile", "--date", books.day, "--out", books.at("out.csv")},
                         .variables = settings,
                         .started = [&](pid_t pid) {
                             CHECK(wait_for([&] { return silent.connections() > before; }));
                             CHECK(books.files().size() == 1);
                             ::kill(pid, signal);
                         }});
        said.code = program.wait();
        said.text = program.said();
        CHECK(said.code == 1);
        CHECK(said.text == "tollgate: interrupted: the day was not compared to its end, and nothing was written\n");
        CHECK(books.files().empty());
    }
}

TEST_CASE(
    "somebody is called for money that the gateway does not have, as page.url says, and the service's notes are not touched") {
    std::mutex mutex;
    std::vector<std::string> calls;
    const ScriptedServer duty([&](Peer& peer) {
        const std::string said = peer.read_request();
        const std::scoped_lock lock(mutex);
        if (!said.empty()) calls.push_back(said);
        peer.answer(200, "{}", "Connection: close\r\n");
    });
    Books books(1);
    Variables settings = books.settings;
    settings["TOLLGATE_PAGE_URL"] = duty.url() + "/pages";
    const std::string report = books.write("day.csv", header);
    for (const std::size_t times : {1, 2}) {
        const Said said = run(settings, {"--date", books.day, "--gateway-report", report});
        INFO(said.text);
        CHECK(said.code == 3);
        CHECK_THAT(said.text, Contains("0/1 matched, 1 discrepancy: 1 missing_gateway\n"));
        CHECK_THAT(said.text, Contains("gateway nothing; page\n"));
        const std::scoped_lock lock(mutex);
        REQUIRE(calls.size() == times);
        CHECK_THAT(calls.back(), Contains("POST /pages HTTP/1.1"));
        CHECK_THAT(calls.back(), Contains(R"("kind":"missing_gateway")"));
        CHECK_THAT(calls.back(), Contains(books.charges.front().text("id")));
        // The same key, by which the one who is called can tell that it is the same.
        const auto key_of = [](const std::string& call) { return call.substr(call.find("Idempotency-Key: "), 40); };
        CHECK(key_of(calls.back()) == key_of(calls.front()));
    }
}

TEST_CASE("on a terminal the command shows how far it is, within the line, and takes it away at the end") {
    Books books(1);
    const std::string report = books.write("day.csv", books.csv());
    for (const auto width : {static_cast<unsigned short>(200), static_cast<unsigned short>(20)}) {
        const std::string seen = on_terminal(books, report, width);
        INFO(seen);
        CHECK_THAT(seen, StartsWith(std::string("\rreading the ledger  1 records").substr(0, width)));
        CHECK(seen.ends_with("\r\x1b[K"));
        CHECK(seen.find('\n') == std::string::npos);
    }
}

TEST_CASE("a report of many rows is compared in memory that does not grow with it") {
    Books books(1);
    REQUIRE(books.service->stop() == 0);
    {
        std::ofstream file(books.at("day.csv"));
        file << books.csv();
        for (int i = 0; i < 200'000; ++i) {
            const std::string name = std::to_string(i);
            file << csv_row("ca_" + name, "ch_" + name, i, (i % 4 == 0 ? books.day : "2020-01-01") + "T12:00:00Z");
        }
    }
    rusage before{};
    ::getrusage(RUSAGE_CHILDREN, &before);
    const Said said = books.reconcile(books.at("day.csv"), {"--out", books.at("out.json")});
    rusage after{};
    ::getrusage(RUSAGE_CHILDREN, &after);
    CHECK(said.code == 3);
    CHECK_THAT(said.text, StartsWith("1/50001 matched, 50000 discrepancies: 50000 missing_internal\n"));
    if (!keeps_freed_memory) CHECK(after.ru_maxrss < 200 * 1024);
    std::ifstream out(books.at("out.json"));
    std::size_t count = 0;
    for (std::string word; std::getline(out, word, '{');) count += word.starts_with(R"("kind":"missing_internal")") ? 1U : 0U;
    CHECK(count == 50'000);
}
