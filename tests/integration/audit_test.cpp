// `tollgate audit`, beside the service whose log it looks at, as an operator or an auditor runs it.
#include <sqlite3.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <sstream>

#include "core/time.hpp"
#include "integration/fleet.hpp"
#include "support/redis_server.hpp"

using namespace tollgate::test;

namespace {

const Variables keyed{{"TOLLGATE_AUDIT_KEYS", R"(["a key of sixteen bytes and more"])"}};

struct Said {
    int code;
    std::string text;
};

Said audit(const Variables& settings, std::vector<std::string> arguments, std::vector<std::string> before = {}) {
    arguments.insert(arguments.begin(), "audit");
    Program program({.arguments = std::move(arguments), .variables = settings, .before = std::move(before)});
    const int code = program.wait();
    return {code, program.said()};
}

std::string today() {
    return tollgate::to_rfc3339(tollgate::SystemClock().wall()).substr(0, 10);
}

std::vector<json::object> lines_of(const std::string& text) {
    std::vector<json::object> all;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) all.push_back(json::parse(line).as_object());
    return all;
}

/// All of today, and of yesterday if midnight passed meanwhile.
std::vector<json::object> exported(const Shop& shop, const std::string& first_day) {
    std::vector<json::object> all;
    for (const std::string& day : {first_day, today()}) {
        const std::string file = shop.folder.path() + "/" + day + ".jsonl";
        const Said said = audit(shop.settings, {"export", "--date", day, "--out", file});
        if (said.code != 0) throw std::runtime_error(said.text);
        std::ranges::move(lines_of(content_of(file)), std::back_inserter(all));
        if (first_day == today()) break;
    }
    return all;
}

std::size_t count_with(const std::vector<json::object>& lines, const std::string& what, const std::string& outcome,
                       const std::string& charge_id) {
    return static_cast<std::size_t>(std::ranges::count_if(lines, [&](const json::object& line) {
        return line.at("what").as_string() == what && line.at("outcome").as_string() == outcome &&
               line.at("charge_id").as_string() == charge_id;
    }));
}

void run_sql(const std::string& path, const std::string& sql) {
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
    sqlite3_busy_timeout(handle, 10'000);
    REQUIRE(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(handle);
}

}  // namespace

TEST_CASE("the audit log of a running service is whole, and an edited record is named with exit 3") {
    Shop shop(keyed);
    const Reply first = shop.settled("key-1");
    (void)shop.settled("key-2", {.id = "ord_2"});
    const Said whole = audit(shop.settings, {"verify"});
    CHECK(whole.code == 0);
    CHECK(whole.text.starts_with("audit chain whole: "));
    CHECK(whole.text.ends_with(" records\n"));

    run_sql(shop.folder.path() + "/tollgate.db", "UPDATE audit SET outcome = 'mine' WHERE seq = 2");
    const Said broken = audit(shop.settings, {"verify"});
    CHECK(broken.code == 3);
    CHECK(broken.text.starts_with("audit chain broken at record 2: "));
    CHECK(broken.text.find(R"("mine")") != std::string::npos);
    CHECK(broken.text.find(first.text("id")) != std::string::npos);
    CHECK(std::ranges::count(broken.text, '\n') == 1);

    Variables other = shop.settings;
    other["TOLLGATE_AUDIT_KEYS"] = R"(["another key of sixteen bytes or more"])";
    CHECK(audit(other, {"verify"}).text.starts_with("audit chain broken at record 1: "));
    CHECK(shop.settled("key-3", {.id = "ord_3"}).status == 201);
}

TEST_CASE("after a kill at any moment the audit log is whole") {
    Shop shop(keyed);
    for (int round = 0; round < 5; ++round) {
        std::vector<std::future<std::optional<Reply>>> charges;
        for (int i = 0; i < 8; ++i) {
            const std::string name = std::to_string(round) + "-" + std::to_string(i);
            charges.push_back(charge_async(shop.port(), "key-" + name, {.id = "ord_" + name}));
        }
        (void)charges[static_cast<std::size_t>(round)].get();
        shop.service->kill_hard();
        const Said said = audit(shop.settings, {"verify"});
        INFO(said.text);
        REQUIRE(said.code == 0);
        for (auto& charge : charges) {
            if (charge.valid()) (void)charge.get();
        }
        shop.restart();
    }
    CHECK(audit(shop.settings, {"verify"}).code == 0);
}

TEST_CASE(
    "an export holds every charge of the day, attempts and refusals included, and neither client nor time forges a line") {
    const std::string day = today();
    Shop shop(keyed);
    const Reply paid = shop.settled("key-1");
    const Reply declined = shop.settled("key-2", {.id = "ord_2", .token = "tok_declined"});
    (void)must(request(shop.port(), {.method = "POST",
                                     .path = "/charge",
                                     .body = charge_body({.id = "ord_3"}),
                                     .key = "key-3",
                                     .headers = {{"X-Request-Id", R"(a","outcome":"201"},{)"}}}));
    REQUIRE(shop.service->stop() == 0);
    const std::vector<json::object> lines = exported(shop, day);
    for (const auto& [charge, outcome] : {std::pair(paid.text("id"), "201"), std::pair(declined.text("charge_id"), "402")}) {
        CHECK(count_with(lines, "charge.create", "attempt", charge) >= 1);
        CHECK(count_with(lines, "charge.create", outcome, charge) == 1);
    }
    const Said said = audit(shop.settings, {"verify"});
    CHECK(said.text == "audit chain whole: " + std::to_string(lines.size()) + " records\n");
    std::int64_t seq = 0;
    for (const json::object& line : lines) {
        CHECK(line.at("seq").as_int64() == ++seq);
        CHECK(line.at("hash").as_string().size() == 64);
        CHECK(line.size() == 9);
    }
    const auto forged = std::ranges::count_if(
        lines, [](const json::object& line) { return line.at("request_id").as_string() == R"(a","outcome":"201"},{)"; });
    CHECK(forged >= 2);
}

TEST_CASE("an export is a file of its owner's only, which is whole or not there") {
    Shop shop(keyed);
    (void)shop.settled("key-1");
    const std::string file = shop.folder.path() + "/day.jsonl";
    REQUIRE(audit(shop.settings, {"export", "--date", "2020-02-02", "--out", file}).code == 0);
    struct stat how{};
    REQUIRE(::stat(file.c_str(), &how) == 0);
    CHECK((how.st_mode & 0777) == 0600);
    CHECK(how.st_size == 0);
    std::filesystem::remove(file);

    const Said nowhere = audit(shop.settings, {"export", "--date", "2020-02-02", "--out", "/nowhere/day.jsonl"});
    CHECK(nowhere.code == 1);
    CHECK(nowhere.text == "tollgate: /nowhere/day.jsonl cannot be written: No such file or directory\n");

    const Said full = audit(shop.settings, {"export", "--date", today()}, {"sh", "-c", R"(exec "$@" >/dev/full)", "sh"});
    CHECK(full.code == 1);
    CHECK(full.text == "tollgate: standard output cannot be written: No space left on device\n");

    run_sql(shop.folder.path() + "/tollgate.db", "UPDATE audit SET hash = x'00' WHERE seq = 2");
    const Said unreadable = audit(shop.settings, {"export", "--date", today(), "--out", file});
    CHECK(unreadable.code == 3);
    CHECK(unreadable.text.find("record 2") != std::string::npos);
    for (const auto& entry : std::filesystem::directory_iterator(shop.folder.path()))
        CHECK(entry.path().filename().string().find("jsonl") == std::string::npos);
}

TEST_CASE("an audit log that cannot be looked at is exit 1 and one sentence that names the mend") {
    const Folder folder;
    const auto check_refused = [](const std::string& url, const std::string& why) {
        const Variables settings{{"TOLLGATE_STORE_URL", url}, {"TOLLGATE_STORE_TIMEOUT", "200ms"}};
        for (const auto& arguments : {std::vector<std::string>{"verify"}, {"export", "--date", "2026-11-22"}}) {
            const Said said = audit(settings, arguments);
            INFO(said.text);
            CHECK(said.code == 1);
            CHECK(said.text.starts_with("tollgate: the audit log could not be "));
            CHECK(said.text.find(why) != std::string::npos);
            CHECK(std::ranges::count(said.text, '\n') == 1);
        }
    };
    check_refused("sqlite:" + folder.path() + "/tollgate.db", "No such file or directory; check store.url");
    CHECK(std::filesystem::is_empty(folder.path()));
    check_refused("sqlite::memory:", "ends with its process");
    const ReservedPort nobody;
    check_refused("redis://127.0.0.1:" + std::to_string(nobody.number()) + "/0", "127.0.0.1");
}

TEST_CASE("the audit log of a fleet on Redis is verified and exported beside it, in chains of its processes") {
    RedisServer redis;
    Fleet fleet(redis.url(), keyed);
    const std::string day = today();
    for (std::size_t process = 0; process < 2; ++process) {
        const std::string name = std::to_string(process);
        REQUIRE(settled_charge(fleet.port(process), "key-" + name, {.id = "ord_" + name}).status == 201);
    }
    Variables settings = keyed;
    settings["TOLLGATE_STORE_URL"] = redis.url();
    const auto both_there = [&] {
        const Said said = audit(settings, {"export", "--date", day});
        return said.code == 0 && count_of(said.text, R"("what":"charge.create","outcome":"201")") == 2;
    };
    REQUIRE(eventually([&] { return both_there() || day != today(); }));
    const Said whole = audit(settings, {"verify"});
    CHECK(whole.code == 0);
    CHECK(whole.text.starts_with("audit chains whole: "));

    fleet.process(0).kill_hard();
    CHECK(audit(settings, {"verify"}).code == 0);
    const std::string chain = redis.command({"KEYS", "tg:{p*}:a:*"}).elements.at(0).text;
    (void)redis.command({"HSET", chain, "1", "?"});
    const Said broken = audit(settings, {"verify"});
    CHECK(broken.code == 3);
    CHECK(broken.text == "audit chain broken at record 1 of chain \"" + chain.substr(4, 3) + chain.substr(chain.rfind(':')) +
                             "\": the record cannot be read\n");
    CHECK(audit(settings, {"export", "--date", day}).code == 3);
}
