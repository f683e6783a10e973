// The console as an operator has it in front of them, in a real browser.
#include <catch2/catch.hpp>

#include "integration/console_desk.hpp"
#include "integration/operating.hpp"
#include "support/relay.hpp"

using namespace tollgate::test;

TEST_CASE("a new operator finds a charge that needs attention, understands what happened, retries it and sees it settle") {
    Desk desk(Desk::Keys::some);
    Browser& browser = desk.browser;
    const std::string id = desk.stuck_charge();

    desk.open();
    browser.awaits("Log in with an API key");
    desk.log_in(Desk::operator_key);
    browser.awaits("What needs a human now", "h1");
    browser.awaits("Needs attention 1", "#needs_attention");
    CHECK(browser.sees("Undoing a charge keeps failing", "#needs_attention"));
    CHECK(browser.sees("Next: void the authorization", "#needs_attention a"));
    CHECK(browser.sees("Nothing here.", "#unknown_outcomes"));
    CHECK(browser.text("#who") == "olga");
    browser.photograph("home-attention");

    browser.click("#needs_attention a", "ord_1");
    browser.awaits("USD", "h1");
    CHECK(browser.text("h1").find("49.99 for order ord_1") != std::string::npos);
    CHECK(browser.sees("Needs attention", ".title-line .badge"));
    CHECK(browser.sees(id));
    CHECK(browser.sees("could not capture the payment", ".outlook"));
    CHECK(browser.sees("It still has to void the authorization, tried once so far", ".outlook"));
    for (const char* words :
         {"Charge asked for", "Card authorized", "49.99 USD", "Capturing the payment failed",
          "No answer: whether it happened is not known (void the authorization)", "Status: needs attention"}) {
        INFO(words);
        CHECK(browser.sees(words, ".timeline .what"));
    }
    CHECK(browser.sees("Shop acme", ".timeline .who"));
    CHECK(browser.sees("Gateway", ".timeline .who"));
    CHECK(browser.sees("Will look up whether it happened (void the authorization)", ".timeline .next"));
    browser.photograph("charge-attention");

    browser.click("#retry");  // nobody has mended anything yet
    browser.awaits("Retry this charge?", "dialog");
    CHECK(browser.sees("try at once to void the authorization and to finish USD", "dialog"));
    CHECK(browser.sees(id, "dialog"));
    browser.photograph("retry-dialog");
    CHECK(browser.run("return document.activeElement.textContent;") == boost::json::value("Cancel"));
    browser.click("dialog button", "Retry now");
    browser.awaits("It was tried again and still needs attention", ".notice");
    browser.awaits("tried 2 times so far", ".outlook");

    desk.broken = false;
    browser.click("#retry");
    browser.click("dialog button", "Retry now");
    browser.awaits("Retried. The charge is settled: reversed.", ".notice");
    browser.awaits("Reversed", ".title-line .badge");
    CHECK(browser.sees("Everything was undone. Nothing is left to do.", ".outlook"));
    CHECK(browser.sees("Retried by hand", ".timeline .operator .what"));
    CHECK(browser.sees("Operator olga", ".timeline .operator .who"));
    CHECK(browser.sees("(void the authorization): the call never arrived", ".timeline .what"));
    CHECK(browser.sees("Authorization voided", ".timeline .what"));
    CHECK(browser.sees("Status: reversed", ".timeline .what"));
    CHECK_FALSE(browser.sees("Retry", ".outlook button"));
    CHECK(desk.status(id) == "reversed");
    browser.photograph("charge-settled");

    browser.click("nav a", "Home");
    browser.awaits("Needs attention 0", "#needs_attention");
    CHECK(browser.sees("Nothing here.", "#needs_attention"));
}

TEST_CASE("an operator is told what is wrong with a key, and after logging out nothing is shown to whoever goes back") {
    Desk desk(Desk::Keys::some);
    desk.expects("status of 403");  // of the shop's key
    Browser& browser = desk.browser;
    const std::string id = desk.charge({});
    desk.open("/console?charge=" + id);
    browser.awaits("Log in", "button");
    CHECK_FALSE(browser.sees("ord_1"));
    desk.log_in("no-such-key-is-known-here-at-all");
    browser.awaits("not known here", ".problem");
    desk.log_in(Desk::shop_key);
    browser.awaits("lacks the scope", ".problem");
    browser.photograph("login-wrong");
    desk.log_in(Desk::operator_key);
    browser.awaits("for order ord_1", "h1");  // where they wanted to go
    CHECK(browser.address().ends_with("/console?charge=" + id));
    CHECK(browser.run("return document.cookie;") == boost::json::value(""));

    browser.click("button", "Log out");
    browser.awaits("You are logged out.");
    for (int i = 0; i < 2; ++i) {
        if (i == 0)
            browser.back();
        else
            browser.reload();
        browser.awaits("Log in", "button");
        CHECK_FALSE(browser.sees("ord_1"));
        CHECK_FALSE(browser.sees("olga"));
    }
}

TEST_CASE("a session that ends in the middle leads to the login, and from there back to where the operator was") {
    Desk desk(Desk::Keys::some);
    Browser& browser = desk.browser;
    const std::string id = desk.stuck_charge();
    desk.open("/console?charge=" + id);
    desk.log_in(Desk::operator_key);
    browser.click("#retry");
    browser.awaits("Retry this charge?", "dialog");
    browser.forget_cookies();
    browser.click("dialog button", "Retry now");
    browser.awaits("Your session has ended. Log in again", ".problem");
    CHECK_FALSE(browser.sees("ord_1"));
    desk.log_in(Desk::operator_key);
    browser.awaits("for order ord_1", "h1");
    CHECK(browser.address().ends_with("/console?charge=" + id));
    CHECK(browser.sees("tried once so far", ".outlook"));
}

TEST_CASE("whoever logs in anew in another window goes on, and nothing is done in the name of somebody else") {
    Desk desk(Desk::Keys::some);
    desk.expects("status of 403");  // of the session that is no more
    Browser& browser = desk.browser;
    const std::string id = desk.stuck_charge();
    desk.open("/console?charge=" + id);
    desk.log_in(Desk::operator_key);
    const auto log_in_elsewhere = [&](const std::string& key) {
        const boost::json::value status = browser.run(
            "return fetch('/console/session', {method: 'POST', headers: {'Content-Type': 'application/json'},"
            " body: JSON.stringify({key: arguments[0]})}).then(answer => answer.status);",
            {boost::json::value(key)});
        CHECK(status == boost::json::value(200));
    };
    browser.click("#retry");
    browser.awaits("Retry this charge?", "dialog");
    log_in_elsewhere(Desk::other_key);
    browser.click("dialog button", "Retry now");
    browser.awaits("Another window logged in as omar. Nothing was done", "dialog .problem");
    CHECK(browser.text("#who") == "omar");
    browser.click("dialog button", "Cancel");
    CHECK(browser.sees("tried once so far", ".outlook"));
    browser.click("#retry");
    browser.awaits("Retry this charge?", "dialog");
    log_in_elsewhere(Desk::other_key);
    browser.click("dialog button", "Retry now");
    browser.awaits("It was tried again and still needs attention", ".notice");
    CHECK(browser.sees("Operator omar", ".timeline .operator .who"));
    CHECK_FALSE(browser.sees("olga", ".timeline"));
}

TEST_CASE("charges are found by their id, their order and their customer") {
    Desk desk;
    Browser& browser = desk.browser;
    const std::string first = desk.charge({.id = "ord_A", .customer = "cus_ann"});
    desk.charge({.id = "ord_B", .customer = "cus_ann"});
    desk.charge({.id = "ord_C", .customer = "cus_bob"});
    desk.open();
    const auto search = [&](const std::string& words, const std::string& told) {
        browser.press({"/"});
        browser.fill("#q", words);
        browser.press({keys::enter});
        browser.awaits("Charges that match “" + words + "”", "h1");
        browser.awaits(told, ".foot");
    };
    browser.awaits("What needs a human now", "h1");
    search("cus_ann", "2 charges, newest first");
    CHECK(browser.text(".rows").find("ord_B") < browser.text(".rows").find("ord_A"));
    CHECK_FALSE(browser.sees("ord_C", ".rows"));
    browser.photograph("search");
    search("ord_C", "1 charge, newest first");
    CHECK(browser.sees("cus_bob", ".rows"));
    search(first, "1 charge, newest first");
    browser.click(".rows a", "ord_A");
    browser.awaits("for order ord_A", "h1");
    browser.back();
    browser.awaits("1 charge, newest first", ".foot");
    search("nothing of this kind", "Nothing was found");
}

TEST_CASE("a part of a charge is refunded with a confirmation, and more than was captured is refused before it is sent on") {
    Desk desk;
    desk.expects("status of 422");
    Browser& browser = desk.browser;
    const std::string id = desk.charge({.amount = 10'000, .currency = "KWD"});
    desk.open("/console?charge=" + id);
    browser.awaits("10.000 for order ord_1", "h1");
    browser.click("#refund");
    browser.awaits("Refund this charge?", "dialog");
    CHECK(browser.run("return document.querySelector('#field-amount').value;") == boost::json::value("10.000"));
    browser.photograph("refund-dialog");
    browser.fill("#field-amount", "ten");
    browser.click("dialog button", "Refund");
    browser.awaits("Give the amount in KWD", "dialog .problem");
    browser.fill("#field-amount", "2.5");
    browser.fill("#field-reason", "late \"parcel\"");
    browser.click("dialog button", "Refund");
    browser.awaits("Refunded KWD", ".notice");
    CHECK(browser.text(".notice").find("2.500") != std::string::npos);
    browser.awaits("Asked for a refund", ".timeline .what");
    CHECK(browser.sees("2.500 KWD: late \"parcel\"", ".timeline .what"));
    CHECK(browser.sees("Payment refunded", ".timeline .what"));
    CHECK(browser.sees("refund", "tbody td"));

    browser.click("#refund");
    browser.awaits("7.500 can be refunded", "dialog");
    browser.fill("#field-amount", "7.501");
    browser.click("dialog button", "Refund");
    browser.awaits("At most KWD", "dialog .problem");
    // Somebody else was quicker: what the page knows is not what is so.
    const Reply theirs = must(operate(desk.stage.port(), {id, "refund", "theirs", amount_of(7'000)}));
    REQUIRE(theirs.status == 200);
    browser.fill("#field-amount", "7.500");
    browser.click("dialog button", "Refund");
    browser.awaits("of what was captured, 500 is neither refunded nor about to be", "dialog .problem");
    browser.press({keys::escape});
    browser.until("the dialog is closed", [&] { return !browser.sees("", "dialog"); });
    CHECK(must(request(desk.stage.port(), {.path = "/charge/" + id})).text("amount_refunded") == "9500");
}

TEST_CASE("a dead letter is opened, read and replayed") {
    Desk desk;
    Browser& browser = desk.browser;
    const std::string id = desk.charge({});
    const auto poison =
        desk.stage.send("payment.refunded", about(id, R"(,"refund_id":"re_<b>","amount":"lots","currency":"USD")"));
    REQUIRE(desk.stage.comes_to(poison.id, "dead"));
    desk.open();
    browser.awaits("Dead letters 1", "#dead_letters");
    browser.photograph("home-dead-letter");
    browser.click("#dead_letters a", "payment.refunded");
    browser.awaits("Given up", ".badge");
    CHECK(browser.sees("\"refund_id\": \"re_<b>\"", "pre"));
    CHECK(browser.sees("amount", "dd"));
    browser.photograph("event");
    browser.click("#replay");
    browser.awaits("Replay this event?", "dialog");
    browser.click("dialog button", "Replay now");
    browser.awaits("It waits to be worked on now", ".notice");
    browser.awaits("Given up", ".badge");  // it is as bad as before
    CHECK(browser.sees("Replay", "button"));
}

TEST_CASE("a breaker that opens is seen at once, without loading the page again") {
    Desk desk(Desk::Keys::none, {{"TOLLGATE_BREAKER_FAILURE_THRESHOLD", "2"}, {"TOLLGATE_BREAKER_RECOVERY_TIMEOUT", "60s"}});
    Browser& browser = desk.browser;
    desk.open();
    browser.awaits("Live", ".live");
    browser.run("document.body.dataset.mark = 'first';");
    CHECK_FALSE(browser.sees("calls are refused at once", "[data-breaker]"));
    desk.stuck_charge({.id = "ord_1", .token = "tok_capture_fails"});
    desk.stuck_charge({.id = "ord_2", .token = "tok_capture_fails"});
    browser.awaits("calls are refused at once", "[data-breaker=\"gateway.void\"]");
    CHECK(browser.sees("Open", "[data-breaker=\"gateway.void\"] .badge"));
    browser.photograph("home-live");
    CHECK(browser.run("return document.body.dataset.mark;") == boost::json::value("first"));
    CHECK(browser.sees("Open breakers: gateway.void", ".live"));
    desk.expects("net::ERR_");
    desk.stage.newest().kill_hard();
    browser.awaits("Cut off at", ".live");
    browser.click("nav a", "Home");
    browser.awaits("The service cannot be reached.", ".problem");
    CHECK(browser.sees("Try again", ".problem button"));
}

TEST_CASE("a refund whose answer was lost is tried again in the same dialog, and the money goes back once") {
    Desk desk;
    desk.expects("net::ERR_");
    Browser& browser = desk.browser;
    const std::string id = desk.charge({});
    std::atomic<bool> cutting{true};
    bool asked = false;
    Relay relay(desk.stage.port(), [&](Relay::From from, std::string_view bytes) {
        if (from == Relay::From::client) asked = bytes.find("/refund HTTP") != bytes.npos;
        return from == Relay::From::client || !asked || !cutting;
    });
    browser.open("http://" + relay.address() + "/console?charge=" + id);
    browser.click("#refund");
    browser.fill("#field-amount", "10.00");
    browser.click("dialog button", "Refund");
    browser.awaits("Whether it was done is not known. Try again: it is done only once.", "dialog .problem");
    REQUIRE(eventually(
        [&] { return must(request(desk.stage.port(), {.path = "/charge/" + id})).text("amount_refunded") == "1000"; }));
    CHECK(browser.run("return document.querySelector('#field-amount').readOnly;") == boost::json::value(true));
    cutting = false;
    browser.click("dialog button", "Try again");
    browser.awaits("Refunded USD", ".notice");
    CHECK(must(request(desk.stage.port(), {.path = "/charge/" + id})).text("amount_refunded") == "1000");
}

TEST_CASE(
    "a refund whose answer was lost is the same one when it is asked for again later, in another dialog of another page") {
    Desk desk;
    desk.expects("net::ERR_");
    Browser& browser = desk.browser;
    const std::string id = desk.charge({});
    std::atomic<bool> cutting{true};
    bool asked = false;
    Relay relay(desk.stage.port(), [&](Relay::From from, std::string_view bytes) {
        if (from == Relay::From::client) asked = bytes.find("/refund HTTP") != bytes.npos;
        return from == Relay::From::client || !asked || !cutting;
    });
    const auto given_back = [&] { return must(request(desk.stage.port(), {.path = "/charge/" + id})).text("amount_refunded"); };
    const std::string address = "http://" + relay.address() + "/console?charge=" + id;
    browser.open(address);
    browser.click("#refund");
    browser.fill("#field-amount", "10.00");
    browser.click("dialog button", "Refund");
    browser.awaits("Whether it was done is not known.", "dialog .problem");
    REQUIRE(eventually([&] { return given_back() == "1000"; }));
    browser.click("dialog button", "Cancel");
    browser.awaits("Whether that refund was made is not known yet.", ".notice");
    cutting = false;
    browser.open(address);
    browser.click("#refund");
    browser.awaits("This refund was asked for before, and its answer did not come.", "dialog .notice");
    CHECK(browser.run("return document.querySelector('#field-amount').value;") == boost::json::value("10.00"));
    browser.click("dialog button", "Refund");
    browser.awaits("Refunded USD", ".notice");
    CHECK(given_back() == "1000");
    browser.click("#refund");
    browser.awaits("39.99 can be refunded", "dialog");
    CHECK_FALSE(browser.sees("asked for before", "dialog"));
}

TEST_CASE("what has left cannot be canceled, and a dispute is named before money goes back") {
    Desk desk;
    Browser& browser = desk.browser;
    const std::string id = desk.charge({});
    (void)desk.stage.send("payment.disputed", about(id, R"(,"dispute_id":"dp_1","amount":4999,"currency":"USD")"));
    REQUIRE(eventually([&] {
        return must(request(desk.stage.port(), {.path = "/admin/sagas/" + id})).body.find("\"dispute\"") != std::string::npos;
    }));
    desk.open("/console?charge=" + id);
    browser.awaits("The cardholder disputed USD", ".outlook");
    browser.click("#refund");
    browser.awaits("a refund as well would pay twice", "dialog .notice");
    browser.run(R"(
        const ask = window.fetch;
        window.fetch = (path, options) =>
            path.endsWith('/refund') ? new Promise((done) => { window.answer = () => done(ask(path, options)); }) : ask(path, options);)");
    browser.click("dialog button", "Refund");
    browser.awaits("Working…", "dialog .primary");
    CHECK(browser.run("return document.querySelector('dialog button').disabled;") == boost::json::value(true));
    browser.press({keys::escape});
    CHECK(browser.sees("Working…", "dialog .primary"));
    browser.run("window.answer();");
    browser.awaits("Refunded USD", ".notice");
}

TEST_CASE("more than the first page shows are reached from there") {
    Desk desk;
    Browser& browser = desk.browser;
    for (int i = 0; i < 22; ++i) desk.stuck_charge({.id = "ord_" + std::to_string(i), .token = "tok_capture_fails"});
    desk.open();
    browser.awaits("Shown: the newest 20.", "#needs_attention");
    browser.click("#needs_attention p a", "Show all of them");
    browser.awaits("Charges that need attention", "h1");
    browser.awaits("22 rows, newest first.", ".foot");
}

TEST_CASE("each list says what it means and how many there are, and one that cannot be had hides none of the others") {
    Desk desk;
    Browser& browser = desk.browser;
    desk.open();
    browser.awaits("Nothing here.", "#expiring");
    browser.run(R"(
        const ask = window.fetch;
        const charge = {charge_id: 'ch_1', status: 'processing', state: 'RUNNING', order_id: 'ord_1', customer_id: 'cus_1',
            amount: 5000, currency: 'JPY', created_at: new Date(Date.now() - 90e3).toISOString(),
            step: {name: 'authorize', tries: 3, may_have_left: true}};
        const held = {...charge, charge_id: 'ch_2', order_id: 'ord_2', status: 'authorized', step: undefined,
            capture_before: new Date(Date.now() + 7.5 * 3600e3).toISOString()};
        const none = {count: 0, more: false, data: []};
        const told = {at: new Date().toISOString(), needs_attention: none, unknown_outcomes: {count: 1, more: false, data: [charge]},
            dead_letters: {count: 0, more: true, data: [], error: 'the store did not answer in time'}, discrepancies: none,
            expiring: {count: 20, more: true, data: [held]}};
        window.fetch = (path, options) =>
            path.endsWith('/attention') ? Promise.resolve(new Response(JSON.stringify(told))) : ask(path, options);)");
    browser.click("nav a", "Home");
    browser.awaits("Unknown outcomes 1", "#unknown_outcomes");
    CHECK(browser.sees("Not known whether it happened: authorize the card. Made 1 min 3", "#unknown_outcomes a"));
    CHECK(browser.sees("5,000", "#unknown_outcomes .amount"));
    CHECK(browser.sees("ask the gateway’s people", "#unknown_outcomes"));
    CHECK(browser.sees("Dead letters ?", "#dead_letters"));
    CHECK(browser.sees("the store did not answer in time", "#dead_letters .problem"));
    CHECK(browser.sees("Expiring authorizations 20+", "#expiring"));
    CHECK(browser.sees("Ends in 7 h 29 min", "#expiring a"));
    CHECK(browser.sees("Shown: the newest 1. Show all of them", "#expiring"));
    browser.photograph("home-lists");
}
