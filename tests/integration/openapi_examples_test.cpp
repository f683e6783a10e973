// Every example of /openapi.json, played against the running service: the answers are what the document shows and says.
#include <catch2/catch.hpp>
#include <regex>
#include <set>

#include "integration/reconciliation_stage.hpp"
#include "support/openapi_document.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

/// What differs from one run to the next.
bool is_drawn(std::string_view name) {
    static const std::set<std::string_view> others{"capture_before", "redirect_url",    "instance",   "detail", "operation",
                                                   "time",           "observedValue",   "note",       "body",   "at",
                                                   "since",          "idempotency_key", "retry_after"};
    return name == "id" || name.ends_with("_id") || name.ends_with("_at") || others.contains(name);
}

/// The ids within a sentence are drawn as well.
json::value without_ids(const json::value& value) {
    static const std::regex id("[a-z]+_[0-9a-f]{32}");
    return value.is_string() ? json::value(std::regex_replace(std::string(value.as_string()), id, "ID")) : value;
}

/// Where two values differ in more than what is drawn: the example must show what the service says, member by member.
std::string difference(const json::value& shown, const json::value& said, const std::string& at) {
    if (shown.kind() != said.kind()) return at + ": " + json::serialize(said);
    if (const json::object* object = shown.if_object()) {
        for (const auto& member : said.as_object()) {
            if (!object->contains(member.key())) return at + "/" + std::string(member.key()) + " is not in the example";
        }
        for (const auto& [name, member] : *object) {
            const std::string there = at + "/" + std::string(name);
            const json::value* found = said.as_object().if_contains(name);
            if (found == nullptr) return there + " is in the example only";
            if (is_drawn(name)) continue;
            if (auto other = difference(member, *found, there); !other.empty()) return other;
        }
        return {};
    }
    if (const json::array* array = shown.if_array()) {
        if (array->size() != said.as_array().size()) return at + ": " + json::serialize(said);
        for (std::size_t i = 0; i < array->size(); ++i) {
            if (auto other = difference((*array)[i], said.at(i), at + "/" + std::to_string(i)); !other.empty()) return other;
        }
        return {};
    }
    return without_ids(shown) == without_ids(said) ? std::string() : at + ": " + json::serialize(said);
}

/// Plays examples, and knows which ones were.
class Player {
public:
    explicit Player(const EventStage& stage) : stage_(stage) {}

    /// Sends the request example of this name, unless the call has a body, and expects the answer example of that name. `path`
    /// is the operation's with its parameters in their places.
    json::value play(const std::string& method, const std::string& pattern, const std::string& name, std::string path = "",
                     Call call = {}) {
        INFO(method << " " << pattern << ": " << name);
        const json::object& operation = document_.operation(pattern, method);
        call.method = method == "get" ? "GET" : "POST";
        call.path = path.empty() ? pattern : std::move(path);
        if (operation.contains("requestBody") && call.body.empty()) call.body = json::serialize(asked(pattern, name));
        const Reply reply = must(request(stage_.port(), call));
        INFO(reply.status << " " << reply.body);
        const json::value said = json::parse(reply.body);
        const json::object& content = document_.content(operation, reply.status, reply.header("content-type"));
        CHECK(document_.wrong_reply(call, reply) == std::vector<std::string>());
        CHECK(difference(example(content, name), said, "") == "");
        played_.insert(method + " " + pattern + ": " + name);
        return said;
    }

    /// A POST's request example.
    [[nodiscard]] json::value asked(const std::string& pattern, const std::string& name) const {
        return example(document_.operation(pattern, "post").at("requestBody").at("content").at("application/json"), name);
    }

    /// Examples that nobody has played.
    [[nodiscard]] std::vector<std::string> left() const {
        std::vector<std::string> names;
        for (const auto& [path, methods] : document_.root().at("paths").as_object()) {
            for (const auto& [method, operation] : methods.as_object()) {
                const std::string route = std::string(method) + " " + std::string(path) + ": ";
                if (const json::value* body = operation.as_object().if_contains("requestBody"))
                    note(body->at("content"), route, names);
                for (const auto& [status, response] : operation.at("responses").as_object()) {
                    note(document_.resolved(response).at("content"), route, names);
                }
            }
        }
        return names;
    }

private:
    /// The day that they tell of is yesterday, and the sandbox is not inside of this service.
    [[nodiscard]] static json::value example(const json::value& content, const std::string& name) {
        const std::string text = json::serialize(content.at("examples").at(name).at("value"));
        const std::string named = std::regex_replace(text, std::regex(R"("name":"sandbox")"), R"("name":"http")");
        return json::parse(std::regex_replace(named, std::regex("2026-11-22"), utc_day(-1)));
    }
    void note(const json::value& contents, const std::string& route, std::vector<std::string>& names) const {
        for (const auto& [media, content] : contents.as_object()) {
            const json::value* examples = content.as_object().if_contains("examples");
            if (examples == nullptr) continue;
            for (const auto& example : examples->as_object()) {
                const std::string name = route + std::string(example.key());
                if (!played_.contains(name)) names.push_back(name);
            }
        }
    }
    const EventStage& stage_;
    const OpenApiDocument document_;
    std::set<std::string> played_;
};

std::string id_of(const json::value& charge) {
    return std::string(charge.at("id").as_string());
}

/// With a key of its own, and a body that is no example.
Call keyed(const std::string& key, std::string body = "") {
    return {.body = std::move(body), .key = key};
}

/// The webhook of the examples, signed.
Call event(const Player& player, const std::string& path, const std::string& id, const std::string& type) {
    json::value shown = player.asked(path, "an event");
    shown.as_object()["id"] = id;
    shown.as_object()["type"] = type;
    return signed_call(json::serialize(shown));
}

/// Charges of every outcome, and what becomes of them; the first one.
std::string play_charges(Player& player, const EventStage& stage) {
    const std::string first = id_of(player.play("post", "/charge", "a charge", "", keyed("key-1")));
    player.play("get", "/charge/{id}", "a charge", "/charge/" + first);
    player.play("get", "/charge", "one order", "/charge?order_id=ord_123");
    player.play("get", "/admin/charges", "an order", "/admin/charges?q=ord_123");
    player.play("post", "/charge", "the same order under another key", "", keyed("key-2"));
    const std::string manual = id_of(player.play("post", "/charge", "authorize now, capture later", "", keyed("key-3")));
    const std::string waiting = id_of(player.play("post", "/charge", "the customer must authenticate", "", keyed("key-4")));
    player.play("get", "/admin/sagas", "one waits");
    for (const char* name : {"a declined card", "goods that are out of stock", "goods that cannot be shipped"})
        player.play("post", "/charge", name, "", keyed("key-of-" + std::to_string(std::string_view(name).size())));
    player.play("post", "/charge", "without a key", "", keyed("", "{}"));
    std::string misspelt = charge_body({});
    misspelt.replace(misspelt.find("amount"), 6, "amuont");
    player.play("post", "/charge", "wrong members", "", keyed("key-8", misspelt));
    player.play("post", "/charge", "a card number", "", keyed("key-9", R"({"payment_method":"4111111111111111"})"));

    const auto ask = [&](const std::string& kind, const std::string& name, const std::string& id, const Call& call) {
        player.play("post", "/charge/{id}/" + kind, name, "/charge/" + id + "/" + kind, call);
    };
    ask("capture", "part of it", manual, keyed("key-10"));
    ask("capture", "captured already", manual, keyed("key-11", "{}"));
    const std::string voided = stage.charge("key-12", {.id = "ord_129", .more = R"(,"capture":"manual")"});
    ask("void", "void", voided, keyed("key-13"));
    ask("refund", "part of it", first, keyed("key-14"));
    ask("confirm", "confirm", waiting, keyed("key-15"));
    for (const char* kind : {"capture", "void", "refund", "confirm"}) ask(kind, "without a key", first, keyed("", "{}"));
    return first;
}

void play_webhooks(Player& player, const EventStage& stage) {
    const std::string type(player.asked("/webhook", "an event").at("type").as_string());
    player.play("get", "/admin/dead-letters", "none");
    REQUIRE(must(request(stage.port(), event(player, "/webhook", "evt_0", "customer.created"))).status == 200);
    REQUIRE(stage.comes_to("evt_0", "done"));
    player.play("get", "/admin/webhooks/{id}", "an event", "/admin/webhooks/evt_0");
    player.play("post", "/admin/webhooks/{id}/replay", "an event", "/admin/webhooks/evt_0/replay");
    REQUIRE(stage.comes_to("evt_0", "done"));
    player.play("post", "/admin/webhooks/{id}/replay", "a day", "/admin/webhooks/" + utc_day() + "/replay");
    player.play("post", "/webhook", "an event", "", event(player, "/webhook", "evt_1", type));
    player.play("post", "/webhook/{name}", "an event", "/webhook/sandbox", event(player, "/webhook/{name}", "evt_2", type));
    player.play("post", "/webhook", "unsigned", "", {.body = "{}"});
    player.play("post", "/webhook/{name}", "unsigned", "/webhook/sandbox", {.body = "{}"});
}

}  // namespace

TEST_CASE("every example of the document is what the running service takes and answers") {
    EventStage stage(false, {{"TOLLGATE_WEBHOOK_MAX_ATTEMPTS", "1"},
                             {"TOLLGATE_SAGA_COMPENSATION_RETRIES", "0"},
                             {"TOLLGATE_SAGA_COMPENSATION_DELAY", "60s"},
                             {"TOLLGATE_SERVER_CHARGE_TIMEOUT", "5s"},
                             {"TOLLGATE_GATEWAY_TIMEOUT", "60s"},
                             {"TOLLGATE_STORE_TIMEOUT", "30s"}});
    std::promise<void> books_are_open;
    Bookkeeper gateway(stage.sandbox->port(), {}, [open = books_are_open.get_future().share()](int) {
        return open.wait_for(std::chrono::minutes(1)) == std::future_status::ready;
    });
    stage.start(gateway.settings());
    Player player(stage);
    for (const char* path : {"/health", "/health/ready"}) player.play("get", path, "well");
    player.play("get", "/health/live", "alive");
    player.play("get", "/admin/attention", "nothing");
    player.play("get", "/admin/breakers", "all are well");

    const std::string first = play_charges(player, stage);
    const std::string saga = "/admin/sagas/saga_" + first.substr(3);
    player.play("get", "/admin/sagas/{id}", "a saga", saga);
    player.play("post", "/admin/sagas/{id}/retry", "nothing is left to do", saga + "/retry");
    const std::string refund = "/admin/charges/" + first + "/refund";
    player.play("post", "/admin/charges/{id}/refund", "part of it", refund, keyed("key-1"));
    player.play("post", "/admin/charges/{id}/refund", "without a key", refund, keyed("", "{}"));
    (void)must(charge(stage.port(), "key-20", {.id = "ord_130", .token = "tok_capture_fails_void_fails"}));
    player.play("get", "/admin/attention", "one that could not be undone");

    play_webhooks(player, stage);
    const auto poison = stage.send("payment.refunded", about(first, R"(,"refund_id":"re_0","amount":"lots","currency":"USD")"),
                                   R"(,"id":"evt_3")");
    REQUIRE(stage.comes_to("evt_3", "dead"));
    player.play("post", "/admin/dead-letters/{id}/replay", "a dead letter", "/admin/dead-letters/evt_3/replay");

    player.play("post", "/admin/reconciliation", "a day to come", "", {.body = R"({"date":"2999-01-01"})"});
    player.play("post", "/admin/reconciliation", "not yet", "", {.body = R"({"date":")" + utc_day(-1) + R"("})"});
    player.play("get", "/admin/reconciliation/{date}", "not yet", "/admin/reconciliation/" + utc_day(-1));
    books_are_open.set_value();
    (void)reconciled(stage.port(), utc_day(-1));
    player.play("post", "/admin/reconciliation", "a quiet day");
    player.play("get", "/admin/reconciliation/{date}", "a quiet day", "/admin/reconciliation/" + utc_day(-1));
    CHECK(player.left() == std::vector<std::string>());
}
