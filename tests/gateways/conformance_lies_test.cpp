// Whatever a gateway does to its answers, what an adapter makes of them is true, and a look-up finds out the rest.
#include <set>

#include "gateways/conformance_kit.hpp"
#include "saga/settle.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

using Words = std::set<std::string>;

const Words moved{"done", "unknown"};
const Words not_moved{"not executed", "unknown"};

/// Long enough for every index to catch up, and for a look-up to be final.
std::chrono::steady_clock::duration until_final(const GatewayTraits& traits) {
    return traits.longest_delay + clock_tolerance(traits);
}

template <class Each>
void for_every_step(const Each& each) {
    for (const AdapterKind& kind : adapters()) {
        for (const std::string& step : step_names) {
            INFO(kind.name << ": " << step);
            each(kind, step);
        }
    }
}

}  // namespace

TEST_CASE("conformance: a call is made once however often it is asked under the same key") {
    for_every_step([](const AdapterKind& kind, const std::string& name) {
        Stage stage(kind);
        const PreparedStep step = prepare(stage, name);
        REQUIRE(stage.truth() == step.before);
        const auto first = step.ask(Ask::perform);
        REQUIRE(in_a_word(first) == "done");
        for (int i = 0; i < 3; ++i) {
            const auto again = step.ask(Ask::perform);
            REQUIRE(in_a_word(again) == "done");
            CHECK(*again == *first);
        }
        CHECK(stage.truth() == step.after);
    });
}

TEST_CASE("conformance: no lie of a gateway makes its caller believe that money moved when it did not, or the reverse") {
    for_every_step([](const AdapterKind& kind, const std::string& name) {
        for (const Lie lie : every_lie()) {
            if (lie == Lie::stale) continue;
            Stage stage(kind);
            const PreparedStep step = prepare(stage, name);
            stage.liar.lie(step.name, lie, 99);
            const auto told = step.ask(Ask::perform);
            INFO(test::name(lie) << " → " << in_a_word(told) << (told ? "" : ": " + told.error().detail));
            CHECK((acts(lie) ? moved : not_moved).contains(in_a_word(told)));
            CHECK(stage.truth() == (acts(lie) ? step.after : step.before));
        }
    });
}

TEST_CASE("conformance: an answer about another amount or currency is a mismatch, and never taken for done") {
    for_every_step([](const AdapterKind& kind, const std::string& name) {
        for (const Lie lie : {Lie::wrong_amount, Lie::wrong_currency}) {
            Stage stage(kind);
            const PreparedStep step = prepare(stage, name);
            if (!step.tells_amount) continue;
            INFO(test::name(lie));
            stage.liar.lie(step.name, lie, 99);
            const auto told = step.ask(Ask::perform);
            REQUIRE_FALSE(told.has_value());
            CHECK(told.error().code == Code::echo_mismatch);
            CHECK(told.error().execution == Execution::unknown);
        }
    });
}

TEST_CASE("conformance: when the lies are over a look-up finds the truth, and the same call again leaves one effect") {
    for_every_step([](const AdapterKind& kind, const std::string& name) {
        for (const Lie lie : every_lie()) {
            Stage stage(kind);
            const PreparedStep step = prepare(stage, name);
            if (lie != Lie::stale) stage.liar.lie(step.name, lie, 99);
            (void)step.ask(Ask::perform);
            stage.liar.stop();
            stage.sleep(until_final(stage.gateway().traits()));

            const auto found = step.ask(Ask::look_up);
            INFO(test::name(lie) << " → " << in_a_word(found) << (found ? "" : ": " + found.error().detail));
            const bool happened = acts(lie) || lie == Lie::stale;
            if (stage.gateway().traits().looks_up) CHECK(in_a_word(found) == (happened ? "done" : "not found"));
            const auto again = step.ask(Ask::perform);
            if (again && found) CHECK(*again == *found);
            if (lie != Lie::fault_idle) {
                CHECK(stage.truth() == step.after);
            } else if (stage.gateway().traits().replays_faults) {
                CHECK(in_a_word(again) == "unknown");
            }
            CHECK(stage.truth() == (again || happened ? step.after : step.before));
        }
    });
}

TEST_CASE("conformance: a stale look-up is never final, and a later one finds what was done") {
    for_every_step([](const AdapterKind& kind, const std::string& name) {
        Stage stage(kind);
        const PreparedStep step = prepare(stage, name);
        stage.liar.lie(step.name, Lie::silent);
        CHECK(in_a_word(step.ask(Ask::perform)) == "unknown");
        stage.liar.lie("look_up", Lie::stale, 99);
        const std::string at_once = in_a_word(step.ask(Ask::look_up));
        INFO(at_once);
        CHECK(Words{"done", "not found", "unknown"}.contains(at_once));
        stage.liar.stop();
        stage.sleep(until_final(stage.gateway().traits()));
        CHECK(in_a_word(step.ask(Ask::look_up)) == "done");
        CHECK(stage.truth() == step.after);
    });
}

TEST_CASE("conformance: a look-up that fails itself says nothing of the call") {
    for_every_step([](const AdapterKind& kind, const std::string& name) {
        for (const Lie lie : {Lie::silent, Lie::unreachable, Lie::cut_before, Lie::cut_middle, Lie::truncated, Lie::fault_retry,
                              Lie::busy, Lie::slow}) {
            for (const bool happened : {true, false}) {
                Stage stage(kind);
                const PreparedStep step = prepare(stage, name);
                if (happened) REQUIRE(in_a_word(step.ask(Ask::perform)) == "done");
                stage.liar.lie("look_up", lie, 99);
                const auto found = step.ask(Ask::look_up);
                INFO(test::name(lie) << " → " << in_a_word(found));
                if (lie == Lie::truncated && !happened && in_a_word(found) == "not found")
                    continue;  // a 404 is one without a body
                CHECK(in_a_word(found) == "unknown");
                CHECK(stage.truth() == (happened ? step.after : step.before));
            }
        }
    });
}

TEST_CASE("conformance: a look-up changes nothing, and does not find what was never asked") {
    for_every_step([](const AdapterKind& kind, const std::string& name) {
        Stage stage(kind);
        const PreparedStep step = prepare(stage, name);
        CHECK(in_a_word(step.ask(Ask::look_up)) == "not found");
        CHECK(stage.truth() == step.before);
    });
}

TEST_CASE("conformance: no call outlasts its deadline, and none is sent after it") {
    for_every_step([](const AdapterKind& kind, const std::string& name) {
        for (const Lie lie : {Lie::silent, Lie::slow}) {
            for (const Ask ask : {Ask::perform, Ask::look_up}) {
                Stage stage(kind);
                const PreparedStep step = prepare(stage, name);
                stage.liar.lie(step.name, lie, 99);
                stage.liar.lie("look_up", lie, 99);
                const auto begun = stage.time.elapsed();
                CHECK(in_a_word(step.ask(ask)) == "unknown");
                CHECK(stage.time.elapsed() - begun <= 10s);
            }
        }
    });
    for (const AdapterKind& kind : adapters()) {
        Stage stage(kind);
        const CallContext late{"key-1", "", stage.time.steady() - 1ms};
        const auto told = stage.time.run(stage.gateway().authorize(payment(kind.methods.good), late));
        CHECK(in_a_word(told) == "not executed");
        CHECK(stage.liar.calls("") == 0);
    }
}
