// The operator's sagas: what is listed, and what a retry by hand does, on either store.
#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <set>

#include "integration/fleet.hpp"
#include "support/redis_server.hpp"

using namespace tollgate::test;

namespace {

Reply get(unsigned short port, const std::string& path) {
    return must(request(port, {.path = path}));
}

Reply retry(unsigned short port, const std::string& id, const std::string& body = "") {
    return must(request(port, {.method = "POST", .path = "/admin/sagas/" + id + "/retry", .body = body}));
}

/// The charge ids of one page.
std::vector<std::string> listed(unsigned short port, const std::string& query = "") {
    const Reply reply = get(port, "/admin/sagas" + query);
    std::vector<std::string> ids;
    for (const json::value& saga : body_of(reply).at("data").as_array()) {
        ids.emplace_back(saga.at("charge_id").as_string());
    }
    return ids;
}

using Ids = std::vector<std::string>;

std::string saga_id(const std::string& charge_id) {
    return "saga_" + charge_id.substr(3);
}

/// A service on either store whose gateway cuts every void without acting while it is broken.
class Office {
public:
    explicit Office(bool on_redis, Variables more = {})
        : redis_(on_redis ? std::make_unique<RedisServer>(RedisServer::Options{.append_only = true}) : nullptr),
          sandbox(start_sandbox()),
          gate_(sandbox->port(),
                [this](int, bool acted, const std::string& path) {
                    if (acted || path != "/v1/void") return true;
                    ++voids;
                    return !broken;
                }),
          settings(service_settings(folder_, gate_.url(), quick(std::move(more)))) {
        settings.insert({"TOLLGATE_SAGA_LEASE", "2s"});
        if (redis_) settings["TOLLGATE_STORE_URL"] = redis_->url();
        service = start_service(settings);
    }

    void restart() {
        service->kill_hard();
        service = start_service(settings);
    }
    [[nodiscard]] unsigned short port() const { return service->port(); }

    /// The answer to a charge that cannot be undone.
    [[nodiscard]] Reply fail_to_undo() const {
        const Reply answer = must(charge(port(), "key-1", order));
        check_problem(answer, 500, "needs_attention");
        return answer;
    }

private:
    std::unique_ptr<RedisServer> redis_;
    Folder folder_;

public:
    const Order order{.token = "tok_capture_fails"};
    std::atomic<bool> broken{true};
    std::atomic<int> voids{0};
    std::unique_ptr<Program> sandbox;

private:
    Gate gate_;

public:
    Variables settings;
    std::unique_ptr<Program> service;
};

/// One failed undo needs attention, and nobody but the operator tries again within the test.
const Variables by_hand_only{{"TOLLGATE_SAGA_COMPENSATION_RETRIES", "0"}, {"TOLLGATE_SAGA_COMPENSATION_DELAY", "60s"}};

}  // namespace

TEST_CASE("a saga that needs attention is listed until it settles by a retry by hand, and its answer stays") {
    const bool on_redis = GENERATE(false, true);
    INFO((on_redis ? "redis" : "sqlite"));
    Office office(on_redis, by_hand_only);
    const Reply answer = office.fail_to_undo();
    const std::string id = answer.text("charge_id");
    for (const char* query : {"", "?state=NEEDS_ATTENTION", "?state=needs_attention", "?state="}) {
        INFO(query);
        CHECK(listed(office.port(), query) == Ids{id});
    }
    for (const char* state : {"RUNNING", "WAITING", "AUTHORIZED", "COMPLETED", "COMPENSATING", "COMPENSATED"}) {
        INFO(state);
        CHECK(listed(office.port(), std::string("?state=") + state).empty());
    }

    office.restart();
    const Reply saga = get(office.port(), "/admin/sagas/" + saga_id(id));
    CHECK(get(office.port(), "/admin/sagas/" + id).body == saga.body);
    INFO(saga.body);
    CHECK(saga.text("id") == saga_id(id));
    CHECK(saga.text("charge_id") == id);
    CHECK(saga.text("tenant") == "default");
    CHECK(saga.text("state") == "NEEDS_ATTENTION");
    CHECK(saga.text("status") == "needs_attention");
    CHECK(saga.text("amount") == "4999");
    CHECK(saga.text("step.name") == "void");
    CHECK(saga.text("step.tries") == "1");
    CHECK(saga.text("step.may_have_left") == "true");
    CHECK(saga.text("failure.step") == "capture");
    CHECK(saga.text("owned") == "false");
    CHECK(saga.text("due_at") > saga.text("created_at"));
    CHECK_FALSE(saga.text("facts.authorization_id").empty());
    CHECK(saga.text("facts.void_id").empty());
    CHECK(saga.body.find("key-1") == saga.body.npos);
    CHECK(body_of(saga).at("ledger").as_array().size() == 1);

    const Reply in_vain = retry(office.port(), saga_id(id));
    CHECK(in_vain.status == 200);
    CHECK(in_vain.text("state") == "NEEDS_ATTENTION");
    CHECK(in_vain.text("step.tries") == "2");
    CHECK(effects(office.sandbox->port(), office.order.id) == "reserve authorize");

    office.broken = false;
    const Reply settled = retry(office.port(), id, "{}");
    INFO(settled.body);
    CHECK(settled.status == 200);
    CHECK(settled.text("state") == "COMPENSATED");
    CHECK(settled.text("status") == "reversed");
    CHECK_FALSE(settled.text("facts.void_id").empty());
    CHECK(settled.text("facts.released") == "true");
    CHECK(settled.text("due_at").empty());
    CHECK(body_of(settled).at("ledger").as_array().size() == 2);
    CHECK(effects(office.sandbox->port(), office.order.id) == "reserve authorize void release");

    CHECK(listed(office.port()).empty());
    CHECK(listed(office.port(), "?state=compensated") == Ids{id});
    const Reply stands = get(office.port(), "/charge/" + id);
    CHECK(stands.text("status") == "reversed");
    CHECK(stands.text("failure.code") == "checkout_reversed");
    const Reply replay = must(charge(office.port(), "key-1", office.order));
    CHECK(replay.status == 500);
    CHECK(replay.body == answer.body);
    CHECK(replay.header("idempotent-replayed") == "true");
    const Reply done = retry(office.port(), id);
    check_problem(done, 409, "invalid_state");
    CHECK(done.text("retriable") == "false");
    CHECK(done.text("detail").find("COMPENSATED") != std::string::npos);
}

TEST_CASE("an undo that keeps failing is tried for ever through restarts, and settles by itself when it can") {
    const bool on_redis = GENERATE(false, true);
    INFO((on_redis ? "redis" : "sqlite"));
    Office office(on_redis, {{"TOLLGATE_SAGA_COMPENSATION_RETRIES", "1"},
                             {"TOLLGATE_SAGA_COMPENSATION_DELAY", "10ms"},
                             {"TOLLGATE_BREAKER_RECOVERY_TIMEOUT", "100ms"}});
    const std::string id = office.fail_to_undo().text("charge_id");
    for (int i = 0; i < 3; ++i) {
        const int so_far = office.voids;
        CHECK(eventually([&] { return office.voids >= so_far + 2; }));
        CHECK(listed(office.port(), "?state=NEEDS_ATTENTION") == Ids{id});
        office.restart();
    }
    office.broken = false;
    CHECK(eventually([&] { return get(office.port(), "/charge/" + id).text("status") == "reversed"; }));
    CHECK(effects(office.sandbox->port(), office.order.id) == "reserve authorize void release");
    CHECK(listed(office.port()).empty());
}

TEST_CASE("a refund that keeps failing needs attention and is listed with its step") {
    const Folder folder;
    const auto sandbox = start_sandbox();
    std::atomic<bool> broken{true};
    Gate gate(sandbox->port(),
              [&](int, bool acted, const std::string& path) { return acted || path != "/v1/refund" || !broken; });
    const auto service = start_service(service_settings(folder, gate.url(), quick(by_hand_only)));
    const Order order{.sku = "SKU-UNSHIPPABLE"};
    const std::string id = must(charge(service->port(), "key-1", order)).text("charge_id");
    const Reply saga = get(service->port(), "/admin/sagas/" + id);
    CHECK(saga.text("state") == "NEEDS_ATTENTION");
    CHECK(saga.text("step.name") == "refund");
    CHECK(saga.text("failure.code") == "cannot_ship");
    broken = false;
    CHECK(retry(service->port(), id).text("state") == "COMPENSATED");
    CHECK(effects(sandbox->port(), order.id) == "reserve authorize capture refund release");
}

TEST_CASE("a charge that waits for its customer is not retried, and goes on waiting") {
    const bool on_redis = GENERATE(false, true);
    INFO((on_redis ? "redis" : "sqlite"));
    const Office office(on_redis);
    const Reply answer = must(charge(office.port(), "key-1", {.token = "tok_authentication_required"}));
    REQUIRE(answer.status == 202);
    const std::string id = answer.text("id");
    CHECK(listed(office.port(), "?state=WAITING") == Ids{id});
    const Reply before = get(office.port(), "/admin/sagas/" + id);
    const Reply refused = retry(office.port(), id);
    check_problem(refused, 409, "invalid_state");
    CHECK(refused.text("detail").find("WAITING") != std::string::npos);
    CHECK(get(office.port(), "/admin/sagas/" + id).body == before.body);
    CHECK(get(office.port(), "/charge/" + id).text("status") == "requires_action");
    CHECK(effects(office.sandbox->port(), "ord_1") == "reserve");
}

TEST_CASE("each saga state lists its own charges") {
    const bool on_redis = GENERATE(false, true);
    INFO((on_redis ? "redis" : "sqlite"));
    Office office(on_redis, by_hand_only);
    HeldGate held(office.sandbox->port(), "/v1/authorize");
    HeldGate release(office.sandbox->port(), "/v1/reservations/");
    Variables slow = office.settings;
    slow["TOLLGATE_GATEWAY_URL"] = held.url();
    slow["TOLLGATE_SERVER_CHARGE_TIMEOUT"] = "100ms";
    slow["TOLLGATE_SAGA_LEASE"] = "60s";
    slow["TOLLGATE_GATEWAY_TIMEOUT"] = "50s";
    std::unique_ptr<Program> other;
    const auto id_of = [](const Reply& reply) { return reply.text(reply.status < 300 ? "id" : "charge_id"); };
    const auto buy = [&](const std::string& name, Order order) {
        order.id = name;
        return id_of(must(charge(office.port(), name, order)));
    };
    const std::string completed = buy("completed", {});
    const std::string authorized = buy("authorized", {.more = R"(,"capture":"manual")"});
    const std::string declined = buy("declined", {.token = "tok_declined"});
    const std::string waiting = buy("waiting", {.token = "tok_authentication_required"});
    const std::string attention = buy("attention", {.token = "tok_capture_fails"});
    std::string running;
    std::string undoing;
    if (on_redis) {  // SQLite serves one process
        other = start_service(slow);
        running = must(charge(other->port(), "running", {.id = "running"})).text("id");
        Variables stuck = slow;
        stuck["TOLLGATE_GATEWAY_URL"] = office.sandbox->url();
        stuck["TOLLGATE_INVENTORY_URL"] = release.url();
        stuck["TOLLGATE_INVENTORY_TIMEOUT"] = "50s";
        const auto third = start_service(stuck);
        undoing = must(charge(third->port(), "undoing", {.id = "undoing", .token = "tok_declined"})).text("id");
        REQUIRE(release.wait_for(1));
        CHECK(listed(office.port(), "?state=RUNNING") == Ids{running});
        CHECK(listed(office.port(), "?state=COMPENSATING") == Ids{undoing});
        CHECK(listed(office.port()).size() == 4);
        CHECK(get(office.port(), "/admin/sagas/" + undoing).text("owned") == "true");
        release.release();
        third->kill_hard();
    }
    CHECK(listed(office.port(), "?state=COMPLETED") == Ids{completed});
    CHECK(listed(office.port(), "?state=AUTHORIZED") == Ids{authorized});
    CHECK(listed(office.port(), "?state=WAITING") == Ids{waiting});
    CHECK(listed(office.port(), "?state=NEEDS_ATTENTION") == Ids{attention});
    const Ids undone = listed(office.port(), "?state=COMPENSATED");
    CHECK(std::set<std::string>(undone.begin(), undone.end()).contains(declined));
    for (const std::string& id : {completed, authorized, declined}) {
        const Reply refused = retry(office.port(), id);
        check_problem(refused, 409, "invalid_state");
        CHECK(refused.text("retriable") == "false");
    }
    held.release();
}

TEST_CASE("a saga is retried through a process that does not own it, unless its owner is at it") {
    RedisServer redis;
    Fleet fleet(redis.url(), {{"TOLLGATE_SAGA_LEASE", "60s"}, {"TOLLGATE_GATEWAY_TIMEOUT", "50s"}}, 0);
    HeldGate gate(fleet.sandbox->port(), "/v1/capture");
    const Program& owner = fleet.add({{"TOLLGATE_GATEWAY_URL", gate.url()}});
    const Program& other = fleet.add();
    auto first = charge_async(owner.port(), "key-1");
    REQUIRE(gate.wait_for(1));
    const Ids running = listed(other.port(), "?state=RUNNING");
    REQUIRE(running.size() == 1);
    const Reply busy = retry(other.port(), running[0]);
    check_problem(busy, 409, "invalid_state");
    CHECK(busy.text("retriable") == "true");
    CHECK(busy.header("retry-after") == "1");
    CHECK(get(other.port(), "/admin/sagas/" + running[0]).text("owned") == "true");
    gate.release();
    CHECK(must(first.get()).status == 201);

    // What the one has left, the other finishes: its call may have left, so it is looked up.
    Fleet broken(redis.url(), by_hand_only, 0);
    Gate cut(broken.sandbox->port(), [](int, bool acted, const std::string& path) { return acted || path != "/v1/void"; });
    const Program& failing = broken.add({{"TOLLGATE_GATEWAY_URL", cut.url()}});
    const Program& helping = broken.add();
    const Order order{.id = "ord_2", .token = "tok_capture_fails"};
    const std::string id = must(charge(failing.port(), "key-2", order)).text("charge_id");
    CHECK(listed(helping.port(), "?state=NEEDS_ATTENTION") == Ids{id});
    CHECK(retry(helping.port(), id).text("state") == "COMPENSATED");
    CHECK(get(failing.port(), "/charge/" + id).text("status") == "reversed");
    CHECK(broken.effects("ord_2") == "reserve authorize void release");
}

TEST_CASE("a process killed in the middle of a retried saga leaves it to another one, and each part is undone once") {
    const bool acted = GENERATE(false, true);
    INFO((acted ? "after the void" : "before the void"));
    RedisServer redis;
    Fleet fleet(redis.url(), by_hand_only, 0);
    std::atomic<bool> broken{true};
    std::atomic<pid_t> victim{0};
    Gate gate(fleet.sandbox->port(), [&](int, bool has_acted, const std::string& path) {
        if (path != "/v1/void") return true;
        if (broken) return has_acted;
        if (victim == 0 || has_acted != acted) return true;
        ::kill(victim.exchange(0), SIGKILL);
        return false;
    });
    Program& first = fleet.add({{"TOLLGATE_GATEWAY_URL", gate.url()}});
    const Program& second = fleet.add();
    const std::string id = must(charge(first.port(), "key-1", {.token = "tok_capture_fails"})).text("charge_id");
    CHECK(listed(second.port(), "?state=NEEDS_ATTENTION") == Ids{id});
    broken = false;
    victim = first.pid();
    CHECK_FALSE(request(first.port(), {.method = "POST", .path = "/admin/sagas/" + id + "/retry"}));
    CHECK(first.wait() == 128 + SIGKILL);
    CHECK(eventually([&] { return get(second.port(), "/charge/" + id).text("status") == "reversed"; }));
    CHECK(fleet.effects() == "reserve authorize void release");
}

TEST_CASE("a retry that takes longer than its operator waits is 202 and goes on") {
    const Folder folder;
    const auto sandbox = start_sandbox();
    HeldGate gate(sandbox->port(), "/v1/void");
    Variables settings = service_settings(folder, gate.url(), quick(by_hand_only));
    settings["TOLLGATE_GATEWAY_TIMEOUT"] = "300ms";
    settings["TOLLGATE_SERVER_CHARGE_TIMEOUT"] = "2s";
    auto service = start_service(settings);
    const std::string id = must(charge(service->port(), "key-1", {.token = "tok_capture_fails"})).text("charge_id");
    service->kill_hard();
    settings["TOLLGATE_GATEWAY_TIMEOUT"] = "50s";
    settings["TOLLGATE_SERVER_CHARGE_TIMEOUT"] = "200ms";
    service = start_service(settings);
    const Reply accepted = retry(service->port(), id);
    CHECK(accepted.status == 202);
    CHECK(accepted.header("location") == "/admin/sagas/" + id);
    CHECK(accepted.header("retry-after") == "1");
    CHECK(accepted.text("owned") == "true");
    check_problem(retry(service->port(), id), 409, "invalid_state");
    gate.release();
    CHECK(eventually([&] { return get(service->port(), accepted.header("location")).text("state") == "COMPENSATED"; }));
    CHECK(effects(sandbox->port(), "ord_1") == "reserve authorize void release");
}

TEST_CASE("what an operator may not ask of sagas is refused in words that help") {
    const Shop shop;
    const std::string id = must(shop.charge("key-1")).text("id");
    const Reply unknown_state = shop.get("/admin/sagas?state=LOST");
    check_problem(unknown_state, 400, "bad_request");
    for (const char* state :
         {"RUNNING", "WAITING", "AUTHORIZED", "COMPLETED", "COMPENSATING", "COMPENSATED", "NEEDS_ATTENTION"}) {
        CHECK(unknown_state.text("detail").find(state) != std::string::npos);
    }
    for (const char* query :
         {"limit=0", "limit=101", "limit=ten", "limit=-1", "cursor=nonsense", "cursor=sq0", "cursor=rs001"}) {
        INFO(query);
        check_problem(shop.get(std::string("/admin/sagas?") + query), 400, "bad_request");
    }
    const Call retry_it{.method = "POST", .path = "/admin/sagas/" + id + "/retry"};
    for (const std::string unknown : {"ch_0", "saga_0", "0", "ch_"}) {
        INFO(unknown);
        check_problem(shop.get("/admin/sagas/" + unknown), 404, "not_found");
        check_problem(retry(shop.port(), unknown), 404, "not_found");
    }
    check_problem(retry(shop.port(), id, R"({"force":true})"), 422, "validation_failed");
    check_problem(retry(shop.port(), id, "[]"), 422, "validation_failed");
    check_problem(retry(shop.port(), id, "{"), 400, "invalid_json");
    const auto refused = [&](const std::string& method, const std::string& path, const std::string& allow) {
        const Reply reply = must(request(shop.port(), {.method = method, .path = path}));
        check_problem(reply, 405, "method_not_allowed");
        CHECK(reply.header("allow") == allow);
    };
    refused("POST", "/admin/sagas", "GET, HEAD, OPTIONS");
    refused("DELETE", "/admin/sagas/" + id, "GET, HEAD, OPTIONS");
    refused("GET", retry_it.path, "POST, OPTIONS");
}

TEST_CASE("a retry is written into the audit log with who asked for it and how it ended") {
    Office office(false, by_hand_only);
    const std::string id = office.fail_to_undo().text("charge_id");
    office.broken = false;
    CHECK(retry(office.port(), id).status == 200);
    check_problem(retry(office.port(), id), 409, "invalid_state");
    CHECK(retry(office.port(), "4242424242424242").status == 404);
    CHECK(office.service->stop() == 0);
    const std::string store = content_of(office.settings.at("TOLLGATE_STORE_URL").substr(std::string("sqlite:").size()));
    CHECK(count_of(store, "defaultsaga.retryattempt") == 2);
    CHECK(count_of(store, "defaultsaga.retry200") == 1);
    CHECK(count_of(store, "defaultsaga.retryinvalid_state") == 1);
    CHECK(store.find("4242424242424242") == store.npos);
}

TEST_CASE("a walk through hundreds of sagas of several shops names each once, to an operator only") {
    const bool on_redis = GENERATE(false, true);
    INFO((on_redis ? "redis" : "sqlite"));
    const Folder folder;
    std::unique_ptr<RedisServer> redis;
    if (on_redis) redis = std::make_unique<RedisServer>();
    const auto sandbox = start_sandbox();
    const std::vector<std::string> shops{"anna", "bert", "carl"};
    const std::string operator_key = "key-of-the-operator-0123456789";
    const std::string config = folder.path() + "/tollgate.toml";
    {
        std::ofstream file(config);
        file << "[auth]\nkeys = [{id = \"ops\", hash = \"" << hash_of(operator_key) << "\", scopes = [\"admin\"]},\n";
        for (const std::string& shop : shops) {
            file << "{id = \"" << shop << "\", hash = \"" << hash_of("key-of-" + shop + "-0123456789")
                 << "\", scopes = [\"charge\"]},\n";
        }
        file << "]\n";
    }
    Variables settings = service_settings(folder, sandbox->url());
    if (redis) settings["TOLLGATE_STORE_URL"] = redis->url();
    const Program service({.arguments = {"serve", "--config", config}, .variables = settings});
    REQUIRE(service.listening());

    const auto ask = [&](const std::string& path, const std::string& key, const std::string& method = "GET") {
        Call call{.method = method, .path = path};
        if (!key.empty()) call.headers["Authorization"] = "Bearer " + key;
        return must(request(service.port(), call));
    };
    std::map<std::string, std::string> tenants;  // by charge
    std::mutex mutex;
    std::vector<std::jthread> customers;
    for (const std::string& shop : shops) {
        customers.emplace_back([&, shop] {
            for (int i = 0; i < 100; ++i) {
                const std::string name = shop + "-" + std::to_string(i);
                const Order order{.id = name, .token = i % 2 == 0 ? "tok_visa" : "tok_declined", .customer = name};
                Call call{.method = "POST", .path = "/charge", .body = charge_body(order), .key = name};
                call.headers["Authorization"] = "Bearer key-of-" + shop + "-0123456789";
                std::optional<Reply> reply;
                (void)eventually([&] {
                    reply = request(service.port(), call);
                    return is_final(reply);
                });
                if (!is_final(reply)) continue;
                const std::lock_guard lock(mutex);
                tenants[reply->text(reply->status == 201 ? "id" : "charge_id")] = shop;
            }
        });
    }
    customers.clear();
    REQUIRE(tenants.size() == 300);

    const auto walk = [&](const std::string& state) {
        std::set<std::string> seen;
        for (std::string cursor;;) {
            const json::object page = body_of(ask("/admin/sagas?limit=17&state=" + state + "&cursor=" + cursor, operator_key));
            REQUIRE(page.at("data").as_array().size() <= 17);
            for (const json::value& saga : page.at("data").as_array()) {
                const std::string id(saga.at("charge_id").as_string());
                REQUIRE(seen.insert(id).second);
                CHECK(saga.at("tenant").as_string() == tenants.at(id));
                CHECK(saga.at("state").as_string() == state);
            }
            if (page.at("next_cursor").is_null()) return seen;
            cursor = page.at("next_cursor").as_string();
        }
    };
    const std::set<std::string> completed = walk("COMPLETED");
    const std::set<std::string> undone = walk("COMPENSATED");
    CHECK(completed.size() == 150);
    CHECK(undone.size() == 150);

    const std::string one = "/admin/sagas/" + tenants.begin()->first;
    CHECK(ask(one, operator_key).status == 200);
    for (const auto& [path, method] :
         std::map<std::string, std::string>{{"/admin/sagas", "GET"}, {one, "GET"}, {one + "/retry", "POST"}}) {
        INFO(path);
        check_problem(ask(path, "", method), 401, "unauthenticated");
        check_problem(ask(path, "key-of-anna-0123456789", method), 403, "forbidden");
    }
    check_problem(ask("/charge", operator_key), 403, "forbidden");
}
