#pragma once

#include "gateway/sandbox/payments.hpp"

namespace tollgate::sandbox {

/// The inventory's or the shipping service's side of the sandbox: goods are placed and taken back. Taking back twice is
/// the same as once.
class Goods {
public:
    struct Words {
        std::string_view prefix;     // of ids
        std::string_view id_member;  // in answers
        std::string_view placed;     // effect types and states
        std::string_view placed_as;
        std::string_view undone;
        std::string_view undone_as;
        std::string_view refused_sku;
        std::string_view refusal;
    };
    static constexpr Words inventory{"res_",    "reservation_id", "reserve", "reserved",
                                     "release", "released",       "SKU-OUT", "out_of_stock"};
    static constexpr Words shipping{"shp_",     "shipment_id",     "ship",       "shipped", "cancel",
                                    "canceled", "SKU-UNSHIPPABLE", "cannot_ship"};

    Goods(Books& books, Words words, bool forgetful, std::size_t max)
        : books_(books), words_(words), forgetful_(forgetful), placed_(max) {}

    Reaction place(const boost::json::object& body, CallFacts facts);
    Reaction undo(std::string_view id, CallFacts facts);

    void clear() { placed_.clear(); }

private:
    struct Placed {
        std::string reference;
        std::string order_id;
        std::uint64_t seq = 0;
        bool undone = false;
    };

    [[nodiscard]] Effect effect(std::string_view type, std::string id, const Placed& placed, CallFacts facts,
                                std::string_view status) const;
    [[nodiscard]] Reaction reply(std::string_view id, std::string_view status) const;

    Books& books_;
    Words words_;
    bool forgetful_;
    BoundedMap<Placed> placed_;
};

}  // namespace tollgate::sandbox
