// The life of a payment, as every adapter has to tell it.
#include <algorithm>
#include <map>

#include "gateways/conformance_kit.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

template <class Each>
void for_every_adapter(const Each& each) {
    for (const AdapterKind& kind : adapters()) {
        INFO(kind.name);
        each(kind);
    }
}

/// Answers everything with the same.
class OneAnswer final : public Exchange {
public:
    explicit OneAnswer(OutboundReply reply) : reply_(std::move(reply)) {}
    Task<Result<OutboundReply>> exchange(OutboundRequest) override { co_return reply_; }

private:
    OutboundReply reply_;
};

}  // namespace

TEST_CASE("conformance: a part of an authorization is captured once, and the rest let go") {
    for_every_adapter([](const AdapterKind& kind) {
        Stage stage(kind);
        const std::string id = stage.authorized(5000);
        CHECK(in_a_word(stage.capture({"ch_1", id, money(5001)}, "too-much")) == "refused");
        CHECK(stage.truth() == Truth{.payments = 1, .held = 5000});
        REQUIRE(stage.capture({"ch_1", id, money(3000)}, "capture").has_value());
        CHECK(stage.truth() == Truth{.payments = 1, .captured = 3000});
        CHECK_FALSE(stage.capture({"ch_1", id, money(2000)}, "again").has_value());
        CHECK(stage.truth() == Truth{.payments = 1, .captured = 3000});
    });
}

TEST_CASE("conformance: what is voided is not captured, and what is captured is not voided") {
    for_every_adapter([](const AdapterKind& kind) {
        Stage stage(kind);
        const std::string id = stage.authorized();
        REQUIRE(stage.undo({"ch_1", id}, "void").has_value());
        CHECK(stage.truth() == Truth{});
        CHECK(in_a_word(stage.capture({"ch_1", id, money(4999)}, "capture")) == "refused");
        CHECK(stage.truth() == Truth{});

        Stage other(kind);
        const std::string kept = other.authorized();
        REQUIRE(other.capture({"ch_1", kept, money(4999)}, "capture").has_value());
        CHECK(in_a_word(other.undo({"ch_1", kept}, "void")) == "refused");
        CHECK(other.truth() == Truth{.payments = 1, .captured = 4999});
    });
}

TEST_CASE("conformance: refunds go on in parts until nothing is left, and never further") {
    for_every_adapter([](const AdapterKind& kind) {
        Stage stage(kind);
        const std::string id = stage.captured(5000);
        const auto refund = [&](std::int64_t amount, const std::string& key) {
            return stage.refund({"ch_1", id, money(amount), "not as described"}, key);
        };
        std::vector<std::string> ids;
        for (const std::int64_t amount : {2000, 2000, 999}) {
            const auto done = refund(amount, "refund-" + std::to_string(ids.size()));
            REQUIRE(done.has_value());
            CHECK(std::ranges::find(ids, *done) == ids.end());
            ids.push_back(*done);
        }
        CHECK(in_a_word(refund(2, "one-too-many")) == "refused");
        CHECK(refund(1, "the-last").has_value());
        CHECK(in_a_word(refund(1, "nothing-left")) == "refused");
        CHECK(stage.truth().refunded == 5000);
        CHECK(stage.truth().refunds == 4);
    });
}

TEST_CASE("conformance: a refund after a partial capture gives back what was captured and no more") {
    for_every_adapter([](const AdapterKind& kind) {
        Stage stage(kind);
        const std::string id = stage.authorized(5000);
        const auto captured = stage.capture({"ch_1", id, money(3000)}, "capture");
        REQUIRE(captured.has_value());
        CHECK(in_a_word(stage.refund({"ch_1", *captured, money(3001)}, "too-much")) == "refused");
        CHECK(stage.refund({"ch_1", *captured, money(3000)}, "all").has_value());
        CHECK(stage.truth() == Truth{.payments = 1, .captured = 3000, .refunded = 3000, .refunds = 1});
    });
}

TEST_CASE("conformance: a decline says why, is final for its key, and holds nothing") {
    for_every_adapter([](const AdapterKind& kind) {
        const std::vector<std::pair<std::string, Code>> declines{{kind.methods.declined, Code::card_declined},
                                                                 {kind.methods.insufficient_funds, Code::insufficient_funds},
                                                                 {kind.methods.expired, Code::expired_card}};
        for (const auto& [method, code] : declines) {
            INFO(method);
            Stage stage(kind);
            for (int i = 0; i < 2; ++i) {
                const auto told = stage.authorize(payment(method), "key-1");
                REQUIRE(in_a_word(told) == "refused");
                CHECK(told.error().code == code);
            }
            stage.sleep(2h);
            CHECK(in_a_word(stage.authorize(payment(method), "key-1", Ask::look_up)) == "refused");
            CHECK(stage.truth() == Truth{});
            CHECK(in_a_word(stage.authorize(payment(kind.methods.good), "key-2")) == "done");
            CHECK(stage.truth() == Truth{.payments = 1, .held = 4999});
        }
    });
}

TEST_CASE("conformance: a customer who authenticates is sent to a page and then charged once") {
    for_every_adapter([](const AdapterKind& kind) {
        Stage stage(kind);
        auto request = payment(kind.methods.authenticates);
        const auto asked = stage.authorize(request, "key-1");
        REQUIRE(asked.has_value());
        CHECK_FALSE(asked->authorized.has_value());
        CHECK(asked->redirect_url.starts_with("https://"));
        CHECK(stage.truth() == Truth{});
        CHECK(stage.authorize(request, "key-1")->redirect_url == asked->redirect_url);

        stage.world().customer_returns(asked->waiting_id, true, stage.time.wall());
        request.continues = asked->waiting_id;
        const auto done = stage.authorize(request, "key-2");
        REQUIRE(done.has_value());
        REQUIRE(done->authorized.has_value());
        CHECK(stage.truth() == Truth{.payments = 1, .held = 4999});
        CHECK(stage.capture({"ch_1", done->authorized->id, money(4999)}, "key-3").has_value());
        CHECK(stage.truth() == Truth{.payments = 1, .captured = 4999});
    });
}

TEST_CASE("conformance: a customer who fails to authenticate is refused, and one who has not come back is asked again") {
    for_every_adapter([](const AdapterKind& kind) {
        Stage stage(kind);
        auto request = payment(kind.methods.authenticates);
        const auto asked = stage.authorize(request, "key-1");
        REQUIRE(asked.has_value());
        if (asked->waiting_id.empty()) return;  // nothing is kept open there
        request.continues = asked->waiting_id;
        const auto too_early = stage.authorize(request, "key-2");
        REQUIRE(too_early.has_value());
        CHECK_FALSE(too_early->authorized.has_value());
        CHECK_FALSE(too_early->redirect_url.empty());
        if (!stage.world().customer_returns(asked->waiting_id, false, stage.time.wall())) return;
        CHECK(in_a_word(stage.authorize(request, "key-3")) == "refused");
        CHECK(stage.truth() == Truth{});
    });
}

TEST_CASE("conformance: what waits for its customer can be canceled, and is not charged then") {
    for_every_adapter([](const AdapterKind& kind) {
        Stage stage(kind);
        auto request = payment(kind.methods.authenticates);
        const auto asked = stage.authorize(request, "key-1");
        REQUIRE(asked.has_value());
        if (asked->waiting_id.empty()) return;
        REQUIRE(stage.undo({"ch_1", asked->waiting_id}, "void").has_value());
        request.continues = asked->waiting_id;
        CHECK(in_a_word(stage.authorize(request, "key-2")) == "refused");
        CHECK(stage.truth() == Truth{});
    });
}

TEST_CASE("conformance: no error repeats a card number that a gateway puts into its words") {
    const std::string number = "4242424242424242";
    for_every_adapter([&](const AdapterKind& kind) {
        for (const int status : {200, 302, 400, 401, 402, 404, 409, 429, 500, 503}) {
            for (const std::string& body :
                 {R"({"error":{"type":"card_error","code":")" + number + R"(","decline_code":")" + number + R"(","message":")" +
                      number + R"("}})",
                  R"({"error":")" + number + R"(","message":")" + number + R"("})", "<html>" + number}) {
                VirtualTime time;
                OneAnswer exchange({.status = status, .body = body});
                const auto gateway = kind.adapter(exchange, time.runtime());
                const CallContext context{"key-1", "", time.steady() + 10s};
                const auto authorized = time.run(gateway->authorize(payment(kind.methods.good), context));
                const auto captured = time.run(gateway->capture({"ch_1", "pi_1", money(4999)}, context));
                INFO(status << " " << body);
                REQUIRE_FALSE(authorized.has_value());
                REQUIRE_FALSE(captured.has_value());
                CHECK(authorized.error().detail.find("4242") == std::string::npos);
                CHECK(captured.error().detail.find("4242") == std::string::npos);
            }
        }
    });
}

TEST_CASE("conformance: an amount that passes the check can be paid as it is, and one that does not says what would") {
    for_every_adapter([](const AdapterKind& kind) {
        for (const Money& impossible : kind.impossible) {
            Stage stage(kind);
            INFO(to_string(impossible));
            const auto checked = stage.gateway().check_amount(impossible);
            REQUIRE_FALSE(checked.has_value());
            CHECK(checked.error().code == Code::validation_failed);
            CHECK(checked.error().detail.size() > 20);
        }
        for (const char* const currency : {"USD", "EUR", "JPY", "KRW", "KWD", "BHD", "TND", "ISK", "UGX", "MGA",
                                           "HUF", "TWD", "CLP", "CLF", "UYW", "XPF", "VND", "IDR", "GBP", "CUP"}) {
            for (const std::int64_t minor : {1, 30, 50, 100, 505, 1000, 1001, 17'500, 200'000, 99'999'999, 100'000'000}) {
                Stage stage(kind);
                const Money amount = money(minor, currency);
                if (!stage.gateway().check_amount(amount)) continue;
                INFO(to_string(amount));
                auto request = payment(kind.methods.good);
                request.amount = amount;
                const auto done = stage.authorize(request, "key-1");
                INFO((done ? "" : done.error().detail));
                if (!done) {  // too little or too much for the provider, in a form that it understands
                    CHECK(in_a_word(done) == "refused");
                    CHECK(stage.truth() == Truth{});
                    CHECK((minor < 20'000 || minor >= 100'000'000 || amount.currency.code() == "CUP"));
                    continue;
                }
                CHECK(stage.truth().held == minor);
                const auto captured = stage.capture({"ch_1", done->authorized->id, amount}, "key-2");
                REQUIRE(captured.has_value());
                CHECK(stage.refund({"ch_1", *captured, amount}, "key-3").has_value());
                CHECK(stage.truth().refunded == minor);
            }
        }
    });
}

TEST_CASE("conformance: the books of a day are complete, each movement once, whatever page it stands on") {
    using Movement = std::tuple<std::string, std::string, std::int64_t, std::string>;
    for_every_adapter([](const AdapterKind& kind) {
        Stage stage(kind);
        const auto day = std::chrono::floor<std::chrono::days>(stage.time.wall());
        std::map<Movement, int> expected;
        for (int i = 0; i < 130; ++i) {
            const std::string reference = "ch_day_" + std::to_string(i);
            const std::string id = stage.authorized(5000 + i, reference);
            const std::int64_t part = i % 3 == 0 ? 4000 : 5000 + i;
            const auto captured = stage.capture({reference, id, money(part)}, "capture-" + reference);
            REQUIRE(captured.has_value());
            ++expected[{reference, "capture", part, "USD"}];
            if (i % 2 != 0) continue;
            REQUIRE(stage.refund({reference, *captured, money(1000 + i)}, "refund-" + reference).has_value());
            ++expected[{reference, "refund", 1000 + i, "USD"}];
        }
        const std::string overnight = stage.authorized(7000, "ch_overnight");
        stage.sleep(14h);
        REQUIRE(std::chrono::floor<std::chrono::days>(stage.time.wall()) == day + std::chrono::days(1));
        REQUIRE(stage.capture({"ch_overnight", overnight, money(7000)}, "capture-overnight").has_value());

        const auto books = [&](std::chrono::sys_days which) {
            std::map<Movement, int> seen;
            TransactionQuery query{which, "", stage.time.steady() + 10s};
            for (int pages = 0; pages < 100; ++pages) {
                const auto page = stage.time.run(stage.gateway().transactions(query));
                INFO((page ? "" : page.error().detail));
                REQUIRE(page.has_value());
                for (const auto& one : page->data) {
                    CHECK(std::chrono::floor<std::chrono::days>(one.created_at) == which);
                    if (one.type == "capture" || one.type == "refund")
                        ++seen[{one.reference, one.type, one.amount, one.currency}];
                }
                query.cursor = page->next_cursor;
                query.deadline = stage.time.steady() + 10s;
                if (query.cursor.empty()) break;
            }
            CHECK(query.cursor.empty());
            return seen;
        };
        CHECK(books(day) == expected);
        CHECK(books(day + std::chrono::days(1)) == std::map<Movement, int>{{{"ch_overnight", "capture", 7000, "USD"}, 1}});
        CHECK(books(day - std::chrono::days(1)).empty());
    });
}
