#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "integration/lying_gateway.hpp"
#include "integration/operating.hpp"

/// What the tests of fraud rules have in common: rules as the operator writes them, and verdicts as the client reads them.
namespace tollgate::test {

/// Rules as in the configuration, with what else the service is to know.
[[nodiscard]] Variables ruled_by(const std::string& rules, Variables more = {});

inline const std::string blocks_eve = R"({kind = "blocklist", emails = ["eve@example.com"]})";
inline const std::string challenges_1000_usd = R"({kind = "high_amount", threshold = {USD = 100000}})";
inline const std::string blocks_mismatch = R"({kind = "avs_cvv"})";
inline const std::string challenges_strangers = R"({kind = "country_mismatch"})";

inline const Order from_eve{.email = "eve@example.com"};
inline const Order expensive{.amount = 100'000};
inline const Order wrong_code{.token = "tok_cvv_mismatch"};
inline const Order french_card{.token = "tok_country_FR"};

inline const std::string never_asked = "reserve release";
inline const std::string taken_back = "reserve authorize void release";
inline const std::string replaced = "reserve authorize void";  // and the customer is waited for
inline const std::string paid_in_place = "reserve authorize void authorize capture ship";

/// The order's further purchases, told apart by their number.
[[nodiscard]] Order again(Order order, int number);

/// The charge's `risk`, with the members that the contract promises and no more.
[[nodiscard]] json::object risk_of(const Reply& charge);

/// What each rule said in its order, as "blocklist pass, many score 30, avs_cvv block shadow".
[[nodiscard]] std::string verdicts(const Reply& charge);

/// "review 60: " and the verdicts.
[[nodiscard]] std::string judged(const Reply& charge);

/// A charge that a rule blocked: the answer, the charge, its replay. The charge as it stands is handed on.
Reply check_blocked(const EventStage& stage, const std::string& key, const Order& order);

/// That the order has one payment that lives at the gateway, for this amount, and all others were voided.
void check_one_payment(const EventStage& stage, const Order& order, const std::string& status);

/// That none of the order's payments lives.
void check_no_payment(const EventStage& stage, const Order& order);

/// Which calls the outside was asked for, with their bodies. In front of the sandbox; other calls pass.
class Overheard {
public:
    struct Asked {
        std::string path;
        std::string key;
        json::object body;
    };
    explicit Overheard(unsigned short outside_port);

    /// The gateway's address.
    [[nodiscard]] Variables settings() const { return {{"TOLLGATE_GATEWAY_URL", server_.url()}}; }
    /// The calls so far whose path begins so.
    [[nodiscard]] std::vector<Asked> asked(const std::string& path = "/v1/") const;

private:
    mutable std::mutex mutex_;
    std::vector<Asked> asked_;
    LyingGateway server_;
};

}  // namespace tollgate::test
