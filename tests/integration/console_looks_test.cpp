// The console for everybody: by keyboard alone, on a phone, in the dark, and with whatever strangers wrote into a charge.
#include <catch2/catch.hpp>

#include "core/money.hpp"
#include "integration/console_desk.hpp"
#include "integration/reconciliation_stage.hpp"

using namespace tollgate::test;

namespace {

/// The contrast (WCAG 2.2, "contrast ratio") of the text of every visible element with words of its own, and of every button,
/// beside the ground it stands on: a line for each that is below what AA asks.
constexpr const char* too_faint = R"(
const channels = c => c.match(/[\d.]+/g).map(Number);
const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const ground = e => {
    for (; e; e = e.parentElement) {
        const c = channels(getComputedStyle(e).backgroundColor);
        if (c.length < 4 || c[3] === 1) return c;
    }
    return [255, 255, 255];
};
const lines = [];
let looked = 0;
for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.textContent.trim());
    if (!own || !e.checkVisibility() || e.closest('.unseen, noscript, .skip')) continue;
    const style = getComputedStyle(e);
    const [a, b] = [light(channels(style.color)), light(ground(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    ++looked;
    if (ratio < (large ? 3 : 4.5)) lines.push(`${ratio.toFixed(2)} ${e.tagName} "${e.textContent.slice(0, 40)}"`);
}
if (looked < 5) lines.push(`only ${looked} elements were looked at`);
return lines.join('\n');
)";

/// What sticks out of the page to the side, and buttons that no finger reaches.
constexpr const char* out_of_reach = R"(
const lines = [];
const width = document.documentElement.clientWidth;
if (document.documentElement.scrollWidth > width) lines.push(`the page is ${document.documentElement.scrollWidth} wide`);
for (const e of document.querySelectorAll('button, input, a')) {
    if (!e.checkVisibility() || e.closest('.unseen, .skip, .scroll')) continue;
    const box = e.getBoundingClientRect();
    if (box.width < 1 || box.left < 0 || box.right > width + 0.5) lines.push(`${e.tagName} "${e.textContent}" ${box.left}-${box.right}`);
}
return lines.join('\n');
)";

/// A name, heading and label for everything that has to have one.
constexpr const char* unnamed = R"(
const lines = [];
for (const e of document.querySelectorAll('button, a, input, dialog, section, [role=region]')) {
    if (!e.checkVisibility()) continue;
    const by = e.getAttribute('aria-labelledby');
    const name = e.getAttribute('aria-label') || (by && document.getElementById(by)?.textContent) ||
        [...(e.labels ?? [])].map(l => l.textContent).join('') || (e.matches('button, a') && e.textContent);
    if (!name || !name.trim()) lines.push(e.outerHTML.slice(0, 80));
}
if (document.querySelectorAll('h1').length !== 1) lines.push('not one h1');
if (document.querySelectorAll('main').length !== 1) lines.push('not one main');
return lines.join('\n');
)";

std::string said(Browser& browser, const char* script) {
    return std::string(browser.run(script).as_string());
}

struct Place {
    std::string name;
    std::string address;
    std::string words;  // that are seen once it is drawn
};

/// Every view, with something in each.
std::vector<Place> furnish(Desk& desk) {
    const std::string id = desk.charge({.id = "ord_good", .amount = 1'234'567});
    const auto poison =
        desk.stage.send("payment.refunded", about(id, R"(,"refund_id":"re_0","amount":"lots","currency":"USD")"));
    REQUIRE(desk.stage.comes_to(poison.id, "dead"));
    const std::string stuck = desk.stuck_charge({.id = "ord_stuck", .token = "tok_capture_fails"});
    REQUIRE(must(request(desk.stage.sandbox->port(), {.method = "POST", .path = "/sandbox/reset"})).status < 300);
    const std::string body = R"({"date":")" + utc_day() + R"("})";
    REQUIRE(eventually([&] {
        return must(request(desk.stage.port(), {.method = "POST", .path = "/admin/reconciliation", .body = body})).status ==
               200;
    }));
    return {{"home", "/console", "Needs attention 1"},
            {"charge", "/console?charge=" + id, "for order ord_good"},
            {"stuck", "/console?charge=" + stuck, "for order ord_stuck"},
            {"search", "/console?q=cus_1", "2 charges, newest first"},
            {"event", "/console?webhook=" + poison.id, "Given up"},
            {"day", "/console?day=" + utc_day(), "the gateway has nothing of it"}};
}

}  // namespace

TEST_CASE("every view of the console can be read by day and by night, on a phone and on a wide screen, with names for all") {
    Desk desk;
    Browser& browser = desk.browser;
    for (const Place& place : furnish(desk)) {
        for (const auto& [width, height] : {std::pair{360, 740}, std::pair{1600, 1000}}) {
            for (const bool dark : {false, true}) {
                browser.looks_through(width, height, dark);
                desk.open(place.address);
                browser.awaits(place.words, "main");
                INFO(place.name << " " << width << (dark ? " dark" : " light"));
                CHECK(said(browser, too_faint) == "");
                CHECK(said(browser, out_of_reach) == "");
                CHECK(said(browser, unnamed) == "");
                browser.photograph(place.name + (width < 600 ? "-phone" : "-wide") + (dark ? "-dark" : "-light"));
                if (place.name != "stuck") continue;
                browser.click("#retry");
                browser.awaits("Retry this charge?", "dialog");
                CHECK(said(browser, too_faint) == "");
                CHECK(said(browser, out_of_reach) == "");
                browser.photograph(std::string("dialog") + (width < 600 ? "-phone" : "-wide") + (dark ? "-dark" : "-light"));
            }
        }
    }
}

TEST_CASE("a charge is found and retried with the keyboard alone") {
    Desk desk;
    Browser& browser = desk.browser;
    desk.stuck_charge();
    desk.broken = false;
    desk.open();
    browser.awaits("Needs attention 1", "main");
    const auto focused = [&] {
        return std::string(
            browser.run("const e = document.activeElement; return e.innerText || e.id || e.tagName;").as_string());
    };
    browser.press({keys::tab});
    CHECK(focused() == "Skip to the content");
    browser.photograph("skip");
    browser.press({keys::enter});
    CHECK(focused() == browser.text("main"));
    CHECK(browser.address().ends_with("/console"));  // nothing is drawn anew
    browser.press({"j"});
    CHECK(focused().find("ord_1") != std::string::npos);
    CHECK(browser.run("return getComputedStyle(document.activeElement).outlineStyle;") == boost::json::value("solid"));
    browser.press({keys::enter});
    browser.awaits("for order ord_1", "h1");
    browser.until("the focus is on the heading", [&] { return focused().find("for order ord_1") != std::string::npos; });
    for (int i = 0; i < 30 && focused() != "Retry"; ++i) browser.press({keys::tab});
    REQUIRE(focused() == "Retry");
    browser.press({keys::enter});
    browser.awaits("Retry this charge?", "dialog");
    CHECK(focused() == "Cancel");
    browser.press({keys::escape});
    browser.until("the dialog is closed", [&] { return !browser.sees("", "dialog"); });
    CHECK(browser.sees("Needs attention", ".badge"));
    CHECK(focused() == "Retry");
    browser.press({keys::enter});
    browser.awaits("Retry this charge?", "dialog");
    browser.press({keys::tab});
    CHECK(focused() == "Retry now");
    browser.press({keys::enter});
    browser.awaits("Retried. The charge is settled: reversed.", ".notice");
    CHECK(focused() == "Retried. The charge is settled: reversed.");

    browser.press({"?"});
    browser.awaits("previous in a list", "dialog");
    browser.photograph("help");
    browser.press({keys::escape});
    browser.press({"g"});
    browser.awaits("What needs a human now", "h1");
    browser.press({"/"});
    CHECK(focused() == "q");
}

TEST_CASE("what strangers wrote into a charge is shown as it is and does nothing") {
    Desk desk;
    Browser& browser = desk.browser;
    const std::string script = "<script>document.title='pwned'</script><img src=x onerror=alert(1)>";
    const std::string quotes = "\\\"'`${1}&lt;b&gt; \\\\ %41 ?charge=ch_1";
    const std::string turned = "abc\u202Edef\u2066ghi\u200F";
    const std::string id = desk.charge({.id = script, .customer = quotes});
    const std::string other = desk.charge({.id = turned, .customer = std::string(255, 'W')});
    browser.looks_through(360, 740);
    desk.open("/console?charge=" + id);
    browser.awaits("for order <script>document.title='pwned'</script>", "h1");
    CHECK(browser.sees("\"'`${1}&lt;b&gt; \\ %41 ?charge=ch_1", "dd a"));
    CHECK(said(browser, out_of_reach) == "");
    browser.photograph("hostile-phone");
    browser.click("dd a", "%41");
    browser.awaits("1 charge, newest first", ".foot");
    browser.awaits(script, ".rows");
    CHECK(browser.run("return document.querySelectorAll('main script, main img').length;") == boost::json::value(0));
    CHECK(browser.run("return document.title;") != boost::json::value("pwned"));
    desk.open("/console?charge=" + other);
    browser.awaits(turned, "h1 bdi");
    browser.awaits(std::string(255, 'W'), "dd bdi");
    CHECK(said(browser, out_of_reach) == "");
    browser.photograph("hostile-long-phone");
    desk.open("/console?q=%3Cscript%3Ealert(1)%3C/script%3E");
    browser.awaits("Nothing was found", ".foot");
    CHECK(browser.sees("<script>alert(1)</script>", "h1"));
    desk.expects("status of 404");
    desk.open("/console?charge=..%2Fdead-letters");
    browser.awaits("Try again", "button");
}

TEST_CASE("a day is compared with the gateway's books, and a discrepancy leads to its charge") {
    Desk desk;
    desk.expects("status of 404");  // of a day that was not compared yet
    Browser& browser = desk.browser;
    const std::string id = desk.charge({});
    REQUIRE(must(request(desk.stage.sandbox->port(), {.method = "POST", .path = "/sandbox/reset"})).status < 300);
    desk.open("/console?day=" + utc_day());
    browser.awaits("This day was not compared yet.", "main");
    browser.click("#compare");
    browser.awaits("Compare this day?", "dialog");
    CHECK(browser.sees(utc_day(), "dialog"));
    browser.click("dialog button", "Compare now");
    browser.awaits("the gateway has nothing of it", "#discrepancies");
    CHECK(browser.sees("differ by USD", "td"));
    browser.click("#discrepancies a", "Charge " + id);
    browser.awaits("for order ord_1", "h1");
    browser.click("nav a", "Home");
    browser.awaits("Discrepancies 1", "#discrepancies");
    CHECK(browser.sees("Day " + utc_day(), "#discrepancies a"));
}

TEST_CASE("the browser counts the decimals of every currency as the service does") {
    Desk desk;
    Browser& browser = desk.browser;
    desk.open();
    browser.awaits("What needs a human now", "h1");
    boost::json::array codes;
    for (std::string code = "AAA"; code.size() == 3;) {
        if (tollgate::Currency::from_code(code)) codes.emplace_back(code);
        std::size_t at = 3;
        while (at-- > 0 && ++code[at] > 'Z') code[at] = 'A';
        if (at > 3) break;  // after ZZZ
    }
    REQUIRE(codes.size() > 150);
    const boost::json::value told =
        browser.run("return import('/console/dom.js').then(dom => arguments[0].map(code => dom.money(123456, code)));",
                    boost::json::array(1, codes));
    for (std::size_t i = 0; i < codes.size(); ++i) {
        const std::string sum(told.at(i).as_string());
        INFO(sum);
        const auto point = sum.find('.');
        const std::size_t decimals = point == sum.npos ? 0 : sum.size() - point - 1;
        CHECK(decimals == static_cast<std::size_t>(tollgate::Currency::from_code(codes[i].as_string())->exponent()));
    }
}
