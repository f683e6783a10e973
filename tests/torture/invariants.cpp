#include "torture/invariants.hpp"

#include <set>

namespace tollgate::test {
namespace {

const std::set<std::string> standing{"reserved", "authorized", "captured", "shipped"};  // neither undone nor an undoing
const std::set<std::string> of_money{"authorize", "capture", "refund"};
const std::map<std::string, std::string> names_in_answer{{"reserve", "reservation_id"},
                                                         {"authorize", "gateway.authorization_id"},
                                                         {"capture", "gateway.capture_id"},
                                                         {"ship", "shipment_id"}};

/// Asks again, as a good client does, while a busy machine's store has no answer in time.
std::optional<Reply> get(unsigned short port, const std::string& path) {
    auto reply = request(port, {.path = path});
    for (int again = 0; again < 30 && reply && reply->status == 503; ++again) reply = request(port, {.path = path});
    return reply;
}

/// One purchase against what happened outside and what the service says of it.
class Look {
public:
    Look(const Purchase& purchase, Violations& violations) : purchase_(purchase), violations_(violations) {}

    void at_answer() const {
        const Reply& answer = *purchase_.answer;
        must(answer.status == purchase_.kind->status, "the final answer is " + std::to_string(answer.status));
        must(answer.text("code") == purchase_.kind->code, "the final answer's code is " + answer.text("code"));
        for (const Reply& after : purchase_.after) {
            must(after.status == 200, "an operation was answered " + std::to_string(after.status) + " " + after.body);
        }
    }

    /// Returns how many earlier attempts there were: what they had reserved was given back before the key was freed.
    std::size_t at_effects(const std::vector<Effect>& effects) const {
        constexpr std::string_view undone = "reserve release ";
        std::string last_attempt = types(effects);
        std::size_t earlier = 0;
        for (; last_attempt.starts_with(undone); ++earlier) last_attempt.erase(0, undone.size());
        must(last_attempt == purchase_.kind->effects, "outside happened: " + types(effects));

        std::string stands;
        std::set<std::string> keys;
        std::vector<long long> amounts;
        const Reply& last = purchase_.after.empty() ? *purchase_.answer : purchase_.after.back();
        for (const Effect& effect : effects) {
            must(keys.insert(effect.key).second, "two effects under the key " + effect.key);
            if (of_money.contains(effect.type)) amounts.push_back(effect.amount);
            if (!standing.contains(effect.status)) continue;
            stands += effect.type + " " + effect.status + " ";
            must(last.text(names_in_answer.at(effect.type)) == effect.id, "the answer does not name " + effect.id);
        }
        auto expected = purchase_.kind->amounts;
        if (expected.empty()) expected.assign(amounts.size(), purchase_.order.amount);
        must(amounts == expected, "other money moved than was asked for");
        const bool paid = purchase_.kind->charge_status == "succeeded";
        const bool given_back = types(effects).ends_with("refund");
        const std::string payment = given_back ? "" : "authorize captured capture captured ";
        must(stands == (paid ? "reserve reserved " + payment + "ship shipped " : ""), "outside there stands: " + stands);
        return earlier;
    }

    void at_replay(unsigned short port) const {
        Reply replay;
        try {
            replay = settled_charge(port, purchase_.key, purchase_.order);
        } catch (const std::exception& error) {
            return must(false, error.what());
        }
        const bool same = replay.status == purchase_.answer->status && replay.body == purchase_.answer->body;
        must(same, "the replay is another answer: " + std::to_string(replay.status) + " " + replay.body);
        must(replay.header("idempotent-replayed") == "true", "the replay is not told as one");
        for (std::size_t i = 0; i < purchase_.after.size(); ++i) {
            Purchase copy = purchase_;
            auto again = ask_operation(copy, i, port);
            for (int tries = 0; tries < 30 && !is_final(again); ++tries) again = ask_operation(copy, i, port);
            const bool told = again && again->status == purchase_.after[i].status && again->body == purchase_.after[i].body;
            must(told && again->header("idempotent-replayed") == "true", "an operation's replay is another answer");
        }
    }

    void at_charge(unsigned short port) const {
        const std::string id = purchase_.answer->text(purchase_.kind->status == 201 ? "id" : "charge_id");
        const auto charge = get(port, "/charge/" + id);
        must(charge && charge->text("status") == purchase_.kind->charge_status,
             "GET /charge/" + id + " says: " + (charge ? charge->body : "nothing"));
    }

private:
    void must(bool holds, const std::string& what) const {
        if (!holds) violations_.add(what, purchase_);
    }

    const Purchase& purchase_;
    Violations& violations_;
};

/// Every charge has come to its end, so that none is listed as under way.
void nothing_left(unsigned short port, Violations& violations) {
    for (const std::string status : {"processing", "requires_action", "authorized", "needs_attention"}) {
        const auto page = get(port, "/charge?status=" + status);
        const bool none = page && page->status == 200 && page->text("data") == "[]";
        if (!none) violations.add("charges are left " + status + ": " + (page ? page->body : "no answer"));
    }
}

}  // namespace

Checked& Checked::operator+=(const Checked& other) {
    charges += other.charges;
    replays += other.replays;
    undone_attempts += other.undone_attempts;
    return *this;
}

Checked check_promise(const std::vector<Purchase>& purchases, const std::vector<unsigned short>& ports,
                      unsigned short sandbox_port, Violations& violations) {
    const OutsideLedger world = outside_ledger(sandbox_port);
    Checked checked;
    std::set<std::string> known;
    for (const Purchase& purchase : purchases) {
        known.insert(purchase.order.id);
        if (!is_settled(purchase)) {
            violations.add("no final answer", purchase);
            continue;
        }
        const Look look(purchase, violations);
        const unsigned short port = ports[checked.charges++ % ports.size()];
        const auto effects = world.find(purchase.order.id);
        look.at_answer();
        checked.undone_attempts += look.at_effects(effects == world.end() ? std::vector<Effect>() : effects->second);
        look.at_replay(port);
        look.at_charge(port);
        ++checked.replays;
    }
    for (const auto& [order, effects] : world) {
        if (!known.contains(order))
            violations.add("outside happened what nobody asked for, for " + order + ": " + types(effects));
    }
    if (outside_ledger(sandbox_port) != world) violations.add("replays had effects outside");
    nothing_left(ports.front(), violations);
    return checked;
}

}  // namespace tollgate::test
