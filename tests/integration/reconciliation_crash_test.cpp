// The service killed while it compares a day: the next one that does it does nothing twice, and leaves nothing out.
#include <catch2/catch.hpp>
#include <csignal>

#include "integration/reconciliation_stage.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

/// A stage on which rounds are played: each plants money that calls somebody and money that is adopted, lets the service be
/// killed while it compares the day, and checks what the next process makes of it.
class Rounds {
public:
    explicit Rounds(bool on_redis) : stage(on_redis, unhurried(duty.settings())) {}

    void plant(int round) {
        const std::string name = std::to_string(round);
        lost_ = stage.charge("lost-" + name, {.id = "ord_lost_" + name, .token = "tok_books_unlisted"});
        doubled_ = stage.charge("doubled-" + name, {.id = "ord_doubled_" + name, .token = "tok_books_twice"});
        behind_ = capture_behind(stage, name);
        order_ = "ord_" + name;
        calls_.insert("missing_gateway " + lost_);
        calls_.insert("echo_mismatch " + doubled_);
    }

    /// Asks for the day until it is done and mended, or the process is dead: then true.
    [[nodiscard]] bool dies_over_it(unsigned short port) {
        (void)ask_to_reconcile(port, R"({"date":")" + date + "\"}");
        bool dead = false;
        REQUIRE(eventually([&] {
            const auto report = request(port, {.path = "/admin/reconciliation/" + date});
            const auto charge = request(port, {.path = "/charge/" + behind_});
            dead = !report || !charge;
            return dead || (report->status == 200 && charge->text("status") == "succeeded");
        }));
        return dead;
    }
    [[nodiscard]] bool dies_over_it() { return dies_over_it(stage.port()); }

    /// Nobody was called, and nothing was told to the charge that is to be adopted.
    void check_nothing_done() {
        CHECK(duty.heard().empty());
        CHECK(stage.get("/charge/" + behind_).text("status") == "authorized");
    }

    /// By a process that lives.
    void check_done_once() {
        for (int run = 0; run < 2; ++run) (void)reconciled(stage.port(), date);
        REQUIRE(eventually([&] { return duty.called() == calls_; }));
        std::map<std::string, int> heard;
        for (const Duty::Call& call : duty.heard()) CHECK(++heard[call.key] <= 2);
        CHECK(stage.becomes(behind_, "succeeded"));
        CHECK(stage.entries(behind_, "capture") == 1);
        REQUIRE(eventually([&] { return stage.effects(order_) == "reserve authorize capture ship"; }));
        const auto left = found(reconciled(stage.port(), date));
        CHECK(left.size() == calls_.size());
        CHECK(left.contains("missing_gateway " + lost_ + " capture page"));
        CHECK(left.contains("duplicate_at_gateway " + doubled_ + " capture page"));
    }

    const std::string date = utc_day();
    std::atomic<pid_t> victim{0};
    std::atomic<int> kill_at_call{0};
    std::atomic<bool> and_take_it{false};
    /// Is killed by the call that it was told, before or after the call was taken.
    Duty duty{[this](int, const Duty::Call&) {
        if (kill_at_call == 0 || --kill_at_call > 0) return 202;
        ::kill(victim, SIGKILL);
        return and_take_it ? 202 : Duty::cut;
    }};
    EventStage stage;

private:
    std::string lost_;
    std::string doubled_;
    std::string behind_;
    std::string order_;
    std::multiset<std::string> calls_;
};

/// Kills it at words that lie further and further apart, until it was done before.
void kill_around_words(bool answered) {
    Rounds rounds(true);
    int rounds_killed = 0;
    int round = 0;
    for (int nth = 1;; nth += 1 + nth / 2) {
        INFO("killed at word " << nth);
        REQUIRE(++round < 40);
        DeadlyLink link(*rounds.stage.redis, nth, answered);
        Program& dying = rounds.stage.start(link.settings());
        rounds.plant(round);
        link.arm(dying);
        const bool killed = rounds.dies_over_it();
        rounds_killed += killed ? 1 : 0;
        if (killed) {
            CHECK(dying.wait() == 128 + SIGKILL);
        } else {
            dying.kill_hard();
        }
        rounds.stage.start();
        rounds.check_done_once();
        rounds.stage.newest().stop();
        if (!killed) break;
    }
    CHECK(rounds_killed > 5);
}

}  // namespace

TEST_CASE("a process killed at any page of the gateway's books has done nothing yet, and the next one compares the whole day") {
    Rounds rounds(GENERATE(false, true));
    rounds.stage.start();
    rounds.plant(1);
    int page = 1;
    for (bool killed = true; killed; ++page) {
        INFO("killed at page " << page);
        REQUIRE(page < 30);
        CHECK(rounds.stage.newest().stop() == 0);
        const Bookkeeper books(
            rounds.stage.sandbox->port(), {},
            [&](int nth) {
                if (nth == page) ::kill(rounds.victim, SIGKILL);
                return nth != page;
            },
            2);
        Program& dying = rounds.stage.start(books.settings());
        rounds.victim = dying.pid();
        killed = rounds.dies_over_it();
        CHECK((killed ? dying.wait() == 128 + SIGKILL : dying.stop() == 0));
        rounds.stage.start();
        if (killed) rounds.check_nothing_done();
    }
    CHECK(page > 4);
    rounds.check_done_once();
}

TEST_CASE("a process killed around any of its calls for help makes each of them in the end, under the key it had") {
    Rounds rounds(GENERATE(false, true));
    int round = 0;
    for (const bool taken : {false, true}) {
        for (int call = 1; call <= 2; ++call) {
            INFO("killed " << (taken ? "after" : "before") << " call " << call << " was taken");
            rounds.victim = rounds.stage.start().pid();
            rounds.plant(++round);
            rounds.and_take_it = taken;
            rounds.kill_at_call = call;
            CHECK(rounds.dies_over_it());
            CHECK(rounds.stage.newest().wait() == 128 + SIGKILL);
            rounds.stage.start();
            rounds.check_done_once();
            rounds.stage.newest().stop();
        }
    }
}

TEST_CASE(
    "a process killed before Redis heard any word of its comparing and mending is followed by one that does nothing twice") {
    kill_around_words(false);
}

TEST_CASE(
    "a process killed after Redis heard any word of its comparing and mending is followed by one that does nothing twice") {
    kill_around_words(true);
}

TEST_CASE("a process killed at any sync to the disk while it compares and mends is followed by one that does nothing twice") {
    Rounds rounds(false);
    int sync = 1;
    for (bool killed = true; killed; ++sync) {
        INFO("killed at sync " << sync);
        REQUIRE(sync < 30);
        rounds.stage.start();
        rounds.plant(sync);
        CHECK(rounds.stage.newest().stop() == 0);
        Variables settings = rounds.stage.settings;
        settings["TOLLGATE_SERVER_THREADS"] = "1";
        Program traced({.arguments = {"serve"},
                        .variables = settings,
                        .before = {"strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e",
                                   "inject=fdatasync:signal=KILL:when=" + std::to_string(sync)}});
        killed = !traced.listening() || rounds.dies_over_it(traced.port());
        if (killed) {
            CHECK(traced.wait() == 128 + SIGKILL);
        } else {
            traced.stop();
        }
        rounds.stage.start();
        rounds.check_done_once();
        rounds.stage.newest().stop();
    }
    CHECK(sync > 3);
}
