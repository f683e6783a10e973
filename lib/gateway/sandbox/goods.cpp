#include "gateway/sandbox/goods.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace tollgate::sandbox {

using boost::json::object;

namespace {

enum class Order : std::uint8_t { good, refused, invalid };

Order judge(const object& body, std::string_view refused_sku) {
    const auto* const items = body.if_contains("items");
    if (items == nullptr || !items->is_array() || items->get_array().empty()) return Order::invalid;
    bool refused = false;
    for (const auto& item : items->get_array()) {
        if (!item.is_object()) return Order::invalid;
        const auto* const quantity = item.get_object().if_contains("quantity");
        const std::string_view sku = text_of(item.get_object(), "sku");
        if (sku.empty() || quantity == nullptr || !quantity->is_int64() || quantity->get_int64() <= 0) return Order::invalid;
        refused = refused || sku == refused_sku;
    }
    return refused ? Order::refused : Order::good;
}

}  // namespace

Effect Goods::effect(std::string_view type, std::string id, const Placed& placed, CallFacts facts,
                     std::string_view status) const {
    Effect made;
    made.at = facts.now;
    made.type = type;
    made.id = std::move(id);
    made.reference = placed.reference;
    made.idempotency_key = facts.key;
    made.order_id = placed.order_id;
    made.status = status;
    return made;
}

Reaction Goods::reply(std::string_view id, std::string_view status) const {
    object body;
    body[boost::json::string_view(words_.id_member.data(), words_.id_member.size())] =
        boost::json::string_view(id.data(), id.size());
    body["status"] = boost::json::string_view(status.data(), status.size());
    Reaction reaction;
    reaction.body = boost::json::serialize(body);
    return reaction;
}

Reaction Goods::place(const object& body, CallFacts facts) {
    if (text_of(body, "reference").empty()) return refuse(422, "validation_failed", "reference must be a non-empty string");
    const Order order = judge(body, words_.refused_sku);
    if (order == Order::invalid)
        return refuse(422, "validation_failed", "items must hold objects with a sku and a positive quantity");
    if (order == Order::refused) return refuse(409, words_.refusal, "the sandbox was asked to refuse these items");

    const std::string id = id_from(words_.prefix, facts.key);
    Placed& placed = placed_.add(id);
    placed = Placed{std::string(text_of(body, "reference")), std::string(text_of(body, "order_id")), 0, false};
    placed.seq = books_.write(effect(words_.placed, id, placed, facts, words_.placed_as));
    return reply(id, words_.placed_as);
}

Reaction Goods::undo(std::string_view id, CallFacts facts) {
    Placed* placed = placed_.find(id);
    if (placed == nullptr) {
        if (!forgetful_ || !is_id(words_.prefix, id)) return refuse(404, "not_found", "nothing was placed under this id");
        placed = &placed_.add(id);
    }
    if (!placed->undone) {
        placed->undone = true;
        books_.write(effect(words_.undone, std::string(id), *placed, facts, words_.undone_as));
        books_.restate(placed->seq, words_.undone_as);
    }
    return reply(id, words_.undone_as);
}

}  // namespace tollgate::sandbox
