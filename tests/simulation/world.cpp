#include "simulation/world.hpp"

#include <boost/json/parse.hpp>
#include <utility>

namespace tollgate::simulation {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

std::string text(const json::object& in, std::string_view member) {
    const auto* const value = in.if_contains(json::string_view(member.data(), member.size()));
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t amount_in(const json::object& in) {
    const auto* const value = in.if_contains("amount");
    return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

OutboundReply ok(std::string body) {
    return {.status = 200, .body = std::move(body), .retry_after = {}};
}

OutboundReply refusal(int status, std::string_view error) {
    return {.status = status, .body = R"({"error":")" + std::string(error) + R"("})", .retry_after = {}};
}

/// Of a member of a flat JSON object, as it stands there; empty when it is not there.
std::string_view value_in(std::string_view body, std::string_view member) {
    const auto at = body.find(member);
    if (at == body.npos) return {};
    const std::string_view rest = body.substr(at + member.size());
    return rest.substr(0, rest.find_first_of(",}"));
}

std::string last_segment(std::string_view path) {
    return std::string(path.substr(path.rfind('/') + 1));
}

bool is_money(Step step) {
    return step == Step::authorize || step == Step::capture || step == Step::refund || step == Step::void_authorization;
}

std::string_view name(Side side) {
    return side == Side::gateway ? "gateway" : side == Side::inventory ? "inventory" : "shipping";
}

}  // namespace

class WorldExchange final : public Exchange {
public:
    WorldExchange(World& world, Process& process, Side side) : world_(world), process_(process), side_(side) {}

    Task<Result<OutboundReply>> exchange(OutboundRequest request) override {
        const Runtime& runtime = process_.runtime();
        if (world_.faults_.strikes(Fault::refused) || world_.is_down(side_)) {
            co_await sleep_for(runtime, world_.on_the_way());
            co_return fail(Code::network_error, "connection refused");
        }
        const bool look_up = request.method == "GET";
        std::string key = look_up ? last_segment(request.path) : std::move(request.idempotency_key);
        const std::string amount(value_in(request.body, R"("amount":)"));
        std::string reference(value_in(request.body, R"("reference":)"));
        const auto reply = std::make_shared<OneShot<Result<OutboundReply>>>(runtime);
        world_.send({side_, look_up, std::move(request.path), std::move(key), std::move(request.body)}, reply);
        auto answer = co_await reply->wait_until(request.deadline);
        const std::string_view told = answer && *answer ? value_in((*answer)->body, R"("amount":)") : std::string_view();
        if (!told.empty() && !amount.empty() && told != amount) world_.misled_.insert(std::move(reference));
        if (!answer) co_return fail(Code::gateway_timeout, "no answer before the deadline");
        co_return std::move(*answer);
    }

private:
    World& world_;
    Process& process_;
    Side side_;
};

std::unique_ptr<Exchange> World::exchange(Process& process, Side side) {
    return std::make_unique<WorldExchange>(*this, process, side);
}

bool World::is_down(Side side) {
    SteadyTime& until = down_until_[side];
    if (faults_.strikes(Fault::down)) until = scheduler_.now() + faults_.between(Fault::down, 1s, 3min);
    return scheduler_.now() < until && !faults_.stopped();
}

void World::heal() {
    for (auto& [key, record] : records_) {
        record.answers_fault = false;
        record.visible = scheduler_.now();
    }
}

/// From here on the message is on its way whatever becomes of its sender.
void World::send(Message message, const Reply& reply) {
    history_.note(scheduler_.now(), "send", name(message.side), message.look_up ? "look-up" : message.path, message.key);
    if (faults_.strikes(Fault::never_arrives)) return cut(reply);
    Milliseconds travel = on_the_way();
    if (faults_.strikes(Fault::late)) {
        travel = faults_.between(Fault::late, 1s, 50min);
    } else if (faults_.strikes(Fault::slow)) {
        travel = faults_.between(Fault::slow, 100ms, 20s);
    }
    if (!message.look_up && faults_.strikes(Fault::twice)) {
        scheduler_.at(scheduler_.now() + travel + faults_.between(Fault::twice, 1ms, 10min),
                      [this, message] { arrive(message, nullptr, true); });
    }
    scheduler_.at(scheduler_.now() + travel, [this, message = std::move(message), reply] { arrive(message, reply, false); });
}

void World::cut(const Reply& reply) {
    if (!reply || chance().below(2) == 0) return;  // silence: the caller's deadline tells it
    scheduler_.at(scheduler_.now() + on_the_way(),
                  [reply] { reply->set(fail(Code::gateway_timeout, "the connection was cut")); });
}

void World::answer(const Reply& reply, OutboundReply what) {
    if (!reply) return;
    if (faults_.strikes(Fault::reply_lost)) return cut(reply);
    if (what.status == 200 && faults_.strikes(Fault::garbage)) what.body = "<html>Bad gateway</html>";
    scheduler_.at(scheduler_.now() + on_the_way(), [reply, what = std::move(what)] { reply->set(what); });
}

void World::arrive(const Message& message, const Reply& reply, bool again) {
    if (message.look_up) return answer(reply, look_up(message));
    if (*message.turned_away) return;
    if (!again && faults_.strikes(Fault::forbidden)) {
        *message.turned_away = true;
        return answer(reply, refusal(403, "forbidden"));
    }
    if (!again && faults_.strikes(Fault::busy)) {
        *message.turned_away = true;
        return answer(reply, {.status = 429, .body = "{}", .retry_after = faults_.between(Fault::busy, 0ms, 3s)});
    }
    const std::string place = std::string(name(message.side)) + message.key;
    const auto [first, is_first] = first_arrivals_.emplace(place, scheduler_.now());
    const bool forgotten = scheduler_.now() - first->second > section6_traits.key_window;
    if (forgotten && !again) violation("a call was sent again after its key was forgotten: " + message.path);
    if (forgotten) records_.erase(place);

    const auto known = records_.find(place);
    if (known != records_.end()) {
        history_.note(scheduler_.now(), "known", message.path, message.key);
        return answer(reply, known->second.answers_fault ? refusal(500, "internal") : known->second.reply);
    }
    if (faults_.strikes(Fault::fault_before)) return answer(reply, refusal(500, "internal"));

    Record& record = records_[place];
    record.arrived = record.visible = scheduler_.now();
    if (faults_.strikes(Fault::stale_look_up)) record.visible += faults_.between(Fault::stale_look_up, 100ms, 1min);
    answer(reply, perform(message, record));
}

OutboundReply World::look_up(const Message& message) {
    const auto known = records_.find(std::string(name(message.side)) + message.key);
    const bool found = known != records_.end() && known->second.visible <= scheduler_.now() &&
                       scheduler_.now() - known->second.arrived <= section6_traits.key_window;
    history_.note(scheduler_.now(), "looked up", message.key, found ? known->second.reply.status : 404);
    return found ? known->second.reply : refusal(404, "not_found");
}

OutboundReply World::perform(const Message& message, Record& record) {
    record.reply = message.side == Side::gateway ? pay(message) : move_goods(message);
    history_.note(scheduler_.now(), "performed", message.path, message.key, record.reply.status, record.reply.body);
    record.answers_fault = faults_.strikes(Fault::fault_kept);
    if (record.answers_fault || faults_.strikes(Fault::fault_after)) return refusal(500, "internal");
    OutboundReply told = record.reply;
    const auto amount = told.body.find("\"amount\":");
    if (amount != std::string::npos && faults_.strikes(Fault::wrong_echo)) told.body.insert(amount + 9, "1");
    return told;
}

OutboundReply World::pay(const Message& message) {
    const json::value parsed = json::parse(message.body);
    const json::object& in = parsed.as_object();
    const std::string reference = text(in, "reference");
    const std::int64_t amount = amount_in(in);
    if (message.path == "/v1/authorize") {
        const std::string token = text(in, "payment_method");
        if (token == "tok_declined") return refusal(402, "card_declined");
        if (token == "tok_customer") {
            return {402, R"({"error":"authentication_required","redirect_url":"https://bank.example/"})", {}};
        }
        const std::string id = act(Step::authorize, reference, "", amount);
        payments_[id] = {.reference = reference, .token = token, .amount = amount, .capture_id = {}};
        return ok(R"({"authorization_id":")" + id + R"(","status":"authorized","amount":)" + std::to_string(amount) + "}");
    }
    if (message.path == "/v1/refund") {
        const auto capture = captures_.find(text(in, "capture_id"));
        if (capture == captures_.end()) return refusal(404, "no_such_capture");
        Payment& payment = payments_.at(capture->second);
        if (payment.refunded || faults_.strikes(Fault::undo_refused)) return refusal(400, "cannot_refund");
        payment.refunded = true;
        return ok(R"({"refund_id":")" + act(Step::refund, payment.reference, capture->first, amount) +
                  R"(","status":"refunded"})");
    }
    const auto at = payments_.find(text(in, "authorization_id"));
    if (at == payments_.end()) return refusal(404, "no_such_authorization");
    Payment& payment = at->second;
    const bool stands = payment.capture_id.empty() && !payment.voided;
    if (message.path == "/v1/void") {
        if (!stands || faults_.strikes(Fault::undo_refused)) return refusal(400, "cannot_void");
        payment.voided = true;
        return ok(R"({"void_id":")" + act(Step::void_authorization, payment.reference, at->first, 0) +
                  R"(","status":"voided"})");
    }
    if (!stands || payment.token == "tok_capture_fails") return refusal(400, "cannot_capture");
    payment.capture_id = act(Step::capture, payment.reference, at->first, amount);
    captures_[payment.capture_id] = at->first;
    return ok(R"({"capture_id":")" + payment.capture_id + R"(","status":"captured","amount":)" + std::to_string(amount) + "}");
}

OutboundReply World::move_goods(const Message& message) {
    const bool inventory = message.side == Side::inventory;
    const std::string member = inventory ? "reservation_id" : "shipment_id";
    const bool undo = message.path.ends_with("/release") || message.path.ends_with("/cancel");
    if (!undo) {
        const json::value parsed = json::parse(message.body);
        const json::object& in = parsed.as_object();
        const std::string sku = text(in.at("items").as_array().at(0).as_object(), "sku");
        if (inventory && sku == "SKU-OUT") return refusal(409, "out_of_stock");
        if (!inventory && sku == "SKU-UNSHIPPABLE") return refusal(409, "cannot_ship");
        const std::string reference = text(in, "reference");
        const std::string id = act(inventory ? Step::reserve : Step::ship, reference, "", 0);
        goods_[id] = {reference};
        return ok("{\"" + member + "\":\"" + id + "\"}");
    }
    const std::string placed = message.path.substr(0, message.path.rfind('/'));
    const auto at = goods_.find(last_segment(placed));
    if (at == goods_.end()) return refusal(404, "not_found");
    if (!std::exchange(at->second.undone, true)) {
        [[maybe_unused]] const auto id =
            act(inventory ? Step::release : Step::cancel_shipment, at->second.reference, at->first, 0);
    }
    return ok("{\"" + member + "\":\"" + at->first + "\"}");
}

std::string World::act(Step step, const std::string& reference, const std::string& of, std::int64_t amount) {
    std::string id = std::string(tollgate::name(step)) + "_" + std::to_string(effects_.size() + 1);
    effects_.push_back({step, reference, id, of, amount, scheduler_.now()});
    check_order(effects_.back());
    return id;
}

/// Nothing goes out that is not paid for, and undoing goes backwards: nothing is taken back while what was built upon it
/// stands.
void World::check_order(const Effect& effect) {
    Standing& stands = standings_[effect.reference];
    const auto must = [&](bool holds, const char* what) {
        if (!holds) violation(std::string(what) + " (" + effect.id + " of " + effect.reference + ")");
    };
    switch (effect.step) {
        case Step::reserve:
            ++stands.reserved;
            break;
        case Step::authorize:
            ++stands.authorized;
            must(stands.authorized + stands.captured == 1, "two live payments of one charge");
            must(stands.reserved > 0, "money was asked for without a reservation");
            break;
        case Step::capture:
            --stands.authorized;
            ++stands.captured;
            must(stands.captured == 1, "two captured payments of one charge");
            break;
        case Step::ship:
            ++stands.shipped;
            must(stands.captured == 1, "a shipment without a captured payment");
            must(stands.shipped == 1, "two shipments of one charge");
            break;
        case Step::cancel_shipment:
            --stands.shipped;
            break;
        case Step::refund:
            --stands.captured;
            must(stands.shipped == 0, "a refund while the shipment stands");
            must(stands.reserved > 0, "a refund after the reservation was released");
            break;
        case Step::void_authorization:
            --stands.authorized;
            must(stands.reserved > 0, "a void after the reservation was released");
            break;
        case Step::release:
            --stands.reserved;
            must(stands.authorized + stands.captured + stands.shipped == 0, "a release while payment or shipment stand");
            break;
    }
}

Standing World::standing(const std::string& reference) const {
    const auto at = standings_.find(reference);
    return at == standings_.end() ? Standing() : at->second;
}

std::vector<std::pair<std::string, std::string>> World::money_moved(const std::string& reference) const {
    std::vector<std::pair<std::string, std::string>> moved;
    for (const Effect& effect : effects_) {
        if (effect.reference == reference && is_money(effect.step)) {
            moved.emplace_back(tollgate::name(effect.step), effect.id);
        }
    }
    return moved;
}

}  // namespace tollgate::simulation
