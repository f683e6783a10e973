#include "gateway/sandbox/books.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace tollgate::sandbox {
namespace {

constexpr std::size_t page_size = 1000;

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

WallTime listed_at(const Effect& effect) {
    return effect.at + std::chrono::days(effect.listed == Listed::next_day ? 1 : 0);
}

boost::json::object transaction(const Effect& effect) {
    const std::string_view other_currency = effect.currency == "EUR" ? "USD" : "EUR";
    return {{"id", effect.id},
            {"reference", effect.reference},
            {"type", view(effect.type)},
            {"amount", effect.amount + (effect.listed == Listed::for_more ? 1 : 0)},
            {"currency", view(effect.listed == Listed::in_other_currency ? other_currency : effect.currency)},
            {"status", view(effect.listed == Listed::as_voided ? "voided" : effect.status)},
            {"created_at", to_rfc3339(listed_at(effect))}};
}

void list(const Effect& effect, boost::json::array& data) {
    boost::json::object row = transaction(effect);
    data.push_back(row);
    if (effect.listed != Listed::twice) return;
    row["id"] = effect.id + "_again";
    data.push_back(std::move(row));
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

std::size_t Books::place_after(std::uint64_t seq) const {
    if (effects_.empty() || seq < effects_.front().seq) return 0;
    return std::min<std::uint64_t>(seq - effects_.front().seq + 1, effects_.size());
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
        return std::chrono::floor<std::chrono::days>(listed_at(effect)) == date && effect.listed != Listed::never &&
               is_payment(effect);
    };
    std::size_t effects = 0;
    for (std::size_t at = place_after(after); at < effects_.size(); ++at) {
        const Effect& effect = effects_[at];
        if (!on_that_day(effect)) continue;
        if (effects++ == page_size) {
            next_cursor = std::to_string(effect.seq - 1);
            break;
        }
        list(effect, data);
    }
    return boost::json::serialize(boost::json::object{{"data", std::move(data)}, {"next_cursor", std::move(next_cursor)}});
}

}  // namespace tollgate::sandbox
