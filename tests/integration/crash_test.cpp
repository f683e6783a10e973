// A process killed at any instruction, and started again: one payment or none, and one consistent answer.
#include <catch2/catch.hpp>
#include <csignal>

#include "support/client.hpp"
#include "support/gate.hpp"
#include "support/program.hpp"

using namespace tollgate::test;

namespace {

/// What must be true of an order after the last retry.
struct Expected {
    Order order;
    int status;
    std::string charge_status;
    std::string effects;
};

const Expected good{{.id = "ord_good"}, 201, "succeeded", "reserve authorize capture ship"};
const Expected unshippable{
    {.id = "ord_unshippable", .sku = "SKU-UNSHIPPABLE"}, 409, "reversed", "reserve authorize capture refund release"};
const Expected declined{{.id = "ord_declined", .token = "tok_declined"}, 402, "declined", "reserve release"};

void check_settled(unsigned short port, unsigned short sandbox_port, const Expected& expected) {
    const Reply answer = settled_charge(port, "key-1", expected.order);
    CHECK(answer.status == expected.status);
    const Reply again = settled_charge(port, "key-1", expected.order);
    CHECK(again.status == answer.status);
    CHECK(again.body == answer.body);
    const std::string id = expected.status == 201 ? answer.text("id") : answer.text("charge_id");
    const auto stands = request(port, {.path = "/charge/" + id});
    REQUIRE(stands);
    CHECK(stands->text("status") == expected.charge_status);
    CHECK(effects(sandbox_port, expected.order.id) == expected.effects);
}

/// Kills the service at the given outward call, before or after the other side acted, starts it again and retries.
void kill_at_call(const Expected& expected, int call, bool acted) {
    INFO("killed at call " << call << (acted ? " after" : " before") << " it acted");
    const Folder folder;
    const auto sandbox = start_sandbox();
    std::atomic<pid_t> victim{0};
    Gate gate(sandbox->port(), [&](int number, bool has_acted, const std::string&) {
        if (number != call || has_acted != acted || victim == 0) return true;
        ::kill(victim.exchange(0), SIGKILL);
        return false;
    });
    const Variables settings = service_settings(folder, gate.url());
    auto service = start_service(settings);
    victim = service->pid();
    CHECK_FALSE(charge(service->port(), "key-1", expected.order));
    CHECK(service->wait() == 128 + SIGKILL);
    service = start_service(settings);
    check_settled(service->port(), sandbox->port(), expected);
}

/// Kills the service at its n-th system call of this name; false once there are fewer than n.
bool kill_at_system_call(const Expected& expected, const std::string& name, int n) {
    INFO("killed at " << name << " " << n);
    const Folder folder;
    const auto sandbox = start_sandbox();
    const Variables settings = service_settings(folder, sandbox->url(), {{"TOLLGATE_SERVER_THREADS", "1"}});
    CHECK(start_service(settings)->stop() == 0);  // the file is there; from here on every write is a charge's

    auto traced = std::make_unique<Program>(
        Program::Options{.arguments = {"serve"},
                         .variables = settings,
                         .before = {"strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + name, "-e",
                                    "inject=" + name + ":signal=KILL:when=" + std::to_string(n)}});
    bool killed = !traced->listening();
    if (!killed) killed = !charge(traced->port(), "key-1", expected.order);
    if (killed) {
        CHECK(traced->wait() == 128 + SIGKILL);
    } else {
        traced->stop();
    }
    const auto service = start_service(settings);
    check_settled(service->port(), sandbox->port(), expected);
    return killed;
}

}  // namespace

TEST_CASE("a process killed before any call outward charges once after all") {
    for (int call = 1; call <= 4; ++call) kill_at_call(good, call, false);
}

TEST_CASE("a process killed after any call outward acted does not make that call's effect twice") {
    for (int call = 1; call <= 4; ++call) kill_at_call(good, call, true);
}

TEST_CASE("a process killed while it undoes a checkout undoes each part exactly once") {
    for (int call = 4; call <= 6; ++call) {
        kill_at_call(unshippable, call, false);
        kill_at_call(unshippable, call, true);
    }
}

TEST_CASE("a process killed around a decline answers the decline and holds no reservation") {
    for (int call = 2; call <= 3; ++call) kill_at_call(declined, call, true);
}

TEST_CASE("a process killed at any sync to the disk leaves one payment and one answer") {
    int n = 1;
    while (kill_at_system_call(good, "fdatasync", n)) REQUIRE(++n < 20);
    CHECK(n > 5);  // every durable write of a charge was hit
}

TEST_CASE("a process killed at any write to the store's file leaves one payment and one answer") {
    int n = 1;
    while (kill_at_system_call(good, "pwrite64", n)) REQUIRE((n += 3) < 100);
    CHECK(n > 5);
}
