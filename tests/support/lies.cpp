#include "support/lies.hpp"

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace tollgate::test {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 15> names{
    "silent",      "unreachable", "cut before",  "truncated",    "cut in the middle",
    "fault acted", "fault idle",  "fault retry", "wrong amount", "wrong currency",
    "other id",    "slow",        "busy",        "in use",       "stale"};

Wire fault() {
    return {500, R"({"error":{"type":"api_error","message":"An unknown error occurred"}})", {}, Wire::End::whole};
}

/// Calls back for every member, at any depth.
template <class Each>
void walk(json::value& value, const Each& each) {
    if (value.is_array()) {
        for (auto& one : value.get_array()) walk(one, each);
    } else if (value.is_object()) {
        for (auto& member : value.get_object()) {
            each(std::string_view(member.key().data(), member.key().size()), member.value());
            walk(member.value(), each);
        }
    }
}

template <class Each>
void change(Wire& wire, const Each& each) {
    boost::system::error_code error;
    json::value body = json::parse(wire.body, error);
    if (error) return;
    walk(body, each);
    wire.body = json::serialize(body);
}

void tell(Lie lie, Wire& wire) {
    if (lie == Lie::wrong_amount) {
        change(wire, [](std::string_view name, json::value& value) {
            if (name.starts_with("amount") && value.is_int64() && value.get_int64() > 0) value = value.get_int64() + 1;
        });
    } else if (lie == Lie::wrong_currency) {
        change(wire, [](std::string_view name, json::value& value) {
            if (name != "currency" || !value.is_string()) return;
            value = value.get_string()[0] >= 'a' ? "sek" : "SEK";
        });
    } else if (lie == Lie::other_id) {
        change(wire, [](std::string_view name, json::value& value) {
            const bool id = name == "id" || name.ends_with("_id") || name == "latest_charge" || name == "charge" ||
                            name == "payment_intent";
            if (!id || !value.is_string()) return;
            std::string other(value.get_string());
            other.back() = other.back() == '7' ? '8' : '7';
            value = other;
        });
    }
}

}  // namespace

std::string_view name(Lie lie) noexcept {
    return names[static_cast<std::size_t>(lie)];
}

const std::vector<Lie>& every_lie() {
    static const std::vector<Lie> all = [] {
        std::vector<Lie> out;
        for (std::size_t i = 0; i < names.size(); ++i) out.push_back(static_cast<Lie>(i));
        return out;
    }();
    return all;
}

bool acts(Lie lie) noexcept {
    using enum Lie;
    return lie != unreachable && lie != cut_before && lie != fault_idle && lie != fault_retry && lie != busy && lie != stale;
}

std::string_view step_of(std::string_view method, std::string_view target) noexcept {
    const std::string_view path = target.substr(0, target.find('?'));
    if (method == "GET") return path.ends_with("transactions") ? "transactions" : "look_up";
    if (path.ends_with("/capture")) return "capture";
    if (path.ends_with("/cancel") || path.ends_with("/void")) return "void";
    return path.ends_with("/refund") || path.ends_with("/refunds") ? "refund" : "authorize";
}

void Liar::lie(std::string step, Lie lie, int times) {
    const std::scoped_lock lock(mutex_);
    plans_[std::move(step)].push_back({lie, times});
}

void Liar::stop() {
    const std::scoped_lock lock(mutex_);
    plans_.clear();
}

void Liar::stop_for_good() {
    const std::scoped_lock lock(mutex_);
    plans_.clear();
    kept_.clear();
}

std::optional<Lie> Liar::next(const std::string& step) {
    auto& plans = plans_[step];
    if (plans.empty()) return std::nullopt;
    const Lie lie = plans.front().lie;
    if (--plans.front().times == 0) plans.erase(plans.begin());
    return lie;
}

int Liar::calls(const std::string& step) const {
    const std::scoped_lock lock(mutex_);
    int all = 0;
    for (const auto& [name, count] : calls_) all += step.empty() || name == step ? count : 0;
    return all;
}

Wire Liar::answer(std::string_view method, std::string_view target, const std::string& key, const Honest& honest) {
    std::optional<Lie> lie;
    {
        const std::scoped_lock lock(mutex_);
        const std::string step(step_of(method, target));
        ++calls_[step];
        if (const auto kept = kept_.find(key); method == "POST" && kept != kept_.end()) return kept->second;
        lie = next(step);
    }
    if (!lie) return honest();
    if (*lie == Lie::stale) {
        if (target.starts_with("/v1/operations/")) return {404, R"({"error":"not_found"})", {}, Wire::End::whole};
        Wire wire = honest();
        if (target.find("/search?") != target.npos)
            wire.body = R"({"object":"search_result","data":[],"has_more":false,"next_page":null})";
        return wire;
    }
    Wire wire;
    if (acts(*lie)) wire = honest();
    switch (*lie) {
        case Lie::unreachable:
            wire.end = Wire::End::unreachable;
            break;
        case Lie::silent:
            wire.end = Wire::End::never;
            break;
        case Lie::cut_before:
            wire.end = Wire::End::cut;
            break;
        case Lie::truncated:
            wire.body.resize(wire.body.size() / 2);
            break;
        case Lie::cut_middle:
            wire.end = Wire::End::cut_in_body;
            break;
        case Lie::slow:
            wire.end = Wire::End::late;
            break;
        case Lie::fault_acted:
        case Lie::fault_idle: {
            wire = fault();
            const std::scoped_lock lock(mutex_);
            kept_[key] = wire;
            break;
        }
        case Lie::fault_retry:
            wire = fault();
            wire.headers.emplace_back("Stripe-Should-Retry", "true");
            break;
        case Lie::busy:
            wire.status = 429;
            wire.body = R"({"error":{"type":"invalid_request_error","code":"rate_limit","message":"Too many requests"}})";
            wire.headers.emplace_back("Retry-After", "2");
            break;
        case Lie::in_use:
            wire.status = 409;
            wire.body = target.find("/v1/payment_intents") == 0 || target.find("/v1/refunds") == 0
                            ? R"({"error":{"type":"idempotency_error","code":"idempotency_key_in_use","message":"in use"}})"
                            : R"({"error":"idempotency_key_in_use","message":"in use"})";
            break;
        default:
            tell(*lie, wire);
    }
    return wire;
}

}  // namespace tollgate::test
