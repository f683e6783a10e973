// The table of adapters: add yours here.
#include <boost/json/parse.hpp>

#include "gateway/http_gateway.hpp"
#include "gateway/sandbox/world.hpp"
#include "gateways/conformance_kit.hpp"
#include "gateways/stripe_world.hpp"

namespace tollgate::test {
namespace {

/// The sandbox, for whatever speaks contract section 6.
class SandboxWorld final : public World {
public:
    Wire handle(const OutboundRequest& request, WallTime now) override {
        const auto reaction = world_.handle(request.method, request.path, request.idempotency_key, request.body, now);
        return {reaction.status, reaction.body, reaction.headers,
                reaction.cut == sandbox::Cut::none ? Wire::End::whole : Wire::End::cut};
    }

    Truth truth(const std::string& reference) override {
        Truth truth;
        const auto ledger = world_.handle("GET", "/sandbox/ledger", "", "", WallTime{});
        for (const auto& effect : boost::json::parse(ledger.body).as_array()) {
            const std::int64_t amount = effect.at("amount").as_int64();
            const std::string_view type = view(effect, "type");
            const std::string_view status = view(effect, "status");
            if (view(effect, "reference") != reference || status == "failed") continue;
            if (type == "authorize" && status != "voided") ++truth.payments;
            if (type == "authorize" && status == "authorized") truth.held += amount;
            if (type == "capture") truth.captured += amount;
            if (type == "refund") {
                truth.refunded += amount;
                ++truth.refunds;
            }
        }
        return truth;
    }

    bool customer_returns(const std::string&, bool, WallTime) override { return false; }

private:
    static std::string_view view(const boost::json::value& effect, const char* member) {
        const auto& text = effect.at(member).as_string();
        return {text.data(), text.size()};
    }

    sandbox::World world_;
};

}  // namespace

const std::vector<AdapterKind>& adapters() {
    static const std::vector<AdapterKind> all{
        {.name = "section 6",
         .adapter = [](Exchange& exchange, const Runtime&) { return std::make_unique<HttpGateway>(exchange); },
         .world = [] { return std::make_unique<SandboxWorld>(); },
         .methods = {"tok_visa", "tok_declined", "tok_insufficient_funds", "tok_expired", "tok_authentication_required"}},
        {.name = "stripe",
         .adapter = [](Exchange& exchange,
                       const Runtime&) { return std::make_unique<StripeGateway>(exchange, stripe_account()); },
         .world = [] { return std::make_unique<StripeWorld>(); },
         .methods = {"pm_card_visa", "tok_chargeDeclined", "pm_card_chargeDeclinedInsufficientFunds",
                     "pm_card_chargeDeclinedExpiredCard", "tok_threeDSecure2Required"},
         .impossible = {money(1001, "KWD"), money(1000, "CLF"), money(150, "MGA")}},
    };
    return all;
}

}  // namespace tollgate::test
