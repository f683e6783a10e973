#include "integration/screening.hpp"

#include <catch2/catch.hpp>
#include <set>

namespace tollgate::test {

Variables ruled_by(const std::string& rules, Variables more) {
    more["TOLLGATE_FRAUD_RULES"] = "[" + rules + "]";
    more.emplace("TOLLGATE_STORE_TIMEOUT", "10s");  // a busy disk is not what these tests are about
    return more;
}

Order again(Order order, int number) {
    order.id += "-" + std::to_string(number);
    return order;
}

json::object risk_of(const Reply& charge) {
    const json::object body = body_of(charge);
    INFO(charge.body);
    REQUIRE(body.contains("risk"));
    json::object risk = body.at("risk").as_object();
    CHECK(risk.size() == 3);
    CHECK(risk.at("decision").is_string());
    CHECK(risk.at("score").is_int64());
    for (const json::value& rule : risk.at("rules").as_array()) {
        CHECK(rule.as_object().size() == 6);
        for (const char* member : {"name", "kind", "verdict", "detail"}) CHECK(rule.at(member).is_string());
        CHECK(rule.at("score").is_int64());
        CHECK(rule.at("shadow").is_bool());
    }
    return risk;
}

std::string verdicts(const Reply& charge) {
    std::string all;
    for (const json::value& rule : risk_of(charge).at("rules").as_array()) {
        const auto text = [&](const char* member) { return std::string(rule.at(member).as_string()); };
        all += (all.empty() ? "" : ", ") + text("name") + " " + text("verdict");
        if (rule.at("score") != 0) all += " " + std::to_string(rule.at("score").as_int64());
        if (rule.at("shadow").as_bool()) all += " shadow";
    }
    return all;
}

std::string judged(const Reply& charge) {
    const json::object risk = risk_of(charge);
    return std::string(risk.at("decision").as_string()) + " " + std::to_string(risk.at("score").as_int64()) + ": " +
           verdicts(charge);
}

Reply check_blocked(const EventStage& stage, const std::string& key, const Order& order) {
    const Reply refused = settled_charge(stage.port(), key, order);
    check_problem(refused, 402, "fraud_blocked");
    CHECK(refused.text("retriable") == "false");
    const std::string id = refused.text("charge_id");
    check_replay(must(charge(stage.port(), key, order)), refused);
    Reply blocked = stage.get("/charge/" + id);
    CHECK(blocked.status == 200);
    CHECK(blocked.text("status") == "blocked");
    CHECK(blocked.text("risk.decision") == "block");
    return blocked;
}

namespace {

/// As they stand now, in any order.
std::multiset<std::string> authorizations(const EventStage& stage, const Order& order) {
    std::multiset<std::string> all;
    OutsideLedger ledger = outside_ledger(stage.sandbox->port(), order.id);
    for (const Effect& effect : ledger[order.id]) {
        if (effect.type == "authorize") all.insert(effect.status + " " + std::to_string(effect.amount));
    }
    return all;
}

}  // namespace

void check_one_payment(const EventStage& stage, const Order& order, const std::string& status) {
    std::multiset<std::string> all = authorizations(stage, order);
    CHECK(all.erase("voided " + std::to_string(order.amount)) <= 1);
    CHECK(all == std::multiset<std::string>{status + " " + std::to_string(order.amount)});
}

void check_no_payment(const EventStage& stage, const Order& order) {
    std::multiset<std::string> all = authorizations(stage, order);
    all.erase("voided " + std::to_string(order.amount));
    CHECK(all.empty());
}

Overheard::Overheard(unsigned short outside_port)
    : server_(outside_port, [this](const test::Asked& call, const LyingGateway::Pass& pass) {
          const std::size_t body = call.wire.find("\r\n\r\n") + 4;
          if (!call.looks_up) {
              const std::lock_guard lock(mutex_);
              asked_.push_back(
                  {call.path, header_in(call.wire, "Idempotency-Key"), json::parse(call.wire.substr(body)).as_object()});
          }
          return pass();
      }) {}

std::vector<Overheard::Asked> Overheard::asked(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    std::vector<Asked> found;
    for (const Asked& one : asked_) {
        if (one.path.starts_with(path)) found.push_back(one);
    }
    return found;
}

}  // namespace tollgate::test
