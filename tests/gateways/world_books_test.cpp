// What the sandbox's gateway lists under a day: what happened, or what a token asks it to say instead.
#include <set>

#include "gateway/transactions.hpp"
#include "gateways/support.hpp"

using namespace tollgate;
using namespace tollgate::test;
using sandbox::Books;
using sandbox::Effect;
using sandbox::World;

namespace {

constexpr std::chrono::sys_days today = std::chrono::year(2026) / 11 / 22;
constexpr WallTime noon = today + std::chrono::hours(12);

std::vector<GatewayTransaction> listed(World& world, std::chrono::sys_days day) {
    const std::string date = to_rfc3339(WallTime(day)).substr(0, 10);
    const auto reaction = world.handle("GET", "/v1/transactions?date=" + date, "", "", noon);
    REQUIRE(reaction.status == 200);
    const auto page = read_transactions(boost::json::parse(reaction.body).as_object());
    REQUIRE(page.has_value());
    return page->data;
}

/// A payment of 4999 in this currency, captured, and 1000 of it given back.
void pay(World& world, const std::string& token, const std::string& currency) {
    const auto call = [&](const std::string& step, const std::string& more) {
        const auto reaction =
            world.handle("POST", "/v1/" + step, "k-" + step,
                         R"({"reference":"ch_1","order_id":"ord_1","currency":")" + currency + R"(",)" + more + "}", noon);
        REQUIRE(reaction.status == 200);
        return boost::json::parse(reaction.body).as_object();
    };
    const auto id = [](const boost::json::object& answer, const char* member) {
        return std::string(answer.at(member).as_string());
    };
    const auto authorized = call("authorize", R"("amount":4999,"payment_method":")" + token + "\"");
    const auto captured = call("capture", R"("amount":4999,"authorization_id":")" + id(authorized, "authorization_id") + "\"");
    call("refund", R"("amount":1000,"capture_id":")" + id(captured, "capture_id") + "\"");
}

/// As "capture 4999 USD captured, refund 1000 USD refunded", in the order in which they are listed.
std::string movements(const std::vector<GatewayTransaction>& rows) {
    std::string all;
    for (const GatewayTransaction& row : rows) {
        if (row.type == "authorize") continue;
        all += (all.empty() ? "" : ", ") + row.type + " " + std::to_string(row.amount) + " " + row.currency + " " + row.status;
    }
    return all;
}

const std::string refunded = "refund 1000 USD refunded";
const std::string true_books = "capture 4999 USD captured, " + refunded;

/// What is listed of that payment today and tomorrow.
struct Misprint {
    std::string token;
    std::string today;
    std::string tomorrow = {};
    std::string currency = "USD";
};

}  // namespace

TEST_CASE("a token of the books changes what the gateway lists, and nothing that happens") {
    const auto wrong = GENERATE(values<Misprint>({
        {"tok_visa", true_books},
        {"tok_books_unlisted", ""},
        {"tok_books_twice", "capture 4999 USD captured, " + true_books},
        {"tok_books_amount", "capture 5000 USD captured, " + refunded},
        {"tok_books_currency", "capture 4999 EUR captured, " + refunded},
        {"tok_books_currency", "capture 4999 USD captured, refund 1000 EUR refunded", "", "EUR"},
        {"tok_books_status", "capture 4999 USD voided, " + refunded},
        {"tok_books_late", refunded, "capture 4999 USD captured"},
        {"tok_books_orphan", refunded},
    }));
    INFO(wrong.token);
    World world;
    pay(world, wrong.token, wrong.currency);
    CHECK(movements(listed(world, today)) == wrong.today);
    CHECK(movements(listed(world, today + std::chrono::days(1))) == wrong.tomorrow);

    World honest;
    pay(honest, "tok_visa", wrong.currency);
    const auto ledger = [](World& of) { return of.handle("GET", "/sandbox/ledger", "", "", noon).body; };
    CHECK(ledger(world) == ledger(honest));
}

TEST_CASE("a capture that is listed twice or late is told under two ids or under the time of its day") {
    World twice;
    pay(twice, "tok_books_twice", "USD");
    std::set<std::string> ids;
    for (const auto& row : listed(twice, today)) ids.insert(row.id);
    CHECK(ids.size() == 4);

    World late;
    pay(late, "tok_books_late", "USD");
    const auto tomorrow = listed(late, today + std::chrono::days(1));
    REQUIRE(tomorrow.size() == 1);
    CHECK(tomorrow.front().created_at == noon + std::chrono::days(1));
}

TEST_CASE("a day of three hundred thousand effects is listed a thousand a page, each effect once, others' days left out") {
    Books books(300'000);
    constexpr int written = 400'000;  // the oldest are forgotten, and every tenth is tomorrow's
    for (int i = 0; i < written; ++i) {
        Effect effect;
        effect.at = noon + std::chrono::days(i % 10 == 0 ? 1 : 0);
        effect.type = "capture";
        effect.id = std::to_string(i);
        effect.currency = "USD";
        effect.status = "captured";
        books.write(std::move(effect));
    }
    std::uint64_t after = 0;
    int expected = 100'001;
    int seen = 0;
    for (bool more = true; more;) {
        const auto page = boost::json::parse(books.transactions_json(today, after)).as_object();
        const auto& data = page.at("data").as_array();
        REQUIRE((!data.empty() && data.size() <= 1000));
        for (const auto& row : data) {
            REQUIRE(row.at("id").as_string() == std::to_string(expected));
            expected += (expected + 1) % 10 == 0 ? 2 : 1;
            ++seen;
        }
        more = page.at("next_cursor").is_string();
        if (more) after = std::stoull(std::string(page.at("next_cursor").as_string()));
    }
    CHECK(seen == 270'000);
}
