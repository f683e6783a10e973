#include "integration/reconciliation_stage.hpp"

#include <catch2/catch.hpp>
#include <sstream>
#include <thread>

namespace tollgate::test {

using namespace std::chrono_literals;

Variables unhurried(Variables more) {
    more.insert({"TOLLGATE_STORE_TIMEOUT", "30s"});
    return more;
}

std::string utc_day(int from_today) {
    const WallTime now = SystemClock().wall();
    return to_rfc3339(now + std::chrono::days(from_today)).substr(0, 10);
}

namespace {

std::string text(const json::object& object, std::string_view member) {
    const json::value* const value = object.if_contains(member);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

std::vector<Duty::Call> Duty::heard() const {
    const std::lock_guard lock(mutex_);
    return heard_;
}

std::multiset<std::string> Duty::called() const {
    const std::lock_guard lock(mutex_);
    std::multiset<std::string> calls;
    std::set<std::string> keys;
    for (const Call& call : taken_) {
        if (call.key.empty() || keys.insert(call.key).second) calls.insert(call.kind + " " + call.charge_id);
    }
    return calls;
}

void Duty::take(Peer& peer) {
    for (std::string request; !(request = peer.read_request()).empty();) {
        const json::object page = json::parse(request.substr(request.find("\r\n\r\n") + 4)).as_object();
        const Call call{header_in(request, "Idempotency-Key"), text(page, "kind"), text(page, "charge_id"),
                        text(page, "detail")};
        int nth = 0;
        {
            const std::lock_guard lock(mutex_);
            heard_.push_back(call);
            nth = static_cast<int>(heard_.size());
        }
        const int status = answer_ ? answer_(nth, call) : 202;
        if (status == cut) return;
        {
            const std::lock_guard lock(mutex_);
            if (status < 300) taken_.push_back(call);
        }
        peer.answer(status, "");
    }
}

Bookkeeper::Bookkeeper(unsigned short sandbox_port, Rewrite rewrite, Watch watch, std::size_t page_size)
    : sandbox_port_(sandbox_port),
      rewrite_(std::move(rewrite)),
      watch_(std::move(watch)),
      page_size_(page_size),
      server_(sandbox_port, [this](const Asked& asked, const LyingGateway::Pass& pass) {
          return asked.path.starts_with("/v1/transactions?") ? list(asked.path) : pass();
      }) {}

std::optional<Reply> Bookkeeper::list(const std::string& path) {
    const std::size_t date_at = path.find("date=") + 5;
    const std::string date = path.substr(date_at, path.find('&', date_at) - date_at);
    const std::size_t cursor_at = path.find("cursor=");
    const std::size_t from =
        cursor_at == path.npos || cursor_at + 7 == path.size() ? 0 : std::stoul(path.substr(cursor_at + 7));

    const auto truth = request(sandbox_port_, {.path = "/v1/transactions?date=" + date});
    if (!truth) return std::nullopt;
    json::array rows = json::parse(truth->body).at("data").as_array();
    if (rewrite_) rewrite_(date, rows);
    json::array data;
    for (std::size_t at = from; at < rows.size() && data.size() < page_size_; ++at) data.push_back(rows[at]);
    const std::size_t next = from + data.size();
    json::object page{{"data", std::move(data)}, {"next_cursor", nullptr}};
    if (next < rows.size()) page["next_cursor"] = std::to_string(next);
    if (const int nth = ++pages_; watch_ && !watch_(nth)) return std::nullopt;
    return saying(200, json::serialize(page));
}

json::object row(const std::string& id, const std::string& reference, const std::string& type, long long amount,
                 const std::string& status, const std::string& created_at) {
    return {{"id", id},         {"reference", reference},  {"type", type}, {"amount", amount}, {"currency", "USD"},
            {"status", status}, {"created_at", created_at}};
}

std::optional<Reply> ask_to_reconcile(unsigned short port, const std::string& body) {
    return request(port, {.method = "POST", .path = "/admin/reconciliation", .body = body});
}

json::object reconciled(unsigned short port, const std::string& date) {
    const Reply first = must(ask_to_reconcile(port, R"({"date":")" + date + "\"}"));
    INFO(first.status << " " << first.body);
    REQUIRE((first.status == 200 || first.status == 202));
    if (first.status == 200) return body_of(first);
    CHECK(first.header("location") == "/admin/reconciliation/" + date);
    CHECK_FALSE(first.header("retry-after").empty());
    Reply reply;
    REQUIRE(eventually([&] {
        reply = must(request(port, {.path = "/admin/reconciliation/" + date}));
        return reply.status == 200;
    }));
    return body_of(reply);
}

std::multiset<std::string> found(const json::object& report) {
    std::multiset<std::string> all;
    for (const json::value& value : report.at("discrepancies").as_array()) {
        const json::object& one = value.as_object();
        all.insert(text(one, "kind") + " " + text(one, "reference") + " " + text(one, "type") + " " + text(one, "action"));
    }
    return all;
}

void check_adds_up(const json::object& report, std::size_t matched) {
    const json::array& list = report.at("discrepancies").as_array();
    CHECK(report.at("matched").to_number<std::size_t>() == matched);
    CHECK(report.at("total").to_number<std::size_t>() == matched + list.size());
    std::map<std::string, int> kinds;
    for (const json::value& one : list) ++kinds[text(one.as_object(), "kind")];
    const std::string summary = text(report, "summary");
    INFO(summary);
    CHECK(summary.starts_with(std::to_string(matched) + "/" + std::to_string(matched + list.size()) + " matched"));
    for (const auto& [kind, count] : kinds) CHECK(summary.find(std::to_string(count) + " " + kind) != summary.npos);
}

Truth truth_of(unsigned short sandbox_port) {
    Truth truth;
    const Reply reply = must(request(sandbox_port, {.path = "/sandbox/ledger"}));
    for (const json::value& value : json::parse(reply.body).as_array()) {
        const json::object& effect = value.as_object();
        const std::string type = text(effect, "type");
        if (type != "capture" && type != "refund") continue;
        ++truth.movements;
        truth.sums[text(effect, "currency")] += (type == "capture" ? 1 : -1) * effect.at("amount").as_int64();
    }
    return truth;
}

std::map<std::string, long long> sums(const json::object& report, const std::string& side) {
    std::map<std::string, long long> all;
    for (const auto& [currency, sum] : report.at("sums").as_object()) all[std::string(currency)] = sum.at(side).as_int64();
    return all;
}

json::object at_gateway(const EventStage& stage, const std::string& step, const std::string& key, json::object body) {
    const Reply reply = must(
        request(stage.sandbox->port(), {.method = "POST", .path = "/v1/" + step, .body = json::serialize(body), .key = key}));
    INFO(reply.body);
    REQUIRE(reply.status == 200);
    return body_of(reply);
}

std::string id_at_gateway(const EventStage& stage, const std::string& charge_id, const std::string& type) {
    const Reply reply = must(request(stage.sandbox->port(), {.path = "/sandbox/ledger"}));
    for (const json::value& effect : json::parse(reply.body).as_array()) {
        if (effect.at("reference").as_string() == charge_id && effect.at("type").as_string() == type)
            return std::string(effect.at("id").as_string());
    }
    return {};
}

std::string capture_behind(const EventStage& stage, const std::string& name, long long amount) {
    Order order = manual;
    order.id = "ord_" + name;
    const std::string id = stage.charge("key-" + name, order);
    const std::string authorization = stage.get("/charge/" + id).text("gateway.authorization_id");
    at_gateway(stage, "capture", "by-hand-" + name,
               {{"reference", id}, {"authorization_id", authorization}, {"amount", amount}, {"currency", order.currency}});
    return id;
}

std::map<std::string, std::string> plant_each_kind(const EventStage& stage) {
    std::map<std::string, std::string> planted;
    for (const auto& [kind, token] :
         std::initializer_list<std::pair<const char*, const char*>>{{"missing_gateway", "tok_books_unlisted"},
                                                                    {"duplicate_at_gateway", "tok_books_twice"},
                                                                    {"amount_mismatch", "tok_books_amount"},
                                                                    {"currency_mismatch", "tok_books_currency"},
                                                                    {"status_mismatch", "tok_books_status"},
                                                                    {"late", "tok_books_late"}}) {
        planted[kind] = stage.charge(std::string("key-") + kind, {.id = std::string("ord_") + kind, .token = token});
    }
    planted["missing_internal"] = capture_behind(stage, "by_hand");

    json::object money{{"reference", "stranger"}, {"amount", 500}, {"currency", "USD"}};
    const auto pay = [&](const std::string& step, const std::string& needs, const json::value& id, const std::string& gives) {
        money[needs] = id;
        return at_gateway(stage, step, "stranger-" + step, money).at(gives);
    };
    const json::value authorized = pay("authorize", "payment_method", "tok_books_orphan", "authorization_id");
    const json::value captured = pay("capture", "authorization_id", authorized, "capture_id");
    (void)pay("refund", "capture_id", captured, "refund_id");
    planted["orphan_refund"] = "stranger";
    return planted;
}

Ran run_reconcile(const Variables& settings, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "reconcile");
    Program program(
        {.arguments = std::move(arguments), .variables = settings, .before = {"sh", "-c", R"("$0" "$@" 2>/dev/null)"}});
    const int code = program.wait();
    return {code, program.said()};
}

std::size_t audited(const EventStage& stage, const std::string& charge_id, const std::string& word) {
    const std::string file = stage.folder.path() + "/audit.jsonl";
    Program program({.arguments = {"audit", "export", "--date", utc_day(), "--out", file}, .variables = stage.settings});
    const int code = program.wait();
    INFO(program.said());
    REQUIRE(code == 0);
    std::istringstream lines(content_of(file));
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line);) {
        if (line.find(charge_id) != line.npos && line.find(word) != line.npos) ++count;
    }
    return count;
}

}  // namespace tollgate::test
