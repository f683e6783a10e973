#include "gateway/sandbox/books.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace tollgate::sandbox {
namespace {

constexpr std::size_t page_size = 100;

boost::json::string_view view(std::string_view text) {
    return {text.data(), text.size()};
}

boost::json::object entry(const Effect& effect) {
    return {{"seq", effect.seq},
            {"at", to_rfc3339(effect.at)},
            {"type", view(effect.type)},
            {"id", effect.id},
            {"reference", effect.reference},
            {"idempotency_key", effect.idempotency_key},
            {"amount", effect.amount},
            {"currency", effect.currency},
            {"order_id", effect.order_id},
            {"status", view(effect.status)}};
}

boost::json::object transaction(const Effect& effect) {
    return {{"id", effect.id},
            {"reference", effect.reference},
            {"type", view(effect.type)},
            {"amount", effect.amount},
            {"currency", effect.currency},
            {"status", view(effect.status)},
            {"created_at", to_rfc3339(effect.at)}};
}

bool is_payment(const Effect& effect) {
    constexpr std::array<std::string_view, 4> types{"authorize", "capture", "void", "refund"};
    return std::ranges::find(types, effect.type) != types.end();
}

}  // namespace

std::uint64_t Books::write(Effect effect) {
    if (effects_.size() >= max_) effects_.pop_front();
    effect.seq = next_++;
    effects_.push_back(std::move(effect));
    return effects_.back().seq;
}

void Books::restate(std::uint64_t seq, std::string_view status) {
    if (effects_.empty() || seq < effects_.front().seq || seq > effects_.back().seq) return;
    effects_[seq - effects_.front().seq].status = status;
}

std::string Books::ledger_json(std::string_view order_id) const {
    std::string out = "[";
    for (const Effect& effect : effects_) {
        if (effect.status == "failed") continue;
        if (!order_id.empty() && effect.order_id != order_id) continue;
        if (out.size() > 1) out += ",\n";
        out += boost::json::serialize(entry(effect));
    }
    return out + "]";
}

std::string Books::transactions_json(std::chrono::sys_days date, std::uint64_t after) const {
    boost::json::array data;
    boost::json::value next_cursor;
    const auto on_that_day = [&](const Effect& effect) {
        return is_payment(effect) && std::chrono::floor<std::chrono::days>(effect.at) == date;
    };
    std::uint64_t last = after;
    for (const Effect& effect : effects_) {
        if (effect.seq <= after || !on_that_day(effect)) continue;
        if (data.size() == page_size) {
            next_cursor = std::to_string(last);
            break;
        }
        data.push_back(transaction(effect));
        last = effect.seq;
    }
    return boost::json::serialize(boost::json::object{{"data", std::move(data)}, {"next_cursor", std::move(next_cursor)}});
}

}  // namespace tollgate::sandbox
