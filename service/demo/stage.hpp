#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/exchange.hpp"

namespace tollgate::demo {

/// What somebody was called for.
struct Page {
    std::string kind;
    std::string charge_id;
    std::string detail;
};

/// What a scenario plays on: the service, and what is within reach when it is the demo's own.
struct Stage {
    const Runtime& runtime;
    Exchange& service;
    Exchange* sandbox = nullptr;
    const std::vector<Page>* pages = nullptr;  // that the service sent so far
    std::string run;                           // drawn once, part of every order and key, so that a demo can be repeated

    /// The order, or the key, of this run that has this name.
    [[nodiscard]] std::string named(const std::string& name) const { return "demo-" + run + "-" + name; }
};

struct Order {
    std::string name;
    std::string token = "tok_visa";
    std::string sku = "SKU-1";
    std::string email = "ann@example.com";
    std::string capture = "automatic";
};

/// One POST /charge.
Task<Result<OutboundReply>> send(Stage& stage, const Order& order);

/// The answer once it is final: asks again, as a client would, while it is still 202 or in flight.
Task<Result<OutboundReply>> charge(Stage& stage, Order order);

Task<Result<OutboundReply>> get(Stage& stage, Exchange& from, std::string path);

/// A string member of a JSON object; empty when it is not there.
[[nodiscard]] std::string text(const std::string& body, std::string_view member);

/// As the reason of a failure.
[[nodiscard]] std::string unexpected(const Result<OutboundReply>& reply);

}  // namespace tollgate::demo
