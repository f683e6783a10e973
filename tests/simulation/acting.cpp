// What the sides of the world do when a call reaches them, and in which order they may do it.
#include <boost/json/parse.hpp>
#include <utility>

#include "simulation/world.hpp"

namespace tollgate::simulation {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

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

bool is_money(Step step) {
    return step == Step::authorize || step == Step::capture || step == Step::refund || step == Step::void_authorization;
}

}  // namespace

OutboundReply World::pay(const Message& message) {
    const json::value parsed = json::parse(message.body);
    const json::object& in = parsed.as_object();
    const std::string reference = text(in, "reference");
    const std::int64_t amount = amount_in(in);
    if (message.path == "/v1/authorize") {
        const std::string token = text(in, "payment_method");
        if (token == "tok_declined") {
            tell("failed", reference, "", amount);
            return refusal(402, "card_declined");
        }
        if (token == "tok_listed") violation("the gateway was asked for a charge that is blocked: " + reference);
        const auto* const wanted = in.if_contains("authenticate");
        const bool asks = token == "tok_customer" || (wanted != nullptr && wanted->get_bool());
        if (asks && !authenticated_.contains(reference)) {
            if (faults_.strikes(Fault::customer)) authenticate(reference);
            return {402, R"({"error":"authentication_required","redirect_url":"https://bank.example/"})", {}, {}};
        }
        const std::string id = act(Step::authorize, reference, amount);
        payments_[id] = {.reference = reference, .token = token, .amount = amount, .capture_id = {}};
        tell("authorized", reference, R"("authorization_id":")" + id + '"', amount);
        std::string until;
        if (faults_.strikes(Fault::expires)) {
            const WallTime end = scheduler_.nature().wall() + faults_.between(Fault::expires, 1min, 4h);
            until = R"(,"expires_at":")" + to_rfc3339(end) + '"';
        }
        const std::string card = token == "tok_abroad"     ? R"(,"card_country":"FR")"
                                 : token == "tok_mismatch" ? R"(,"cvv_result":"mismatch")"
                                                           : "";
        return ok(R"({"authorization_id":")" + id + R"(","status":"authorized","amount":)" + std::to_string(amount) + until +
                  card + "}");
    }
    if (message.path == "/v1/refund") {
        const auto capture = captures_.find(text(in, "capture_id"));
        if (capture == captures_.end()) return refusal(404, "no_such_capture");
        Payment& payment = payments_.at(capture->second);
        if (amount > payment.left || faults_.strikes(Fault::undo_refused)) return refusal(400, "cannot_refund");
        payment.left -= amount;
        const std::string id = act(Step::refund, payment.reference, amount);
        tell("refunded", payment.reference, R"("refund_id":")" + id + '"', amount);
        return ok(R"({"refund_id":")" + id + R"(","status":"refunded"})");
    }
    const auto at = payments_.find(text(in, "authorization_id"));
    if (at == payments_.end()) return refusal(404, "no_such_authorization");
    Payment& payment = at->second;
    const bool stands = payment.capture_id.empty() && !payment.voided;
    if (message.path == "/v1/void") {
        if (!stands || faults_.strikes(Fault::undo_refused)) return refusal(400, "cannot_void");
        payment.voided = true;
        const std::string id = act(Step::void_authorization, payment.reference, payment.amount);
        tell("voided", payment.reference, R"("authorization_id":")" + at->first + '"', payment.amount);
        return ok(R"({"void_id":")" + id + R"(","status":"voided"})");
    }
    const bool too_much = amount <= 0 || amount > payment.amount;
    if (!stands || too_much || payment.token == "tok_capture_fails") return refusal(400, "cannot_capture");
    payment.left = amount;
    payment.capture_id = act(Step::capture, payment.reference, amount);
    captures_[payment.capture_id] = at->first;
    const std::string ids = R"("authorization_id":")" + at->first + R"(","capture_id":")" + payment.capture_id + '"';
    tell("captured", payment.reference, ids, amount);
    if (faults_.strikes(Fault::disputes)) dispute(payment.reference, ids, amount);
    return ok(R"({"capture_id":")" + payment.capture_id + R"(","status":"captured","amount":)" + std::to_string(amount) + "}");
}

void World::tell(std::string_view type, const std::string& reference, const std::string& ids, std::int64_t amount) {
    if (faults_.strikes(Fault::tells)) surely_tell(type, reference, ids, amount);
}

void World::surely_tell(std::string_view type, const std::string& reference, const std::string& ids, std::int64_t amount) {
    std::string body = R"({"id":"n)" + std::to_string(++told_) + R"(","type":"payment.)" + std::string(type) +
                       R"(","created":1,"data":{"reference":")" + reference + R"(",)" + ids + (ids.empty() ? "" : ",") +
                       R"("amount":)" + std::to_string(amount) + R"(,"currency":"USD"}})";
    for (std::uint64_t copies = 1 + faults_.draw(Fault::tells, 3); copies > 0; --copies) {
        const bool soon = faults_.draw(Fault::tells, 2) == 0;
        const Milliseconds travel = soon ? faults_.between(Fault::tells, 1ms, 1s) : faults_.between(Fault::tells, 1s, 10min);
        scheduler_.at(scheduler_.now() + travel, [this, body] { news(body); });
    }
}

/// The customer wants the money back, by way of their bank: some time later.
void World::dispute(const std::string& reference, const std::string& ids, std::int64_t amount) {
    const std::string id = "dispute_of_" + reference;
    disputes_[reference] = {id, amount};
    surely_tell("disputed", reference, ids + R"(,"dispute_id":")" + id + '"', amount);
}

void World::authenticate(const std::string& reference) {
    scheduler_.at(scheduler_.now() + faults_.between(Fault::customer, 1s, 1min), [this, reference] {
        if (authenticated_.insert(reference).second) surely_tell("action_completed", reference, "", 1);
    });
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
        const std::string id = act(inventory ? Step::reserve : Step::ship, reference, 0);
        goods_[id] = {reference};
        return ok("{\"" + member + "\":\"" + id + "\"}");
    }
    const std::string placed = message.path.substr(0, message.path.rfind('/'));
    const auto at = goods_.find(last_segment(placed));
    if (at == goods_.end()) return refusal(404, "not_found");
    if (!std::exchange(at->second.undone, true)) {
        [[maybe_unused]] const auto id = act(inventory ? Step::release : Step::cancel_shipment, at->second.reference, 0);
    }
    return ok("{\"" + member + "\":\"" + at->first + "\"}");
}

std::string World::act(Step step, const std::string& reference, std::int64_t amount) {
    std::string id = std::string(tollgate::name(step)) + "_" + std::to_string(effects_.size() + 1);
    effects_.push_back({step, reference, id, amount});
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
            stands.taken += effect.amount;
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
            stands.given_back += effect.amount;
            must(stands.given_back <= stands.taken, "more was refunded than captured");
            if (stands.given_back == stands.taken) --stands.captured;
            must(stands.shipped == 0 || refund_is_wished(effect.reference), "a refund while the shipment stands");
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

std::vector<MoneyMoved> World::money_moved(const std::string& reference) const {
    std::vector<MoneyMoved> moved;
    for (const Effect& effect : effects_) {
        if (effect.reference == reference && is_money(effect.step)) {
            moved.emplace_back(tollgate::name(effect.step), effect.id, effect.amount);
        }
    }
    const auto disputed = disputes_.find(reference);
    if (disputed != disputes_.end()) moved.emplace_back("dispute", disputed->second.first, disputed->second.second);
    return moved;
}

}  // namespace tollgate::simulation
