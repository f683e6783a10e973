#include "saga/settle.hpp"

#include <catch2/catch.hpp>
#include <string_view>

using namespace tollgate;
using namespace std::chrono_literals;
using Next = Verdict::Next;

namespace {

constexpr WallTime sent{std::chrono::sys_days(std::chrono::November / 22 / 2026)};
constexpr GatewayTraits looks_up{24h, 1min, true};
constexpr GatewayTraits blind{24h, 1min, false};
constexpr SettlePolicy policy{};  // lease 30 s, 3 compensation retries, 1 s

constexpr Asked first{true, Ask::perform};
constexpr Asked again{false, Ask::perform};
constexpr Asked asked_after{false, Ask::look_up};

Intent intent_of(Step step, int tries = 0) {
    return {.step = step, .sent = true, .since = sent, .tries = tries};
}

Verdict forward(Code code, Asked asked, Step step, WallTime now = sent + 1s, int tries = 0) {
    return settle_forward({code, "scripted"}, asked, intent_of(step, tries), looks_up, policy, now);
}

Verdict undo(Code code, Asked asked, int tries = 0, WallTime now = sent + 1s) {
    return settle_undo({code, "scripted"}, asked, intent_of(Step::refund, tries), looks_up, policy, now);
}

std::string_view page_of(const Verdict& verdict) {
    return verdict.page == nullptr ? std::string_view() : verdict.page;
}

constexpr Step forward_steps[]{Step::reserve, Step::authorize, Step::capture, Step::ship};
constexpr Code unknowns[]{Code::gateway_timeout, Code::gateway_fault, Code::unreadable_answer,
                          Code::echo_mismatch,   Code::internal,      Code::store_unknown};
constexpr Code not_executed[]{Code::network_error, Code::gateway_busy, Code::circuit_open, Code::overloaded,
                              Code::shutting_down};
constexpr Code refusals[]{Code::card_declined, Code::insufficient_funds, Code::expired_card,
                          Code::out_of_stock,  Code::cannot_ship,        Code::gateway_refused};

}  // namespace

TEST_CASE("a first call performs, whatever the other side can tell") {
    CHECK(how_to_ask(intent_of(Step::authorize), true, looks_up, sent) == Ask::perform);
    CHECK(how_to_ask(intent_of(Step::authorize), true, blind, sent + 100h) == Ask::perform);
}

TEST_CASE("a call that may have left is looked up before anything else") {
    CHECK(how_to_ask(intent_of(Step::authorize), false, looks_up, sent) == Ask::look_up);
    CHECK(how_to_ask(intent_of(Step::authorize), false, looks_up, sent + 100h) == Ask::look_up);
}

TEST_CASE("where nothing can be looked up the same key is sent again, but only well within its window") {
    CHECK(how_to_ask(intent_of(Step::capture), false, blind, sent + 21h) == Ask::perform);
    CHECK(how_to_ask(intent_of(Step::capture), false, blind, sent + 21h + 36min) == Ask::look_up);
    CHECK(how_to_ask(intent_of(Step::capture), false, blind, sent + 24h) == Ask::look_up);
}

TEST_CASE("a definite no to the first call gives up whichever step it was") {
    for (const Step step : forward_steps) {
        for (const Code code : refusals) CHECK(forward(code, first, step).next == Next::give_up);
    }
}

TEST_CASE("an unknown outcome is never given up, however it was asked and however old it is") {
    for (const Step step : forward_steps) {
        for (const Code code : unknowns) {
            for (const Asked asked : {first, again, asked_after}) {
                for (const auto age : {1s, 3600s, 90'000s, 9'000'000s}) {
                    CHECK(forward(code, asked, step, sent + age).next == Next::wait);
                }
            }
        }
    }
}

TEST_CASE("before money is held a step that surely did not happen is given up") {
    for (const Code code : not_executed) {
        CHECK(forward(code, first, Step::reserve).next == Next::give_up);
        CHECK(forward(code, first, Step::authorize).next == Next::give_up);
    }
}

TEST_CASE("once money is held a step that surely did not happen is asked for again, not undone") {
    for (const Code code : not_executed) {
        CHECK(forward(code, first, Step::capture).next == Next::wait_anew);
        CHECK(forward(code, first, Step::ship).next == Next::wait_anew);
    }
}

TEST_CASE("a repeated call that could not be made says nothing of the one before it") {
    for (const Step step : forward_steps) {
        for (const Code code : not_executed) {
            CHECK(forward(code, again, step).next == Next::wait);
            CHECK(forward(code, asked_after, step).next == Next::wait);
        }
    }
}

TEST_CASE("a plain no to a repeated call does not answer for the first one, and the operation's own no does") {
    CHECK(forward(Code::gateway_refused, again, Step::authorize).next == Next::wait);
    CHECK(forward(Code::gateway_refused, asked_after, Step::authorize).next == Next::give_up);
    CHECK(forward(Code::card_declined, again, Step::authorize).next == Next::give_up);
    CHECK(forward(Code::card_declined, asked_after, Step::authorize).next == Next::give_up);
    CHECK(forward(Code::cannot_ship, again, Step::ship).next == Next::give_up);
}

TEST_CASE("a look-up that finds nothing sends the same key again within the key's window, and never after it") {
    for (const Step step : forward_steps) {
        CHECK(forward(Code::never_arrived, asked_after, step).next == Next::send_again);
        CHECK(forward(Code::never_arrived, asked_after, step, sent + 1h).next == Next::send_again);
        CHECK(forward(Code::never_arrived, asked_after, step, sent + 22h).next == Next::wait);
        CHECK(forward(Code::never_arrived, asked_after, step, sent + 25h).next == Next::wait);
    }
    CHECK(undo(Code::never_arrived, asked_after).next == Next::send_again);
    CHECK(undo(Code::never_arrived, asked_after, 0, sent + 22h).next == Next::wait);
}

TEST_CASE("only a look-up can find nothing: the same word from a performed call waits like any unknown outcome") {
    CHECK(forward(Code::never_arrived, first, Step::authorize).next == Next::wait);
    CHECK(forward(Code::never_arrived, again, Step::authorize).next == Next::wait);
    CHECK(undo(Code::never_arrived, again).next == Next::wait);
}

TEST_CASE("an unknown outcome is asked about after 1, 2, 4 seconds, at most a lease apart") {
    const auto delay = [](int tries) {
        return forward(Code::gateway_timeout, asked_after, Step::authorize, sent + 1s, tries).delay;
    };
    CHECK(delay(0) == 1s);
    CHECK(delay(1) == 2s);
    CHECK(delay(2) == 4s);
    CHECK(delay(4) == 16s);
    CHECK(delay(5) == 30s);
    CHECK(delay(1'000'000) == 30s);
}

TEST_CASE("a Retry-After is honoured when it asks for more than the next look-up's delay, up to a lease") {
    const auto delay = [](Milliseconds after, int tries) {
        return settle_forward({Code::gateway_fault, "", after}, first, intent_of(Step::authorize, tries), looks_up, policy,
                              sent)
            .delay;
    };
    CHECK(delay(10s, 0) == 10s);
    CHECK(delay(10s, 4) == 16s);
    CHECK(delay(1h, 0) == 30s);
}

TEST_CASE("an outcome unknown for ten leases pages, once") {
    CHECK(forward(Code::gateway_timeout, asked_after, Step::authorize, sent + 299s).page == nullptr);
    const Verdict stuck = forward(Code::gateway_timeout, asked_after, Step::authorize, sent + 300s);
    REQUIRE(stuck.page != nullptr);
    CHECK(std::string_view(stuck.page) == "unknown_outcome_stuck");
    Intent paged = intent_of(Step::authorize);
    paged.paged = true;
    CHECK(settle_forward({Code::gateway_timeout, ""}, asked_after, paged, looks_up, policy, sent + 300s).page == nullptr);
}

TEST_CASE("beyond the key's window a look-up that finds nothing pages") {
    const Verdict verdict = forward(Code::never_arrived, asked_after, Step::capture, sent + 25h);
    CHECK(verdict.next == Next::wait);
    REQUIRE(verdict.page != nullptr);
    CHECK(std::string_view(verdict.page) == "unknown_outcome_stuck");
}

TEST_CASE("an answer about other money pages at once, and once, also when somebody was called about the wait before") {
    const Verdict verdict = forward(Code::echo_mismatch, first, Step::authorize);
    CHECK(page_of(verdict) == "echo_mismatch");
    Intent paged = intent_of(Step::authorize);
    paged.paged = true;
    const auto again_at = [&] {
        return page_of(settle_forward({Code::echo_mismatch, ""}, asked_after, paged, looks_up, policy, sent + 1h));
    };
    CHECK(again_at() == "echo_mismatch");
    paged.mismatch_paged = true;
    CHECK(again_at().empty());
    paged.paged = false;
    CHECK(again_at().empty());
    CHECK(page_of(settle_forward({Code::gateway_fault, ""}, asked_after, paged, looks_up, policy, sent + 1h)) ==
          "unknown_outcome_stuck");
}

TEST_CASE("an undo that was answered about other money pages for its failing as well, once each") {
    Intent intent = intent_of(Step::refund, 3);
    const auto page = [&] { return page_of(settle_undo({Code::echo_mismatch, ""}, first, intent, looks_up, policy, sent)); };
    CHECK(page() == "echo_mismatch");
    intent.mismatch_paged = true;
    CHECK(page() == "failed_compensation");
    intent.paged = true;
    CHECK(page().empty());
}

TEST_CASE("a refund answered about other money pages at once, under that name") {
    const Verdict verdict = undo(Code::echo_mismatch, first);
    REQUIRE(verdict.page != nullptr);
    CHECK(std::string_view(verdict.page) == "echo_mismatch");
    CHECK(verdict.next == Next::wait);
}

TEST_CASE("a step that cannot be reached after money was taken pages after about ten leases, like an unknown outcome") {
    Milliseconds waited{0};
    int tries = 0;
    const char* page = nullptr;
    while (page == nullptr && tries < 1'000) {
        const Verdict verdict = forward(Code::network_error, first, Step::ship, sent, tries++);
        CHECK(verdict.next == Next::wait_anew);
        page = verdict.page;
        if (page == nullptr) waited += verdict.delay;
    }
    REQUIRE(page != nullptr);
    CHECK(std::string_view(page) == "unknown_outcome_stuck");
    CHECK(waited >= 10 * policy.lease);
    CHECK(waited <= 12 * policy.lease);
    Intent paged = intent_of(Step::ship, tries);
    paged.paged = true;
    CHECK(settle_forward({Code::network_error, ""}, first, paged, looks_up, policy, sent).page == nullptr);
}

TEST_CASE("an undo is never given up, whatever is said to it") {
    for (const Code code : refusals) CHECK(undo(code, first).next == Next::wait_anew);
    for (const Code code : not_executed) CHECK(undo(code, first).next == Next::wait_anew);
    for (const Code code : unknowns) CHECK(undo(code, first).next == Next::wait);
    for (const Code code : not_executed) CHECK(undo(code, asked_after).next == Next::wait);
}

TEST_CASE("an undo is asked anew under another key only after a definite no") {
    for (const Code code : refusals) CHECK(undo(code, first).new_key);
    CHECK(undo(Code::gateway_refused, asked_after).new_key);
    CHECK_FALSE(undo(Code::gateway_refused, again).new_key);
    for (const Code code : unknowns) CHECK_FALSE(undo(code, first).new_key);
    for (const Code code : not_executed) CHECK_FALSE(undo(code, first).new_key);
}

TEST_CASE("an undo backs off linearly and goes on at the cap for ever") {
    CHECK(undo(Code::gateway_timeout, first, 0).delay == 1s);
    CHECK(undo(Code::gateway_timeout, first, 1).delay == 2s);
    CHECK(undo(Code::gateway_timeout, first, 2).delay == 3s);
    CHECK(undo(Code::gateway_timeout, first, 59).delay == 60s);
    CHECK(undo(Code::gateway_timeout, first, 60).delay == compensation_delay_max);
    CHECK(undo(Code::gateway_timeout, first, 1'000'000).delay == compensation_delay_max);
    const PaymentError later{Code::gateway_busy, "", Milliseconds(20s)};
    CHECK(settle_undo(later, first, intent_of(Step::refund), looks_up, policy, sent).delay == 20s);
}

TEST_CASE("an undo that failed more often than it may be retried needs attention and pages, once") {
    for (int failures = 1; failures <= 3; ++failures) {
        const Verdict verdict = undo(Code::gateway_timeout, first, failures - 1);
        CHECK_FALSE(verdict.attention);
        CHECK(verdict.page == nullptr);
    }
    const Verdict fourth = undo(Code::gateway_timeout, first, 3);
    CHECK(fourth.attention);
    REQUIRE(fourth.page != nullptr);
    CHECK(std::string_view(fourth.page) == "failed_compensation");
    Intent paged = intent_of(Step::refund, 4);
    paged.paged = true;
    const Verdict fifth = settle_undo({Code::gateway_timeout, ""}, first, paged, looks_up, policy, sent);
    CHECK(fifth.attention);
    CHECK(fifth.page == nullptr);
}

TEST_CASE("a clock that jumps back does not reopen a key window that was seen to be over") {
    const GatewayTraits traits{std::chrono::hours(24), std::chrono::hours(1), true};
    const WallTime begun{Milliseconds{1'000'000'000'000}};
    Intent intent{.step = Step::capture, .since = begun, .seen = begun + std::chrono::hours(25), .tries = 9};
    const PaymentError nothing{Code::never_arrived, "the other side does not know this operation"};
    const Asked looked{.first_call = false, .ask = Ask::look_up};
    CHECK(settle_forward(nothing, looked, intent, traits, {}, begun + std::chrono::hours(1)).next == Verdict::Next::wait);
    intent.seen = begun + std::chrono::hours(1);
    CHECK(settle_forward(nothing, looked, intent, traits, {}, begun + std::chrono::hours(1)).next == Verdict::Next::send_again);
}

TEST_CASE("the same key is sent again only while even the slowest call arrives within its window, with room for the clocks") {
    constexpr WallTime last_moment = sent + 24h - looks_up.longest_delay - clock_tolerance(looks_up) - 1ms;
    static_assert(clock_tolerance(looks_up) == 144min);
    Intent intent = intent_of(Step::capture);
    intent.last = last_moment - 1s;
    const auto next = [&](WallTime now) {
        return settle_forward({Code::never_arrived, ""}, asked_after, intent, looks_up, policy, now).next;
    };
    CHECK(next(last_moment) == Next::send_again);
    CHECK(next(last_moment + 1ms) == Next::wait);
    CHECK(how_to_ask(intent, false, blind, last_moment) == Ask::perform);
    CHECK(how_to_ask(intent, false, blind, last_moment + 1ms) == Ask::look_up);
    // As far back as clocks may lie, it is the latest time known that counts; further back, nothing is sent.
    const WallTime behind = intent.last - clock_tolerance(looks_up);
    CHECK(next(behind) == Next::send_again);
    CHECK(next(behind - 1ms) == Next::wait);
    CHECK(how_to_ask(intent, false, blind, behind - 1ms) == Ask::look_up);
}

TEST_CASE("a slow gateway that keeps its keys for no longer than its calls may take is never sent the same call twice") {
    constexpr GatewayTraits hopeless{1h, 1h, true};
    CHECK(settle_forward({Code::never_arrived, ""}, asked_after, intent_of(Step::ship), hopeless, policy, sent + 1s).next ==
          Next::wait);
}

TEST_CASE(
    "a look-up that finds nothing is final when the last call to leave can no longer land, and then the next is a first") {
    const Milliseconds slowest = looks_up.longest_delay + clock_tolerance(looks_up);
    for (const Step step : forward_steps) {
        CHECK(forward(Code::never_arrived, asked_after, step, sent + slowest - 1ms).next == Next::send_again);
        const Verdict verdict = forward(Code::never_arrived, asked_after, step, sent + slowest);
        CHECK(verdict.next == Next::wait_anew);
        CHECK_FALSE(verdict.new_key);
        CHECK(verdict.delay == 0ms);
    }
    Intent again_sent = intent_of(Step::refund);
    again_sent.last = sent + 1h;
    const auto next = [&](WallTime now) {
        return settle_undo({Code::never_arrived, ""}, asked_after, again_sent, looks_up, policy, now).next;
    };
    CHECK(next(sent + slowest) == Next::send_again);
    CHECK(next(sent + 1h + slowest) == Next::wait_anew);
}

TEST_CASE("what cannot look up never finds out that nothing came of a call") {
    for (const auto age : {1s, 10'000s, 90'000s}) {
        const PaymentError nothing{Code::never_arrived, ""};
        CHECK(settle_forward(nothing, asked_after, intent_of(Step::authorize), blind, policy, sent + age).next == Next::wait);
        CHECK(settle_undo(nothing, asked_after, intent_of(Step::refund), blind, policy, sent + age).next == Next::wait);
    }
}

TEST_CASE(
    "a fault spends its key only where the gateway keeps it as the key's answer, and only when the call itself heard it") {
    constexpr GatewayTraits replays{24h, 1min, true, true};
    const PaymentError fault{Code::gateway_fault, ""};
    const auto spent = [&](const GatewayTraits& traits, Asked asked) {
        const bool ahead = settle_forward(fault, asked, intent_of(Step::authorize), traits, policy, sent).spent;
        CHECK(settle_undo(fault, asked, intent_of(Step::refund), traits, policy, sent).spent == ahead);
        return ahead;
    };
    CHECK(spent(replays, first));
    CHECK(spent(replays, again));
    CHECK_FALSE(spent(replays, asked_after));
    CHECK_FALSE(spent(looks_up, first));
    CHECK_FALSE(settle_forward({Code::gateway_timeout, ""}, first, intent_of(Step::ship), replays, policy, sent).spent);
}

TEST_CASE("a spent key is never sent again: a look-up finds the outcome, or in the end that there is none") {
    const Milliseconds slowest = looks_up.longest_delay + clock_tolerance(looks_up);
    const auto forward_with_spent = [&](Step step, WallTime now) {
        Intent intent = intent_of(step);
        intent.spent = true;
        CHECK(how_to_ask(intent, false, looks_up, now) == Ask::look_up);
        CHECK(how_to_ask(intent, false, blind, now) == Ask::look_up);
        return settle_forward({Code::never_arrived, ""}, asked_after, intent, looks_up, policy, now);
    };
    for (const Step step : forward_steps) {
        CHECK(forward_with_spent(step, sent + slowest - 1ms).next == Next::wait);
        CHECK(forward_with_spent(step, sent + 22h).next == Next::wait);
    }
    CHECK(forward_with_spent(Step::reserve, sent + slowest).next == Next::give_up);
    CHECK(forward_with_spent(Step::authorize, sent + slowest).next == Next::give_up);
    for (const Step step : {Step::capture, Step::ship}) {
        CHECK(forward_with_spent(step, sent + slowest).next == Next::wait_anew);
        CHECK(forward_with_spent(step, sent + slowest).new_key);
    }
    Intent undo_spent = intent_of(Step::refund);
    undo_spent.spent = true;
    const Verdict verdict = settle_undo({Code::never_arrived, ""}, asked_after, undo_spent, looks_up, policy, sent + slowest);
    CHECK(verdict.next == Next::wait_anew);
    CHECK(verdict.new_key);
}

TEST_CASE("a clock set back does not put off the page about an outcome that stays unknown") {
    CHECK(page_of(forward(Code::gateway_timeout, asked_after, Step::authorize, sent - 240h, 12)).empty());
    CHECK(page_of(forward(Code::gateway_timeout, asked_after, Step::authorize, sent - 240h, 14)) == "unknown_outcome_stuck");
}
