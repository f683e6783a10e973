// The day before, compared by the schedule: by one instance, by another when it dies, again when the gateway was away.
#include <catch2/catch.hpp>
#include <condition_variable>
#include <csignal>

#include "integration/reconciliation_stage.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

/// Passed on every day, so that the day before is due as soon as a service starts.
const Variables due{{"TOLLGATE_RECONCILE_AT", "00:00"}};

/// Three charges of today, and books that list under yesterday a second capture of each.
class Yesterday {
public:
    explicit Yesterday(bool on_redis, Duty::Answer answer = {})
        : duty(std::move(answer)), stage(on_redis, unhurried(duty.settings())) {
        stage.start();
        for (const std::string name : {"1", "2", "3"}) {
            const std::string id = stage.charge("key-" + name, {.id = "ord_" + name});
            charges.push_back(id);
            calls.insert("echo_mismatch " + id);
            expected.insert("duplicate_at_gateway " + id + " capture page");
        }
        CHECK(stage.newest().stop() == 0);
    }

    [[nodiscard]] std::unique_ptr<Bookkeeper> books(Bookkeeper::Watch watch = {}, std::size_t page_size = 2) const {
        return std::make_unique<Bookkeeper>(
            stage.sandbox->port(),
            [this](const std::string& date, json::array& rows) {
                if (date != day) return;
                for (const std::string& id : charges)
                    rows.push_back(row("again_" + id, id, "capture", 4999, "captured", day + "T12:00:00.000Z"));
            },
            std::move(watch), page_size);
    }

    Program& start(const Bookkeeper& books) {
        Variables settings = books.settings();
        settings.insert(due.begin(), due.end());
        return stage.start(settings);
    }

    [[nodiscard]] bool is_compared(const Program& by) const {
        return eventually([&] {
            const auto reply = request(by.port(), {.path = "/admin/reconciliation/" + day});
            return reply && reply->status == 200;
        });
    }

    /// The report, the same whoever is asked, and nobody called twice.
    void check_report(const Program& by) const {
        const Reply reply = must(request(by.port(), {.path = "/admin/reconciliation/" + day}));
        CHECK(reply.status == 200);
        CHECK(found(body_of(reply)) == expected);
        CHECK(duty.called() == calls);
    }

    const std::string day = utc_day(-1);
    Duty duty;
    EventStage stage;
    std::vector<std::string> charges;
    std::multiset<std::string> calls;
    std::multiset<std::string> expected;
};

/// Holds whoever asks for a page until it is let go.
class Hold {
public:
    bool operator()() {
        std::unique_lock lock(mutex_);
        held_ = true;
        changed_.notify_all();
        return changed_.wait_for(lock, std::chrono::minutes(1), [this] { return released_; });
    }
    [[nodiscard]] bool holds() {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::minutes(1), [this] { return held_; });
    }
    void release() {
        const std::scoped_lock lock(mutex_);
        released_ = true;
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool held_ = false;
    bool released_ = false;
};

}  // namespace

TEST_CASE("a service compares the day before once its time has passed, unasked, and not again after a restart") {
    Yesterday yesterday(GENERATE(false, true));
    const auto books = yesterday.books();
    Program& service = yesterday.start(*books);
    REQUIRE(yesterday.is_compared(service));
    yesterday.check_report(service);
    CHECK(service.stop() == 0);

    std::atomic<int> asked_again{0};
    const Bookkeeper others(yesterday.stage.sandbox->port(), [&](const std::string& date, json::array&) {
        if (date == yesterday.day) ++asked_again;
    });
    Program& next = yesterday.start(others);
    yesterday.check_report(next);
    // What it does at its start is done by the time that it answers about today.
    CHECK(reconciled(next.port(), utc_day()).at("date") == json::value(utc_day()));
    yesterday.check_report(next);
    CHECK(yesterday.duty.heard().size() == 3);
    CHECK(asked_again <= 1);  // as the neighbour of today
}

TEST_CASE("a service without a time compares nothing unasked") {
    Yesterday yesterday(false);
    const auto books = yesterday.books();
    Program& service = yesterday.stage.start(books->settings());
    (void)reconciled(service.port(), utc_day());
    CHECK(must(request(service.port(), {.path = "/admin/reconciliation/" + yesterday.day})).status == 404);
    CHECK(yesterday.duty.heard().empty());
}

TEST_CASE("of two instances one compares the day, both tell its report, and each discrepancy calls once") {
    Yesterday yesterday(true);
    const auto one_books = yesterday.books();
    const auto other_books = yesterday.books();
    Program& one = yesterday.start(*one_books);
    Program& other = yesterday.start(*other_books);
    REQUIRE(yesterday.is_compared(one));
    REQUIRE(yesterday.is_compared(other));
    yesterday.check_report(one);
    yesterday.check_report(other);
    CHECK(must(request(one.port(), {.path = "/admin/reconciliation/" + yesterday.day})).body ==
          must(request(other.port(), {.path = "/admin/reconciliation/" + yesterday.day})).body);
    CHECK(yesterday.duty.heard().size() == 3);
    CHECK((one_books->pages() == 0 || other_books->pages() == 0));
}

TEST_CASE("an instance that dies in the middle of the gateway's books is followed by the other, unasked") {
    Yesterday yesterday(true);
    Hold hold;
    const auto slow_books = yesterday.books([&](int nth) { return nth < 2 || hold(); });
    const auto books = yesterday.books();
    Program& dying = yesterday.start(*slow_books);
    REQUIRE(hold.holds());
    Program& living = yesterday.start(*books);
    CHECK(must(request(living.port(), {.path = "/admin/reconciliation/" + yesterday.day})).status != 200);
    CHECK(books->pages() == 0);
    dying.kill_hard();
    REQUIRE(yesterday.is_compared(living));
    yesterday.check_report(living);
    CHECK(yesterday.duty.heard().size() == 3);
    hold.release();
}

TEST_CASE("an instance that dies between two calls for help is followed by the other, which makes those that are missing") {
    std::atomic<pid_t> victim{0};
    const bool taken = GENERATE(false, true);
    Yesterday yesterday(true, [&](int nth, const Duty::Call&) {
        if (nth != 2) return 202;
        ::kill(victim, SIGKILL);
        return taken ? 202 : Duty::cut;
    });
    Hold hold;
    const auto first_books = yesterday.books([&](int nth) { return nth > 1 || hold(); });
    const auto books = yesterday.books();
    Program& dying = yesterday.start(*first_books);
    REQUIRE(hold.holds());
    victim = dying.pid();
    Program& living = yesterday.start(*books);
    hold.release();
    CHECK(dying.wait() == 128 + SIGKILL);
    REQUIRE(yesterday.is_compared(living));
    yesterday.check_report(living);
    CHECK(yesterday.duty.heard().size() <= 4);
}

TEST_CASE("an instance that slept through its turn and wakes neither calls again nor tells another report") {
    Yesterday yesterday(true);
    Hold hold;
    const auto slow_books = yesterday.books([&](int nth) { return nth < 2 || hold(); });
    const auto books = yesterday.books();
    Program& sleeper = yesterday.start(*slow_books);
    REQUIRE(hold.holds());
    Program& living = yesterday.start(*books);
    sleeper.signal(SIGSTOP);
    REQUIRE(yesterday.is_compared(living));
    const Reply report = must(request(living.port(), {.path = "/admin/reconciliation/" + yesterday.day}));
    hold.release();
    sleeper.signal(SIGCONT);
    (void)reconciled(sleeper.port(), utc_day());
    CHECK(must(request(sleeper.port(), {.path = "/admin/reconciliation/" + yesterday.day})).body == report.body);
    yesterday.check_report(sleeper);
    CHECK(sleeper.stop() == 0);
    CHECK(yesterday.duty.called() == yesterday.calls);
}

TEST_CASE("a gateway that is away when the day is due is asked again, unasked, and no half report is told meanwhile") {
    Yesterday yesterday(GENERATE(false, true));
    std::atomic<bool> away{true};
    const auto books = yesterday.books([&](int nth) { return !away || nth == 1; });
    Program& service = yesterday.start(*books);
    REQUIRE(eventually([&] { return books->pages() >= 2; }));
    CHECK(must(request(service.port(), {.path = "/admin/reconciliation/" + yesterday.day})).status != 200);
    CHECK(yesterday.duty.heard().empty());
    away = false;
    REQUIRE(yesterday.is_compared(service));
    yesterday.check_report(service);
}
