#include "service/demo/scenarios.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <utility>

#include "service/demo/reconciliation.hpp"
#include "signing/signatures.hpp"
#include "telemetry/log.hpp"

namespace tollgate::demo {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr const char* blocklisted = "eve@example.com";

/// The effects of an order at the sandbox, as "reserve authorize capture ship".
Task<std::string> effects(Stage& stage, std::string order) {
    const auto reply = co_await get(stage, *stage.sandbox, "/sandbox/ledger");
    std::string types;
    if (!reply) co_return types;
    json::error_code error;
    const json::value ledger = json::parse(reply->body, error);
    if (error || !ledger.is_array()) co_return types;
    for (const json::value& effect : ledger.get_array()) {
        if (effect.at("order_id").as_string() != "demo-" + stage.run + "-" + order) continue;
        types += (types.empty() ? "" : " ") + std::string(effect.at("type").as_string());
    }
    co_return types;
}

Task<std::string> succeeds_after_failures(Stage& stage) {
    const auto reply = co_await charge(stage, {.name = "one", .token = "tok_flaky_2"});
    if (!reply || reply->status != 201 || text(reply->body, "status") != "succeeded") co_return unexpected(reply);
    if (stage.sandbox == nullptr) co_return "";
    const std::string seen = co_await effects(stage, "one");
    co_return seen == "reserve authorize capture ship" ? "" : "the sandbox saw: " + seen;
}

Task<std::string> replay_calls_no_gateway(Stage& stage) {
    const auto first = co_await charge(stage, {.name = "two"});
    if (!first || first->status != 201) co_return unexpected(first);
    const std::string before = stage.sandbox == nullptr ? "" : co_await effects(stage, "two");
    const auto again = co_await send(stage, {.name = "two"});
    if (!again || again->status != 201) co_return unexpected(again);
    if (again->body != first->body) co_return "the second answer differs from the first";
    const std::string after = stage.sandbox == nullptr ? "" : co_await effects(stage, "two");
    co_return after == before ? "" : "the sandbox saw another call: " + after;
}

Task<std::string> unshippable_is_undone(Stage& stage) {
    const auto reply = co_await charge(stage, {.name = "three", .sku = "SKU-UNSHIPPABLE"});
    if (!reply || reply->status != 409 || text(reply->body, "code") != "cannot_ship") co_return unexpected(reply);
    const auto stands = co_await get(stage, stage.service, "/charge/" + text(reply->body, "charge_id"));
    if (!stands || text(stands->body, "status") != "reversed") co_return unexpected(stands);
    if (stage.sandbox == nullptr) co_return "";
    const std::string seen = co_await effects(stage, "three");
    co_return seen == "reserve authorize capture refund release" ? "" : "the sandbox saw: " + seen;
}

/// What the gateway would tell of a charge that it captured.
std::string capture_event(const Stage& stage, const std::string& charge) {
    json::error_code error;
    const json::value read = json::parse(charge, error);
    const json::value& gateway = read.at("gateway");
    return json::serialize(json::object{{"id", "evt_demo_" + stage.run},
                                        {"type", "payment.captured"},
                                        {"created", 1'795'341'600},
                                        {"data",
                                         {{"reference", read.at("id")},
                                          {"authorization_id", gateway.at("authorization_id")},
                                          {"capture_id", gateway.at("capture_id")},
                                          {"amount", read.at("amount")},
                                          {"currency", read.at("currency")}}}});
}

/// As the sandbox signs it, with the secret that it is known by.
Task<Result<OutboundReply>> post_webhook(Stage& stage, std::string body, std::string signature) {
    OutboundRequest request{.method = "POST", .path = "/webhook", .body = std::move(body), .deadline = {}};
    request.headers.emplace_back("Stripe-Signature", std::move(signature));
    request.deadline = stage.runtime.clock.steady() + 10s;
    co_return co_await stage.service.exchange(std::move(request));
}

Task<std::string> webhook_is_believed_once(Stage& stage) {
    const auto reply = co_await charge(stage, {.name = "five"});
    if (!reply || reply->status != 201) co_return unexpected(reply);
    const std::string body = capture_event(stage, reply->body);
    const std::string signature = stripe_signature("whsec_sandbox", stage.runtime.clock.wall(), body);
    const auto first = co_await post_webhook(stage, body, signature);
    if (!first || first->status != 200 || first->body != R"({"received":true,"duplicate":false})") co_return unexpected(first);
    const auto again = co_await post_webhook(stage, body, signature);
    if (!again || again->status != 200 || again->body != R"({"received":true,"duplicate":true})") co_return unexpected(again);
    const auto tampered = co_await post_webhook(stage, body + " ", signature);
    const bool refused = tampered && tampered->status == 400 && text(tampered->body, "code") == "webhook_signature_invalid";
    co_return refused ? "" : unexpected(tampered);
}

Task<std::string> blocklisted_email_is_refused(Stage& stage) {
    const auto reply = co_await charge(stage, {.name = "four", .email = blocklisted});
    if (reply && reply->status == 201)
        co_return "the service charged it: its configuration lacks `rules = " + blocklist() + "` in [fraud]";
    if (!reply || reply->status != 402 || text(reply->body, "code") != "fraud_blocked") co_return unexpected(reply);
    const auto stands = co_await get(stage, stage.service, "/charge/" + text(reply->body, "charge_id"));
    if (!stands || text(stands->body, "status") != "blocked") co_return unexpected(stands);
    if (stage.sandbox == nullptr) co_return "";
    const std::string seen = co_await effects(stage, "four");
    co_return seen == "reserve release" ? "" : "the sandbox saw: " + seen;
}

/// What a line of this process's log comes to. The file stays open: from now on the log, once started, goes there.
std::string logged(std::string_view message, log::Fields fields) {
    const int file = memfd_create("log of the demo", MFD_CLOEXEC);
    log::start({.fd = file});
    log::write(log::Level::warn, message, fields);
    log::stop();
    std::string line(4096, '\0');
    const auto size = pread(file, line.data(), line.size(), 0);
    line.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return line;
}

Task<std::string> card_data_is_masked(Stage&) {
    const std::string line = logged("card 4242 4242 4242 4242, cvv 123", {{"number", "4242424242424242"}});
    const bool masked =
        line.find("card ************4242, cvv ***") != line.npos && line.find(R"("number":"************4242")") != line.npos;
    co_return masked ? "" : "the log holds: " + line;
}

}  // namespace

std::string blocklist() {
    return R"([{kind = "blocklist", emails = [")" + std::string(blocklisted) + R"("]}])";
}

std::vector<Scenario> scenarios() {
    return {{"checkout succeeds after two connection failures", succeeds_after_failures},
            {"a replay returns the same charge and calls no gateway", replay_calls_no_gateway},
            {"a failed shipment after capture is undone in reverse order", unshippable_is_undone},
            {"a blocklisted email is refused before any gateway call, its reservation released", blocklisted_email_is_refused},
            {"a webhook is accepted, its duplicate acknowledged once, a tampered one refused", webhook_is_believed_once},
            {"reconciliation finds one discrepancy of each kind and pages for a charge the gateway does not know",
             reconciliation_finds_each_kind},
            {"a card number and its CVV in a log line come out masked", card_data_is_masked}};
}

}  // namespace tollgate::demo
