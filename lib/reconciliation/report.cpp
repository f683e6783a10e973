#include "reconciliation/report.hpp"

#include <limits>
#include "core/json_writer.hpp"
#include "redaction/redact.hpp"

namespace tollgate::reconciliation {
namespace {

constexpr std::size_t batch = 500;

std::string day_text(std::chrono::sys_days day) {
    return to_rfc3339(WallTime(day)).substr(0, 10);
}

/// Empty where it is not known.
std::string time_text(const Entry& entry) {
    return entry.at == WallTime() ? "" : to_rfc3339(entry.at);
}

void put_text(JsonWriter& out, std::string_view name, const std::string& text) {
    if (text.empty()) {
        out.json(name, "null");
    } else {
        out.member(name, text);
    }
}

void put_side(JsonWriter& out, std::string_view name, const std::optional<Entry>& side) {
    if (!side) {
        out.json(name, "null");
        return;
    }
    out.name(name).begin_object().member("amount", side->amount).member("currency", side->currency);
    out.member("status", side->status).member("id", redact(side->id));
    put_text(out, "at", time_text(*side));
    out.end_object();
}

std::string json_of(const Discrepancy& found) {
    JsonWriter out;
    out.begin_object().member("kind", name(found.kind)).member("reference", redact(found.reference));
    put_text(out, "charge_id", redact(found.charge_id));
    out.member("type", found.type);
    put_side(out, "internal", found.internal);
    put_side(out, "gateway", found.gateway);
    return out.member("action", name(found.action)).end_object().take();
}

/// What stands behind the discrepancies, the last bracket included.
std::string json_behind(const Tally& tally, std::uint64_t omitted) {
    JsonWriter sums;
    sums.begin_object();
    for (const auto& [currency, sum] : tally.sums) {
        sums.name(currency).begin_object().member("internal", sum.internal).member("gateway", sum.gateway).end_object();
    }
    std::string text = "]";
    if (omitted > 0) text += ",\"omitted\":" + std::to_string(omitted);
    text += ",\"sums\":" + sums.end_object().take() + ",\"summary\":";
    append_json_string(text, summary(tally));
    return text += "}\n";
}

/// A cell that a spreadsheet would take for a formula is made a text by the apostrophe that spreadsheets hide (OWASP, "CSV
/// Injection"); quoted where RFC 4180, section 2.6, asks for it.
std::string cell(std::string_view text) {
    std::string plain = redact(text);
    if (!plain.empty() && std::string_view("=+-@\t\r").find(plain.front()) != std::string_view::npos) plain.insert(0, "'");
    if (plain.find_first_of(",\"\r\n") == std::string::npos) return plain;
    std::string quoted = "\"";
    for (const char c : plain) quoted.append(c == '"' ? 2 : 1, c);
    return quoted += '"';
}

std::string cells(const std::optional<Entry>& side) {
    if (!side) return ",,,,";
    return cell(side->id) + "," + std::to_string(side->amount) + "," + cell(side->currency) + "," + cell(side->status) + "," +
           time_text(*side);
}

std::string csv_of(const std::string& day, const Discrepancy& found) {
    return day + "," + std::string(name(found.kind)) + "," + cell(found.reference) + "," + cell(found.charge_id) + "," +
           cell(found.type) + "," + cells(found.internal) + "," + cells(found.gateway) + "," + std::string(name(found.action)) +
           "\r\n";
}

}  // namespace

Result<void> write_json(Outcome& outcome, const Sink& sink, std::size_t most) {
    const Tally& tally = outcome.tally;
    const std::string before = "{\"date\":\"" + day_text(tally.day) + "\",\"matched\":" + std::to_string(tally.matched) +
                               ",\"total\":" + std::to_string(tally.total) + ",\"discrepancies\":[";
    if (auto kept = sink(before); !kept) return kept;
    const std::uint64_t all = tally.discrepancies();
    std::uint64_t seen = 0;
    const std::uint64_t end = most > 0 ? most : std::numeric_limits<std::uint64_t>::max();
    while (seen < end) {
        const auto some = outcome.findings->next(std::min<std::uint64_t>(batch, end - seen));
        if (!some) return fail(some.error());
        if (some->empty()) break;
        for (const Discrepancy& found : *some)
            if (auto kept = sink((seen++ > 0 ? "," : "") + json_of(found)); !kept) return kept;
    }
    return sink(json_behind(tally, all - std::min(seen, all)));
}

Result<void> write_csv(Outcome& outcome, const Sink& sink) {
    const std::string_view header =
        "date,kind,reference,charge_id,type,internal_id,internal_amount,internal_currency,internal_status,internal_at,"
        "gateway_id,gateway_amount,gateway_currency,gateway_status,gateway_at,action\r\n";
    if (auto kept = sink(header); !kept) return kept;
    const std::string day = day_text(outcome.tally.day);
    for (;;) {
        const auto some = outcome.findings->next(batch);
        if (!some) return fail(some.error());
        if (some->empty()) return {};
        for (const Discrepancy& found : *some)
            if (auto kept = sink(csv_of(day, found)); !kept) return kept;
    }
}

}  // namespace tollgate::reconciliation
