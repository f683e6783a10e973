#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "async/one_shot.hpp"
#include "gateway/exchange.hpp"
#include "gateway/http_gateway.hpp"
#include "saga/intent.hpp"
#include "simulation/faults.hpp"
#include "simulation/history.hpp"
#include "simulation/scheduler.hpp"

namespace tollgate::simulation {

/// Something the outside did. It stays done.
struct Effect {
    Step step;
    std::string reference;  // the charge
    std::string id;
    std::int64_t amount;
};

/// An authorization, capture, refund or void: its type, id and amount.
using MoneyMoved = std::tuple<std::string, std::string, std::int64_t>;

/// What stands at the outside for one charge.
struct Standing {
    int reserved = 0;    // reservations not released
    int authorized = 0;  // authorizations neither voided nor captured
    int captured = 0;    // captures not wholly refunded
    int shipped = 0;     // shipments not canceled
    std::int64_t taken = 0, given_back = 0;
};

enum class Side : std::uint8_t { gateway, inventory, shipping };

/// `{"error":…}`
[[nodiscard]] OutboundReply refusal(int status, std::string_view error);
[[nodiscard]] std::string last_segment(std::string_view path);

/// Gateway, inventory and shipping as contract section 6 describes them, and as wrong as the faults say. What a call brings
/// follows from its token (tok_…) and its SKU; what becomes of it on its way, from the seed.
class World {
public:
    World(Scheduler& scheduler, Faults& faults, History& history) : scheduler_(scheduler), faults_(faults), history_(history) {}

    /// Takes the gateway's news, a webhook's body each: to be sent from now on.
    std::function<void(std::string)> news;

    /// Whether a shop has asked to give money of this charge back.
    std::function<bool(const std::string& reference)> refund_is_wished;

    /// The customer authenticates, without news of it.
    void come_back(const std::string& reference) { authenticated_.insert(reference); }
    [[nodiscard]] bool has_authenticated(const std::string& reference) const { return authenticated_.contains(reference); }

    /// Told of everything that must never be seen from outside.
    std::function<void(std::string)> violation;

    /// The way of a process to one of the sides.
    [[nodiscard]] std::unique_ptr<Exchange> exchange(Process& process, Side side);

    [[nodiscard]] const std::vector<Effect>& effects() const noexcept { return effects_; }
    [[nodiscard]] Standing standing(const std::string& reference) const;
    /// The charges whose process heard of another amount than it had asked for.
    [[nodiscard]] const std::set<std::string>& misled() const noexcept { return misled_; }
    /// What a ledger should say.
    [[nodiscard]] std::vector<MoneyMoved> money_moved(const std::string& reference) const;

    /// Every trouble is over: what is known is told.
    void heal();

private:
    friend class WorldExchange;
    using Reply = std::shared_ptr<OneShot<Result<OutboundReply>>>;

    struct Message {
        Side side;
        bool look_up;
        std::string path;
        std::string key;
        std::string body;
        std::shared_ptr<bool> turned_away = std::make_shared<bool>(false);  // "later": no copy of it acts
    };
    struct Record {
        OutboundReply reply;
        SteadyTime arrived;          // first
        SteadyTime visible;          // to look-ups, from then on
        bool answers_fault = false;  // to whoever sends the key again
    };
    struct Payment {
        std::string reference, token;
        std::int64_t amount = 0;
        std::string capture_id;
        std::int64_t left = 0;  // of what was captured, not refunded
        bool voided = false;
    };
    struct Goods {
        std::string reference;
        bool undone = false;
    };

    void send(Message message, const Reply& reply);
    void arrive(const Message& message, const Reply& reply, bool again);
    void answer(const Reply& reply, OutboundReply what);
    void cut(const Reply& reply);
    [[nodiscard]] OutboundReply look_up(const Message& message);
    [[nodiscard]] OutboundReply perform(const Message& message, Record& record);
    [[nodiscard]] OutboundReply pay(const Message& message);
    [[nodiscard]] OutboundReply move_goods(const Message& message);
    [[nodiscard]] std::string act(Step step, const std::string& reference, std::int64_t amount);
    void check_order(const Effect& effect);
    /// Sends news, now and then; `ids` are members of their data.
    void tell(std::string_view type, const std::string& reference, const std::string& ids, std::int64_t amount);
    void surely_tell(std::string_view type, const std::string& reference, const std::string& ids, std::int64_t amount);
    void dispute(const std::string& reference, const std::string& ids, std::int64_t amount);
    void authenticate(const std::string& reference);
    [[nodiscard]] Milliseconds on_the_way() { return Milliseconds(1 + static_cast<std::int64_t>(chance().below(10))); }
    [[nodiscard]] Random& chance() { return scheduler_.nature().runtime().random; }
    [[nodiscard]] bool is_down(Side side);

    Scheduler& scheduler_;
    Faults& faults_;
    History& history_;
    std::map<std::string, Record> records_;  // by side and key
    std::map<std::string, SteadyTime> first_arrivals_;
    std::map<std::string, Payment> payments_;      // by authorization
    std::map<std::string, std::string> captures_;  // → authorization
    std::map<std::string, Goods> goods_;           // by reservation or shipment
    std::vector<Effect> effects_;
    std::map<std::string, Standing> standings_;
    std::map<Side, SteadyTime> down_until_;
    std::set<std::string> misled_;
    std::map<std::string, std::pair<std::string, std::int64_t>> disputes_;  // by charge: the one it has
    std::set<std::string> authenticated_;                                   // the charges whose customer has authenticated
    std::uint64_t told_ = 0;
};

}  // namespace tollgate::simulation
