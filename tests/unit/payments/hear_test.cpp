#include "payments/hear.hpp"

#include <catch2/catch.hpp>

using namespace tollgate;
using namespace std::chrono_literals;
using News = GatewayNews::Kind;
using Outcome = NewsOutcome::Kind;

namespace {

constexpr WallTime noon{std::chrono::sys_days(std::chrono::November / 22 / 2026) + 12h};
const Currency usd = *Currency::from_code("USD");

Charge at_reserve(bool manual = false) {
    Charge charge({.order_id = "ord_1",
                   .amount = {4999, usd},
                   .payment_method = "tok_visa",
                   .customer = {"cus_1", "ann@example.com", "US"},
                   .items = {{"SKU-1", 1}},
                   .manual_capture = manual,
                   .metadata = {}});
    charge.id = "ch_1";
    charge.intent = Intent{.step = Step::reserve, .since = noon};
    return charge;
}

Charge at_authorize(bool manual = false) {
    Charge charge = at_reserve(manual);
    charge.reservation_id = "res_1";
    charge.intent = Intent{.step = Step::authorize, .since = noon};
    return charge;
}

Charge at_customer() {
    Charge charge = at_authorize();
    charge.redirect_url = "https://bank.example/3ds";
    charge.intent.reset();
    return charge;
}

Charge at_capture(bool manual = false) {
    Charge charge = at_authorize(manual);
    charge.authorization = Authorization{.id = "auth_1", .expires_at = noon + 168h};
    charge.intent = manual ? std::nullopt : std::optional(Intent{.step = Step::capture, .since = noon});
    return charge;
}

Charge succeeded() {
    Charge charge = at_capture();
    charge.capture_id = "cap_1";
    charge.captured = 4999;
    charge.shipment_id = "ship_1";
    charge.intent.reset();
    return charge;
}

Charge undoing(Step at) {
    Charge charge = at == Step::refund ? succeeded() : at_capture();
    charge.shipment_id.clear();
    charge.failure = Failure{.step = Step::ship, .error = {Code::cannot_ship, "no carrier"}};
    charge.intent = Intent{.step = at, .since = noon};
    return charge;
}

Charge declined() {
    Charge charge = at_authorize();
    charge.failure = Failure{.step = Step::authorize, .error = {Code::card_declined, "declined"}};
    charge.released = true;
    charge.intent.reset();
    return charge;
}

GatewayNews news(News kind, std::optional<std::int64_t> amount = {}) {
    GatewayNews news{.kind = kind, .reference = "ch_1"};
    if (amount) news.amount = Money{*amount, usd};
    return news;
}

GatewayNews authorized(std::string id = "auth_1") {
    GatewayNews told = news(News::authorized, 4999);
    told.authorization_id = std::move(id);
    return told;
}

GatewayNews captured(std::string id = "cap_1", std::int64_t amount = 4999) {
    GatewayNews told = news(News::captured, amount);
    told.authorization_id = "auth_1";
    told.capture_id = std::move(id);
    return told;
}

GatewayNews refunded(std::string id, std::int64_t amount) {
    GatewayNews told = news(News::refunded, amount);
    told.refund_id = std::move(id);
    return told;
}

GatewayNews total_refunded(std::int64_t amount) {
    GatewayNews told = refunded("", amount);
    told.in_total = true;
    return told;
}

Outcome heard(Charge& charge, const GatewayNews& news) {
    const std::string before = to_state(charge);
    const Heard heard = hear(charge, news, noon);
    // What is not applied leaves no trace.
    if (heard.kind != Outcome::applied) CHECK(to_state(charge) == before);
    if (heard.kind != Outcome::applied) CHECK((heard.ledger.empty() && heard.occurrences.empty()));
    CHECK_FALSE(heard.why.empty());
    // The same once more tells nothing new.
    Charge again = charge;
    if (heard.kind == Outcome::applied) CHECK(hear(again, news, noon).kind == Outcome::known);
    return heard.kind;
}

}  // namespace

TEST_CASE("an authorization whose answer was lost is adopted from the news") {
    Charge charge = at_authorize();
    const Heard told = hear(charge, authorized(), noon);
    REQUIRE(told.kind == Outcome::applied);
    CHECK(charge.authorization->id == "auth_1");
    CHECK(next_step(charge) == Step::capture);
    REQUIRE(told.ledger.size() == 1);
    CHECK(told.ledger[0] == LedgerEntry{"authorize", "auth_1", 4999, "USD"});
}

TEST_CASE("news of a capture bring the authorization along that nobody has told of") {
    Charge charge = at_authorize();
    const Heard told = hear(charge, captured(), noon);
    REQUIRE(told.kind == Outcome::applied);
    CHECK(charge.authorization->id == "auth_1");
    CHECK(charge.capture_id == "cap_1");
    CHECK(next_step(charge) == Step::ship);
    REQUIRE(told.ledger.size() == 2);
    CHECK(told.ledger[0].type == "authorize");
    CHECK(told.ledger[1] == LedgerEntry{"capture", "cap_1", 4999, "USD"});
}

TEST_CASE("what the charge knows already changes nothing") {
    Charge done = succeeded();
    CHECK(heard(done, authorized()) == Outcome::known);
    CHECK(heard(done, captured()) == Outcome::known);
    CHECK(heard(done, news(News::failed)) == Outcome::known);
    CHECK(heard(done, news(News::action_completed)) == Outcome::known);
    Charge over = declined();
    CHECK(heard(over, news(News::failed)) == Outcome::known);
    CHECK(heard(over, news(News::voided)) == Outcome::known);
}

TEST_CASE("news that contradict the charge are for people") {
    Charge done = succeeded();
    CHECK(heard(done, authorized("auth_2")) == Outcome::conflict);
    CHECK(heard(done, captured("cap_2")) == Outcome::conflict);
    CHECK(heard(done, news(News::voided)) == Outcome::conflict);
    Charge over = declined();
    CHECK(heard(over, authorized()) == Outcome::conflict);
    CHECK(heard(over, captured()) == Outcome::conflict);
    CHECK(heard(over, refunded("ref_1", 100)) == Outcome::conflict);
    CHECK(heard(over, news(News::disputed)) == Outcome::conflict);
    Charge open = at_authorize();
    CHECK(heard(open, authorized("")) == Outcome::conflict);
    GatewayNews other = authorized();
    other.amount = Money{4998, usd};
    CHECK(heard(open, other) == Outcome::conflict);
    other.amount = Money{4999, *Currency::from_code("EUR")};
    CHECK(heard(open, other) == Outcome::conflict);
    Charge capturing = at_capture();
    CHECK(heard(capturing, captured("cap_1", 4998)) == Outcome::conflict);
    CHECK(heard(capturing, captured("")) == Outcome::conflict);
}

TEST_CASE("news that come before what they rest on are told again later") {
    Charge early = at_reserve();
    for (const News kind : {News::voided, News::refunded, News::disputed, News::action_completed, News::failed})
        CHECK(heard(early, news(kind)) == Outcome::too_soon);
    CHECK(heard(early, authorized()) == Outcome::too_soon);
    CHECK(heard(early, captured()) == Outcome::too_soon);
    Charge capturing = at_capture();
    CHECK(heard(capturing, news(News::voided)) == Outcome::too_soon);
    CHECK(heard(capturing, refunded("ref_1", 100)) == Outcome::too_soon);
}

TEST_CASE("an authorization held for manual capture may be captured in part or voided elsewhere") {
    Charge part = at_capture(true);
    CHECK(heard(part, captured("cap_1", 3000)) == Outcome::applied);
    CHECK(part.captured == 3000);
    CHECK(next_step(part) == Step::ship);

    Charge dropped = at_capture(true);
    CHECK(heard(dropped, news(News::voided)) == Outcome::applied);
    CHECK(next_step(dropped) == Step::release);
    dropped.released = true;
    CHECK(status_of(dropped) == ChargeStatus::canceled);

    Charge too_much = at_capture(true);
    CHECK(heard(too_much, captured("cap_1", 5000)) == Outcome::conflict);
}

TEST_CASE("a customer who has authenticated is followed by a new authorization, whoever tells it first") {
    Charge charge = at_customer();
    CHECK(heard(charge, news(News::action_completed)) == Outcome::applied);
    CHECK(next_step(charge) == Step::authorize);
    CHECK(charge.actions == 1);

    Charge at_once = at_customer();
    CHECK(heard(at_once, authorized()) == Outcome::applied);
    CHECK(next_step(at_once) == Step::capture);
}

TEST_CASE("a payment that failed or was canceled while its customer authenticated is undone") {
    Charge charge = at_customer();
    GatewayNews failed = news(News::failed);
    failed.why = Code::insufficient_funds;
    CHECK(heard(charge, failed) == Outcome::applied);
    CHECK(next_step(charge) == Step::release);
    charge.released = true;
    CHECK(status_of(charge) == ChargeStatus::declined);
    CHECK(client_error(charge).code == Code::insufficient_funds);

    Charge canceled = at_customer();
    CHECK(heard(canceled, news(News::voided)) == Outcome::applied);
    canceled.released = true;
    CHECK(status_of(canceled) == ChargeStatus::canceled);
    CHECK_FALSE(is_live(canceled));
}

TEST_CASE("a failure that may be of an authorization before the customer's authentication settles nothing") {
    Charge charge = at_customer();
    REQUIRE(hear(charge, news(News::action_completed), noon).kind == Outcome::applied);
    charge.intent = Intent{.step = Step::authorize, .since = noon, .round = 1};
    CHECK(heard(charge, news(News::failed)) == Outcome::too_soon);
    Charge first = at_authorize();
    CHECK(heard(first, news(News::failed)) == Outcome::applied);
}

TEST_CASE("refunds made elsewhere add up to what was captured and no further") {
    Charge charge = succeeded();
    const Heard first = hear(charge, refunded("ref_1", 1999), noon);
    REQUIRE(first.kind == Outcome::applied);
    CHECK(first.ledger == std::vector<LedgerEntry>{{"refund", "ref_1", 1999, "USD"}});
    REQUIRE(first.occurrences.size() == 1);
    CHECK(first.occurrences[0].gateway_id == "ref_1");
    CHECK(unrefunded(charge) == 3000);
    CHECK(is_live(charge));
    CHECK(heard(charge, refunded("ref_2", 3001)) == Outcome::conflict);
    CHECK(heard(charge, refunded("ref_2", 0)) == Outcome::conflict);
    CHECK(heard(charge, refunded("", 5)) == Outcome::conflict);
    CHECK(heard(charge, refunded("ref_1", 2000)) == Outcome::conflict);
    CHECK(heard(charge, refunded("ref_2", 3000)) == Outcome::applied);
    CHECK(unrefunded(charge) == 0);
    CHECK(status_of(charge) == ChargeStatus::succeeded);
    CHECK_FALSE(is_live(charge));
    CHECK(heard(charge, refunded("ref_3", 1)) == Outcome::conflict);
}

TEST_CASE("a capture in part lets the rest of what was held go, and both are in the ledger") {
    Charge charge = at_capture(true);
    GatewayNews part = captured();
    part.amount = Money{3000, usd};
    const Heard told = hear(charge, part, noon);
    REQUIRE(told.kind == Outcome::applied);
    CHECK(told.ledger == std::vector<LedgerEntry>{{"capture", "cap_1", 3000, "USD"}, {"release", "cap_1", 1999, "USD"}});
}

TEST_CASE("money is booked on the day that the gateway names, unless that day cannot be") {
    const auto booked = [](std::optional<WallTime> at) {
        Charge charge = succeeded();
        charge.created_at = noon - 24h;
        GatewayNews news = refunded("ref_1", 1000);
        news.at = at;
        const Heard heard = hear(charge, news, noon);
        REQUIRE(heard.ledger.size() == 1);
        return heard.ledger[0].moved_at;
    };
    CHECK(booked(noon - 13h) == noon - 13h);
    CHECK(booked(noon - 24h - 1min) == noon - 24h - 1min);  // clocks differ
    CHECK_FALSE(booked(noon - 25h));
    CHECK_FALSE(booked(noon + 1ms));
    CHECK_FALSE(booked(std::nullopt));
}

TEST_CASE("a total of refunds counts only what is new of it, in any order") {
    Charge charge = succeeded();
    CHECK(heard(charge, refunded("ref_1", 1000)) == Outcome::applied);
    CHECK(heard(charge, total_refunded(1000)) == Outcome::known);
    const Heard told = hear(charge, total_refunded(2500), noon);
    REQUIRE(told.kind == Outcome::applied);
    CHECK(told.ledger[0].amount == 1500);
    CHECK(heard(charge, total_refunded(2000)) == Outcome::known);
    CHECK(unrefunded(charge) == 2499);
    CHECK(heard(charge, total_refunded(5000)) == Outcome::conflict);
}

TEST_CASE("the refund of an undoing is adopted from the news, and another one waits for it") {
    Charge charge = undoing(Step::refund);
    CHECK(heard(charge, refunded("ref_1", 100)) == Outcome::too_soon);
    CHECK(heard(charge, total_refunded(4999)) == Outcome::too_soon);
    const Heard told = hear(charge, refunded("ref_1", 4999), noon);
    REQUIRE(told.kind == Outcome::applied);
    CHECK(charge.refund_id == "ref_1");
    CHECK(told.occurrences.empty());  // the shop hears of the charge's end
    CHECK(next_step(charge) == Step::release);
}

TEST_CASE("a refund that a shop asked for is adopted from the news where nothing else can tell, and told to the shop") {
    Charge charge = succeeded();
    charge.refunds = {{"", 700, "op_1", "broken"}, {"", 300, "op_2", ""}};
    charge.intent = Intent{.step = Step::refund, .since = noon};
    CHECK(heard(charge, refunded("ref_1", 700)) == Outcome::too_soon);  // it may be another one: the look-up tells
    charge.intent->spent = true;
    CHECK(heard(charge, refunded("ref_1", 300)) == Outcome::too_soon);
    CHECK(heard(charge, total_refunded(700)) == Outcome::too_soon);
    const Heard told = hear(charge, refunded("ref_1", 700), noon);
    REQUIRE(told.kind == Outcome::applied);
    CHECK(charge.refunds[0].id == "ref_1");
    CHECK(told.occurrences.size() == 1);
    CHECK(unrefunded(charge) == 4299);
    CHECK(refundable(charge) == 3999);
    CHECK(next_step(charge) == Step::refund);
    CHECK_FALSE(charge.intent);  // the next one's is another
    CHECK(heard(charge, refunded("ref_1", 700)) == Outcome::known);
}

TEST_CASE("a refund made elsewhere while another one waits for its call counts by itself") {
    Charge charge = succeeded();
    charge.refunds = {{"", 700, "op_1", ""}};
    charge.intent = Intent{.step = Step::refund, .sent = false, .since = noon};
    CHECK(heard(charge, refunded("ref_1", 700)) == Outcome::applied);
    CHECK(charge.refunds[0].id.empty());
    CHECK(unrefunded(charge) == 4299);

    Charge undone = undoing(Step::refund);
    undone.intent->sent = false;
    CHECK(heard(undone, refunded("ref_1", 100)) == Outcome::applied);
    CHECK(unrefunded(undone) == 4899);  // and that is what it still gives back
    CHECK(next_step(undone) == Step::refund);
}

TEST_CASE("what a gateway kept open for its customer is not voided again once it says that it was") {
    Charge charge = at_customer();
    charge.waiting_id = "pi_1";
    CHECK(heard(charge, news(News::voided)) == Outcome::applied);
    CHECK(next_step(charge) == Step::release);
}

TEST_CASE("a void that is under way is adopted, and a capture that came before it is refunded instead") {
    Charge charge = undoing(Step::void_authorization);
    CHECK(heard(charge, news(News::voided)) == Outcome::applied);
    CHECK(next_step(charge) == Step::release);

    Charge late = undoing(Step::void_authorization);
    CHECK(heard(late, captured()) == Outcome::applied);
    CHECK(next_step(late) == Step::refund);
}

TEST_CASE("what is refunded or disputed was captured, though nobody has told of that") {
    for (const bool dispute : {true, false}) {
        Charge charge = at_authorize();
        GatewayNews told = dispute ? news(News::disputed, 4999) : refunded("ref_1", 100);
        told.authorization_id = "auth_1";
        told.capture_id = "cap_1";
        told.dispute_id = dispute ? "dp_1" : "";
        const Heard heard = hear(charge, told, noon);
        REQUIRE(heard.kind == Outcome::applied);
        REQUIRE(heard.ledger.size() == 3);
        CHECK(heard.ledger[0].type == "authorize");
        CHECK(heard.ledger[1] == LedgerEntry{"capture", "cap_1", 4999, "USD"});
        CHECK(heard.ledger[2].type == (dispute ? "dispute" : "refund"));
        CHECK(next_step(charge) == Step::ship);
    }
    Charge manual = at_capture(true);
    GatewayNews told = refunded("ref_1", 100);
    told.capture_id = "cap_1";
    CHECK(heard(manual, told) == Outcome::too_soon);
    Charge capturing = at_capture();
    told.amount = Money{5000, usd};
    CHECK(heard(capturing, told) == Outcome::conflict);  // and the capture is not kept either
}

TEST_CASE("each dispute of a charge is kept once") {
    Charge charge = succeeded();
    GatewayNews dispute = news(News::disputed, 4999);
    dispute.dispute_id = "dp_1";
    const Heard told = hear(charge, dispute, noon);
    REQUIRE(told.kind == Outcome::applied);
    CHECK(told.ledger == std::vector<LedgerEntry>{{"dispute", "dp_1", 4999, "USD"}});
    CHECK(told.occurrences[0].kind == Occurrence::Kind::disputed);
    CHECK(heard(charge, dispute) == Outcome::known);
    dispute.dispute_id = "dp_2";
    CHECK(heard(charge, dispute) == Outcome::applied);
    CHECK(status_of(charge) == ChargeStatus::succeeded);
}

TEST_CASE("a charge keeps a bounded number of refunds") {
    Charge charge = succeeded();
    for (std::size_t i = 0; i < returns_max; ++i)
        REQUIRE(hear(charge, refunded("ref_" + std::to_string(i), 1), noon).kind == Outcome::applied);
    CHECK(heard(charge, refunded("ref_more", 1)) == Outcome::conflict);
}
