#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "integration/shop.hpp"
#include "support/redis_server.hpp"

/// What the tests of the operators' routes have in common.
namespace tollgate::test {

/// A service of two shops, "anna" and "bert", and of two operators, "ops" and "night", on a store of either kind; a sandbox
/// outside.
class Firm {
public:
    explicit Firm(bool on_redis, Variables more = {});

    /// The call as one of the four makes it; nobody: without a key.
    [[nodiscard]] static Call as(const std::string& who, Call call);
    /// The answer to it, which must be what the API's document says.
    [[nodiscard]] Reply ask(const std::string& who, const Call& call) const;
    [[nodiscard]] Reply get(const std::string& who, const std::string& path) const { return ask(who, {.path = path}); }
    /// The answer to a shop's charge, which must have this status.
    [[nodiscard]] Reply charge(const std::string& shop, const std::string& key, const Order& order = {},
                               int status = 201) const;
    /// POST /admin/charges/ID/refund; an empty body is none.
    [[nodiscard]] Call refund(const std::string& charge_id, const std::string& key, const std::string& body = "") const;
    [[nodiscard]] unsigned short port() const { return service->port(); }

    std::unique_ptr<RedisServer> redis;
    Folder folder;
    std::unique_ptr<Program> sandbox;
    std::unique_ptr<Program> service;
};

/// The charge ids of a list's `data`, in its order.
[[nodiscard]] std::vector<std::string> charges_in(const json::object& list);

}  // namespace tollgate::test
