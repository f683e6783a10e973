#include "simulation/simulation.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "payments/accounts.hpp"
#include "payments/charge.hpp"
#include "payments/shop_events.hpp"
#include "simulation/clients.hpp"
#include "simulation/post.hpp"
#include "simulation/shopkeepers.hpp"
#include "telemetry/log.hpp"

namespace tollgate::simulation {
namespace {

using namespace std::chrono_literals;

/// One seed's world, in the order it must be taken down.
class Simulation {
public:
    explicit Simulation(const Options& options)
        : faults_(options.seed, options.switched_off),
          history_(options.prints),
          scheduler_(options.seed),
          store_(scheduler_, faults_, history_, options.seed % 8 == 0 ? sqlite_truth() : model_truth()) {
        store_.ignores_fences = options.ignores_fences;
        clients_.is_beyond_help = [this](const std::string& id) {
            if (!faults_.stopped()) return false;
            const auto row = store_.row(id);
            return row && is_beyond_help(*row);
        };
        clients_.told = [this](const std::string& id, std::int64_t amount, const Heard& heard) {
            shopkeepers_.hear_of(id, amount, heard);
        };
        shopkeepers_.is_beyond_help = clients_.is_beyond_help;
        shopkeepers_.customer_comes_back = [this](const std::string& id) { world_.come_back(id); };
        world_.refund_is_wished = [this](const std::string& id) { return shopkeepers_.want_money_back(id); };
        world_.news = [this](std::string webhook) { post_.bring(std::move(webhook)); };
        world_.violation = clients_.violation =
            shopkeepers_.violation = [this](std::string what) { violated(std::move(what)); };
    }
    ~Simulation() { fleet_.end(); }
    Simulation(const Simulation&) = delete;
    Simulation& operator=(const Simulation&) = delete;

    Outcome run() {
        clients_.start();
        spawn(scheduler_.nature().runtime().executor, fleet_.suffer());
        run_until([this] { return clients_.done() || fleet_.has_suffered(); });

        faults_.stop();
        world_.heal();
        fleet_.heal();
        come_to_rest();

        // What is still on its way arrives at a world where all is settled, and changes nothing.
        fleet_.end();
        const SteadyTime all_arrived = scheduler_.now() + section6_traits.longest_delay;
        scheduler_.at(all_arrived, [] {});
        run_until([&] { return scheduler_.now() >= all_arrived; });

        fleet_.heal();
        clients_.ask_again();
        shopkeepers_.ask_again();
        come_to_rest();
        check();
        return {.violations = std::move(violations_),
                .history = history_.hash(),
                .sagas = store_.begun(),
                .crashes = fleet_.crashes(),
                .steps = scheduler_.steps(),
                .faults = faults_.active()};
    }

private:
    template <class Done>
    void run_until(Done done) {
        while (!done() && violations_.empty() && scheduler_.step()) {
        }
    }

    void violated(std::string what) {
        history_.note(scheduler_.now(), "VIOLATION", what);
        violations_.push_back(std::move(what));
    }

    /// Everything that was accepted must end by itself now.
    void come_to_rest() {
        const SteadyTime at_most = scheduler_.now() + 6h;
        SteadyTime next_look = scheduler_.now();
        run_until([&] {
            if (scheduler_.now() < next_look) return false;
            next_look = scheduler_.now() + 1s;
            return scheduler_.now() > at_most || (everybody_is_told() && post_.on_the_way() == 0 && at_rest());
        });
        if (!violations_.empty()) return;
        look_at_events();
        if (!everybody_is_told()) violated("a client is left without an answer");
        if (post_.on_the_way() > 0) violated("a webhook is never taken");
        for (const std::string& id : waiting_events_) {
            violated("event " + id + " never comes to rest: " + store_.event(id)->note);
        }
        for (const ChargeRow& row : store_.rows()) {
            if (has_more_to_do(row)) violated("charge " + row.id + " never comes to rest: " + row.state);
        }
    }

    /// Takes note of new events, and drops those that wait no more.
    void look_at_events() {
        for (auto [ids, seen] :
             {std::pair(&store_.incoming(), &incoming_seen_), std::pair(&store_.outgoing(), &outgoing_seen_)}) {
            for (; *seen < ids->size(); ++*seen) waiting_events_.push_back((*ids)[*seen]);
        }
        std::erase_if(waiting_events_, [this](const std::string& id) {
            const auto stored = store_.event(id);
            return !stored || stored->state != StoredEvent::State::waiting;
        });
    }

    [[nodiscard]] bool at_rest() {
        look_at_events();
        if (!waiting_events_.empty()) return false;
        return std::ranges::none_of(store_.rows(), [this](const ChargeRow& row) { return has_more_to_do(row); });
    }

    [[nodiscard]] bool everybody_is_told() const noexcept { return clients_.done() && shopkeepers_.done(); }

    /// By itself and soon; one that waits for its capture has time.
    [[nodiscard]] bool has_more_to_do(const ChargeRow& row) const {
        return row.due_at && row.status != ChargeStatus::authorized && !is_beyond_help(row);
    }

    /// Its last call was sent so long ago that the other side has forgotten the key, and is not found: only a human can tell.
    /// Somebody was called.
    [[nodiscard]] bool is_beyond_help(const ChargeRow& row) const {
        const bool called = pages_.has("unknown_outcome_stuck", row.id) || pages_.has("failed_compensation", row.id);
        if (!row.due_at || !called) return false;
        const auto charge = from_state(row);
        if (!charge || !charge->intent) return false;
        const WallTime now = scheduler_.nature().wall();
        return now - charge->intent->since > section6_traits.key_window * 8 / 10;
    }

    void check() {
        if (!violations_.empty()) return;
        std::map<std::string, std::uint64_t> fences;
        for (const auto& [id, fence] : store_.owners()) {
            if (fence <= std::exchange(fences[id], fence)) violated("a fence of charge " + id + " did not rise");
        }
        std::set<std::string> known;
        for (const ChargeRow& row : store_.rows()) {
            known.insert(row.id);
            check_charge(row);
        }
        for (const Effect& effect : world_.effects()) {
            if (!known.contains(effect.reference)) violated("the outside acted for a charge that nobody knows: " + effect.id);
        }
        for (const std::string& reference : world_.misled()) {
            if (!pages_.has("echo_mismatch", reference.substr(1, reference.size() - 2)))
                violated("told of another amount, and nobody was called: " + reference);
        }
        for (const Purchase& purchase : clients_.purchases()) check_answer(purchase);
        for (const Wish& wish : shopkeepers_.wishes()) check_wish(wish);
        for (const std::string& id : store_.incoming()) check_webhook(id);
        check_shop();
    }

    /// Each webhook that was accepted is applied, or somebody was called.
    void check_webhook(const std::string& id) {
        const auto stored = store_.event(id);
        if (!stored) return violated("webhook " + id + " was accepted and is gone");
        if (stored->state == StoredEvent::State::done) return;
        violated("webhook " + id + " was given up: " + stored->note + ": " + stored->event.body);
    }

    /// The shop has heard of everything that was written for it, of each charge in its order, and of each charge's end.
    void check_shop() {
        std::map<std::string, std::vector<std::string>> written, heard;
        std::map<std::string, std::string> last_status;
        for (const std::string& id : store_.outgoing()) {
            const Event event = store_.event(id)->event;
            written[event.charge_id].push_back(id);
            if (event.type != "charge.refunded" && event.type != "charge.disputed") last_status[event.charge_id] = event.type;
        }
        for (const std::string& id : shop_.heard()) heard[store_.event(id)->event.charge_id].push_back(id);
        if (written != heard) violated("the shop has heard something else than was written for it, or in another order");
        for (const ChargeRow& row : store_.rows()) {
            const auto charge = from_state(row);
            if (charge && !charge->told.empty() && last_status[row.id] != charge->told)
                violated("the shop was not told of " + row.id);
            if (charge && !told_of_status(*charge).empty() && charge->told != told_of_status(*charge))
                violated("the shop does not know how " + row.id + " stands");
        }
    }

    /// What stands outside is what the charge says, and so is the ledger.
    void check_charge(const ChargeRow& row) {
        const Standing stands = world_.standing(row.id);
        const bool sold = row.status == ChargeStatus::succeeded;
        const bool held = row.status == ChargeStatus::authorized;
        const auto must = [&](bool holds, const char* what) {
            if (!holds) violated(std::string(what) + ": " + row.id + " is " + std::string(name(row.status)) + ", " + row.state);
        };
        if (is_beyond_help(row)) return;
        must(row.status != ChargeStatus::processing && row.status != ChargeStatus::requires_action, "a charge is not final");
        must(stands.reserved == (sold || held ? 1 : 0), "reservations do not fit the charge");
        const bool given_back = sold && stands.given_back == stands.taken;
        must(stands.captured == (sold && !given_back ? 1 : 0), "captured payments do not fit the charge");
        must(stands.authorized == (held ? 1 : 0), "authorized payments do not fit the charge");
        must(stands.shipped == (sold ? 1 : 0), "shipments do not fit the charge");
        must(row.live == ((sold && !given_back) || held), "a charge that is undone counts as live");

        std::vector<MoneyMoved> written;
        std::map<std::string_view, std::int64_t> balance;
        for (const LedgerEntry& entry : store_.ledger(row.id)) {
            const auto accounts = accounts_of(entry.type);
            must(accounts.has_value(), "an entry of the ledger is between no accounts");
            if (!accounts) continue;
            balance[accounts->debit] += entry.amount;
            balance[accounts->credit] -= entry.amount;
            if (entry.type != "release") written.emplace_back(entry.type, entry.gateway_id, entry.amount);
        }
        must(balance["held"] == (held ? row.amount : 0), "the ledger does not hold what is authorized");
        must(balance["captured"] + balance["disputed"] == stands.taken - stands.given_back, "the ledger has other money");
        auto moved = world_.money_moved(row.id);
        for (auto* entries : {&written, &moved}) {
            for (auto& [type, id, amount] : *entries) {
                if (type == "void") id.clear();  // news of a void name what was voided
            }
        }
        std::ranges::sort(written);
        std::ranges::sort(moved);
        must(written == moved, "the ledger is not what the gateway did");

        const auto charge = from_state(row);
        must(charge.has_value(), "a stored state cannot be read");
        if (charge) {
            const fraud::Decision decision = charge->risk.decision;
            const bool blocked = row.status == ChargeStatus::blocked;
            must(blocked || decision != fraud::Decision::block, "a rule blocked it, and it went on");
            must(!blocked || decision >= fraud::Decision::challenge, "it is blocked, and no rule said so");
            // What the gateway told of the card; news tell nothing of it.
            const bool abroad = charge->authorization && charge->authorization->card_country == "FR";
            const bool mismatch = charge->authorization && charge->authorization->cvv_result == "mismatch";
            must(stands.taken == 0 || !mismatch, "money was taken though the verification code did not match");
            must(stands.taken == 0 || world_.has_authenticated(row.id) || (!abroad && decision != fraud::Decision::challenge),
                 "money was taken without the authentication that a rule asked for");
        }
        if (charge && charge->attention)
            must(pages_.has("failed_compensation", row.id), "a charge needed attention and nobody was called");
    }

    /// What the client was told is what happened.
    void check_answer(const Purchase& purchase) {
        const auto row = store_.row(purchase.charge_id);
        for (const Purchase::Payload& payload : purchase.payloads) {
            if (!payload.answer) continue;
            if (!row || row->amount != payload.amount) {
                violated("an answer for a charge that is not there: " + purchase.key);
                continue;
            }
            const bool good = row->status == ChargeStatus::succeeded || row->status == ChargeStatus::authorized;
            const bool may_have_changed = payload.answer->body.find(R"("status":"authorized")") != std::string::npos;
            if (!may_have_changed && !is_beyond_help(*row) && good != (payload.answer->status == 201)) {
                violated("told " + std::to_string(payload.answer->status) + " of a charge that is " +
                         std::string(name(row->status)) + ": " + purchase.key);
            }
        }
    }

    /// What was granted has happened, and of refunds exactly that.
    void check_wish(const Wish& wish) {
        const auto row = store_.row(wish.charge_id);
        if (!row || is_beyond_help(*row)) return;
        const Standing stands = world_.standing(wish.charge_id);
        if (!wish.answer) violated("a wish without an answer: " + wish.key);
        if (wish.kind == "refund") {
            std::int64_t granted = 0;
            bool all = false;
            for (const Wish& other : shopkeepers_.wishes()) {
                if (other.charge_id != wish.charge_id || other.kind != "refund" || !other.granted()) continue;
                granted += other.amount;
                all = all || other.amount == 0;
            }
            const bool sold = row->status == ChargeStatus::succeeded;
            const std::int64_t given_back = sold ? stands.given_back : 0;
            if (all ? granted > given_back : granted != given_back) violated("other refunds than were granted: " + row->state);
        }
        if (!wish.granted()) return;
        if (wish.kind == "capture" && row->status != ChargeStatus::succeeded) violated("captured, and is not: " + row->state);
        if (wish.kind == "capture" && wish.amount > 0 && stands.taken != wish.amount)
            violated("another capture: " + row->state);
        if (wish.kind == "void" && row->status != ChargeStatus::canceled) violated("voided, and is not: " + row->state);
    }

    std::vector<std::string> violations_;
    std::vector<std::string> waiting_events_;
    std::size_t incoming_seen_ = 0, outgoing_seen_ = 0;
    Faults faults_;
    History history_;
    Scheduler scheduler_;
    PageBook pages_{scheduler_, history_};
    World world_{scheduler_, faults_, history_};
    DurableStore store_;
    ShopListener shop_{scheduler_, faults_, history_};
    Fleet fleet_{scheduler_, faults_, history_, store_, world_, pages_, shop_};
    Post post_{scheduler_, faults_, history_, fleet_};
    Clients clients_{scheduler_, faults_, history_, fleet_};
    Shopkeepers shopkeepers_{scheduler_, faults_, history_, fleet_};
};

}  // namespace

Outcome simulate(const Options& options) {
    static const bool quiet = (log::start({.level = log::Level::critical}), true);
    static_cast<void>(quiet);
    return Simulation(options).run();
}

}  // namespace tollgate::simulation
