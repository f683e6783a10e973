#pragma once

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include "gateway/http_gateway.hpp"
#include "gateway/http_goods.hpp"
#include "gateway/sandbox/sandbox_exchange.hpp"
#include "net/http_client.hpp"
#include "support/event_loop.hpp"
#include "support/scripted_server.hpp"
#include "support/virtual_time.hpp"

namespace tollgate::test {

using namespace std::chrono_literals;

inline Money usd(std::int64_t minor) {
    return {minor, *Currency::from_code("USD")};
}

inline AuthorizeRequest authorize_request(std::string token = "tok_visa", std::int64_t amount = 4999) {
    return {.reference = "ch_1",
            .order_id = "ord_1",
            .amount = usd(amount),
            .payment_method = std::move(token),
            .customer = {"cus_1", "ann@example.com", "US"}};
}

inline GoodsRequest goods_request(std::string sku = "SKU-1") {
    return {"ch_1", "ord_1", {{std::move(sku), 1}}};
}

/// The same step, asked about in either way.
inline CallContext call(std::string key, SteadyTime deadline, Ask ask = Ask::perform) {
    return {std::move(key), "", deadline, ask};
}

/// The adapters in one process with the sandbox, in virtual time.
struct SandboxRig {
    explicit SandboxRig(sandbox::WorldOptions options = {}) : world(std::move(options)) {}

    CallContext with(std::string key, Ask ask = Ask::perform) { return call(std::move(key), time.steady() + 10s, ask); }
    Result<AuthorizeOutcome> authorize(std::string token, std::string key, Ask ask = Ask::perform) {
        return time.run(gateway.authorize(authorize_request(std::move(token)), with(std::move(key), ask)));
    }
    boost::json::array ledger() {
        const auto reaction = world.handle("GET", "/sandbox/ledger", "", "", time.wall());
        return boost::json::parse(reaction.body).as_array();
    }
    /// "type:status" of every effect, in order.
    std::string history() {
        std::string out;
        for (const auto& effect : ledger()) {
            out += out.empty() ? "" : " ";
            out += std::string(effect.at("type").as_string()) + ":" + std::string(effect.at("status").as_string());
        }
        return out;
    }

    VirtualTime time;
    sandbox::World world;
    sandbox::SandboxExchange exchange{time.runtime(), world};
    HttpGateway gateway{exchange, {.name = "sandbox"}};
    HttpGoods inventory{exchange, inventory_words};
    HttpGoods shipping{exchange, shipping_words};
};

/// The adapters against a server that answers every request with the same bytes.
inline ScriptedServer::Conversation always(int status, std::string body, std::string headers = "") {
    return [=](Peer& peer) {
        while (!peer.read_request().empty()) peer.answer(status, body, headers);
    };
}

inline Result<AuthorizeOutcome> authorize_at(ScriptedServer::Conversation conversation, Ask ask = Ask::perform) {
    ScriptedServer server(std::move(conversation));
    EventLoop loop;
    const auto client = HttpClient::make(loop.runtime(), server.url());
    HttpGateway gateway(**client);
    return loop.run(gateway.authorize(authorize_request(), call("key-1", loop.in(5s), ask)));
}

inline Result<std::string> place_at(ScriptedServer::Conversation conversation, Ask ask = Ask::perform) {
    ScriptedServer server(std::move(conversation));
    EventLoop loop;
    const auto client = HttpClient::make(loop.runtime(), server.url());
    HttpGoods inventory(**client, inventory_words);
    return loop.run(inventory.place(goods_request(), call("key-1", loop.in(5s), ask)));
}

}  // namespace tollgate::test
