#pragma once

#include "shop.hpp"

namespace tollgate::test {

inline bool ledger_tells_what_the_gateway_did(const Shop& shop) {
    std::vector<std::string> at_gateway;
    for (const auto& effect : shop.world.effects) {
        const bool money = effect.step == Step::authorize || effect.step == Step::capture || effect.step == Step::refund ||
                           effect.step == Step::void_authorization;
        if (money) at_gateway.push_back(std::string(name(effect.step)) + " " + effect.id);
    }
    std::vector<std::string> at_ours;
    for (const LedgerEntry& entry : shop.store.charges.ledger(shop.id()))
        at_ours.push_back(entry.type + " " + entry.gateway_id);
    return at_ours == at_gateway;
}

/// What must hold of any charge once it is at rest (architecture.md, Determinism), and does not.
inline std::vector<std::string> broken_invariants(const Shop& shop, int attempts) {
    std::vector<std::string> broken;
    const auto must = [&](bool holds, const char* what) {
        if (!holds) broken.emplace_back(what);
    };
    const auto count = [&](Step step) { return static_cast<int>(shop.world.effects_of(step).size()); };
    const int replaced = shop.charge().superseded_id.empty() ? 0 : 1;
    for (const Step step : {Step::authorize, Step::capture, Step::ship, Step::refund, Step::void_authorization}) {
        const bool again = step == Step::authorize || step == Step::void_authorization;
        must(count(step) <= 1 + (again ? replaced : 0), "each step has at most one effect");
    }
    must(count(Step::reserve) <= attempts, "an attempt reserves at most once");
    must(count(Step::ship) <= count(Step::capture), "no shipment without capture");
    must(count(Step::capture) == count(Step::ship) + count(Step::refund), "every capture has a shipment or a refund");

    const int live = shop.row().live ? 1 : 0;
    must(count(Step::reserve) - count(Step::release) == live, "no reservation without a live charge");
    must(count(Step::authorize) - count(Step::void_authorization) - count(Step::refund) == live,
         "one live payment for a live charge, none for another");

    const auto done = shop.world.steps_done();
    const auto place = [&](Step step) { return std::ranges::find(done, step) - done.begin(); };
    must(count(Step::refund) == 0 || place(Step::refund) < place(Step::release), "refund before release");
    must(count(Step::void_authorization) == 0 || place(Step::void_authorization) < place(Step::release), "void before release");
    must(ledger_tells_what_the_gateway_did(shop), "the ledger says what the gateway did, in its order");

    std::uint64_t fence = 0;
    for (const auto& [id, next] : shop.store.charges.owners) must(next > std::exchange(fence, next), "fences only rise");
    must(!shop.row().due_at || shop.status() == "authorized", "nothing is left to do");
    must(shop.row().answer.has_value() != shop.row().key_free, "an answer is kept, or the key is free");
    return broken;
}

}  // namespace tollgate::test
