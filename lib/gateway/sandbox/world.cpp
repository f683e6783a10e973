#include "gateway/sandbox/world.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>

namespace tollgate::sandbox {

using boost::json::object;

struct World::Call {
    std::string_view path;
    std::string_view key;
    std::string_view body;
    WallTime now;
};

namespace {

std::string percent_decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned byte = 0;
        const bool coded = text[i] == '%' && i + 2 < text.size() &&
                           std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr == text.data() + i + 3;
        out += coded ? static_cast<char>(byte) : text[i];
        if (coded) i += 2;
    }
    return out;
}

std::string parameter(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), pair.size() + 1));
        if (pair.starts_with(name) && pair.substr(name.size()).starts_with('='))
            return percent_decode(pair.substr(name.size() + 1));
    }
    return {};
}

std::optional<std::chrono::sys_days> date_from(std::string_view text) {
    int year = 0;
    unsigned month = 0;
    unsigned day = 0;
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const char* const at = text.data();
    if (std::from_chars(at, at + 4, year).ptr != at + 4 || std::from_chars(at + 5, at + 7, month).ptr != at + 7 ||
        std::from_chars(at + 8, at + 10, day).ptr != at + 10)
        return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date);
}

/// The id in "/v1/reservations/ID/release".
std::optional<std::string> id_between(std::string_view path, std::string_view before, std::string_view after) {
    if (!path.starts_with(before) || !path.ends_with(after) || path.size() <= before.size() + after.size()) return std::nullopt;
    const std::string_view id = path.substr(before.size(), path.size() - before.size() - after.size());
    if (id.find('/') != id.npos) return std::nullopt;
    return percent_decode(id);
}

Reaction plain(std::string body) {
    Reaction reaction;
    reaction.body = std::move(body);
    return reaction;
}

Reaction key_in_use() {
    Reaction reaction = refuse(409, "idempotency_key_in_use", "the first call with this key is still being processed");
    reaction.headers.emplace_back("Retry-After", "1");
    return reaction;
}

}  // namespace

Reaction refuse(int status, std::string_view error, std::string_view message) {
    Reaction reaction;
    reaction.status = status;
    reaction.body = boost::json::serialize(object{{"error", boost::json::string_view(error.data(), error.size())},
                                                  {"message", boost::json::string_view(message.data(), message.size())}});
    return reaction;
}

World::World(WorldOptions options)
    : books_(options.records_max),
      payments_(books_, {options.forgetful_of_past, options.records_max, std::move(options.public_url)}),
      inventory_(books_, Goods::inventory, options.forgetful_of_past, options.records_max),
      shipping_(books_, Goods::shipping, options.forgetful_of_past, options.records_max),
      operations_(options.records_max),
      mishaps_(options.records_max) {}

Reaction World::handle(std::string_view method, std::string_view target, std::string_view idempotency_key,
                       std::string_view body, WallTime now) {
    const std::scoped_lock lock(mutex_);
    const std::string_view path = target.substr(0, target.find('?'));
    const std::string_view query = path.size() < target.size() ? target.substr(path.size() + 1) : std::string_view();
    if (method == "GET") return answer_get(path, query, now);
    if (method != "POST") return refuse(405, "method_not_allowed", "the sandbox knows GET and POST");
    if (path == "/sandbox/reset") {
        reset();
        return plain("{\"reset\":true}");
    }
    return answer_post({path, idempotency_key, body, now});
}

Reaction World::answer_get(std::string_view path, std::string_view query, WallTime now) {
    if (path == "/sandbox/ledger") return plain(books_.ledger_json(parameter(query, "order_id")));
    if (path == "/v1/transactions") {
        const auto date = date_from(parameter(query, "date"));
        if (!date) return refuse(400, "bad_request", "date must be given as YYYY-MM-DD");
        const std::string cursor = parameter(query, "cursor");
        std::uint64_t after = 0;
        const char* const end = cursor.data() + cursor.size();
        if (!cursor.empty() && std::from_chars(cursor.data(), end, after).ptr != end)
            return refuse(400, "bad_request", "cursor must be one this list gave out");
        return plain(books_.transactions_json(*date, after));
    }
    if (const auto key = id_between(path, "/v1/operations/", "")) {
        const Operation* const known = operations_.find(*key);
        // While it is under way it may as well not have arrived; the contract has no third answer.
        if (known == nullptr || known->under_way(now)) return refuse(404, "not_found", "no operation is known under this key");
        Reaction reaction = plain(known->body);
        reaction.status = known->status;
        return reaction;
    }
    if (path.starts_with("/sandbox/authenticate/")) return plain("{\"authenticated\":true}");
    return refuse(404, "not_found", "the sandbox has no such resource");
}

Reaction World::answer_post(const Call& call) {
    if (call.key.empty() || call.key.size() > 255)
        return refuse(400, "idempotency_key_missing", "send an Idempotency-Key of 1 to 255 characters");
    const std::size_t fingerprint = std::hash<std::string>()(std::string(call.path) + '\n' + std::string(call.body));
    if (const Operation* const known = operations_.find(call.key)) {
        if (known->fingerprint != fingerprint)
            return refuse(422, "idempotency_key_reused", "this key was used for another call");
        if (known->under_way(call.now)) return key_in_use();
        Reaction reaction = plain(known->body);
        reaction.status = known->status;
        reaction.headers.emplace_back("Idempotent-Replayed", "true");
        return reaction;
    }

    boost::system::error_code error;
    const auto parsed = boost::json::parse(boost::json::string_view(call.body.data(), call.body.size()), error);
    if (error || !parsed.is_object()) return refuse(400, "invalid_json", "the body must be a JSON object");
    return perform(call, parsed.get_object());
}

Reaction World::perform(const Call& call, const object& body) {
    const Faults faults = faults_of(payments_.token_behind(body));
    const std::string step = std::string(text_of(body, "reference")) + ' ' + std::string(call.path);
    const auto goes_wrong = [&](int times) {
        if (times == 0) return false;
        int& so_far = mishaps_.add(step);
        if (so_far >= times) return false;
        ++so_far;
        return true;
    };
    if (goes_wrong(faults.flaky)) {
        Reaction reaction;
        reaction.cut = Cut::before;
        reaction.delay = faults.slow;
        return reaction;
    }

    auto acted = act(call, body);
    if (!acted) return refuse(404, "not_found", "the sandbox has no such resource");
    Operation& kept = operations_.add(call.key, [&](const Operation& one) { return one.under_way(call.now); });
    kept = Operation{std::hash<std::string>()(std::string(call.path) + '\n' + std::string(call.body)), acted->status,
                     acted->body, call.now, call.now + faults.slow};
    acted->delay = faults.slow;
    const bool mishap = (faults.lost_reply || faults.error_after) && goes_wrong(faults.flaky + 1);
    if (!mishap) return std::move(*acted);
    if (faults.lost_reply) {
        acted->cut = Cut::after;
        return std::move(*acted);
    }
    Reaction broken = refuse(500, "internal", "the sandbox was asked to fail after it acted");
    broken.delay = faults.slow;
    return broken;
}

std::optional<Reaction> World::act(const Call& call, const object& body) {
    const CallFacts facts{call.key, call.now};
    if (call.path == "/v1/authorize") return payments_.authorize(body, facts);
    if (call.path == "/v1/capture") return payments_.capture(body, facts);
    if (call.path == "/v1/void") return payments_.void_authorization(body, facts);
    if (call.path == "/v1/refund") return payments_.refund(body, facts);
    if (call.path == "/v1/reservations") return inventory_.place(body, facts);
    if (call.path == "/v1/shipments") return shipping_.place(body, facts);
    if (const auto id = id_between(call.path, "/v1/reservations/", "/release")) return inventory_.undo(*id, facts);
    if (const auto id = id_between(call.path, "/v1/shipments/", "/cancel")) return shipping_.undo(*id, facts);
    return std::nullopt;
}

void World::reset() {
    books_.clear();
    payments_.clear();
    inventory_.clear();
    shipping_.clear();
    operations_.clear();
    mishaps_.clear();
}

}  // namespace tollgate::sandbox
