// The books of a gateway that speaks section 6.
#include "gateways/support.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

constexpr std::chrono::sys_days today = std::chrono::November / 22 / 2026;

Result<TransactionPage> books_at(ScriptedServer::Conversation conversation, std::string cursor = "") {
    ScriptedServer server(std::move(conversation));
    EventLoop loop;
    const auto client = HttpClient::make(loop.runtime(), server.url());
    HttpGateway gateway(**client, {.api_key = "sk_1"});
    return loop.run(gateway.transactions({today, std::move(cursor), loop.in(5s)}));
}

const std::string row =
    R"({"id":"cap_1","reference":"ch_1","type":"capture","amount":700,"currency":"USD","status":"captured",)"
    R"("created_at":"2026-11-22T10:00:00.250Z"})";

std::string page(const std::string& rows, const std::string& next = "null") {
    return R"({"data":[)" + rows + R"(],"next_cursor":)" + next + "}";
}

}  // namespace

TEST_CASE("a day's books are asked for by date and cursor, and read row by row") {
    std::string seen;
    const auto answer = books_at(
        [&](Peer& peer) {
            seen = peer.read_request();
            peer.answer(200, page(row, R"("a/b?c")"));
        },
        "x&date=1");
    CHECK(seen.starts_with("GET /v1/transactions?date=2026-11-22&cursor=x%26date%3D1 HTTP/1.1\r\n"));
    CHECK(seen.find("Authorization: Bearer sk_1\r\n") != seen.npos);
    CHECK(seen.find("Idempotency-Key") == seen.npos);
    REQUIRE(answer.has_value());
    CHECK(answer->next_cursor == "a/b?c");
    CHECK(answer->data == std::vector{GatewayTransaction{.id = "cap_1",
                                                         .reference = "ch_1",
                                                         .type = "capture",
                                                         .amount = 700,
                                                         .currency = "USD",
                                                         .status = "captured",
                                                         .created_at = WallTime(today) + 10h + 250ms}});
    const auto last = books_at(always(200, page("")));
    REQUIRE(last.has_value());
    CHECK(last->data.empty());
    CHECK(last->next_cursor.empty());
}

TEST_CASE("a row that is not whole makes its page unreadable, and names itself") {
    const auto [member, value] = GENERATE(table<std::string, std::string>({
        {"id", "\"\""},
        {"id", "\"a b\""},
        {"id", "17"},
        {"reference", "17"},
        {"reference", R"("\u0000")"},
        {"type", "\"payout\""},
        {"type", "null"},
        {"amount", "\"700\""},
        {"amount", "700.0"},
        {"amount", "-1"},
        {"amount", "1000000000000"},
        {"amount", "null"},
        {"currency", "\"usd\""},
        {"currency", "\"XXX\""},
        {"status", "\"pending\""},
        {"created_at", "\"2026-11-22\""},
        {"created_at", "1795341600"},
    }));
    auto broken = boost::json::parse(row).as_object();
    broken[member] = boost::json::parse(value);
    CAPTURE(member, value);
    const auto answer = books_at(always(200, page(row + "," + boost::json::serialize(broken))));
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().code == Code::unreadable_answer);
    CHECK_THAT(answer.error().detail, Catch::StartsWith("data[1]." + member));
}

TEST_CASE("a movement that names no charge of ours is read, and a page that is none is not") {
    auto nameless = boost::json::parse(row).as_object();
    nameless.erase("reference");
    CHECK(books_at(always(200, page(boost::json::serialize(nameless))))->data.at(0).reference.empty());
    nameless["reference"] = nullptr;
    CHECK(books_at(always(200, page(boost::json::serialize(nameless))))->data.at(0).reference.empty());
    for (const std::string odd : {"", "[]", "{}", R"({"data":{}})", R"({"data":[7]})", R"({"data":[],"next_cursor":7})",
                                  R"({"data":[],"next_cursor":"a b"})"}) {
        CAPTURE(odd);
        CHECK(books_at(always(200, odd)).error().code == Code::unreadable_answer);
    }
}

TEST_CASE("books that cannot be had are told as what they are") {
    CHECK(books_at(always(404, "")).error().code == Code::gateway_refused);
    CHECK(books_at(always(401, "")).error().code == Code::gateway_fault);
    CHECK(books_at(always(429, "")).error().code == Code::gateway_busy);
    CHECK(books_at(always(500, "")).error().code == Code::gateway_fault);
}

TEST_CASE("the sandbox's books hold captures and refunds in part, page by page") {
    SandboxRig rig;
    const auto id = rig.authorize("tok_visa", "k-authorize")->authorized->id;
    const auto capture = *rig.time.run(rig.gateway.capture({"ch_1", id, usd(4000)}, rig.with("k-capture")));
    for (const int amount : {1500, 700}) {
        RefundRequest refund{"ch_1", capture, usd(amount), "torn"};
        REQUIRE(rig.time.run(rig.gateway.refund(refund, rig.with("k-refund-" + std::to_string(amount)))).has_value());
    }
    REQUIRE(rig.authorize("tok_declined", "k-declined").error().code == Code::card_declined);
    for (int i = 0; i < 120; ++i) REQUIRE(rig.authorize("tok_visa", "k-more-" + std::to_string(i)).has_value());

    std::vector<GatewayTransaction> all;
    std::string cursor;
    int pages = 0;
    do {
        const auto page = rig.time.run(rig.gateway.transactions({today, cursor, rig.time.steady() + 5s}));
        REQUIRE(page.has_value());
        all.insert(all.end(), page->data.begin(), page->data.end());
        cursor = page->next_cursor;
    } while (!cursor.empty() && ++pages < 9);
    REQUIRE(all.size() == 125);
    const auto told = [&](std::size_t i) { return all[i].type + " " + std::to_string(all[i].amount) + " " + all[i].status; };
    CHECK(told(0) == "authorize 4999 captured");
    CHECK(told(1) == "capture 4000 captured");
    CHECK(all[1].id == capture);
    CHECK(all[1].reference == "ch_1");
    CHECK(told(2) == "refund 1500 refunded");
    CHECK(told(3) == "refund 700 refunded");
    CHECK(told(4) == "authorize 4999 failed");
    const auto tomorrow = rig.time.run(rig.gateway.transactions({today + std::chrono::days(1), "", rig.time.steady() + 5s}));
    CHECK(tomorrow->data.empty());
}

TEST_CASE("a gateway that speaks section 6 takes any amount") {
    SandboxRig rig;
    CHECK(rig.gateway.check_amount({1, *Currency::from_code("CLF")}).has_value());
    CHECK(rig.gateway.check_amount(usd(Money::minor_max)).has_value());
}
