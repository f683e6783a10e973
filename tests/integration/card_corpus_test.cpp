// Card numbers in every writing, in every place that strangers can write to: afterwards they are nowhere, and what only looks
// like one came through as it was. Looked for by a reader of its own, who knows nothing of how they are masked.
#include <catch2/catch.hpp>
#include <filesystem>

#include "integration/event_stage.hpp"
#include "integration/lying_gateway.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

const std::vector<std::string> cards{"4111111111111111", "5555555555554444", "378282246310005", "6011111111111117"};

std::string utf8(char32_t code) {
    if (code < 0x80) return {static_cast<char>(code)};
    if (code < 0x800) return {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 63))};
    return {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 63)),
            static_cast<char>(0x80 | (code & 63))};
}

std::string grouped(const std::string& digits, const std::string& separator) {
    std::string text;
    for (std::size_t i = 0; i < digits.size(); ++i) text += (i > 0 && i % 4 == 0 ? separator : "") + digits[i];
    return text;
}

std::string each(const std::string& digits, const std::function<std::string(int)>& write) {
    std::string text;
    for (const char digit : digits) text += write(digit - '0');
    return text;
}

/// A number in the ways that people, forms and programs write it.
std::vector<std::string> writings(const std::string& digits) {
    std::vector<std::string> all{digits};
    for (const std::string separator : {" ", "-", ".", "\u00A0", "\u200B", "\u2011", " - "})
        all.push_back(grouped(digits, separator));
    all.push_back(each(digits, [](int d) { return utf8(0xFF10 + static_cast<char32_t>(d)); }));
    all.push_back(each(digits, [](int d) { return utf8(0x0660 + static_cast<char32_t>(d)); }));
    all.push_back(each(digits, [](int d) { return "%3" + std::to_string(d); }));
    all.push_back("card " + digits + ", thanks");
    return all;
}

/// As a JSON string's inside: escapes of the digits.
std::string escaped(const std::string& digits) {
    return each(digits, [](int d) { return "\\u003" + std::to_string(d); });
}

int hex_of(const std::string& text, std::size_t at, std::size_t count) {
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        if (i >= text.size() || std::isxdigit(static_cast<unsigned char>(text[i])) == 0) return -1;
        value = value * 16 + std::stoi(text.substr(i, 1), nullptr, 16);
    }
    return value;
}

/// Digits of three scripts as ASCII, escapes resolved, and without whatever people put between digits.
std::string squeezed(std::string text) {
    for (int round = 0; round < 2; ++round) {
        std::string plain;
        for (std::size_t i = 0; i < text.size(); ++i) {
            const bool json_escape = text[i] == '\\' && i + 1 < text.size() && text[i + 1] == 'u';
            const int code = text[i] == '%' ? hex_of(text, i + 1, 2) : json_escape ? hex_of(text, i + 2, 4) : -1;
            if (code < 0) {
                plain += text[i];
                continue;
            }
            plain += text[i] == '%' ? std::string(1, static_cast<char>(code)) : utf8(static_cast<char32_t>(code));
            i += text[i] == '%' ? 2 : 5;
        }
        text = std::move(plain);
    }
    const auto replace = [&text](const std::string& what, const std::string& with) {
        for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + with.size())) {
            text.replace(at, what.size(), with);
        }
    };
    for (int d = 0; d < 10; ++d) {
        for (const char32_t zero : {0xFF10, 0x0660}) replace(utf8(zero + static_cast<char32_t>(d)), std::to_string(d));
    }
    for (const std::string between : {"\u00A0", "\u200B", "\u2011", " ", "-", ".", "+"}) replace(between, "");
    return text;
}

/// Everything that was ever heard from the service, and everything that it leaves behind.
class Heard {
public:
    void add(const std::string& text) { all_ += text + "\n"; }
    void add(const Reply& reply) {
        for (const auto& [name, value] : reply.headers) add(name + ": " + value);
        add(reply.body);
    }
    void add_files(const std::string& folder) {
        int files = 0;
        for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
            if (!file.is_regular_file()) continue;
            add(content_of(file.path()));
            ++files;
        }
        CHECK(files > 0);
    }
    [[nodiscard]] bool holds(const std::string& text) const { return all_.find(text) != all_.npos; }
    void check_no_card() const {
        const std::string plain = squeezed(all_);
        for (const std::string& card : cards) {
            INFO(card);
            CHECK(all_.find(card) == all_.npos);
            const auto at = plain.find(card);
            INFO(plain.substr(at == plain.npos ? 0 : at - std::min<std::size_t>(at, 120), at == plain.npos ? 0 : 300));
            CHECK(at == plain.npos);
        }
    }

private:
    std::string all_;
};

const std::string near_metadata =
    R"(,"metadata":{"trace":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","uuid":"f47ac10b-58cc-4372-8567-0e02b2c3d479",)"
    R"("at":"2026-11-22 10:00:00.123456","epoch":"1795341600123456","last four":"visa 1111 12/30","not":"4111111111111112"})";
const std::vector<std::string> near_numbers{"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                            "f47ac10b-58cc-4372-8567-0e02b2c3d479",
                                            "2026-11-22 10:00:00.123456",
                                            "1795341600123456",
                                            "visa 1111 12/30",
                                            "4111111111111112",
                                            "ord_20261122_000123"};

/// What the gateway says to an order whose id ends so.
std::optional<Reply> lie(const Asked& asked, const LyingGateway::Pass& pass) {
    const std::string& card = cards[0];
    const auto about = [&](const std::string& order) { return asked.wire.find("\"" + order + "\"") != std::string::npos; };
    if (about("ord-message")) return saying(402, R"({"error":"card_declined","message":"no, )" + card + R"( is stolen"})");
    if (about("ord-name"))
        return saying(402, R"({"error":")" + card + R"(","message":"cvv 123 of )" + grouped(card, " ") + R"("})");
    if (about("ord-refused")) return saying(400, "<html>" + card + "</html>");
    if (about("ord-members")) {
        auto answer = pass();
        if (answer) answer->body.insert(1, R"("pan":")" + card + R"(","track":";)" + card + R"(=30121011000012300000?",)");
        return answer;
    }
    return pass();
}

void write_everywhere(const EventStage& stage, Heard& heard) {
    int number = 0;
    const auto send = [&](Call call) {
        if (call.method == "POST" && call.key.empty()) call.key = "key-" + std::to_string(++number);
        const Reply reply = must(request(stage.port(), call));
        heard.add(reply);
        return reply;
    };
    for (const std::string& card : cards) {
        auto texts = writings(card);
        texts.push_back(escaped(card));
        for (const std::string& text : texts) {
            INFO(text);
            const auto post = [&](const Order& order) {
                return send({.method = "POST", .path = "/charge", .body = charge_body(order)});
            };
            check_problem(post({.id = text}), 422, "pan_not_accepted");
            check_problem(post({.more = R"(,"metadata":{"note":")" + text + R"("})"}), 422, "pan_not_accepted");
            check_problem(post({.more = R"(,")" + text + R"(":[{"deep":1}])"}), 422, "pan_not_accepted");
            send({.method = "POST", .path = "/charge", .body = R"({"order_id":")" + text});
        }
        const Call plain{.method = "POST", .path = "/charge", .body = charge_body({}), .key = {}, .headers = {}};
        Call in_headers = plain;
        in_headers.headers = {{"X-Request-Id", card},
                              {"traceparent", card},
                              {"User-Agent", grouped(card, " ")},
                              {"Cookie", "card=" + card},
                              {"Authorization", "Bearer " + card}};
        send(in_headers);
        Call in_key = plain;
        in_key.key = card;
        check_problem(send(in_key), 422, "pan_not_accepted");
        for (const std::string& path : {"/charge/" + card, "/" + card, "/charge?order_id=" + card, "/charge?cursor=" + card,
                                        "/charge/" + writings(card)[10], "/admin/sagas/" + card, "/admin/webhooks/" + card}) {
            send({.path = path});
        }
        send({.method = "POST", .path = "/charge/ch_aa/refund", .body = R"({"reason":")" + card + R"("})"});
        Call webhook = signed_call(R"({"id":"evt-)" + card + R"(","type":")" + card + R"(","cvc":"123","data":{"note":")" +
                                   grouped(card, " ") + R"(","number":)" + card + R"(,")" + card + R"(":1,"reference":")" +
                                   card + R"(","refund_id":")" + card + R"("}})");
        heard.add(must(request(stage.port(), webhook)));
        webhook.body += card;  // its signature does not fit any more
        heard.add(must(request(stage.port(), webhook)));
    }
}

}  // namespace

TEST_CASE("after card numbers in every writing and every place none is anywhere, and near-numbers came through") {
    EventStage stage(GENERATE(false, true));
    const LyingGateway gateway(stage.sandbox->port(), lie);
    stage.settings["TOLLGATE_GATEWAY_URL"] = gateway.url();
    stage.settings["TOLLGATE_LOG_LEVEL"] = "trace";
    stage.start();
    Heard heard;
    write_everywhere(stage, heard);

    for (const std::string order : {"ord-message", "ord-name", "ord-refused", "ord-members"}) {
        heard.add(must(charge(stage.port(), "key-" + order, {.id = order})));
    }
    const std::string id = stage.charge("key-near", {.id = "ord_20261122_000123", .more = near_metadata});
    const Reply near = stage.get("/charge/" + id);
    for (const std::string& text : near_numbers) CHECK(near.body.find(text) != std::string::npos);
    const std::string near_event = event_body("evt-near", "some.thing", about(id, near_metadata));
    CHECK(must(request(stage.port(), signed_call(near_event))).status == 200);
    const Reply archived = stage.get("/admin/webhooks/evt-near");
    for (const std::string& text : near_numbers) {
        if (text != "ord_20261122_000123") CHECK(archived.body.find(text) != std::string::npos);
    }
    for (const std::string path : {"/metrics", "/charge", "/admin/sagas", "/admin/dead-letters", "/health"})
        heard.add(stage.get(path));

    heard.add_files(stage.redis ? stage.redis->folder() : stage.folder.path());
    CHECK(stage.newest().stop() == 0);
    heard.add_files(stage.redis ? stage.redis->folder() : stage.folder.path());
    heard.add(stage.newest().said());
    heard.add(must(request(stage.sandbox->port(), {.path = "/sandbox/ledger"})).body);
    const std::string today = to_rfc3339(SystemClock().wall()).substr(0, 10);
    Program exported({.arguments = {"audit", "export", "--date", today}, .variables = stage.settings});
    CHECK(exported.wait() == 0);
    heard.add(exported.said());

    CHECK(heard.holds("ord_20261122_000123"));
    CHECK(heard.holds(R"("request")"));               // the log was searched
    CHECK(heard.holds(R"("what":"charge.create")"));  // and the audit log
    CHECK(heard.holds("************1111"));
    heard.check_no_card();
}
