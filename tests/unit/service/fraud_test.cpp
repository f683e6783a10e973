#include "service/fraud.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <sstream>

#include "config_support.hpp"
#include "telemetry/log.hpp"

using namespace tollgate;
using namespace std::chrono_literals;

namespace {

Settings::Fraud settings_of(const std::string& rules) {
    const auto settings = load_settings(std::nullopt, {{"TOLLGATE_FRAUD_RULES", rules}});
    REQUIRE(settings);
    return settings->fraud;
}

struct Buyer {
    std::string tenant = "shop";
    Customer customer{"cus_1", "eve@example.com", "US"};
    std::string payment_method = "tok_visa";

    [[nodiscard]] fraud::Risk judged_by(const Fraud& fraud) const {
        return fraud.screen().before({tenant, customer, payment_method, {4999, *Currency::from_code("USD")}}, {});
    }
    [[nodiscard]] bool is_blocked_by(const Fraud& fraud) const { return judged_by(fraud).decision == fraud::Decision::block; }
};

/// Whether it comes true before long; looks again and again, as long as the watcher's thread takes.
bool before_long(const std::function<bool()>& truth) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (std::chrono::steady_clock::now() < deadline) {
        if (truth()) return true;
        std::this_thread::yield();
    }
    return false;
}

/// A new version of a list, renamed over the old one.
void replace(const Folder& folder, const std::string& name, const std::string& text) {
    std::filesystem::rename(folder.write(name + ".new", text), folder.at(name));
}

std::string blocklist_of(const std::string& path) {
    return "[{kind=\"blocklist\", file=\"" + path + "\"}]";
}

}  // namespace

TEST_CASE("rules of the configuration judge in their order with their name, action and score") {
    const Fraud fraud(
        settings_of("[{kind=\"high_amount\", name=\"dear\", action=\"score\", score=30, threshold={USD=4999}},"
                    "{kind=\"blocklist\", shadow=true, customers=[\"cus_1\"]},"
                    "{kind=\"blocklist\", name=\"second\", action=\"challenge\", emails=[\"EVE@example.com\"]}]"));
    const auto risk = Buyer().judged_by(fraud);
    REQUIRE(risk.rules.size() == 3);
    CHECK(risk.rules[0] == fraud::RuleVerdict{"dear", "high_amount", fraud::Verdict::score, 30, false,
                                              "the amount is at or above the threshold for USD"});
    CHECK(risk.rules[1].shadow);
    CHECK(risk.rules[1].verdict == fraud::Verdict::block);
    CHECK(risk.rules[2].verdict == fraud::Verdict::challenge);
    CHECK(risk.decision == fraud::Decision::challenge);
    CHECK(risk.score == 30);
}

TEST_CASE("a rule that is switched off is not judged and counts nothing") {
    const Fraud fraud(
        settings_of("[{kind=\"blocklist\", enabled=false, emails=[\"eve@example.com\"]},"
                    "{kind=\"velocity\", enabled=false, key=\"tenant\", max_count=1, window=\"1h\"}]"));
    const Buyer buyer;
    CHECK(buyer.judged_by(fraud).rules.empty());
    CHECK(
        fraud.screen().counts({buyer.tenant, buyer.customer, buyer.payment_method, {1, *Currency::from_code("USD")}}).empty());
}

TEST_CASE("the review threshold of the configuration is the screen's") {
    auto settings = settings_of("[{kind=\"high_amount\", action=\"score\", score=30, threshold={USD=1}}]");
    CHECK(Buyer().judged_by(Fraud(settings)).decision == fraud::Decision::approve);
    settings.review_threshold = 30;
    CHECK(Buyer().judged_by(Fraud(settings)).decision == fraud::Decision::review);
}

TEST_CASE("a blocklist's file is in force from the beginning, and every later version of it soon") {
    const Folder folder;
    const auto settings = settings_of(blocklist_of(folder.write("list", "eve@example.com\n")));
    const Fraud fraud(settings, 2ms);
    const Buyer eve;
    CHECK(eve.is_blocked_by(fraud));
    replace(folder, "list", "bob@example.com\n");
    CHECK(before_long([&] { return !eve.is_blocked_by(fraud); }));
    replace(folder, "list", "EVE@EXAMPLE.COM\n");
    CHECK(before_long([&] { return eve.is_blocked_by(fraud); }));
}

TEST_CASE("a bad version of a list changes nothing, and is logged once like the next good one") {
    const Folder folder;
    const auto settings = settings_of(blocklist_of(folder.write("list", "eve@example.com\n")));
    const int fd = ::open(folder.at("log").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    REQUIRE(fd >= 0);
    const auto logged = [&](const std::string& what) {
        std::stringstream text;
        text << std::ifstream(folder.at("log")).rdbuf();
        std::size_t count = 0;
        for (auto at = text.str().find(what); at != std::string::npos; at = text.str().find(what, at + 1)) ++count;
        return count;
    };
    {
        const log::Running running({.fd = fd});
        const Fraud fraud(settings, 2ms);
        const Buyer eve;
        replace(folder, "list", "bob@example.com\n" + std::string(2000, 'x'));
        CHECK(before_long([&] { return logged("stays as it was") > 0; }));
        CHECK(eve.is_blocked_by(fraud));
        replace(folder, "list", "bob@example.com\nzoe@example.com\n");
        CHECK(before_long([&] { return logged("\"entries\":2") > 0; }));
        CHECK_FALSE(eve.is_blocked_by(fraud));
    }
    ::close(fd);
    CHECK(logged("\"warn\"") == 1);
    CHECK(logged("line 2") == 1);
    CHECK(logged("was read") == 2);
    CHECK(logged("\"rule\":\"blocklist\"") == 3);
    CHECK(logged("example.com") == 0);
}

TEST_CASE("taking the rules down does not wait for the next look at their files") {
    const Folder folder;
    const auto settings = settings_of(blocklist_of(folder.write("list", "a\n")));
    const auto begin = std::chrono::steady_clock::now();
    {
        const Fraud fraud(settings, 1h);
    }
    CHECK(std::chrono::steady_clock::now() - begin < 1min);
}

TEST_CASE("charges are judged while a list is being replaced over and over") {
    const Folder folder;
    const auto settings = settings_of(blocklist_of(folder.write("list", "eve@example.com\n")));
    const Fraud fraud(settings, 1ms);
    std::atomic<bool> wrong = false, stop = false;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i)
        threads.emplace_back([&] {
            while (!stop)
                if (!Buyer().is_blocked_by(fraud)) wrong = true;
        });
    for (int version = 0; version < 200; ++version)
        replace(folder, "list", "eve@example.com\ncus_" + std::to_string(version) + "x\n");
    Buyer last{.customer = {"cus_199x", "last@example.com", "US"}};
    CHECK(before_long([&] { return last.is_blocked_by(fraud); }));
    stop = true;
    threads.clear();
    CHECK_FALSE(wrong);
}
