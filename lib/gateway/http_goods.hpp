#pragma once

#include <string>

#include "gateway/exchange.hpp"
#include "gateway/http_gateway.hpp"
#include "gateway/outside.hpp"

namespace tollgate {

/// The two services of contract section 6 that move goods, and the words they differ in.
struct GoodsWords {
    std::string_view path;       // where goods are placed
    std::string_view undo;       // the last segment of taking it back
    std::string_view id_member;  // in answers
};

inline constexpr GoodsWords inventory_words{"/v1/reservations", "release", "reservation_id"};
inline constexpr GoodsWords shipping_words{"/v1/shipments", "cancel", "shipment_id"};

/// Inventory or shipping over HTTP. Borrows the exchange; for its thread.
class HttpGoods final : public GoodsService {
public:
    HttpGoods(Exchange& exchange, GoodsWords words, GatewayTraits traits = section6_traits)
        : exchange_(exchange), words_(words), traits_(traits) {}

    [[nodiscard]] GatewayTraits traits() const noexcept override { return traits_; }

    Task<Result<std::string>> place(GoodsRequest request, CallContext context) override;
    Task<Result<std::string>> undo(std::string id, CallContext context) override;

private:
    Exchange& exchange_;
    GoodsWords words_;
    GatewayTraits traits_;
};

}  // namespace tollgate
