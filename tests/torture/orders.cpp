#include "torture/orders.hpp"

#include <algorithm>
#include <sstream>

namespace tollgate::test {
namespace {

const std::string bought = "reserve authorize capture ship";
const std::string returned = "reserve authorize capture refund release";
const std::string voided = "reserve authorize void release";

Kind good(std::string name, std::string token) {
    return {std::move(name), std::move(token), "SKU-1", 201, "", "succeeded", bought};
}

Kind declined(std::string name, std::string token) {
    return {std::move(name), std::move(token), "SKU-1", 402, "card_declined", "declined", "reserve release"};
}

Kind unshippable(std::string name, std::string token) {
    return {std::move(name), std::move(token), "SKU-UNSHIPPABLE", 409, "cannot_ship", "reversed", returned};
}

Kind not_captured(std::string name, std::string token) {
    return {std::move(name), std::move(token), "SKU-1", 409, "checkout_reversed", "reversed", voided};
}

constexpr const char* manual = R"(,"capture":"manual")";

Kind captured(std::string name, std::string token) {
    Kind kind{std::move(name), std::move(token), "SKU-1", 201, "", "succeeded", bought};
    kind.more = manual;
    kind.then = {{"capture", R"({"amount":3000})"}};
    kind.amounts = {4999, 3000};
    return kind;
}

Kind void_by_hand(std::string name, std::string token) {
    Kind kind{std::move(name), std::move(token), "SKU-1", 201, "", "canceled", voided};
    kind.more = manual;
    kind.then = {{"void", ""}};
    return kind;
}

Kind blocked(std::string name, std::string token, std::string effects) {
    return {std::move(name), std::move(token), "SKU-1", 402, "fraud_blocked", "blocked", std::move(effects)};
}

/// Authorized, and again with the customer's authentication, in place of the first.
Kind from_abroad(std::string name, std::string token) {
    Kind kind = good(std::move(name), std::move(token));
    kind.effects = "reserve authorize void authorize capture ship";
    kind.amounts = {4999, 4999, 4999};
    return kind;
}

Kind refunded(std::string name, std::string token) {
    Kind kind = good(std::move(name), std::move(token));
    kind.effects = bought + " refund refund";
    kind.then = {{"refund", R"({"amount":1999})"}, {"refund", R"({"reason":"the rest"})"}};
    kind.amounts = {4999, 4999, 1999, 3000};
    return kind;
}

constexpr std::size_t heard_max = 60;
constexpr std::size_t violations_max = 20;
constexpr std::size_t log_tail = 40;

std::string told(const std::optional<Reply>& reply) {
    if (!reply) return "no answer";
    return std::to_string(reply->status) + " " + reply->body +
           (reply->header("idempotent-replayed").empty() ? "" : " (replay)");
}

void write_effects(std::ostream& out, const std::vector<Effect>& effects) {
    for (const Effect& effect : effects) {
        out << "    " << effect.type << ' ' << effect.id << ' ' << effect.status << ' ' << effect.amount << " under the key "
            << effect.key << '\n';
    }
}

/// The last lines that name the order; with none, the last of all.
void write_log(std::ostream& out, const std::string& log, const std::string& order_id) {
    std::vector<std::string> lines;
    std::istringstream in(log);
    for (std::string line; std::getline(in, line);) {
        if (order_id.empty() || line.find(order_id) != line.npos) lines.push_back(std::move(line));
    }
    const std::size_t left_out = lines.size() > log_tail ? lines.size() - log_tail : 0;
    for (std::size_t i = left_out; i < lines.size(); ++i) out << "    " << lines[i] << '\n';
}

}  // namespace

const std::vector<Kind>& kinds() {
    static const std::vector<Kind> all{
        good("good", "tok_visa"),
        good("lost reply", "tok_lost_reply"),
        good("act then 500", "tok_error_after"),
        good("flaky", "tok_flaky_1"),
        good("slow", "tok_slow_50"),
        good("flaky lost reply", "tok_flaky_1_lost_reply"),
        declined("declined", "tok_declined"),
        declined("declined with its reply lost", "tok_declined_lost_reply"),
        unshippable("unshippable", "tok_visa"),
        unshippable("unshippable with replies lost", "tok_lost_reply"),
        unshippable("unshippable with 500s", "tok_error_after"),
        not_captured("not captured", "tok_capture_fails"),
        not_captured("not captured with replies lost", "tok_capture_fails_lost_reply"),
        captured("captured in part", "tok_visa"),
        captured("captured in part with replies lost", "tok_lost_reply"),
        captured("captured in part with 500s", "tok_error_after"),
        void_by_hand("voided", "tok_visa"),
        void_by_hand("voided with replies lost", "tok_lost_reply"),
        refunded("refunded in parts", "tok_visa"),
        refunded("refunded in parts with replies lost", "tok_lost_reply"),
        refunded("refunded in parts with 500s", "tok_error_after"),
        good("authenticated", "tok_authentication_required"),
        good("authenticated with replies lost", "tok_authentication_required_lost_reply"),
        blocked("listed", "tok_listed", "reserve release"),
        blocked("wrong verification code", "tok_cvv_mismatch", voided),
        blocked("wrong verification code with replies lost", "tok_cvv_mismatch_lost_reply", voided),
        from_abroad("from abroad", "tok_country_FR"),
        from_abroad("from abroad with replies lost", "tok_country_FR_lost_reply"),
        from_abroad("from abroad with 500s", "tok_country_FR_error_after"),
        {"out of stock", "tok_visa", "SKU-OUT", 409, "out_of_stock", "reversed", ""},
    };
    return all;
}

const std::vector<Kind>& script() {
    static const std::vector<Kind> all{good("good", "tok_visa"),
                                       unshippable("unshippable", "tok_visa"),
                                       declined("declined", "tok_declined"),
                                       good("lost reply", "tok_lost_reply"),
                                       captured("captured in part", "tok_visa"),
                                       from_abroad("from abroad", "tok_country_FR"),
                                       refunded("refunded in parts", "tok_visa")};
    return all;
}

Purchase make_purchase(const std::string& name, const Kind& kind) {
    return {.key = "key-" + name,
            .order =
                {.id = "ord-" + name + ".", .token = kind.token, .sku = kind.sku, .customer = "cus-" + name, .more = kind.more},
            .kind = &kind,
            .answer = {},
            .after = {},
            .heard = {}};
}

namespace {

std::optional<Reply> post(Purchase& purchase, unsigned short port, std::string path, std::string body, std::string key) {
    auto reply = request(port, {.method = "POST",
                                .path = std::move(path),
                                .body = std::move(body),
                                .key = std::move(key),
                                .headers = {{"X-Request-Id", purchase.order.id}}});
    std::string line = told(reply);
    const bool news = purchase.heard.empty() || purchase.heard.back() != line;
    if (news && purchase.heard.size() < heard_max) purchase.heard.push_back(std::move(line));
    return reply;
}

}  // namespace

/// A customer who is asked to authenticate has done so by then.
std::optional<Reply> ask(Purchase& purchase, unsigned short port) {
    auto reply = post(purchase, port, "/charge", charge_body(purchase.order), purchase.key);
    if (reply && reply->text("status") == "requires_action") {
        const std::string path = "/charge/" + reply->text("id") + "/confirm";
        static_cast<void>(post(purchase, port, path, "", "confirm-" + purchase.key));
    }
    return reply;
}

std::optional<Reply> ask_operation(Purchase& purchase, std::size_t number, unsigned short port) {
    const Operation& operation = purchase.kind->then.at(number);
    const std::string path = "/charge/" + purchase.answer->text("id") + "/" + operation.path;
    return post(purchase, port, path, operation.body, operation.path + std::to_string(number) + "-" + purchase.key);
}

std::optional<Reply> ask_next(Purchase& purchase, unsigned short port) {
    return ask_operation(purchase, purchase.after.size(), port);
}

bool is_settled(const Purchase& purchase) {
    return purchase.answer && (purchase.answer->status != 201 || purchase.after.size() == purchase.kind->then.size());
}

bool go_on(Purchase& purchase, unsigned short port) {
    auto reply = purchase.answer ? ask_next(purchase, port) : ask(purchase, port);
    if (!is_final(reply)) return false;
    if (purchase.answer) {
        purchase.after.push_back(std::move(*reply));
    } else {
        purchase.answer = std::move(reply);
    }
    return true;
}

void Violations::add(std::string what, Purchase purchase) {
    const std::lock_guard lock(mutex_);
    all_.push_back({std::move(what), std::move(purchase)});
}

std::size_t Violations::count() const {
    const std::lock_guard lock(mutex_);
    return all_.size();
}

std::vector<Violation> Violations::all() const {
    const std::lock_guard lock(mutex_);
    return all_;
}

std::string evidence(const Violations& violations, const OutsideLedger& world, const std::vector<std::string>& logs) {
    std::ostringstream out;
    const auto all = violations.all();
    const std::size_t shown = std::min(all.size(), violations_max);
    for (std::size_t i = 0; i < shown; ++i) {
        const auto& [what, purchase] = all[i];
        out << "VIOLATION: " << what << '\n';
        const bool more_of_it = i + 1 < shown && all[i + 1].purchase.key == purchase.key;
        if (purchase.key.empty() || more_of_it) continue;
        out << "  key " << purchase.key << ", order " << purchase.order.id << " (" << purchase.kind->name << ")\n  heard:\n";
        for (const std::string& line : purchase.heard) out << "    " << line << '\n';
        out << "  final: " << told(purchase.answer) << "\n  outside:\n";
        if (const auto found = world.find(purchase.order.id); found != world.end()) write_effects(out, found->second);
        out << "  logged:\n";
        for (const std::string& log : logs) write_log(out, log, purchase.order.id);
    }
    if (all.size() > shown) out << "and " << all.size() - shown << " more\n";
    if (!all.empty() && !logs.empty()) out << "the last log:\n";
    if (!all.empty() && !logs.empty()) write_log(out, logs.back(), "");
    return out.str();
}

}  // namespace tollgate::test
